//! URL Toolbox's functions through the real program, compared with the answers of URL Toolbox 1.9.3.
//!
//! `urltoolbox_vectors.ndjson` has its answers, including its bugs. All must be equal except for the classes of
//! difference that `docs/url-toolbox.md` lists; there the published algorithm must agree with ours.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::oracle::Oracle;
use support::{Event, Search, event, getinfo, value};

const VECTORS: &str = include_str!("urltoolbox_vectors.ndjson");
const DOCUMENT: &str = include_str!("../docs/url-toolbox.md");
const LIST: &str = include_str!("../data/public_suffix_list.dat");

type Row = BTreeMap<String, String>;

/// Runs the lookup `function` on CSV.
fn lookup(function: &str, csv: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dnsentropy"))
        .args(["lookup", function])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let csv = csv.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&csv));
    let output = child.wait_with_output().expect("an end");
    // A program that refuses its input may end before it has read all of it.
    let _ = writer.join();
    output
}

/// The rows that the lookup `function` returns for rows of inputs; `columns` are its inputs and outputs.
fn answers(function: &str, columns: &[&str], rows: &[Vec<String>]) -> Vec<Row> {
    let mut writer = csv::WriterBuilder::new().flexible(false).from_writer(Vec::new());
    writer.write_record(columns).expect("memory");
    for row in rows {
        let empty = std::iter::repeat_n("", columns.len() - row.len());
        writer.write_record(row.iter().map(String::as_str).chain(empty)).expect("memory");
    }
    let output = lookup(function, &writer.into_inner().expect("memory"));
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.code()), ("", Some(0)));
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    assert_eq!(reader.headers().expect("a header"), columns);
    let answers: Vec<Row> = reader.deserialize().map(|row| row.expect("a whole row")).collect();
    assert_eq!(answers.len(), rows.len());
    answers
}

/// An answer of URL Toolbox, with numbers as text.
struct Vector {
    args: Vec<String>,
    output: Row,
}

fn vectors(function: &str) -> Vec<Vector> {
    let vectors = VECTORS.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let vectors = vectors.filter(|vector| vector["function"] == function);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    vectors
        .map(|vector| Vector {
            args: vector["args"].as_array().expect("a list").iter().map(text).collect(),
            output: vector["output"]
                .as_object()
                .expect("an object")
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        })
        .collect()
}

/// The vectors of a function, each with our answer.
fn answered(function: &str, inputs: &[&str]) -> Vec<(Vector, Row)> {
    let vectors = vectors(function);
    assert!(!vectors.is_empty());
    let outputs = vectors[0].output.keys().map(String::as_str);
    let columns: Vec<&str> = inputs.iter().copied().chain(outputs).collect();
    let rows: Vec<Vec<String>> = vectors.iter().map(|vector| vector.args.clone()).collect();
    let answers = answers(function, &columns, &rows);
    vectors.into_iter().zip(answers).collect()
}

#[test]
fn functions_without_names_of_hosts_agree_with_every_vector() {
    for (function, inputs) in [
        ("ut_parse_simple", &["url"][..]),
        ("ut_countset", &["word", "set"]),
        ("ut_suites", &["word", "set"]),
        ("ut_suites", &["word", "sets"]),
        ("ut_levenshtein", &["word1", "word2"]),
    ] {
        for (vector, ours) in answered(function, inputs) {
            for (field, theirs) in &vector.output {
                assert_eq!(&ours[field], theirs, "{function} {:?} {field}", vector.args);
            }
        }
    }
}

#[test]
fn entropies_agree_with_every_vector() {
    for (vector, ours) in answered("ut_shannon", &["word"]) {
        let bits = |row: &Row| row["ut_shannon"].parse::<f64>().expect("a number");
        assert!((bits(&ours) - bits(&vector.output)).abs() < 1e-12, "{:?}", vector.args);
    }
}

/// The fields that the split of a host decides.
const SPLIT: [&str; 6] = [
    "ut_domain",
    "ut_tld",
    "ut_domain_without_tld",
    "ut_subdomain",
    "ut_subdomain_parts",
    "ut_subdomain_count",
];

