//! Whether a word looks generated or ordinary, by its n-grams.

use std::sync::LazyLock;

use fst::raw::{Fst, Output};

use super::ngram_packing::unpack;

/// The scores of data/models/ngrams.txt as a transducer that build.rs makes, each n-gram from its end to its
/// beginning: one walk finds all that end at a place. It is walked in place, inside the program.
static SCORES: LazyLock<Fst<&[u8]>> = LazyLock::new(|| {
    Fst::new(include_bytes!(concat!(env!("OUT_DIR"), "/ngrams.fst")).as_slice()).expect("build.rs made it")
});

/// The characters of the longest n-grams.
const LONGEST: usize = 4;

/// The odds of a score of one, as scores are tenths of a nat.
const ODDS: f64 = 1.105_170_918_075_647_7;

/// The probabilities, 0 to 1, that `word` is generated, such as random, encoded, or made by a domain generation
/// algorithm, and not ordinary: by its n-grams of 2, of 3, and of 4 characters. The same measure as `ut_bayesian` of the
/// app URL Toolbox.
///
/// Bayes' rule with the prior 1/2 for two Markov chains, one of generated and one of ordinary text (C. E. Shannon,
/// "A Mathematical Theory of Communication", 1948, section 3): a character's probability depends on the n-1 before
/// it. A plain product over n-grams would count each character n times. A word shorter than n is judged by the
/// n-grams that it has, and the empty word scores 1/2.
///
/// The case of letters does not matter. Dots, white space and characters beyond ASCII are not evidence, and no n-gram
/// crosses them. All other ASCII that host names do not use counts as one character, and so do bytes that are not UTF-8.
///
/// Takes time and memory in proportion to the length of `word`. The same on every machine to the last bit.
pub fn bayesian(word: &[u8]) -> [f64; 3] {
    let scores: &Fst<_> = &SCORES;
    let mut sums = [0; LONGEST];
    for part in folded(word).split(|&byte| byte == b'.') {
        let mut before = [None; LONGEST];
        for end in 1..=part.len() {
            let here = ending(scores, &part[..end]);
            let mut score = 0;
            for n in 0..LONGEST {
                // An n-gram that the model lacks scores as its end does, with the backoff of its beginning.
                let beginning = if n > 0 { before[n - 1] } else { None };
                let backed_off = score + beginning.map_or(0, |(_, backoff)| backoff);
                score = here[n].map_or(backed_off, |(score, _)| score);
                sums[n] += score;
            }
            before = here;
        }
    }
    [probability(sums[1]), probability(sums[2]), probability(sums[3])]
}

/// `word` in the characters of the model.
fn folded(word: &[u8]) -> Vec<u8> {
    let mut folded = Vec::with_capacity(word.len());
    for chunk in word.utf8_chunks() {
        folded.extend(chunk.valid().chars().map(|character| match character.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9' | '-' | '_') => letter as u8,
            '.' | '\t'..='\r' | ' ' | '\u{80}'.. => b'.',
            _ => b'+',
        }));
        folded.extend(chunk.invalid().iter().map(|_| b'+'));
    }
    folded
}

/// Score and backoff of each n-gram that `text` ends in, from one character to [`LONGEST`], if the model has it.
fn ending(scores: &Fst<impl AsRef<[u8]>>, text: &[u8]) -> [Option<(i64, i64)>; LONGEST] {
    let mut found = [None; LONGEST];
    let mut node = scores.root();
    let mut output = Output::zero();
    for (found, &byte) in found.iter_mut().zip(text.iter().rev()) {
        let Some(step) = node.find_input(byte) else { break };
        let step = node.transition(step);
        output = output.cat(step.out);
        node = scores.node(step.addr);
        if node.is_final() {
            *found = Some(unpack(output.cat(node.final_output()).value()));
        }
    }
    found
}

