//! The tables of docs/names.md through the real program, and values from public logs and reports: what each form of a name
//! becomes.

mod support;

use std::collections::BTreeMap;

use dnsentropy::names::ascii;
use support::{Event, split, value};

const DOCUMENT: &str = include_str!("../docs/names.md");

/// A value, its name in RFC 1035 text form, and its registrable domain, in any spelling, or `(none)`. The second and third are `ip` for an
/// address and `unreadable` for what is not a name.
const LOGGED: &str = include_str!("logged_names.tsv");

/// What the document shows of characters that do not print.
const SHOWN: [(&str, &str); 6] =
    [("␣", " "), ("␉", "\t"), ("␍", "\r"), ("␊", "\n"), ("␀", "\0"), ("⍽", "\u{a0}")];

/// The outputs of a readable name, an address and an unreadable value.
const OUTPUTS: &str =
    "fields=domain,subdomain,subdomain_length,subdomain_count,suffix_type,domain_ascii,fqdn";

/// The rows of all tables after a heading, by the names of their columns.
fn rows(heading: &str) -> Vec<BTreeMap<&'static str, &'static str>> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading");
    let mut lines = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let header: Vec<&str> = lines.next().expect("a header").split(" | ").collect();
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split(" |").map(str::trim).collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        header.iter().copied().zip(cells).collect()
    };
    lines.filter(|line| !line.starts_with("---")).map(row).collect()
}

/// The text between backticks, with the characters that do not print.
fn text(cell: &str) -> Option<String> {
    let text = cell.strip_prefix('`')?.strip_suffix('`')?;
    Some(SHOWN.into_iter().fold(text.to_owned(), |text, (shown, character)| text.replace(shown, character)))
}

fn check_row(row: &BTreeMap<&str, &str>, event: &Event) {
    let is =
        |field: &str, expected: Option<&str>| assert_eq!(value(event, field), expected, "{field} of {row:?}");
    match row["name"] {
        "an address" => is("ut_suffix_type", Some("ip")),
        "no host" => is("ut_subdomain_count", Some("0")),
        "unreadable" => assert_eq!(event.len(), 1, "{row:?}: {event:?}"),
        name => {
            is("ut_fqdn", text(name).as_deref());
            assert!(
                value(event, "ut_domain_ascii").is_some() && value(event, "ut_subdomain_count").is_some()
            );
        }
    }
    is("ut_subdomain", text(row["subdomain"]).as_deref());
    is("ut_domain", text(row["domain"]).as_deref());
    if let Some(length) = row.get("length") {
        is("ut_subdomain_length", Some(length));
    }
}

fn check(heading: &str, options: &[&str]) {
    let rows = rows(heading);
    assert!(rows.len() > 4, "{heading}");
    let values: Vec<String> = rows.iter().map(|row| text(row["value"]).expect("a value")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    for (row, event) in rows.iter().zip(split(&[&["query", OUTPUTS], options].concat(), &values)) {
        check_row(row, &event);
    }
}

#[test]
fn each_form_becomes_what_the_document_says() {
    check("What each form becomes", &[]);
}

#[test]
fn escapes_are_read_as_the_document_says() {
    check("Escapes", &[]);
}

#[test]
fn domains_beyond_ascii_are_spelt_as_the_document_says() {
    check("Domains beyond ASCII", &[]);
}

#[test]
fn urls_are_read_as_the_document_says() {
    check("URLs", &["mode=url"]);
}

#[test]
fn unreadable_values_have_no_outputs() {
    check("Unreadable values", &[]);
}

#[test]
fn values_of_public_logs_are_read() {
    let rows: Vec<Vec<&str>> = LOGGED.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert!(rows.len() > 200, "{}", rows.len());
    let values: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    for (row, event) in rows.iter().zip(split(&["query", OUTPUTS], &values)) {
        let is = |field: &str, expected: Option<&str>| assert_eq!(value(&event, field), expected, "{row:?}");
        match row[1] {
            "ip" => is("ut_suffix_type", Some("ip")),
            "unreadable" => assert_eq!(event.len(), 1, "{row:?}: {event:?}"),
            // The root has no text.
            "." => is("ut_domain_ascii", Some("(none)")),
            name => {
                let domain =
                    if row[2] == "(none)" { row[2].into() } else { ascii::domain(row[2].as_bytes()) };
                is("ut_domain_ascii", Some(&domain));
                let spelt = value(&event, "ut_fqdn").map(|name| ascii::domain(name.as_bytes()).into_owned());
                assert_eq!(spelt.as_deref(), Some(ascii::domain(name.as_bytes()).as_ref()), "{row:?}");
            }
        }
    }
}
