//! The combiner: the queries of a chunk, counted before they are sent (J. Dean and S. Ghemawat, "`MapReduce`", 2004,
//! section 4.3).
//!
//! Most queries repeat others. [`Combiner::add`] only counts a query, by its name and its by-values. When the chunk ends,
//! [`Combiner::emit`] puts together what the chunk holds of each group, as [`PartialAggregate`]s.
//!
//! What counts here is memory: half of the names and pairs of a chunk are new, and each access that leaves the
//! processor's cache costs as much as a hundred instructions. So names, by-values and pairs are interned as 32-bit ids,
//! and each structure is one piece of memory that is reused for the next chunk.

use std::collections::HashMap;
use std::num::NonZeroU32;

use serde_bytes::Bytes;

use super::groups::Limits;
use super::indexed_set::{IndexedSet, Keyed};
use super::interner::Interner;
use super::linked_lists::LinkedLists;
use super::name_table::NameTable;
use super::other_values::OtherValues;
use super::partial::{NameQueries, Overflow, PartialAggregate, PartialName};
use super::record_types::{CommonTypes, RecordTypes};
use super::shown::ShownValues;
use super::subdomain::{Measured, Subdomain};
use super::tally::Tally;
use super::time::TimeRange;
use crate::detect::{NameEvidence, Zone};
use crate::names::SuffixTable;
use crate::slice::Slice;

/// The combiner is full at this many (name, by-values) pairs, or at this many bytes of names and by-values. A chunk as splunkd
/// makes it does not fill one.
const MAX_PAIRS: usize = 1 << 17;
const MAX_BYTES: usize = 1 << 26;

/// How many groups are gathered at once. Their members are scattered in memory; in a batch the cache misses overlap.
const BATCH: usize = 64;

/// A partial aggregate is split after this many names, so that its CSV cell stays small.
const MAX_NAMES: usize = 64;

/// Two ids.
type Pair = (u32, u32);

/// One query, apart from its name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    /// The id of the by-values, from [`Combiner::by_id`].
    pub by_id: u32,
    /// When it was asked.
    pub time: TimeRange,
    /// Its record types that are common ones.
    pub common_types: CommonTypes,
    /// How many queries the event is, if it says so. Otherwise it is one.
    pub weight: Option<NonZeroU32>,
}

/// Counts queries.
#[derive(Debug, Default)]
pub struct Combiner {
    names: NameTable,
    by: ByTuples,
    pairs: IndexedSet<PairQueries>,
    /// Record types that are not common, by the ids of the name and of the by-values.
    rare_types: HashMap<Pair, RecordTypes>,
    /// The values that are shown with a group, by the ids of the domain and of the by-values.
    shown: HashMap<Pair, ShownValues>,
    groups: IndexedSet<GroupPairs>,
    /// Which of `pairs` each group has.
    members: LinkedLists,
    /// The values that are not names. They are not emitted.
    others: OtherValues,
}

/// The queries for one name with the same by-values.
#[derive(Debug)]
struct PairQueries {
    /// The ids of the name and of the by-values.
    key: Pair,
    events: u32,
    weight: u64,
    common_types: CommonTypes,
    seen: TimeRange,
}

impl Keyed for PairQueries {
    type Key = Pair;

    fn key(&self) -> Pair {
        self.key
    }
}

/// The pairs of one group: the names of one domain with the same by-values.
#[derive(Debug)]
struct GroupPairs {
    /// The ids of the domain and of the by-values.
    key: Pair,
    /// The last of the group's pairs.
    last: u32,
}

impl Keyed for GroupPairs {
    type Key = Pair;

    fn key(&self) -> Pair {
        self.key
    }
}

impl Combiner {
    /// The id of one value for each by-field. Bytes that are not UTF-8 are replaced.
    pub fn by_id(&mut self, by: &[&[u8]]) -> u32 {
        self.by.id(by)
    }

