//! What the map phase sends of a group: a partial aggregate and its wire form.
//!
//! A row of partial results is one text: a version, a colon, and base64 of postcard messages, one partial aggregate after
//! another. A text form with names and numbers would take longer to write than the work itself. Peers can run an older copy
//! of the app for a while after an upgrade, hence the version. Other versions wrote this form too, or JSON with a
//! `version`. A row of another kind has the [`FieldCounts`] of a chunk, as plain numbers, and one more its [`OtherValues`].

use data_encoding::BASE64_NOPAD;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use super::field_counts::FieldCounts;
use super::other_values::OtherValues;
use super::record_types::RecordTypes;
use super::shown::ShownValues;
use super::subdomain::{Measured, Moments};
use super::tally::Tally;
use super::time::TimeRange;

/// A part of the queries of one group. A chunk sends one or several for each of its groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartialAggregate<'p> {
    /// The registrable domain in ASCII, or `(none)`.
    pub domain: &'p str,
    /// One value for each by-field.
    #[serde(borrow)]
    pub by: Vec<&'p str>,
    /// Queries for the domain itself.
    pub bare: Tally,
    /// When there were queries.
    pub seen: TimeRange,
    /// The record types asked for.
    pub record_types: RecordTypes,
    /// The values of the fields that are shown.
    pub shown: ShownValues,
    /// The queries for each name with a subdomain.
    #[serde(borrow)]
    pub names: Vec<NameQueries<'p>>,
    /// The queries for names beyond the limit, if there are too many names.
    pub overflow: Option<Box<Overflow>>,
}

impl PartialAggregate<'_> {
    /// Forgets all queries. The group stays.
    pub fn clear(&mut self) {
        let PartialAggregate { domain: _, by: _, bare, seen, record_types, shown, names, overflow } = self;
        *bare = Tally::default();
        *seen = TimeRange::default();
        *record_types = RecordTypes::default();
        *shown = ShownValues::default();
        names.clear();
        *overflow = None;
    }
}

/// The queries for one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameQueries<'p> {
    /// How many queries there are.
    pub queries: Tally,
    /// The subdomain.
    #[serde(borrow)]
    pub name: PartialName<'p>,
}

/// A subdomain, in the shorter of two forms that the reduce phase can merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartialName<'p> {
    /// The text as it was typed, for names that may be shown as samples.
    #[serde(borrow)]
    Text(&'p Bytes),
    /// What the reduce phase would have to measure, for all other names.
    Measured(Measured),
}

/// Names beyond the limit, those with the greatest hashes: only their totals are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// The limit.
    pub limit: usize,
    /// Sums over the queries for the names beyond it.
    pub moments: Moments,
}

impl Overflow {
    /// No queries yet.
    pub fn new(limit: usize) -> Box<Overflow> {
        Box::new(Overflow { limit, moments: Moments::default() })
    }
}

/// The version of this form. A text of another version is refused.
const VERSION: u32 = 4;
/// The start of a text of this version.
const PREFIX: &str = "4:";
/// The start of a text with the counts of a chunk: `4f:<events>;<complete>;<unweighed>;<count of the first field>;…`.
const COUNTS_PREFIX: &str = "4f:";
/// The start of a text with the values of a chunk that are not names, as base64 of a postcard message.
const OTHERS_PREFIX: &str = "4o:";
/// A text ends when its messages have at least this many bytes.
const FULL_BYTES: usize = 2048;

/// Why a partial result cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartialError {
    /// Another version of the app made it.
    #[error("a search peer runs another version of this app (partial results of version {0}, not {VERSION})")]
    Version(u32),
    /// It is damaged, or something else.
    #[error("a partial result cannot be read")]
    Broken,
}

/// Writes partial aggregates as rows of one column.
#[derive(Debug, Default)]
pub struct PartialWriter {
    messages: Vec<u8>,
}

impl PartialWriter {
    /// Adds a partial aggregate, and appends a row to `rows` once there is enough for one. A row needs no quotes in CSV.
    pub fn write(&mut self, partial: &PartialAggregate<'_>, rows: &mut Vec<u8>) {
        let messages = std::mem::take(&mut self.messages);
        self.messages = postcard::to_extend(partial, messages).expect("memory takes every write");
        if self.messages.len() >= FULL_BYTES {
            self.end(rows);
        }
    }

