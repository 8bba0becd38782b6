//! Groups of names whose registrable domains change from query to query.
//!
//! A tunnel under a private suffix (`<data>.trycloudflare.com`), or one whose names go straight to a server
//! (`<data>.tunnel`, `dnscat.<data>`), has a domain of its own for each query, and no subdomain. So at the end of the reduce phase
//! [`Groups::gather`] looks at the groups of few names with the same by-values:
//!
//! - Where a private suffix has several of them, they are also one group of the suffix.
//! - Where a last label that is on no list has several of them, they are one group of that label.
//! - Where such last labels change too, their names join the names without a registrable domain.
//!
//! The result is a function of the groups, so it does not depend on the order of events or on the map phase.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Group;
use super::groups::{GroupKey, Groups};
use super::subdomain::Subdomain;
use crate::detect::{NameEvidence, Zone};
use crate::names::{NO_DOMAIN, SuffixTable, SuffixType, is_top_level};

/// The most distinct names of a group that can be a member: the domain itself is one.
const MAX_NAMES: u64 = 8;
/// As many members make a group. One or two are a customer of the suffix's owner, or hosts of a local network.
const LEAST_MEMBERS: usize = 3;
/// The most names under a last label that changes.
const MAX_CHANGING: u64 = 2;
/// The rows of members with a subdomain stay (`ad.corp`), unless there are at least this many of one name each.
const MANY: usize = 8;

/// The excess of a label before a private suffix that does not count, in 1/256 bit: 5 bytes. Customers of a provider often have a
/// serial number or a short hash in their names (`media-0334c463.s3.amazonaws.com`).
const CUSTOMER_ID: u32 = 40 * 256;

/// What the names of a gathered group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gathered {
    /// A private suffix. The names begin with, or consist of, this many different labels before it.
    PrivateSuffix(usize),
    /// A last label that is on no list, in the same way.
    LastLabel(usize),
}

/// A group of few names, by what it may be gathered under.
struct Member<'g> {
    key: &'g GroupKey,
    group: &'g Group,
    /// The label before the suffix.
    label: &'g str,
}

/// The members with the same by-values, by their suffixes.
#[derive(Default)]
struct Candidates<'g> {
    private: BTreeMap<&'g str, Vec<Member<'g>>>,
    unlisted: BTreeMap<&'g str, LastLabel<'g>>,
}

/// The members under a last label that is on no list.
#[derive(Default)]
struct LastLabel<'g> {
    members: Vec<Member<'g>>,
    /// Whether there are groups that are not members.
    has_others: bool,
}

/// What [`Groups::gather`] changes.
#[derive(Default)]
struct Changes {
    added: Vec<(GroupKey, Group)>,
    dropped: BTreeSet<GroupKey>,
}

impl Groups {
    /// Gathers groups under private suffixes and under last labels that are on no list, as `list` has them. A group that
    /// `is_muted` stays by itself.
    pub fn gather(&mut self, list: &SuffixTable, is_muted: impl Fn(&GroupKey) -> bool) {
        let mut by: BTreeMap<&[String], Candidates<'_>> = BTreeMap::new();
        for (key, group) in self.iter() {
            let Some((label, suffix, suffix_type)) = split(&key.domain, list) else { continue };
            let is_member = distinct_names(group) <= MAX_NAMES && !is_muted(key);
            let candidates = by.entry(&key.by).or_default();
            let member = Member { key, group, label };
            match suffix_type {
                SuffixType::Private if is_member => {
                    candidates.private.entry(suffix).or_default().push(member);
                }
                SuffixType::Unlisted => candidates.unlisted.entry(suffix).or_default().add(member, is_member),
                _ => {}
            }
        }
        let mut changes = Changes::default();
        for (by, candidates) in by {
            candidates.gather(by, self, &mut changes);
        }
        self.replace(&changes.dropped, changes.added);
    }
}

/// The label of a domain before its suffix, the suffix, and its type. `None` for domains that are not gathered: those under a
/// registry's suffix or in a zone of their own.
fn split<'d>(domain: &'d str, list: &SuffixTable) -> Option<(&'d str, &'d str, SuffixType)> {
    let (labels, suffix_type) = list.suffix(domain.as_bytes());
    if suffix_type == SuffixType::Icann || Zone::of(domain.as_bytes()) != Zone::Ordinary {
        return None;
    }
    let (label, suffix) = domain.split_once('.')?;
    // Another peer may have other suffixes of the user's. A list of such suffixes alone lacks top-level domains.
    let is_suffix = suffix.split('.').count() == labels;
    (is_suffix && (suffix_type == SuffixType::Private || !is_top_level(suffix))).then_some((
        label,
        suffix,
        suffix_type,
    ))
}

