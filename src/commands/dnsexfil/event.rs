//! One event: from a row to the groups.

use std::borrow::Cow;

use super::options::Options;
use super::{PARTIAL, RECORD_TYPES};
use crate::commands::distinct;
use crate::commands::presence::Presence;
use crate::exfil::group::Query;
use crate::exfil::{Groups, KeyRef, time};
use crate::names::quick::{MOST, QuickName};
use crate::names::{Host, Name, SuffixList};
use crate::protocol::rows::{Column, Row};

/// The most by-fields of an event that is added quickly.
const MOST_BY: usize = 8;

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
        let (own, by) = columns.split_at_checked(RECORD_TYPES.len() + 3)?;
        let [name, time, record_types @ .., partial] = own else { return None };
        Some(Columns { name: *name, time: *time, record_types, partial: *partial, by })
    }
}

/// Adds one event with single values, ASCII ones, and an ordinary name, which nearly all have. `None` where it is not
/// such; then nothing was added.
pub fn add_quickly(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixList,
    groups: &mut Groups,
    presence: &mut [Presence],
) -> Option<()> {
    let name = row.only(columns.name)?;
    let parts = QuickName::split(name.bytes, name.start, name.end, list)?;
    let mut by = [&b""[..]; MOST_BY];
    let by = by.get_mut(..columns.by.len())?;
    for (value, column) in by.iter_mut().zip(columns.by) {
        *value = Some(row.only(*column)?.value()).filter(|value| !value.is_empty() && value.is_ascii())?;
    }
    let optional = |column: Column| match row.only(column) {
        Some(value) => Some(Some(value.value()).filter(|value| !value.is_empty())),
        // Where the column is missing there is nothing; else the value is none of the easy ones.
        None if column.is_missing() => Some(None),
        None => None,
    };
    let time = optional(columns.time)?;
    let mut record_type = None;
    for column in columns.record_types {
        record_type = record_type.or(optional(*column)?);
    }

    let mut lower = [0; MOST];
    let domain = lower.get_mut(..parts.end - parts.domain)?;
    domain.copy_from_slice(&name.bytes[parts.domain..parts.end]);
    domain.make_ascii_lowercase();
    let (from, to) = parts.subdomain();
    let query = Query {
        subdomain: (from < to).then(|| &name.bytes[from..to]),
        domain,
        time: time.and_then(time::read),
        record_type: record_type.map(std::str::from_utf8).transpose().ok()?,
    };
    groups.add(KeyRef { domain, by }, query);
    for presence in presence {
        presence.note(true);
    }
    Some(())
}

/// Adds one event: each of its distinct names to the group of each combination of its by-values, as `stats` does.
/// An event without the name or a by-field is in no group.
pub fn add(
    row: Row<'_>,
    columns: &Columns<'_>,
    list: &SuffixList,
    groups: &mut Groups,
    presence: &mut [Presence],
) {
    let names = distinct(row.values(columns.name));
    let by: Vec<Vec<Cow<'_, [u8]>>> = columns.by.iter().map(|column| distinct(row.values(*column))).collect();
    for (presence, values) in presence.iter_mut().zip([&names].into_iter().chain(&by)) {
        presence.note(!values.is_empty());
    }
    let first = |column: &Column| {
        row.values(*column).first().map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let time = first(&columns.time).and_then(|time| time::read(&time));
    let record_type = columns.record_types.iter().find_map(first);
    let combinations = combinations(&by);
    for name in &names {
        let Host::Name(text) = Host::read(name) else { continue };
        let name = Name::split(&text, list);
        let Some(domain) = name.domain() else { continue };
        let query =
            Query { subdomain: name.subdomain(), domain: &domain, time, record_type: record_type.as_deref() };
        for by in &combinations {
            let by: Vec<&[u8]> = by.iter().map(String::as_bytes).collect();
            groups.add(KeyRef { domain: String::from_utf8_lossy(&domain).as_bytes(), by: &by }, query);
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
