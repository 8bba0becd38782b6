//! Checks and prepares what the program embeds: the public suffix list, its version, the app's version, and the
//! dictionary and the n-grams of the features, as transducers that are searched where they lie.
//!
//! The vendored list is read by the same code that reads the user's own suffixes at run time. Each of its
//! rules must be readable. What goes into the program are the rules alone, in both spellings and mended, one
//! file for each choice of `list=` that needs no user's file, so that starting the program parses no comments
//! and encodes no punycode.

#[path = "src/names/rules.rs"]
#[allow(dead_code)]
mod rules;

use std::path::{Path, PathBuf};
use std::{env, fs};

use rules::{Rules, Section};

const LIST: &str = "data/public_suffix_list.dat";
const WORDS: &str = "data/models/words.txt";
const NGRAMS: &str = "data/models/ngrams.txt";
/// What src/features/bayes.rs takes from a score again.
const SCORE_ZERO: i64 = 1 << 10;
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
    for (name, mut rules) in [("mozilla", mozilla), ("icann", icann), ("iana", iana)] {
        if rules.is_empty() {
            return Err(format!("{LIST} gives no rules for list={name}"));
        }
        rules.mend();
        let list = rules.to_list();
        list.parse::<publicsuffix::List>()
            .map_err(|error| format!("{LIST}: list={name} as prepared is refused: {error}"))?;
        let path = PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join(name);
        fs::write(&path, list).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn embed_models() -> Result<(), String> {
    embed_map("words.fst", WORDS, |word| (word, Some(0)))?;
    embed_map("ngrams.fst", NGRAMS, |line| {
        let (ngram, score) = line.split_once(' ').unwrap_or((line, ""));
        (ngram, score.parse().ok().and_then(|score: i64| u64::try_from(score + SCORE_ZERO).ok()))
    })
}

/// Makes a transducer of the keys and values that `read_line` finds in the sorted lines of `source`.
fn embed_map(name: &str, source: &str, read_line: fn(&str) -> (&str, Option<u64>)) -> Result<(), String> {
    let mut map = fst::raw::Builder::memory();
    for line in read(Path::new(source))?.lines().filter(|line| !line.starts_with('#')) {
        let (key, value) = read_line(line);
        let value = value.ok_or_else(|| format!("{source}: '{line}' is not a key and a score"))?;
        map.insert(key, value).map_err(|error| format!("{source}: '{line}': {error}"))?;
    }
    let map = map.into_inner().map_err(|error| format!("{source}: {error}"))?;
    let path = PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(&path, map).map_err(|error| format!("{}: {error}", path.display()))
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