/// The probability whose odds are `ODDS` to the power of `sum`. It multiplies, which every machine rounds alike, unlike
/// `exp`.
fn probability(sum: i64) -> f64 {
    let mut odds = 1.0;
    let mut power = ODDS;
    let mut exponent = sum.unsigned_abs();
    while exponent > 0 {
        if exponent & 1 == 1 {
            odds *= power;
        }
        power *= power;
        exponent >>= 1;
    }
    let less_likely = 1.0 / (1.0 + odds);
    if sum < 0 { less_likely } else { 1.0 - less_likely }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use proptest::prelude::*;

    fn model() -> impl Iterator<Item = (&'static str, (i64, i64))> {
        let lines = include_str!("../../data/models/ngrams.txt").lines();
        lines.filter(|line| !line.starts_with('#')).map(|line| {
            let mut words = line.split(' ');
            let ngram = words.next().expect("an n-gram");
            let mut numbers = words.map(|word| word.parse().expect("a number"));
            (ngram, (numbers.next().expect("a score"), numbers.next().unwrap_or(0)))
        })
    }

    fn of(word: &str) -> [f64; 3] {
        bayesian(word.as_bytes())
    }

    #[test]
    fn ordinary_words_are_ordinary_and_generated_ones_generated() {
        for word in ["microsoft", "weather-forecast", "BANKING", "srv-file01", "newsletter", "intranet"] {
            assert!(of(word).iter().all(|&probability| probability < 0.1), "{word}: {:?}", of(word));
        }
        let generated = [
            "04055051be412eea5a61b7da8438be3d",
            "qxkvjzwpqhtr",
            "0DsAAHNIclYsFcDN",
            "mzxw6ytboi5dcmrrgq3tmobz",
            "\\xc5\\xea\\xef\\xf6\\xfa\\xbc",
        ];
        for word in generated {
            assert!(of(word).iter().all(|&probability| probability > 0.9), "{word}: {:?}", of(word));
        }
    }

    #[test]
    fn text_without_evidence_is_as_likely_as_not() {
        for word in ["", "...", " ", "åäö"] {
            assert_eq!(of(word).map(f64::to_bits), [0.5_f64.to_bits(); 3], "{word}");
        }
    }

    #[test]
    fn every_line_of_the_model_is_found() {
        for (ngram, numbers) in model() {
            assert_eq!(folded(ngram.as_bytes()), ngram.as_bytes());
            assert_eq!(ending(&SCORES, ngram.as_bytes())[ngram.len() - 1], Some(numbers), "{ngram}");
        }
        assert_eq!(model().count(), SCORES.len());
    }

    #[test]
    fn probabilities_are_those_of_the_logistic_function() {
        for sum in [-100_000, -700, -41, -1, 0, 1, 2, 3, 40, 700, 100_000] {
            #[allow(clippy::cast_precision_loss)]
            let logistic = 1.0 / (1.0 + (sum as f64 / -10.0).exp());
            let found = probability(sum);
            assert!((found - logistic).abs() < 1e-12, "{sum}: {found} {logistic}");
        }
    }

    #[test]
    fn characters_that_host_names_do_not_use_are_one() {
        assert_eq!(folded("aB-_9.é b\u{7}+=".as_bytes()), b"ab-_9...b+++");
        assert_eq!(folded(b"a\xff\xfe"), b"a++");
    }

    #[test]
    fn a_cell_of_megabytes_does_not_hang() {
        let long = "antidisestablishment".repeat(100_000);
        assert!(of(&long).iter().all(|&probability| probability < 0.001));
    }

    proptest! {
        /// The same from the text of the model, by its rule as README.md there gives it.
        #[test]
        fn agrees_with_a_search_in_the_list(word in "[a-z0-9-]{0,12}|(micro|soft|xq|web|01){1,4}") {
            static MODEL: LazyLock<HashMap<&str, (i64, i64)>> = LazyLock::new(|| model().collect());
            fn score(ngram: &str) -> i64 {
                let backoff = || MODEL.get(&ngram[..ngram.len() - 1]).map_or(0, |numbers| numbers.1);
                MODEL.get(ngram).map_or_else(|| score(&ngram[1..]) + backoff(), |numbers| numbers.0)
            }
            let expected = [2, 3, 4].map(|n| {
                probability((1..=word.len()).map(|end| score(&word[end.saturating_sub(n)..end])).sum())
            });
            prop_assert_eq!(of(&word).map(f64::to_bits), expected.map(f64::to_bits));
        }

        #[test]
        fn stays_in_its_range_for_any_bytes(word in prop::collection::vec(any::<u8>(), 0..200)) {
            for probability in bayesian(&word) {
                prop_assert!((0.0..=1.0).contains(&probability), "{probability}");
            }
        }

        #[test]
        fn case_does_not_matter(word in "[a-zA-Z0-9]{0,40}") {
            let bits = |word: &str| of(word).map(f64::to_bits);
            prop_assert_eq!(bits(&word), bits(&word.to_ascii_lowercase()));
        }

        /// The evidence of parts adds up: two parts on the same side of 1/2 keep to it together.
        #[test]
        fn parts_are_independent(one in "[a-z0-9]{0,20}", other in "[a-z0-9]{0,20}") {
            let joined = of(&format!("{one}.{other}"));
            for (joined, (one, other)) in joined.into_iter().zip(of(&one).into_iter().zip(of(&other))) {
                if one >= 0.5 && other >= 0.5 {
                    prop_assert!(joined >= one.max(other) - 1e-12, "{one} {other} {joined}");
                }
                if one <= 0.5 && other <= 0.5 {
                    prop_assert!(joined <= one.min(other) + 1e-12, "{one} {other} {joined}");
                }
            }
        }
    }
}