#[test]
fn splits_agree_with_every_vector_or_differ_as_documented() {
    let oracles = BTreeMap::from([("mozilla", Oracle::read(LIST, false)), ("iana", iana())]);
    let mut classes = BTreeSet::new();
    for (vector, ours) in answered("ut_parse_extended", &["url", "list"]) {
        let differing: Vec<&str> = vector
            .output
            .keys()
            .map(String::as_str)
            .filter(|field| ours[*field] != vector.output[*field])
            .collect();
        if differing.is_empty() {
            continue;
        }
        let [url, list] = vector.args.as_slice() else { panic!("two arguments") };
        assert!(differing.iter().all(|field| SPLIT.contains(field)), "{url}: {differing:?}");
        let host = host_of(&ours["ut_netloc"]);
        let class = class_of(&host, &ours["ut_netloc"], &vector.output, &oracles[list.as_str()]);
        assert!(DOCUMENT.contains(&format!("| {class} |")), "{class} is not documented");
        assert_right(&host, &ours, &oracles[list.as_str()]);
        classes.insert(class);
    }
    assert!(classes.len() >= 6, "{classes:?}");
}

/// The top-level domains that the list's registry rules end in.
fn iana() -> Oracle {
    let icann = Oracle::read(LIST, true);
    let tails: BTreeSet<&str> = icann.rules().filter_map(|rule| rule.rsplit('.').next()).collect();
    Oracle::read(&tails.into_iter().collect::<Vec<_>>().join("\n"), true)
}

/// The host in an authority, by the simplest rules.
fn host_of(netloc: &str) -> String {
    let address = netloc.rsplit('@').next().unwrap_or_default();
    let host = address.split(':').next().unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

/// The class of a difference, by its name in the document.
fn class_of(host: &str, netloc: &str, theirs: &Row, oracle: &Oracle) -> &'static str {
    let lower = host.to_lowercase();
    let right = oracle.split(&lower);
    let is_rule = |name: &str| oracle.rules().any(|rule| rule == name || rule == format!("*.{name}"));
    let tails = || right.suffix.match_indices('.').map(|(dot, _)| &right.suffix[dot + 1..]);
    match () {
        () if netloc.contains('@') => "a user before the host",
        () if netloc.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':').ends_with('.') => {
            "a root dot"
        }
        () if host.starts_with('.') => "a leading dot",
        () if oracle.rules().any(|rule| rule == format!("*.{}", theirs["ut_tld"])) => {
            "the parent of a wildcard"
        }
        () if right.suffix_type == "unlisted" => "an unlisted top-level domain",
        () if lower != *host
            && theirs["ut_domain"].to_lowercase() == right.domain.clone().unwrap_or_default() =>
        {
            "upper case in the domain"
        }
        () if !tails().all(is_rule) => "a gap between rules",
        () => "a newer list",
    }
}

/// Asserts that ours is the answer of the published algorithm.
fn assert_right(host: &str, ours: &Row, oracle: &Oracle) {
    let lower = host.to_lowercase();
    let right = oracle.split(&lower);
    let listed = right.suffix_type != "unlisted";
    let or_none = |part: Option<String>| part.unwrap_or_else(|| "None".to_owned());
    let domain = right.domain.filter(|_| !host.starts_with('.'));
    let tld = (listed || domain.is_some()).then_some(right.suffix);
    let subdomain = domain
        .as_ref()
        .and_then(|domain| lower.strip_suffix(domain.as_str())?.strip_suffix('.').map(str::to_owned));
    assert_eq!(ours["ut_domain"], or_none(domain), "{host}");
    assert_eq!(ours["ut_tld"], or_none(tld), "{host}");
    assert_eq!(ours["ut_subdomain"].to_lowercase(), or_none(subdomain).to_lowercase(), "{host}");
}

