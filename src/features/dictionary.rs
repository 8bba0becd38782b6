//! The share of a word that dictionary words cover.

use std::sync::LazyLock;

use fst::raw::Fst;

use super::text::length;

/// The words of data/models/words.txt as a transducer that build.rs makes. It is walked in place, inside the program:
/// opening it reads only a few of its last bytes.
static WORDS: LazyLock<Fst<&[u8]>> = LazyLock::new(|| {
    Fst::new(include_bytes!(concat!(env!("OUT_DIR"), "/words.fst")).as_slice()).expect("build.rs made it")
});

/// Longer than the longest word, in bytes.
const REACH: usize = 32;

/// The share of the characters of `word` that words of the dictionary can cover without overlapping, 0 to 1, in
/// upper or lower case: 1 for `microsoft` with micro and soft in the dictionary, 5/9 with micro alone. 0 for an
/// empty text. The same measure as `ut_meaning` of the app URL Toolbox.
///
/// The cover is the best possible one; a word of the dictionary may occur in it any number of times. Takes time in
/// proportion to the length of `word`, and no memory.
///
/// ```
/// use dnsentropy::features::meaning_ratio;
///
/// assert_eq!(meaning_ratio(b"MailServer"), 1.0);
/// assert_eq!(meaning_ratio(b"qxzvkjwq"), 0.0);
/// ```
pub fn meaning_ratio(word: &[u8]) -> f64 {
    if word.is_empty() {
        return 0.0;
    }
    #[allow(clippy::cast_precision_loss)] // A text has less than 2^52 characters.
    let ratio = covered(&WORDS, word) as f64 / length(word) as f64;
    ratio
}

/// The most bytes of `text` that can be covered.
fn covered(words: &Fst<impl AsRef<[u8]>>, text: &[u8]) -> usize {
    // At `end % REACH`: the most that can be covered of the bytes before `end`, by words that begin before `start`.
    let mut best = [0; REACH];
    for start in 0..text.len() {
        let before = best[start % REACH];
        // Clear the slot of an end that is passed, and leave the byte at `start` uncovered.
        best[(start + REACH - 1) % REACH] = 0;
        best[(start + 1) % REACH] = before.max(best[(start + 1) % REACH]);
        let mut node = words.root();
        for (end, byte) in (start + 1..).zip(&text[start..]) {
            let Some(step) = node.find_input(byte.to_ascii_lowercase()) else { break };
            node = words.node(node.transition_addr(step));
            if node.is_final() {
                best[end % REACH] = best[end % REACH].max(before + end - start);
            }
        }
    }
    best[text.len() % REACH]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &str = include_str!("../../data/models/words.txt");

    fn dictionary<'w>(words: impl IntoIterator<Item = &'w str>) -> Fst<Vec<u8>> {
        let words: std::collections::BTreeSet<_> = words.into_iter().collect();
        Fst::from_iter_set(words).expect("sorted")
    }

    fn same(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-12
    }

    #[test]
    fn known_words() {
        let known = [
            ("", 0.0),
            ("microsoft", 1.0),
            ("MicroSoft", 1.0),
            ("facebook", 1.0),
            ("mailserver", 1.0),
            ("mail-server", 10.0 / 11.0),
            ("-", 0.0),
            ("qxzvkjwq", 0.0),
        ];
        for (word, ratio) in known {
            let found = meaning_ratio(word.as_bytes());
            assert!(same(found, ratio), "{word}: {found}");
        }
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert!(same(meaning_ratio("mailé".as_bytes()), 0.8));
        assert!(same(meaning_ratio(b"mail\xff"), 0.8));
    }

    #[test]
    fn the_cover_is_the_best_not_the_first() {
        let known = [
            (&["micro", "soft"][..], "microsoft", 9),
            (&["micro"], "microsoft", 5),
            // The longest word first would cover six, the leftmost word first four.
            (&["abcd", "cdefgh", "efgh"], "abcdefgh", 8),
            (&["ab", "bcdefg", "cdef"], "abcdefg", 6),
            (&["ab"], "ababxab", 6),
            (&["abc", "bcd"], "abcd", 3),
            (&["abc"], "ab", 0),
        ];
        for (words, text, most) in known {
            assert_eq!(
                covered(&dictionary(words.iter().copied()), text.as_bytes()),
                most,
                "{words:?} {text}"
            );
        }
    }

    #[test]
    fn every_word_of_the_list_is_known() {
        for word in LIST.lines() {
            assert!(word.len() < REACH, "{word}");
            assert_eq!(covered(&WORDS, word.as_bytes()), word.len(), "{word}");
        }
    }

    #[test]
    fn a_cell_of_megabytes_does_not_hang() {
        let long = "antidisestablishment".repeat(100_000);
        assert!(same(meaning_ratio(long.as_bytes()), meaning_ratio(b"antidisestablishment")));
    }

    proptest! {
        #[test]
        fn agrees_with_trying_every_cover(
            words in prop::collection::vec("[abc]{1,4}", 0..8),
            text in "[abc]{0,12}"
        ) {
            fn most(words: &[String], text: &str) -> usize {
                let Some(rest) = text.get(1..) else { return 0 };
                let used = words.iter().filter_map(|word| Some(word.len() + most(words, text.strip_prefix(word.as_str())?)));
                used.chain([most(words, rest)]).max().unwrap_or_default()
            }
            let found = covered(&dictionary(words.iter().map(String::as_str)), text.as_bytes());
            prop_assert_eq!(found, most(&words, &text));
        }

        #[test]
        fn stays_in_its_range_for_any_bytes(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let ratio = meaning_ratio(&text);
            prop_assert!((0.0..=1.0).contains(&ratio), "{ratio}");
        }

        #[test]
        fn joined_texts_are_covered_at_least_as_well(one in "[a-z]{0,20}", other in "[a-z]{0,20}") {
            let joined = covered(&WORDS, format!("{one}{other}").as_bytes());
            prop_assert!(joined >= covered(&WORDS, one.as_bytes()) + covered(&WORDS, other.as_bytes()));
        }
    }
}
