//! The groups of `dnsexfil` through the real program: names without a domain, private suffixes, spellings of domains, reverse
//! zones, and values that are not names.

mod support;

use support::exfil::{Row, csv, one, parse, run, run_program};
use support::installed;

const WORDS: [&str; 3] = ["query", "by", "src"];
const HEADER: [&str; 2] = ["query", "src"];

/// Events of one client.
fn events(names: &[String]) -> Vec<Vec<String>> {
    names.iter().map(|name| vec![name.clone(), "10.0.0.1".to_owned()]).collect()
}

/// The table, and the messages.
fn run_on(names: &[String]) -> (Vec<Row>, Vec<String>) {
    let chunks: Vec<Vec<u8>> = events(names).chunks(70).map(|chunk| csv(&HEADER, chunk)).collect();
    let (_, bodies, messages) = run(&WORDS, &[chunks, vec![csv(&HEADER, &[])]].concat());
    (last_table(&bodies), messages)
}

fn last_table(bodies: &[Vec<u8>]) -> Vec<Row> {
    parse(bodies.last().expect("a body"))
}

/// The table, of which nothing is warned.
fn table(names: &[String]) -> Vec<Row> {
    let (table, messages) = run_on(names);
    assert_eq!(messages, Vec::<String>::new());
    table
}

fn row<'r>(rows: &'r [Row], domain: &str) -> &'r Row {
    rows.iter()
        .find(|row| one(row, "ut_domain") == domain)
        .unwrap_or_else(|| panic!("no row {domain}: {rows:?}"))
}

fn score(row: &Row) -> u8 {
    one(row, "score").parse().expect("a number")
}

fn names(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Different texts of `length` characters of `alphabet`.
fn texts(alphabet: &str, length: usize, count: usize) -> Vec<String> {
    let mut state = 1948_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(alphabet.as_bytes()[(state >> 33) as usize % alphabet.len()])
    };
    (0..count).map(|_| (0..length).map(|_| next()).collect()).collect()
}

const HEX: &str = "0123456789abcdef";
const BASE32: &str = "abcdefghijklmnopqrstuvwxyz234567";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
const NETBIOS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// What a client asks for in a network of its own.
fn home() -> Vec<String> {
    let hosts = [
        "nas.local",
        "printer.lan",
        "host.corp",
        "tv.home",
        "router",
        "wpad",
        "isatap",
        "localhost",
        "WORKGROUP",
        "dc1.ad.corp",
        "dc2.ad.corp",
        "_ldap._tcp.dc._msdcs.ad.corp",
        "intranet",
        "_.com",
        "8.8.8.8.corp",
    ];
    let hosts = names(&hosts);
    [hosts.clone(), hosts].concat()
}

#[test]
fn tunnels_straight_to_a_server_are_found_among_names_of_hosts() {
    type Form = fn(&str) -> String;
    let forms: [(&str, &str, usize, Form); 9] = [
        ("(none)", HEX, 40, |data| format!("dnscat.{data}")),
        ("(none)", HEX, 62, |data| format!("dnscat.{}.{data}", &data[3..40])),
        ("(none)", HEX, 40, str::to_owned),
        ("(none)", BASE32, 30, str::to_owned),
        ("(none)", BASE64, 44, |data| format!("{data}=")),
        ("(none)", BASE32, 50, |data| format!("{}.{}", &data[..25], &data[25..])),
        ("tunnel", BASE32, 24, |data| format!("{data}.tunnel")),
        ("corp", BASE64, 20, |data| format!("{data}.corp")),
        ("lan", BASE32, 40, |data| format!("{}.{}.lan", &data[..20], &data[20..])),
    ];
    for (domain, alphabet, length, form) in forms {
        let data: Vec<String> = texts(alphabet, length, 40).iter().map(|data| form(data)).collect();
        let alone = table(&data);
        let found = row(&alone, domain);
        assert!(score(found) >= 70, "{found:?}");
        assert_eq!((one(found, "count"), one(found, "distinct_subdomains")), ("40", "40"));
        assert_eq!(alone.len(), 1, "no rows of single names: {alone:?}");
        let mixed = table(&[home(), data.clone(), home()].concat());
        assert!(score(row(&mixed, domain)) >= 70, "{:?}", row(&mixed, domain));
        assert!(mixed.iter().filter(|row| one(row, "ut_domain") != domain).all(|row| score(row) < 25));
    }
}