/// Made by Python 3.11's `urllib.parse.urlparse` from URL Toolbox's rule: a value without `://` gets a leading `//`.
#[test]
fn urls_are_split_as_python_splits_them() {
    let expected: [(&str, [&str; 6]); 12] = [
        ("HTTP+x.y-z://H/p", ["http+x.y-z", "H", "/p", "None", "None", "None"]),
        ("1http://h/p", ["None", "None", "1http://h/p", "None", "None", "None"]),
        ("a/b?u=http://x", ["None", "None", "a/b", "None", "u=http://x", "None"]),
        ("http:x://y", ["http", "None", "x://y", "None", "None", "None"]),
        ("//h/p", ["None", "None", "//h/p", "None", "None", "None"]),
        ("h?q?r#f#g?h", ["None", "h", "None", "None", "q?r", "f#g?h"]),
        ("h/a;b/c;d;e", ["None", "h", "/a;b/c", "d;e", "None", "None"]),
        ("x://h/a;b", ["x", "h", "/a;b", "None", "None", "None"]),
        ("h;p", ["None", "h;p", "None", "None", "None", "None"]),
        (" \t http://h\n/p \u{1f}", ["http", "h", "/p", "None", "None", "None"]),
        ("a:\n//b", ["None", "a:", "//b", "None", "None", "None"]),
        ("", ["None", "None", "None", "None", "None", "None"]),
    ];
    let outputs = ["ut_scheme", "ut_netloc", "ut_path", "ut_params", "ut_query", "ut_fragment"];
    let columns: Vec<&str> = ["url"].into_iter().chain(outputs).collect();
    let rows: Vec<Vec<String>> = expected.iter().map(|(url, _)| vec![(*url).to_owned()]).collect();
    for (row, (url, expected)) in answers("ut_parse_simple", &columns, &rows).iter().zip(expected) {
        assert_eq!(outputs.map(|output| row[output].as_str()), expected, "{url:?}");
    }
}

fn split_of(url: &str, list: &str) -> [String; 5] {
    let fields = ["ut_netloc", "ut_domain", "ut_tld", "ut_subdomain", "ut_port"];
    let columns: Vec<&str> = ["url", "list"].into_iter().chain(fields).collect();
    let rows = answers("ut_parse_extended", &columns, &[vec![url.to_owned(), list.to_owned()]]);
    fields.map(|field| rows[0][field].clone())
}

#[test]
fn differences_that_no_vector_shows() {
    for (url, expected) in [
        ("http://[2001:db8::1]/", ["[2001:db8::1]", "None", "None", "None", "80"]),
        ("2001:db8::1", ["2001:db8::1", "None", "None", "None", "80"]),
        (
            "www.xn--85x722f.xn--55qx5d.cn",
            ["www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn", "xn--55qx5d.cn", "www", "80"],
        ),
        ("aB/cD:e?f.t.hildegardsfarm.com", ["aB", "hildegardsfarm.com", "com", "aB/cD:e?f.t", "80"]),
        ("localhost/index.html", ["localhost", "None", "None", "None", "80"]),
        ("intranet/readme.md", ["intranet", "None", "None", "None", "80"]),
    ] {
        assert_eq!(split_of(url, "mozilla"), expected, "{url}");
    }
    for class in ["an IPv6 address", "a suffix in punycode", "a DNS name with the marks of URLs"] {
        assert!(DOCUMENT.contains(&format!("| {class} |")), "{class} is not documented");
    }
}

#[test]
fn the_default_list_and_that_of_unknown_names_is_iana() {
    for list in ["", "iana", "IANA", "brewertalk"] {
        assert_eq!(split_of("www.example.co.uk", list)[1], "co.uk", "{list}");
    }
    for list in ["mozilla", "icann", "*"] {
        assert_eq!(split_of("www.example.co.uk", list)[1], "example.co.uk", "{list}");
    }
}

