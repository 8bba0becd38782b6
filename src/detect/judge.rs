//! From evidence to a verdict.

use super::group::{GroupEvidence, ONE_NAME};
use super::model::{Line, Model};
use super::name::NameEvidence;
use super::verdict::{Severity, Terms, Verdict};
use super::zone::Zone;
use crate::features::fixed_point::{LOG_ONE, ONE, log2};

/// The excess that counts as 1 in logarithms: a byte.
const UNIT: u128 = 8 * ONE as u128;
const MOST_REPEATS: i64 = 3 * LOG_ONE;
const LEAST_ALIKE: u64 = 3;
/// The excess of names of local service discovery is divided by this.
const LINK_PART: u128 = 4;

/// The verdict on `evidence` of the names under `domain`, a registrable domain in lower case.
pub fn judge(domain: &[u8], evidence: &GroupEvidence) -> Verdict {
    judge_with(Model::embedded(), domain, evidence)
}

/// The score of a single query, 0 to 100, by the evidence of its subdomain.
///
/// ```
/// use dnsentropy::detect::{NameEvidence, judge_name};
///
/// assert!(judge_name(&NameEvidence::measure(b"www.images")) < 10);
/// assert!(judge_name(&NameEvidence::measure(b"6a57jk2ba1d9keg15cbg.appsync-api.eu-west-1")) > 45);
/// ```
pub fn judge_name(evidence: &NameEvidence) -> u8 {
    let mut group = GroupEvidence::new(1);
    group.add(evidence, ONE_NAME);
    score(Model::embedded(), &terms(b"", &group), &group)
}

/// The verdict by the parameters of `model`.
pub fn judge_with(model: &Model, domain: &[u8], evidence: &GroupEvidence) -> Verdict {
    let terms = terms(domain, evidence);
    let score = score(model, &terms, evidence);
    let severities = &model.severities;
    let severity = match score {
        score if score >= severities.critical => Severity::Critical,
        score if score >= severities.high => Severity::High,
        score if score >= severities.medium => Severity::Medium,
        score if score >= severities.low => Severity::Low,
        _ => Severity::Informational,
    };
    Verdict {
        score,
        severity,
        encoding: evidence.encoding(),
        payload_bytes: u64::try_from(evidence.payload_bytes / u128::from(ONE_NAME)).unwrap_or(u64::MAX),
        terms,
    }
}

fn score(model: &Model, terms: &Terms, evidence: &GroupEvidence) -> u8 {
    if evidence.names == 0 {
        return 0;
    }
    let weights = &model.weights;
    let sum = weights.volume * terms.volume + weights.name * terms.name + weights.alike * terms.alike
        - weights.repeats * terms.repeats;
    let sum = weights.constant * LOG_ONE + sum;
    let most = |line: Line, term: i64| line.constant * LOG_ONE + line.slope * term;
    let most = most(model.most.volume, terms.volume).min(most(model.most.name, terms.name));
    let points = sum.min(most) / (LOG_ONE * 256);
    u8::try_from(points.clamp(0, 100)).unwrap_or(0)
}

/// The terms of the score of `evidence`.
pub fn terms(domain: &[u8], evidence: &GroupEvidence) -> Terms {
    let names = u128::from(evidence.names);
    if names == 0 {
        return Terms::default();
    }
    let local = Zone::of(domain) == Zone::ServiceDiscovery;
    let excess = if local { evidence.excess / LINK_PART } else { evidence.excess };
    // log2(1 + e/u) as log2(u + e) - log2(u), all in fractions of a name.
    let beyond = |unit: u128| log2(unit.saturating_add(excess)) - log2(unit);
    let volume = beyond(UNIT * u128::from(ONE_NAME));
    let name = beyond(UNIT * names);
    let repeats = log2(u128::from(evidence.queries) * u128::from(ONE_NAME)) - log2(2 * names);
    let alike = if evidence.distinct() >= LEAST_ALIKE { alike(evidence, name) } else { 0 };
    Terms { volume, name, repeats: repeats.clamp(0, MOST_REPEATS), alike }
}

