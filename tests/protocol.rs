//! The conversation with splunkd, through the real program.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    Event, SESSION_KEY, Search, Splunkd, event, execute, getinfo, request, send_to_closed_pipe, value,
};

/// Conversations as recorded from splunkd 6.3 and 8.2.1, with the replies.
#[test]
fn transcripts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "in") {
            continue;
        }
        let (requests, replies) = (fs::read(&path), fs::read(path.with_extension("out")));
        let mut splunkd = Splunkd::start();
        assert!(splunkd.write(&requests.expect("requests")));
        let (out, errors, status) = splunkd.end();
        let (out, replies) = (String::from_utf8_lossy(&out), replies.expect("replies"));
        assert_eq!(out, String::from_utf8_lossy(&replies), "{}", path.display());
        assert_eq!((errors.as_str(), status.code()), ("", Some(0)), "{}", path.display());
        count += 1;
    }
    assert!(count >= 5);
}

#[test]
fn a_search_may_end_after_getinfo() {
    let mut splunkd = Splunkd::start();
    let reply = splunkd.ask(&getinfo(&["DNS.query"]));
    assert_eq!(reply.metadata, json!({"type": "streaming", "required_fields": ["DNS.query"]}));
    assert!(reply.body.is_empty());
    splunkd.end_well();
}

#[test]
fn a_search_may_end_between_any_two_chunks() {
    let mut splunkd = Splunkd::start();
    splunkd.ask(&getinfo(&[]));
    splunkd.ask(&execute(b"query,_chunked_idx\nwww.example.com,0\n", false));
    splunkd.end_well();
    Splunkd::start().end_well();
}

#[test]
fn nothing_more_is_read_after_the_last_chunk() {
    let mut splunkd = Splunkd::start();
    splunkd.ask(&getinfo(&[]));
    splunkd.ask(&execute(b"", true));
    // The program has ended; the system decides whether this write fails.
    splunkd.write(b"no message");
    let (rest, errors, status) = splunkd.end();
    assert_eq!((rest.as_slice(), errors.as_str(), status.code()), (&b""[..], "", Some(0)));
}

#[test]
fn the_program_ends_after_the_last_chunk_although_its_input_stays_open() {
    let mut splunkd = Splunkd::start();
    splunkd.ask(&getinfo(&[]));
    splunkd.ask(&execute(b"", true));
    assert_eq!(splunkd.wait().code(), Some(0));
    splunkd.end_well();
}

const CHUNK: &[u8] = b"query,_chunked_idx\nwww.example.com,0\n";

/// A getinfo with other keys than the usual ones.
fn getinfo_with(keys: &Value) -> Vec<u8> {
    let mut metadata =
        json!({"action": "getinfo", "searchinfo": {"args": ["query"], "session_key": SESSION_KEY}});
    for (key, value) in keys.as_object().expect("an object") {
        let part = if key == "maxresultrows" { &mut metadata["searchinfo"] } else { &mut metadata };
        part[key] = value.clone();
    }
    request(&metadata, b"")
}

#[test]
fn every_getinfo_is_answered_alike_before_and_between_chunks() {
    for keys in [
        json!({}),
        json!({"preview": true, "streaming_command_will_restart": true, "maxresultrows": 0}),
        json!({"preview": 1, "streaming_command_will_restart": 0, "maxresultrows": "0"}),
        json!({"preview": "1", "streaming_command_will_restart": "true", "maxresultrows": 50000}),
        json!({"preview": "0", "maxresultrows": null}),
    ] {
        let (first, other) = (getinfo_with(&json!({})), getinfo_with(&keys));
        let expected = json!({"type": "streaming", "required_fields": ["query"]});
        let mut splunkd = Splunkd::start();
        for request in [&first, &other, &first, &other, &other] {
            assert_eq!(splunkd.ask(request).metadata, expected, "{keys}");
        }
        for last in [false, false, true] {
            let reply = splunkd.ask(&execute(CHUNK, last));
            assert_eq!(reply.metadata, json!({"finished": last}), "{keys}");
            assert!(
                String::from_utf8_lossy(&reply.body).contains("www.example.com,0,example.com,www,"),
                "{keys}"
            );
            for request in [&other, &first].into_iter().filter(|_| !last) {
                assert_eq!(splunkd.ask(request).metadata, expected, "{keys}");
            }
        }
        splunkd.end_well();
    }
}

