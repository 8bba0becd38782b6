//! The queries of a chunk, counted.
//!
//! Most queries repeat others. So each is only counted, by its name and its by-values: [`Tally::add`]. What they tell of each
//! group is put together when the chunk ends: [`Tally::take_parts`].

use std::collections::HashMap;

use super::emit::{Maker, Member};
use super::groups::Limits;
use super::indexed_set::{Keyed, Numbered};
use super::interner::Texts;
use super::linked_lists::Chains;
use super::name_table::KnownNames;
use super::partial::Part;
use super::record_types::{RecordTypes, Usual};
use super::time::Span;
use crate::names::SuffixList;
use crate::rows::Bare;

/// A tally that has counted so many names with by-values, or holds so many bytes of either, is full. A chunk as splunkd makes
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
    /// The by-values, by [`Tally::choice`].
    pub choice: u32,
    /// When.
    pub time: Span,
    /// The record type asked for, if it is a usual one.
    pub usual_type: Usual,
}

/// Counts queries.
#[derive(Debug, Default)]
pub struct Tally {
    names: KnownNames,
    choices: Choices,
    counted: Numbered<Counted>,
    /// Record types that were asked for, by the numbers of the name and of the by-values.
    unusual_types: HashMap<Pair, RecordTypes>,
    groups: Numbered<Group>,
    /// What of `counted` belongs to a group.
    members: Chains,
}

/// The queries for one name with the same by-values.
#[derive(Debug)]
pub(super) struct Counted {
    /// The numbers of the name and of the by-values.
    key: Pair,
    pub count: u32,
    pub usual_types: Usual,
    pub seen: Span,
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

impl Tally {
    /// The number of a choice of one value for each by-field; what is no UTF-8 in them is replaced.
    pub fn choice(&mut self, by: &[&[u8]]) -> u32 {
        self.choices.number(by)
    }

    /// Counts a query for a name, if the name has a registrable domain.
    pub fn add(&mut self, name: Bare<'_>, query: Query, unusual_type: Option<&[u8]>, list: &SuffixList) {
        let name = self.names.number(name, list);
        self.count(name, query);
        if let Some(record_type) = unusual_type {
            self.unusual_types.entry((name, query.choice)).or_default().insert(record_type);
        }
    }

    fn count(&mut self, name: u32, query: Query) {
        let Tally { names, counted, groups, members, .. } = self;
        let key = (name, query.choice);
        if let Some(counted) = counted.find(&key) {
            counted.count += 1;
            counted.seen.extend(query.time);
            counted.usual_types.extend(query.usual_type);
            return;
        }
        let Some(domain) = names.domain_of(name) else { return };
        let of_group = (domain, query.choice);
        match groups.find(&of_group) {
            Some(group) => group.last = members.push(Some(group.last)),
            None => groups.add(Group { key: of_group, last: members.push(None) }),
        }
        counted.add(Counted { key, count: 1, usual_types: query.usual_type, seen: query.time });
    }

    /// Whether [`Tally::take_parts`] should be called, as the tally takes much memory.
    pub fn is_full(&self) -> bool {
        self.counted.all().len() >= MOST_COUNTED
            || self.names.bytes() + self.choices.texts.len() >= MOST_BYTES
    }

    /// Gives what the queries tell of each group to `each`, in one part or several, and forgets the queries.
    pub fn take_parts(&mut self, limits: Limits, each: impl FnMut(&Part<'_>)) {
        let Tally { names, choices, counted, unusual_types, groups, members } = self;
        let mut maker = Maker::new(limits, each);
        // What belongs to a group lies all over the memory. Looked up for many groups at once, it is waited for once.
        let (mut found, mut ends) = (Vec::new(), Vec::new());
        for groups in groups.all().chunks(AT_ONCE) {
            found.clear();
            ends.clear();
            for group in groups {
                found.extend(members.iter(group.last).map(|number| {
                    let counted = counted.get(number);
                    let unusual_types =
                        if unusual_types.is_empty() { None } else { unusual_types.get(&counted.key) };
                    Member { subdomain: names.subdomain(counted.key.0), counted, unusual_types }
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
        unusual_types.clear();
        groups.clear();
        members.clear();
    }
}

/// Choices of one value for each by-field, by numbers.
#[derive(Debug, Default)]
struct Choices {
    /// The values of each, but for the last one with their lengths.
    texts: Texts,
    values: Vec<Vec<String>>,
    joined: Vec<u8>,
}

impl Choices {
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