/// The distinct names of a group, the domain itself among them.
fn distinct_names(group: &Group) -> u64 {
    group.distinct.distinct() + u64::from(!group.bare.is_empty())
}

impl<'g> LastLabel<'g> {
    fn add(&mut self, member: Member<'g>, is_member: bool) {
        if is_member {
            self.members.push(member);
        } else {
            self.has_others = true;
        }
    }

    /// Whether the label seems to be data itself.
    fn is_changing(&self) -> bool {
        let names = self.members.iter().map(|member| distinct_names(member.group));
        !self.has_others && names.sum::<u64>() <= MAX_CHANGING
    }
}

impl<'g> Candidates<'g> {
    fn gather(self, by: &[String], groups: &Groups, changes: &mut Changes) {
        for (suffix, members) in self.private {
            if members.len() >= LEAST_MEMBERS {
                let gathered = Gathered::PrivateSuffix(members.len());
                changes.add(suffix, by, Some(gathered), &members, groups);
            }
        }
        let mut changing: Vec<LastLabel<'g>> = Vec::new();
        for (suffix, last_label) in self.unlisted {
            let members = &last_label.members;
            if members.len() >= LEAST_MEMBERS {
                changes.add(suffix, by, Some(Gathered::LastLabel(members.len())), members, groups);
                changes.drop(members);
            } else if last_label.is_changing() {
                changing.push(last_label);
            }
        }
        if changing.len() >= LEAST_MEMBERS {
            let members: Vec<Member<'g>> = changing.into_iter().flat_map(|label| label.members).collect();
            changes.add(NO_DOMAIN, by, None, &members, groups);
            changes.drop(&members);
        }
    }
}

