//! The functions for words: `ut_shannon`, `ut_meaning`, `ut_bayesian`, `ut_levenshtein`.

use super::json;
use super::value::Value;
use crate::features;
use crate::names::Lists;

/// The most steps that an edit distance may take; the value of longer words is empty.
const MAX_STEPS: usize = 100_000_000;

/// Shannon entropy in bits a character; 0 for an empty word.
pub fn shannon(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    vec![number(features::shannon(values[0]).unwrap_or_default())]
}

/// The share of a word that dictionary words cover.
pub fn meaning(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    vec![number(features::meaning_ratio(values[0]))]
}

/// The probability that a word is generated, by its 2-, 3- and 4-grams.
pub fn bayesian(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    let [two, three, four] = features::bayesian(values[0]);
    let scores = [("2", two), ("3", three), ("4", four)];
    let mut text = String::new();
    json::push_object(&mut text, [("ut_bayesian", scores)], |text, scores| {
        json::push_object(text, scores, json::push_number);
    });
    vec![Value::text(text)]
}

/// The Levenshtein distance of two words, ignoring case.
pub fn levenshtein(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    let [first, second] = [values[0], values[1]].map(|word| String::from_utf8_lossy(word).to_lowercase());
    if first.len().saturating_mul(second.len()) > MAX_STEPS {
        return vec![Value::empty()];
    }
    vec![Value::text(strsim::levenshtein(&first, &second).to_string())]
}

/// A float as Python writes it (for the magnitudes that occur here): `4.0`.
fn number(value: f64) -> Value {
    Value::text(format!("{value:?}"))
}