#[test]
fn without_suffixes_of_ones_own_the_last_label_is_the_suffix() {
    // The program under test has no such file.
    let output =
        lookup("ut_parse_extended", b"url,list,ut_domain\nwww.example.co.uk,custom,\na.b.org,custom,\n");
    let expected = "url,list,ut_domain\nwww.example.co.uk,custom,co.uk\na.b.org,custom,b.org\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_lookup_keeps_rows_columns_and_line_ends() {
    let output =
        lookup("ut_shannon", b"x,ut_shannon,word\r\n1,,ab\r\n2,old,\r\n\"3\n\",,\"a,\"\r\n4\r\n5,,aa,y\r\n");
    let expected = "x,ut_shannon,word\n1,1.0,ab\n2,0.0,\n\"3\n\",1.0,\"a,\"\n4,,\n5,,aa\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let output = lookup("ut_levenshtein", b"word1,word2,ut_levenshtein\n\xff,\xfe,\n");
    assert_eq!(output.stdout, b"word1,word2,ut_levenshtein\n\xff,\xfe,0\n");
    let output = lookup("ut_shannon", b"word\n\nab\n");
    assert_eq!(output.stdout, b"word\n\"\"\nab\n");
}

#[test]
fn a_lookup_that_cannot_answer_says_why() {
    for (function, csv, problem) in [
        (
            "ut_shannon",
            &b""[..],
            "lookup ut_shannon: standard input is empty: send CSV whose header names word",
        ),
        (
            "ut_levenshtein",
            b"word1,ut_levenshtein\na,\n",
            "lookup ut_levenshtein: the column 'word2' is missing",
        ),
        ("ut_parse_extended", b"list\nmozilla\n", "the column 'url' is missing"),
    ] {
        let output = lookup(function, csv);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(problem), "{errors}");
        assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    }
    let output = lookup("ut_nosuch", b"word\na\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ut_nosuch"));
    assert!(!output.status.success());
}

#[test]
fn cells_of_many_megabytes_are_answered() {
    let long = "aB3.".repeat(2_500_000);
    for (function, inputs) in [
        ("ut_parse_extended", &["url", "list"][..]),
        ("ut_shannon", &["word"]),
        ("ut_meaning", &["word"]),
        ("ut_bayesian", &["word"]),
        ("ut_countset", &["word", "set"]),
        ("ut_suites", &["word", "set"]),
        ("ut_levenshtein", &["word1", "word2"]),
    ] {
        let row = vec![long.clone(); inputs.len()];
        let rows = answers(function, inputs, &[row, vec!["a".to_owned(); inputs.len()]]);
        assert_eq!(rows[1][inputs[0]], "a");
    }
}

/// The events after `| urltoolbox <words>`.
fn run(words: &[&str], events: &[Event]) -> (Vec<Event>, Vec<(String, String)>) {
    Search { command: "urltoolbox", ..Search::default() }.run(words, events)
}

#[test]
fn the_command_spreads_the_levels_of_a_subdomain() {
    let events = [
        event(&[("query", "a.b.example.com"), ("l", "mozilla")]),
        event(&[("query", "example.com"), ("l", "mozilla")]),
        event(&[("l", "mozilla")]),
        event(&[("query", "x.example.co.uk")]),
    ];
    let (merged, messages) = run(&["ut_parse_extended", "url=query", "list=l"], &events);
    assert_eq!(messages, []);
    assert_eq!(value(&merged[0], "ut_subdomain_level_1"), Some("b"));
    assert_eq!(value(&merged[0], "ut_subdomain_level_2"), Some("a"));
    assert_eq!(value(&merged[0], "ut_subdomain_parts"), None);
    assert_eq!(value(&merged[1], "ut_subdomain_level_1"), None);
    assert_eq!(value(&merged[1], "ut_subdomain"), Some("None"));
    assert_eq!(value(&merged[1], "ut_subdomain_count"), Some("0"));
    assert_eq!(value(&merged[1], "ut_port"), Some("80"));
    assert_eq!(merged[2], events[2]);
    assert_eq!(value(&merged[3], "ut_domain"), Some("co.uk"));
}

