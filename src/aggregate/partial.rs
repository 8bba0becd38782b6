//! What a chunk of events tells of one group: what the map phase sends to the reduce phase.

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use super::record_types::RecordTypes;
use super::subdomain::{Measured, Subdomain};
use super::time::TimeRange;

/// Queries of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartialAggregate<'p> {
    /// The registrable domain, in lower case.
    pub domain: &'p str,
    /// One value for each by-field.
    #[serde(borrow)]
    pub by: Vec<&'p str>,
    /// Queries for the domain itself.
    pub bare: u64,
    /// When there were queries.
    pub seen: TimeRange,
    /// The record types asked for.
    pub record_types: RecordTypes,
    /// The names with a subdomain that were asked for.
    #[serde(borrow)]
    pub names: Vec<NamePart<'p>>,
    /// The names that are not told, if there were too many.
    pub rest: Option<Overflow>,
}

/// The queries for one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamePart<'p> {
    /// How many they are.
    pub count: u64,
    /// What stands before the domain.
    #[serde(borrow)]
    pub told: PartialName<'p>,
}

/// How a subdomain is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartialName<'p> {
    /// By its text as it was typed. Those of a group that may be shown are told so.
    #[serde(borrow)]
    Text(&'p Bytes),
    /// By what the reduce phase would have to measure.
    Measured(Measured),
}

/// Moments over queries for names with subdomains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moments {
    /// The queries.
    pub count: u64,
    /// Entropies of subdomains, in units of 2^-40 bits a character.
    pub entropy: u128,
    /// Lengths of subdomains, in characters.
    pub length: u64,
    /// Squares of these.
    pub length_squared: u128,
    /// The greatest of these.
    pub max_length: u64,
}

impl Moments {
    /// Adds so many queries for a name.
    pub fn add(&mut self, count: u64, subdomain: &Subdomain) {
        let length = u64::from(subdomain.length);
        self.extend(&Moments {
            count,
            entropy: u128::from(count) * u128::from(subdomain.entropy),
            length: count.saturating_mul(length),
            length_squared: u128::from(count).saturating_mul(u128::from(length) * u128::from(length)),
            max_length: length,
        });
    }

    /// Adds the sums over other queries.
    pub fn extend(&mut self, other: &Moments) {
        self.count = self.count.saturating_add(other.count);
        self.entropy = self.entropy.saturating_add(other.entropy);
        self.length = self.length.saturating_add(other.length);
        self.length_squared = self.length_squared.saturating_add(other.length_squared);
        self.max_length = self.max_length.max(other.max_length);
    }
}

/// The names with the greatest hashes, of which only sums are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// How many names are told.
    pub limit: usize,
    /// The sums over the queries for the others.
    pub sums: Moments,
}
