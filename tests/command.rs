//! The command `dnsentropy` through the real program: its outputs and its options.

mod support;

use std::fs;

use support::{Event, Search, event, getinfo, installed, split, value};
use tempfile::TempDir;

fn fields(event: &Event) -> Vec<&str> {
    event.keys().map(String::as_str).filter(|name| *name != "query").collect()
}

#[test]
fn every_output_of_a_name() {
    let events = split(&[], &["0DsAAHNIclYsFcDN.x.HildegardsFarm.co.UK."]);
    let parts = [
        ("ut_domain", "hildegardsfarm.co.uk"),
        ("ut_subdomain", "0DsAAHNIclYsFcDN.x"),
        ("ut_domain_without_tld", "hildegardsfarm"),
        ("ut_tld", "co.uk"),
        ("ut_subdomain_count", "2"),
        ("ut_subdomain_length", "18"),
        ("ut_suffix_type", "icann"),
    ];
    for (field, part) in parts {
        assert_eq!(value(&events[0], field), Some(part), "{field}");
    }
    assert_eq!(fields(&events[0]).len(), 8);
}

#[test]
fn a_domain_of_any_bytes_has_only_letters_digits_dashes_dots_and_escapes() {
    let labels: [&[u8]; 8] = [
        b"\"; | delete \"",
        b"$result.x$ [| makeresults]",
        b"=cmd|' /c calc'!a1",
        b"</script>&#x27;",
        b"../../%2e%2e?a=b",
        b"a,b\nc\rd\te\x00f",
        b"\xff\xfe\xc3",
        "\u{202e}\u{1f600}\u{feff}\u{2028}".as_bytes(),
    ];
    let name = |label: &[u8]| Event::from([("query".to_owned(), vec![[b"Sub.", label, b".com"].concat()])]);
    for mode in ["mode=name", "mode=url"] {
        let (events, _) = Search::default().run(&[mode], &labels.map(name));
        let domains: Vec<&str> = events.iter().filter_map(|event| value(event, "ut_domain")).collect();
        let (mut distinct, before) = (domains.clone(), domains.len());
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((distinct.len(), before > 3), (before, true), "{mode}: {domains:?}");
        for event in &events {
            for field in ["ut_domain", "ut_domain_without_tld", "ut_tld"] {
                let text = value(event, field).unwrap_or_default();
                let mut parts = text.split('\\');
                let is_plain = |part: &str| {
                    part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                };
                assert!(parts.next().is_some_and(is_plain), "{field}={text}");
                let is_escape = |part: &str| part.get(..3).is_some_and(|digits| digits.parse::<u8>().is_ok());
                assert!(parts.all(|part| is_escape(part) && is_plain(part)), "{field}={text}");
            }
        }
    }
}

#[test]
fn measures_are_those_of_the_name_as_it_came() {
    let words = ["fields=all"];
    let events = split(&words, &["a|b=c\u{2764}.x.*\".com", "a|b=c\u{2764}.x.example.com"]);
    for field in [
        "ut_subdomain",
        "ut_subdomain_count",
        "ut_subdomain_length",
        "ut_shannon",
        "ut_payload_bytes",
        "ut_score",
    ] {
        assert_eq!(events[0].get(field), events[1].get(field), "{field}");
    }
    assert_eq!(value(&events[0], "ut_subdomain"), Some("a|b=c\u{2764}.x"));
    assert_eq!(value(&events[0], "ut_subdomain_length"), Some("8"));
    assert_eq!(value(&events[0], "ut_domain"), Some(r"\042\034.com"));
}

#[test]
fn domains_and_whole_names_in_one_spelling_come_on_request() {
    let names = ["A.b.Example.COM", "A.食狮.公司.cn", "CO.UK", ".", "10.0.0.1", "a b"];
    let events = split(&["fields=domain_ascii,fqdn"], &names);
    let expected = [
        (Some("example.com"), Some("A.b.example.com")),
        (Some("xn--85x722f.xn--55qx5d.cn"), Some("A.xn--85x722f.xn--55qx5d.cn")),
        (Some("(none)"), Some("co.uk")),
        (Some("(none)"), None),
        (None, None),
        (None, None),
    ];
    for ((event, name), (domain, fqdn)) in events.iter().zip(names).zip(expected) {
        assert_eq!(value(event, "ut_domain_ascii"), domain, "{name}");
        assert_eq!(value(event, "ut_fqdn"), fqdn, "{name}");
    }
}

