//! How many queries a row is: rows that were counted already (`stats count by query`) say so in a field.

use std::borrow::Cow;
use std::num::NonZeroU32;

use crate::commands::distinct;

/// The field that says how many queries a row is, if the search does not name one.
const DEFAULT: &str = "count";

/// Which field says how many queries a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weight {
    /// `count`, if it is a positive whole number in every row of the search that is counted.
    Automatic,
    /// No field: each row is one query.
    Off,
    /// The field of this name. A row without a positive whole number there is one query.
    Field(String),
}

impl Weight {
    /// The field that is read.
    pub fn field(&self) -> Option<&str> {
        match self {
            Weight::Automatic => Some(DEFAULT),
            Weight::Off => None,
            Weight::Field(field) => Some(field),
        }
    }
}

/// The weight of a row: its one value, if that is a positive whole number.
pub fn of(values: Vec<Cow<'_, [u8]>>) -> Option<NonZeroU32> {
    match distinct(values).as_slice() {
        [value] => parse(value),
        _ => None,
    }
}

/// Reads a positive whole number: `3`, `3.0`, ` 3 `, `3e2`. Numbers beyond 32 bits are the greatest one.
pub fn parse(text: &[u8]) -> Option<NonZeroU32> {
    if text.len() > 9 || !text.iter().all(u8::is_ascii_digit) {
        return parse_float(text.trim_ascii());
    }
    let number = text.iter().fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
    NonZeroU32::new(number)
}

/// Large numbers as `eval` and `stats` may write them.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a cast saturates
fn parse_float(text: &[u8]) -> Option<NonZeroU32> {
    // Rust also reads `inf` and `nan`.
    let is_number = text.iter().all(|byte| byte.is_ascii_digit() || b".+-eE".contains(byte));
    let number: f64 = std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()?;
    if number.is_finite() && number.fract() != 0.0 { None } else { NonZeroU32::new(number as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positive_whole_numbers_are_weights() {
        let huge = "9".repeat(400);
        for (text, weight) in [
            ("1", Some(1)),
            ("3", Some(3)),
            (" 3 ", Some(3)),
            ("3.0", Some(3)),
            ("3.", Some(3)),
            ("+3", Some(3)),
            ("003", Some(3)),
            ("0000000000003", Some(3)),
            ("1.2e3", Some(1200)),
            ("999999999", Some(999_999_999)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", Some(u32::MAX)),
            ("99999999999999999999999", Some(u32::MAX)),
            (&huge, Some(u32::MAX)),
            ("", None),
            (" ", None),
            ("0", None),
            ("0.0", None),
            ("0.5", None),
            ("3.5", None),
            ("-3", None),
            ("-1e400", None),
            ("1,234", None),
            ("3 queries", None),
            ("three", None),
            ("0x3", None),
            ("inf", None),
            ("nan", None),
            ("\u{663}", None),
        ] {
            assert_eq!(parse(text.as_bytes()).map(NonZeroU32::get), weight, "{text}");
        }
    }

    #[test]
    fn several_values_are_a_weight_only_if_they_are_equal() {
        let of = |values: &[&'static str]| {
            of(values.iter().map(|value| Cow::Borrowed(value.as_bytes())).collect()).map(NonZeroU32::get)
        };
        assert_eq!(of(&["3"]), Some(3));
        assert_eq!(of(&["3", "3"]), Some(3));
        assert_eq!(of(&["3", "4"]), None);
        assert_eq!(of(&[]), None);
    }
}
