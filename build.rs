//! Checks and prepares what the program embeds: the public suffix list, its version, the app's version, and the
//! dictionary and the n-grams of the features, as transducers that are searched in place.
//!
//! The code that reads the user's own suffixes at run time also reads the vendored list. Each of its rules must be
//! readable, and the `publicsuffix` crate must parse the result. The program gets a table for each built-in list, and for
//! lists that add the user's own suffixes the rules of the whole list, in both spellings and with hidden wildcards spelt out.

#[path = "src/features/ngram_packing.rs"]
mod ngram_packing;
#[path = "src/names/rules.rs"]
#[allow(dead_code)]
mod rules;
#[path = "src/slice.rs"]
#[allow(dead_code)]
mod slice;
#[path = "src/names/suffix_table.rs"]
#[allow(dead_code)]
mod suffix_table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use rules::{Rules, Section};
use suffix_table::SuffixTable;

const LIST: &str = "data/public_suffix_list.dat";
const WORDS: &str = "data/models/words.txt";
const NGRAMS: &str = "data/models/ngrams.txt";
/// The files that repeat the crate's version, and the line that must be in them.
const VERSIONED: [(&str, &str); 3] = [
    ("splunk_app/default/app.conf", "version = {}"),
    ("splunk_app/app.manifest", "\"version\": \"{}\""),
    ("CHANGELOG.md", "## {}"),
];

fn main() {
    if let Err(problem) = embed_list().and_then(|()| embed_models()).and_then(|()| check_versions()) {
        println!("cargo::error={problem}");
    }
}

fn embed_list() -> Result<(), String> {
    let text = read(Path::new(LIST))?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("// VERSION: "))
        .ok_or_else(|| format!("{LIST} has no '// VERSION:' line"))?;
    println!("cargo::rustc-env=SUFFIX_LIST_VERSION={version}");

    let mut mozilla = Rules::default();
    mozilla
        .add_list(&text)
        .map_err(|(line, rule, error)| format!("{LIST}, line {line}: the rule '{rule}': {error}"))?;
    let icann = mozilla.section(Section::Icann);
    let iana = mozilla.top_level();
    let mut tables = String::new();
    for (name, mut rules) in [("mozilla", mozilla), ("icann", icann), ("iana", iana)] {
        if rules.is_empty() {
            return Err(format!("{LIST} has no rules for list={name}"));
        }
        rules.spell_out_hidden_wildcards();
        let list = rules.to_list();
        list.parse::<publicsuffix::List>().map_err(|error| {
            format!("{LIST}: list={name} as prepared is not readable by publicsuffix: {error}")
        })?;
        tables += &source_of(&SuffixTable::new(rules), name);
        if name == "mozilla" {
            write_out(name, &list)?;
        }
    }
    write_out("suffix_tables.rs", &tables)
}

/// A table as Rust source. The `Debug` form of an array of structs is its own source.
fn source_of(table: &SuffixTable, name: &str) -> String {
    let SuffixTable { nodes, labels, slots } = table;
    format!(
        "/// The table of `list={name}`.\npub static {}: SuffixTable = SuffixTable {{\n\
         nodes: Cow::Borrowed(&{nodes:?}),\nlabels: Cow::Borrowed(b\"{}\"),\nslots: Cow::Borrowed(&{slots:?}),\n}};\n",
        name.to_uppercase(),
        labels.escape_ascii(),
    )
}

fn write_out(name: &str, contents: impl AsRef<[u8]>) -> Result<(), String> {
    let path = PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(&path, contents).map_err(|error| format!("{}: {error}", path.display()))
}

/// The n-grams are reversed, as the program walks them from their ends.
fn embed_models() -> Result<(), String> {
    embed_map("words.fst", WORDS, |word| Some((word.bytes().collect(), 0)))?;
    embed_map("ngrams.fst", NGRAMS, |line| {
        let mut words = line.split(' ');
        let ngram = words.next()?.bytes().rev().collect();
        let (score, backoff) = (words.next()?.parse().ok()?, words.next().unwrap_or("0").parse().ok()?);
        Some((ngram, ngram_packing::pack(score, backoff)?))
    })
}

type Entry = (Vec<u8>, u64);

/// Makes a transducer of the keys and values that `read_line` finds in `source`.
fn embed_map(name: &str, source: &str, read_line: fn(&str) -> Option<Entry>) -> Result<(), String> {
    let mut entries = BTreeMap::new();
    for line in read(Path::new(source))?.lines().filter(|line| !line.starts_with('#')) {
        let (key, value) =
            read_line(line).ok_or_else(|| format!("{source}: '{line}' is not a line of this file"))?;
        if entries.insert(key, value).is_some() {
            return Err(format!("{source}: '{line}' occurs twice"));
        }
    }
    let map = fst::Map::from_iter(entries).map_err(|error| format!("{source}: {error}"))?;
    write_out(name, map.as_fst().as_bytes())
}

fn check_versions() -> Result<(), String> {
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    for (file, line) in VERSIONED {
        let line = line.replace("{}", &version);
        if !read(Path::new(file))?.contains(&line) {
            return Err(format!("{file} lacks '{line}': its version is not that of Cargo.toml"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
