//! `dnsexfil`: who is leaking what, where, and how sure we are.
//!
//! A reporting command. On the search peers its map phase (`phase=map`, put there by splunkd through
//! `streaming_preop`) turns each chunk of events into partial results; on the search head the reduce phase merges
//! events, partial results or both into the table. The preop is an optimisation that splunkd may leave out or repeat,
//! and the table is the same.

mod allowlist;
mod event;
mod options;
mod table;

use std::collections::HashSet;

use self::allowlist::Allowlist;
use self::options::{Options, Phase};
use crate::aggregate::{Combiner, Groups, wire as partial};
use crate::commands::App;
use crate::commands::missing_field::MissingFieldCheck;
use crate::names::Lists;
use crate::protocol::session::{BodyChunk, Command};
use crate::protocol::{ArgumentErrors, Arguments, CommandInfo, CommandType, Level, UserMessage};
use crate::rows::RowReader;

pub use self::options::NAME;

/// The column of partial results. Its name does not begin with `_`: such fields may be left behind on a peer.
const PARTIAL: &str = "dnsexfil_partial";
/// Where sources keep the record type.
const RECORD_TYPES: [&str; 3] = ["record_type", "query_type", "qtype_name"];

struct DnsExfil {
    options: Options,
    rows: RowReader,
    lists: Lists,
    allowlist: Allowlist,
    /// The events of the chunk.
    combiner: Combiner,
    /// In the reduce phase: events of all chunks before, and partial results.
    groups: Groups,
    writer: partial::Writer,
    /// The name's field, then the by-fields.
    presence: Vec<MissingFieldCheck>,
    /// Why the first partial result that was passed over was, and how many were.
    unreadable: Option<(partial::PartialError, u64)>,
}

/// Reads the arguments of a search.
///
/// # Errors
///
/// Every argument that is wrong, and a lookup file of the user's that cannot be read.
pub fn open(arguments: Arguments, app: &App) -> Result<Box<dyn Command>, ArgumentErrors> {
    let (options, lists) = Options::read(arguments, app)?;
    let allowlist = match (options.phase, options.allowlist) {
        (Phase::Reduce, true) => Allowlist::read(&app.lookups),
        _ => Ok(Allowlist::default()),
    };
    let allowlist = allowlist.map_err(|problem| ArgumentErrors { errors: vec![problem] })?;
    let presence =
        [&options.field].into_iter().chain(&options.by).map(|field| MissingFieldCheck::of(field)).collect();
    let groups = Groups::new(options.limits());
    let rows = RowReader::new(event::fields(&options));
    Ok(Box::new(DnsExfil {
        options,
        rows,
        lists,
        allowlist,
        combiner: Combiner::default(),
        groups,
        writer: partial::Writer::default(),
        presence,
        unreadable: None,
    }))
}

impl Command for DnsExfil {
    fn info(&self) -> CommandInfo {
        let extra: Vec<&str> = ["_time"].into_iter().chain(RECORD_TYPES).collect();
        match self.options.phase {
            // Its rows are not the events', so they cannot be merged by `_chunked_idx`.
            Phase::Map => CommandInfo {
                command_type: CommandType::Streaming,
                required_fields: None,
                streaming_preop: None,
            },
            Phase::Reduce => {
                let mut required = vec![self.options.field.clone()];
                required.extend(self.options.by.iter().cloned());
                required.extend(extra.iter().chain(&[PARTIAL]).map(ToString::to_string));
                let mut seen = HashSet::new();
                required.retain(|field| seen.insert(field.clone()));
                CommandInfo {
                    command_type: CommandType::Reporting,
                    required_fields: Some(required),
                    streaming_preop: Some(self.options.streaming_preop(&extra)),
                }
            }
        }
    }

    fn execute(
        &mut self,
        piece: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize {
        if self.options.phase == Phase::Map && reply.is_empty() {
            reply.extend_from_slice(PARTIAL.as_bytes());
            reply.push(b'\n');
        }
        let taken = self.take_in(piece.bytes, piece.end, reply);
        if !piece.end {
            return taken;
        }
        hand_over(&mut self.combiner, self.options.phase, &mut self.groups, &mut self.writer, reply);
        match self.options.phase {
            Phase::Map => self.writer.end(reply),
            Phase::Reduce if piece.last => table::write(&self.groups, &self.options, &self.allowlist, reply),
            Phase::Reduce => {}
        }
        if piece.last {
            messages.extend(self.warnings());
        }
        taken
    }
}

impl DnsExfil {
    fn take_in(&mut self, body: &[u8], whole: bool, reply: &mut Vec<u8>) -> usize {
        let DnsExfil { rows, lists, options, combiner, groups, writer, presence, unreadable, .. } = self;
        // Read before the search where it can fail; see `take_list`.
        let Ok(list) = lists.load(options.list) else { return body.len() };
        rows.read(body, whole, |header, row| {
            let Some(columns) = event::Columns::of(&header.columns) else { return };
            if !columns.partial.is_missing() {
                let partials = row.values(columns.partial);
                for text in &partials {
                    if let Err(error) = take_partial(text, options.phase, groups, reply) {
                        unreadable.get_or_insert((error, 0)).1 += 1;
                    }
                }
                if !partials.is_empty() {
                    return;
                }
            }
            if event::add_quickly(row, &columns, list, combiner, presence).is_none() {
                event::add(row, &columns, list, combiner, presence);
            }
            if combiner.is_full() {
                hand_over(combiner, options.phase, groups, writer, reply);
            }
        })
    }

    fn warnings(&self) -> Vec<UserMessage> {
        let mut warnings: Vec<UserMessage> =
            self.presence.iter().filter_map(MissingFieldCheck::warning).collect();
        let mut warn = |text: String| warnings.push(UserMessage(Level::Warn, text));
        if self.groups.dropped() > 0 {
            warn(format!(
                "{} groups with the least information were dropped for lack of memory: search a shorter time, filter \
                 known domains before {NAME}, or group by fewer fields",
                self.groups.dropped()
            ));
        }
        if let Some((error, count)) = &self.unreadable {
            warn(format!("{count} partial results were passed over: {error}"));
        }
        warnings
    }
}

/// Empties the combiner: in the map phase into rows, in the reduce phase into the groups.
#[inline(never)] // its code would slow down the loop over rows, which hardly ever comes here
fn hand_over(
    combiner: &mut Combiner,
    phase: Phase,
    groups: &mut Groups,
    writer: &mut partial::Writer,
    reply: &mut Vec<u8>,
) {
    let limits = groups.limits();
    match phase {
        Phase::Map => combiner.take_parts(limits, |part| writer.write(part, reply)),
        Phase::Reduce => combiner.take_parts(limits, |part| groups.merge(part)),
    }
}

/// Merges a partial result; the map phase, if splunkd runs it twice, passes it on.
fn take_partial(
    text: &[u8],
    phase: Phase,
    groups: &mut Groups,
    reply: &mut Vec<u8>,
) -> Result<(), partial::PartialError> {
    let messages = partial::decode(text)?;
    let parts = partial::read(&messages)?;
    match phase {
        Phase::Map => {
            reply.extend_from_slice(text);
            reply.push(b'\n');
        }
        Phase::Reduce => parts.iter().for_each(|part| groups.merge(part)),
    }
    Ok(())
}