#[test]
fn escapes_are_measured_as_the_bytes_that_they_mean() {
    let escaped = split(&["fields=all"], &[r"0\188\214\253\xfeza.t.example.com"]);
    for (field, expected) in [
        ("ut_subdomain", r"0\188\214\253\xfeza.t"),
        ("ut_subdomain_length", "9"),
        ("ut_subdomain_count", "2"),
        ("ut_domain", "example.com"),
    ] {
        assert_eq!(value(&escaped[0], field), Some(expected), "{field}");
    }
    let raw = Event::from([("query".to_owned(), vec![b"0\xbc\xd6\xfd\xfeza.t.example.com".to_vec()])]);
    let (raw, _) = Search::default().run(&["fields=all"], &[raw]);
    for field in ["ut_subdomain_length", "ut_shannon"] {
        assert_eq!(escaped[0].get(field), raw[0].get(field), "{field}");
    }
}

#[test]
fn unreadable_values_are_counted_and_change_nothing() {
    let names = ["http://a.example/", "www.example.com", "-", "a b", "http://a.example/", "-", "-"];
    let events: Vec<Event> = names.iter().map(|name| event(&[("query", name)])).collect();
    let search = Search { rows_per_chunk: 2, ..Search::default() };
    let (merged, messages) = search.run(&["query"], &events);
    for (event, before) in merged.iter().zip(&events) {
        assert!(event == before || value(event, "ut_domain") == Some("example.com"), "{event:?}");
    }
    let text = "6 values of 'query' are not DNS names, such as '-' and 'a b': name the field that holds the DNS name, or use \
                mode=url for URLs";
    assert_eq!(messages, [("INFO".to_owned(), text.to_owned())]);
    let (_, messages) = search.run(&["query", "mode=url"], &events[..2]);
    assert_eq!(messages, []);
    let (merged, messages) = search.run(&["query", "mode=url"], &[event(&[("query", "/a/b")])]);
    assert_eq!(value(&merged[0], "ut_path"), Some("/a/b"));
    let text =
        "one value of 'query' is not a DNS name, '/a/b': name the field that holds the URL or DNS name";
    assert_eq!(messages, [("INFO".to_owned(), text.to_owned())]);
}

#[test]
fn the_host_of_a_url_stays_as_it_came() {
    let (merged, _) =
        Search::default().run(&["mode=url", "field=url"], &[event(&[("url", "http://A.b|c.com/x")])]);
    assert_eq!(value(&merged[0], "ut_host"), Some("A.b|c.com"));
    assert_eq!(value(&merged[0], "ut_domain"), Some(r"b\124c.com"));
}

