//! URL Toolbox's functions, in URL Toolbox's forms, so that its searches run unchanged.
//!
//! A [`Function`] takes the values of its input fields and gives one value for each output field. Its external
//! lookups ([`lookup`]) and the macros (`commands::urltoolbox`) both rest on it. What is missing is the string
//! `None`, a count is `0`, a port `80`: people's searches test for those. Where our split of a name differs from
//! URL Toolbox's, `docs/url-toolbox.md` says why.

mod json;
mod parse;
mod sets;
mod words;

use std::borrow::Cow;
use std::fmt;

use crate::names::Lists;

/// One of URL Toolbox's functions.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name, without `_lookup`.
    pub name: &'static str,
    /// The fields it cannot do without.
    pub inputs: &'static [&'static str],
    /// The fields it reads where they are there.
    pub options: &'static [&'static str],
    /// The fields it gives, in the order of its values.
    pub outputs: &'static [&'static str],
    compute: fn(&[&[u8]], &Lists) -> Vec<Value>,
}

/// A value of an output field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, or a number as Python writes it.
    Text(Cow<'static, [u8]>),
    /// An object: JSON in a lookup's column, fields of their own where a macro spreads it.
    Object(Vec<(MemberName, Member)>),
}

/// The name of a member of an object, and of the field that a macro makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberName {
    /// `ut_subdomain_level_<n>`: a label of a subdomain, counted from the domain.
    Level(usize),
    /// `ut_max_suite_<set>`: the longest run of a preset's characters.
    MaxSuite(&'static str),
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemberName::Level(level) => write!(f, "ut_subdomain_level_{level}"),
            MemberName::MaxSuite(set) => write!(f, "ut_max_suite_{}", set.trim_matches('@')),
        }
    }
}

/// A value in an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// A string.
    Text(String),
    /// A count.
    Count(usize),
}

impl Value {
    /// The value as one cell holds it.
    pub fn into_cell(self) -> Cow<'static, [u8]> {
        match self {
            Value::Text(text) => text,
            Value::Object(members) => {
                let mut text = String::with_capacity(64 * members.len());
                json::push_object(&mut text, members, |text, member| match member {
                    Member::Text(member) => json::push_string(text, &member),
                    Member::Count(count) => json::push_number(text, count),
                });
                Cow::Owned(text.into_bytes())
            }
        }
    }

    fn text(text: String) -> Value {
        Value::Text(Cow::Owned(text.into_bytes()))
    }

    /// The value of what cannot be worked on.
    pub fn empty() -> Value {
        Value::Text(Cow::Borrowed(b""))
    }
}

/// What stands for a missing part.
const NONE: Value = Value::Text(Cow::Borrowed(b"None"));

impl Function {
    /// Every function.
    pub const ALL: [Function; 9] = [
        Function {
            name: "ut_parse",
            inputs: &["url"],
            options: &["list"],
            outputs: &parse::EXTENDED,
            compute: parse::extended,
        },
        Function {
            name: "ut_parse_extended",
            inputs: &["url"],
            options: &["list"],
            outputs: &parse::EXTENDED,
            compute: parse::extended,
        },
        Function {
            name: "ut_parse_simple",
            inputs: &["url"],
            options: &[],
            outputs: &parse::SIMPLE,
            compute: parse::simple,
        },
        Function {
            name: "ut_shannon",
            inputs: &["word"],
            options: &[],
            outputs: &["ut_shannon"],
            compute: words::shannon,
        },
        Function {
            name: "ut_meaning",
            inputs: &["word"],
            options: &[],
            outputs: &["ut_meaning_ratio"],
            compute: words::meaning,
        },
        Function {
            name: "ut_bayesian",
            inputs: &["word"],
            options: &[],
            outputs: &["ut_bayesian"],
            compute: words::bayesian,
        },
        Function {
            name: "ut_countset",
            inputs: &["word", "set"],
            options: &[],
            outputs: &["ut_countset"],
            compute: sets::countset,
        },
        Function {
            name: "ut_suites",
            inputs: &["word"],
            options: &["set", "sets"],
            outputs: &["ut_suites"],
            compute: sets::suites,
        },
        Function {
            name: "ut_levenshtein",
            inputs: &["word1", "word2"],
            options: &[],
            outputs: &["ut_levenshtein"],
            compute: words::levenshtein,
        },
    ];

    /// The function called `name`.
    pub fn find(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name == name)
    }

    /// The fields it reads: its inputs, then its options.
    pub fn reads(self) -> impl Iterator<Item = &'static str> {
        self.inputs.iter().chain(self.options).copied()
    }

    /// One value for each output, from one for each field that it reads (an option not given is empty).
    pub fn compute(self, values: &[&[u8]], lists: &Lists) -> Vec<Value> {
        (self.compute)(values, lists)
    }
}