    /// Counts a query for `name`. `rare_types` has its record types if not all of them are common ones. Returns the id of the
    /// name.
    pub fn add(
        &mut self,
        name: Slice<'_>,
        query: Query,
        rare_types: Option<&RecordTypes>,
        list: &SuffixTable,
    ) -> u32 {
        let name = self.names.id(name, list);
        self.count(name, query);
        if let Some(record_types) = rare_types {
            self.rare_types.entry((name, query.by_id)).or_default().extend(record_types);
        }
        name
    }

    /// Whether the value with this id is a name.
    pub fn is_name(&self, value: u32) -> bool {
        self.names.domain_of(value).is_some()
    }

    /// The values that are shown with the group of a name and by-values; `None` if the value is not a name.
    pub fn shown(&mut self, name: u32, by_id: u32) -> Option<&mut ShownValues> {
        let domain = self.names.domain_of(name)?;
        Some(self.shown.entry((domain, by_id)).or_default())
    }

    fn count(&mut self, name: u32, query: Query) {
        let Combiner { names, pairs, groups, members, others, .. } = self;
        let key = (name, query.by_id);
        let weight = query.weight.map_or(1, |weight| u64::from(weight.get()));
        if let Some(pair) = pairs.find(&key) {
            pair.events += 1;
            pair.weight += weight;
            pair.seen.extend(query.time);
            pair.common_types.extend(query.common_types);
            return;
        }
        let Some(domain) = names.domain_of(name) else { return names.count_other(name, others) };
        let group = (domain, query.by_id);
        match groups.find(&group) {
            Some(group) => group.last = members.push(Some(group.last)),
            None => groups.add(GroupPairs { key: group, last: members.push(None) }),
        }
        let Query { common_types, time: seen, .. } = query;
        pairs.add(PairQueries { key, events: 1, weight, common_types, seen });
    }

    /// The values so far that are not names, which the combiner forgets.
    pub fn take_others(&mut self) -> OtherValues {
        std::mem::take(&mut self.others)
    }

    /// Whether to call [`emit`](Combiner::emit) before the chunk ends, as the combiner takes much memory.
    pub fn is_full(&self) -> bool {
        self.pairs.all().len() >= MAX_PAIRS || self.names.bytes() + self.by.tuples.bytes() >= MAX_BYTES
    }

    /// Passes what was counted to `each`, in one or several partial aggregates for each group, and forgets it.
    pub fn emit(&mut self, limits: Limits, each: impl FnMut(&PartialAggregate<'_>)) {
        let Combiner { names, by, pairs, rare_types, shown, groups, members, .. } = self;
        let mut emitter = Emitter::new(limits, each);
        let (mut found, mut ends) = (Vec::new(), Vec::new());
        for groups in groups.all().chunks(BATCH) {
            found.clear();
            ends.clear();
            for group in groups {
                found.extend(members.iter(group.last).map(|member| {
                    let queries = pairs.get(member);
                    let rare_types = if rare_types.is_empty() { None } else { rare_types.get(&queries.key) };
                    Member { subdomain: names.subdomain(queries.key.0), queries, rare_types }
                }));
                ends.push(found.len());
            }
            let mut start = 0;
            for (group, &end) in groups.iter().zip(&ends) {
                let (domain, by_id) = group.key;
                if !shown.is_empty() {
                    emitter.partial.shown = shown.remove(&group.key).unwrap_or_default();
                }
                emitter.emit(names.domain(domain), by.get(by_id), &found[start..end]);
                start = end;
            }
        }
        names.clear();
        by.clear();
        pairs.clear();
        rare_types.clear();
        shown.clear();
        groups.clear();
        members.clear();
    }
}

/// The by-values of queries, interned: one value for each by-field.
#[derive(Debug, Default)]
struct ByTuples {
    /// The values of each tuple as one text: all but the last one after their lengths.
    tuples: Interner,
    values: Vec<Vec<String>>,
    joined: Vec<u8>,
}

impl ByTuples {
    fn id(&mut self, by: &[&[u8]]) -> u32 {
        let text = match by {
            [] => &[],
            [value] => *value,
            [values @ .., last] => {
                self.joined.clear();
                for value in values {
                    self.joined.extend_from_slice(&value.len().to_le_bytes());
                    self.joined.extend_from_slice(value);
                }
                self.joined.extend_from_slice(last);
                &self.joined
            }
        };
        self.tuples.intern(text).or_note(|_| {
            let values = by.iter().map(|value| String::from_utf8_lossy(value).into_owned());
            self.values.push(values.collect());
        })
    }

