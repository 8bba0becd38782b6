//! `dnsexfil` on rows that were counted already, with values of other fields, and with record types of any source.

mod support;

use dnsentropy::commands::{self, App};
use dnsentropy::protocol::session::BodyChunk;
use dnsentropy::protocol::{Arguments, UserMessage};
use proptest::prelude::*;
use serde_json::json;
use support::exfil::{Row, cells, csv, one, parse, preop, run, table};
use support::{Search, getinfo};

const COUNTED: [&str; 4] = ["query", "src", "_time", "count"];

/// Rows as `stats count by _time query src` returns them.
fn counted() -> Vec<Vec<String>> {
    vec![
        cells(&["a.example.com", "10.0.0.1", "60", "3"]),
        cells(&["bcd.example.com", "10.0.0.1", "120", "1"]),
        cells(&["example.com", "10.0.0.1", "180", "4"]),
        cells(&["a.example.org", "10.0.0.2", "60", "2"]),
        cells(&["10.0.0.9", "10.0.0.2", "60", "9"]),
    ]
}

/// The events of rows: each row as many times as its `count` says.
fn repeated(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let times = |row: &Vec<String>| row[3].parse().expect("a number");
    rows.iter().flat_map(|row| vec![row[..3].to_vec(); times(row)]).collect()
}

fn counts(rows: &[Row]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (one(row, "ut_domain"), one(row, "count"))).collect()
}

/// The table and the messages of a search, without and with the map phase before.
fn both_ways(words: &[&str], header: &[&str], rows: &[Vec<String>]) -> (Vec<Row>, Vec<String>) {
    let last = csv(header, &[]);
    let (info, direct, messages) = run(words, &[csv(header, rows), last.clone()]);
    let (map, _) = preop(&info);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    let chunks: Vec<Vec<u8>> = rows.chunks(2).map(|rows| csv(header, rows)).collect();
    let (_, mut partials, of_map) = run(&map, &chunks);
    assert_eq!(of_map, Vec::<String>::new());
    partials.push(last);
    let (_, merged, of_merge) = run(words, &partials);
    assert_eq!((merged.last(), &of_merge), (direct.last(), &messages));
    (parse(direct.last().expect("a reply")), messages)
}

#[test]
fn rows_with_a_count_are_as_many_events() {
    let rows = counted();
    let (weighed, messages) = both_ways(&["query", "by", "src"], &COUNTED, &rows);
    assert_eq!(weighed, table(&["query", "by", "src"], &COUNTED[..3], &repeated(&rows)));
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(counts(&weighed), [("example.com", "8"), ("example.org", "2")]);
    assert_eq!(one(&weighed[0], "avg_sublen"), "1.5");
    assert_eq!(one(&weighed[0], "queries_per_minute"), "4");
    for words in [&["query", "by", "src", "weight=count"][..], &["query", "by", "src", "weight=\"count\""]] {
        assert_eq!(both_ways(words, &COUNTED, &rows), (weighed.clone(), Vec::new()));
    }
}

#[test]
fn a_count_that_some_events_have_does_not_disturb() {
    let words = ["query", "by", "src"];
    let once = [("example.com", "3"), ("example.org", "1")];
    for odd in ["", "0", "-1", "1.5", "x"] {
        let mut rows = counted();
        rows[1][3] = odd.to_owned();
        let (rows, messages) = both_ways(&words, &COUNTED, &rows);
        assert_eq!((counts(&rows), messages), (once.to_vec(), Vec::new()), "{odd}");
    }
    // Events of another peer, which have no such field.
    let mut chunks =
        vec![csv(&COUNTED, &counted()), csv(&["query", "src"], &[cells(&["b.example.net", "1"])])];
    chunks.push(csv(&COUNTED, &[]));
    let rows = parse(&run(&words, &chunks).1[2]);
    assert!(counts(&rows).contains(&("example.com", "3")), "{rows:?}");
    // A row that is in no group does not matter.
    let mut rows = counted();
    rows.push(cells(&["a.example.org", "", "60", ""]));
    assert!(counts(&both_ways(&words, &COUNTED, &rows).0).contains(&("example.com", "8")));
}

#[test]
fn without_a_weight_each_row_counts_once() {
    let (rows, _) = both_ways(&["query", "by", "src", "weight=None"], &COUNTED, &counted());
    assert_eq!(counts(&rows), [("example.com", "3"), ("example.org", "1")]);
}

