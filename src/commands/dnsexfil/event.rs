//! One event: from a row to the combiner.
//!
//! [`add`] has a fast path for events whose fields have one plain value each and whose record type is common: nearly all
//! events. It reads cells as slices of the chunk and allocates nothing. At the first field that is not so it steps aside, before it
//! has counted anything, and the plain path reads the event from its start. The property test below compares both; run
//! it after a change. The fast path may only skip work, never decide differently.

use std::borrow::Cow;

use crate::aggregate::{Combiner, CommonTypes, FieldCounts, Query, TimeRange, time};
use crate::commands::distinct;
use crate::names::SuffixTable;
use crate::rows::{Column, Row};
use crate::slice::Slice;

/// The column of partial results. Its name does not begin with `_`, as such fields may be left behind on a peer.
pub const PARTIAL: &str = "dnsexfil_partial";

/// Where sources keep the record type.
const RECORD_TYPES: [&str; 3] = ["record_type", "query_type", "qtype_name"];

/// The fields that are read beside the name and the by-fields.
const OTHERS: [&str; 5] = ["_time", RECORD_TYPES[0], RECORD_TYPES[1], RECORD_TYPES[2], PARTIAL];

/// The most by-fields of an event on the fast path.
const MAX_BY: usize = 8;

/// The fields that are read, in the order that [`Columns::new`] expects.
pub fn fields(name: &str, by: &[String]) -> Vec<String> {
    let by = by.iter().map(String::as_str);
    [name].into_iter().chain(by).chain(OTHERS).map(str::to_owned).collect()
}

/// The columns of the fields in a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'c> {
    name: Column,
    by: &'c [Column],
    time: Column,
    record_types: &'c [Column],
    /// Partial results.
    pub partial: Column,
}