impl Changes {
    /// Adds the group of a suffix, or adds to the group of names without a domain.
    fn add(
        &mut self,
        domain: &str,
        by: &[String],
        gathered: Option<Gathered>,
        members: &[Member<'_>],
        groups: &Groups,
    ) {
        let key = GroupKey { domain: domain.to_owned(), by: by.to_vec() };
        let mut group = groups.get(&key).cloned().unwrap_or_else(|| Group::new(groups.limits().names));
        let is_private = matches!(gathered, Some(Gathered::PrivateSuffix(_)));
        for member in members {
            let labels = if gathered.is_some() { member.label } else { &member.key.domain };
            add_below(&mut group, member.group, labels, is_private, groups);
        }
        group.gathered = gathered;
        self.added.push((key, group));
    }

    /// Drops the rows of members whose names say nothing below their domains.
    fn drop(&mut self, members: &[Member<'_>]) {
        let is_single = |member: &&Member<'_>| distinct_names(member.group) == 1;
        let is_bare = |member: &&Member<'_>| member.group.distinct.entries().is_empty();
        let singles = members.iter().filter(|member| is_single(member) && !is_bare(member)).count();
        let dropped = members.iter().filter(|member| is_bare(member) || is_single(member) && singles >= MANY);
        self.dropped.extend(dropped.map(|member| member.key.clone()));
    }
}

/// Adds the names of `member` to `group`, with `labels` at their ends.
fn add_below(group: &mut Group, member: &Group, labels: &str, is_private: bool, groups: &Groups) {
    // Clouds name hosts by their addresses.
    let zone = if is_private { Zone::Reverse } else { Zone::NoDomain };
    let samples = groups.limits().samples;
    let end = Subdomain::measure(labels.as_bytes());
    let mut evidence = NameEvidence::measure_in(zone, labels.as_bytes());
    if is_private {
        evidence.excess = evidence.excess.saturating_sub(CUSTOMER_ID);
    }
    group.seen.extend(member.seen);
    group.record_types.extend(&member.record_types);
    group.shown.extend(&member.shown, groups.max_values());
    if !member.bare.is_empty() {
        group.moments.add(member.bare, &end);
        group.distinct.add(end.hash, end.spelling, || evidence);
        group.keep_sample(end.hash, labels, samples);
    }
    let entries = member.distinct.entries();
    if entries.is_empty() {
        return;
    }
    for entry in entries {
        let [hash, spelling] = [entry.hash, entry.spelling].map(|hash| end.hash_before(hash));
        group.distinct.add(hash, spelling, || entry.evidence.before(evidence));
    }
    for (hash, text) in &member.samples {
        group.keep_sample(end.hash_before(*hash), &format!("{text}.{labels}"), samples);
    }
    // The entropy of a name is known only from its text.
    group.moments.extend(&match (entries, member.samples.as_slice()) {
        ([_], [(_, text)]) => {
            member.moments.of_one_name(&Subdomain::measure(format!("{text}.{labels}").as_bytes()))
        }
        _ => member.moments.before(&end),
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::partial::{self, Content, PartialWriter};
    use super::super::{BottomK, Combiner, CommonTypes, Limits, Query, TimeRange};
    use super::*;
    use crate::detect::judge;
    use crate::names::rules::Rules;
    use crate::names::{ListName, Lists};
    use crate::slice::Slice;

    fn count(names: &[impl AsRef<str>], list: &SuffixTable, combiner: &mut Combiner) {
        for (time, name) in names.iter().enumerate() {
            let by_id = combiner.by_id(&[b"10.0.0.1"]);
            let time = TimeRange::from(i64::try_from(time % 7).expect("small"));
            let query = Query {
                by_id,
                time,
                common_types: CommonTypes::from_name(b"TXT").expect("common"),
                weight: None,
            };
            combiner.add(Slice::whole(name.as_ref().as_bytes()), query, None, list);
        }
    }

    /// The groups of the names, gathered by `list`. `muted` stay by themselves.
    fn gathered_by(list: &SuffixTable, names: &[impl AsRef<str>], muted: &[&str]) -> Groups {
        let (mut combiner, mut groups) = (Combiner::default(), Groups::new(Limits::default()));
        count(names, list, &mut combiner);
        combiner.emit(Limits::default(), |partial| groups.merge(partial));
        groups.gather(list, |key| muted.contains(&key.domain.as_str()));
        groups
    }

    fn gathered(names: &[impl AsRef<str>]) -> Groups {
        gathered_by(Lists::new("none".into()).load(ListName::Mozilla), names, &[])
    }

    /// Domain, queries and distinct names of each group.
    fn rows(groups: &Groups) -> Vec<(&str, u64, u64)> {
        let rows = groups.iter().map(|(key, group)| (&*key.domain, group.count(), group.distinct.distinct()));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable();
        rows
    }

    fn group<'g>(groups: &'g Groups, domain: &str) -> &'g Group {
        groups.iter().find(|(key, _)| key.domain == domain).expect("the group").1
    }

    /// Different labels in lower case that look like data, as base32 of 16 bytes.
    fn data(count: u64) -> Vec<String> {
        let label = |number: u64| {
            let hash = xxhash_rust::xxh3::xxh3_128(&number.to_le_bytes()).to_le_bytes();
            data_encoding::BASE32_NOPAD.encode(&hash).to_ascii_lowercase()
        };
        (0..count).map(label).collect()
    }

    #[test]
    fn three_labels_under_a_private_suffix_are_also_a_group_of_it() {
        let two = ["a.trycloudflare.com", "b.trycloudflare.com", "x.b.trycloudflare.com"];
        assert_eq!(rows(&gathered(&two)), [("a.trycloudflare.com", 1, 0), ("b.trycloudflare.com", 2, 1)]);
        let three = gathered(&[&two[..], &["c.trycloudflare.com", "C.trycloudflare.com."]].concat());
        let expected = [
            ("a.trycloudflare.com", 1, 0),
            ("b.trycloudflare.com", 2, 1),
            ("c.trycloudflare.com", 2, 0),
            ("trycloudflare.com", 5, 4),
        ];
        assert_eq!(rows(&three), expected);
        let group = group(&three, "trycloudflare.com");
        assert_eq!(group.gathered, Some(Gathered::PrivateSuffix(3)));
        assert_eq!((group.avg_length(), group.sums().max_length), (Some(7.0 / 5.0), 3));
        let mut samples: Vec<&str> = group.samples.iter().map(|(_, text)| &**text).collect();
        samples.sort_unstable();
        assert!(samples.len() == 3 && samples.iter().all(|name| ["a", "b", "c", "x.b"].contains(name)));
    }

    #[test]
    fn a_customer_with_many_names_is_not_gathered() {
        let names = (0..9).map(|number| format!("n{number}.a.github.io"));
        let names: Vec<String> = names.chain(["b.github.io".into(), "c.github.io".into()]).collect();
        assert_eq!(rows(&gathered(&names)).len(), 3);
    }

    #[test]
    fn names_under_a_last_label_are_one_group() {
        let names = ["nas.corp", "printer.corp", "host.corp", "host.corp", "dc1.ad.corp", "dc2.ad.corp"];
        let groups = gathered(&names);
        assert_eq!(rows(&groups), [("ad.corp", 2, 2), ("corp", 6, 5)]);
        assert_eq!(group(&groups, "corp").gathered, Some(Gathered::LastLabel(4)));
        let few = ["nas.local", "printer.lan", "host.corp", "tv.lan", "dc1.ad.corp", "dc2.ad.corp"];
        assert_eq!(rows(&gathered(&few)).len(), 5, "a network of some hosts stays as it is");
    }

    #[test]
    fn names_whose_last_labels_change_have_no_domain() {
        let hosts = ["dc1.ad.corp", "dc2.ad.corp", "host.corp", "router", "router"];
        let names: Vec<String> = data(20).iter().map(|data| format!("dnscat.{data}")).collect();
        let groups = gathered(&[&names[..], &hosts.map(str::to_owned)].concat());
        assert_eq!(rows(&groups), [("(none)", 22, 21), ("ad.corp", 2, 2), ("host.corp", 1, 0)]);
        let names: Vec<String> = data(40).chunks(2).map(|data| data.join(".")).collect();
        assert_eq!(rows(&gathered(&names)), [("(none)", 20, 20)]);
        let names: Vec<String> = data(60).chunks(3).map(|data| data.join(".")).collect();
        assert_eq!(rows(&gathered(&names)), [("(none)", 20, 20)]);
        let names: Vec<String> =
            data(40).chunks(2).map(|data| format!("{}.tunnel", data.join("."))).collect();
        assert_eq!(rows(&gathered(&names)), [("tunnel", 20, 20)]);
    }

    #[test]
    fn a_gathered_group_is_as_if_its_suffix_were_a_domain() {
        for (count, suffix) in [(3, "tunnel"), (40, "trycloudflare.com"), (2000, "tunnel")] {
            let names = |end: &str| {
                let names = data(count).into_iter().map(|data| format!("{data}.{end}"));
                names.flat_map(|name| [name.clone(), name]).collect::<Vec<String>>()
            };
            let (gathered, plain) = (gathered(&names(suffix)), gathered(&names("example.com")));
            let (found, plain) = (group(&gathered, suffix), group(&plain, "example.com"));
            let without_ids = suffix.contains('.').then(|| distinct_without_ids(plain));
            let distinct = without_ids.unwrap_or_else(|| plain.distinct.clone());
            let plain_group = Group { distinct, ..plain.clone() };
            assert_eq!(Group { gathered: None, ..found.clone() }, plain_group, "{suffix}");
            // With a label more, the hashes are others, and so are the samples.
            let names = |end: &str| {
                let names = data(count).into_iter().map(|data| format!("x-{}.{data}.{end}", &data[..9]));
                names.collect::<Vec<String>>()
            };
            let (deep, plain) = (names(suffix), names("example.com"));
            let (gathered, plain) = (self::gathered(&deep), self::gathered(&plain));
            let (found, plain) = (group(&gathered, suffix), group(&plain, "example.com"));
            assert_eq!((found.moments, found.seen), (plain.moments, plain.seen));
            if count < 1000 && !suffix.contains('.') {
                assert_eq!(found.evidence(Zone::Ordinary), plain.evidence(Zone::Ordinary));
            }
        }
    }

    /// The distinct names of a group without the excess that customers' labels may have.
    fn distinct_without_ids(group: &Group) -> BottomK {
        let mut distinct = BottomK::new(Limits::default().names);
        for entry in group.distinct.entries() {
            let excess = entry.evidence.excess.saturating_sub(CUSTOMER_ID);
            distinct.add(entry.hash, entry.spelling, || NameEvidence { excess, ..entry.evidence });
        }
        distinct
    }

    #[test]
    fn names_of_hosts_do_not_hide_a_tunnel() {
        let hosts = |count: usize| (0..count).map(|number| format!("desktop-{number:04}"));
        for (tunnel, domain) in [("dnscat.{}", NO_DOMAIN), ("{}.lan", "lan")] {
            let names: Vec<String> = data(20).iter().map(|data| tunnel.replace("{}", data)).collect();
            let score = |count: usize| {
                let hosts = hosts(count).map(|host| tunnel.replace("dnscat.", "").replace("{}", &host));
                let groups =
                    gathered(&names.iter().cloned().chain(hosts.clone()).chain(hosts).collect::<Vec<_>>());
                judge(domain.as_bytes(), &group(&groups, domain).evidence(Zone::of(domain.as_bytes()))).score
            };
            assert!(score(0) >= 70 && score(600) >= score(0), "{domain}");
        }
        let alone = gathered(&hosts(600).collect::<Vec<_>>());
        assert!(judge(NO_DOMAIN.as_bytes(), &group(&alone, NO_DOMAIN).evidence(Zone::NoDomain)).score < 20);
    }

    #[test]
    fn short_identifiers_of_customers_are_not_data() {
        let buckets: Vec<String> =
            data(12).iter().map(|data| format!("media-{}.s3.amazonaws.com", &data[..8])).collect();
        let score = |names: &[String], domain: &str| {
            let groups = gathered(names);
            judge(domain.as_bytes(), &group(&groups, domain).evidence(Zone::Ordinary)).score
        };
        assert!(score(&buckets, "s3.amazonaws.com") < 20);
        let tunnel: Vec<String> = data(12).iter().map(|data| format!("{data}.trycloudflare.com")).collect();
        assert!(score(&tunnel, "trycloudflare.com") >= 70);
    }

    #[test]
    fn muted_groups_stay_by_themselves() {
        let lists = Lists::new("none".into());
        let list = lists.load(ListName::Mozilla);
        let names = ["a.corp", "b.corp", "c.corp", "d.github.io", "e.github.io", "f.github.io"];
        let groups = gathered_by(list, &names, &["a.corp", "d.github.io"]);
        assert_eq!(rows(&groups).len(), names.len());
    }

    #[test]
    fn top_level_domains_are_no_last_labels_even_if_the_list_lacks_them() {
        let names =
            ["a.com", "b.com", "c.com", "a.uk", "b.de", "c.fr", "4.3.2.in-addr.arpa", "3.2.in-addr.arpa"];
        let groups = gathered_by(&SuffixTable::new(Rules::default()), &names, &[]);
        assert!(groups.iter().all(|(key, group)| group.gathered.is_none() && key.domain != NO_DOMAIN));
    }

    /// The groups of `names` in chunks, through rows in another order.
    fn in_rows(names: &[String], list: &SuffixTable, size: usize, turn: usize) -> Groups {
        let (mut writer, mut text) = (PartialWriter::default(), Vec::new());
        let (mut combiner, mut groups) = (Combiner::default(), Groups::new(Limits::default()));
        for chunk in names.chunks(size) {
            count(chunk, list, &mut combiner);
            combiner.emit(Limits::default(), |partial| writer.write(partial, &mut text));
            writer.end(&mut text);
        }
        let mut rows: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
        let turn = turn % rows.len().max(1);
        rows.rotate_left(turn);
        for row in rows {
            let content = partial::decode(row.trim_ascii_end()).expect("what was written");
            let Content::Aggregates(messages) = content else { panic!("only aggregates were written") };
            partial::parse(&messages)
                .expect("what was written")
                .iter()
                .for_each(|partial| groups.merge(partial));
        }
        groups.gather(list, |_| false);
        groups
    }

    proptest! {
        #[test]
        fn any_order_and_chunks_gather_alike(
            names in prop::collection::vec(
                "[a-cB]{1,2}|([ab]\\.)?[a-dA]\\.(tunnel|lan|github\\.io|s3\\.amazonaws\\.com)|([a-b]\\.)?[a-d]\\.[w-z]|(www\\.)?example\\.com|1\\.2\\.3\\.4",
                1..60,
            ),
            size in 1_usize..40, turn in 0_usize..40,
        ) {
            let lists = Lists::new("none".into());
            let list = lists.load(ListName::Mozilla);
            let whole = in_rows(&names, list, names.len(), 0);
            let mut turned = names.clone();
            turned.rotate_left(turn % names.len());
            let parts = in_rows(&turned, list, size, turn);
            let sorted = |groups: &Groups| {
                let without_time = |group: &Group| Group { seen: TimeRange::default(), ..group.clone() };
                let groups = groups.iter().map(|(key, group)| (key.clone(), without_time(group)));
                groups.collect::<BTreeMap<GroupKey, Group>>()
            };
            prop_assert_eq!(sorted(&whole), sorted(&parts));
            let addresses = names.iter().filter(|name| name.starts_with('1')).count();
            let shown = names.len() - addresses;
            let private = |group: &Group| matches!(group.gathered, Some(Gathered::PrivateSuffix(_)));
            let counted: u64 = whole.iter().filter(|(_, group)| !private(group)).map(|(_, group)| group.count()).sum();
            // No query is lost. Those of a domain with subdomains may count twice.
            prop_assert!(counted >= shown as u64);
        }
    }
}
