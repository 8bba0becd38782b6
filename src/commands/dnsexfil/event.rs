//! One event: from a row to the combiner.
//!
//! [`add`] has a fast path for events whose fields have one plain value each and whose record type is common: nearly all
//! events. It reads cells as slices of the chunk and allocates nothing. At the first field that is not so it steps aside, before it
//! has counted anything, and the plain path reads the event from its start. The property test below compares both; run
//! it after a change. The fast path may only skip work, never decide differently.

use std::borrow::Cow;

use super::record_type::{self, TypeColumn};
use super::weight;
use crate::aggregate::{Combiner, FieldCounts, Query, TimeRange, time};
use crate::commands::distinct;
use crate::names::SuffixTable;
use crate::rows::{Column, Row};
use crate::slice::Slice;

/// The column of partial results. Its name does not begin with `_`, as such fields may be left behind on a peer.
pub const PARTIAL: &str = "dnsexfil_partial";

/// The most by-fields of an event on the fast path.
const MAX_BY: usize = 8;

/// The fields that are read.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'o> {
    /// The DNS name.
    pub name: &'o str,
    /// To group by.
    pub by: &'o [String],
    /// Whose values are shown.
    pub shown: &'o [String],
    /// How many queries an event is.
    pub weight: Option<&'o str>,
}

impl Fields<'_> {
    /// Their names, in the order that [`Fields::columns`] expects.
    pub fn names(&self) -> Vec<String> {
        let listed = self.by.iter().chain(self.shown).map(String::as_str);
        let names = [self.name].into_iter().chain(listed).chain(self.weight).chain(["_time", PARTIAL]);
        names.map(str::to_owned).chain(record_type::fields().map(str::to_owned)).collect()
    }

    /// Their columns in a chunk; `None` for any other number of columns than there are names.
    pub fn columns<'c>(&self, columns: &'c [Column]) -> Option<Columns<'c>> {
        let (name, rest) = columns.split_first()?;
        let (by, rest) = rest.split_at_checked(self.by.len())?;
        let (shown, rest) = rest.split_at_checked(self.shown.len())?;
        let (weight, rest) = rest.split_at_checked(usize::from(self.weight.is_some()))?;
        let ([time, partial], record_types) = rest.split_first_chunk()?;
        let shown = if shown.iter().all(|column| column.is_missing()) { &[] } else { shown };
        let weight = weight.first().copied().unwrap_or_default();
        let record_types = TypeColumn::all(record_types);
        Some(Columns { name: *name, by, shown, weight, time: *time, record_types, partial: *partial })
    }
}

/// The columns of the fields in a chunk.
#[derive(Debug, Clone)]
pub struct Columns<'c> {
    name: Column,
    by: &'c [Column],
    /// Empty if the chunk has none of them.
    shown: &'c [Column],
    weight: Column,
    time: Column,
    /// Those that the chunk has.
    record_types: Vec<TypeColumn>,
    /// Partial results.
    pub partial: Column,
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
    let optional = |column: Column| {
        if column.is_missing() { Some(&b""[..]) } else { row.only(column).map(Slice::as_bytes) }
    };
    let time = optional(columns.time)?;
    let weight = optional(columns.weight)?;
    let common_types = record_type::common_of_event(row, &columns.record_types)?;
    let time = if time.is_empty() { None } else { time::parse(time) };
    let time = time.map(TimeRange::from).unwrap_or_default();
    let weight = if weight.is_empty() { None } else { weight::parse(weight) };
    let query = Query { by_id: combiner.by_id(by), time, common_types, weight };
    let name = combiner.add(name, query, None, list);
    if !columns.shown.is_empty() {
        show(row, columns.shown, combiner, name, query.by_id);
    }
    counts.add_complete(weight.is_some());
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
    let mut names = distinct(row.values(columns.name));
    let by: Vec<Vec<Cow<'_, [u8]>>> = columns.by.iter().map(|column| distinct(row.values(*column))).collect();
    let weight = weight::of(row.values(columns.weight));
    counts.add([&names].into_iter().chain(&by).map(|values| !values.is_empty()), weight.is_some());
    let time = row.values(columns.time).into_iter().next();
    let time = time.and_then(time::parse).map(TimeRange::from).unwrap_or_default();
    let record_types = record_type::of_event(row, &columns.record_types);
    for by in combinations(&by) {
        let query = Query { by_id: combiner.by_id(&by), time, common_types: record_types.common(), weight };
        // A value that is not a name counts once, not with each combination.
        names.retain(|name| {
            let name = combiner.add(Slice::whole(name), query, record_types.rare(), list);
            show(row, columns.shown, combiner, name, query.by_id);
            combiner.is_name(name)
        });
    }
}

/// Keeps the values of the fields that are shown with the group of a name.
fn show(row: Row<'_>, columns: &[Column], combiner: &mut Combiner, name: u32, by_id: u32) {
    if columns.is_empty() {
        return;
    }
    let Some(shown) = combiner.shown(name, by_id) else { return };
    for (field, column) in columns.iter().enumerate() {
        match row.only(*column) {
            Some(value) => shown.insert(field, value.as_bytes()),
            None => row.values(*column).iter().for_each(|value| shown.insert(field, value)),
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
        let shown = ["process".to_owned(), "user".to_owned()];
        let fields = Fields { name: "query", by, shown: &shown, weight: Some("count") };
        let mut reader = RowReader::new(fields.names());
        let mut rows = reader.rows(body, true);
        let header = rows.header().expect("a header");
        let columns = fields.columns(&header.columns).expect("as many columns as fields");
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
                "A|TXT|ODD|a||\"A\"|\"A\"\"\"|28|65399|-|A;TXT|1 \\(A\\)",
                "MX|16|DNSKEY|odd|unknown|",
                "|3|3\\.0|0|\"2\"|x|99999999999|\" 4 \"",
                "||a|\"a,b\"|x\u{e4}",
                ",|u,|v,\\$u\\$;\\$v\\$",
            ), 0..40),
            by in prop::sample::select(vec![vec![], vec!["src"], vec!["src", "dest"], vec!["absent"], vec!["src"; 9]]),
        ) {
            let by: Vec<String> = by.into_iter().map(str::to_owned).collect();
            let rows = rows.into_iter().map(|(name, src, dest, time, record_type, other_type, count, process, user)| {
                format!("{name},{src},{dest},{time},{record_type},{other_type},{count},{process},{user}")
            });
            let header = "query,__mv_query,src,dest,__mv_dest,_time,record_type,qtype_name,count,process,user,__mv_user".to_owned();
            let body = [header].into_iter().chain(rows).collect::<Vec<_>>().join("\n");
            let plain = groups(body.as_bytes(), &by, add_all_values);
            prop_assert_eq!(groups(body.as_bytes(), &by, add), plain);
        }
    }
}
