//! One event: from a row to the combiner.

use std::borrow::Cow;

use super::options::Options;
use super::{PARTIAL, RECORD_TYPES};
use crate::aggregate::{Combiner, CommonTypes, Query, TimeRange, time};
use crate::commands::distinct;
use crate::commands::missing_field::MissingFieldCheck;
use crate::names::SuffixTable;
use crate::rows::{Column, Row};
use crate::slice::Slice;

/// The most by-fields of an event that is added quickly.
const MOST_BY: usize = 8;

/// How many fields are read beside the by-fields.
const OWN: usize = RECORD_TYPES.len() + 3;

/// The fields that are read, in the order of the stream's columns: the name, the time, the record types, the partial
/// results, and the by-fields.
pub fn fields(options: &Options) -> Vec<String> {
    let own = [options.field.as_str(), "_time"].into_iter().chain(RECORD_TYPES).chain([PARTIAL]);
    own.map(str::to_owned).chain(options.by.iter().cloned()).collect()
}

/// Where the fields stand in a chunk.
pub struct Columns<'c> {
    pub name: Column,
    pub time: Column,
    pub record_types: &'c [Column],
    pub partial: Column,
    pub by: &'c [Column],
}

impl<'c> Columns<'c> {
    /// The columns of [`fields`].
    pub fn of(columns: &'c [Column]) -> Option<Columns<'c>> {
        let ([name, time, record_types @ .., partial], by) = columns.split_first_chunk::<OWN>()?;
        Some(Columns { name: *name, time: *time, record_types, partial: *partial, by })
    }
}

/// Counts one event with single values and a usual record type, which nearly all have. `None` where it is not such; then
/// nothing was counted.
pub fn add_quickly(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixTable,
    combiner: &mut Combiner,
    presence: &mut [MissingFieldCheck],
) -> Option<()> {
    let name = row.only(columns.name).filter(|name| !name.as_bytes().is_empty())?;
    let mut by = [&b""[..]; MOST_BY];
    let by = by.get_mut(..columns.by.len())?;
    for (by, column) in by.iter_mut().zip(columns.by) {
        *by = Some(row.only(*column)?.as_bytes()).filter(|value| !value.is_empty())?;
    }
    // Where the column is missing there is nothing; else a value that is not to be had is none of the easy ones.
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
    let time = if time.is_empty() { None } else { time::read(time) };
    let common_type =
        if record_type.is_empty() { CommonTypes::default() } else { CommonTypes::of(record_type)? };
    let query = Query {
        choice: combiner.choice(by),
        time: time.map(TimeRange::from).unwrap_or_default(),
        common_type,
    };
    combiner.add(name, query, None, list);
    for presence in presence {
        presence.note(true);
    }
    Some(())
}

/// Counts one event: each of its distinct names with each combination of its by-values, as `stats` does.
/// An event without the name or a by-field is in no group.
pub fn add(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixTable,
    combiner: &mut Combiner,
    presence: &mut [MissingFieldCheck],
) {
    let names = distinct(row.values(columns.name));
    let by: Vec<Vec<Cow<'_, [u8]>>> = columns.by.iter().map(|column| distinct(row.values(*column))).collect();
    for (presence, values) in presence.iter_mut().zip([&names].into_iter().chain(&by)) {
        presence.note(!values.is_empty());
    }
    let first = |column: &Column| row.values(*column).into_iter().next();
    let time = first(&columns.time).and_then(time::read).map(TimeRange::from).unwrap_or_default();
    let record_type = columns.record_types.iter().find_map(first);
    let common_type = record_type.as_deref().and_then(CommonTypes::of);
    let rare_type = record_type.as_deref().filter(|_| common_type.is_none());
    let common_type = common_type.unwrap_or_default();
    for by in combinations(&by) {
        let by: Vec<&[u8]> = by.iter().map(String::as_bytes).collect();
        let query = Query { choice: combiner.choice(&by), time, common_type };
        for name in &names {
            let name = Slice { bytes: name, start: 0, end: name.len() };
            combiner.add(name, query, rare_type, list);
        }
    }
}

/// Every choice of one value from each of `fields`.
fn combinations(fields: &[Vec<Cow<'_, [u8]>>]) -> Vec<Vec<String>> {
    let mut combinations = vec![Vec::new()];
    for values in fields {
        combinations = combinations
            .iter()
            .flat_map(|start| {
                values.iter().map(move |value| {
                    let mut combination = start.clone();
                    combination.push(String::from_utf8_lossy(value).into_owned());
                    combination
                })
            })
            .collect();
    }
    combinations
}
