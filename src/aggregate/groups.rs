//! All groups of a search, within limits of memory.

use std::collections::BTreeSet;

use indexmap::{Equivalent, IndexMap};

use super::group::Group;
use super::partial::PartialAggregate;
use super::shown::MAX_VALUES;
use crate::detect::{NameEvidence, ONE_NAME, Zone};
use crate::names::{NO_DOMAIN, ascii};

/// The key of a group: a registrable domain and one value for each by-field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey {
    /// The registrable domain in ASCII. [`gather`](Groups::gather) also makes groups of other names.
    pub domain: String,
    /// One value for each by-field.
    pub by: Vec<String>,
}

/// A key by reference. Its hash equals the hash of the owned key, as both hash the same texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct GroupKeyRef<'k> {
    domain: &'k str,
    by: &'k [&'k str],
}

impl From<GroupKeyRef<'_>> for GroupKey {
    fn from(key: GroupKeyRef<'_>) -> GroupKey {
        let by = key.by.iter().map(|&value| value.to_owned()).collect();
        GroupKey { domain: key.domain.to_owned(), by }
    }
}

impl Equivalent<GroupKey> for GroupKeyRef<'_> {
    fn equivalent(&self, key: &GroupKey) -> bool {
        self.domain == key.domain && self.by.iter().eq(&key.by)
    }
}

/// Limits of memory. With the defaults, a million groups of ten names each take about 1.3 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most groups.
    pub groups: usize,
    /// The most distinct names that a group keeps; at least 2, and no fewer than `samples`.
    pub names: usize,
    /// The most distinct names that all groups keep together. Above it, each group keeps fewer.
    pub all_names: usize,
    /// The most names that a group keeps as text.
    pub samples: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { groups: 1_500_000, names: 1024, all_names: 16_000_000, samples: 3 }
    }
}

/// The most values of other fields that all groups keep together. Above it, each group shows fewer.
const MAX_ALL_VALUES: usize = 4_000_000;

/// Each group keeps at least this many names when memory is short.
const MIN_NAMES: usize = 64;

/// All groups of a search, or of a part of it.
///
/// Partial aggregates merge in any order and grouping to the same groups.
#[derive(Debug, Clone)]
pub struct Groups {
    limits: Limits,
    /// In the order of their arrival.
    by_key: IndexMap<GroupKey, Group, foldhash::fast::RandomState>,
    /// The number of distinct names that the groups keep together.
    names: usize,
    /// The number of values of other fields that the groups keep together, and the most of one field of a group.
    values: usize,
    max_values: usize,
    /// The number of groups that were dropped.
    dropped: u64,
}

impl Groups {
    /// No groups yet.
    pub fn new(limits: Limits) -> Groups {
        Groups {
            limits,
            by_key: IndexMap::default(),
            names: 0,
            values: 0,
            max_values: MAX_VALUES,
            dropped: 0,
        }
    }

    /// Merges a partial aggregate.
    pub fn merge(&mut self, partial: &PartialAggregate<'_>) {
        if let Some(overflow) =
            partial.overflow.as_ref().filter(|overflow| overflow.limit < self.limits.names)
        {
            // The sender kept fewer names, so the whole cannot be known more precisely.
            self.limit_names(overflow.limit);
        }
        let Groups { limits, by_key, names, values, max_values, .. } = self;
        // Other copies of the app may spell domains in other ways.
        let domain = match partial.domain {
            NO_DOMAIN => NO_DOMAIN.into(),
            domain => ascii::domain(domain.as_bytes()),
        };
        let key = GroupKeyRef { domain: &domain, by: &partial.by };
        let index = by_key.get_index_of(&key);
        let index = index.unwrap_or_else(|| by_key.insert_full(key.into(), Group::new(limits.names)).0);
        let group = &mut by_key[index];
        let before = group.distinct.entries().len();
        let values_before = group.shown.count();
        group.merge(partial, limits.samples, *max_values);
        *names = (*names + group.distinct.entries().len()).saturating_sub(before);
        *values = (*values + group.shown.count()).saturating_sub(values_before);
        self.enforce_limits();
    }

    /// Each row counts as many times as it weighs from now on.
    pub fn weigh(&mut self) {
        self.by_key.values_mut().for_each(Group::weigh);
    }

    /// The limits, which are lower once memory was short.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The most values that a group shows of one field.
    pub(super) fn max_values(&self) -> usize {
        self.max_values
    }

