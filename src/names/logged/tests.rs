use proptest::prelude::*;

use super::super::presentation::hostile;
use super::super::{ListName, Lists, Name};
use super::*;

/// The name that a value is read as, `(address)` or `(unreadable)`.
fn name(value: impl AsRef<[u8]>) -> String {
    match read(value.as_ref()) {
        Logged::Address => "(address)".to_owned(),
        Logged::Unreadable => "(unreadable)".to_owned(),
        Logged::Name(name) => String::from_utf8_lossy(&name).into_owned(),
    }
}

fn check(expected: &str, values: &[&str]) {
    for value in values {
        assert_eq!(name(value), expected, "{value:?}");
    }
}

#[test]
fn blanks_dots_and_nuls_around_a_name_are_taken_off() {
    check(
        "www.example.com",
        &[
            "www.example.com.",
            ".www.example.com.",
            "...www.example.com..",
            ". .www.example.com\t. .",
            " www.example.com\r\n",
            "\twww.example.com. \u{a0}",
            "\u{feff}www.example.com\u{2003}.",
            "www.example.com\0\0",
            "www.example.com.\0 ",
            r"www.example.com\000",
            r"www.example.com.\x00",
            "\u{3002}www\u{ff0e}example\u{ff61}com\u{3002}",
            "www.exam\r\n    ple.com",
        ],
    );
}

#[test]
fn the_root_has_no_labels() {
    check("", &[".", "\".\"", "(0)", "\u{3002}", " . ", "<Root>"]);
}

