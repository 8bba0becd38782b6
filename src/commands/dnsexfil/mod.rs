//! `dnsexfil`: who leaks what, to which domain, and how sure that is.
//!
//! A reporting command. On the search peers its map phase (`phase=map`, which splunkd adds through `streaming_preop`)
//! turns each chunk of events into partial results. On the search head the reduce phase merges events, partial results
//! or both into the table. The preop is an optimisation: splunkd may leave it out or repeat it, and the table is the
//! same.

mod allowlist;
mod columns;
mod event;
mod options;
mod record_type;
mod table;
mod weight;

use jiff::Timestamp;

use self::allowlist::Allowlist;
use self::options::{Options, Phase};
use self::weight::Weight;
use crate::aggregate::partial::{self, Content, PartialError, PartialWriter};
use crate::aggregate::{Combiner, FieldCounts, Groups, OtherValues};
use crate::commands::missing_field::grouped;
use crate::commands::{App, warnings};
use crate::names::SuffixTable;
use crate::protocol::session::{BodyChunk, Command};
use crate::protocol::{ArgumentErrors, Arguments, CommandInfo, CommandType, Level, UserMessage};
use crate::rows::RowReader;

pub use self::options::NAME;

struct DnsExfil {
    options: Options,
    reader: RowReader,
    list: SuffixTable,
    allowlist: Allowlist,
    /// The events of the chunk.
    combiner: Combiner,
    /// In the reduce phase: the events of earlier chunks, and partial results.
    groups: Groups,
    writer: PartialWriter,
    /// Of the name's field, then of the by-fields: in the map phase of the chunk, in the reduce phase of the search.
    counts: FieldCounts,
    /// The values that are not names, likewise.
    others: OtherValues,
    /// The number of partial results that could not be read, with the first error.
    unreadable: Option<(PartialError, u64)>,
    /// About the files that users edit. Only the search head warns of them.
    file_warnings: Vec<UserMessage>,
}

/// Reads the arguments of a search.
///
/// # Errors
///
/// Every argument that is wrong.
pub fn open(arguments: Arguments, app: &App) -> Result<Box<dyn Command>, ArgumentErrors> {
    let (options, list, mut file_warnings) = Options::parse(arguments, app)?;
    let mut allowlist = Allowlist::default();
    match options.phase {
        Phase::Map => file_warnings.clear(),
        Phase::Reduce if options.allowlist => {
            let problems;
            (allowlist, problems) = Allowlist::load(&app.lookups, Timestamp::now());
            file_warnings.extend(warnings(problems));
        }
        Phase::Reduce => {}
    }
    let groups = Groups::new(options.limits());
    let reader = RowReader::new(options.fields().names());
    Ok(Box::new(DnsExfil {
        options,
        reader,
        list,
        allowlist,
        combiner: Combiner::default(),
        groups,
        writer: PartialWriter::default(),
        counts: FieldCounts::default(),
        others: OtherValues::default(),
        unreadable: None,
        file_warnings,
    }))
}

impl Command for DnsExfil {
    fn info(&self) -> CommandInfo {
        match self.options.phase {
            // Its rows are not those of the events, so splunkd cannot merge them by `_chunked_idx`.
            Phase::Map => CommandInfo {
                command_type: CommandType::Streaming,
                generating: false,
                required_fields: None,
                streaming_preop: None,
            },
            Phase::Reduce => CommandInfo {
                command_type: CommandType::Reporting,
                generating: false,
                required_fields: Some(self.options.required_fields()),
                streaming_preop: Some(self.options.streaming_preop()),
            },
        }
    }

    fn execute(
        &mut self,
        chunk: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize {
        if self.options.phase == Phase::Map && reply.is_empty() {
            reply.extend_from_slice(event::PARTIAL.as_bytes());
            reply.push(b'\n');
        }
        let taken = self.take_in(chunk.bytes, chunk.end, reply);
        if !chunk.end {
            return taken;
        }
        hand_over(&mut self.combiner, self.options.phase, &mut self.groups, &mut self.writer, reply);
        self.others.merge(&self.combiner.take_others());
        match self.options.phase {
            Phase::Map => {
                self.writer.end(reply);
                let counts = std::mem::take(&mut self.counts);
                if counts.events > 0 {
                    partial::write_counts(&counts, 1 + self.options.by.len(), reply);
                }
                let others = std::mem::take(&mut self.others);
                if !others.is_empty() {
                    partial::write_others(&others, reply);
                }
            }
            Phase::Reduce if chunk.last => {
                if self.rows_weigh() {
                    self.groups.weigh();
                }
                let DnsExfil { groups, list, options, allowlist, .. } = self;
                groups.gather(list, |key| table::mute(key, options, allowlist).is_some());
                table::write(groups, options, allowlist, reply);
            }
            Phase::Reduce => {}
        }
        if chunk.last {
            messages.extend(self.warnings());
        }
        taken
    }
}

impl DnsExfil {
    fn take_in(&mut self, body: &[u8], end: bool, reply: &mut Vec<u8>) -> usize {
        let DnsExfil { reader, list, options, combiner, groups, writer, counts, others, unreadable, .. } =
            self;
        let mut rows = reader.rows(body, end);
        let Some(columns) = rows.header().and_then(|header| options.fields().columns(&header.columns)) else {
            return rows.consumed();
        };
        while let Some(row) = rows.next() {
            if !columns.partial.is_missing() {
                let partials = row.values(columns.partial);
                for text in &partials {
                    if let Err(error) = take_partial(text, options.phase, groups, counts, others, reply) {
                        unreadable.get_or_insert((error, 0)).1 += 1;
                    }
                }
                if !partials.is_empty() {
                    continue;
                }
            }
            event::add(row, &columns, list, combiner, counts);
            if combiner.is_full() {
                hand_over(combiner, options.phase, groups, writer, reply);
            }
        }
        rows.consumed()
    }

