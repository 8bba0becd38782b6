//! The functions for sets of characters: `ut_countset` and `ut_suites`.

use std::collections::BTreeMap;

use super::json;
use super::value::{Member, MemberName, Value};
use crate::names::Lists;

/// A preset set: its name, and which characters belong to it.
type Preset = (&'static str, fn(char) -> bool);

/// The preset sets of URL Toolbox, with its errors: its digits include `:` to `?`, its `@base64@` therefore excludes `=`,
/// and two of its sets of consonants ignore the case in their names.
const PRESETS: [Preset; 20] = [
    ("@punct@", |c| matches!(c, ' '..='~') && !c.is_ascii_alphabetic() && !digit(c)),
    ("@typo@", |c| "&*@\\^#%~_|".contains(c)),
    ("@digits@", digit),
    ("@alpha@", |c| c.is_ascii_lowercase()),
    ("@alpha_up@", |c| c.is_ascii_uppercase()),
    ("@alpha_all@", |c| c.is_ascii_alphabetic()),
    ("@alphanum@", |c| c.is_ascii_lowercase() || digit(c)),
    ("@alphanum_up@", |c| c.is_ascii_uppercase() || digit(c)),
    ("@alphanum_all@", |c| c.is_ascii_alphabetic() || digit(c)),
    ("@hexa@", |c| matches!(c, 'a'..='f') || digit(c)),
    ("@hexa_up@", |c| matches!(c, 'A'..='F') || digit(c)),
    ("@hexa_all@", |c| matches!(c, 'a'..='f' | 'A'..='F') || digit(c)),
    ("@noalpha@", |c| matches!(c, ' '..='~') && !c.is_ascii_alphabetic()),
    ("@base64@", |c| (c.is_ascii_alphabetic() || digit(c) || "+/".contains(c)) && c != '='),
    ("@vowels@", |c| "aeiouy".contains(c)),
    ("@vowels_up@", |c| "AEIOUY".contains(c)),
    ("@vowels_all@", |c| "aeiouyAEIOUY".contains(c)),
    ("@consonants@", |c| c.is_ascii_lowercase() && !"aeiouy".contains(c)),
    ("@consonants_all@", |c| c.is_ascii_lowercase() && !"aeiouy".contains(c)),
    ("@consonants_up@", |c| c.is_ascii_lowercase()),
];

const fn digit(c: char) -> bool {
    matches!(c, '0'..='?')
}

fn preset(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|(preset, _)| *preset == name)
}

/// How often each character of a set occurs in a word: JSON of counts by hexadecimal code points, and their sum.
///
/// The set is a preset, `@word@` (the word's own characters), or the characters themselves.
pub fn countset(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    let [word, set] = [values[0], values[1]].map(String::from_utf8_lossy);
    let mut counts: BTreeMap<char, usize> = if set == "@word@" {
        BTreeMap::new()
    } else if let Some((_, holds)) = preset(&set) {
        ('\0'..='\x7f').filter(|&c| holds(c)).map(|c| (c, 0)).collect()
    } else {
        set.chars().map(|c| (c, 0)).collect()
    };
    for c in word.chars() {
        if set == "@word@" {
            *counts.entry(c).or_default() += 1;
        } else if let Some(count) = counts.get_mut(&c) {
            *count += 1;
        }
    }
    let sum: usize = counts.values().sum();
    // Sorted by the text of the code points, as in URL Toolbox's recorded answers.
    let named: BTreeMap<String, usize> =
        counts.into_iter().map(|(c, count)| (format!("{:X}", u32::from(c)), count)).collect();
    let members = named.into_iter().chain([("sum".to_owned(), sum)]);
    let mut text = String::new();
    json::push_object(&mut text, [("ut_countset", members)], |text, members| {
        json::push_object(text, members, json::push_number);
    });
    vec![Value::text(text)]
}

/// The longest run of each preset's characters in a word: JSON of `ut_max_suite_<preset>`. Sets are separated by
/// commas; unknown sets are skipped.
pub fn suites(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    let word = String::from_utf8_lossy(values[0]);
    let sets = values[1..].iter().find(|sets| !sets.is_empty()).copied().unwrap_or_default();
    let mut longest: Vec<(MemberName, Member)> = Vec::new();
    for (set, holds) in String::from_utf8_lossy(sets).split(',').filter_map(preset) {
        let name = MemberName::MaxSuite(set);
        if longest.iter().all(|(known, _)| *known != name) {
            longest.push((name, Member::Count(longest_run(&word, holds))));
        }
    }
    vec![Value::Object(longest)]
}

fn longest_run(word: &str, holds: impl Fn(char) -> bool) -> usize {
    word.split(|c| !holds(c)).map(|run| run.chars().count()).max().unwrap_or(0)
}
