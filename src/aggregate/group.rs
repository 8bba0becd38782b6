//! One group: what is known of the queries of one domain with one set of by-values.

#![allow(clippy::cast_precision_loss)] // counts of queries stay far below 2^53

use super::bottom_k::BottomK;
use super::partial::{Moments, NamePart, PartialAggregate, PartialName};
use super::record_types::RecordTypes;
use super::subdomain::{ENTROPY_UNIT, Subdomain};
use super::time::TimeRange;
use crate::detect::{GroupEvidence, NameEvidence};

/// The most names that a group remembers in full.
pub const MAX_SAMPLES: usize = 20;

/// What is known of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Queries for the domain itself.
    pub bare: u64,
    /// Moments over the queries with a subdomain.
    pub sums: Moments,
    /// When there were queries.
    pub seen: TimeRange,
    /// The record types asked for.
    pub record_types: RecordTypes,
    /// The distinct subdomains.
    pub sample: BottomK,
    /// The subdomains with the smallest hashes, in full, ordered by hash; what is no UTF-8 is replaced.
    pub names: Vec<(u64, Box<str>)>,
}

impl Group {
    /// A group without queries, that keeps at most `limit` names.
    pub fn new(limit: usize) -> Group {
        Group {
            bare: 0,
            sums: Moments::default(),
            seen: TimeRange::default(),
            record_types: RecordTypes::default(),
            sample: BottomK::new(limit),
            names: Vec::new(),
        }
    }

    /// Adds what a part tells; at most `samples` names are remembered in full.
    pub fn merge(&mut self, part: &PartialAggregate<'_>, samples: usize) {
        self.bare = self.bare.saturating_add(part.bare);
        self.seen.extend(part.seen);
        self.record_types.extend(&part.record_types);
        for NamePart { count, told } in &part.names {
            let subdomain = match told {
                PartialName::Text(text) => Subdomain::of(text),
                PartialName::Measured(measured) => measured.subdomain,
            };
            self.sums.add(*count, &subdomain);
            self.sample.add(subdomain.hash, subdomain.spelling, || match told {
                PartialName::Text(text) => NameEvidence::measure(text),
                PartialName::Measured(measured) => measured.evidence,
            });
            if let PartialName::Text(text) = told {
                self.keep_name(subdomain.hash, &String::from_utf8_lossy(text), samples);
            }
        }
        if let Some(rest) = &part.rest {
            self.sums.extend(&rest.sums);
            self.sample.cut(rest.limit);
        }
    }

    /// All queries.
    pub fn count(&self) -> u64 {
        self.bare.saturating_add(self.sums.count)
    }

    /// The mean entropy of subdomains in bits a character.
    pub fn avg_entropy(&self) -> Option<f64> {
        let mean = self.sums.entropy as f64 / ENTROPY_UNIT / self.sums.count as f64;
        (self.sums.count > 0).then_some(mean)
    }

    /// The mean length of subdomains in characters.
    pub fn avg_length(&self) -> Option<f64> {
        (self.sums.count > 0).then(|| self.sums.length as f64 / self.sums.count as f64)
    }

    /// The sample standard deviation of the lengths, 0 for one; from exact integers, so that nothing cancels.
    pub fn stdev_length(&self) -> Option<f64> {
        let count = u128::from(self.sums.count);
        if count < 2 {
            return (count == 1).then_some(0.0);
        }
        let sum = u128::from(self.sums.length);
        let scatter = count.saturating_mul(self.sums.length_squared).saturating_sub(sum.saturating_mul(sum));
        Some((scatter as f64 / (count * (count - 1)) as f64).sqrt())
    }

    /// Queries a minute from the first to the last, over at least one minute.
    pub fn queries_per_minute(&self) -> Option<f64> {
        let (first, last) = self.seen.ends()?;
        let minutes = last.abs_diff(first) as f64 / 60e6;
        Some(self.count() as f64 / minutes.max(1.0))
    }

    /// What the detector is to judge.
    pub fn evidence(&self) -> GroupEvidence {
        let mut evidence = GroupEvidence::new(self.count());
        let weight = self.sample.weight();
        for entry in self.sample.entries() {
            evidence.add(&entry.evidence, weight);
        }
        evidence
    }

    /// Keeps the names with the smallest hashes; of several spellings the one that sorts first.
    fn keep_name(&mut self, hash: u64, name: &str, samples: usize) {
        match self.names.binary_search_by_key(&hash, |(hash, _)| *hash) {
            Ok(index) if *name < *self.names[index].1 => self.names[index].1 = name.into(),
            Err(index) if index < samples => {
                self.names.insert(index, (hash, name.into()));
                self.names.truncate(samples);
            }
            _ => {}
        }
    }
}
