//! The command `dnsexfil` through the real program: its table, its map and reduce phases, its options.

mod support;

use std::fmt::Write as _;

use serde_json::{Value, json};
use support::exfil::{Row, cells, csv, one, parse, preop, run, run_program, table};
use support::{Search, getinfo, installed};

const HEADER: [&str; 5] = ["query", "src", "_time", "record_type", "__mv_query"];

/// A tunnel, a busy ordinary domain, and ordinary names of several clients.
fn events() -> Vec<Vec<String>> {
    let mut events = Vec::new();
    let mut state = 1_u64;
    for number in 0..600 {
        let mut label = String::new();
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let letter = b"abcdefghijklmnopqrstuvwxyz234567"[(state >> 59) as usize];
            let _ = write!(label, "{}", char::from(letter));
        }
        let time = 1_500_000_000 + number;
        events.push(cells(&[
            &format!("{label}.t.evil-tunnel.com"),
            "10.0.0.66",
            &format!("{time}.5"),
            "TXT",
            "",
        ]));
        let client = format!("10.0.0.{}", number % 9);
        events.push(cells(&[
            &format!("www{}.example.co.uk", number % 3),
            &client,
            &time.to_string(),
            "A",
            "",
        ]));
        events.push(cells(&["mail.example.org", &client, &time.to_string(), "MX", ""]));
    }
    events
}

#[test]
fn a_tunnel_comes_first_with_what_is_known_of_it() {
    let rows = table(&["query", "by", "src"], &HEADER, &events());
    let top = &rows[0];
    for (field, expected) in [
        ("ut_domain", "evil-tunnel.com"),
        ("src", "10.0.0.66"),
        ("count", "600"),
        ("distinct_subdomains", "600"),
        ("avg_sublen", "26"),
        ("stdev_sublen", "0"),
        ("max_sublen", "26"),
        ("record_types", "TXT"),
        ("first_seen", "1500000000.5"),
        ("last_seen", "1500000599.5"),
    ] {
        assert_eq!(one(top, field), expected, "{field}");
    }
    assert!(["high", "critical"].contains(&one(top, "severity")), "{top:?}");
    assert!(one(top, "encoding").starts_with("base32"), "{top:?}");
    assert_eq!(top["samples"].len(), 3);
    assert!(top["reasons"].iter().any(|reason| reason.contains("600 distinct")), "{top:?}");
    let payload: f64 = one(top, "payload_bytes").parse().expect("a number");
    assert!((5000.0..12000.0).contains(&payload), "{payload}");
    let score = |row: &Row| one(row, "score").parse::<u8>().expect("a number");
    assert!(rows.is_sorted_by(|a, b| score(a) >= score(b)));
    assert_eq!(rows.len(), 1 + 9 + 9);
    assert!(rows[1..].iter().all(|row| one(row, "severity") == "informational"), "{rows:?}");
}

#[test]
fn averages_are_those_of_the_classic_hunt() {
    let names = ["a.example.com", "abcd.example.com", "abcd.example.com", "example.com"];
    let rows: Vec<Vec<String>> = names.iter().map(|name| cells(&[name])).collect();
    let rows = table(&["query"], &["query"], &rows);
    assert_eq!(rows.len(), 1);
    let number = |field: &str| one(&rows[0], field).parse::<f64>().expect("a number");
    assert_eq!((one(&rows[0], "count"), one(&rows[0], "distinct_subdomains")), ("4", "2"));
    assert!((number("avg_entropy") - 4.0 / 3.0).abs() < 1e-9);
    assert!((number("avg_sublen") - 3.0).abs() < 1e-12);
    assert!((number("stdev_sublen") - 3.0_f64.sqrt()).abs() < 1e-12);
    for absent in ["first_seen", "queries_per_minute", "record_types"] {
        assert_eq!(one(&rows[0], absent), "");
    }
}

#[test]
fn raw_events_leave_their_peers_only_for_who_reads_them() {
    let preop_of =
        |words: &[&str]| run(words, &[]).0["streaming_preop"].as_str().expect("a pipeline").to_owned();
    assert!(preop_of(&["query", "by", "src"]).contains(" | fields - _raw | dnsexfil "));
    assert!(!preop_of(&["_raw"]).contains("fields - "));
    assert!(!preop_of(&["query", "by", "_raw"]).contains("fields - "));
}

