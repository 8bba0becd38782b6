//! Checks and prepares what the program embeds: the public suffix list, its version, the app's version.
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
/// The files that repeat the crate's version, and the line that must be in them.
const VERSIONED: [(&str, &str); 3] = [
    ("splunk_app/default/app.conf", "version = {}"),
    ("splunk_app/app.manifest", "\"version\": \"{}\""),
    ("CHANGELOG.md", "## {}"),
];

fn main() {
    if let Err(problem) = embed_list().and_then(|()| check_versions()) {
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