    /// The number of groups that were dropped because memory was short.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The groups in the order of their arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupKey, &Group)> {
        self.by_key.iter()
    }

    /// The group of `key`.
    pub(super) fn get(&self, key: &GroupKey) -> Option<&Group> {
        self.by_key.get(key)
    }

    /// Drops groups, then adds others, or puts them in the place of those with the same keys.
    pub(super) fn replace(&mut self, dropped: &BTreeSet<GroupKey>, added: Vec<(GroupKey, Group)>) {
        self.by_key.retain(|key, _| !dropped.contains(key));
        self.by_key.extend(added);
        self.names = self.by_key.values().map(|group| group.distinct.entries().len()).sum();
        self.values = self.by_key.values().map(|group| group.shown.count()).sum();
    }

    fn enforce_limits(&mut self) {
        if self.names > self.limits.all_names && self.limits.names > MIN_NAMES {
            self.limit_names(self.limits.names / 2);
        }
        if self.values > MAX_ALL_VALUES && self.max_values > 1 {
            self.limit_values(self.max_values / 2);
        }
        if self.by_key.len() > self.limits.groups {
            self.drop_least();
        }
    }

    /// Each group keeps at most `limit` names from now on. Whether this happens depends on the number of names in all, not on
    /// their order.
    fn limit_names(&mut self, limit: usize) {
        self.limits.names = limit;
        self.names = 0;
        for group in self.by_key.values_mut() {
            group.distinct.shrink(limit);
            self.names += group.distinct.entries().len();
        }
    }

    /// Each group keeps at most `limit` values of a field from now on.
    fn limit_values(&mut self, limit: usize) {
        self.max_values = limit;
        self.values = 0;
        for group in self.by_key.values_mut() {
            group.shown.shrink(limit);
            self.values += group.shown.count();
        }
    }

    /// Drops a tenth of the groups: those with the least excess of information in names and domain, then with the fewest queries, then with
    /// the smallest key.
    fn drop_least(&mut self) {
        let ranks = self.by_key.iter().enumerate();
        let mut ranks: Vec<(u128, u64, usize)> =
            ranks.map(|(index, (key, group))| (excess(key, group), group.count(), index)).collect();
        let drop = ranks.len().div_ceil(10);
        let key = |index: usize| self.by_key.get_index(index).map(|(key, _)| key);
        ranks.select_nth_unstable_by(
            drop - 1,
            |(excess, count, index), (other_excess, other_count, other)| {
                (excess, count).cmp(&(other_excess, other_count)).then_with(|| key(*index).cmp(&key(*other)))
            },
        );
        let mut dropped = vec![false; ranks.len()];
        ranks[..drop].iter().for_each(|&(.., index)| dropped[index] = true);
        let mut dropped = dropped.into_iter();
        let Groups { names, values, .. } = self;
        self.by_key.retain(|_, group| {
            let drop = dropped.next() == Some(true);
            if drop {
                *names -= group.distinct.entries().len();
                *values -= group.shown.count();
            }
            !drop
        });
        self.dropped += drop as u64;
    }
}

