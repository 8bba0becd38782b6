//! The table: a row for each group, the most suspect first.

use std::cmp::Reverse;

use super::allowlist::Allowlist;
use super::options::Options;
use crate::aggregate::{Group, Groups, Key, time};
use crate::detect::{Severity, Verdict, judge};
use crate::rows::{CsvWriter, Output};

/// The columns behind `ut_domain` and the by-fields.
pub const COLUMNS: [&str; 17] = [
    "count",
    "distinct_subdomains",
    "avg_entropy",
    "avg_sublen",
    "stdev_sublen",
    "max_sublen",
    "payload_bytes",
    "encoding",
    "record_types",
    "first_seen",
    "last_seen",
    "queries_per_minute",
    "score",
    "severity",
    "reasons",
    "samples",
    "allowlisted",
];

/// One row before it is written.
struct Row<'g> {
    key: &'g Key,
    group: &'g Group,
    verdict: Verdict,
    allowlisted: Option<&'g str>,
}

/// Writes the table of `groups` to `body`.
pub fn write(groups: &Groups, options: &Options, allowlist: &Allowlist, body: &mut Vec<u8>) {
    // Of a million groups only the rank is kept here: the sentences are written for the rows that are shown.
    let ranked = groups.iter().map(|(key, group)| {
        let verdict = row(key, group, allowlist).verdict;
        (Reverse((verdict.score, verdict.payload_bytes, group.count())), key, group)
    });
    let mut ranked: Vec<_> =
        ranked.filter(|(Reverse((score, ..)), ..)| *score >= options.min_score).collect();
    ranked.sort_unstable_by(|(rank, key, _), (other_rank, other_key, _)| {
        (rank, key).cmp(&(other_rank, other_key))
    });
    ranked.truncate(options.limit);

    let names: Vec<&str> =
        ["ut_domain"].into_iter().chain(options.by.iter().map(String::as_str)).chain(COLUMNS).collect();
    let multi: Vec<String> = names.iter().map(|name| format!("__mv_{name}")).collect();
    let mut writer = CsvWriter::new(body);
    writer.row(names.iter().copied().chain(multi.iter().map(String::as_str)).map(str::as_bytes));
    for (_, key, group) in ranked {
        let mut outputs = vec![Output::default(); names.len()];
        fill(&row(key, group, allowlist), &mut outputs);
        let plain: Vec<Vec<u8>> = outputs.iter().map(|output| output.plain().to_vec()).collect();
        let multi: Vec<Vec<u8>> = outputs.iter_mut().map(|output| output.multi().to_vec()).collect();
        writer.row(plain.iter().chain(&multi).map(Vec::as_slice));
    }
}

fn row<'g>(key: &'g Key, group: &'g Group, allowlist: &'g Allowlist) -> Row<'g> {
    let mut verdict = judge(key.domain.as_bytes(), &group.evidence());
    let allowlisted = allowlist.reason(&key.domain);
    if let Some(reason) = allowlisted {
        let judged = format!(
            "allowlisted: {reason} (without that: score {}, {})",
            verdict.score,
            verdict.severity.as_str()
        );
        verdict.reasons.insert(0, judged);
        (verdict.score, verdict.severity) = (0, Severity::Informational);
    }
    Row { key, group, verdict, allowlisted }
}

fn fill(row: &Row<'_>, outputs: &mut [Output]) {
    let Row { key, group, verdict, allowlisted } = row;
    let mut outputs = outputs.iter_mut();
    let mut push = |values: &mut dyn Iterator<Item = String>| {
        if let Some(output) = outputs.next() {
            values.for_each(|value| output.push(value.as_bytes()));
        }
    };
    let float = |value: Option<f64>| value.map(|value| value.to_string());
    push(&mut [key.domain.clone()].into_iter());
    for value in &key.by {
        push(&mut [value.clone()].into_iter());
    }
    push(&mut [group.count().to_string()].into_iter());
    push(&mut [group.sample.distinct().to_string()].into_iter());
    push(&mut float(group.avg_entropy()).into_iter());
    push(&mut float(group.avg_length()).into_iter());
    push(&mut float(group.stdev_length()).into_iter());
    push(&mut (group.sums.count > 0).then(|| group.sums.max_length.to_string()).into_iter());
    push(&mut [verdict.payload_bytes.to_string()].into_iter());
    push(&mut [verdict.encoding.as_str().to_owned()].into_iter());
    push(&mut group.record_types.sorted().into_iter().map(str::to_owned));
    push(&mut group.seen.ends().map(|(first, _)| time::write(first)).into_iter());
    push(&mut group.seen.ends().map(|(_, last)| time::write(last)).into_iter());
    push(&mut float(group.queries_per_minute()).into_iter());
    push(&mut [verdict.score.to_string()].into_iter());
    push(&mut [verdict.severity.as_str().to_owned()].into_iter());
    push(&mut verdict.reasons.iter().cloned());
    push(&mut group.names.iter().map(|(_, name)| format!("{name}.{}", key.domain)));
    push(&mut allowlisted.map(str::to_owned).into_iter());
}
