//! Runs of `dnsexfil`, and their tables.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Search, execute, getinfo};

/// A row of the table: each field's values.
pub type Row = BTreeMap<String, Vec<String>>;

/// The CSV of a chunk from rows of cells.
pub fn csv(header: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory");
    for row in rows {
        writer.write_record(row).expect("memory");
    }
    writer.into_inner().expect("memory")
}

/// Runs the command over chunks; returns the getinfo reply, all rows that come back, and the messages.
pub fn run(words: &[&str], chunks: &[Vec<u8>]) -> (Value, Vec<Vec<u8>>, Vec<String>) {
    run_program(&Search::default().program, words, chunks)
}

/// The same for a program.
pub fn run_program(program: &Path, words: &[&str], chunks: &[Vec<u8>]) -> (Value, Vec<Vec<u8>>, Vec<String>) {
    let search = Search { program: program.to_owned(), command: "dnsexfil", ..Search::default() };
    let mut splunkd = search.start();
    let info = splunkd.ask(&getinfo(words)).metadata;
    assert_eq!(info["error"], Value::Null);
    let mut bodies = Vec::new();
    let mut messages = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        let last = index + 1 == chunks.len();
        let reply = splunkd.ask(&execute(chunk, last));
        assert_eq!(reply.metadata["finished"], last);
        messages.extend(reply.messages().into_iter().map(|(level, text)| format!("{level} {text}")));
        bodies.push(reply.body);
    }
    splunkd.end_well();
    (info, bodies, messages)
}

/// The rows of a table.
pub fn parse(body: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(body);
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a whole row"));
    rows.map(|row| {
        let field = |(name, cell): (&String, &String)| {
            let multi = row.get(&format!("__mv_{name}")).filter(|multi| !multi.is_empty());
            let values = match multi {
                Some(multi) => {
                    multi[1..multi.len() - 1].split("$;$").map(|value| value.replace("$$", "$")).collect()
                }
                None => vec![cell.clone()],
            };
            (name.clone(), values)
        };
        row.iter().filter(|(name, cell)| !name.starts_with("__mv_") && !cell.is_empty()).map(field).collect()
    })
    .collect()
}

/// The table for events in one chunk.
pub fn table(words: &[&str], header: &[&str], rows: &[Vec<String>]) -> Vec<Row> {
    let (_, bodies, messages) = run(words, &[csv(header, rows), csv(header, &[])]);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(bodies[0], b"");
    parse(&bodies[1])
}

/// A row of cells.
pub fn cells(row: &[&str]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

/// The first value of a field, or an empty text.
pub fn one<'r>(row: &'r Row, field: &str) -> &'r str {
    row.get(field).map_or("", |values| values[0].as_str())
}

/// The command's arguments in its map phase, and the fields that the pipeline keeps.
pub fn preop(info: &Value) -> (Vec<String>, Vec<String>) {
    let preop = info["streaming_preop"].as_str().expect("a pipeline");
    let (fields, command) = preop.split_once(" | dnsexfil ").expect("fields, then the command");
    let fields = fields.strip_suffix(" | fields - _raw").expect("fields keeps _raw unless it is removed");
    let fields = fields.strip_prefix("fields ").expect("fields").split(", ").map(str::to_owned).collect();
    let mut in_quotes = false;
    let is_gap = |character: char| {
        in_quotes ^= character == '"';
        character == ' ' && !in_quotes
    };
    (command.split(is_gap).map(str::to_owned).collect(), fields)
}
