//! `dnsentropy`: the parts of each DNS name and the entropy of its subdomain.
//!
//! A streaming command: splunkd runs it on the search peers, and each row is independent of the others.

mod answer_cache;
mod answers;
mod fields;
mod values;

use std::collections::HashSet;

use self::answers::Answers;
use self::fields::{Field, Mode};
use crate::commands::missing_field::MissingFieldCheck;
use crate::commands::unreadable::UnreadableValues;
use crate::commands::{App, distinct, take_field, take_list};
use crate::protocol::arguments::one_of;
use crate::protocol::session::{BodyChunk, Command};
use crate::protocol::{ArgumentErrors, Arguments, CommandInfo, CommandType, Level, UserMessage};
use crate::rows::{ColumnAppender, RowReader};
use crate::slice::Slice;

/// The command's name in a search.
pub const NAME: &str = "dnsentropy";

const OPTIONS: [&str; 5] = ["field", "list", "prefix", "fields", "mode"];

/// What `fields=` takes for every output.
const ALL: &str = "all";

struct DnsEntropy {
    field: String,
    reader: RowReader,
    appender: ColumnAppender,
    answers: Answers,
    missing_field: MissingFieldCheck,
    unreadable: UnreadableValues,
    /// About the user's own suffixes.
    list_warnings: Vec<UserMessage>,
}

/// Reads the arguments of a search.
///
/// # Errors
///
/// Every argument that is wrong.
pub fn open(mut arguments: Arguments, app: &App) -> Result<Box<dyn Command>, ArgumentErrors> {
    let mode = arguments.take_choice("mode", &Mode::ALL).unwrap_or(Mode::Name);
    let prefix = take_prefix(&mut arguments);
    let (names, fields): (Vec<&str>, Vec<Field>) =
        take_outputs(&mut arguments, mode, &prefix).into_iter().unzip();
    let field = take_name_field(&mut arguments);
    let outputs: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    if outputs.contains(&field) {
        arguments.error(format!(
            "the output '{field}' would replace the field that is read: choose another prefix="
        ));
    }
    if mode == Mode::Shannon && arguments.has("list") {
        arguments.error(
            "list= is not allowed with mode=shannon, which does not split the value: leave it out".to_owned(),
        );
    }
    let (_, list, list_warnings) = take_list(&mut arguments, app);
    arguments.finish(&OPTIONS)?;
    Ok(Box::new(DnsEntropy {
        reader: RowReader::new(vec![field.clone()]),
        appender: ColumnAppender::new(outputs),
        answers: Answers::new(mode, fields, list),
        missing_field: MissingFieldCheck::new(&field),
        unreadable: UnreadableValues::default(),
        list_warnings,
        field,
    }))
}

fn take_name_field(arguments: &mut Arguments) -> String {
    let words = arguments.take_words(&OPTIONS);
    let field = take_field(arguments, &words, " (a list of outputs goes in quotes: fields=\"domain,score\")");
    if field.is_empty() || field.contains('*') || field.starts_with("__mv_") || field == "_chunked_idx" {
        arguments.error(format!(
            "field={field} is not a field name: name the field that holds the DNS name, without wildcards"
        ));
    }
    field
}

fn take_prefix(arguments: &mut Arguments) -> String {
    let prefix = arguments.take("prefix").unwrap_or_else(|| "ut_".to_owned());
    if prefix.starts_with('_') || prefix.contains(|c: char| c.is_control() || "\"$,".contains(c)) {
        arguments.error(format!(
            "prefix={} is not allowed: field names must not begin with '_' nor hold commas, quotes or '$'",
            prefix.escape_debug()
        ));
    }
    prefix
}

/// The outputs that `fields=` picks, in the order of their columns.
fn take_outputs(arguments: &mut Arguments, mode: Mode, prefix: &str) -> Vec<(&'static str, Field)> {
    let allowed = mode.fields();
    let named = |field: &str| -> Option<&'static str> {
        let bare = [Some(field), field.strip_prefix(prefix), field.strip_prefix("ut_")];
        let output =
            |bare: &str| allowed.iter().map(|(name, _)| *name).chain([ALL]).find(|name| *name == bare);
        bare.into_iter().flatten().find_map(output)
    };
    let Some(fields) = arguments.take_list("fields", |word| named(word).is_some()) else {
        return mode.default_fields();
    };
    // No output's name has a comma, so single quotes may hold the whole list.
    let fields: Vec<&str> = fields
        .iter()
        .flat_map(|field| field.split(','))
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .collect();
    let mut picked = HashSet::new();
    for field in &fields {
        match named(field) {
            Some(ALL) => picked.extend(allowed.iter().map(|(name, _)| *name)),
            Some(name) => {
                picked.insert(name);
            }
            None => {
                let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).chain([ALL]).collect();
                arguments.error(format!("fields={field} is unknown: use {}", one_of(&names)));
            }
        }
    }
    if fields.is_empty() {
        arguments.error("fields= is empty: name at least one output, or leave it out".to_owned());
    }
    allowed.into_iter().filter(|(name, _)| picked.contains(name)).collect()
}

/// What the user can do about unreadable values.
fn hint(mode: Mode) -> &'static str {
    match mode {
        Mode::Url => "name the field that holds the URL or DNS name",
        Mode::Name | Mode::Shannon => "name the field that holds the DNS name, or use mode=url for URLs",
    }
}