impl<'c> Columns<'c> {
    /// The columns of [`fields`]; `None` for any other number of columns than those have.
    pub fn new(columns: &'c [Column]) -> Option<Columns<'c>> {
        let (name, rest) = columns.split_first()?;
        let (by, [time, record_types @ .., partial]) = rest.split_last_chunk::<{ OTHERS.len() }>()?;
        Some(Columns { name: *name, by, time: *time, record_types, partial: *partial })
    }
}

/// Counts one event: each of its distinct names with each combination of its by-values, as `stats` does. An event without
/// the name or a by-field is in no group. `counts` are of the name's field and the by-fields.
#[inline]
pub fn add(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixTable,
    combiner: &mut Combiner,
    counts: &mut FieldCounts,
) {
    if add_plain_values(row, columns, list, combiner, counts).is_none() {
        add_all_values(row, columns, list, combiner, counts);
    }
}

/// The fast path. `None` if it does not apply; then nothing was counted.
fn add_plain_values(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixTable,
    combiner: &mut Combiner,
    counts: &mut FieldCounts,
) -> Option<()> {
    let name = row.only(columns.name).filter(|name| name.start < name.end)?;
    let mut by = [&b""[..]; MAX_BY];
    let by = by.get_mut(..columns.by.len())?;
    for (value, column) in by.iter_mut().zip(columns.by) {
        *value = Some(row.only(*column)?.as_bytes()).filter(|value| !value.is_empty())?;
    }
    // A missing column is an empty value. A cell that is not plain ends the fast path.
    let optional = |column: &Column| {
        if column.is_missing() { Some(&b""[..]) } else { row.only(*column).map(Slice::as_bytes) }
    };
    let time = optional(&columns.time)?;
    let mut record_type = &b""[..];
    for column in columns.record_types {
        if record_type.is_empty() {
            record_type = optional(column)?;
        }
    }
    let time = if time.is_empty() { None } else { time::parse(time) };
    let time = time.map(TimeRange::from).unwrap_or_default();
    let common_type =
        if record_type.is_empty() { CommonTypes::default() } else { CommonTypes::from_name(record_type)? };
    let query = Query { by_id: combiner.by_id(by), time, common_type };
    combiner.add(name, query, None, list);
    counts.add_complete();
    Some(())
}

/// The plain path.
fn add_all_values(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixTable,
    combiner: &mut Combiner,
    counts: &mut FieldCounts,
) {
    let names = distinct(row.values(columns.name));
    let by: Vec<Vec<Cow<'_, [u8]>>> = columns.by.iter().map(|column| distinct(row.values(*column))).collect();
    counts.add([&names].into_iter().chain(&by).map(|values| !values.is_empty()));
    let first = |column: &Column| row.values(*column).into_iter().next();
    let time = first(&columns.time).and_then(time::parse).map(TimeRange::from).unwrap_or_default();
    let record_type = columns.record_types.iter().find_map(first);
    let common_type = record_type.as_deref().and_then(CommonTypes::from_name);
    let rare_type = record_type.as_deref().filter(|_| common_type.is_none());
    let common_type = common_type.unwrap_or_default();
    for by in combinations(&by) {
        let query = Query { by_id: combiner.by_id(&by), time, common_type };
        for name in &names {
            combiner.add(Slice::whole(name), query, rare_type, list);
        }
    }
}

/// Every choice of one value from each of `fields`.
fn combinations<'v>(fields: &'v [Vec<Cow<'_, [u8]>>]) -> Vec<Vec<&'v [u8]>> {
    let mut combinations = vec![Vec::new()];
    for values in fields {
        let extended = combinations.iter().flat_map(|start: &Vec<&[u8]>| {
            values.iter().map(move |value| start.iter().copied().chain([value.as_ref()]).collect())
        });
        combinations = extended.collect();
    }
    combinations
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::aggregate::{Group, GroupKey, Groups, Limits};
    use crate::names::{ListName, Lists};
    use crate::rows::RowReader;

    type Add = fn(Row<'_>, &Columns<'_>, &SuffixTable, &mut Combiner, &mut FieldCounts);

    /// The groups of the events in `body`, and the counts of their fields.
    fn groups(body: &[u8], by: &[String], add: Add) -> (Vec<(GroupKey, Group)>, FieldCounts) {
        let lists = Lists::new(std::path::PathBuf::new());
        let list = lists.load(ListName::Mozilla);
        let mut counts = FieldCounts::default();
        let mut combiner = Combiner::default();
        let mut reader = RowReader::new(fields("query", by));
        let mut rows = reader.rows(body, true);
        let header = rows.header().expect("a header");
        let columns = Columns::new(&header.columns).expect("as many columns as fields");
        while let Some(row) = rows.next() {
            add(row, &columns, list, &mut combiner, &mut counts);
        }
        let mut groups = Groups::new(Limits::default());
        combiner.emit(Limits::default(), |partial| groups.merge(partial));
        let groups = groups.iter().map(|(key, group)| (key.clone(), group.clone())).collect();
        (groups, counts)
    }

    proptest! {
        #[test]
        fn the_fast_path_counts_what_the_plain_path_counts(
            rows in prop::collection::vec((
                "([a-c]\\.){0,2}(d|D)\\.com,|a\\.b\\.com,\\$a\\.b\\.com\\$;\\$a\\.b\\.com\\$|x,\\$a\\.b\\.com\\$;\\$c\\.b\\.com\\$|\"a.b.com\",\"\"|\"a,b.com\",|,|10\\.0\\.0\\.1,|x\\.(\\*|b\\|c|\u{c4}b|\\\\124|=)\\.com,",
                "[ab]|\"a b\"|\"a,b\"||\"\"|\u{e4}",
                ",|a,|b,\\$a\\$;\\$b\\$|a,\\$a\\$;\\$a\\$",
                "1|1627354345\\.934|2014-06-11T08:19:59\\.000-0700|now||\"5\"|\"6,7\"",
                "A|TXT|ODD|a||\"A\"|\"A\"\"\"",
                "MX|",
            ), 0..40),
            by in prop::sample::select(vec![vec![], vec!["src"], vec!["src", "dest"], vec!["absent"], vec!["src"; 9]]),
        ) {
            let by: Vec<String> = by.into_iter().map(str::to_owned).collect();
            let rows = rows.into_iter().map(|(name, src, dest, time, record_type, other_type)| {
                format!("{name},{src},{dest},{time},{record_type},{other_type}")
            });
            let header = "query,__mv_query,src,dest,__mv_dest,_time,record_type,qtype_name".to_owned();
            let body = [header].into_iter().chain(rows).collect::<Vec<_>>().join("\n");
            let plain = groups(body.as_bytes(), &by, add_all_values);
            prop_assert_eq!(groups(body.as_bytes(), &by, add), plain);
        }
    }
}
