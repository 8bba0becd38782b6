//! Who carries data out in DNS names: evidence of names and of groups of names, and a verdict that gives its reasons.
//!
//! A name's evidence is how many bits it takes under a model of ordinary host names, and how many of them an ordinary
//! name of its length would not take ([`NameEvidence`]). A group, which is one registrable domain as one client
//! or any other group asked for it, sums the evidence of its distinct names ([`GroupEvidence`]). [`judge`] joins a
//! term for the volume and a term for the single name with two corrections to a score.
//!
//! All of it is integer arithmetic, so that a score is the same on every machine and in every order of names.
//! The numbers come from `data/models/detector.json`, which `bin/train-detector` writes; `docs/detection.md`
//! explains them to analysts.

mod alphabet;
mod group;
mod judge;
mod model;
mod name;
mod reasons;
mod verdict;

pub use alphabet::Encoding;
pub use group::{GroupEvidence, ONE_NAME};
pub use judge::{judge, judge_name, judge_with, terms};
pub use model::{Model, ModelError};
pub use name::NameEvidence;
pub use verdict::{Severity, Terms, Verdict};

/// Bits a character of `subdomain` (all that stands before the registrable domain) under the model of ordinary host
/// names: about 3 for words, 6 for encoded data. `None` where there is no character.
pub fn surprisal(subdomain: &[u8]) -> Option<f64> {
    let name = NameEvidence::measure(subdomain);
    (name.characters > 0).then(|| {
        f64::from(name.bits) / f64::from(crate::features::fixed_point::ONE) / f64::from(name.characters)
    })
}