#[test]
fn length_prefixes_are_read_if_all_are_right() {
    check(
        "www.example.com",
        &[
            "(3)www(7)example(3)com(0)",
            "(3)www(7)example(3)com",
            ".(3)www(7)example(3)com(0) ",
            "\"(3)www(7)example(3)com(0)\"",
            "[C00C](3)www(7)example[C010](3)com(0)",
            "(3)www(7)example(3)com(0).",
            ".(3)www(7)example(3)com(0) . ",
            "(3)www(7)example(3)com(0)\"",
            "(3)www(7)example(3)com(0).,\r\n",
            "[\"(3)www(7)example(3)com(0).\"]",
            "'\"(3)www(7)example(3)com(0)\".'",
            "(3)www(7)example(3)com(0).:53",
        ],
    );
    for (value, expected) in [
        ("(3)a.b(5)(3)xy(3)com(0)", r"a\.b.(3)xy.com"),
        ("(11)My Computer(5)local(0)", "My Computer.local"),
        ("(3)\u{e4}b(2)de(0)", "\u{e4}b.de"),
        ("(2)\u{e4}b(2)de(0)", "\u{e4}b.de"),
        (r"(3)\195\164b(2)de(0)", r"\195\164b.de"),
        (r"(4)a\.b(2)de(0)", r"a\\\.b.de"),
        (r"(3)a\.b(2)de(0)", r"a\.b.de"),
        ("(6)isatap(0)", "isatap"),
        ("(1)1(1)2(3)com(0)", "1.2.com"),
        ("\"(3)a\"b(2)de(0)\"", "a\"b.de"),
        ("'(3)a'b(2)de(0)'.", "a'b.de"),
        ("[(3)[a](2)de(0)]", "[a].de"),
        (r#""(3)a\"b(2)de(0)""#, r#"a\"b.de"#),
        (r#"["(2)a\\(2)de(0)"]"#, r"a\\.de"),
        (r#""(3)a\u0000b(2)de(0)""#, r"a\000b.de"),
        ("(4)www.(2)de", r"www\..de"),
    ] {
        assert_eq!(name(value), expected, "{value}");
    }
    for text in ["x(3)www(3)com(0)", "(+3)www(3)com(0)", "()www(0)", "(5)x", "(3)www(3)com(0).t.example.com"]
    {
        assert_eq!(name(text), text);
    }
}

#[test]
fn length_prefixes_with_wrong_lengths_are_unreadable() {
    for text in [
        "(4)www(7)example(3)com(0)",
        "(3)regulationprivilegescan(3)top(0)",
        "[C00C](8)woshub(2)com(0)",
        "\"(8)woshub(2)com(0).\"",
        "(8)wos.hub(2)com(0)",
        "(3)www(7)example(3)com(0)x",
        "(3)www(0)(3)com(0)",
        "(3)www(7)example(3)co",
        "(99999999999999999999)a(0)",
        "(3)www(7)example(3)com(0",
    ] {
        assert_eq!(name(text), "(unreadable)", "{text}");
    }
}

#[test]
fn quotes_brackets_and_json_around_one_name_are_taken_off() {
    check(
        "www.example.com",
        &[
            "\"www.example.com\"",
            "'www.example.com.'",
            "`www.example.com'",
            "\u{201c}www.example.com\u{201d}",
            "\"www.example.com\".",
            "\"\"www.example.com\"\"",
            r#"\"www.example.com\""#,
            r#"\\\"www.example.com\\\""#,
            r"\'www.example.com\'",
            "[www.example.com]",
            "<www.example.com>",
            "(www.example.com):",
            "b'www.example.com.'",
            r#"["www.example.com"]"#,
            r#"[ "www.example.com." , "www.example.com." ]"#,
            r#"{"name":"www.example.com","type":"A"}"#,
            r#"{"type":"A","Query_Name":"www.example.com","server":"a.example"}"#,
            r#"[{"rrname":"www.example.com","rrtype":"A"}]"#,
            r#"{"dns":{"question":{"name":"www.example.com"}},"src":"10.0.0.1"}"#,
            r#"{"dns.question.name":["www.example.com"],"x":"y"}"#,
            r#"{"x":"www.example.com"}"#,
            r#""{\"name\":\"www.example.com\"}""#,
            r#"'["www.example.com"]'"#,
            r#""www.ex\u0061mple.com""#,
            r"www.ex\u0061mple.com",
            "{www.example.com}",
            "['www.example.com']",
            "{'query': 'www.example.com', 'type': 'A', 'answer': None, 'tc': False}",
            r#""www.example.com\u0000""#,
            r#""www.example.com\n""#,
        ],
    );
    for (value, expected) in [
        (r#"["m\u00fcller.de"]"#, "m\u{fc}ller.de"),
        (r#""a\/b\\\\c.example.com""#, r"a/b\\c.example.com"),
        (r#""a\.b\195.example.com""#, r"a\.b\195.example.com"),
        (r"128\/27.2.0.192.in-addr.arpa", r"128\/27.2.0.192.in-addr.arpa"),
        (r"q\u0000x.example.com", r"q\000x.example.com"),
        (r#"{"query":"q\u0000\u001b\u007fx.example.com"}"#, r"q\000\027\127x.example.com"),
        (r#"["a\\\u0001.example.com"]"#, r"a\001.example.com"),
    ] {
        assert_eq!(name(value), expected);
    }
}

#[test]
fn ports_record_types_and_commas_after_a_name_are_taken_off() {
    check(
        "www.example.com",
        &[
            "www.example.com:53",
            "www.example.com.:53",
            "www.example.com#53",
            "\"www.example.com\":53",
            "www.example.com:",
            "www.example.com,",
            "www.example.com.;",
            "www.example.com/A/IN",
            "www.example.com/IN/A",
            "'www.example.com/TYPE65/IN'",
            "www.example.com/AAAA",
        ],
    );
    check("localhost", &["localhost:8080"]);
    for text in [
        "www.example.com:99999",
        "test#domain.com",
        "00:11:22:33:44:55",
        "www.example.com/path",
        r"a\:53",
        "128/27.2.0.192.in-addr.arpa",
    ] {
        assert_eq!(name(text), text);
    }
}

#[test]
fn addresses_stay_addresses() {
    check(
        "(address)",
        &[
            "8.8.8.8",
            "8.8.8.8.",
            "8.8.8.8:53",
            "8.8.8.8#53",
            "[8.8.8.8]",
            "[8.8.8.8]:53",
            "\"8.8.8.8\"",
            "2001:db8::1",
            "[2001:db8::1]:53",
            "2001:db8::1#53",
            "::",
            "fe80::",
            "fe80::1%eth0",
            "[fe80::1%25eth0]:53",
            "::ffff:1.2.3.4:53",
            r#"["10.0.0.1"]"#,
        ],
    );
    for text in ["256.256.256.256", "127.0.0", "1.2.3.4.5"] {
        assert_eq!(name(text), text);
    }
}

#[test]
fn a_value_that_is_not_a_name_is_unreadable() {
    check(
        "(unreadable)",
        &[
            "",
            " ",
            "-",
            "..",
            "\"\"",
            "''",
            "\"-\"",
            "(empty)",
            "[]",
            "{}",
            "http://",
            "https://www.example.com/a",
            "'HTTP://example.com'",
            r#"["a.com","b.com"]"#,
            r#"{"name":"a.com","x":1,"y":{"name":"b.com"}}"#,
            r#"{"type":"A"}"#,
            r#"{"a":"a.com","b":"b.com"}"#,
            "this is a sentence",
            "www.example.com IN A",
            "a.b\u{a0}c",
            "a.b\tc",
            "192.0.2.0/24",
            "2001:db8::/32",
            "192.0.2.1-192.0.2.9",
            "192.0.2.1 - 192.0.2.9",
            r"https:\/\/www.example.com/a",
            "{'query': 'a.com', 'name': Name('b.com')}",
            "{'a': 'a.com', 'b': 'b.com'}",
            "['a.com', 'b.com']",
            "{\"query\": 'a.com'}",
        ],
    );
}

#[test]
fn lines_and_lists_are_unreadable() {
    check(
        "(unreadable)",
        &[
            "www.example.com. IN A + (192.0.2.1)",
            "www.example.com. 300 IN A 1.2.3.4",
            "www.example.com. CNAME b.example.com.",
            "www.example.com CNAME b.example.com",
            "localhost. 300 IN CNAME b.example.com",
            "a2.foo.com IN A response: NOERROR +AED a2.foo.com. 28800 IN A 1.1.1.2;",
            "client @0x7f 10.0.0.1#53 (a.foo.com): query: a.foo.com IN A +E(0)K (10.0.0.2)",
            "query[A] www.example.com from 10.0.0.1",
            "query: www.example.com",
            "A? www.example.com.",
            "type:  5 www.example.com;",
            "10.0.0.1, 10.0.0.2",
            "10.0.0.1;2001:db8::1 fe80::1%eth0",
            "a.example.com b.example.com",
            "a.example.com, b.example.com",
            "\"a.example.com\", \"b.example.com\"",
            "a.example.com\nb.example.com",
            "a.example.com\r\nb.corp.local\r\n",
            "m\u{fc}ller.de\u{a0}b.example.com",
            "This is a sentence. It has two.parts",
        ],
    );
}

#[test]
fn blanks_in_a_subdomain_are_data() {
    for text in [
        "My Printer._ipp._tcp.local",
        "Mr. Smith's Printer._ipp._tcp.local",
        "v2.0 Printer._ipp._tcp.local",
        "Office: 2nd floor._ipp._tcp.local",
        "AA:BB:CC:DD:EE:FF@Living Room._raop._tcp.local",
        "1.hello world.t.example.com",
        "the quick bro.wn fox jum.ps over.t.example.com",
        "Hello there. It is.done now.t.example.com",
        r"a.example.com\ b.example.com",
        r"www.example.com\.\ x.example.com",
        "a.com \u{1}b.com",
    ] {
        assert_eq!(name(text), text, "{text}");
    }
}

#[test]
fn escapes_stay() {
    for text in [
        r"a\.b.com",
        r"\.com",
        r"\000",
        r"x\000",
        r#"\""#,
        r"\'",
        r"\\",
        r"com\",
        r"a\032b",
        r"a\ ",
        r"\ a.com",
        r"a.com\\000",
        r"www.example.com\.",
    ] {
        assert_eq!(name(text), text, "{text}");
    }
    assert_eq!(name(r"\\."), r"\\");
    assert_eq!(name(r"\000."), r"\000");
}

#[test]
fn bytes_of_tunnels_stay() {
    for value in [
        "\"a/b+c=.t.example.com",
        "'0\u{e4}'.t.example.com",
        "[x].t.example.com",
        "{\"a\":\"b\".t.example.com",
        "(5)x.t.example.com",
        "b'x'.t.example.com",
        "a b\tc.t.example.com",
        "a:53.t.example.com",
        "/IN/A.t.example.com",
        "(3)www(3)com(0).t.example.com",
        "\"x\".\"y\"",
    ] {
        assert_eq!(name(value), value);
    }
    let raw = b"0\xbc\xd6\xfd\xa0\\.t.example.com";
    assert_eq!(read(raw), Logged::Name(Cow::Borrowed(raw)));
}

#[test]
fn a_cell_of_megabytes_does_not_hang() {
    for piece in [
        "(",
        "[",
        "\"",
        "'\"",
        "(1)",
        "(1)a",
        ".",
        " ",
        "\\",
        "\\u0061",
        "{\"a\":",
        "a:1",
        "\n ",
        "(1)\u{e4}",
        "(9)",
        "\u{3002}",
    ] {
        let _ = read(piece.repeat(1_000_000).as_bytes());
        let _ = read((piece.repeat(1_000_000) + "\u{e4}x)").as_bytes());
    }
}

/// What logs put before and after a name.
const WRAPPERS: [(&str, &str); 13] = [
    ("\"", "\""),
    ("'", "'"),
    ("[", "]"),
    ("<", ">"),
    ("(", ")"),
    ("[\"", "\"]"),
    ("{\"query\":\"", "\"}"),
    (" ", "\t"),
    ("", "."),
    (".", ""),
    ("", ":53"),
    ("", "\0"),
    ("\u{a0}", "\r\n"),
];

/// The name in the form of Windows' debug log.
fn prefixed(labels: &[Vec<u8>]) -> Vec<u8> {
    let mut text = Vec::new();
    for label in labels {
        text.extend_from_slice(format!("({})", label.len()).as_bytes());
        text.extend_from_slice(label);
    }
    [&text[..], b"(0)"].concat()
}

proptest! {
    #[test]
    fn length_prefixes_lose_no_byte(
        labels in prop::collection::vec(
            prop::collection::vec(prop::sample::select(b"ab.()3[]\\ \"\x00\xff\xc3\xa4".to_vec()), 1..6),
            1..5,
        ),
    ) {
        let Logged::Name(name) = read(&prefixed(&labels)).into_owned() else { panic!("{labels:?}") };
        let read: Vec<Vec<u8>> = super::super::wire::labels(&name).map(Cow::into_owned).collect();
        prop_assert_eq!(read, labels);
    }

    #[test]
    fn a_wrapped_name_is_read_as_the_name(
        name in "([a-zA-Z0-9_-][a-z/+=* |]{0,8}\\.){0,3}[a-z0-9-]{1,9}(\\.com|\\.co\\.uk|\\.[a-z]{2,9})",
        wrappers in prop::collection::vec(prop::sample::select(WRAPPERS.to_vec()), 0..3),
    ) {
        let mut value = name.clone();
        for (before, after) in wrappers {
            if after == ":53" && value.contains(":53") {
                continue;
            }
            if after.starts_with('"') {
                let json = serde_json::Value::String(value).to_string();
                value = json[1..json.len() - 1].to_owned();
            }
            value = format!("{before}{value}{after}");
        }
        prop_assert_eq!(read(value.as_bytes()), Logged::Name(name.as_bytes().into()), "{}", value);
    }

    #[test]
    fn the_bytes_of_a_tunnel_stay(data in prop::collection::vec(any::<u8>(), 1..60)) {
        let value = [&data[..], b".t.example.com"].concat();
        let starts = !matches!(data[0], b'.' | 0x80.. | b'\t'..=b' ');
        let marks = [&b"://"[..], b"\\u", b"\n ", b"\xe3\x80\x82", b"\xef"];
        if starts && !marks.iter().any(|mark| memchr::memmem::find(&value, mark).is_some()) {
            prop_assert_eq!(read(&value), Logged::Name(Cow::Borrowed(&value[..])));
        }
    }

    #[test]
    fn several_labels_of_raw_bytes_stay(
        labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 20..60), 1..4),
    ) {
        let mut value = labels.join(&b'.');
        value[0] = b'0';
        value.retain(|&byte| !b"\\\n\xe3\xef".contains(&byte));
        value.extend_from_slice(b".t.example.com");
        prop_assert_eq!(read(&value), Logged::Name(Cow::Borrowed(&value[..])));
    }

    #[test]
    fn hostile_names_are_read_or_not_and_split(name in hostile::names()) {
        let lists = Lists::new(std::path::PathBuf::new());
        if let Logged::Name(text) = read(&name) {
            let split = Name::split(&text, lists.load(ListName::Mozilla));
            if let (Some(domain), Some(subdomain)) = (split.domain_text(), split.subdomain()) {
                prop_assert_eq!([subdomain, b".", domain].concat(), text.to_vec());
                let labels = super::super::wire::labels(subdomain).count();
                prop_assert_eq!(split.subdomain_labels(), labels);
            }
        }
    }
}
