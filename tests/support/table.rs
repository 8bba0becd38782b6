//! The table of `dnsexfil`, from events with single values.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Search, execute, getinfo};

/// A row: each field's values.
pub type Row = BTreeMap<String, Vec<String>>;

/// The CSV of a chunk.
pub fn csv(header: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory");
    for row in rows {
        writer.write_record(row).expect("memory");
    }
    writer.into_inner().expect("memory")
}

/// What a run of the command returns.
pub struct Run {
    pub info: Value,
    pub bodies: Vec<Vec<u8>>,
    pub messages: Vec<String>,
}

/// Runs the command on chunks.
pub fn run(program: &Path, words: &[&str], chunks: &[Vec<u8>]) -> Run {
    let search = Search { program: program.to_owned(), command: "dnsexfil", ..Search::default() };
    let mut splunkd = search.start();
    let info = splunkd.ask(&getinfo(words)).metadata;
    assert_eq!(info["error"], Value::Null);
    let (mut bodies, mut messages) = (Vec::new(), Vec::new());
    for (index, chunk) in chunks.iter().enumerate() {
        let reply = splunkd.ask(&execute(chunk, index + 1 == chunks.len()));
        messages.extend(reply.messages().into_iter().map(|(level, text)| format!("{level} {text}")));
        bodies.push(reply.body);
    }
    splunkd.end_well();
    Run { info, bodies, messages }
}

/// The rows of the table in the last body.
pub fn rows(run: &Run) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(run.bodies.last().expect("a body").as_slice());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a whole row"));
    let values = |row: &BTreeMap<String, String>, name: &str, cell: &str| match row
        .get(&format!("__mv_{name}"))
        .filter(|multi| !multi.is_empty())
    {
        Some(multi) => multi[1..multi.len() - 1].split("$;$").map(|value| value.replace("$$", "$")).collect(),
        None => vec![cell.to_owned()],
    };
    let is_field = |(name, cell): &(&String, &String)| !name.starts_with("__mv_") && !cell.is_empty();
    rows.map(|row| {
        let fields = row.iter().filter(is_field);
        fields.map(|(name, cell)| (name.clone(), values(&row, name, cell))).collect()
    })
    .collect()
}

/// The first value of a field, or an empty text.
pub fn one<'r>(row: &'r Row, field: &str) -> &'r str {
    row.get(field).map_or("", |values| values[0].as_str())
}
