//! One group: what is known of the queries of one domain with one set of by-values.

#![allow(clippy::cast_precision_loss)] // counts of queries stay far below 2^53

use xxhash_rust::xxh3::xxh3_64;

use super::record_types::RecordTypes;
use super::sample::Sample;
use crate::detect::{GroupEvidence, NameEvidence};
use crate::features;

/// Entropies are summed in units of 2^-40 bits: integers, so that the sum is the same in any order.
const ENTROPY_UNIT: f64 = (1_u64 << 40) as f64;
/// The most names that a group remembers in full.
pub const MAX_SAMPLES: usize = 20;

/// A query of the group.
#[derive(Debug, Clone, Copy)]
pub struct Query<'q> {
    /// The subdomain as typed, if the name has one.
    pub subdomain: Option<&'q [u8]>,
    /// The registrable domain.
    pub domain: &'q [u8],
    /// When, in microseconds since 1970.
    pub time: Option<i64>,
    /// The record type asked for.
    pub record_type: Option<&'q str>,
}

/// What is known of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// All queries.
    pub count: u64,
    /// The queries with a subdomain, of which the following are sums.
    pub with_subdomain: u64,
    /// Entropies of subdomains, in units of 2^-40 bits a character.
    pub entropy: u128,
    /// Lengths of subdomains, in characters.
    pub length: u64,
    /// Squares of these.
    pub length_squared: u128,
    /// The greatest of these.
    pub max_length: u64,
    /// The first and the last time, in microseconds since 1970.
    pub seen: Option<(i64, i64)>,
    /// The record types asked for.
    pub record_types: RecordTypes,
    /// The distinct subdomains.
    pub sample: Sample,
    /// The names with the smallest hashes, in full, ordered by hash.
    pub names: Vec<(u64, String)>,
}

impl Group {
    /// A group without queries, that keeps at most `limit` names.
    pub fn new(limit: usize) -> Group {
        Group {
            count: 0,
            with_subdomain: 0,
            entropy: 0,
            length: 0,
            length_squared: 0,
            max_length: 0,
            seen: None,
            record_types: RecordTypes::default(),
            sample: Sample::new(limit),
            names: Vec::new(),
        }
    }

    /// Adds a query; at most `samples` names are remembered in full. `known` is what other groups know of names.
    pub fn add(&mut self, query: Query<'_>, samples: usize, known: &mut KnownNames) {
        self.count += 1;
        if let Some(time) = query.time {
            self.see((time, time));
        }
        if let Some(record_type) = query.record_type {
            self.record_types.insert(record_type);
        }
        let Some(subdomain) = query.subdomain else { return };
        let length = features::length(subdomain) as u64;
        self.with_subdomain += 1;
        self.length += length;
        self.length_squared += u128::from(length) * u128::from(length);
        self.max_length = self.max_length.max(length);
        self.entropy += u128::from(entropy_units(subdomain));
        // Names that differ by case alone are one name: resolvers that randomise case ask for it in many spellings.
        let spelling = xxh3_64(subdomain);
        let hash = if subdomain.iter().any(u8::is_ascii_uppercase) {
            xxh3_64(&subdomain.to_ascii_lowercase())
        } else {
            spelling
        };
        self.sample.add(hash, spelling, || known.of(subdomain, spelling));
        let name = || {
            String::from_utf8([subdomain, b".", query.domain].concat())
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        };
        self.keep_name(hash, name, samples);
    }

    /// Adds what another group of the same key knows.
    pub fn merge(&mut self, other: &Group, samples: usize) {
        self.count += other.count;
        self.with_subdomain += other.with_subdomain;
        self.entropy += other.entropy;
        self.length += other.length;
        self.length_squared += other.length_squared;
        self.max_length = self.max_length.max(other.max_length);
        if let Some(seen) = other.seen {
            self.see(seen);
        }
        self.record_types.extend(&other.record_types);
        self.sample.merge(&other.sample);
        for (hash, name) in &other.names {
            self.keep_name(*hash, || name.clone(), samples);
        }
    }

    /// The mean entropy of subdomains in bits a character.
    pub fn avg_entropy(&self) -> Option<f64> {
        let mean = self.entropy as f64 / ENTROPY_UNIT / self.with_subdomain as f64;
        (self.with_subdomain > 0).then_some(mean)
    }

    /// The mean length of subdomains in characters.
    pub fn avg_length(&self) -> Option<f64> {
        (self.with_subdomain > 0).then(|| self.length as f64 / self.with_subdomain as f64)
    }

    /// The sample standard deviation of the lengths, 0 for one; from exact integers, so that nothing cancels.
    pub fn stdev_length(&self) -> Option<f64> {
        let count = u128::from(self.with_subdomain);
        if count < 2 {
            return (count == 1).then_some(0.0);
        }
        let sum = u128::from(self.length);
        let scatter = count.saturating_mul(self.length_squared).saturating_sub(sum.saturating_mul(sum));
        Some((scatter as f64 / (count * (count - 1)) as f64).sqrt())
    }

    /// Queries a minute from the first to the last, over at least one minute.
    pub fn queries_per_minute(&self) -> Option<f64> {
        let (first, last) = self.seen?;
        let minutes = last.abs_diff(first) as f64 / 60e6;
        Some(self.count as f64 / minutes.max(1.0))
    }

    /// What the detector is to judge.
    pub fn evidence(&self) -> GroupEvidence {
        let mut evidence = GroupEvidence::new(self.count);
        let weight = self.sample.weight();
        for entry in self.sample.entries() {
            evidence.add(&entry.evidence, weight);
        }
        evidence
    }

    fn see(&mut self, (first, last): (i64, i64)) {
        let seen = self.seen.get_or_insert((first, last));
        *seen = (seen.0.min(first), seen.1.max(last));
    }

    /// Keeps the names with the smallest hashes; of several spellings the one that sorts first.
    fn keep_name(&mut self, hash: u64, name: impl FnOnce() -> String, samples: usize) {
        match self.names.binary_search_by_key(&hash, |(hash, _)| *hash) {
            Ok(index) => {
                let name = name();
                if name < self.names[index].1 {
                    self.names[index].1 = name;
                }
            }
            Err(index) if index < samples => {
                self.names.insert(index, (hash, name()));
                self.names.truncate(samples);
            }
            Err(_) => {}
        }
    }
}

/// The evidence of names, kept for a while: the names that one client asks for are asked for by others too.
#[derive(Debug, Clone, Default)]
pub struct KnownNames {
    /// By the lowest bits of the spelling's hash; empty until the first name.
    places: Vec<(u64, NameEvidence)>,
}

impl KnownNames {
    const PLACES: usize = 1 << 13;

    /// The evidence of `subdomain`, whose spelling has this hash.
    fn of(&mut self, subdomain: &[u8], spelling: u64) -> NameEvidence {
        if self.places.is_empty() {
            self.places = vec![(!0, NameEvidence::default()); KnownNames::PLACES];
        }
        #[allow(clippy::cast_possible_truncation)] // as many bits as there are places
        let place = &mut self.places[spelling as usize & (KnownNames::PLACES - 1)];
        if place.0 != spelling || spelling == !0 {
            *place = (spelling, NameEvidence::of(subdomain));
        }
        place.1
    }
}

/// An entropy in units of 2^-40 bits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 64 bits a character, never negative
fn entropy_units(subdomain: &[u8]) -> u64 {
    (features::shannon(subdomain).unwrap_or_default() * ENTROPY_UNIT).round() as u64
}
