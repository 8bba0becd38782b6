//! `urltoolbox`: URL Toolbox's functions as a streaming command; the compatible macros call it.
//!
//! `| urltoolbox ut_parse_extended url=query list=list` returns the same as the lookup `ut_parse_extended_lookup`, except that
//! an object becomes fields at once. URL Toolbox's macros do that with `spath`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::commands::missing_field::MissingFieldCheck;
use crate::commands::{App, distinct};
use crate::names::Lists;
use crate::protocol::arguments::{one_of, quoted};
use crate::protocol::session::{BodyChunk, Command};
use crate::protocol::{ArgumentErrors, Arguments, CommandInfo, CommandType, Level, UserMessage};
use crate::rows::{Column, ColumnAppender, Header, Output, Row, RowReader};
use crate::urltoolbox::{Function, Member, MemberName, Value};

/// The command's name in a search.
pub const NAME: &str = "urltoolbox";

/// The outputs that URL Toolbox's macros spread into fields.
const SPREAD: [&str; 2] = ["ut_subdomain_parts", "ut_suites"];

/// The most fields that an object is spread into; a DNS name has at most 127 labels.
const MAX_SPREAD: usize = 127;

struct UrlToolbox {
    call: Call,
    reader: RowReader,
    /// Writes the outputs that are the same in every chunk.
    appender: ColumnAppender,
}

/// A function with the fields that it reads.
struct Call {
    function: Function,
    /// Which of the function's outputs is JSON that is spread into fields.
    spread: Option<usize>,
    inputs: Vec<Input>,
    lists: Lists,
    /// Whether an object with more than [`MAX_SPREAD`] members was cut.
    cut: bool,
}

/// An input of the function, and the event's field that holds it.
struct Input {
    /// `None` for an option that the search does not give.
    field: Option<(String, MissingFieldCheck)>,
    needed: bool,
}

/// Reads the arguments of a search: the function's name, and an event's field for each field that it reads.
///
/// # Errors
///
/// Every argument that is wrong or missing.
pub fn open(mut arguments: Arguments, app: &App) -> Result<Box<dyn Command>, ArgumentErrors> {
    let names: Vec<String> = arguments.take_words(&[]).into_iter().map(|word| word.text).collect();
    let function = match names.as_slice() {
        [name] => Function::find(name),
        _ => None,
    };
    let Some(function) = function else {
        let known = Function::ALL.map(|function| function.name);
        let given = if names.is_empty() { "none".to_owned() } else { quoted(&names) };
        arguments.error(format!("expected one function, got {given}: use {}", one_of(&known)));
        let fields: BTreeSet<&str> = Function::ALL.into_iter().flat_map(Function::reads).collect();
        let fields: Vec<&str> = fields.into_iter().collect();
        for field in &fields {
            arguments.take(field);
        }
        return Err(arguments.finish(&fields).expect_err("a problem is noted"));
    };
    let mut inputs = Vec::new();
    for name in function.reads() {
        let needed = function.inputs.contains(&name);
        let field = arguments.take(name).filter(|field| !field.is_empty());
        if needed && field.is_none() {
            arguments.error(format!("{name}= is missing: give the field that holds it"));
        }
        inputs.push(Input {
            field: field.map(|field| (field.clone(), MissingFieldCheck::new(&field))),
            needed,
        });
    }
    let allowed: Vec<&str> = function.reads().collect();
    arguments.finish(&allowed)?;
    let spread = function.outputs.iter().position(|output| SPREAD.contains(output));
    let fields = inputs.iter().flat_map(|input| &input.field).map(|(field, _)| field.clone()).collect();
    let call = Call { function, spread, inputs, lists: app.lists(), cut: false };
    let appender = ColumnAppender::new(call.plain_outputs());
    Ok(Box::new(UrlToolbox { call, reader: RowReader::new(fields), appender }))
}

impl Command for UrlToolbox {
    fn info(&self) -> CommandInfo {
        let fields: BTreeSet<&String> =
            self.call.inputs.iter().flat_map(|input| &input.field).map(|(name, _)| name).collect();
        CommandInfo {
            command_type: CommandType::Streaming,
            generating: false,
            required_fields: Some(fields.into_iter().cloned().collect()),
            streaming_preop: None,
        }
    }

    fn execute(
        &mut self,
        chunk: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize {
        let consumed = match self.call.spread {
            None => self.answer(chunk, reply),
            // Only a complete chunk shows which fields its objects have.
            Some(_) if !chunk.end => 0,
            Some(_) => {
                self.answer_and_spread(chunk.bytes, reply);
                chunk.bytes.len()
            }
        };
        if chunk.end && chunk.last {
            messages.extend(self.call.warnings());
        }
        consumed
    }
}

impl UrlToolbox {
    fn answer(&mut self, chunk: BodyChunk<'_>, reply: &mut Vec<u8>) -> usize {
        let UrlToolbox { call, reader, appender } = self;
        let mut rows = reader.rows(chunk.bytes, chunk.end);
        appender.begin(chunk.bytes, rows.header(), reply);
        let columns = call.columns(rows.header());
        while let Some(row) = rows.next() {
            let answers = call.answer(row, &columns);
            push_all(&answers, appender.outputs(), &[]);
            appender.append(row, !answers.is_empty(), reply);
        }
        if chunk.end {
            appender.end();
        }
        rows.consumed()
    }

