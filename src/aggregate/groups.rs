//! All groups, within bounds of memory.

use indexmap::{Equivalent, IndexMap};

use super::group::Group;
use super::partial::PartialAggregate;

/// What a group is of: a registrable domain and the values of the by-fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The registrable domain.
    pub domain: String,
    /// One value for each by-field.
    pub by: Vec<String>,
}

/// A key by reference. It has the hash of the key, as both are made of the same texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct KeyRef<'k> {
    domain: &'k str,
    by: &'k [&'k str],
}

impl From<KeyRef<'_>> for Key {
    fn from(key: KeyRef<'_>) -> Key {
        let by = key.by.iter().map(|&value| value.to_owned()).collect();
        Key { domain: key.domain.to_owned(), by }
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.domain == key.domain && self.by.iter().eq(&key.by)
    }
}

/// The bounds of memory. At the defaults a million groups of ten names each take about 1.3 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most groups.
    pub groups: usize,
    /// The most distinct names that a group keeps; at least 2, and no fewer than `samples`.
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
    /// How many names the groups keep together.
    names: usize,
    /// How many groups were dropped.
    dropped: u64,
}

impl Groups {
    /// No groups yet.
    pub fn new(limits: Limits) -> Groups {
        Groups { limits, by_key: IndexMap::default(), names: 0, dropped: 0 }
    }

    /// Adds what a part tells.
    pub fn merge(&mut self, part: &PartialAggregate<'_>) {
        if let Some(rest) = part.rest.filter(|rest| rest.limit < self.limits.names) {
            // Fewer names were kept there; what is known of the whole cannot be finer than that.
            self.keep_names(rest.limit);
        }
        let Groups { limits, by_key, names, .. } = self;
        let key = KeyRef { domain: part.domain, by: &part.by };
        let index = by_key.get_index_of(&key);
        let index = index.unwrap_or_else(|| by_key.insert_full(key.into(), Group::new(limits.names)).0);
        let group = &mut by_key[index];
        let before = group.sample.entries().len();
        group.merge(part, limits.samples);
        *names = (*names + group.sample.entries().len()).saturating_sub(before);
        self.keep_bounds();
    }

    /// The bounds, which are narrower once memory was short.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How many groups were dropped for lack of memory.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The groups in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Group)> {
        self.by_key.iter()
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
            .map(|(key, group)| (group.evidence().excess, group.count(), key.clone()))
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

    use super::super::combiner::{Combiner, Query};
    use super::super::{CommonTypes, TimeRange, wire as partial};
    use super::*;
    use crate::names::{ListName, Lists};
    use crate::slice::Slice;

    /// An event: the numbers of its domain, its source and its subdomain, and its time.
    type Event = (u8, u8, u16, i64);

