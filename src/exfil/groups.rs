//! All groups, within bounds of memory.

use std::hash::{Hash, Hasher};

use indexmap::{Equivalent, IndexMap};

use super::group::{Group, KnownNames, Query};

/// What a group is of: a registrable domain and the values of the by-fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The registrable domain.
    pub domain: String,
    /// One value for each by-field.
    pub by: Vec<String>,
}

/// A key by reference, to look a group up: UTF-8, which only a new key is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRef<'k> {
    /// The registrable domain.
    pub domain: &'k [u8],
    /// One value for each by-field.
    pub by: &'k [&'k [u8]],
}

impl KeyRef<'_> {
    fn to_key(self) -> Key {
        let owned = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        Key { domain: owned(self.domain), by: self.by.iter().map(|value| owned(value)).collect() }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_parts(self.domain.as_bytes(), self.by.iter().map(String::as_bytes), state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_parts(self.domain, self.by.iter().copied(), state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.domain == key.domain.as_bytes()
            && self.by.iter().copied().eq(key.by.iter().map(String::as_bytes))
    }
}

fn hash_parts<'k, H: Hasher>(domain: &[u8], by: impl Iterator<Item = &'k [u8]>, state: &mut H) {
    domain.hash(state);
    by.for_each(|value| value.hash(state));
}

/// The bounds of memory. At the defaults a million groups of ten names each take about 1.3 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most groups.
    pub groups: usize,
    /// The most distinct names that a group keeps.
    pub names: usize,
    /// The most distinct names that all groups keep together; beyond, each group keeps fewer.
    pub all_names: usize,
    /// The most names that a group remembers in full.
    pub samples: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { groups: 1_500_000, names: 1024, all_names: 16_000_000, samples: 3 }
    }
}

/// The least names that a group keeps when memory is short.
const MIN_NAMES: usize = 64;

/// All groups of a search, or of a part of it.
#[derive(Debug, Clone)]
pub struct Groups {
    limits: Limits,
    /// In the order in which they came.
    by_key: IndexMap<Key, Group, foldhash::fast::RandomState>,
    known_names: KnownNames,
    /// How many names the groups keep together.
    names: usize,
    /// How many groups were dropped.
    dropped: u64,
}

impl Groups {
    /// No groups yet.
    pub fn new(limits: Limits) -> Groups {
        Groups {
            limits,
            by_key: IndexMap::default(),
            known_names: KnownNames::default(),
            names: 0,
            dropped: 0,
        }
    }

    /// Adds a query to the group of `key`.
    pub fn add(&mut self, key: KeyRef<'_>, query: Query<'_>) {
        let index = match self.by_key.get_index_of(&key) {
            Some(index) => index,
            None => self.by_key.insert_full(key.to_key(), Group::new(self.limits.names)).0,
        };
        let Groups { limits, by_key, known_names, .. } = self;
        let group = &mut by_key[index];
        let before = group.sample.entries().len();
        group.add(query, limits.samples, known_names);
        self.names += group.sample.entries().len() - before;
        self.keep_bounds();
    }

    /// Adds what another part knows of the group of `key`.
    pub fn merge(&mut self, key: Key, other: &Group) {
        let samples = self.limits.samples;
        if other.sample.limit() < self.limits.names {
            // One part had to keep fewer names; what is known of the whole cannot be finer than that.
            self.keep_names(other.sample.limit());
        }
        let limit = self.limits.names;
        let group = self.by_key.entry(key).or_insert_with(|| Group::new(limit));
        let before = group.sample.entries().len();
        group.merge(other, samples);
        self.names += group.sample.entries().len() - before;
        self.keep_bounds();
    }