#[test]
fn any_field_can_be_the_weight_and_rows_without_one_are_reported() {
    for (name, word) in [
        ("requests", "weight=requests"),
        ("total queries", "weight=\"total queries\""),
        ("none", "weight=\"none\""),
        ("none", "weight='none'"),
        ("limit", "weight=limit"),
        ("DNS.count", "weight=DNS.count"),
    ] {
        let header = ["query", "src", "_time", name];
        let words = ["query", "by", "src", word];
        let (rows, messages) = both_ways(&words, &header, &counted());
        assert_eq!(counts(&rows), [("example.com", "8"), ("example.org", "2")], "{word}");
        assert_eq!(messages, Vec::<String>::new());
        let mut odd = counted();
        odd[0][3] = "0".to_owned();
        odd[2][3] = String::new();
        let (rows, messages) = both_ways(&words, &header, &odd);
        assert_eq!(counts(&rows), [("example.com", "3"), ("example.org", "2")], "{word}");
        let warning = format!(
            "WARN the field '{name}' is not a positive whole number in 2 of 5 rows: each of them counts as one query"
        );
        assert_eq!(messages, [warning]);
    }
    let (rows, messages) = both_ways(&["query", "weight=requests"], &COUNTED, &counted());
    assert_eq!(counts(&rows), [("example.com", "3"), ("example.org", "1")]);
    assert_eq!(
        messages,
        [
            "WARN the field 'requests' is not a positive whole number in any of the 5 rows: each of them counts as one query"
        ]
    );
}

#[test]
fn weights_may_be_written_in_other_ways_and_be_huge() {
    let header = ["query", "count", "__mv_count"];
    for (count, several, total) in [
        (" 3 ", "", "3"),
        ("3.0", "", "3"),
        ("3\n3", "$3$;$3$", "3"),
        ("99999999999999999999", "", "4294967295"),
    ] {
        let rows = [cells(&["a.example.com", count, several])];
        let (rows, messages) = both_ways(&["query", "weight=count"], &header, &rows);
        assert_eq!((counts(&rows), messages), (vec![("example.com", total)], Vec::new()), "{count}");
        assert_eq!(one(&rows[0], "avg_sublen"), "1");
    }
    let rows = [cells(&["a.example.com", "3\n4", "$3$;$4$"])];
    let (rows, messages) = both_ways(&["query", "weight=count"], &header, &rows);
    assert_eq!((counts(&rows), messages.len()), (vec![("example.com", "1")], 1));
}

#[test]
fn values_of_other_fields_are_shown_with_each_group() {
    let header = ["query", "src", "process", "__mv_process", "user"];
    let mut rows: Vec<Vec<String>> = (0..30)
        .map(|number| cells(&["a.example.com", "1", &format!("p{:02}", number % 15), "", "$result.x$"]))
        .collect();
    rows.push(cells(&["b.example.com", "2", "x\ny", "$x$;$y$", "a \"b\"\nc"]));
    rows.push(cells(&["a.example.org", "2", &"l".repeat(1000), "", ""]));
    rows.push(cells(&["localhost", "2", "z", "", "z"]));
    let words = ["query", "by", "src", "values=\"process,user,absent\""];
    let (found, messages) = both_ways(&words, &header, &rows);
    assert_eq!(messages, Vec::<String>::new());
    let values = |domain: &str, src: &str, field: &str| {
        let row = found.iter().find(|row| (one(row, "ut_domain"), one(row, "src")) == (domain, src));
        row.expect("a row").get(field).cloned().unwrap_or_default()
    };
    let first: Vec<String> = (0..10).map(|number| format!("p{number:02}")).collect();
    assert_eq!(values("example.com", "1", "process"), first);
    assert_eq!(values("example.com", "1", "user"), ["$result.x$"]);
    assert_eq!(values("example.com", "2", "process"), ["x", "y"]);
    assert_eq!(values("example.com", "2", "user"), ["a \"b\"\nc"]);
    assert_eq!(values("example.org", "2", "process"), [format!("{}\u{2026}", "l".repeat(200))]);
    assert_eq!(values("example.org", "2", "user"), Vec::<String>::new());
    assert!(found.iter().all(|row| !row.contains_key("absent")));
}