    /// Gives what `events` tell to `each`, part by part.
    fn parts(limits: Limits, events: &[Event], each: impl FnMut(&PartialAggregate<'_>)) {
        let lists = Lists::new(std::path::PathBuf::new());
        let list = lists.load(ListName::Mozilla).expect("built in");
        let mut combiner = Combiner::default();
        for &(domain, src, subdomain, time) in events {
            // Each name in two spellings, and the domain itself.
            let label = format!("{}{}.", if subdomain % 2 == 0 { 's' } else { 'S' }, subdomain / 2);
            let name = format!("{}d{domain}.com", if subdomain == 0 { "" } else { &label });
            let record_type = [&b"A"[..], b"TXT", b"ODD"][usize::from(src) % 3];
            let query = Query {
                choice: combiner.choice(&[src.to_string().as_bytes(), b"x"]),
                time: TimeRange::from(time),
                common_type: CommonTypes::of(record_type).unwrap_or_default(),
            };
            let unusual = Some(record_type).filter(|record_type| CommonTypes::of(record_type).is_none());
            combiner.add(Slice { bytes: name.as_bytes(), start: 0, end: name.len() }, query, unusual, list);
        }
        combiner.take_parts(limits, each);
    }

    /// The groups of `events`, each told alone.
    fn one_by_one(limits: Limits, events: &[Event]) -> Groups {
        let mut groups = Groups::new(limits);
        for event in events {
            parts(limits, std::slice::from_ref(event), |part| groups.merge(part));
        }
        groups
    }

    fn sorted(groups: &Groups) -> Vec<(&Key, &Group)> {
        let mut groups: Vec<_> = groups.iter().collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    /// The groups of `events` in chunks, each told in rows of text, merged in the order of `turn`.
    fn in_rows(limits: Limits, events: &[Event], size: usize, turn: usize) -> Groups {
        let (mut writer, mut rows) = (partial::Writer::default(), Vec::new());
        for chunk in events.chunks(size) {
            parts(limits, chunk, |part| writer.write(part, &mut rows));
            writer.end(&mut rows);
        }
        let mut rows: Vec<&[u8]> = rows.split_inclusive(|&byte| byte == b'\n').collect();
        let turn = turn % rows.len().max(1);
        rows.rotate_left(turn);
        let mut groups = Groups::new(limits);
        for row in rows {
            let messages = partial::decode(row.trim_ascii_end()).expect("what was written");
            for part in partial::read(&messages).expect("what was written") {
                groups.merge(&part);
            }
        }
        groups
    }

    proptest! {
        #[test]
        fn groups_of_parts_merge_to_those_of_all_events(
            events in prop::collection::vec((0_u8..4, 0_u8..3, 0_u16..300, 0_i64..1000), 1..200),
            size in 1_usize..120, turn in 0_usize..100, names in 2_usize..40, all_names in 50_usize..400,
            samples in 0_usize..3,
        ) {
            let limits = Limits { groups: 1000, names, all_names, samples };
            let (whole, merged) = (one_by_one(limits, &events), in_rows(limits, &events, size, turn));
            prop_assert_eq!(sorted(&whole), sorted(&merged));
        }

        #[test]
        fn groups_are_what_a_plain_count_says(
            events in prop::collection::vec((0_u8..4, 0_u8..3, 0_u16..30, 0_i64..1000), 1..200),
        ) {
            let groups = in_rows(Limits::default(), &events, 50, 0);
            let of_group = |domain, src| events.iter().filter(move |event| (event.0, event.1) == (domain, src));
            for (key, group) in groups.iter() {
                let number = |text: &str| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
                let events: Vec<&Event> = of_group(number(&key.domain), number(&key.by[0])).collect();
                let names: std::collections::BTreeSet<u16> =
                    events.iter().map(|event| event.2).filter(|&subdomain| subdomain > 0).map(|subdomain| subdomain / 2).collect();
                prop_assert_eq!(group.count(), events.len() as u64);
                prop_assert_eq!(group.sample.distinct(), names.len() as u64);
                let times = || events.iter().map(|event| event.3);
                prop_assert_eq!(group.seen.ends(), times().min().zip(times().max()));
                prop_assert_eq!(&key.by[1], "x");
            }
            let keys: std::collections::BTreeSet<(u8, u8)> = events.iter().map(|event| (event.0, event.1)).collect();
            prop_assert_eq!(groups.iter().count(), keys.len());
        }

        #[test]
        fn any_text_is_partial_results_or_refused(text in "\\PC{0,60}|3:[A-Za-z0-9+/]{0,200}|\\{\"version\":1,.{0,40}\\}") {
            if let Ok(messages) = partial::decode(text.as_bytes())
                && let Ok(parts) = partial::read(&messages)
            {
                let mut groups = Groups::new(Limits::default());
                for part in &parts {
                    groups.merge(part);
                }
            }
        }
    }

    #[test]
    fn groups_with_little_information_are_dropped_first() {
        let lists = Lists::new(std::path::PathBuf::new());
        let list = lists.load(ListName::Mozilla).expect("built in");
        let (mut combiner, mut groups) =
            (Combiner::default(), Groups::new(Limits { groups: 100, ..Limits::default() }));
        let names = (0..1000).map(|number| format!("www.d{number}.com"));
        for name in ["q7x9kz2vw8pj4hq3zt6r1m5n.tunnel.com".to_owned()].into_iter().chain(names) {
            let query = Query {
                choice: combiner.choice(&[]),
                time: TimeRange::default(),
                common_type: CommonTypes::default(),
            };
            combiner.add(Slice { bytes: name.as_bytes(), start: 0, end: name.len() }, query, None, list);
        }
        combiner.take_parts(groups.limits(), |part| groups.merge(part));
        assert!(groups.iter().count() <= 100);
        assert_eq!(groups.dropped() + groups.iter().count() as u64, 1001);
        assert!(groups.iter().any(|(key, _)| key.domain == "tunnel.com"));
    }
}
