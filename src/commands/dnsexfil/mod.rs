//! `dnsexfil`: who is leaking what, where, and how sure we are.
//!
//! A reporting command. On the search peers its map phase (`phase=map`, put there by splunkd through
//! `streaming_preop`) turns each chunk of events into partial results, one row for each group; on the search head the
//! reduce phase merges events, partial results or both into the table. The preop is an optimisation that splunkd may
//! leave out or repeat, and the table is the same.

mod options;
mod table;

use std::borrow::Cow;
use std::collections::HashSet;

use self::options::{Options, Phase};
use crate::commands::presence::Presence;
use crate::commands::{App, distinct};
use crate::exfil::allowlist::Allowlist;
use crate::exfil::group::Query;
use crate::exfil::{Groups, Key, partial, time};
use crate::names::{Host, Lists, Name, SuffixList};
use crate::protocol::rows::{Column, Row, RowStream, Writer};
use crate::protocol::session::{Command, Piece};
use crate::protocol::{Arguments, CommandInfo, CommandType, Level, Refusal, UserMessage};

pub use self::options::NAME;

/// The column of partial results. Its name does not begin with `_`: such fields may be left behind on a peer.
const PARTIAL: &str = "dnsexfil_partial";
/// Where sources keep the record type.
const RECORD_TYPES: [&str; 3] = ["record_type", "query_type", "qtype_name"];

struct DnsExfil {
    options: Options,
    rows: RowStream,
    lists: Lists,
    allowlist: Allowlist,
    groups: Groups,
    /// The name's field, then the by-fields.
    presence: Vec<Presence>,
    /// Why the first partial result that was passed over was, and how many were.
    unreadable: Option<(partial::PartialError, u64)>,
}

/// Reads the arguments of a search.
///
/// # Errors
///
/// Every argument that is wrong, and a lookup file of the user's that cannot be read.
pub fn open(arguments: Arguments, app: &App) -> Result<Box<dyn Command>, Refusal> {
    let (options, lists) = Options::read(arguments, app)?;
    let allowlist = match (options.phase, options.allowlist) {
        (Phase::Reduce, true) => Allowlist::read(&app.lookups),
        _ => Ok(Allowlist::default()),
    };
    let allowlist = allowlist.map_err(|problem| Refusal { command: NAME, problems: vec![problem] })?;
    let presence = [&options.field].into_iter().chain(&options.by).map(|field| Presence::of(field)).collect();
    let groups = Groups::new(options.limits());
    let rows = RowStream::new(fields(&options));
    Ok(Box::new(DnsExfil { options, rows, lists, allowlist, groups, presence, unreadable: None }))
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

    fn execute(&mut self, piece: Piece<'_>, reply: &mut Vec<u8>, messages: &mut Vec<UserMessage>) -> usize {
        let taken = self.take_in(piece.bytes, piece.whole);
        if !piece.whole {
            return taken;
        }
        match self.options.phase {
            Phase::Map => {
                let mut writer = Writer::new(reply);
                writer.row([PARTIAL.as_bytes()].into_iter());
                for (key, group) in self.groups.take() {
                    writer.row([partial::write(&key, &group).as_bytes()].into_iter());
                }
            }
            Phase::Reduce if piece.last => table::write(&self.groups, &self.options, &self.allowlist, reply),
            Phase::Reduce => {}
        }
        if piece.last {
            messages.extend(self.warnings());
        }
        taken
    }
}

/// The fields that are read, in the order of the stream's columns: the name, the time, the record types, the partial
/// results, and the by-fields.
fn fields(options: &Options) -> Vec<String> {
    let own = [options.field.as_str(), "_time"].into_iter().chain(RECORD_TYPES).chain([PARTIAL]);
    own.map(str::to_owned).chain(options.by.iter().cloned()).collect()
}

/// Where the fields stand in a chunk.
struct Columns<'c> {
    name: Column,
    time: Column,
    record_types: &'c [Column],
    partial: Column,
    by: &'c [Column],
}

impl<'c> Columns<'c> {
    /// The columns of [`fields`].
    fn of(columns: &'c [Column]) -> Option<Columns<'c>> {
        let (own, by) = columns.split_at_checked(RECORD_TYPES.len() + 3)?;
        let [name, time, record_types @ .., partial] = own else { return None };
        Some(Columns { name: *name, time: *time, record_types, partial: *partial, by })
    }
}

impl DnsExfil {
    fn take_in(&mut self, body: &[u8], whole: bool) -> usize {
        let DnsExfil { rows, lists, options, groups, presence, unreadable, .. } = self;
        rows.read(body, whole, |header, row| {
            let Some(columns) = Columns::of(&header.columns) else { return };
            let partials = row.values(columns.partial);
            for text in &partials {
                match partial::read(&String::from_utf8_lossy(text)) {
                    Ok((key, group)) => groups.merge(key, &group),
                    Err(error) => unreadable.get_or_insert((error, 0)).1 += 1,
                }
            }
            // Read before the search where it can fail; see `take_list`.
            if partials.is_empty()
                && let Ok(list) = lists.load(options.list)
            {
                add_event(row, &columns, list, groups, presence);
            }
        })
    }

    fn warnings(&self) -> Vec<UserMessage> {
        let mut warnings: Vec<UserMessage> = self.presence.iter().filter_map(Presence::warning).collect();
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

/// Adds one event: each of its distinct names to the group of each combination of its by-values, as `stats` does.
/// An event without the name or a by-field is in no group.
fn add_event(
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
            let key = Key { domain: String::from_utf8_lossy(&domain).into_owned(), by: by.clone() };
            groups.add(key, query);
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
