//! `dnsentropy`: the fields of each DNS name and the entropy of its subdomain.
//!
//! A streaming command, so splunkd runs it on the search peers and each row stands on its own.

mod fields;

use std::collections::HashSet;

use self::fields::{Field, FieldSet, Mode};
use crate::commands::missing_field::MissingFieldCheck;
use crate::commands::{App, distinct, quoted_names, take_list};
use crate::names::ordinary::OrdinaryName;
use crate::names::{ListName, Lists};
use crate::protocol::arguments::one_of;
use crate::protocol::session::{BodyChunk, Command};
use crate::protocol::{ArgumentErrors, Arguments, CommandInfo, CommandType, UserMessage};
use crate::rows::append::Compute;
use crate::rows::ascii_cells::ROOM;
use crate::rows::reader::Header;
use crate::rows::{AsciiCells, ColumnAppender, Output, Row};
use crate::slice::Slice;

/// The command's name in a search.
pub const NAME: &str = "dnsentropy";

const OPTIONS: [&str; 5] = ["field", "list", "prefix", "fields", "mode"];

struct DnsEntropy {
    field: String,
    extension: ColumnAppender,
    measure: Measure,
}

/// What becomes of a row.
struct Measure {
    mode: Mode,
    fields: Vec<Field>,
    /// The same, if they are had quickly from an ordinary name.
    quick: Option<FieldSet>,
    list: ListName,
    lists: Lists,
    presence: MissingFieldCheck,
}

/// Reads the arguments of a search.
///
/// # Errors
///
/// Every argument that is wrong, and a custom suffix list that cannot be read.
pub fn open(mut arguments: Arguments, app: &App) -> Result<Box<dyn Command>, ArgumentErrors> {
    let field = take_field(&mut arguments);
    let mode = arguments.take_choice("mode", &Mode::ALL).unwrap_or(Mode::Name);
    let prefix = take_prefix(&mut arguments);
    let (names, fields): (Vec<&str>, Vec<Field>) =
        take_parts(&mut arguments, mode, &prefix).into_iter().unzip();
    let outputs: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    if outputs.contains(&field) {
        arguments.error(format!(
            "the output '{field}' would replace the field that is read: choose another prefix="
        ));
    }
    let lists = app.lists();
    if mode == Mode::Shannon && arguments.has("list") {
        arguments.error("mode=shannon splits nothing: leave list= out".to_owned());
    }
    let list = take_list(&mut arguments, &lists);
    arguments.finish(&OPTIONS)?;
    let quick = FieldSet::of(mode, &fields);
    let measure = Measure { quick, mode, fields, list, lists, presence: MissingFieldCheck::of(&field) };
    Ok(Box::new(DnsEntropy { extension: ColumnAppender::new(vec![field.clone()], outputs), field, measure }))
}

fn take_field(arguments: &mut Arguments) -> String {
    let mut fields = arguments.take_fields();
    fields.extend(arguments.take("field"));
    fields.dedup();
    if fields.len() > 1 {
        arguments.error(format!("one field is read, not several: give {}", quoted_names(&fields)));
    }
    let field = fields.into_iter().next().unwrap_or_else(|| "query".to_owned());
    if field.is_empty() || field.contains('*') || field.starts_with("__mv_") || field == "_chunked_idx" {
        arguments.error(format!("field={field} names no field: give the one that holds the DNS name"));
    }
    field
}

fn take_prefix(arguments: &mut Arguments) -> String {
    let prefix = arguments.take("prefix").unwrap_or_else(|| "ut_".to_owned());
    if prefix.starts_with('_') || prefix.contains(|c: char| c.is_control() || "\"$,".contains(c)) {
        arguments.error(format!(
            "prefix={} makes no field names: it must not begin with '_' nor hold commas, quotes or '$'",
            prefix.escape_debug()
        ));
    }
    prefix
}

/// The outputs that `fields=` picks, in the order of [`FIELDS`].
fn take_parts(arguments: &mut Arguments, mode: Mode, prefix: &str) -> Vec<(&'static str, Field)> {
    let allowed = mode.fields();
    let Some(fields) = arguments.take("fields") else {
        return mode.default_parts();
    };
    let mut picked = HashSet::new();
    let named = |field: &str| allowed.iter().map(|(name, _)| *name).find(|name| *name == field);
    for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let bare = [Some(field), field.strip_prefix(prefix), field.strip_prefix("ut_")];
        if field == "all" {
            picked.extend(allowed.iter().map(|(name, _)| *name));
        } else if let Some(name) = bare.into_iter().flatten().find_map(named) {
            picked.insert(name);
        } else {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).chain(["all"]).collect();
            arguments.error(format!("fields={field} is unknown: use {}", one_of(&names)));
        }
    }
    if fields.replace(',', "").trim().is_empty() {
        arguments.error("fields= picks no output: name at least one, or leave it out".to_owned());
    }
    allowed.into_iter().filter(|(name, _)| picked.contains(name)).collect()
}

impl Command for DnsEntropy {
    fn info(&self) -> CommandInfo {
        CommandInfo {
            command_type: CommandType::Streaming,
            required_fields: Some(vec![self.field.clone()]),
            streaming_preop: None,
        }
    }

    fn execute(
        &mut self,
        piece: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize {
        let taken = self.extension.take(piece.bytes, piece.end, reply, &mut self.measure);
        if piece.end && piece.last {
            messages.extend(self.measure.presence.warning());
        }
        taken
    }
}

impl Compute for Measure {
    fn row(&mut self, header: &Header, row: Row<'_>, outputs: &mut [Output]) -> bool {
        let values = distinct(row.values(header.columns[0]));
        self.presence.note(!values.is_empty());
        // Read here for the first row; a list that cannot be had was refused before the search.
        let Ok(list) = self.lists.load(self.list) else { return false };
        for value in &values {
            self.mode.measure(value, list, &self.fields, outputs);
        }
        !values.is_empty()
    }

    fn key<'r>(&self, header: &Header, row: Row<'r>) -> Option<Slice<'r>> {
        row.only(header.columns[0])
    }

    fn quick(&mut self, key: Slice<'_>, room: &mut [u8; ROOM]) -> Option<usize> {
        let (fields, list) = (self.quick?, self.lists.loaded(self.list)?);
        let name = OrdinaryName::split(key, list)?;
        self.presence.note(true);
        let mut tail = AsciiCells::new(room);
        fields.write(key.bytes, &name, &mut tail);
        Some(tail.length())
    }
}
