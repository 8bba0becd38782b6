//! Shannon entropy.
//!
//! # The fast path
//!
//! Short ASCII, which nearly all names are, takes integers alone ([`entropy_of_short`]), and so do the bytes of a short name.
//! - What it may assume: each byte is a character, and there are at most 255 of them. So every count fits a byte, and every
//!   sum fits 64 bits.
//! - When it steps aside: longer or other text goes to [`entropy_of_counts`], which adds up floats.
//! - How to change it safely: the two roundings differ. The integers keep digits that floats lose, and only their quotient
//!   is rounded; the floats are rounded at each step. Both stay within 1e-12 of the exact value, so texts of 255 and
//!   256 characters compare well, but the same counts may differ in the last digit.
//! - What holds it to its reference: the property test `short_text_agrees_with_the_sum_of_floats`.

use std::collections::BTreeMap;

use super::fixed_point::log2_digits;
use super::text::characters;

/// The Shannon entropy of `text` in bits a character: the sum of `p * log2(1 / p)` over its distinct
/// characters, where `p` is a character's share (C. E. Shannon, "A Mathematical Theory of Communication", 1948,
/// section 6). `None` for an empty text.
///
/// At most `log2` of the number of characters, and within 1e-12 of the exact value.
///
/// ```
/// use dnsentropy::features::shannon;
///
/// assert_eq!(shannon(b"www"), Some(0.0));
/// assert_eq!(shannon(b"0123456789abcdef"), Some(4.0));
/// assert_eq!(shannon(b""), None);
/// ```
pub fn shannon(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return None;
    }
    if text.is_ascii() {
        return Some(entropy_of_bytes::<128>(text));
    }
    Some(entropy_of(characters(text)))
}

/// The same with each byte as a character of its own.
///
/// ```
/// use dnsentropy::features::shannon_of_bytes;
///
/// assert_eq!(shannon_of_bytes("\u{e4}".as_bytes()), Some(1.0));
/// ```
pub fn shannon_of_bytes(bytes: &[u8]) -> Option<f64> {
    if bytes.is_ascii() {
        return shannon(bytes);
    }
    Some(entropy_of_bytes::<256>(bytes))
}

fn entropy_of(characters: impl Iterator<Item = u32>) -> f64 {
    // Ordered, so that the sum is the same on every machine.
    let mut counts = BTreeMap::new();
    for character in characters {
        *counts.entry(character).or_insert(0_u32) += 1;
    }
    entropy_of_counts(counts.values().copied())
}

/// The entropy of bytes that are less than `ALPHABET`, a power of two.
fn entropy_of_bytes<const ALPHABET: usize>(text: &[u8]) -> f64 {
    if text.len() < N_LOG_N.len() {
        return entropy_of_short::<ALPHABET>(text);
    }
    let mut counts = [0_u32; ALPHABET];
    for &byte in text {
        counts[usize::from(byte)] += 1;
    }
    entropy_of_counts(counts.into_iter().filter(|&count| count > 0))
}

/// The definition in floats, for any number of characters.
fn entropy_of_counts(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let total: f64 = counts.clone().map(f64::from).sum();
    let terms = counts.map(|count| f64::from(count) / total * (total / f64::from(count)).log2());
    terms.sum::<f64>() + 0.0
}

/// With `n` characters of which one occurs `c` times, the entropy is `log2(n) - sum(c * log2(c)) / n`. The sum grows
/// with each character by the difference of `c * log2(c)` between its old and its new count, so no second pass over the
/// counts is needed.
fn entropy_of_short<const ALPHABET: usize>(text: &[u8]) -> f64 {
    let mut counts = [0_u8; ALPHABET];
    let mut sum = 0;
    for &byte in text {
        let count = &mut counts[usize::from(byte) & (ALPHABET - 1)];
        sum -= N_LOG_N[usize::from(*count)];
        // The index is a byte in a table of 256, so that no bound needs checking.
        *count = count.wrapping_add(1);
        sum += N_LOG_N[usize::from(*count)];
    }
    quotient(N_LOG_N[text.len()] - sum, text.len() as u64)
}