#[test]
fn a_getinfo_between_chunks_loses_no_events() {
    let mut splunkd = Search { command: "dnsexfil", ..Search::default() }.start();
    let info = splunkd.ask(&getinfo(&["query"])).metadata;
    splunkd.ask(&execute(b"query\na.example.com\n", false));
    assert_eq!(splunkd.ask(&getinfo(&["query"])).metadata, info);
    let table =
        String::from_utf8(splunkd.ask(&execute(b"query\nb.example.com\n", true)).body).expect("UTF-8");
    assert!(table.contains("\nexample.com,2,2,"), "{table}");
    splunkd.end_well();
}

#[test]
fn headers_may_have_blanks_and_a_carriage_return() {
    let mut splunkd = Splunkd::start();
    let mut ask = |header: &str, metadata: &Value, body: &str| {
        let metadata = metadata.to_string();
        let lengths = [metadata.len(), body.len()].map(|length| length.to_string());
        let header = header.replace('M', &lengths[0]).replace('B', &lengths[1]);
        splunkd.ask(format!("{header}{metadata}{body}").as_bytes())
    };
    let getinfo = json!({"action": "getinfo", "searchinfo": {"args": ["query"]}});
    assert_eq!(ask("chunked 1.0, M, B\r\n", &getinfo, "").metadata["type"], "streaming");
    let body = "query\nwww.example.com\n";
    let reply = ask("chunked\t 1.0 ,M\t, B \n", &json!({"action": "execute"}), body);
    assert!(String::from_utf8_lossy(&reply.body).contains("www.example.com,example.com,www,"));
    let reply = ask("chunked  1.0,\tM ,\tB\t\r\n", &json!({"action": "execute", "finished": true}), body);
    assert_eq!(reply.metadata["finished"], true);
    splunkd.end_well();
}

#[test]
fn no_error_begins_with_the_name_of_a_command() {
    for requests in [&[&b"hello"[..]][..], &[&getinfo(&[]), b"chunked 1.0,2,0\n{]"], &[&execute(b"", false)]]
    {
        let (shown, errors) = breakdown(requests);
        assert!(shown.starts_with("the conversation with splunkd broke down: chunk "), "{shown}");
        assert!(errors.starts_with("dnsentropy: chunk "), "{errors}");
    }
    let action = request(&json!({"action": format!("\u{1b}[31m{}", "x".repeat(1000))}), b"");
    let (shown, _) = breakdown(&[&action]);
    assert!(shown.contains("the action '\\u{1b}[31mxxx") && shown.len() < 250, "{shown}");
}

#[test]
fn all_wrong_arguments_are_reported_at_once() {
    let mut splunkd = Splunkd::start();
    let words = [
        "a",
        "b",
        "field=c",
        "lst=icann",
        "list=ican",
        "prefix=_x",
        "fields=domain,foo,bar",
        "mode=url2",
        "field=d",
    ];
    let reply = splunkd.ask(&getinfo(&words));
    assert_eq!(reply.metadata["finished"], true);
    let error = reply.metadata["error"].as_str().expect("an error");
    for problem in [
        "expected one field, got 'a' and 'b' and 'c'",
        "field= is given 2 times",
        "unknown option lst=: use field=, list=, prefix=, fields= or mode=",
        "list=ican is unknown: use mozilla, icann, iana, custom or *",
        "prefix=_x is not allowed: field names must not begin with",
        "fields=foo is unknown: use domain, subdomain,",
        "fields=bar is unknown",
        "mode=url2 is unknown: use name, url or shannon",
    ] {
        assert!(error.contains(problem), "{problem}: {error}");
    }
    // splunkd puts the command's name before it.
    assert!(error.starts_with("mode=url2 is unknown") && !error.contains("dnsentropy: "), "{error}");
    assert!(!error.contains('\n'), "{error}");
    splunkd.end_well();
}

#[test]
fn after_a_refusal_each_request_is_still_answered() {
    let mut splunkd = Splunkd::start();
    splunkd.ask(&getinfo(&["list=none"]));
    let reply = splunkd.ask(&execute(b"query\nwww.example.com\n", false));
    assert_eq!((reply.metadata, reply.body), (json!({"finished": true}), Vec::new()));
    splunkd.end_well();
}