#[test]
fn the_table_is_the_same_from_events_partial_results_or_both() {
    let words = ["query", "by", "src", "samples=2", "list=icann"];
    let events = events();
    let (info, direct, _) = run(&words, &[csv(&HEADER, &events), csv(&HEADER, &[])]);
    assert_eq!(info["type"], "reporting");
    let (map, fields) = preop(&info);
    let kept = ["query", "src", "count", "_time", "dnsexfil_partial", "record_type", "query_type"];
    assert_eq!(fields[..kept.len()], kept, "partial results too, as the pipeline may run twice");
    let others = ["\"query_type{}\"", "qtype_name", "dns.question.type"];
    assert!(others.iter().all(|other| fields.iter().any(|field| field == other)), "{fields:?}");
    let required = info["required_fields"].as_array().expect("a list");
    assert!(
        ["query", "src", "_time", "dnsexfil_partial"].iter().all(|field| required.contains(&json!(field)))
    );

    // Three peers, each with every third event, in chunks of 250; the last of them leaves the preop out.
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    let mut partials = Vec::new();
    for peer in 0..2 {
        let dealt: Vec<Vec<String>> = events.iter().skip(peer).step_by(3).cloned().collect();
        let chunks: Vec<Vec<u8>> = dealt.chunks(250).map(|chunk| csv(&HEADER, chunk)).collect();
        let (info, bodies, _) = run(&map, &chunks);
        assert_eq!(info, json!({"type": "streaming"}));
        for row in bodies.iter().flat_map(|body| parse(body)) {
            partials.push(row["dnsexfil_partial"][0].clone());
        }
    }
    partials.reverse();
    let mixed: Vec<&str> = ["dnsexfil_partial"].into_iter().chain(HEADER).collect();
    let mut rows: Vec<Vec<String>> = partials
        .iter()
        .map(|partial| [vec![partial.clone()], vec![String::new(); HEADER.len()]].concat())
        .chain(events.iter().skip(2).step_by(3).map(|event| [vec![String::new()], event.clone()].concat()))
        .collect();
    rows.rotate_left(100);
    let chunks: Vec<Vec<u8>> = rows.chunks(77).map(|chunk| csv(&mixed, chunk)).collect();
    let (_, merged, messages) = run(&words, &chunks);
    assert_eq!(messages, Vec::<String>::new());
    let text = |body: Option<&Vec<u8>>| String::from_utf8(body.expect("a reply").clone()).expect("UTF-8");
    assert_eq!(text(merged.last()), text(direct.last()));
}

#[test]
fn a_chunk_may_be_larger_than_splunkd_makes_it_and_a_group_larger_than_its_sample() {
    let rows: Vec<Vec<String>> = (0..140_000)
        .map(|number| vec![format!("Name{number}.d{}.com", number % 3), format!("10.0.0.{}", number % 2)])
        .collect();
    let (words, header) = (["query", "by", "src"], ["query", "src"]);
    let (info, direct, _) = run(&words, &[csv(&header, &rows), csv(&header, &[])]);
    let (map, _) = preop(&info);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    let (_, partials, _) = run(&map, &[csv(&header, &rows)]);
    assert!(partials[0].len() < 1_000_000, "{} bytes for six groups", partials[0].len());
    let (_, merged, messages) = run(&words, &[partials[0].clone(), csv(&header, &[])]);
    assert_eq!(messages, Vec::<String>::new());
    let text = |body: Option<&Vec<u8>>| String::from_utf8(body.expect("a reply").clone()).expect("UTF-8");
    assert_eq!(text(merged.last()), text(direct.last()));
    let rows = parse(direct.last().expect("a reply"));
    assert_eq!(rows.len(), 6);
    assert_eq!(
        rows.iter().map(|row| one(row, "count").parse::<u64>().expect("a number")).sum::<u64>(),
        140_000
    );
    for row in &rows {
        let distinct: f64 = one(row, "distinct_subdomains").parse().expect("a number");
        assert!((20_000.0..27_000.0).contains(&distinct), "{distinct} of 23,333");
    }
}

#[test]
fn the_map_phase_passes_partial_results_on() {
    let (info, ..) = run(&["query", "by", "src"], &[csv(&["query"], &[])]);
    let (map, _) = preop(&info);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    let (_, once, _) = run(&map, &[csv(&HEADER, &events())]);
    let (_, twice, messages) = run(&map, &[once[0].clone()]);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(twice, once);
}

