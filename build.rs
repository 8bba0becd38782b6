//! Checks and prepares what the program embeds: the public suffix list, its version, the app's version, the sample of DNS
//! events, and the dictionary and the n-grams of the features, as transducers that are searched in place.
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

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use jiff::Timestamp;
use serde::Deserialize;

use rules::{Rules, Section};
use suffix_table::SuffixTable;

const LIST: &str = "data/public_suffix_list.dat";
const WORDS: &str = "data/models/words.txt";
const NGRAMS: &str = "data/models/ngrams.txt";
const SAMPLE: &str = "data/sample_stream_dns.ndjson";
/// The files that repeat the crate's version, and the line that must be in them.
const VERSIONED: [(&str, &str); 3] = [
    ("splunk_app/default/app.conf", "version = {}"),
    ("splunk_app/app.manifest", "\"version\": \"{}\""),
    ("CHANGELOG.md", "## {}"),
];

fn main() {
    let embedded = embed_list().and_then(|()| embed_models()).and_then(|()| embed_sample());
    if let Err(problem) = embedded.and_then(|()| check_versions()) {
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

/// The queries of the sample as CSV, the newest first; each name of an event is a row. Responses are left out.
fn embed_sample() -> Result<(), String> {
    let text = read(Path::new(SAMPLE))?;
    let lines = text.lines().map(|line| serde_json::from_str::<SampleLine>(line).map(|line| line.result));
    let events: Vec<SampleEvent> =
        lines.collect::<Result<_, _>>().map_err(|error| format!("{SAMPLE}: {error}"))?;
    let is_query = |event: &&SampleEvent| !event.message_type.values().any(|value| value == "RESPONSE");
    let mut rows = Vec::new();
    for event in events.iter().filter(is_query) {
        let time: Timestamp = event.time.parse().map_err(|error| format!("{SAMPLE}: {error}"))?;
        let mut seen = BTreeSet::new();
        let names = event.query.iter().flat_map(Values::values).filter(|name| seen.insert(*name));
        rows.extend(names.map(|name| (time.as_millisecond(), name, event)));
    }
    let last = rows.iter().map(|(time, ..)| *time).max().ok_or_else(|| format!("{SAMPLE} has no queries"))?;
    let mut csv = "age,query,src,dest,record_type\n".to_owned();
    for (time, name, SampleEvent { src, dest, query_type, .. }) in rows {
        let age = last - time;
        let cells = [name, src, dest, query_type];
        if cells.iter().any(|cell| cell.contains([',', '"', '\n'])) {
            return Err(format!("{SAMPLE}: '{name}' would need quotes in CSV"));
        }
        let _ = writeln!(csv, "{}.{:03},{name},{src},{dest},{query_type}", age / 1000, age % 1000);
    }
    write_out("sample.csv", csv)
}

/// A line of the sample, as Splunk exports a result.
#[derive(Deserialize)]
struct SampleLine {
    result: SampleEvent,
}

#[derive(Deserialize)]
struct SampleEvent {
    #[serde(rename = "_time")]
    time: String,
    src: String,
    dest: String,
    message_type: Values,
    query: Option<Values>,
    #[serde(default)]
    query_type: String,
}

/// A field's value or values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

impl Values {
    fn values(&self) -> impl Iterator<Item = &String> {
        match self {
            Values::One(value) => std::slice::from_ref(value).iter(),
            Values::Several(values) => values.iter(),
        }
    }
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
