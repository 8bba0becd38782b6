//! Shannon entropy.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::text::characters;

/// The Shannon entropy of `text` in bits a character: the sum of `p * log2(1 / p)` over its distinct
/// characters, where `p` is a character's share (C. E. Shannon, "A Mathematical Theory of Communication", 1948,
/// section 6). `None` for an empty text.
///
/// At most `log2` of the number of characters, and within 1e-12 of the exact value.
pub fn shannon(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return None;
    }
    if text.is_ascii() {
        return Some(of_ascii(text));
    }
    // Ordered, so that the sum is the same on every machine.
    let mut counts = BTreeMap::new();
    for character in characters(text) {
        *counts.entry(character).or_insert(0_u32) += 1;
    }
    Some(of_counts(counts.values().copied()))
}

fn of_ascii(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 128];
    for &byte in text {
        counts[usize::from(byte)] += 1;
    }
    if text.len() >= TABLE.len() {
        return of_counts(counts.into_iter().filter(|&count| count > 0));
    }
    // The same sum, taken over the characters, of which there are few: each adds its log2(1 / p).
    let of_total = TABLE[text.len()];
    let bits: f64 = text.iter().map(|&byte| of_total - TABLE[counts[usize::from(byte)] as usize]).sum();
    bits / precise(text.len()) + 0.0 // no sign before a zero
}

fn of_counts(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let total: f64 = counts.clone().map(f64::from).sum();
    let terms = counts.map(|count| f64::from(count) / total * (total / f64::from(count)).log2());
    terms.sum::<f64>() + 0.0
}

/// log2 of the counts in texts of the length of a name.
static TABLE: LazyLock<[f64; 256]> = LazyLock::new(|| std::array::from_fn(|count| precise(count).log2()));

#[allow(clippy::cast_precision_loss)] // no text has 2^53 characters
fn precise(count: usize) -> f64 {
    count as f64
}

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
    fn a_byte_that_is_no_utf_8_is_a_character() {
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
        fn stays_in_its_range_for_any_bytes(text in prop::collection::vec(any::<u8>(), 1..300)) {
            let entropy = shannon(&text).expect("not empty");
            let most = f64::from(u32::try_from(super::super::length(&text)).expect("short")).log2();
            prop_assert!(entropy >= 0.0 && entropy <= most + 1e-12);
        }
    }
}