    /// Appends a row with the rest, if there is any.
    pub fn end(&mut self, rows: &mut Vec<u8>) {
        if self.messages.is_empty() {
            return;
        }
        rows.extend_from_slice(PREFIX.as_bytes());
        let start = rows.len();
        rows.resize(start + BASE64_NOPAD.encode_len(self.messages.len()), 0);
        BASE64_NOPAD.encode_mut(&self.messages, &mut rows[start..]);
        rows.push(b'\n');
        self.messages.clear();
    }
}

/// Appends a row with the counts of a chunk that has `fields` fields.
pub fn write_counts(counts: &FieldCounts, fields: usize, rows: &mut Vec<u8>) {
    let incomplete = (0..fields).map(|index| counts.with_field(index) - counts.complete);
    let numbers: Vec<String> = [counts.events, counts.complete, counts.unweighed]
        .into_iter()
        .chain(incomplete)
        .map(|number| number.to_string())
        .collect();
    rows.extend_from_slice(format!("{COUNTS_PREFIX}{}\n", numbers.join(";")).as_bytes());
}

/// Appends a row with the values of a chunk that are not names.
pub fn write_others(others: &OtherValues, rows: &mut Vec<u8>) {
    let message = postcard::to_extend(others, Vec::new()).expect("memory takes every write");
    rows.extend_from_slice(format!("{OTHERS_PREFIX}{}\n", BASE64_NOPAD.encode(&message)).as_bytes());
}

/// What a text of partial results holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Messages, from which [`parse`] reads partial aggregates.
    Aggregates(Vec<u8>),
    /// The counts of a chunk.
    Counts(FieldCounts),
    /// The values of a chunk that are not names.
    Others(OtherValues),
}

/// Decodes a text.
///
/// # Errors
///
/// The text has another version, or is not a partial result.
pub fn decode(text: &[u8]) -> Result<Content, PartialError> {
    if let Some(messages) = text.strip_prefix(PREFIX.as_bytes()) {
        return BASE64_NOPAD.decode(messages).map(Content::Aggregates).map_err(|_| PartialError::Broken);
    }
    if let Some(message) = text.strip_prefix(OTHERS_PREFIX.as_bytes()) {
        let message = BASE64_NOPAD.decode(message).map_err(|_| PartialError::Broken)?;
        return postcard::from_bytes(&message).map(Content::Others).map_err(|_| PartialError::Broken);
    }
    let numbers = text.strip_prefix(COUNTS_PREFIX.as_bytes()).ok_or_else(|| other_version(text))?;
    let numbers: Option<Vec<u64>> = std::str::from_utf8(numbers)
        .ok()
        .and_then(|text| text.split(';').map(|number| number.parse().ok()).collect());
    match numbers.as_deref() {
        Some([events, complete, unweighed, incomplete @ ..])
            if complete <= events && unweighed <= complete =>
        {
            Ok(Content::Counts(FieldCounts {
                events: *events,
                complete: *complete,
                unweighed: *unweighed,
                incomplete: incomplete.to_vec(),
            }))
        }
        _ => Err(PartialError::Broken),
    }
}

/// The partial aggregates in `messages`.
///
/// # Errors
///
/// One of them cannot be read; then none counts.
pub fn parse(messages: &[u8]) -> Result<Vec<PartialAggregate<'_>>, PartialError> {
    let mut partials = Vec::new();
    let mut rest = messages;
    while !rest.is_empty() {
        let (partial, after) = postcard::take_from_bytes(rest).map_err(|_| PartialError::Broken)?;
        partials.push(partial);
        rest = after;
    }
    Ok(partials)
}

/// Why a text does not have this version.
#[cold]
fn other_version(text: &[u8]) -> PartialError {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let text = String::from_utf8_lossy(text);
    let version =
        text.split_once(':').and_then(|(start, _)| start.trim_end_matches(char::is_alphabetic).parse().ok());
    let version = version.or_else(|| Some(serde_json::from_str::<Versioned>(&text).ok()?.version));
    version.map_or(PartialError::Broken, PartialError::Version)
}
