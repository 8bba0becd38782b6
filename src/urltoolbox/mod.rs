//! URL Toolbox's functions with URL Toolbox's outputs, so that its searches run unchanged.
//!
//! A [`Function`] takes the values of its input fields and returns one [`Value`] for each output field. The external
//! lookups (`commands::lookup`) and the macros (`commands::urltoolbox`) both call it. A missing part is the string
//! `None`, a missing count `0`, a missing port `80`, as people's searches test for those. `docs/url-toolbox.md` explains
//! where our split of a name differs from URL Toolbox's.

mod json;
mod parse;
mod sets;
mod value;
mod words;

pub use value::{Member, MemberName, Value};

use crate::names::Lists;

/// One of URL Toolbox's functions.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name, without `_lookup`.
    pub name: &'static str,
    /// The fields that it requires.
    pub inputs: &'static [&'static str],
    /// The fields that it reads if the event has them.
    pub options: &'static [&'static str],
    /// The fields that it returns, in the order of its values.
    pub outputs: &'static [&'static str],
    compute: fn(&[&[u8]], &Lists) -> Vec<Value>,
}

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

    /// The function of that name.
    pub fn find(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name == name)
    }

    /// The fields that it reads: its inputs, then its options.
    pub fn reads(self) -> impl Iterator<Item = &'static str> {
        self.inputs.iter().chain(self.options).copied()
    }

    /// Returns one value for each output. It takes one value for each field that it reads; a missing option is empty.
    ///
    /// ```
    /// use dnsentropy::names::Lists;
    /// use dnsentropy::urltoolbox::Function;
    ///
    /// let function = Function::find("ut_levenshtein").expect("a function");
    /// let values = function.compute(&[b"google", b"gogle"], &Lists::new("suffixes.csv".into()));
    /// assert_eq!(values[0].clone().into_cell().as_ref(), b"1");
    /// ```
    pub fn compute(self, values: &[&[u8]], lists: &Lists) -> Vec<Value> {
        (self.compute)(values, lists)
    }
}
