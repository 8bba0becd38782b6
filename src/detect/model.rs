//! The parameters in `data/models/detector.json`, and the bits of a label under them.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The parameters that are part of the program.
static EMBEDDED: LazyLock<Model> = LazyLock::new(|| {
    let text = include_str!("../../data/models/detector.json");
    Model::parse(text).expect("part of the program, and a test reads it")
});

/// The symbols of a label: its end, a digit, the letters of either case, hyphen, underscore,
/// and any other byte.
const SYMBOLS: usize = 31;
const SYMBOL_BITS: u32 = 5;
/// The number of sequences of three symbols.
const PLACES: usize = 1 << (3 * SYMBOL_BITS);
const END: u8 = 0;
const DIGIT: u8 = 1;
const HYPHEN: u8 = 28;
const UNDERSCORE: u8 = 29;
const OTHER: u8 = 30;
/// The character for no bits in a row of the file; each one after it is a quarter bit more.
const ZERO: u8 = b'0';
/// Extra cost of which digit it was (log2 10 bits) or which other byte (log2 16 bits), as the model has one symbol for each
/// class. In 1/256 bit.
const WHICH_DIGIT: u16 = 850;
const WHICH_OTHER: u16 = 4 * 256;

/// The parameters of the detector.
#[derive(Debug, Clone)]
pub struct Model {
    /// Bits in 1/256 of a symbol after two symbols, by the three symbols of [`SYMBOL_BITS`] bits each. They include the
    /// extra cost of which digit or other byte it was.
    bits: Vec<u16>,
    pub(super) names: Names,
    pub(super) weights: Weights,
    pub(super) most: Most,
    pub(super) severities: Severities,
}

/// How the bits of a label become its excess. In 1/256 bit.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    /// The allowance for each character of an ordinary label, and for each label.
    pub character: u32,
    pub label: u32,
    /// Irregular case adds to a label whose excess is at least `unusual` without it: once, and for each change.
    pub unusual: u32,
    pub mixed_case: u32,
    pub case_change: u32,
}

/// The points that a term of 1 adds to the score, in 1/256.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    pub constant: i64,
    pub volume: i64,
    pub name: i64,
    pub repeats: i64,
    pub alike: i64,
}

/// The most points that a term allows, in 1/256.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Most {
    /// Few bytes are never critical.
    pub volume: Line,
    /// Names that are each only a little unusual are not data, however many there are.
    pub name: Line,
}

/// A line: a constant, and what a term of 1 adds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub constant: i64,
    pub slope: i64,
}

/// The least score of a severity.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Severities {
    pub low: u8,
    pub medium: u8,
    pub high: u8,
    pub critical: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "made_by")]
    _made_by: String,
    names: Names,
    weights: Weights,
    most: Most,
    severities: Severities,
    /// Rows of bits, by the preceding symbol or the two preceding ones; the longer key takes precedence.
    rows: HashMap<String, String>,
}

/// Why parameters cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file is not JSON of this form.
    #[error("the detector's parameters are not readable: {0}")]
    Json(#[from] serde_json::Error),
    /// A row is missing, or its length or a character is wrong.
    #[error(
        "the detector's parameters lack a valid row of bits after '{0}': make the file with bin/train-detector"
    )]
    Row(String),
}