#[test]
fn by_fields_are_taken_as_stats_takes_them() {
    let header = ["query", "src", "__mv_src", "Dest IP"];
    let rows = [
        cells(&["a.example.com", "1\n2", "$1$;$2$", "x"]),
        cells(&["a.example.com", "1", "", ""]),
        cells(&["a.example.com", "", "", "x"]),
        cells(&["b.example.com", "1", "", "x"]),
    ];
    let rows = table(&["query", "by", "src,", "\"Dest IP\""], &header, &rows);
    let groups: Vec<_> =
        rows.iter().map(|row| (one(row, "src"), one(row, "Dest IP"), one(row, "count"))).collect();
    assert_eq!(groups, [("1", "x", "2"), ("2", "x", "1")]);
}

#[test]
fn hostile_domains_are_groups_of_their_own_in_ascii() {
    let names: [&[u8]; 9] = [
        b"s|1.a|b.com",
        b"s2.a*b.com",
        b"s3.a\xff.com",
        b"s4.A\xfe.com",
        // Equal to the third one, as a log may write it.
        b"s5.a\\255.com",
        "s6.\u{c4}\u{2764}.com".as_bytes(),
        b"s7.\"; | delete \".com",
        b"s8.plain.com",
        b"s9.*.com",
    ];
    let domains = [
        (r"\034\059\032\124\032delete\032\034.com", "1"),
        (r"\042.com", "1"),
        (r"a\042b.com", "1"),
        (r"a\124b.com", "1"),
        (r"a\254.com", "1"),
        (r"a\255.com", "2"),
        ("plain.com", "1"),
        ("xn--4ca628q.com", "1"),
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["query"]).expect("memory");
    for name in names {
        writer.write_record([name]).expect("memory");
    }
    let events = writer.into_inner().expect("memory");
    let (info, direct, _) = run(&["query", "samples=5"], &[events.clone(), b"query\n".to_vec()]);
    let (map, _) = preop(&info);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    let (_, partials, _) = run(&map, &[events]);
    let (_, merged, _) = run(&["query", "samples=5"], &[partials[0].clone(), b"query\n".to_vec()]);
    for body in [&direct[1], &merged[1]] {
        let mut rows = parse(body);
        rows.sort_by(|row, other| one(row, "ut_domain").cmp(one(other, "ut_domain")));
        let found: Vec<_> = rows.iter().map(|row| (one(row, "ut_domain"), one(row, "count"))).collect();
        assert_eq!(found, domains);
        assert_eq!(one(&rows[3], "samples"), r"s|1.a\124b.com", "the subdomain stays as it came");
        let said: Vec<&String> = rows.iter().flat_map(|row| &row["reasons"]).collect();
        assert!(said.iter().all(|reason| !reason.contains(['|', '"', '*'])), "{said:?}");
    }
}

#[test]
fn limits_and_least_scores_cut_the_table() {
    assert_eq!(table(&["query", "by", "src", "limit=4"], &HEADER, &events()).len(), 4);
    assert_eq!(table(&["query", "by", "src", "limit=0"], &HEADER, &events()).len(), 19);
    assert_eq!(table(&["query", "by", "src", "min_score=50"], &HEADER, &events()).len(), 1);
    assert_eq!(table(&["query", "samples=0", "limit=1"], &HEADER, &events())[0].get("samples"), None);
}

#[test]
fn wrong_arguments_are_told_at_once() {
    let mut splunkd = Search { command: "dnsexfil", ..Search::default() }.start();
    let words = "a b by score limit=1000001 min_score=101 samples=x allowlist=maybe lst=icann list=none";
    let words: Vec<&str> = words.split(' ').collect();
    let reply = splunkd.ask(&getinfo(&words));
    let error = reply.metadata["error"].as_str().expect("an error");
    for problem in [
        "expected one field, got 'a' and 'b'",
        "'score' is a column of the table: leave it out after 'by'",
        "limit=1000001 is out of range: use a whole number from 0 to 1000000, where 0 is no limit",
        "min_score=101 is out of range: use a whole number from 0 to 100",
        "samples=x is out of range: use a whole number",
        "allowlist=maybe is unknown: use true, false,",
        "unknown option lst=",
        "list=none is unknown",
    ] {
        assert!(error.contains(problem), "{problem}: {error}");
    }
    splunkd.end_well();
    let mut splunkd = Search { command: "dnsexfil", ..Search::default() }.start();
    let reply = splunkd.ask(&getinfo(&["query", "by"]));
    assert_eq!(reply.metadata["error"], "'by' must be followed by at least one field");
    splunkd.end_well();
}

