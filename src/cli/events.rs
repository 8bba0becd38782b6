//! Files of DNS events: NDJSON or CSV, as Splunk exports them, or tab-separated logs of Zeek.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Error;

/// An event: its fields, each with its values. Fields of nested JSON have paths such as `dns.question.name`.
pub type DnsEvent = BTreeMap<String, Vec<String>>;

/// Reads all events of `file`: NDJSON if its first character is `{`, a log of Zeek if it is `#`, otherwise CSV with a
/// header line.
///
/// A line of NDJSON is an event, or an object with the event under `result`, as Splunk exports it.
///
/// # Errors
///
/// The file cannot be read, or one of its lines is not an event; the error names the line.
pub fn load(file: &Path) -> Result<Vec<DnsEvent>, Error> {
    let bytes = fs::read(file).map_err(|error| Error::Read { file: file.to_owned(), error })?;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let events = match first {
        Some(b'{') => read_ndjson(&bytes),
        Some(b'#') => read_zeek(&bytes),
        _ => read_csv(&bytes),
    };
    events.map_err(|(line, problem)| Error::Events { file: file.to_owned(), line, problem })
}

fn read_ndjson(bytes: &[u8]) -> Result<Vec<DnsEvent>, (u64, String)> {
    let mut events = Vec::new();
    for (line, number) in bytes.split(|&byte| byte == b'\n').zip(1..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut object: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| (number, json_problem(&error)))?;
        let fields = match object.remove("result") {
            Some(Value::Object(result)) => result,
            _ => object,
        };
        let mut event = DnsEvent::new();
        fields.into_iter().for_each(|(name, value)| add(&mut event, &path(&name), value));
        events.push(event);
    }
    Ok(events)
}

/// What is wrong with a line of NDJSON. `serde_json` adds a place to its message, in which the line is always 1.
fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let problem = text.strip_suffix(&place).unwrap_or(&text);
    format!("column {} is not valid in a JSON object: {problem}", error.column().max(1))
}

/// The path of a field that Splunk calls `name`: without the `{}` that it writes after an array.
pub fn path(name: &str) -> String {
    name.replace("{}", "")
}

/// Adds the values of a JSON value: the members of objects under longer paths, the items of arrays under the same one.
fn add(event: &mut DnsEvent, path: &str, value: Value) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            members.into_iter().for_each(|(name, member)| add(event, &format!("{path}.{name}"), member));
        }
        Value::Array(items) => items.into_iter().for_each(|item| add(event, path, item)),
        Value::String(text) => event.entry(path.to_owned()).or_default().push(text),
        other => event.entry(path.to_owned()).or_default().push(other.to_string()),
    }
}

/// Reads a log of Zeek: the line `#fields` names the columns, and a tab separates cells.
fn read_zeek(bytes: &[u8]) -> Result<Vec<DnsEvent>, (u64, String)> {
    let mut columns: Vec<String> = Vec::new();
    let mut events = Vec::new();
    for (line, number) in String::from_utf8_lossy(bytes).lines().zip(1..) {
        if let Some(names) = line.strip_prefix("#fields\t") {
            columns = names.split('\t').map(str::to_owned).collect();
        } else if !line.starts_with('#') && !line.is_empty() {
            let cells: Vec<&str> = line.split('\t').collect();
            if cells.len() != columns.len() {
                let (found, expected) = (cells.len(), columns.len());
                return Err((number, format!("the number of cells is {found}, but #fields has {expected}")));
            }
            let cells = columns.iter().zip(cells).filter(|(_, cell)| !matches!(*cell, "-" | "(empty)" | ""));
            events.push(cells.map(|(name, cell)| (name.clone(), vec![cell.to_owned()])).collect());
        }
    }
    Ok(events)
}

/// Reads CSV. Splunk writes the values of a multivalue field as the lines of one cell.
fn read_csv(bytes: &[u8]) -> Result<Vec<DnsEvent>, (u64, String)> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let problem = |error: csv::Error| (line_of(error.position(), bytes), csv_problem(&error));
    let header = reader.headers().map_err(problem)?.clone();
    let mut events = Vec::new();
    for record in reader.records() {
        let record = record.map_err(problem)?;
        let cells = header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        events.push(
            cells.map(|(name, cell)| (path(name), cell.lines().map(str::to_owned).collect())).collect(),
        );
    }
    Ok(events)
}

/// The line, from 1, in which the row at `position` begins. The crate's own count stops before blank lines.
fn line_of(position: Option<&csv::Position>, bytes: &[u8]) -> u64 {
    let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
    let (before, row) = bytes.split_at(start.min(bytes.len()));
    let blank = row.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let lines = before.iter().chain(blank).filter(|&&byte| byte == b'\n').count();
    lines as u64 + 1
}

/// What is wrong with a row of CSV, without the place that the crate adds to its message.
fn csv_problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the number of cells is {len}, but the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => format!("cell {} is not valid UTF-8", err.field() + 1),
        _ => format!("the row is not valid CSV: {error}"),
    }
}