#[test]
fn the_entropy_is_that_of_the_definition() {
    let subdomains = ["buttercup", "0DsAAHNIclYsFcDN", "aaa", "食狮", "a.b", "0123456789abcdef"];
    let bits = [2.725_480_556_997_868, 3.375, 0.0, 1.0, 1.584_962_500_721_156, 4.0];
    let names: Vec<String> = subdomains.iter().map(|subdomain| format!("{subdomain}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (event, bits) in split(&[], &names).iter().zip(bits) {
        let entropy: f64 = value(event, "ut_shannon").and_then(|text| text.parse().ok()).expect("a number");
        assert!((entropy - bits).abs() < 1e-12, "{event:?}");
    }
}

#[test]
fn what_a_name_does_not_have_is_absent() {
    let events = split(&[], &["example.com", "com", "10.0.0.1", "."]);
    let expected: [&[&str]; 4] = [
        &["ut_domain", "ut_domain_without_tld", "ut_subdomain_count", "ut_suffix_type", "ut_tld"],
        &["ut_subdomain_count", "ut_suffix_type", "ut_tld"],
        &["ut_subdomain_count", "ut_suffix_type"],
        &["ut_subdomain_count"],
    ];
    for (event, expected) in events.iter().zip(expected) {
        assert_eq!(fields(event), expected);
        assert_eq!(value(event, "ut_subdomain_count"), Some("0"));
    }
}

#[test]
fn fields_and_prefix_pick_and_name_the_outputs() {
    for (words, expected) in [
        (&["fields=shannon,domain"][..], &["ut_domain", "ut_shannon"][..]),
        (&["fields=ut_shannon,", "ut_domain"], &["ut_domain", "ut_shannon"]),
        (&["prefix=dns.", "fields=dns.domain,tld"], &["dns.domain", "dns.tld"]),
        (&["prefix=", "fields=domain"], &["domain"]),
        (&["prefix=s", "fields=shannon,stld"], &["sshannon", "stld"]),
        (&["prefix=\"my \"", "fields=domain"], &["my domain"]),
        (&["fields", "=", "domain", "tld", "query"], &["ut_domain", "ut_tld"]),
        (&["fields=domain", "tld", "query"], &["ut_domain", "ut_tld"]),
        (&["fields=domain", "ut_tld"], &["ut_domain", "ut_tld"]),
        (&["query", "fields=\"domain tld\"", "list=", "icann"], &["ut_domain", "ut_tld"]),
        (&["'query'", "fields=\"domain, tld\""], &["ut_domain", "ut_tld"]),
        (&["query", "fields='domain,", "tld'"], &["ut_domain", "ut_tld"]),
    ] {
        assert_eq!(fields(&split(words, &["www.example.com"])[0]), expected, "{words:?}");
    }
    assert_eq!(fields(&split(&[], &["www.example.com"])[0]).len(), 8);
    assert_eq!(fields(&split(&["fields=all"], &["www.example.com"])[0]).len(), 14);
}

fn refusal(words: &[&str]) -> String {
    refusal_of(&Search::default(), words)
}

fn refusal_of(search: &Search, words: &[&str]) -> String {
    let mut splunkd = search.start();
    let reply = splunkd.ask(&getinfo(words));
    splunkd.end_well();
    reply.metadata["error"].as_str().unwrap_or_else(|| panic!("{words:?} is refused")).to_owned()
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (words, problem) in [
        (&["ut_domain"][..], "the output 'ut_domain' would replace the field that is read"),
        (&["mode=shannon", "fields=domain"], "fields=domain is unknown: use shannon or all"),
        (&["fields="], "fields= is empty: name at least one output"),
        (&["field="], "field= is not a field name"),
        (&["mode=shannon", "list=icann"], "list= is not allowed with mode=shannon"),
        (&["field=*"], "field=* is not a field name"),
        (&["prefix=a,b"], "prefix=a,b is not allowed: field names must not"),
        (&["field", "=", "="], "'=' has no option before it: write option=value"),
        (&["fields=domain", "scor", "query"], "(a list of outputs goes in quotes: fields=\"domain,score\")"),
        (&["query", "mode"], "mode has no value: write mode=<value>"),
    ] {
        let error = refusal(words);
        assert!(error.contains(problem), "{words:?}: {error}");
    }
}

#[test]
fn exact_duplicates_count_once_and_distinct_values_stay_aligned() {
    let query = |names: &[&str]| {
        let values = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        Event::from([("query".to_owned(), values)])
    };
    let events = [
        query(&["www.example.com", "www.example.com"]),
        query(&["www.example.com", "example.org", "www.example.com", "WWW.example.com"]),
        query(&["com", "net"]),
        query(&["", "a.example.com"]),
    ];
    let (merged, _) = Search::default().run(&["fields=domain,subdomain,subdomain_count"], &events);
    let outputs = |event: &Event| {
        ["ut_domain", "ut_subdomain", "ut_subdomain_count"].map(|field| {
            let values = event.get(field).cloned().unwrap_or_default();
            values
                .iter()
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .collect::<Vec<_>>()
                .join("|")
        })
    };
    assert_eq!(outputs(&merged[0]), ["example.com", "www", "1"]);
    assert_eq!(outputs(&merged[1]), ["example.com|example.org|example.com", "www||WWW", "1|0|1"]);
    assert_eq!(outputs(&merged[2]), ["|", "|", "0|0"]);
    assert_eq!(outputs(&merged[3]), ["|example.com", "|a", "|1"]);
}

#[test]
fn what_the_detector_says_of_a_name_is_given_on_request() {
    let words = ["fields=encoding,payload_bytes,surprisal,score"];
    let events = split(&words, &["0DsAAHNIclYsFcDN.hildegardsfarm.com", "mail.example.com", "example.com"]);
    let number = |event: &Event, field: &str| value(event, field).and_then(|text| text.parse::<f64>().ok());
    assert_eq!(value(&events[0], "ut_encoding"), Some("base64"));
    assert_eq!(value(&events[0], "ut_payload_bytes"), Some("12"));
    assert!(number(&events[0], "ut_surprisal") > number(&events[1], "ut_surprisal"));
    assert!(number(&events[0], "ut_score") > number(&events[1], "ut_score"));
    assert_eq!(value(&events[1], "ut_encoding"), Some("none"));
    assert_eq!(fields(&events[2]), Vec::<&str>::new());
}

#[test]
fn mode_shannon_takes_any_field_whole() {
    let events = [event(&[("word", "buttercup")]), event(&[("word", "10.0.0.1")]), event(&[("other", "x")])];
    let (merged, messages) = Search::default().run(&["mode=shannon", "field=word"], &events);
    assert_eq!(messages, []);
    for (event, bits) in merged.iter().zip([2.725_480_556_997_868, 1.561_278_124_459_132_7]) {
        let entropy: f64 = value(event, "ut_shannon").and_then(|text| text.parse().ok()).expect("a number");
        assert!((entropy - bits).abs() < 1e-12, "{event:?}");
    }
    assert_eq!(merged[2], events[2]);
}

#[test]
fn mode_url_gives_the_parts_of_a_url() {
    let parts = |url: &str| {
        let (merged, _) = Search::default().run(&["mode=url", "field=url"], &[event(&[("url", url)])]);
        let parts = merged[0].iter().filter(|(name, _)| *name != "url" && *name != "ut_shannon");
        let parts = parts.map(|(name, values)| format!("{name}={}", String::from_utf8_lossy(&values[0])));
        parts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        parts("https://user:pass@a.Example.co.uk:8443/a/b;p=1?x=1&y=2#frag"),
        "ut_domain=example.co.uk ut_domain_without_tld=example ut_fragment=frag ut_host=a.Example.co.uk \
         ut_netloc=user:pass@a.Example.co.uk:8443 ut_params=p=1 ut_path=/a/b ut_port=8443 ut_query=x=1&y=2 \
         ut_scheme=https ut_subdomain=a ut_subdomain_count=1 ut_subdomain_length=1 ut_suffix_type=icann \
         ut_tld=co.uk ut_username=user"
    );
    assert_eq!(
        parts("HTTPS://[2001:db8::1]/"),
        "ut_host=[2001:db8::1] ut_netloc=[2001:db8::1] ut_path=/ ut_port=443 ut_scheme=https \
         ut_subdomain_count=0 ut_suffix_type=ip"
    );
    assert_eq!(
        parts("ftp://[::1]:2121"),
        "ut_host=[::1] ut_netloc=[::1]:2121 ut_port=2121 ut_scheme=ftp ut_subdomain_count=0 ut_suffix_type=ip"
    );
    assert_eq!(
        parts("example.com/x"),
        "ut_domain=example.com ut_domain_without_tld=example ut_host=example.com ut_netloc=example.com \
         ut_path=/x ut_subdomain_count=0 ut_suffix_type=icann ut_tld=com"
    );
    assert_eq!(parts("file:///etc/passwd"), "ut_path=/etc/passwd ut_scheme=file ut_subdomain_count=0");
}

const SUFFIXES: &str = "dnsentropy_custom_suffixes.csv";

/// The program as installed in an app with its own suffixes.
fn app(suffixes: &str) -> (TempDir, Search) {
    let (app, program) = installed(&[(SUFFIXES, suffixes.as_bytes())]);
    (app, Search { program, ..Search::default() })
}

fn tld_and_type(search: &Search, list: &str, name: &str) -> String {
    let (merged, _) = search.run(&[list], &[event(&[("query", name)])]);
    let part = |field: &str| value(&merged[0], field).unwrap_or("-").to_owned();
    format!("{} {}", part("ut_tld"), part("ut_suffix_type"))
}

#[test]
fn the_users_own_suffixes() {
    let (_app, search) = app("suffix\nCorp.Internal\n*.lab\n!www.lab\n\"食狮.example\"\nintranet.co.uk\n");
    for (list, name, expected) in [
        ("list=custom", "a.b.corp.internal", "corp.internal private"),
        ("list=custom", "a.b.c.lab", "c.lab private"),
        ("list=custom", "a.www.lab", "lab private"),
        ("list=custom", "a.b.xn--85x722f.example", "xn--85x722f.example private"),
        ("list=custom", "www.example.co.uk", "uk unlisted"),
        ("list=*", "a.b.corp.internal", "corp.internal private"),
        ("list=*", "www.example.co.uk", "co.uk icann"),
        ("list=*", "www.example.intranet.co.uk", "intranet.co.uk private"),
        ("list=*", "foo.github.io", "github.io private"),
        ("list=mozilla", "a.b.corp.internal", "internal unlisted"),
    ] {
        assert_eq!(tld_and_type(&search, list, name), expected, "{name} with {list}");
    }
}

#[test]
fn other_columns_line_ends_and_a_byte_order_mark_do_not_matter() {
    let (_app, search) = app("\u{feff}suffix,comment\r\n corp.internal ,ours\r\n\r\nlab,\r\n");
    assert_eq!(tld_and_type(&search, "list=custom", "a.b.corp.internal"), "corp.internal private");
    assert_eq!(tld_and_type(&search, "list=custom", "a.b.lab"), "lab private");
}

/// The warnings of a search over one name, which it splits nevertheless.
fn warnings(search: &Search, list: &str) -> Vec<String> {
    let (merged, messages) = search.run(&[list], &[event(&[("query", "a.b.corp.internal")])]);
    assert!(value(&merged[0], "ut_domain").is_some(), "{merged:?}");
    messages.into_iter().map(|(level, text)| format!("{level} {text}")).collect()
}

#[test]
fn invalid_suffixes_are_skipped_with_a_warning_that_names_file_and_line() {
    for (suffixes, warning) in [
        (
            "suffix\ncorp.internal\n\n\"a\nb\"\nlab\n",
            "WARN dnsentropy_custom_suffixes.csv, line 4 is skipped: the suffix 'a\\nb' is not valid: it has white space",
        ),
        (
            "Suffix;x\nlab;\na..b;\ncorp.internal;\n",
            "line 3 is skipped: the suffix 'a..b' is not valid: it has an empty",
        ),
        (
            "suffix\n*foo.lab\ncorp.internal",
            "line 2 is skipped: the suffix '*foo.lab' is not valid: '*' must be one whole",
        ),
    ] {
        let (_app, search) = app(suffixes);
        for list in ["list=custom", "list=*"] {
            let warnings = warnings(&search, list);
            assert!(warnings.len() == 1 && warnings[0].contains(warning), "{warnings:?}");
            assert_eq!(tld_and_type(&search, list, "a.b.corp.internal"), "corp.internal private");
        }
        assert_eq!(warnings(&search, "list=mozilla"), Vec::<String>::new());
    }
}

#[test]
fn without_a_usable_suffix_names_are_split_at_the_last_label_with_a_warning() {
    let none = "WARN list=custom has no suffixes, so names are split at the last label";
    for suffixes in ["", "\n", "suffix\n"] {
        let (_app, search) = app(suffixes);
        assert_eq!(warnings(&search, "list=*"), Vec::<String>::new());
        let warnings = warnings(&search, "list=custom");
        assert!(warnings.len() == 1 && warnings[0].starts_with(none), "{warnings:?}");
    }
    let (app, search) = app("suffixes\nlab\n");
    let no_column = warnings(&search, "list=*");
    assert!(no_column.len() == 1 && no_column[0].contains("no column 'suffix'"), "{no_column:?}");
    let file = app.path().join("lookups").join(SUFFIXES);
    fs::remove_file(&file).expect("removed");
    assert!(warnings(&search, "list=custom")[0].starts_with(none));
    assert_eq!(tld_and_type(&search, "list=*", "www.example.co.uk"), "co.uk icann");
    fs::create_dir(&file).expect("a folder in the place of the file");
    assert_eq!(warnings(&search, "list=custom").len(), 2);
    assert!(warnings(&search, "list=*")[0].contains("is ignored, as it cannot be read"));
}