#[test]
fn the_command_runs_every_function() {
    let events = [event(&[("w", "google9"), ("v", "gogle9"), ("s", "@digits@,@vowels@")])];
    for (words, field, expected) in [
        (&["ut_shannon", "word=w"][..], "ut_shannon", Some("2.2359263506290326")),
        (
            &["ut_countset", "word=w", "set=w"],
            "ut_countset",
            Some(r#"{"ut_countset": {"39": 1, "65": 1, "67": 2, "6C": 1, "6F": 2, "sum": 7}}"#),
        ),
        (&["ut_suites", "word=w", "sets=s"], "ut_max_suite_digits", Some("1")),
        (&["ut_suites", "word=w", "sets=s"], "ut_max_suite_vowels", Some("2")),
        (&["ut_suites", "word=w", "sets=s"], "ut_suites", None),
        (&["ut_levenshtein", "word1=w", "word2=v"], "ut_levenshtein", Some("1")),
        (&["ut_parse_simple", "url=w"], "ut_netloc", Some("google9")),
        (&["ut_parse", "url=w", "list=s"], "ut_domain", Some("None")),
    ] {
        assert_eq!(value(&run(words, &events).0[0], field), expected, "{words:?}");
    }
    for (words, field) in
        [(["ut_meaning", "word=w"], "ut_meaning_ratio"), (["ut_bayesian", "word=w"], "ut_bayesian")]
    {
        assert!(value(&run(&words, &events).0[0], field).is_some());
    }
}

#[test]
fn several_values_stay_aligned() {
    let values = ["a.example.com", "example.org", "a.example.com"].map(|value| value.as_bytes().to_vec());
    let (merged, _) =
        run(&["ut_parse_extended", "url=query"], &[Event::from([("query".to_owned(), values.to_vec())])]);
    assert_eq!(merged[0]["ut_subdomain"], [b"a".to_vec(), b"None".to_vec()]);
    assert_eq!(merged[0]["ut_subdomain_level_1"], [b"a".to_vec(), b"".to_vec()]);
}

#[test]
fn names_of_very_many_labels_do_not_make_as_many_fields() {
    let many = format!("{}z.example.com", "a.".repeat(5000));
    let events = [event(&[("query", &many)]), event(&[("query", "b.example.com")])];
    let (merged, messages) = run(&["ut_parse_extended", "url=query"], &events);
    let levels = |event: &Event| event.keys().filter(|name| name.starts_with("ut_subdomain_level_")).count();
    assert_eq!((levels(&merged[0]), levels(&merged[1])), (127, 1));
    assert_eq!(value(&merged[0], "ut_subdomain_level_1"), Some("z"));
    assert_eq!(value(&merged[1], "ut_subdomain_level_1"), Some("b"));
    assert!(messages[0].1.contains("more than 127 levels"), "{messages:?}");
}

#[test]
fn fields_that_other_events_have_stay_absent() {
    let values = |names: [&str; 2]| {
        Event::from([("query".to_owned(), names.map(|name| name.as_bytes().to_vec()).to_vec())])
    };
    let events = [values(["a.example.com", "b.example.org"]), values(["a.b.c.example.com", "example.org"])];
    let (merged, _) = run(&["ut_parse_extended", "url=query"], &events);
    assert_eq!(merged[0].get("ut_subdomain_level_2"), None);
    assert_eq!(merged[1]["ut_subdomain_level_2"], [b"b".to_vec(), b"".to_vec()]);
}

#[test]
fn wrong_arguments_of_the_command_are_reported_at_once() {
    for (words, problems) in [
        (
            &["ut_nosuch"][..],
            &["expected one function, got 'ut_nosuch': use ut_parse, ut_parse_extended"][..],
        ),
        (&[], &["expected one function, got none: use ut_parse"]),
        (&["x=y"], &["unknown option x=: use list=, set=, sets=, url=, word=, word1= or word2="]),
        (&["ut_levenshtein", "word1=a", "x=y"], &["word2= is missing", "unknown option x="]),
        (&["ut_shannon", "word="], &["word= is missing"]),
    ] {
        let mut splunkd = Search { command: "urltoolbox", ..Search::default() }.start();
        let reply = splunkd.ask(&getinfo(words));
        splunkd.end_well();
        let error = reply.metadata["error"].as_str().expect("an error").to_owned();
        assert!(problems.iter().all(|problem| error.contains(problem)), "{error}");
    }
    let (_, messages) = run(&["ut_shannon", "word=nosuch"], &vec![event(&[("query", "a")]); 1_000]);
    let text = "none of the 1,000 events on this search peer has the field 'nosuch': check the name";
    assert_eq!(messages, [("INFO".to_owned(), text.to_owned())]);
}