/// The excess of a group's names and of its domain, which may hold data itself: see [`gather`](super::gather).
fn excess(key: &GroupKey, group: &Group) -> u128 {
    let domain = NameEvidence::measure(key.domain.as_bytes());
    group
        .evidence(Zone::of(key.domain.as_bytes()))
        .excess
        .saturating_add(u128::from(domain.excess) * u128::from(ONE_NAME))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::combiner::{Combiner, Query};
    use super::super::{RecordTypes, Tally, TimeRange, partial};
    use super::*;
    use crate::names::{ListName, Lists};
    use crate::slice::Slice;

    /// An event: the numbers of its domain, its source and its subdomain, and its time.
    type Event = (u8, u8, u16, i64);

    /// Passes the partial aggregates of `events` to `each`.
    fn partials(limits: Limits, events: &[Event], each: impl FnMut(&PartialAggregate<'_>)) {
        let lists = Lists::new(std::path::PathBuf::new());
        let list = lists.load(ListName::Mozilla);
        let mut combiner = Combiner::default();
        for &(domain, src, subdomain, time) in events {
            // Each name in two spellings, and the domain itself.
            let label = format!("{}{}.", if subdomain % 2 == 0 { 's' } else { 'S' }, subdomain / 2);
            let name = format!("{}d{domain}.com", if subdomain == 0 { "" } else { &label });
            let record_type = [&b"A"[..], b"TXT", b"ODD"][usize::from(src) % 3];
            let mut record_types = RecordTypes::default();
            record_types.insert(record_type);
            let query = Query {
                by_id: combiner.by_id(&[src.to_string().as_bytes(), b"x"]),
                time: TimeRange::from(time),
                common_types: record_types.common(),
                weight: None,
            };
            combiner.add(Slice::whole(name.as_bytes()), query, record_types.rare(), list);
        }
        combiner.emit(limits, each);
    }

    /// The groups of `events`, each of them a partial aggregate of its own.
    fn one_by_one(limits: Limits, events: &[Event]) -> Groups {
        let mut groups = Groups::new(limits);
        for event in events {
            partials(limits, std::slice::from_ref(event), |partial| groups.merge(partial));
        }
        groups
    }

    fn sorted(groups: &Groups) -> Vec<(&GroupKey, &Group)> {
        let mut groups: Vec<_> = groups.iter().collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }

    /// The groups of `events` in chunks, sent as rows of text that are rotated by `turn`.
    fn in_rows(limits: Limits, events: &[Event], size: usize, turn: usize) -> Groups {
        let (mut writer, mut rows) = (partial::PartialWriter::default(), Vec::new());
        for chunk in events.chunks(size) {
            partials(limits, chunk, |partial| writer.write(partial, &mut rows));
            writer.end(&mut rows);
        }
        let mut rows: Vec<&[u8]> = rows.split_inclusive(|&byte| byte == b'\n').collect();
        let turn = turn % rows.len().max(1);
        rows.rotate_left(turn);
        let mut groups = Groups::new(limits);
        for row in rows {
            let content = partial::decode(row.trim_ascii_end()).expect("what was written");
            let partial::Content::Aggregates(messages) = content else { panic!("counts were not written") };
            for partial in partial::parse(&messages).expect("what was written") {
                groups.merge(&partial);
            }
        }
        groups
    }

    proptest! {
        #[test]
        fn partial_aggregates_merge_to_the_groups_of_all_events(
            events in prop::collection::vec((0_u8..4, 0_u8..3, 0_u16..300, 0_i64..1000), 1..200),
            size in 1_usize..120, turn in 0_usize..100, names in 2_usize..40, all_names in 50_usize..400,
            samples in 0_usize..3,
        ) {
            let limits = Limits { groups: 1000, names, all_names, samples };
            let (whole, merged) = (one_by_one(limits, &events), in_rows(limits, &events, size, turn));
            prop_assert_eq!(sorted(&whole), sorted(&merged));
        }

        #[test]
        fn groups_equal_a_plain_count(
            events in prop::collection::vec((0_u8..4, 0_u8..3, 0_u16..30, 0_i64..1000), 1..200),
        ) {
            let groups = in_rows(Limits::default(), &events, 50, 0);
            let of_group = |domain, src| events.iter().filter(move |event| (event.0, event.1) == (domain, src));
            for (key, group) in groups.iter() {
                let number = |text: &str| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
                let events: Vec<&Event> = of_group(number(&key.domain), number(&key.by[0])).collect();
                let names: BTreeSet<u16> =
                    events.iter().map(|event| event.2).filter(|&subdomain| subdomain > 0).map(|subdomain| subdomain / 2).collect();
                prop_assert_eq!(group.count(), events.len() as u64);
                prop_assert_eq!(group.distinct.distinct(), names.len() as u64);
                let times = || events.iter().map(|event| event.3);
                prop_assert_eq!(group.seen.ends(), times().min().zip(times().max()));
                prop_assert_eq!(&key.by[1], "x");
            }
            let keys: BTreeSet<(u8, u8)> = events.iter().map(|event| (event.0, event.1)).collect();
            prop_assert_eq!(groups.iter().count(), keys.len());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|4f:[0-9;]{0,60}|4o?:[A-Za-z0-9+/]{0,200}|\\{\"version\":1,.{0,40}\\}") {
            if let Ok(partial::Content::Aggregates(messages)) = partial::decode(text.as_bytes())
                && let Ok(partials) = partial::parse(&messages)
            {
                let mut groups = Groups::new(Limits::default());
                for partial in &partials {
                    groups.merge(partial);
                }
            }
        }
    }

    #[test]
    fn domains_of_other_copies_of_the_app_are_written_as_ours() {
        let mut groups = Groups::new(Limits::default());
        for domain in ["a|b.com", r"A\124b.com", "a\u{2764}.com", r"a\226\157\164.com", "(none)"] {
            groups.merge(&PartialAggregate { domain, bare: Tally::ONE, ..PartialAggregate::default() });
        }
        let counts: Vec<_> = groups.iter().map(|(key, group)| (key.domain.as_str(), group.count())).collect();
        assert_eq!(counts, [(r"a\124b.com", 2), ("xn--a-7iq.com", 2), ("(none)", 1)]);
    }

    #[test]
    fn fewer_values_are_shown_when_memory_is_short() {
        let mut groups = Groups::new(Limits::default());
        let merge = |groups: &mut Groups, value: &[u8]| {
            let mut partial = PartialAggregate { domain: "a.com", ..PartialAggregate::default() };
            partial.shown.insert(0, value);
            groups.merge(&partial);
        };
        for value in [b"d", b"b", b"c"] {
            merge(&mut groups, value);
        }
        groups.limit_values(2);
        merge(&mut groups, b"a");
        let (_, group) = groups.iter().next().expect("a group");
        assert_eq!(group.shown.of(0), [Box::from("a"), Box::from("b")]);
        assert_eq!(groups.values, 2);
    }

    #[test]
    fn groups_with_little_information_are_dropped_first() {
        let lists = Lists::new(std::path::PathBuf::new());
        let list = lists.load(ListName::Mozilla);
        let (mut combiner, mut groups) =
            (Combiner::default(), Groups::new(Limits { groups: 100, ..Limits::default() }));
        let names = (0..1000).map(|number| format!("www.d{number}.com"));
        for name in ["q7x9kz2vw8pj4hq3zt6r1m5n.tunnel.com".to_owned()].into_iter().chain(names) {
            let query = Query { by_id: combiner.by_id(&[]), ..Query::default() };
            combiner.add(Slice::whole(name.as_bytes()), query, None, list);
        }
        combiner.emit(groups.limits(), |partial| groups.merge(partial));
        assert!(groups.iter().count() <= 100);
        assert_eq!(groups.dropped() + groups.iter().count() as u64, 1001);
        assert!(groups.iter().any(|(key, _)| key.domain == "tunnel.com"));
    }
}