    /// How many groups were dropped for lack of memory.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The groups in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Group)> {
        self.by_key.iter()
    }

    /// Forgets all groups.
    pub fn clear(&mut self) {
        self.names = 0;
        self.by_key.clear();
    }

    fn keep_bounds(&mut self) {
        if self.names > self.limits.all_names && self.limits.names > MIN_NAMES {
            self.keep_names(self.limits.names / 2);
        }
        if self.by_key.len() > self.limits.groups {
            self.drop_least();
        }
    }

    /// Lets each group keep at most `limit` names from now on. Whether this comes about depends on how many names
    /// there are in all, not on their order.
    fn keep_names(&mut self, limit: usize) {
        self.limits.names = limit;
        self.names = 0;
        for group in self.by_key.values_mut() {
            group.sample.shrink(limit);
            self.names += group.sample.entries().len();
        }
    }

    /// Drops a tenth of the groups: those with the least excess of information, then the fewest queries.
    fn drop_least(&mut self) {
        let mut keys: Vec<(u128, u64, Key)> = self
            .by_key
            .iter()
            .map(|(key, group)| (group.evidence().excess, group.count, key.clone()))
            .collect();
        let drop = keys.len().div_ceil(10);
        keys.select_nth_unstable(drop - 1);
        for (_, _, key) in &keys[..drop] {
            if let Some(group) = self.by_key.swap_remove(key) {
                self.names -= group.sample.entries().len();
            }
        }
        self.dropped += drop as u64;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::partial;
    use super::*;

    /// An event: the numbers of its domain, its source and its subdomain, and its time.
    type Event = (u8, u8, u16, i64);

    fn groups(limits: Limits, events: &[Event]) -> Groups {
        let mut groups = Groups::new(limits);
        for &(domain, src, subdomain, time) in events {
            let domain = format!("d{domain}.com");
            // Each name in two spellings.
            let subdomain = format!("{}{}", if subdomain % 2 == 0 { 's' } else { 'S' }, subdomain / 2);
            let query = Query {
                subdomain: Some(subdomain.as_bytes()),
                domain: domain.as_bytes(),
                time: Some(time),
                record_type: Some(["A", "TXT", "MX"][usize::from(src) % 3]),
            };
            groups.add(KeyRef { domain: domain.as_bytes(), by: &[src.to_string().as_bytes()] }, query);
        }
        groups
    }

    fn sorted(groups: &Groups) -> Vec<(&Key, &Group)> {
        let mut groups: Vec<_> = groups.iter().collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    fn written(key: &Key, group: &Group) -> String {
        let mut text = Vec::new();
        partial::write(key, group, &mut partial::Scratch::default(), &mut text);
        String::from_utf8(text).expect("a version and base64")
    }

    /// The groups of `events` in parts, each part's carried as text, merged in the order of `turn`.
    fn in_parts(limits: Limits, events: &[Event], size: usize, turn: usize) -> Groups {
        let texts_of = |part| {
            let part = groups(limits, part);
            part.iter().map(|(key, group)| written(key, group)).collect::<Vec<String>>()
        };
        let mut texts: Vec<String> = events.chunks(size).flat_map(texts_of).collect();
        let turn = turn % texts.len().max(1);
        texts.rotate_left(turn);
        let mut merged = Groups::new(limits);
        for text in texts {
            let (key, group) = partial::read(text.as_bytes()).expect("what was written");
            merged.merge(key, &group);
        }
        merged
    }

    proptest! {
        #[test]
        fn groups_of_parts_merge_to_those_of_all_events(
            events in prop::collection::vec((0_u8..4, 0_u8..3, 0_u16..300, 0_i64..1000), 1..200),
            size in 1_usize..60, turn in 0_usize..100, names in 2_usize..40, all_names in 50_usize..400,
        ) {
            let limits = Limits { groups: 1000, names, all_names, samples: 2 };
            let (whole, merged) = (groups(limits, &events), in_parts(limits, &events, size, turn));
            prop_assert_eq!(sorted(&whole), sorted(&merged));
        }

        #[test]
        fn any_text_is_a_partial_result_or_refused(text in "\\PC{0,60}|2:[A-Za-z0-9+/]{0,200}|\\{\"version\":1,.{0,40}\\}") {
            let _ = partial::read(text.as_bytes());
        }
    }

    #[test]
    fn groups_with_little_information_are_dropped_first() {
        let limits = Limits { groups: 100, ..Limits::default() };
        let mut groups = groups(limits, &[]);
        let query = |subdomain: &'static str, domain: &'static str| Query {
            subdomain: Some(subdomain.as_bytes()),
            domain: domain.as_bytes(),
            time: None,
            record_type: None,
        };
        let tunnel = Key { domain: "tunnel.com".to_owned(), by: Vec::new() };
        groups
            .add(KeyRef { domain: b"tunnel.com", by: &[] }, query("q7x9kz2vw8pj4hq3zt6r1m5n", "tunnel.com"));
        for number in 0..1000 {
            groups
                .add(KeyRef { domain: format!("d{number}.com").as_bytes(), by: &[] }, query("www", "d.com"));
        }
        assert!(groups.iter().count() <= 100);
        assert_eq!(groups.dropped() + groups.iter().count() as u64, 1001);
        assert!(groups.iter().any(|(key, _)| *key == tunnel));
    }
}
