//! Shannon entropy.

use std::collections::BTreeMap;

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

/// With `n` characters of which one occurs `c` times, the entropy is `log2(n) - sum(c * log2(c)) / n`. The sum is taken
/// character by character in integers, as the growth of `c * log2(c)` with each, so that no digit is lost.
fn of_ascii(text: &[u8]) -> f64 {
    if text.len() >= N_LOG_N.len() {
        let mut counts = [0_u32; 128];
        for &byte in text {
            counts[usize::from(byte)] += 1;
        }
        return of_counts(counts.into_iter().filter(|&count| count > 0));
    }
    let mut counts = [0_u8; 128];
    let mut sum = 0;
    for &byte in text {
        let count = &mut counts[usize::from(byte & 127)];
        sum += GROWTH[usize::from(*count)];
        *count += 1;
    }
    divided(N_LOG_N[text.len()] - sum, text.len())
}

fn of_counts(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let total: f64 = counts.clone().map(f64::from).sum();
    let terms = counts.map(|count| f64::from(count) / total * (total / f64::from(count)).log2());
    terms.sum::<f64>() + 0.0
}

/// A number of bits in 2^-52, divided by a number of characters. Rounded once only: the quotient has more digits than a
/// float keeps.
fn divided(bits: u64, by: usize) -> f64 {
    const DIGITS: u32 = 56;
    const ONE: u64 = 1 << DIGITS;
    let quotient = (u128::from(bits) * u128::from(RECIPROCAL[by])) >> (64 + 52 - DIGITS);
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // at most 8 bits a character
    {
        quotient as u64 as f64 / ONE as f64
    }
}

/// 2^64 / n, rounded up; nothing is divided by 0, and what is divided by 1 is 0.
static RECIPROCAL: [u64; 256] = {
    let mut table = [0; 256];
    let mut n = 2;
    while n < table.len() {
        table[n] = u64::MAX / n as u64 + 1;
        n += 1;
    }
    table
};

/// `n * log2(n)` for the numbers of characters that names have.
static N_LOG_N: [u64; 256] = {
    let mut table = [0; 256];
    let mut n = 1;
    while n < table.len() {
        table[n] = n_log_n(n as u64);
        n += 1;
    }
    table
};

/// What `c * log2(c)` grows by, from a count to the next one. The last one is for no text that is summed so: it lets any
/// byte be an index.
static GROWTH: [u64; 256] = {
    let mut table = [0; 256];
    let mut count = 0;
    while count + 1 < table.len() {
        table[count] = N_LOG_N[count + 1] - N_LOG_N[count];
        count += 1;
    }
    table
};

/// `n * log2(n)` in 2^-52, rounded; that of 255 still fits.
///
/// The logarithm comes digit by digit: squaring a number between 1 and 2 moves the next binary digit of its logarithm in
/// front of the point.
const fn n_log_n(n: u64) -> u64 {
    const DIGITS: u32 = 58;
    let whole = n.ilog2();
    let mut mantissa = (n as u128) << (63 - whole);
    let mut log = whole as u128;
    let mut digit = 0;
    while digit < DIGITS {
        mantissa = (mantissa * mantissa) >> 63;
        log <<= 1;
        if mantissa >> 64 == 1 {
            mantissa >>= 1;
            log |= 1;
        }
        digit += 1;
    }
    let half = 1 << (DIGITS - 53);
    #[allow(clippy::cast_possible_truncation)] // at most 255 * 8 * 2^52
    {
        ((n as u128 * log + half) >> (DIGITS - 52)) as u64
    }
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