impl Model {
    /// The parameters that are part of the program.
    pub fn embedded() -> &'static Model {
        &EMBEDDED
    }

    /// Parameters as `bin/train-detector` writes them.
    ///
    /// # Errors
    ///
    /// `text` is not of that form.
    pub fn parse(text: &str) -> Result<Model, ModelError> {
        let file: File = serde_json::from_str(text)?;
        let mut bits = vec![0; PLACES];
        for before in 0..SYMBOLS {
            for last in 0..SYMBOLS {
                let longer: String = [before, last].map(spelt).iter().collect();
                let row = file.rows.get(&longer).or_else(|| file.rows.get(&spelt(last).to_string()));
                let row = row.filter(|row| row.len() == SYMBOLS && row.bytes().all(|byte| byte >= ZERO));
                let row = row.ok_or(ModelError::Row(longer))?;
                let place = (before << SYMBOL_BITS | last) << SYMBOL_BITS;
                for (symbol, byte) in (0..).zip(row.bytes()) {
                    let which = match symbol {
                        DIGIT => WHICH_DIGIT,
                        OTHER => WHICH_OTHER,
                        _ => 0,
                    };
                    bits[place | usize::from(symbol)] = u16::from(byte - ZERO) * 64 + which;
                }
            }
        }
        let File { names, weights, most, severities, .. } = file;
        Ok(Model { bits, names, weights, most, severities })
    }

    /// The bits of `label` in 1/256. The case of letters does not matter.
    pub(super) fn bits(&self, label: &[u8]) -> u32 {
        let (mut sum, mut place) = (0, 0);
        let mut add = |symbol: u8| {
            place = (place << SYMBOL_BITS | usize::from(symbol)) % PLACES;
            sum += u64::from(self.bits[place]);
        };
        for &byte in label {
            add(SYMBOL[usize::from(byte)]);
        }
        add(END);
        u32::try_from(sum).unwrap_or(u32::MAX)
    }
}

/// The symbol of each byte.
static SYMBOL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        #[allow(clippy::cast_possible_truncation)]
        {
            table[byte] = symbol(byte as u8);
        }
        byte += 1;
    }
    table
};

const fn symbol(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b'0'..=b'9' => DIGIT,
        letter @ b'a'..=b'z' => letter - b'a' + 2,
        b'-' => HYPHEN,
        b'_' => UNDERSCORE,
        _ => OTHER,
    }
}

/// The character of a symbol in the keys of the file's rows.
fn spelt(symbol: usize) -> char {
    char::from(b"^0abcdefghijklmnopqrstuvwxyz-_+"[symbol])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_parameters_are_good() {
        let model = Model::embedded();
        let Severities { low, medium, high, critical } = model.severities;
        assert!(low < medium && medium < high && high < critical && critical <= 100);
        assert!(model.weights.volume > 0 && model.weights.name > 0, "more evidence is never less suspicious");
        assert!(model.weights.alike >= 0 && model.weights.repeats >= 0);
    }

    #[test]
    fn words_take_fewer_bits_than_noise() {
        let a_character = |label: &str| {
            f64::from(Model::embedded().bits(label.as_bytes()))
                / 256.0
                / f64::from(u8::try_from(label.len()).expect("short"))
        };
        for word in ["www", "mail", "autodiscover", "update", "images", "eu-west-1", "fileserver01"] {
            assert!(a_character(word) < 4.0, "{word}: {}", a_character(word));
        }
        for noise in ["qxkvjzwpqhtr", "6a57jk2ba1d9keg15cbg", "95fc03c0b0000000005b639e1554560947d038151d"] {
            assert!(a_character(noise) > 4.8, "{noise}: {}", a_character(noise));
        }
    }

    #[test]
    fn case_does_not_matter_to_the_bits() {
        let model = Model::embedded();
        assert_eq!(model.bits(b"RdIBJAE5BA"), model.bits(b"rdibjae5ba"));
    }

    #[test]
    fn every_byte_has_a_symbol() {
        for byte in 0..=255 {
            assert!(usize::from(symbol(byte)) < SYMBOLS);
            assert_ne!(symbol(byte), END);
        }
    }

    #[test]
    fn a_file_with_a_bad_row_is_refused() {
        let text = include_str!("../../data/models/detector.json");
        assert!(matches!(Model::parse(&text.replacen("\"0\"", "\"x\"", 1)), Err(ModelError::Row(_))));
        assert!(matches!(Model::parse("{}"), Err(ModelError::Json(_))));
    }
}