#[test]
fn names_of_hosts_are_quiet() {
    let with =
        |end: &str, names: Vec<String>| names.iter().map(|name| format!("{name}{end}")).collect::<Vec<_>>();
    let desktops = || texts(NETBIOS, 7, 400).iter().map(|text| format!("DESKTOP-{text}")).collect::<Vec<_>>();
    let amazon = |end: &str| {
        let name = |number: usize| format!("ec2-54-{}-{}-7.{end}", number % 250, number / 3);
        (0..400).map(name).collect::<Vec<_>>()
    };
    for names in [
        home(),
        texts(LETTERS, 10, 400),
        with(".corp", texts(LETTERS, 12, 400)),
        desktops(),
        with(".home", desktops()),
        amazon("compute-1.amazonaws.com"),
        amazon("eu-west-1.compute.amazonaws.com"),
    ] {
        for row in table(&names) {
            assert_eq!(one(&row, "severity"), "informational", "{row:?}");
        }
    }
}

#[test]
fn many_labels_under_a_private_suffix_are_also_a_group_of_it() {
    let data = texts(BASE32, 30, 30);
    let mut queries: Vec<String> = data.iter().map(|data| format!("{data}.trycloudflare.com")).collect();
    queries.extend(names(&["docs.github.io", "www.docs.github.io", "blog.github.io"]));
    let rows = table(&queries);
    let found = row(&rows, "trycloudflare.com");
    assert!(score(found) >= 70 && rows[0] == *found, "{found:?}");
    for (field, expected) in [
        ("count", "30"),
        ("distinct_subdomains", "30"),
        ("avg_sublen", "30"),
        ("stdev_sublen", "0"),
        ("max_sublen", "30"),
        ("reasons", "30 first labels under the private suffix trycloudflare.com"),
    ] {
        assert_eq!(one(found, field), expected, "{field}");
    }
    assert_eq!(found["samples"].len(), 3);
    assert!(found["samples"].iter().all(|sample| queries.contains(sample)));
    assert_eq!(rows.len(), 1 + 30 + 2, "the rows of customers stay");
    assert!(rows.iter().all(|row| one(row, "ut_domain") != "github.io"), "two labels are customers");
}

