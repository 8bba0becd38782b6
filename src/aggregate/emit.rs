//! Parts out of what was counted.

use serde_bytes::Bytes;

use super::combiner::Counted;
use super::groups::Limits;
use super::partial::{Moments, NamePart, Overflow, PartialAggregate, PartialName};
use super::record_types::RecordTypes;
use super::subdomain::{Measured, Subdomain};
use crate::detect::NameEvidence;

/// A part has at most so many names, so that rows stay short enough to pass everywhere.
const MOST_NAMES: usize = 64;

/// A name that a group asked for.
pub struct Member<'t> {
    /// What stands before the domain, if anything does.
    pub subdomain: Option<&'t [u8]>,
    /// The queries.
    pub counted: &'t Counted,
    /// The record types asked for that are not among those.
    pub rare_types: Option<&'t RecordTypes>,
}

/// Makes parts, and gives them to `each`.
pub struct Maker<'t, E> {
    limits: Limits,
    part: PartialAggregate<'t>,
    /// The members of a group, measured, if they are more than may be shown.
    measured: Vec<Option<Subdomain>>,
    /// Their hashes in order, each once: spellings of one name have one hash.
    hashes: Vec<u64>,
    each: E,
}

impl<'t, E: FnMut(&PartialAggregate<'t>)> Maker<'t, E> {
    /// A maker of parts within bounds.
    pub fn new(limits: Limits, each: E) -> Maker<'t, E> {
        Maker { limits, part: PartialAggregate::default(), measured: Vec::new(), hashes: Vec::new(), each }
    }

    /// Makes the parts of a group from all that it asked for.
    pub fn make(&mut self, domain: &'t str, by: &'t [String], members: &[Member<'t>]) {
        let Limits { names, samples, .. } = self.limits;
        self.part.domain = domain;
        self.part.by.clear();
        self.part.by.extend(by.iter().map(String::as_str));
        self.measure(members);
        let (shown, told) = (self.least(samples), self.least(names));
        let mut rest = Moments::default();
        for (index, Member { subdomain, counted, rare_types }) in members.iter().enumerate() {
            if self.part.names.len() == MOST_NAMES {
                self.end();
            }
            let part = &mut self.part;
            let count = u64::from(counted.count);
            part.seen.extend(counted.seen);
            part.record_types.extend(&counted.common_types.into());
            if let Some(types) = rare_types {
                part.record_types.extend(types);
            }
            let Some(text) = *subdomain else {
                part.bare += count;
                continue;
            };
            let told = match self.measured.get(index).copied().flatten() {
                Some(subdomain) if Some(subdomain.hash) > told => {
                    rest.add(count, &subdomain);
                    continue;
                }
                Some(subdomain) if Some(subdomain.hash) > shown => {
                    PartialName::Measured(Measured { subdomain, evidence: NameEvidence::measure(text) })
                }
                _ => PartialName::Text(Bytes::new(text)),
            };
            part.names.push(NamePart { count, told });
        }
        self.part.rest = (rest.count > 0).then_some(Overflow { limit: names, sums: rest });
        self.end();
    }

    /// Ends a part of the group.
    fn end(&mut self) {
        (self.each)(&self.part);
        self.part.names.clear();
        self.part = PartialAggregate {
            domain: self.part.domain,
            by: std::mem::take(&mut self.part.by),
            names: std::mem::take(&mut self.part.names),
            ..PartialAggregate::default()
        };
    }

    fn measure(&mut self, members: &[Member<'_>]) {
        self.measured.clear();
        if members.len() > self.limits.samples {
            self.measured.extend(members.iter().map(|member| member.subdomain.map(Subdomain::of)));
        }
        self.hashes.clear();
        self.hashes.extend(self.measured.iter().flatten().map(|subdomain| subdomain.hash));
        self.hashes.sort_unstable();
        self.hashes.dedup();
    }

    /// The greatest of the `count` least hashes, which is above all if there are fewer.
    fn least(&self, count: usize) -> Option<u64> {
        let last = count.checked_sub(1)?;
        Some(self.hashes.get(last).copied().unwrap_or(u64::MAX))
    }
}