#[test]
fn missing_fields_and_unreadable_partials_are_reported() {
    let rows = [cells(&["a.example.com"])];
    let (_, _, messages) = run(&["qurey", "by", "source"], &[csv(&["query"], &rows), csv(&["query"], &[])]);
    assert_eq!(
        messages,
        [
            "WARN no event has the field 'qurey': check the name",
            "WARN no event has the field 'source': check the name"
        ]
    );
    let header = ["dnsexfil_partial"];
    let rows = [cells(&["{\"version\":99}"]), cells(&["broken"])];
    let (_, bodies, messages) = run(&["query"], &[csv(&header, &rows), csv(&header, &[])]);
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].contains("2 partial results were ignored: a search peer runs another version"),
        "{messages:?}"
    );
    assert_eq!(parse(&bodies[1]).len(), 0);
}

/// The messages of a search whose events come from several peers, each of which has the columns of its own header.
fn messages_of(words: &[&str], peers: &[(&[&str], &[&str])], mapped: bool) -> Vec<String> {
    let (info, ..) = run(words, &[]);
    let (map, _) = preop(&info);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    let mut chunks = Vec::new();
    for (header, row) in peers {
        let chunk = csv(header, &[cells(row)]);
        if mapped {
            let (_, bodies, messages) = run(&map, &[chunk, Vec::new()]);
            assert_eq!(messages, Vec::<String>::new());
            chunks.extend(bodies);
        } else {
            chunks.push(chunk);
        }
    }
    chunks.push(csv(&["query"], &[]));
    run(words, &chunks).2
}

#[test]
fn a_field_is_missing_only_if_no_peer_has_it() {
    let words = ["query", "by", "src"];
    let complete: (&[&str], &[&str]) = (&["query", "src"], &["a.example.com", "1"]);
    let without_src: (&[&str], &[&str]) = (&["query"], &["a.example.com"]);
    let without_query: (&[&str], &[&str]) = (&["src"], &["1"]);
    let address: (&[&str], &[&str]) = (&["query", "src"], &["10.0.0.1", "1"]);
    for mapped in [false, true] {
        assert_eq!(
            messages_of(&words, &[without_src, complete, without_query], mapped),
            Vec::<String>::new()
        );
        let messages = messages_of(&words, &[without_src, without_src], mapped);
        assert_eq!(messages, ["WARN no event has the field 'src': check the name"]);
        let messages = messages_of(&words, &[without_src, without_query], mapped);
        assert_eq!(messages, ["WARN no event has all of the fields 'query', 'src': group by fewer fields"]);
        let messages = messages_of(&words, &[address, without_src], mapped);
        let text = "WARN no value of the field 'query' is a DNS name, as all are IP addresses: name the field that holds the DNS name";
        assert_eq!(messages, [text]);
        assert_eq!(messages_of(&words, &[], mapped), Vec::<String>::new());
    }
}

/// Asks the command about its arguments as splunkd splits them.
fn info_of(command: &'static str, args: &[&str], raw_args: &[&str]) -> Value {
    let mut splunkd = Search { command, ..Search::default() }.start();
    let metadata = json!({"action": "getinfo", "searchinfo": {"args": args, "raw_args": raw_args}});
    let reply = splunkd.ask(&support::request(&metadata, b"")).metadata;
    splunkd.end_well();
    reply
}

#[test]
fn every_way_to_split_the_words_is_the_same_search() {
    // | dnsexfil query by src, "dest ip" min_score=70 list=icann
    let expected = info_of(
        "dnsexfil",
        &["query", "by", "src", "dest ip", "min_score=70", "list=icann"],
        &["query", "by", "src", "\"dest ip\"", "min_score=70", "list=icann"],
    );
    assert!(
        expected["streaming_preop"]
            .as_str()
            .expect("a pipeline")
            .contains("query by src \"dest ip\" list=icann")
    );
    for (args, raw_args) in [
        (
            &["query", "by", "src,", "dest ip", "min_score", "=", "70", "list=", "icann"][..],
            &["query", "by", "src,", "\"dest ip\"", "min_score", "=", "70", "list=", "icann"][..],
        ),
        (
            &["query", "by", "src", ",", "dest ip", "list", "=icann", "min_score", "=70"],
            &["query", "by", "src", ",", "'dest ip'", "list", "=\"icann\"", "min_score", "=70"],
        ),
        (
            &["'query'", "by", "'src',", "'dest", "ip'", "list=icann", "min_score=70"],
            &["'query'", "by", "'src',", "'dest", "ip'", "list=icann", "min_score=70"],
        ),
        (&["query", "list=icann", "by", "src,dest ip"], &["query", "list=icann", "by", "src,\"dest ip\""]),
        (&["by=src,'dest ip'", "query", "list=icann"], &["by=\"src,'dest ip'\"", "query", "list=icann"]),
        (&["by=src", "dest ip", "query", "list=icann"], &["by=src,", "\"dest ip\"", "query", "list=icann"]),
        (&["query", "by", "src", "dest ip", "list=icann,", "limit=0"], &[]),
    ] {
        assert_eq!(info_of("dnsexfil", args, raw_args), expected, "{args:?}");
    }
}

