//! The table: a row for each group, the most suspicious first.

use std::cmp::Reverse;

use super::allowlist::{Allowlist, CLIENT_FIELDS};
use super::columns::{COLUMNS, TableRow};
use super::options::Options;
use crate::aggregate::{Group, GroupKey, Groups};
use crate::detect::{GroupEvidence, Severity, Verdict, Zone, judge};
use crate::rows::{Output, write_names, write_row};

/// Score, payload bytes and queries, then the group. Equal ranks are in the order of their keys.
type Ranked<'g> = (Reverse<(u8, u64, u64)>, &'g GroupKey, &'g Group);

/// Writes the table of `groups` to `body`.
pub fn write(groups: &Groups, options: &Options, allowlist: &Allowlist, body: &mut Vec<u8>) {
    // Only the rank is kept of each group, as there can be a million. The rows that are shown are judged once more.
    let ranked = groups.iter().map(|(key, group)| {
        let (verdict, _) = judge_group(key, &evidence(key, group), options, allowlist);
        (Reverse((verdict.score, verdict.payload_bytes, group.count())), key, group)
    });
    let mut ranked: Vec<Ranked<'_>> =
        ranked.filter(|(Reverse((score, ..)), ..)| *score >= options.min_score).collect();
    let by_rank = |one: &Ranked<'_>, other: &Ranked<'_>| (one.0, one.1).cmp(&(other.0, other.1));
    if let Some(limit) = options.limit.filter(|limit| ranked.len() > *limit) {
        ranked.select_nth_unstable_by(limit, by_rank);
        ranked.truncate(limit);
    }
    ranked.sort_unstable_by(by_rank);

    let by = options.by.iter().map(String::as_str);
    let values = options.values.iter().map(String::as_str);
    let names = ["ut_domain"].into_iter().chain(by).chain(COLUMNS.map(|(name, _)| name)).chain(values);
    let names: Vec<&str> = names.collect();
    let mut outputs = vec![Output::default(); names.len()];
    write_names(&names, body);
    for (_, key, group) in ranked {
        let evidence = evidence(key, group);
        let (verdict, allowlisted) = judge_group(key, &evidence, options, allowlist);
        let row = TableRow { key, group, evidence, verdict, allowlisted };
        outputs.iter_mut().for_each(Output::clear);
        let keys = [&key.domain].into_iter().chain(&key.by);
        let (of_key, others) = outputs.split_at_mut(1 + key.by.len());
        let (others, of_values) = others.split_at_mut(COLUMNS.len());
        of_key.iter_mut().zip(keys).for_each(|(output, value)| output.push(value.as_bytes()));
        others.iter_mut().zip(COLUMNS).for_each(|(output, (_, push))| push(&row, output));
        for (field, output) in of_values.iter_mut().enumerate() {
            row.group.shown.of(field).iter().for_each(|value| output.push(value.as_bytes()));
        }
        write_row(&mut outputs, body);
    }
}

fn evidence(key: &GroupKey, group: &Group) -> GroupEvidence {
    group.evidence(Zone::of(key.domain.as_bytes()))
}

/// Why the allowlist mutes a group, if it does.
pub fn mute<'a>(key: &GroupKey, options: &Options, allowlist: &'a Allowlist) -> Option<&'a str> {
    // The by-field that holds the client.
    let client = CLIENT_FIELDS.iter().find_map(|client| options.by.iter().position(|field| field == client));
    let client = client.and_then(|index| key.by.get(index)).map(String::as_str);
    allowlist.reason(&key.domain, client)
}

/// The verdict on a group. If it is muted, the score is 0, and the verdict without the allowlist and the reason come with it.
fn judge_group<'a>(
    key: &GroupKey,
    evidence: &GroupEvidence,
    options: &Options,
    allowlist: &'a Allowlist,
) -> (Verdict, Option<(Verdict, &'a str)>) {
    let verdict = judge(key.domain.as_bytes(), evidence);
    match mute(key, options, allowlist) {
        None => (verdict, None),
        Some(reason) => {
            let allowed = Verdict { score: 0, severity: Severity::Informational, ..verdict.clone() };
            (allowed, Some((verdict, reason)))
        }
    }
}
