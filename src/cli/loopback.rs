//! splunkd's side of the conversation, in memory: runs events through a search command.

use serde_json::{Value, json};

use super::events::DnsEvent;
use crate::commands::{self, App};
use crate::error::Error;
use crate::protocol::framing::{Deframer, Frame};
use crate::protocol::{Session, serve};
use crate::rows::{CsvRows, Output};

/// The most rows that splunkd sends in a chunk.
const CHUNK_ROWS: usize = 50_000;

/// Runs the streaming command `command` on `field` of each event, and sets the fields that come back. Returns the
/// command's warnings.
///
/// # Errors
///
/// The command is unknown or refuses its arguments.
pub fn run_command(
    command: &str,
    args: &[String],
    field: &str,
    events: &mut [DnsEvent],
) -> Result<Vec<String>, Error> {
    let mut requests = Vec::new();
    let getinfo = json!({"action": "getinfo", "searchinfo": {"args": args}});
    push_request(&mut requests, &getinfo, &[]);
    for (index, chunk) in events.chunks(CHUNK_ROWS).enumerate() {
        push_request(
            &mut requests,
            &json!({"action": "execute", "finished": false}),
            &to_csv(chunk, index * CHUNK_ROWS, field),
        );
    }
    push_request(&mut requests, &json!({"action": "execute", "finished": true}), &[]);

    let open =
        commands::find(command).ok_or_else(|| Error::Refused(format!("the command {command} is unknown")))?;
    let app = App::locate();
    let mut replies = Vec::new();
    serve(requests.as_slice(), &mut replies, Session::new(|arguments| open(arguments, &app)))
        .map_err(|error| Error::Serve { command: command.to_owned(), error })?;
    merge(&replies, events)
}

fn push_request(requests: &mut Vec<u8>, metadata: &Value, body: &[u8]) {
    Frame { metadata: metadata.to_string().as_bytes(), body }.append_to(requests);
}

/// The CSV of `events` as splunkd sends it to a command that requires only `field`. `first` is the number of the
/// first event.
fn to_csv(events: &[DnsEvent], first: usize, field: &str) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let multi = format!("__mv_{field}");
    let mut write = |row: [&[u8]; 3]| writer.write_record(row).expect("memory takes every write");
    write([field.as_bytes(), b"_chunked_idx", multi.as_bytes()]);
    for (event, number) in events.iter().zip(first..) {
        let mut cell = Output::default();
        for value in event.get(field).into_iter().flatten() {
            cell.push(value.as_bytes());
        }
        let multi = cell.multi().to_vec();
        write([cell.plain(), number.to_string().as_bytes(), &multi]);
    }
    writer.into_inner().expect("memory takes every write")
}

/// Sets the fields in `replies` in the events with their numbers. Returns the warnings.
fn merge(replies: &[u8], events: &mut [DnsEvent]) -> Result<Vec<String>, Error> {
    let mut deframer = Deframer::new();
    deframer.push(replies);
    let mut messages = Vec::new();
    while let Ok(Some(reply)) = deframer.frame() {
        let metadata: Value = serde_json::from_slice(reply.metadata).unwrap_or_default();
        if let Some(error) = metadata["error"].as_str() {
            return Err(Error::Refused(error.to_owned()));
        }
        for message in metadata["inspector"]["messages"].as_array().into_iter().flatten() {
            let part = |index: usize| message[index].as_str().unwrap_or_default();
            // INFO is about the part of a search that one search peer sees.
            if part(0) != "INFO" {
                messages.push(format!("{}: {}", part(0), part(1)));
            }
        }
        merge_rows(reply.body, events);
    }
    Ok(messages)
}

fn merge_rows(body: &[u8], events: &mut [DnsEvent]) {
    let mut rows = CsvRows::new(body);
    let number = rows.column("_chunked_idx");
    let names = rows.header().iter().map(|name| String::from_utf8_lossy(name).into_owned());
    let outputs: Vec<_> =
        names.filter(|name| !name.starts_with('_')).map(|name| (rows.column(&name), name)).collect();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    while let Some(row) = rows.next() {
        let number = row.values(number).first().and_then(|number| text(number).parse::<usize>().ok());
        let Some(event) = number.and_then(|number| events.get_mut(number)) else {
            continue;
        };
        for (column, name) in &outputs {
            let values: Vec<String> = row.values(*column).iter().map(|value| text(value)).collect();
            if !values.is_empty() {
                event.insert(name.clone(), values);
            }
        }
    }
}