impl Command for DnsEntropy {
    fn info(&self) -> CommandInfo {
        CommandInfo {
            command_type: CommandType::Streaming,
            generating: false,
            required_fields: Some(vec![self.field.clone()]),
            streaming_preop: None,
        }
    }

    fn execute(
        &mut self,
        chunk: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize {
        let DnsEntropy { reader, appender, answers, missing_field, unreadable, .. } = self;
        let mut rows = reader.rows(chunk.bytes, chunk.end);
        appender.begin(chunk.bytes, rows.header(), reply);
        if let Some(header) = rows.header() {
            let column = header.columns[0];
            while let Some(row) = rows.next() {
                if let Some(value) = row.only(column)
                    && appender.copy(row, reply)
                {
                    missing_field.note(value.start < value.end);
                    if !answers.append(value, true, appender, reply) {
                        unreadable.note(value.as_bytes());
                    }
                    appender.end_row(reply);
                } else if let Some(values) = row.few(column)
                    && answers.append_few(row, &values, appender, reply)
                {
                    missing_field.note(true);
                } else {
                    let values = distinct(row.values(column));
                    missing_field.note(!values.is_empty());
                    if let [value] = &*values
                        && appender.copy(row, reply)
                    {
                        if !answers.append_rarely(Slice::whole(value), false, appender, reply) {
                            unreadable.note(value);
                        }
                        appender.end_row(reply);
                    } else {
                        answers.write(&values, appender.outputs(), unreadable);
                        appender.append(row, !values.is_empty(), reply);
                    }
                }
            }
        }
        if chunk.end {
            appender.end();
        }
        if chunk.end && chunk.last {
            messages.extend(missing_field.message());
            messages.extend(unreadable.message(Level::Info, &self.field, hint(self.answers.mode())));
            messages.append(&mut self.list_warnings);
        }
        rows.consumed()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::values::write_value;
    use super::*;
    use crate::names::{ListName, Lists};
    use crate::rows::{CsvRows, Outputs, reference};

    const MODES: [(&str, Mode); 3] = Mode::ALL;

    fn command(words: &[&str]) -> Box<dyn Command> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let app = App { lookups: PathBuf::new() };
        open(Arguments::parse(&words, &words), &app).expect("allowed words")
    }

    /// The reply to `body`, which arrives in pieces of `size` bytes.
    fn reply(command: &mut dyn Command, body: &[u8], size: usize) -> Vec<u8> {
        let (mut reply, mut taken, mut arrived, mut end) = (Vec::new(), 0, 0, false);
        while !end {
            arrived = (arrived + size).min(body.len());
            end = arrived == body.len();
            let chunk = BodyChunk { bytes: &body[taken..arrived], end, last: false };
            taken += command.execute(chunk, &mut reply, &mut Vec::new());
        }
        reply
    }

    /// The same without scan, cache and fast path to values.
    fn by_reference(body: &[u8], mode: Mode) -> Vec<u8> {
        let lists = Lists::new(PathBuf::new());
        let list = lists.load(ListName::Mozilla);
        let (names, fields): (Vec<&str>, Vec<Field>) = mode.fields().into_iter().unzip();
        let names: Vec<String> = names.iter().map(|name| format!("ut_{name}")).collect();
        let column = CsvRows::new(body).column("query");
        let mut reply = Vec::new();
        reference::extend(body, &names, &mut reply, |row, outputs| {
            let values = distinct(row.values(column));
            for value in &values {
                write_value(value, mode, list, &fields, &mut Outputs::new(outputs));
            }
            !values.is_empty()
        });
        reply
    }

    proptest! {
        #[test]
        fn replies_equal_the_reference(
            rows in prop::collection::vec(
                "([a-c]{1,2}|[A-Za-z0-9]{1,40})(\\.[a-z]{1,3}){0,2}\\.(com|co\\.uk|dk)[.]?,(1|)?(,x)?|\"[a-z.\n,\"\"]{0,9}\",,|\
                 a\\.com,\\$a\\.com\\$;\\$a\\.com\\$,|a\\.com,\\$a\\.com\\$;\\$b\\.com\\$,1|,,|\
                 a\\.com,\\$[a\u{c4}]{1,2}\\.com[.]?\\$(;\\$(a|x\"\"y|1\\.2\\.3\\.4|[a-c]{0,2}\\.co\\.uk)\\$){1,2},1|\
                 x,\"\\$[a\u{c4}]\\.com\\$;\\$[ab,]\\.com\\$\",|a[\r\"]\\.com,,|a\\.com\r?|\"a\"\"b\\.com\",,1,2|\\PC{0,12},,|[a-z:/@.0-9]{0,20},,|\
                 [a-c]{0,2}\\.?[a-z|*'=\\\\\u{c4}\u{93f}\u{2764} -]{1,8}\\.(com|co\\.uk|dk),,",
                0..30),
            header in prop::sample::select(vec!["query,__mv_query,x", "\"query\",__mv_query,ut_domain", "query", "x,query,__mv_query", "query,__mv_query,x\r"]),
            size in 1_usize..400,
        ) {
            let body = format!("{header}\n{}\n", rows.join("\n")).into_bytes();
            for (name, mode) in MODES {
                let reference = by_reference(&body, mode);
                let mut command = command(&["query", "fields=all", &format!("mode={name}")]);
                // Several chunks, so that the cache has answers.
                for _ in 0..4 {
                    let reply = reply(command.as_mut(), &body, size);
                    prop_assert_eq!(String::from_utf8_lossy(&reply), String::from_utf8_lossy(&reference));
                }
            }
        }
    }
}
