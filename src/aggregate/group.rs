//! One group: the queries for one domain with the same by-values, aggregated.

#![allow(clippy::cast_precision_loss)] // counts of queries stay far below 2^53

use super::bottom_k::{BottomK, Entry};
use super::gather::Gathered;
use super::partial::{NameQueries, PartialAggregate, PartialName};
use super::record_types::RecordTypes;
use super::shown::ShownValues;
use super::subdomain::{ENTROPY_UNIT, Moments, Subdomain, Sums};
use super::tally::Tally;
use super::time::TimeRange;
use crate::detect::{GroupEvidence, NameEvidence, Zone};

/// The most names that a group keeps as text.
pub const MAX_SAMPLES: usize = 20;

/// The aggregate of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Queries for the domain itself.
    pub bare: Tally,
    /// Sums over the queries with a subdomain.
    pub moments: Moments,
    /// The first and last time of the queries.
    pub seen: TimeRange,
    /// The record types of the queries.
    pub record_types: RecordTypes,
    /// The values of the fields that are shown.
    pub shown: ShownValues,
    /// The distinct subdomains.
    pub distinct: BottomK,
    /// The subdomains with the smallest hashes as text, ordered by hash. Bytes that are not UTF-8 are replaced.
    pub samples: Vec<(u64, Box<str>)>,
    /// How the group was gathered from others, if it was.
    pub gathered: Option<Gathered>,
}

impl Group {
    /// A group without queries. It keeps at most `limit` distinct names.
    pub fn new(limit: usize) -> Group {
        Group {
            bare: Tally::default(),
            moments: Moments::default(),
            seen: TimeRange::default(),
            record_types: RecordTypes::default(),
            shown: ShownValues::default(),
            distinct: BottomK::new(limit),
            samples: Vec::new(),
            gathered: None,
        }
    }

    /// Merges a partial aggregate. At most `samples` names are kept as text, and `values` of each field that is shown.
    pub fn merge(&mut self, partial: &PartialAggregate<'_>, samples: usize, values: usize) {
        self.bare.extend(partial.bare);
        self.seen.extend(partial.seen);
        self.record_types.extend(&partial.record_types);
        self.shown.extend(&partial.shown, values);
        for NameQueries { queries, name } in &partial.names {
            let subdomain = match name {
                PartialName::Text(text) => Subdomain::measure(text),
                PartialName::Measured(measured) => measured.subdomain,
            };
            self.moments.add(*queries, &subdomain);
            self.distinct.add(subdomain.hash, subdomain.spelling, || match name {
                PartialName::Text(text) => {
                    NameEvidence::measure_in(Zone::of(partial.domain.as_bytes()), text)
                }
                PartialName::Measured(measured) => measured.evidence,
            });
            if let PartialName::Text(text) = name {
                self.keep_sample(subdomain.hash, &String::from_utf8_lossy(text), samples);
            }
        }
        if let Some(overflow) = &partial.overflow {
            self.moments.extend(&overflow.moments);
            self.distinct.cut(overflow.limit);
        }
    }

    /// The number of queries.
    pub fn count(&self) -> u64 {
        self.bare.events.saturating_add(self.sums().count)
    }

    /// Sums over the queries with a subdomain.
    pub fn sums(&self) -> &Sums {
        &self.moments.events
    }

    /// Each row counts as many times as it weighs from now on.
    pub fn weigh(&mut self) {
        self.bare.weigh();
        self.moments.weigh();
    }

    /// The mean entropy of subdomains in bits a character.
    pub fn avg_entropy(&self) -> Option<f64> {
        let sums = self.sums();
        (sums.count > 0).then(|| sums.entropy as f64 / ENTROPY_UNIT / sums.count as f64)
    }

    /// The mean length of subdomains in characters.
    pub fn avg_length(&self) -> Option<f64> {
        let sums = self.sums();
        (sums.count > 0).then(|| sums.length as f64 / sums.count as f64)
    }

    /// The sample standard deviation of the lengths, 0 for one; from exact integers, so that nothing cancels.
    pub fn stdev_length(&self) -> Option<f64> {
        let sums = self.sums();
        let count = u128::from(sums.count);
        if count < 2 {
            return (count == 1).then_some(0.0);
        }
        let length = u128::from(sums.length);
        let scatter = count.saturating_mul(sums.length_squared).saturating_sub(length.saturating_mul(length));
        Some((scatter as f64 / (count * (count - 1)) as f64).sqrt())
    }

    /// Queries a minute from the first to the last, over at least one minute.
    pub fn queries_per_minute(&self) -> Option<f64> {
        let (first, last) = self.seen.ends()?;
        let minutes = last.abs_diff(first) as f64 / 60e6;
        Some(self.count() as f64 / minutes.max(1.0))
    }

    /// The evidence for the detector, of the names under a domain of this zone.
    ///
    /// Without a domain, short names of hosts do not count beside other names: a network has any number of them, and they would
    /// hide a tunnel. How often the others repeat is not known then.
    pub fn evidence(&self, zone: Zone) -> GroupEvidence {
        let has_hosts = zone == Zone::NoDomain || matches!(self.gathered, Some(Gathered::LastLabel(_)));
        let is_host = |entry: &&Entry| has_hosts && entry.evidence.may_be_host();
        let entries = self.distinct.entries();
        let hosts = entries.iter().filter(is_host).count();
        let without_hosts = 0 < hosts && hosts < entries.len();
        let mut evidence = GroupEvidence::new(self.count());
        let weight = self.distinct.weight();
        for entry in entries.iter().filter(|entry| !without_hosts || !is_host(entry)) {
            evidence.add(&entry.evidence, weight);
        }
        if without_hosts {
            evidence.queries = evidence.distinct();
        }
        evidence
    }

    /// Keeps the names with the smallest hashes; of several spellings the first in byte order.
    pub(super) fn keep_sample(&mut self, hash: u64, name: &str, samples: usize) {
        match self.samples.binary_search_by_key(&hash, |(hash, _)| *hash) {
            Ok(index) if *name < *self.samples[index].1 => self.samples[index].1 = name.into(),
            Err(index) if index < samples => {
                self.samples.insert(index, (hash, name.into()));
                self.samples.truncate(samples);
            }
            _ => {}
        }
    }
}
