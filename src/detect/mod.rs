//! Detection of data carried out in DNS names: evidence of names and of groups of names, and a verdict with its reasons.
//!
//! The evidence of a name is the number of bits it takes under a model of ordinary host names, and the excess over an
//! ordinary name of its length ([`NameEvidence`]). A group is the queries of, say, one client for one registrable domain; it
//! sums the evidence of its distinct names ([`GroupEvidence`]). [`judge`] combines a term for the volume, a term for
//! the average name and two corrections into a score.
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
mod zone;

pub use alphabet::Encoding;
pub use group::{GroupEvidence, ONE_NAME};
pub use judge::{judge, judge_name, judge_with, terms};
pub use model::{Model, ModelError};
pub use name::NameEvidence;
pub use reasons::reasons;
pub use verdict::{Severity, Terms, Verdict};
pub use zone::Zone;

/// Bits per character of `subdomain` (all labels before the registrable domain) under the model of ordinary host
/// names: about 3 for words, 6 for encoded data. `None` if it has no characters.
pub fn surprisal(subdomain: &[u8]) -> Option<f64> {
    let name = NameEvidence::measure(subdomain);
    (name.characters > 0).then(|| {
        f64::from(name.bits) / f64::from(crate::features::fixed_point::ONE) / f64::from(name.characters)
    })
}