#[test]
fn a_field_that_no_event_of_a_peer_has_is_reported_once_at_the_end() {
    let events = vec![event(&[("query", "www.example.com")]); 1_234];
    let search = Search { rows_per_chunk: 500, ..Search::default() };
    let (unchanged, messages) = search.run(&["qurey"], &events);
    assert_eq!(unchanged, events);
    let text = "none of the 1,234 events on this search peer has the field 'qurey': check the name";
    assert_eq!(messages, [("INFO".to_owned(), text.to_owned())]);

    let mut late = events.clone();
    late[1_233] = event(&[("qurey", "www.example.com")]);
    assert_eq!(search.run(&["qurey"], &late).1, []);
    // A few events of one peer say nothing of the search.
    assert_eq!(search.run(&["qurey"], &events[..999]).1, []);
    assert_eq!(search.run(&["qurey"], &[]).1, []);
}

#[test]
fn events_without_the_field_come_through_untouched() {
    let events = [event(&[("src", "10.0.0.1")]), event(&[("query", "www.example.com")]), event(&[])];
    let (merged, _) = Search::default().run(&["query"], &events);
    assert_eq!((&merged[0], &merged[2]), (&events[0], &events[2]));
    assert_eq!(value(&merged[1], "ut_domain"), Some("example.com"));
}

#[test]
fn columns_may_change_between_chunks() {
    let mut splunkd = Splunkd::start();
    splunkd.ask(&getinfo(&[]));
    let mut reply = |body: &str, last| {
        let reply = splunkd.ask(&execute(body.as_bytes(), last));
        String::from_utf8(reply.body).expect("UTF-8")
    };
    let outputs = "ut_domain,ut_subdomain,ut_domain_without_tld,ut_tld,ut_subdomain_count,ut_subdomain_length,\
                   ut_shannon,ut_suffix_type";
    assert_eq!(
        reply("\"_chunked_idx\",query,\"__mv_query\"\n0,www.example.com,\n", false),
        format!(
            "_chunked_idx,query,__mv_query,{outputs}\n0,www.example.com,,example.com,www,example,com,1,3,0.0,icann\n"
        )
    );
    assert_eq!(reply("x,_chunked_idx\ny,1\n", false), format!("x,_chunked_idx,{outputs}\ny,1,,,,,,,,\n"));
    assert_eq!(reply("", false), "");
    assert_eq!(reply("\"query\"\n", false), format!("query,{outputs}\n"));
    assert_eq!(reply("query\ncom\n\n", true), format!("query,{outputs}\ncom,,,,com,0,,,icann\n,,,,,,,,\n"));
    splunkd.end_well();
}

