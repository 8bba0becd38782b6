//! The columns of the table: their names and how each is filled.

use crate::aggregate::{Group, GroupKey, time};
use crate::detect::{GroupEvidence, Verdict, reasons};
use crate::rows::Output;

/// What the columns of one row are made of.
pub struct TableRow<'g> {
    /// Domain and by-values.
    pub key: &'g GroupKey,
    /// The aggregate.
    pub group: &'g Group,
    /// The evidence of the group's names.
    pub evidence: GroupEvidence,
    /// The verdict that is shown.
    pub verdict: Verdict,
    /// The verdict without the allowlist, and the allowlist's reason, if the domain is on it.
    pub allowlisted: Option<(Verdict, &'g str)>,
}

/// Adds a column's values of a row; none if the group does not have the property.
type Fill = fn(&TableRow<'_>, &mut Output);

/// The columns after `ut_domain` and the by-fields.
pub const COLUMNS: [(&str, Fill); 17] = [
    ("count", |row, output| output.push_display(row.group.count())),
    ("distinct_subdomains", |row, output| output.push_display(row.group.distinct.distinct())),
    ("avg_entropy", |row, output| push_float(row.group.avg_entropy(), output)),
    ("avg_sublen", |row, output| push_float(row.group.avg_length(), output)),
    ("stdev_sublen", |row, output| push_float(row.group.stdev_length(), output)),
    ("max_sublen", |row, output| {
        if row.group.sums().count > 0 {
            output.push_display(row.group.sums().max_length);
        }
    }),
    ("payload_bytes", |row, output| output.push_display(row.verdict.payload_bytes)),
    ("encoding", |row, output| output.push_display(row.verdict.encoding.as_str())),
    ("record_types", |row, output| {
        row.group.record_types.sorted().iter().for_each(|name| output.push_display(name));
    }),
    ("first_seen", |row, output| push_time(row.group.seen.ends().map(|(first, _)| first), output)),
    ("last_seen", |row, output| push_time(row.group.seen.ends().map(|(_, last)| last), output)),
    ("queries_per_minute", |row, output| push_float(row.group.queries_per_minute(), output)),
    ("score", |row, output| output.push_display(row.verdict.score)),
    ("severity", |row, output| output.push_display(row.verdict.severity.as_str())),
    ("reasons", push_reasons),
    ("samples", |row, output| {
        let samples = row.group.samples.iter();
        samples.for_each(|(_, name)| output.push_display(format_args!("{name}.{}", row.key.domain)));
    }),
    ("allowlisted", |row, output| {
        if let Some((_, reason)) = row.allowlisted {
            output.push_display(reason);
        }
    }),
];

/// Whether the table has a column of this name, apart from the by-fields.
pub fn is_column(name: &str) -> bool {
    name == "ut_domain" || COLUMNS.iter().any(|(column, _)| *column == name)
}

fn push_float(value: Option<f64>, output: &mut Output) {
    if let Some(value) = value {
        output.push_display(value);
    }
}

fn push_time(time: Option<i64>, output: &mut Output) {
    if let Some(time) = time {
        output.push_display(time::format_epoch(time));
    }
}

/// The sentences are those of the verdict without the allowlist.
fn push_reasons(row: &TableRow<'_>, output: &mut Output) {
    let mut verdict = &row.verdict;
    if let Some((judged, reason)) = &row.allowlisted {
        let (score, severity) = (judged.score, judged.severity.as_str());
        output.push_display(format_args!("allowlisted: {reason} (without that: score {score}, {severity})"));
        verdict = judged;
    }
    let domain = row.key.domain.as_bytes();
    for reason in reasons(domain, &row.evidence, verdict) {
        output.push_display(reason);
    }
}