    fn get(&self, id: u32) -> &[String] {
        &self.values[id as usize]
    }

    fn clear(&mut self) {
        self.tuples.clear();
        self.values.clear();
    }
}

/// One name of a group.
struct Member<'c> {
    /// `None` for the domain itself.
    subdomain: Option<&'c [u8]>,
    queries: &'c PairQueries,
    /// The record types that are not common.
    rare_types: Option<&'c RecordTypes>,
}

/// Makes partial aggregates and passes them to `each`.
struct Emitter<'c, E> {
    limits: Limits,
    partial: PartialAggregate<'c>,
    /// The members of a group, measured, if there are more than may be shown as samples.
    measured: Vec<Option<Subdomain>>,
    /// Their hashes in order, each once: all spellings of a name have the same hash.
    hashes: Vec<u64>,
    each: E,
}

impl<'c, E: FnMut(&PartialAggregate<'c>)> Emitter<'c, E> {
    fn new(limits: Limits, each: E) -> Emitter<'c, E> {
        let partial = PartialAggregate::default();
        Emitter { limits, partial, measured: Vec::new(), hashes: Vec::new(), each }
    }

    fn emit(&mut self, domain: &'c str, by: &'c [String], members: &[Member<'c>]) {
        let Limits { names, samples, .. } = self.limits;
        self.partial.domain = domain;
        self.partial.by.clear();
        self.partial.by.extend(by.iter().map(String::as_str));
        self.measure(members);
        let (shown, kept) = (self.smallest(samples), self.smallest(names));
        let mut overflow: Option<Box<Overflow>> = None;
        // No name is measured here if all of them may be shown.
        let zone = if self.measured.is_empty() { Zone::default() } else { Zone::of(domain.as_bytes()) };
        for (index, Member { subdomain, queries, rare_types }) in members.iter().enumerate() {
            if self.partial.names.len() == MAX_NAMES {
                self.end_partial();
            }
            let partial = &mut self.partial;
            let tally = Tally { events: u64::from(queries.events), weight: queries.weight };
            partial.seen.extend(queries.seen);
            partial.record_types.extend(&queries.common_types.into());
            if let Some(types) = rare_types {
                partial.record_types.extend(types);
            }
            let Some(text) = *subdomain else {
                partial.bare.extend(tally);
                continue;
            };
            let name = match self.measured.get(index).copied().flatten() {
                Some(subdomain) if Some(subdomain.hash) > kept => {
                    let overflow = overflow.get_or_insert_with(|| Overflow::new(names));
                    overflow.moments.add(tally, &subdomain);
                    continue;
                }
                Some(subdomain) if Some(subdomain.hash) > shown => {
                    let evidence = NameEvidence::measure_in(zone, text);
                    PartialName::Measured(Measured { subdomain, evidence })
                }
                _ => PartialName::Text(Bytes::new(text)),
            };
            partial.names.push(NameQueries { queries: tally, name });
        }
        self.partial.overflow = overflow;
        self.end_partial();
    }

    /// Passes the partial aggregate on and begins another of the same group.
    fn end_partial(&mut self) {
        (self.each)(&self.partial);
        self.partial.clear();
    }

    fn measure(&mut self, members: &[Member<'_>]) {
        self.measured.clear();
        if members.len() > self.limits.samples {
            self.measured.extend(members.iter().map(|member| member.subdomain.map(Subdomain::measure)));
        }
        self.hashes.clear();
        self.hashes.extend(self.measured.iter().flatten().map(|subdomain| subdomain.hash));
        self.hashes.sort_unstable();
        self.hashes.dedup();
    }

    /// The `count`-th smallest hash, or `u64::MAX` if there are fewer; `None` for a count of 0.
    fn smallest(&self, count: usize) -> Option<u64> {
        let last = count.checked_sub(1)?;
        Some(self.hashes.get(last).copied().unwrap_or(u64::MAX))
    }
}