    /// Whether each row counts as many times as it weighs. Only the end of the search knows it.
    fn rows_weigh(&self) -> bool {
        match self.options.weight {
            Weight::Automatic => self.counts.unweighed == 0,
            Weight::Off => false,
            Weight::Field(_) => true,
        }
    }

    /// How many rows do not say how many queries they are, if the search names the field that says so.
    fn unweighed(&self) -> Option<String> {
        let FieldCounts { complete, unweighed, .. } = self.counts;
        let (Weight::Field(field), Phase::Reduce) = (&self.options.weight, self.options.phase) else {
            return None;
        };
        let rows = if unweighed == complete {
            format!("any of the {} rows", grouped(complete))
        } else {
            format!("{} of {} rows", grouped(unweighed), grouped(complete))
        };
        (unweighed > 0).then(|| {
            format!("the field '{field}' is not a positive whole number in {rows}: each of them counts as one query")
        })
    }

    /// The warnings for the end of the search. Only the reduce phase knows all of it.
    fn warnings(&self) -> Vec<UserMessage> {
        let mut warnings = self.why_empty();
        warnings.extend(self.unweighed());
        if self.groups.dropped() > 0 {
            warnings.push(format!(
                "memory is short: {} groups with the least information were dropped. Search a shorter time range, filter \
                 known domains before {NAME}, or group by fewer fields",
                self.groups.dropped()
            ));
        }
        if let Some((error, count)) = &self.unreadable {
            warnings.push(format!("{count} partial results were ignored: {error}"));
        }
        let mut warnings: Vec<UserMessage> =
            warnings.into_iter().map(|text| UserMessage(Level::Warn, text)).collect();
        if self.options.phase == Phase::Reduce {
            let hint = "name the field that holds the DNS name";
            warnings.extend(self.others.unreadable.message(Level::Warn, &self.options.field, hint));
        }
        warnings.extend_from_slice(&self.file_warnings);
        warnings
    }

    /// Why events have made no group, if that is so. A field that is missing is missing in all events of the search: a group
    /// is made only of events that have all fields.
    fn why_empty(&self) -> Vec<String> {
        let Options { field, by, phase, .. } = &self.options;
        let is_empty = self.groups.iter().next().is_none() && self.groups.dropped() == 0;
        if *phase == Phase::Map || self.counts.events == 0 || !is_empty || self.unreadable.is_some() {
            return Vec::new();
        }
        if self.counts.complete > 0 {
            let all_addresses =
                if self.others.unreadable.count() == 0 { ", as all are IP addresses" } else { "" };
            return vec![format!(
                "no value of the field '{field}' is a DNS name{all_addresses}: name the field that holds the DNS name"
            )];
        }
        let fields: Vec<&String> = [field].into_iter().chain(by).collect();
        let missing = fields.iter().enumerate().filter(|(index, _)| self.counts.with_field(*index) == 0);
        let missing: Vec<String> = missing.map(|(_, field)| missing_field(field)).collect();
        if missing.is_empty() {
            let quoted: Vec<String> = fields.iter().map(|field| format!("'{field}'")).collect();
            return vec![format!(
                "no event has all of the fields {}: group by fewer fields",
                quoted.join(", ")
            )];
        }
        missing
    }
}

fn missing_field(field: &str) -> String {
    let hint =
        if field.contains([',', ' ']) { " (quotes make one field of a list: leave them out)" } else { "" };
    format!("no event has the field '{field}': check the name{hint}")
}

/// Empties the combiner: into rows in the map phase, into the groups in the reduce phase.
#[inline(never)] // its code would slow down the loop over rows, which hardly ever comes here
fn hand_over(
    combiner: &mut Combiner,
    phase: Phase,
    groups: &mut Groups,
    writer: &mut PartialWriter,
    reply: &mut Vec<u8>,
) {
    let limits = groups.limits();
    match phase {
        Phase::Map => combiner.emit(limits, |partial| writer.write(partial, reply)),
        Phase::Reduce => combiner.emit(limits, |partial| groups.merge(partial)),
    }
}

/// Merges a partial result. The map phase passes it on, as splunkd may run that phase twice.
fn take_partial(
    text: &[u8],
    phase: Phase,
    groups: &mut Groups,
    counts: &mut FieldCounts,
    others: &mut OtherValues,
    reply: &mut Vec<u8>,
) -> Result<(), PartialError> {
    let content = partial::decode(text)?;
    let partials = match &content {
        Content::Aggregates(messages) => partial::parse(messages)?,
        Content::Counts(_) | Content::Others(_) => Vec::new(),
    };
    match (phase, &content) {
        (Phase::Map, _) => {
            reply.extend_from_slice(text);
            reply.push(b'\n');
        }
        (Phase::Reduce, Content::Counts(of_chunk)) => counts.merge(of_chunk),
        (Phase::Reduce, Content::Others(of_chunk)) => others.merge(of_chunk),
        (Phase::Reduce, Content::Aggregates(_)) => partials.iter().for_each(|partial| groups.merge(partial)),
    }
    Ok(())
}
