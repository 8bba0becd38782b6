//! The queries of a chunk, counted.
//!
//! Most queries repeat others. So each is only counted, by its name and its by-values: [`Combiner::add`]. What they tell of each
//! group is put together when the chunk ends: [`Combiner::take_parts`].

use std::collections::HashMap;

use super::emit::{Maker, Member};
use super::groups::Limits;
use super::indexed_set::{IndexedSet, Keyed};
use super::interner::Interner;
use super::linked_lists::LinkedLists;
use super::name_table::NameTable;
use super::partial::PartialAggregate;
use super::record_types::{CommonTypes, RecordTypes};
use super::time::TimeRange;
use crate::names::SuffixTable;
use crate::slice::Slice;

/// A combiner that has counted so many names with by-values, or holds so many bytes of either, is full. A chunk as splunkd makes
/// it does not fill one.
const MOST_COUNTED: usize = 1 << 17;
const MOST_BYTES: usize = 1 << 26;

/// For so many groups it is looked up at once what belongs to them.
const AT_ONCE: usize = 64;

/// Two numbers.
type Pair = (u32, u32);

/// A query for a name.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The by-values, by [`Combiner::choice`].
    pub choice: u32,
    /// When.
    pub time: TimeRange,
    /// The record type asked for, if it is a usual one.
    pub common_type: CommonTypes,
}

/// Counts queries.
#[derive(Debug, Default)]
pub struct Combiner {
    names: NameTable,
    choices: ByTuples,
    counted: IndexedSet<Counted>,
    /// Record types that were asked for, by the numbers of the name and of the by-values.
    rare_types: HashMap<Pair, RecordTypes>,
    groups: IndexedSet<Group>,
    /// What of `counted` belongs to a group.
    members: LinkedLists,
}

/// The queries for one name with the same by-values.
#[derive(Debug)]
pub(super) struct Counted {
    /// The numbers of the name and of the by-values.
    key: Pair,
    pub count: u32,
    pub common_types: CommonTypes,
    pub seen: TimeRange,
}

impl Keyed for Counted {
    type Key = Pair;

    fn key(&self) -> Pair {
        self.key
    }
}

/// A group: the names of one domain that were asked for with the same by-values.
#[derive(Debug)]
struct Group {
    /// The numbers of the domain and of the by-values.
    key: Pair,
    /// The last one of `counted` that belongs to the group.
    last: u32,
}

impl Keyed for Group {
    type Key = Pair;

    fn key(&self) -> Pair {
        self.key
    }
}

impl Combiner {
    /// The number of a choice of one value for each by-field; what is no UTF-8 in them is replaced.
    pub fn choice(&mut self, by: &[&[u8]]) -> u32 {
        self.choices.number(by)
    }

    /// Counts a query for a name, if the name has a registrable domain.
    pub fn add(&mut self, name: Slice<'_>, query: Query, rare_type: Option<&[u8]>, list: &SuffixTable) {
        let name = self.names.number(name, list);
        self.count(name, query);
        if let Some(record_type) = rare_type {
            self.rare_types.entry((name, query.choice)).or_default().insert(record_type);
        }
    }

    fn count(&mut self, name: u32, query: Query) {
        let Combiner { names, counted, groups, members, .. } = self;
        let key = (name, query.choice);
        if let Some(counted) = counted.find(&key) {
            counted.count += 1;
            counted.seen.extend(query.time);
            counted.common_types.extend(query.common_type);
            return;
        }
        let Some(domain) = names.domain_of(name) else { return };
        let of_group = (domain, query.choice);
        match groups.find(&of_group) {
            Some(group) => group.last = members.push(Some(group.last)),
            None => groups.add(Group { key: of_group, last: members.push(None) }),
        }
        counted.add(Counted { key, count: 1, common_types: query.common_type, seen: query.time });
    }

    /// Whether [`Combiner::take_parts`] should be called, as the combiner takes much memory.
    pub fn is_full(&self) -> bool {
        self.counted.all().len() >= MOST_COUNTED
            || self.names.bytes() + self.choices.texts.len() >= MOST_BYTES
    }

    /// Gives what the queries tell of each group to `each`, in one part or several, and forgets the queries.
    pub fn take_parts(&mut self, limits: Limits, each: impl FnMut(&PartialAggregate<'_>)) {
        let Combiner { names, choices, counted, rare_types, groups, members } = self;
        let mut maker = Maker::new(limits, each);
        // What belongs to a group lies all over the memory. Looked up for many groups at once, it is waited for once.
        let (mut found, mut ends) = (Vec::new(), Vec::new());
        for groups in groups.all().chunks(AT_ONCE) {
            found.clear();
            ends.clear();
            for group in groups {
                found.extend(members.iter(group.last).map(|number| {
                    let counted = counted.get(number);
                    let rare_types = if rare_types.is_empty() { None } else { rare_types.get(&counted.key) };
                    Member { subdomain: names.subdomain(counted.key.0), counted, rare_types }
                }));
                ends.push(found.len());
            }
            let mut start = 0;
            for (group, &end) in groups.iter().zip(&ends) {
                let (domain, choice) = group.key;
                maker.make(names.domain(domain), choices.get(choice), &found[start..end]);
                start = end;
            }
        }
        names.clear();
        choices.clear();
        counted.clear();
        rare_types.clear();
        groups.clear();
        members.clear();
    }
}

/// ByTuples of one value for each by-field, by numbers.
#[derive(Debug, Default)]
struct ByTuples {
    /// The values of each, but for the last one with their lengths.
    texts: Interner,
    values: Vec<Vec<String>>,
    joined: Vec<u8>,
}

impl ByTuples {
    fn number(&mut self, by: &[&[u8]]) -> u32 {
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
        self.texts.number(text).noted(|_| {
            let values = by.iter().map(|value| String::from_utf8_lossy(value).into_owned());
            self.values.push(values.collect());
        })
    }

    fn get(&self, number: u32) -> &[String] {
        &self.values[number as usize]
    }

    fn clear(&mut self) {
        self.texts.clear();
        self.values.clear();
    }
}
