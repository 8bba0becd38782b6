//! Whether a word looks generated or ordinary, by its n-grams.

use std::sync::LazyLock;

use fst::raw::{Fst, Output};

/// The scores of data/models/ngrams.txt as build.rs turned them into a transducer. One walk of at most `LONGEST`
/// steps finds the n-grams of every length that begin at a place. It is walked where it lies in the program.
static SCORES: LazyLock<Fst<&[u8]>> = LazyLock::new(|| {
    Fst::new(include_bytes!(concat!(env!("OUT_DIR"), "/ngrams.fst")).as_slice()).expect("build.rs made it")
});

/// The characters of the longest n-grams.
const LONGEST: usize = 4;

/// What build.rs adds to the scores, as a transducer holds no number below zero.
const ZERO: i64 = 1 << 10;

/// Scores are tenths of a nat, and the sum over n-grams is divided by n: the odds that a sum of one says are e to
/// the 1/20th, 1/30th and 1/40th.
const ODDS: [(usize, f64); 3] =
    [(2, 1.051_271_096_376_024), (3, 1.033_895_113_513_574), (4, 1.025_315_120_524_428_8)];

/// The probabilities, 0 to 1, that `word` is generated, such as random, encoded, or made by a domain generation
/// algorithm, and not ordinary: by its n-grams of 2, of 3, and of 4 characters. They mean what `ut_bayesian` of the
/// app URL Toolbox means.
///
/// Each is a naive Bayes product with the prior 1/2, in logarithms: the sum of the scores of the word's n-grams,
/// where a score is the logarithm of how much more often the n-gram is met in generated text than in ordinary text.
/// As a character belongs to n of them, the sum is divided by n. A word without an n-gram, being too short, gets
/// 0.5.
///
/// The case of letters does not matter. Dots, spaces and characters beyond ASCII say nothing, and no n-gram goes
/// across them. Other ASCII that host names do not have is all one character, as are bytes that are no UTF-8.
///
/// Takes time in proportion to the length of `word`. The same on every machine to the last bit.
pub fn bayesian(word: &[u8]) -> [f64; 3] {
    let scores: &Fst<_> = &SCORES;
    let mut sums = [0; LONGEST + 1];
    for part in folded(word).split(|&byte| byte == b'.') {
        // The scores of the n-grams that begin one place to the right, by their lengths.
        let mut right = [0; LONGEST + 1];
        for start in (0..part.len()).rev() {
            let known = scores_at(scores, &part[start..]);
            let mut here = [0; LONGEST + 1];
            for n in 1..=LONGEST.min(part.len() - start) {
                // An n-gram that is not in the model, such as abcd, is as frequent as those in it make it:
                // P(abcd) = P(abc) P(bcd) / P(bc).
                here[n] = known[n].unwrap_or_else(|| match n {
                    1 => 0,
                    _ => here[n - 1] + right[n - 1] - right[n - 2],
                });
                sums[n] += here[n];
            }
            right = here;
        }
    }
    ODDS.map(|(n, odds_of_one)| probability(sums[n], odds_of_one))
}

/// The characters of the model for those of `word`.
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

/// The scores in the model of the n-grams with which `text` begins, by their lengths.
fn scores_at(scores: &Fst<impl AsRef<[u8]>>, text: &[u8]) -> [Option<i64>; LONGEST + 1] {
    let mut found = [None; LONGEST + 1];
    let mut node = scores.root();
    let mut output = Output::zero();
    for (found, &byte) in found[1..].iter_mut().zip(text) {
        let Some(step) = node.find_input(byte) else { break };
        let step = node.transition(step);
        output = output.cat(step.out);
        node = scores.node(step.addr);
        if node.is_final() {
            *found = i64::try_from(output.cat(node.final_output()).value()).ok().map(|score| score - ZERO);
        }
    }
    found
}

/// The probability whose odds are `odds_of_one` to the power of `sum`. Made of multiplications, which every machine
/// rounds alike, unlike `exp`.
fn probability(sum: i64, odds_of_one: f64) -> f64 {
    let mut odds = 1.0;
    let mut power = odds_of_one;
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
    use super::*;
    use proptest::prelude::*;

    const MODEL: &str = include_str!("../../data/models/ngrams.txt");

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
    fn without_n_grams_it_is_as_likely_as_not() {
        for (word, counted) in
            [("", 0), ("a", 0), ("qz", 1), ("qzx", 2), ("qzxj", 3), ("a.b.c", 0), ("åäö", 0)]
        {
            for (index, probability) in of(word).into_iter().enumerate() {
                assert_eq!(
                    probability.to_bits() == 0.5_f64.to_bits(),
                    index >= counted,
                    "{word}: {probability}"
                );
            }
        }
    }

    #[test]
    fn the_model_is_found_as_it_is_written() {
        let mut lines = 0;
        for line in MODEL.lines().filter(|line| !line.starts_with('#')) {
            let (ngram, score) = line.split_once(' ').expect("two words");
            assert_eq!(folded(ngram.as_bytes()), ngram.as_bytes());
            assert_eq!(scores_at(&SCORES, ngram.as_bytes())[ngram.len()], score.parse().ok(), "{ngram}");
            lines += 1;
        }
        assert_eq!(lines, SCORES.len());
    }

    #[test]
    fn longer_n_grams_are_estimated_from_shorter_ones() {
        let scores = |word: &str| scores_at(&SCORES, word.as_bytes());
        let [qj, jx] = ["qj", "jx"].map(|word| scores(word)[2].expect("all pairs are in the model"));
        let j = scores("j")[1].expect("all characters are in the model");
        assert_eq!(scores("qjx")[3], None, "choose another example");
        let expected = probability(qj + jx - j, ODDS[1].1);
        assert_eq!(of("qjx")[1].to_bits(), expected.to_bits());
    }

    #[test]
    fn probabilities_are_those_of_the_logistic_function() {
        for sum in [-100_000, -700, -41, -1, 0, 1, 2, 3, 40, 700, 100_000] {
            for (n, odds_of_one) in ODDS {
                #[allow(clippy::cast_precision_loss)]
                let logistic = 1.0 / (1.0 + (-(sum as f64) / 10.0 / n as f64).exp());
                let found = probability(sum, odds_of_one);
                assert!((found - logistic).abs() < 1e-12, "{sum} {n}: {found} {logistic}");
            }
        }
    }

    #[test]
    fn what_host_names_do_not_have_is_one_character() {
        assert_eq!(folded("aB-_9.é b\u{7}+=".as_bytes()), b"ab-_9...b+++");
        assert_eq!(folded(b"a\xff\xfe"), b"a++");
    }

    #[test]
    fn a_cell_of_megabytes_does_not_hang() {
        let long = "antidisestablishment".repeat(100_000);
        assert!(of(&long).iter().all(|&probability| probability < 0.001));
    }

    proptest! {
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
