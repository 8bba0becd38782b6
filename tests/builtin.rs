//! The command `dnsbuiltin` through the real program, as splunkd runs a generating command.

mod support;

use serde_json::{Value, json};
use support::{Search, Splunkd, execute, getinfo, send_to_closed_pipe};

fn start() -> Splunkd {
    Search { command: "dnsbuiltin", ..Search::default() }.start()
}

/// The rows of a dataset, with their header. The request says `finished` or not.
fn rows(words: &[&str], finished: bool) -> Vec<Vec<String>> {
    let mut splunkd = start();
    assert_eq!(splunkd.ask(&getinfo(words)).metadata, json!({"type": "stateful", "generating": true}));
    let reply = splunkd.ask(&execute(b"", finished));
    assert_eq!(reply.metadata, json!({"finished": true}));
    splunkd.end_well();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(reply.body.as_slice());
    reader
        .records()
        .map(|row| row.expect("as long as the header").iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_allowlist_has_domains_and_reasons() {
    let rows = rows(&["allowlist"], false);
    assert_eq!(rows[0], ["domain", "reason"]);
    assert!(rows[1..].iter().all(|row| row.iter().all(|cell| !cell.is_empty())), "{rows:?}");
    assert!(rows.contains(&["*.cloudfront.net", "content delivery: Amazon"].map(str::to_owned).to_vec()));
}

/// The queries of the file that Splunk exported: a row for each distinct name of an event.
fn queries_of_the_file() -> Vec<[String; 4]> {
    let text = include_str!("../data/sample_stream_dns.ndjson");
    let values = |value: &Value| -> Vec<String> {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut queries = Vec::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let event = &event["result"];
        let mut names = values(&event["query"]);
        names.sort();
        names.dedup();
        if !values(&event["message_type"]).contains(&"RESPONSE".to_owned()) {
            let field = |name: &str| values(&event[name]).concat();
            queries.extend(
                names.into_iter().map(|name| [name, field("src"), field("dest"), field("query_type")]),
            );
        }
    }
    queries
}

#[test]
fn the_sample_has_every_query_and_its_age() {
    let rows = rows(&["Sample"], true);
    assert_eq!(rows[0], ["age", "query", "src", "dest", "record_type"]);
    let ages: Vec<f64> = rows[1..].iter().map(|row| row[0].parse().expect("a number")).collect();
    assert!(ages.is_sorted(), "the newest comes first");
    assert!(ages[0] == 0.0 && (30_000.0..86_400.0).contains(&ages[ages.len() - 1]), "{ages:?}");
    let mut found: Vec<[String; 4]> =
        rows[1..].iter().map(|row| [1, 2, 3, 4].map(|column| row[column].clone())).collect();
    let mut expected = queries_of_the_file();
    found.sort();
    expected.sort();
    assert!(found == expected, "{} rows of {}", found.len(), expected.len());
}

#[test]
fn anything_but_one_dataset_is_refused() {
    for (words, got) in [
        (&[][..], "none"),
        (&["samples"], "'samples'"),
        (&["allowlist", "sample"], "'allowlist' and 'sample'"),
        (&["sample", "limit=5"], "an option"),
    ] {
        let mut splunkd = start();
        let reply = splunkd.ask(&getinfo(words));
        let error = format!("expected one dataset, got {got}: use allowlist or sample");
        assert_eq!(reply.metadata, json!({"finished": true, "error": error}));
        splunkd.end_well();
    }
}

#[test]
fn getinfo_alone_ends_well() {
    let mut splunkd = start();
    splunkd.ask(&getinfo(&["sample"]));
    splunkd.end_well();
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    send_to_closed_pipe("dnsbuiltin", &[getinfo(&["sample"]), execute(b"", false)].concat());
}