#[test]
fn a_mistake_is_refused_with_what_to_write_instead() {
    for (words, error) in [
        (
            "query by src as client",
            "'as' is not allowed after 'by': rename the column afterwards with | rename",
        ),
        ("query by src by dest", "'by' is given twice: list all fields after one 'by'"),
        (
            "query by src span=1h",
            "span= is unknown: group by time with | bin span=1h _time AS hour before, and 'hour' after 'by'",
        ),
        (
            "query by src span = 1h",
            "span= is unknown: group by time with | bin span=1h _time AS hour before, and 'hour' after 'by'",
        ),
        ("query by src limit 10", "limit has no value: write limit=10 (a field of that name goes in quotes)"),
        ("query by src min_score>=70", "min_score>=70 is not an option: write min_score=70"),
        ("query by src min_score=", "min_score= is out of range: use a whole number from 0 to 100"),
        (
            "query src",
            "expected one field, got 'query' and 'src': name the one that holds the DNS name (fields to group by come after 'by')",
        ),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let reply = info_of("dnsexfil", &words, &words);
        assert!(reply["error"].as_str().unwrap_or_default().contains(error), "{words:?}: {reply}");
    }
}

#[test]
fn names_without_a_domain_and_odd_times_do_not_stop_the_search() {
    let header = ["query", "_time"];
    let rows = [
        cells(&["localhost", "1"]),
        cells(&["10.0.0.1", "1"]),
        cells(&["\u{fffd}.example.com", "yesterday"]),
        cells(&["a.example.com", "2014-06-11T08:19:59.000-0700"]),
        cells(&["", ""]),
    ];
    let rows = table(&["query"], &header, &rows);
    let row = |domain: &str| rows.iter().find(|row| one(row, "ut_domain") == domain).expect("the row");
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (one(row("example.com"), "count"), one(row("example.com"), "first_seen")),
        ("2", "1402499999")
    );
    assert_eq!((one(row("(none)"), "count"), one(row("(none)"), "samples")), ("1", "localhost"));
}

#[test]
fn mutes_apply_to_their_clients_until_they_expire() {
    let content = b"Domain;Reason;Src;Expires;__mv_domain\r\n\
        https://Evil-Tunnel.com./;red team \xe9;10.0.0.64/29;;\r\nexample.co.uk;over;;2001-01-31;\r\n*;all;;;\r\n";
    let (_app, program) = installed(&[("dnsentropy_allowlist_local.csv", content)]);
    let chunks = [csv(&HEADER, &events()), csv(&HEADER, &[])];
    let table = |words: &[&str]| {
        let (info, bodies, messages) = run_program(&program, words, &chunks);
        (info, parse(&bodies[1]), messages)
    };
    let reason = |rows: &[Row], domain: &str| {
        let row = rows.iter().find(|row| one(row, "ut_domain") == domain).expect("a row");
        one(row, "allowlisted").to_owned()
    };
    let warning = "WARN dnsentropy_allowlist_local.csv, line 4 is skipped: the domain '*' is not valid: it covers every \
                   domain: write at least one letter or digit, as in *.example.com";
    let (_, rows, messages) = table(&["query", "by", "record_type", "src"]);
    assert_eq!(messages, [warning]);
    assert_eq!(reason(&rows, "evil-tunnel.com"), "red team \u{e9}");
    assert_eq!(reason(&rows, "example.co.uk"), "");
    for words in [&["query"][..], &["query", "by", "record_type"]] {
        assert_eq!(reason(&table(words).1, "evil-tunnel.com"), "", "{words:?} has no client");
    }
    let (info, _, messages) = table(&["query", "by", "src", "allowlist=false"]);
    assert_eq!(messages, Vec::<String>::new());
    let (map, _) = preop(&info);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    assert_eq!(table(&map).2, Vec::<String>::new(), "only the search head warns");
}