#[test]
fn gathered_groups_are_the_same_from_events_and_partial_results() {
    let names = [
        home(),
        texts(HEX, 40, 30).iter().map(|data| format!("dnscat.{data}")).collect(),
        texts(BASE32, 20, 30).iter().map(|data| format!("{data}.trycloudflare.com")).collect(),
        texts(BASE64, 20, 30).iter().map(|data| format!("x.{data}.tunnel")).collect(),
        names(&["10.0.0.1", "not/a name of\ta host", "-"]),
    ]
    .concat();
    let (direct, messages) = run_on(&names);
    let map: Vec<&str> = WORDS.into_iter().chain(["phase=map"]).collect();
    let mut partial = Vec::new();
    for peer in 0..3 {
        let events: Vec<_> = events(&names).into_iter().skip(peer).step_by(3).collect();
        let chunks: Vec<Vec<u8>> = events.chunks(11).rev().map(|chunk| csv(&HEADER, chunk)).collect();
        let (_, mapped, no_messages) = run(&map, &[chunks, vec![Vec::new()]].concat());
        assert_eq!(no_messages, Vec::<String>::new());
        partial.extend(mapped);
    }
    partial.reverse();
    partial.push(csv(&HEADER, &[]));
    let (_, reduced, reduced_messages) = run(&WORDS, &partial);
    assert_eq!(last_table(&reduced), direct);
    assert_eq!(reduced_messages, messages);
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[test]
fn a_domain_has_one_spelling() {
    let spellings = [
        "a.b\u{fc}cher.example",
        "b.B\u{dc}CHER.Example.",
        "c.xn--bcher-kva.example",
        "d.XN--BCHER-KVA.EXAMPLE",
        "e.b\\195\\188cher.example",
        "f.b\\xc3\\xbccher.example",
        "g.bu\u{308}cher.example",
        "(1)h(7)b\u{fc}cher(7)example(0)",
        "i.\u{ff42}\u{fc}cher.example",
    ];
    let rows = table(&names(&spellings));
    assert_eq!((rows.len(), one(&rows[0], "ut_domain")), (1, "xn--bcher-kva.example"));
    assert_eq!((one(&rows[0], "count"), one(&rows[0], "distinct_subdomains")), ("9", "9"));
    // One name in several spellings is one name.
    let rows = table(&names(&["\\195\\164.example.com", "\\xc3\\xa4.example.com", "\u{e4}.EXAMPLE.com."]));
    assert_eq!((one(&rows[0], "count"), one(&rows[0], "distinct_subdomains")), ("3", "1"));
}

#[test]
fn a_mute_covers_a_domain_in_every_spelling() {
    let queries = [
        names(&["a.b\u{fc}cher.example", "c.xn--bcher-kva.example", "router"]),
        texts(BASE32, 30, 5).iter().map(|data| format!("{data}.tunnel")).collect(),
    ]
    .concat();
    let chunks = [csv(&HEADER, &events(&queries)), csv(&HEADER, &[])];
    for cell in
        ["b\u{fc}cher.example", "XN--BCHER-KVA.example.", ".B\u{dc}CHER.example", "*b\\195\\188cher.ex*"]
    {
        let content = format!("domain,reason\n{cell},books\n(none),hosts\ntunnel,ours\n");
        let (_app, program) = installed(&[("dnsentropy_allowlist_local.csv", content.as_bytes())]);
        let (_, bodies, messages) = run_program(&program, &WORDS, &chunks);
        assert_eq!(messages, Vec::<String>::new());
        let rows = last_table(&bodies);
        let reason = |domain: &str| one(row(&rows, domain), "allowlisted");
        assert_eq!(
            [reason("xn--bcher-kva.example"), reason("(none)"), reason("tunnel")],
            ["books", "hosts", "ours"]
        );
    }
}

#[test]
fn addresses_and_ranges_of_reverse_zones_are_quiet() {
    let octets = |number: usize| format!("{}.{}.{}", number % 256, number / 7, number % 11);
    let nibbles = texts(HEX, 20, 200);
    let dotted = |text: &String| text.chars().flat_map(|nibble| [nibble, '.']).collect::<String>();
    for queries in [
        (0..500).map(|number| format!("{}.10.in-addr.arpa", octets(number))).collect::<Vec<_>>(),
        (0..500)
            .map(|number| format!("{}.{}-{}.0.192.in-addr.arpa", number % 64, number % 64, number))
            .collect(),
        (0..500).map(|number| format!("{}.0/{}.2.IN-ADDR.ARPA.", number % 128, number % 32)).collect(),
        (0..500).map(|number| format!("{number}.sub-{number}.2.0.192.in-addr.arpa")).collect(),
        nibbles.iter().map(|text| format!("{}ip6.arpa", dotted(text))).collect(),
        nibbles
            .iter()
            .map(|text| format!("{}.{}.{}.ip6.arpa", &text[..4], &text[4..8], &text[8..12]))
            .collect(),
    ] {
        for row in table(&queries) {
            assert_eq!(one(&row, "severity"), "informational", "{row:?}");
        }
    }
    let data: Vec<String> =
        texts(BASE32, 30, 20).iter().map(|data| format!("{data}.1.168.192.in-addr.arpa")).collect();
    assert!(score(&table(&data)[0]) >= 70);
}

#[test]
fn values_that_are_not_names_are_reported_once() {
    let queries = names(&["-", "-", "[\"a.example.com\",\"b.example.com\"]", "www.example.com", "10.0.0.1"]);
    let (table, messages) = run_on(&queries);
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert!(
        message.starts_with("WARN 3 values of 'query' are not DNS names, such as '-' and '["),
        "{message}"
    );
    assert_eq!(table.len(), 1);
    let empty = |names: &[&str]| run_on(&self::names(names)).1.join("\n");
    assert!(
        empty(&["10.0.0.1", "::1"]).contains("no value of the field 'query' is a DNS name, as all are IP")
    );
    assert!(
        empty(&["10.0.0.1", "-"]).contains("no value of the field 'query' is a DNS name: name the field")
    );
}

#[test]
fn a_value_that_is_not_a_name_counts_once_for_several_clients() {
    let row = ["-", "10.0.0.1\n10.0.0.2", "$10.0.0.1$;$10.0.0.2$"].map(str::to_owned).to_vec();
    let header = ["query", "src", "__mv_src"];
    let chunks = [csv(&header, &[row.clone(), row]), csv(&header, &[])];
    let (_, _, messages) = run(&WORDS, &chunks);
    let expected = "WARN 2 values of 'query' are not DNS names";
    assert!(messages.iter().any(|message| message.starts_with(expected)), "{messages:?}");
}