#[test]
fn values_are_the_last_columns_in_their_order() {
    let header_of = |words: &[&str]| {
        let (_, bodies, _) = run(words, &[csv(&["query"], &[])]);
        let header = String::from_utf8(bodies[0].clone()).expect("UTF-8");
        header.lines().next().expect("a header").split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = header_of(&["query"]);
    let width = plain.len() / 2;
    let more = header_of(&["query", "values=\"user,'Source IP',user\""]);
    assert_eq!(more[..width], plain[..width]);
    assert_eq!(more[width..width + 2], ["user", "Source IP"]);
    assert_eq!(more.len(), 2 * (width + 2));
    for words in [
        &["query", "values=\"user,process\""][..],
        &["query", "values=user,process"],
        &["query", "values=user", "process"],
        &["values=user,", "process", "query"],
    ] {
        assert_eq!(header_of(words)[width..width + 2], ["user", "process"], "{words:?}");
    }
}

#[test]
fn the_map_phase_reads_what_the_search_names() {
    let info = |words: &[&str]| run(words, &[]).0;
    let of = info(&["query", "by", "src", "weight=\"n q\"", "values=\"process,'image path'\""]);
    let (_, fields) = preop(&of);
    for field in ["process", "\"image path\"", "\"n q\""] {
        assert!(fields.iter().any(|name| name == field), "{field}: {fields:?}");
    }
    let required = of["required_fields"].as_array().expect("a list");
    for field in ["process", "image path", "n q", "qtype_name", "dns.question.type", "query_type{}"] {
        assert!(required.contains(&json!(field)), "{field}: {required:?}");
    }
    assert!(!required.contains(&json!("count")));
    let preop = of["streaming_preop"].as_str().expect("a pipeline");
    assert!(preop.ends_with(" weight=\"n q\" values=\"process,'image path'\" phase=map"), "{preop}");
    assert!(info(&["query"])["required_fields"].as_array().expect("a list").contains(&json!("count")));
    let off = info(&["query", "weight=none"]);
    assert!(!off["required_fields"].as_array().expect("a list").contains(&json!("count")));
    assert!(off["streaming_preop"].as_str().expect("a pipeline").contains(" weight=none "));
}

#[test]
fn wrong_weights_and_values_are_refused() {
    for (words, error) in [
        (
            &["query", "weight="][..],
            "weight= is not a field name: name the field that says how many queries a row is, or none",
        ),
        (&["query", "weight=a*"], "'a*' is not a field name"),
        (&["query", "weight=a", "weight=b"], "weight= is given 2 times: give it once"),
        (
            &["query", "weight=query"],
            "'query' holds the DNS name: weight= names the field that says how many queries a row is",
        ),
        (
            &["query", "by", "n", "weight=n"],
            "'n' says how many queries a row is (weight=): leave it out after 'by'",
        ),
        (
            &["query", "values="],
            "values= is empty: list the fields whose values to show, as in values=\"process,user\"",
        ),
        (
            &["query", "values=score"],
            "'score' is a column of the table: leave it out of values=, or rename the field",
        ),
        (
            &["query", "by", "src", "values=src"],
            "'src' is a column of the table already, as it follows 'by': leave it out of values=",
        ),
        (&["query", "values=\"a|b\""], "'a|b' is not a field name"),
        (&["query", "values=__mv_a"], "'__mv_a' is not a field name"),
    ] {
        let mut splunkd = Search { command: "dnsexfil", ..Search::default() }.start();
        let reply = splunkd.ask(&getinfo(words)).metadata;
        assert!(reply["error"].as_str().unwrap_or_default().contains(error), "{words:?}: {reply}");
        splunkd.end_well();
    }
}

#[test]
fn record_types_are_found_under_the_names_of_all_sources() {
    for (header, row, types) in [
        (&["query", "record_type"][..], &["TXT"][..], &["TXT"][..]),
        (&["query", "qtype_name", "qtype"], &["TXT", "1"], &["TXT"]),
        (&["query", "qtype", "qtype_name"], &["16", ""], &["TXT"]),
        (&["query", "record_type", "qtype"], &["1", "AAAA"], &["AAAA"]),
        (&["query", "record_type", "qtype"], &["unknown", "28"], &["AAAA"]),
        (&["query", "QueryType"], &["1 (A)"], &["A"]),
        (&["query", "RequestType"], &["65"], &["HTTPS"]),
        (&["query", "dns.rrtype"], &["txt"], &["TXT"]),
        (&["query", "dns.question.type"], &["IN A"], &["A"]),
        (&["query", "query.type"], &["TYPE65"], &["HTTPS"]),
        (&["query", "DNS.record_type"], &["10"], &["NULL"]),
        (&["query", "QTYPE"], &["65399"], &["TYPE65399"]),
        (&["query", "query_type{}"], &["A;TXT"], &["A", "TXT"]),
        (&["query", "type"], &["16"], &["TXT"]),
        (&["query", "type", "record_type"], &["answer", ""], &[]),
    ] {
        let cells: Vec<String> = ["a.example.com"].iter().chain(row).map(ToString::to_string).collect();
        let (rows, _) = both_ways(&["query"], header, &[cells]);
        let found = rows[0].get("record_types").cloned().unwrap_or_default();
        assert_eq!(found, types, "{header:?} {row:?}");
    }
    let rows = [cells(&["a.example.com", "A\nTXT", "$A$;$TXT$"])];
    let (rows, _) = both_ways(&["query"], &["query", "query_type", "__mv_query_type"], &rows);
    assert_eq!(rows[0]["record_types"], ["A", "TXT"], "all values of the field");
}

/// Runs the command without a process: the replies and the messages.
fn run_here(words: &[String], chunks: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<String>) {
    let open = commands::find("dnsexfil").expect("a command");
    let app = App { lookups: "no/such/folder".into() };
    let mut command = open(Arguments::parse(words, words), &app).expect("allowed words");
    let (mut replies, mut messages) = (Vec::new(), Vec::new());
    for (index, bytes) in chunks.iter().enumerate() {
        let mut reply = Vec::new();
        let chunk = BodyChunk { bytes, end: true, last: index + 1 == chunks.len() };
        command.execute(chunk, &mut reply, &mut messages);
        replies.push(reply);
    }
    (replies, messages.into_iter().map(|UserMessage(level, text)| format!("{level:?} {text}")).collect())
}

/// The table and the messages of rows in chunks, each of which goes through the map phase as many times as `passes` says.
fn table_of(
    words: &[&str],
    header: &[&str],
    rows: &[Vec<String>],
    size: usize,
    passes: &[usize],
) -> (String, Vec<String>) {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let map: Vec<String> = words.iter().cloned().chain(["phase=map".to_owned()]).collect();
    let mut chunks = Vec::new();
    for (index, rows) in rows.chunks(size).enumerate() {
        let mut chunk = csv(header, rows);
        for _ in 0..passes[index % passes.len()] {
            chunk = run_here(&map, &[chunk]).0.remove(0);
        }
        chunks.push(chunk);
    }
    let turn = size % chunks.len().max(1);
    chunks.rotate_left(turn);
    chunks.push(csv(header, &[]));
    let (replies, messages) = run_here(&words, &chunks);
    (String::from_utf8(replies.last().expect("a reply").clone()).expect("UTF-8"), messages)
}

proptest! {
    #[test]
    fn rows_that_were_counted_yield_the_table_of_their_events(
        rows in prop::collection::vec(
            ("([a-c]{1,2}\\.){0,2}[de]\\.(com|co\\.uk)|localhost", "[12]?", 0_u32..5, "[pq]?", 1_u32..9), 1..40,
        ),
        size in 1_usize..40,
        passes in prop::collection::vec(0_usize..3, 1..4),
        explicit in any::<bool>(),
        fill in any::<bool>(),
    ) {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|(name, src, minute, process, count)| {
                vec![name, src, (minute * 60).to_string(), count.to_string(), process]
            })
            .collect();
        // Many names in one group, so that some are sent as measures.
        let many = (0..20).filter(|_| fill).map(|n| vec![format!("x{n}.d.com"), "1".into(), "0".into(), "2".into(), "r".into()]);
        let rows: Vec<Vec<String>> = rows.into_iter().chain(many).collect();
        let header = ["query", "src", "_time", "count", "process"];
        let words = ["query", "by", "src", "values=process", if explicit { "weight=count" } else { "samples=3" }];
        let weighed = table_of(&words, &header, &rows, size, &passes);
        let times = |row: &Vec<String>| row[3].parse().expect("a number");
        let mut events: Vec<Vec<String>> = rows.iter().flat_map(|row| vec![row.clone(); times(row)]).collect();
        for event in &mut events {
            event[3] = "1".to_owned();
        }
        prop_assert_eq!(&weighed, &table_of(&words, &header, &events, 1000, &[0]));
        // Nor does it matter that the events have no such field.
        let plain = ["query", "by", "src", "values=process", "weight=none"];
        prop_assert_eq!(&weighed, &table_of(&plain, &header, &events, size, &passes));
    }
}