/// `bits` in 2^-52, at most 255 * 8 of them, divided by `characters`. Eight more digits than the table has come
/// from the remainder, so that the float is rounded once.
fn quotient(bits: u64, characters: u64) -> f64 {
    /// 2^-60.
    const UNIT: f64 = 1.0 / 1_152_921_504_606_846_976.0;
    let more_digits = ((bits % characters) << 8) / characters;
    #[allow(clippy::cast_precision_loss)] // this is the rounding
    let rounded = ((bits / characters) << 8 | more_digits) as f64;
    rounded * UNIT
}

/// `n * log2(n)` in 2^-52, rounded, for the numbers of characters that names have.
static N_LOG_N: [u64; 256] = {
    /// The digits of the logarithm that are computed, and how many of them the table drops.
    const DIGITS: u32 = 58;
    const DROPPED: u32 = DIGITS - 52;
    let mut table = [0; 256];
    let mut n = 1;
    while n < table.len() {
        let exact = n as u128 * log2_digits(n as u128, DIGITS);
        #[allow(clippy::cast_possible_truncation)] // at most 255 * 8 * 2^52
        {
            table[n] = ((exact + (1 << (DROPPED - 1))) >> DROPPED) as u64;
        }
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_known_values() {
        let known = [
            ("buttercup", 2.725_480_556_997_868),
            ("google", 1.918_295_834_054_489_3),
            ("aGVsbG8gd29ybGQ", 3.456_564_762_130_953_6),
            ("0123456789abcdef", 4.0),
            ("www", 0.0),
            ("食狮", 1.0),
        ];
        for (text, bits) in known {
            let entropy = shannon(text.as_bytes()).expect("not empty");
            assert!((entropy - bits).abs() < 1e-12, "{text}: {entropy}");
            assert!(entropy.is_sign_positive(), "{text}: {entropy}");
        }
        assert_eq!(shannon(b""), None);
    }

    #[test]
    fn a_byte_that_is_not_utf_8_is_a_character() {
        assert_eq!(shannon(b"\xff\xfe"), Some(1.0));
        assert_eq!(shannon("\u{ff}".as_bytes()), Some(0.0));
    }

    proptest! {
        /// The textbook sum in another form, over a hash map: log2(n) - (1/n) * sum of c * log2(c).
        #[test]
        fn agrees_with_the_other_form_of_the_sum(text in "[a-c]{1,40}|\\PC{1,60}|[A-Za-z0-9+/]{1,200}") {
            let mut counts = std::collections::HashMap::new();
            for character in text.chars() {
                *counts.entry(character).or_insert(0.0_f64) += 1.0;
            }
            let total: f64 = counts.values().sum();
            let other = total.log2() - counts.values().map(|c| c * c.log2()).sum::<f64>() / total;
            let entropy = shannon(text.as_bytes()).expect("not empty");
            prop_assert!((entropy - other).abs() < 1e-12, "{entropy} {other}");
        }

        #[test]
        fn short_text_agrees_with_the_sum_of_floats(text in "[ab]{1,255}|[ -~]{1,255}|[a-z0-9]{1,64}", more in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = [text.as_bytes(), &more].concat();
            let text = &text[..text.len().min(255)];
            let counts = (0..=u8::MAX).map(|byte| text.iter().filter(|&&other| other == byte).count());
            let counts: Vec<u32> = counts.filter(|&count| count > 0).map(|count| u32::try_from(count).expect("short")).collect();
            let (short, reference) = (entropy_of_short::<256>(text), entropy_of_counts(counts.into_iter()));
            prop_assert!((short - reference).abs() < 1e-12, "{short} {reference}");
            if text.is_ascii() {
                prop_assert_eq!(short.to_bits(), entropy_of_short::<128>(text).to_bits());
            }
        }

        #[test]
        fn stays_in_its_range_for_any_bytes(text in prop::collection::vec(any::<u8>(), 1..300)) {
            let entropy = shannon(&text).expect("not empty");
            let most = f64::from(u32::try_from(super::super::length(&text)).expect("short")).log2();
            prop_assert!(entropy >= 0.0 && entropy <= most + 1e-12);
        }
    }
}
