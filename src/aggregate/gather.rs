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
use super::subdomain::{Moments, Subdomain};
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
                    candidates.private.entry(suffix).or_default().push(member)
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
    group.distinct.distinct() + u64::from(group.bare > 0)
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
        let limits = groups.limits();
        let mut group = groups.get(&key).cloned().unwrap_or_else(|| Group::new(limits.names));
        for member in members {
            let labels = if gathered.is_some() { member.label } else { &member.key.domain };
            let is_private = matches!(gathered, Some(Gathered::PrivateSuffix(_)));
            let zone = if is_private { Zone::Ordinary } else { Zone::NoDomain };
            add_below(&mut group, member.group, labels, zone, limits.samples);
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
fn add_below(group: &mut Group, member: &Group, labels: &str, zone: Zone, samples: usize) {
    let end = Subdomain::measure(labels.as_bytes());
    group.seen.extend(member.seen);
    group.record_types.extend(&member.record_types);
    if member.bare > 0 {
        group.moments.add(member.bare, &end);
        group.distinct.add(end.hash, end.spelling, || NameEvidence::measure_in(zone, labels.as_bytes()));
        group.keep_sample(end.hash, labels, samples);
    }
    let entries = member.distinct.entries();
    if entries.is_empty() {
        return;
    }
    let evidence = NameEvidence::measure(labels.as_bytes());
    for entry in entries {
        let [hash, spelling] = [entry.hash, entry.spelling].map(|hash| end.hash_before(hash));
        group.distinct.add(hash, spelling, || entry.evidence.before(evidence));
    }
    for (hash, text) in &member.samples {
        group.keep_sample(end.hash_before(*hash), &format!("{text}.{labels}"), samples);
    }
    let mut moments = member.moments.before(&end);
    if let ([_], [(_, text)]) = (entries, member.samples.as_slice()) {
        moments.entropy = of_one_name(&member.moments, &format!("{text}.{labels}"));
    }
    group.moments.extend(&moments);
}

/// The sum of entropies where all queries are for one name.
fn of_one_name(moments: &Moments, name: &str) -> u128 {
    u128::from(moments.count).saturating_mul(Subdomain::measure(name.as_bytes()).entropy.into())
}