    /// The reply's header names every field that an object of the chunk has. So all answers come first, then the rows.
    fn answer_and_spread(&mut self, body: &[u8], reply: &mut Vec<u8>) {
        let UrlToolbox { call, reader, .. } = self;
        let mut rows = reader.rows(body, true);
        let columns = call.columns(rows.header());
        let mut answers = Vec::new();
        while let Some(row) = rows.next() {
            answers.push(call.answer(row, &columns));
        }
        let members = answers.iter().flatten().flat_map(|answer: &Answer| &answer.members);
        let spread: BTreeSet<MemberName> = members.map(|(name, _)| *name).collect();
        let spread: Vec<MemberName> = spread.into_iter().collect();
        let mut outputs = call.plain_outputs();
        outputs.extend(spread.iter().map(ToString::to_string));
        let mut appender = ColumnAppender::new(outputs);
        let mut rows = reader.rows(body, true);
        appender.begin(body, rows.header(), reply);
        let mut answers = answers.iter();
        while let (Some(row), Some(answers)) = (rows.next(), answers.next()) {
            push_all(answers, appender.outputs(), &spread);
            appender.append(row, !answers.is_empty(), reply);
        }
    }
}

impl Call {
    /// The column of each input; `None` for an option that the search does not give.
    fn columns(&self, header: Option<&Header>) -> Vec<Option<Column>> {
        let mut columns = header.into_iter().flat_map(|header| header.columns.iter().copied());
        self.inputs.iter().map(|input| input.field.as_ref().and_then(|_| columns.next())).collect()
    }

    /// The outputs that are not spread.
    fn plain_outputs(&self) -> Vec<String> {
        let outputs = self.function.outputs.iter().enumerate();
        outputs.filter(|(index, _)| Some(*index) != self.spread).map(|(_, name)| (*name).to_owned()).collect()
    }

    /// The function's answers for each distinct value of its first field; none if the event lacks a needed field.
    fn answer(&mut self, row: Row<'_>, columns: &[Option<Column>]) -> Vec<Answer> {
        let mut values: Vec<Vec<Cow<'_, [u8]>>> = Vec::new();
        let mut complete = true;
        for (input, column) in self.inputs.iter_mut().zip(columns) {
            let found = column.map(|column| distinct(row.values(column))).unwrap_or_default();
            if let Some((_, check)) = &mut input.field {
                check.note(!found.is_empty());
            }
            complete &= !input.needed || !found.is_empty();
            values.push(found);
        }
        let [first, others @ ..] = values.as_slice() else { return Vec::new() };
        if !complete {
            return Vec::new();
        }
        let others: Vec<&[u8]> =
            others.iter().map(|values| values.first().map_or(&b""[..], AsRef::as_ref)).collect();
        first.iter().map(|value| self.answer_value(value, &others)).collect()
    }

    fn answer_value(&mut self, first: &[u8], others: &[&[u8]]) -> Answer {
        let values: Vec<&[u8]> = [first].into_iter().chain(others.iter().copied()).collect();
        let mut values = self.function.compute(&values, &self.lists);
        let mut members = match self.spread.map(|index| values.remove(index)) {
            Some(Value::Object(members)) => members,
            // The value `None`: nothing to spread.
            _ => Vec::new(),
        };
        if members.len() > MAX_SPREAD {
            // The levels next to the domain come last.
            members.drain(..members.len() - MAX_SPREAD);
            self.cut = true;
        }
        Answer { values: values.into_iter().map(Value::into_cell).collect(), members }
    }

    fn warnings(&self) -> Vec<UserMessage> {
        let fields = self.inputs.iter().flat_map(|input| &input.field);
        let mut warnings: Vec<UserMessage> = fields.filter_map(|(_, check)| check.message()).collect();
        warnings.extend(crate::commands::warnings(self.lists.warnings()));
        if self.cut {
            let text = format!(
                "a name has more than {MAX_SPREAD} levels: the fields of those farthest from the domain were left out"
            );
            warnings.push(UserMessage(Level::Warn, text));
        }
        warnings
    }
}

/// Adds all answers of one event to `outputs`, the last of which are those of `spread`. A field of `spread` that only other
/// events have stays absent.
fn push_all(answers: &[Answer], outputs: &mut [Output], spread: &[MemberName]) {
    let (plain, members) = outputs.split_at_mut(outputs.len() - spread.len());
    for answer in answers {
        for (output, value) in plain.iter_mut().zip(&answer.values) {
            output.push(value);
        }
    }
    for (output, &name) in members.iter_mut().zip(spread) {
        if answers.iter().any(|answer| answer.member(name).is_some()) {
            for answer in answers {
                push_member(answer.member(name), output);
            }
        }
    }
}

fn push_member(member: Option<&Member>, output: &mut Output) {
    match member {
        Some(Member::Text(text)) => output.push(text.as_bytes()),
        Some(Member::Count(count)) => output.push(count.to_string().as_bytes()),
        None => output.push(b""),
    }
}

/// The function's outputs for one value.
struct Answer {
    values: Vec<Cow<'static, [u8]>>,
    /// The members of the object that is spread.
    members: Vec<(MemberName, Member)>,
}

impl Answer {
    fn member(&self, name: MemberName) -> Option<&Member> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, member)| member)
    }
}