#[test]
fn field_names_and_values_of_any_kind_come_back() {
    let odd: Vec<Vec<u8>> = [
        &b"a,b\"c\nd.example.com"[..],
        b"\xff\xfe.example.com",
        "食狮.公司.cn".as_bytes(),
        b"$a$;$b$.example.com",
        b" www.example.com ",
        b"\r\n",
        b"\"",
        b"a\x00b.example.com",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    for field in ["query", "query{}", "Source IP", "DNS.query", "a,b", "a\"b", "食狮", "a=b"] {
        let mut events: Vec<Event> =
            odd.iter().map(|name| Event::from([(field.to_owned(), vec![name.clone()])])).collect();
        events.push(Event::from([(field.to_owned(), odd.clone())]));
        events.push(Event::from([(field.to_owned(), vec![b"$".to_vec(), Vec::new(), b"$;$".to_vec()])]));
        // `args` comes without quotes, so a name with a quote cannot be given.
        if field.contains('"') {
            continue;
        }
        let (merged, messages) = Search::default().run(&[&format!("\"{field}\"")], &events);
        let text = format!(
            "2 values of '{field}' are not DNS names, such as '\\r\\n': name the field that holds the DNS name, or use \
             mode=url for URLs"
        );
        assert_eq!(messages, [("INFO".to_owned(), text)]);
        for (after, before) in merged.iter().zip(&events) {
            assert_eq!(after[field], before[field], "{field}");
            let is_unreadable = before[field] == [b"\r\n"];
            assert_eq!(after.contains_key("ut_subdomain_count"), !is_unreadable, "{field}");
        }
    }
}

#[test]
fn cells_and_chunks_of_many_megabytes() {
    let long = format!("{}.Example.COM", "aB3,\"".repeat(2_000_000));
    let many_labels = format!("{}example.com", "A.".repeat(1_000_000));
    let (merged, _) =
        Search::default().run(&[], &[event(&[("query", &long)]), event(&[("query", &many_labels)])]);
    assert_eq!(value(&merged[0], "ut_domain"), Some("example.com"));
    assert_eq!(value(&merged[0], "ut_subdomain_length"), Some("10000000"));
    let entropy: f64 = value(&merged[0], "ut_shannon").and_then(|bits| bits.parse().ok()).expect("a number");
    assert!((entropy - 5_f64.log2()).abs() < 1e-12);
    assert_eq!(value(&merged[1], "ut_subdomain_count"), Some("1000000"));

    let names: Vec<String> = (0..200_000).map(|number| format!("{number:0>60}.example.com")).collect();
    let events: Vec<Event> = names.iter().map(|name| event(&[("query", name)])).collect();
    let (merged, _) = Search { rows_per_chunk: 150_000, ..Search::default() }.run(&[], &events);
    for (event, name) in merged.iter().zip(&names) {
        assert_eq!(value(event, "ut_subdomain"), name.strip_suffix(".example.com"));
    }
}

#[test]
fn a_multivalue_of_very_many_values() {
    let values: Vec<Vec<u8>> =
        (0..200_000).map(|number| format!("h{number}.example.com").into_bytes()).collect();
    let (merged, _) = Search::default().run(&[], &[Event::from([("query".to_owned(), values.clone())])]);
    assert_eq!(merged[0]["query"], values);
    assert_eq!(merged[0]["ut_subdomain"].len(), values.len());
}

/// Sends the requests. Returns the error shown to the user and the one on standard error.
fn breakdown(requests: &[&[u8]]) -> (String, String) {
    let mut splunkd = Splunkd::start();
    for request in requests {
        splunkd.write(request);
    }
    // All but the last are answered as usual. The last reply shows the error to the user.
    for _ in 1..requests.len() {
        assert_eq!(splunkd.read().metadata["error"], Value::Null);
    }
    splunkd.close_stdin();
    let last = splunkd.read();
    assert_eq!((&last.metadata["finished"], last.body.len()), (&json!(true), 0));
    let shown = last.metadata["error"].as_str().expect("an error").to_owned();
    let (rest, errors, status) = splunkd.end();
    assert_eq!((rest.len(), status.code()), (0, Some(1)));
    assert!(!errors.contains(SESSION_KEY) && !shown.contains(SESSION_KEY));
    (shown, errors)
}

#[test]
fn an_error_names_the_place_in_the_stream() {
    let start = getinfo(&[]);
    let first = execute(b"query\n", false);
    let at = |offset: usize| start.len() + first.len() + offset;
    let cases: [(&[u8], String); 6] = [
        (b"hello", format!("chunk 3, byte {} of the stream: expected a header", at(0))),
        (b"chunked 1.0,x,0\n{}", format!("chunk 3, byte {} of the stream: a length", at(12))),
        (
            b"chunked 1.0,36,10\n{\"action\"",
            format!(
                "chunk 3, byte {} of the stream: the stream ends inside the metadata: 37 more bytes",
                at(27)
            ),
        ),
        (b"chunked 1.0", format!("chunk 3, byte {} of the stream: the stream ends inside a header", at(11))),
        (
            b"chunked 1.0,2,0\n{]",
            format!("chunk 3, which ends at byte {} of the stream: the metadata", at(18)),
        ),
        (
            b"chunked 1.0,14,0\n{\"action\":\"x\"}",
            format!("chunk 3, which ends at byte {} of the stream: the action 'x'", at(31)),
        ),
    ];
    for (bytes, expected) in cases {
        let (shown, errors) = breakdown(&[&start, &first, bytes]);
        assert!(shown.contains(&expected), "{shown}\n{expected}");
        assert!(errors.contains(&expected), "{errors}\n{expected}");
    }
    let (shown, errors) = breakdown(&[&first]);
    assert!(errors.starts_with("dnsentropy: chunk 1, "), "the name is there once: {errors}");
    assert!(
        shown.contains("chunk 1, which ends at byte 60 of the stream: execute came before getinfo"),
        "{shown}"
    );
}

#[test]
fn numbers_strings_and_unknown_keys_in_getinfo() {
    let metadata = json!({"preview": 0, "new": {"x": [1]}, "action": "getinfo", "searchinfo": {
        "latest_time": 0, "earliest_time": "0", "sid": 1.5, "args": ["query"], "session_key": SESSION_KEY}});
    let mut splunkd = Splunkd::start();
    let reply = splunkd.ask(&request(&metadata, b""));
    assert_eq!(reply.metadata["required_fields"], json!(["query"]));
    let finished = splunkd.ask(&request(&json!({"action": "execute", "finished": "1"}), b""));
    assert_eq!(finished.metadata["finished"], true);
    splunkd.end_well();
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    send_to_closed_pipe("dnsentropy", &getinfo(&[]));
}
