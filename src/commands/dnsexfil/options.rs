//! The options of `dnsexfil`.

use std::collections::HashSet;

use super::columns::is_column;
use super::event;
use crate::aggregate::Limits;
use crate::aggregate::group::MAX_SAMPLES;
use crate::commands::{App, take_field, take_list};
use crate::names::{ListName, SuffixTable};
use crate::protocol::{ArgumentErrors, Arguments};

/// The command's name in a search.
pub const NAME: &str = "dnsexfil";

const OPTIONS: [&str; 8] = ["field", "by", "list", "limit", "min_score", "allowlist", "samples", "phase"];

/// The phase that a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// On a search peer: events in, partial results out.
    Map,
    /// On the search head: events and partial results in, the table out.
    Reduce,
}

/// The options of a search.
pub struct Options {
    /// The field that holds the DNS name.
    pub field: String,
    /// The fields to group by, beside the domain.
    pub by: Vec<String>,
    /// The list of suffixes that split names.
    pub list: ListName,
    /// The most rows of the table.
    pub limit: usize,
    /// Rows with a lower score are left out.
    pub min_score: u8,
    /// Whether the allowlist applies.
    pub allowlist: bool,
    /// The most names in `samples`.
    pub samples: usize,
    /// The phase.
    pub phase: Phase,
}

impl Options {
    /// The options of a search, and the suffixes that they name.
    ///
    /// # Errors
    ///
    /// Every argument that is wrong, and a custom suffix list that cannot be read.
    pub fn parse(mut arguments: Arguments, app: &App) -> Result<(Options, SuffixTable), ArgumentErrors> {
        let (field, by) = take_fields(&mut arguments);
        let (list, table) = take_list(&mut arguments, app);
        let limit = take_number(&mut arguments, "limit", 1..=1_000_000).unwrap_or(10_000);
        let min_score = take_number(&mut arguments, "min_score", 0..=100).unwrap_or(0);
        let samples = take_number(&mut arguments, "samples", 0..=MAX_SAMPLES).unwrap_or(3);
        let booleans =
            [("true", true), ("false", false), ("t", true), ("f", false), ("1", true), ("0", false)];
        let allowlist = arguments.take_choice("allowlist", &booleans).unwrap_or(true);
        let phases = [("map", Phase::Map), ("reduce", Phase::Reduce)];
        let phase = arguments.take_choice("phase", &phases).unwrap_or(Phase::Reduce);
        arguments.finish(&OPTIONS)?;
        let min_score = u8::try_from(min_score).unwrap_or(100);
        Ok((Options { field, by, list, limit, min_score, allowlist, samples, phase }, table))
    }

    /// The limits of memory for these options.
    pub fn limits(&self) -> Limits {
        Limits { samples: self.samples, ..Limits::default() }
    }

    /// The fields that the reduce phase reads, each once.
    pub fn required_fields(&self) -> Vec<String> {
        let mut fields = event::fields(&self.field, &self.by);
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.clone()));
        fields
    }

    /// The map phase as a pipeline for the search peers.
    ///
    /// A map run cannot set `required_fields`, as its rows are not those of the events. So `fields` narrows the events. It
    /// keeps `_raw`, which is most of an event, unless that is removed explicitly. It keeps partial results, as splunkd may
    /// run the whole pipeline twice.
    pub fn streaming_preop(&self) -> String {
        let fields: Vec<String> = self.required_fields().iter().map(|field| quoted(field)).collect();
        let without_raw = if fields.iter().any(|field| field == "_raw") { "" } else { " | fields - _raw" };
        let by: Vec<String> = self.by.iter().map(|field| quoted(field)).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(" ")) };
        format!(
            "fields {}{without_raw} | {NAME} {}{by} list={} samples={} phase=map",
            fields.join(", "),
            quoted(&self.field),
            self.list.as_str(),
            self.samples
        )
    }
}

/// A field's name, quoted for a search if it needs quotes.
fn quoted(field: &str) -> String {
    let plain = field.chars().all(|c| c.is_ascii_alphanumeric() || "_.{}:".contains(c));
    if plain && !field.eq_ignore_ascii_case("by") { field.to_owned() } else { format!("\"{field}\"") }
}

/// The field, and the by-fields after the word `by`, separated by white space or commas.
fn take_fields(arguments: &mut Arguments) -> (String, Vec<String>) {
    let words = arguments.take_fields();
    let by_at = words.iter().position(|word| word.eq_ignore_ascii_case("by"));
    let (words, by) = match by_at {
        Some(at) => (words[..at].to_vec(), words[at + 1..].to_vec()),
        None => (words, Vec::new()),
    };
    let field = take_field(arguments, words, " (fields to group by come after 'by')");
    let mut by: Vec<String> =
        by.into_iter().chain(arguments.take("by")).flat_map(|words| split_list(&words)).collect();
    let mut seen = HashSet::new();
    by.retain(|field| seen.insert(field.clone()));
    if by_at.is_some() && by.is_empty() {
        arguments.error("'by' must be followed by at least one field".to_owned());
    }
    for name in by.iter().chain([&field]) {
        if name.is_empty() || name.contains('*') || name.contains('"') {
            arguments.error(format!("'{name}' is not a field name: wildcards and quotes are not allowed"));
        }
    }
    for name in by.iter().filter(|name| is_column(name)) {
        arguments.error(format!(
            "'{name}' is a column of the table: leave it out after 'by', or rename the field"
        ));
    }
    (field, by)
}

fn split_list(words: &str) -> Vec<String> {
    words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn take_number(
    arguments: &mut Arguments,
    name: &str,
    allowed: std::ops::RangeInclusive<usize>,
) -> Option<usize> {
    let value = arguments.take(name)?;
    let number = value.trim().parse().ok().filter(|number| allowed.contains(number));
    if number.is_none() {
        arguments.error(format!(
            "{name}={value} is out of range: use a number from {} to {}",
            allowed.start(),
            allowed.end()
        ));
    }
    number
}