/// `name` times (1 - variance / 4), at least 0, with the variance of the names' lengths.
fn alike(evidence: &GroupEvidence, name: i64) -> i64 {
    let names = u128::from(evidence.names);
    // The variance times names squared. Dropping 8 bits first leaves room for any number of names.
    let [names, characters, squares] = [names, evidence.characters, evidence.squares].map(|sum| sum >> 8);
    let variance = names.saturating_mul(squares).saturating_sub(characters.saturating_mul(characters));
    let most = names.saturating_mul(names).saturating_mul(4);
    let part = most.saturating_sub(variance) / (most >> 10).max(1);
    name * i64::try_from(part.min(1024)).unwrap_or(0) / 1024
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reasons;
    use super::*;

    fn verdict(domain: &str, names: &[String], queries: usize) -> Verdict {
        let mut group = GroupEvidence::new(queries as u64);
        for name in names {
            group.add(&NameEvidence::measure(name.as_bytes()), ONE_NAME);
        }
        judge(domain.as_bytes(), &group)
    }

    /// `count` different names, each of `length` characters of `alphabet`, by a linear congruential generator.
    fn random(alphabet: &[u8], length: usize, count: usize) -> Vec<String> {
        let mut state = 1948_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(alphabet[usize::try_from(state >> 33).expect("31 bits") % alphabet.len()])
        };
        (0..count).map(|_| (0..length).map(|_| next()).collect()).collect()
    }

    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";

    #[test]
    fn bulk_exfiltration_is_critical() {
        for (alphabet, length) in [(BASE64, 16), (BASE32, 40), (&b"0123456789abcdef"[..], 60)] {
            let verdict = verdict("example.com", &random(alphabet, length, 444), 444);
            assert_eq!((verdict.score, verdict.severity), (100, Severity::Critical), "{verdict:?}");
            assert!(verdict.payload_bytes > 444 * 8);
        }
    }

    #[test]
    fn few_names_are_medium_or_high() {
        for names in [random(BASE32, 24, 1), random(BASE64, 16, 3)] {
            let verdict = verdict("example.com", &names, names.len());
            assert!((Severity::Medium..Severity::Critical).contains(&verdict.severity), "{verdict:?}");
        }
        assert!(judge_name(&NameEvidence::measure(b"6a57jk2ba1d9keg15cbg.appsync-api.eu-west-1")) > 45);
        assert!(judge_name(&NameEvidence::measure(b"www.images")) < 10);
    }

    #[test]
    fn ordinary_groups_are_informational() {
        let names =
            ["www", "mail", "autodiscover", "static.cdn", "api", "login", "img1", "img2", "img3", "ns1"];
        let names = names.map(str::to_owned);
        assert_eq!(verdict("example.com", &names, 5000).severity, Severity::Informational);
        let reverse: Vec<String> = (0..5000).map(|host| format!("{}.{}.0", host % 250, host / 250)).collect();
        assert_eq!(verdict("10.in-addr.arpa", &reverse, 5000).severity, Severity::Informational);
        assert_eq!(verdict("example.com", &[], 5000).score, 0);
    }

    #[test]
    fn lengths_that_differ_are_not_alike() {
        let terms_of = |lengths: &[usize]| {
            let mut group = GroupEvidence::new(9);
            for &length in lengths {
                group.add(&NameEvidence::measure(random(BASE32, length, 1)[0].as_bytes()), ONE_NAME);
            }
            terms(b"example.com", &group)
        };
        let same = terms_of(&[16, 16, 16]);
        assert_eq!(same.alike, same.name);
        assert!((1..same.name).contains(&terms_of(&[15, 16, 17]).alike));
        assert_eq!(terms_of(&[10, 16, 22]).alike, 0);
        assert_eq!(terms_of(&[16, 16]).alike, 0);
    }

    proptest! {
        #[test]
        fn any_group_has_a_verdict(
            domain in prop::collection::vec(any::<u8>(), 0..20),
            names in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<u64>()), 0..20),
            queries in any::<u64>(),
        ) {
            let mut group = GroupEvidence::new(queries);
            for (name, weight) in &names {
                group.add(&NameEvidence::measure(name), *weight);
            }
            let verdict = judge(&domain, &group);
            prop_assert!(verdict.score <= 100);
            prop_assert!(!reasons(&domain, &group, &verdict).is_empty());
            let terms = terms(&domain, &group);
            prop_assert!(terms.volume >= 0 && (0..=terms.name).contains(&terms.alike));
        }

        #[test]
        fn more_names_of_the_kind_never_lower_the_score(count in 3_usize..200, more in 1_usize..200) {
            let names = random(BASE64, 16, count + more);
            let few = verdict("example.com", &names[..count], count);
            prop_assert!(verdict("example.com", &names, count + more).score + 8 >= few.score);
        }

        #[test]
        fn repeating_never_raises_the_score(count in 1_usize..20, queries in 20_usize..500, more in 0_usize..500) {
            let names = random(BASE64, 12, count);
            let once = verdict("example.com", &names, queries);
            prop_assert!(verdict("example.com", &names, queries + more).score <= once.score);
        }
    }
}
