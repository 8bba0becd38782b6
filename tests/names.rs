//! The split of names through the real program: the official vectors, names derived from every rule of the list,
//! and cases that other splitters get wrong.

mod support;

use std::collections::BTreeSet;

use dnsentropy::names::{Host, ListName, Lists, Name};
use support::oracle::Oracle;
use support::{Event, split, value};

const LIST: &str = include_str!("../data/public_suffix_list.dat");
/// From the public suffix list's own tests (public domain): a name, its registrable domain or `null`.
const OFFICIAL: &str = include_str!("official_vectors.txt");

/// `subdomain|label|suffix|type`, a dash for what is absent.
fn parts(event: &Event) -> String {
    let part = |field: &str| value(event, field).unwrap_or("-").to_owned();
    let domain = value(event, "ut_domain");
    assert_eq!(
        domain.map(str::to_owned),
        value(event, "ut_domain_without_tld").map(|label| format!("{label}.{}", part("ut_tld"))),
        "the domain is label and suffix: {event:?}"
    );
    [part("ut_subdomain"), part("ut_domain_without_tld"), part("ut_tld"), part("ut_suffix_type")].join("|")
}

fn check(list: &str, cases: &[(&str, &str)]) {
    let names: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    for (event, (name, expected)) in split(&["query", list], &names).iter().zip(cases) {
        assert_eq!(parts(event), *expected, "{name} with {list}");
    }
}

/// The official vectors: names and their domains.
fn official() -> Vec<(&'static str, &'static str)> {
    let lines = OFFICIAL.lines().filter(|line| !line.starts_with("//"));
    lines.filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name != "null").collect()
}

#[test]
fn the_library_agrees_with_the_official_vectors() {
    let vectors = official();
    assert_eq!(vectors.len(), 77);
    let lists = Lists::new("none".into());
    for (name, domain) in vectors {
        let Host::Name(text) = Host::parse(name.as_bytes()) else { panic!("{name} is an address") };
        let split = Name::split(&text, lists.load(ListName::Mozilla));
        assert_eq!(split.domain().as_deref().unwrap_or("null"), domain, "{name}");
    }
}

/// The program takes leading dots off first.
#[test]
fn the_program_agrees_with_the_official_vectors() {
    let vectors = official();
    let names: Vec<&str> = vectors.iter().map(|(name, _)| *name).collect();
    for (event, name) in split(&["query"], &names).iter().zip(names) {
        let bare = name.trim_start_matches('.');
        let (_, domain) = vectors.iter().find(|(name, _)| *name == bare).expect("a vector");
        assert_eq!(value(event, "ut_domain").unwrap_or("null"), *domain, "{name}");
    }
}

/// Names that test a rule: each of its tails, alone and with one and two labels before it, with a label for each
/// wildcard, in Unicode and in punycode.
fn derived(oracle: &Oracle) -> Vec<String> {
    let mut names = BTreeSet::new();
    for rule in oracle.rules() {
        let filled = rule.trim_start_matches('!').replace('*', "wild");
        let mut tail = filled.as_str();
        loop {
            for name in [tail.to_owned(), format!("b.{tail}"), format!("a.b.{tail}")] {
                names.insert(idna::domain_to_ascii(&name).expect("a valid name"));
                names.insert(name);
            }
            let Some((_, parent)) = tail.split_once('.') else { break };
            tail = parent;
        }
    }
    names.into_iter().collect()
}

fn check_derived(list: &str, icann_only: bool) {
    let oracle = Oracle::read(LIST, icann_only);
    let names = derived(&oracle);
    assert!(names.len() > 20_000, "{}", names.len());
    let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for (event, name) in split(&["query", list], &borrowed).iter().zip(&borrowed) {
        // The list's rules are in Unicode, so the oracle gets the Unicode spelling; the program gets the name as it is.
        let unicode = idna::domain_to_unicode(name).0;
        let expected = oracle.split(&unicode);
        let is = |field: &str| value(event, field).map(|part| idna::domain_to_unicode(part).0);
        let right = is("ut_tld") == Some(expected.suffix.clone())
            && is("ut_domain") == expected.domain
            && value(event, "ut_suffix_type") == Some(expected.suffix_type)
            && [value(event, "ut_subdomain"), value(event, "ut_domain").or(value(event, "ut_tld"))]
                .iter()
                .flatten()
                .copied()
                .collect::<Vec<_>>()
                .join(".")
                == **name;
        if !right {
            wrong.push((name, expected));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} wrong, such as {:?}",
        wrong.len(),
        names.len(),
        &wrong[..wrong.len().min(5)]
    );
}

#[test]
fn names_derived_from_every_rule_of_the_whole_list() {
    check_derived("list=mozilla", false);
}

#[test]
fn names_derived_from_every_rule_of_the_icann_section() {
    check_derived("list=icann", true);
}

#[test]
fn names_derived_from_every_rule_with_the_users_own_suffixes_added() {
    // Without a file of their own, `*` is the whole list.
    check_derived("list=*", false);
}

#[test]
fn suffixes_and_domains() {
    check(
        "list=mozilla",
        &[
            ("com", "-|-|com|icann"),
            ("co.uk", "-|-|co.uk|icann"),
            ("uk.com", "-|-|uk.com|private"),
            ("www.com", "-|www|com|icann"),
            ("example.ck", "-|-|example.ck|icann"),
            ("www.ck", "-|www|ck|icann"),
            ("www.www.ck", "www|www|ck|icann"),
            ("b.c.kobe.jp", "-|b|c.kobe.jp|icann"),
            ("city.kobe.jp", "-|city|kobe.jp|icann"),
            ("kobe.jp", "-|kobe|jp|icann"),
            ("a.b.c.mm", "a|b|c.mm|icann"),
            ("c.mm", "-|-|c.mm|icann"),
            ("k12.ak.us", "-|-|k12.ak.us|icann"),
            ("test.k12.ak.us", "-|test|k12.ak.us|icann"),
            ("example.za", "-|example|za|unlisted"),
            ("b.example.example", "b|example|example|unlisted"),
            ("bucket.s3.amazonaws.com", "-|bucket|s3.amazonaws.com|private"),
            ("a.nes.buskerud.no", "-|a|nes.buskerud.no|icann"),
            ("host.localdomain", "-|host|localdomain|unlisted"),
            ("_sip._tcp.example.com", "_sip._tcp|example|com|icann"),
            ("4.3.2.1.in-addr.arpa", "4.3.2|1|in-addr.arpa|icann"),
            // An inner node of one rule must not hide the wildcard of another.
            ("mtls.run.app", "-|-|mtls.run.app|private"),
            ("a.mtls.run.app", "-|-|a.mtls.run.app|private"),
            ("teams.replit.dev", "-|-|teams.replit.dev|private"),
            ("a.b.svc.firenet.ch", "-|a|b.svc.firenet.ch|private"),
        ],
    );
    check(
        "list=icann",
        &[
            ("uk.com", "-|uk|com|icann"),
            ("bucket.s3.amazonaws.com", "bucket.s3|amazonaws|com|icann"),
            ("foo.github.io", "foo|github|io|icann"),
        ],
    );
    check(
        "list=iana",
        &[
            ("www.example.co.uk", "www.example|co|uk|icann"),
            ("foo.github.io", "foo|github|io|icann"),
            ("example.za", "-|example|za|icann"),
            ("www.www.ck", "www|www|ck|icann"),
            ("a.b.example", "a|b|example|unlisted"),
            ("com", "-|-|com|icann"),
        ],
    );
}

#[test]
fn case_dots_and_scripts() {
    check(
        "list=mozilla",
        &[
            ("WwW.example.COM", "WwW|example|com|icann"),
            ("0DsAAHNIclYsFcDN.HildegardsFarm.Com", "0DsAAHNIclYsFcDN|hildegardsfarm|com|icann"),
            ("www.example.com.", "www|example|com|icann"),
            ("www.食狮.公司.cn", "www|食狮|公司.cn|icann"),
            ("www.xn--85x722f.xn--55qx5d.cn", "www|xn--85x722f|xn--55qx5d.cn|icann"),
            ("www.XN--85X722F.XN--55QX5D.cn", "www|xn--85x722f|xn--55qx5d.cn|icann"),
            ("A.B.ÅLESUND.NO", "A|b|ålesund.no|icann"),
            // The same letter, written as a letter and a ring.
            ("a.b.A\u{30a}lesund.no", "a|b|ålesund.no|icann"),
            ("ＷＷＷ。example．com｡", "ＷＷＷ|example|com|icann"),
        ],
    );
}

#[test]
fn dots_around_a_name_are_taken_off_and_empty_labels_inside_are_split_as_they_are() {
    check(
        "list=mozilla",
        &[
            (".example.com", "-|example|com|icann"),
            ("a..b", "-|-|b|unlisted"),
            ("a..example.com", "a.|example|com|icann"),
            ("a..", "-|-|a|unlisted"),
            (".", "-|-|-|-"),
            ("..", "-|-|-|-"),
            ("...com", "-|-|com|icann"),
            (".com", "-|-|com|icann"),
        ],
    );
}

#[test]
fn addresses_are_not_names() {
    check(
        "list=mozilla",
        &[
            ("216.22.0.192", "-|-|-|ip"),
            ("2001:db8::1", "-|-|-|ip"),
            ("[::1]", "-|-|-|ip"),
            ("256.256.256.256", "256.256|256|256|unlisted"),
            ("127.0.0", "127|0|0|unlisted"),
        ],
    );
}

#[test]
fn names_that_are_not_host_names() {
    check(
        "list=mozilla",
        &[
            ("localhost", "-|-|localhost|unlisted"),
            ("-", "-|-|-|-"),
            ("a/b+c=?d#e[f].x:1@y.example.com", "a/b+c=?d#e[f].x:1@y|example|com|icann"),
            ("\\xff\\255.t.example.com", "\\xff\\255.t|example|com|icann"),
            ("http://www.example.com/x?y=1", "-|-|-|-"),
        ],
    );
}

#[test]
fn domains_are_written_in_presentation_format_and_subdomains_as_they_are() {
    check(
        "list=mozilla",
        &[
            ("*.com", r"-|\042|com|icann"),
            ("*.*.com", r"*|\042|com|icann"),
            ("A=B.A=B.Co.UK", r"A=B|a\061b|co.uk|icann"),
            (
                r#"x"|'.a" | delete $x$ `y`.com"#,
                r#"x"|'|a\034\032\124\032delete\032\036x\036\032\096y\096|com|icann"#,
            ),
            ("a\nb\t.c\r\n\td\x00\x7f.com", "a\nb\t|c\\013\\010\\009d\\000\\127|com|icann"),
            // An escaped dot is a part of its label.
            (r"\.a\.b.com", r"-|\046a\046b|com|icann"),
            // An escape means its byte, and a malformed one is text.
            (r"\124.a\124b\032\255.com", r"\124|a\124b\032\255|com|icann"),
            (r"a\097\256\1.com", r"-|aa\092256\0921|com|icann"),
            (r"x.a\\124\\.com", r"x|a\092124\092|com|icann"),
            ("x.\u{130}\u{3a3}\u{c4}.\u{391}\u{3a3}", "x|i\u{307}\u{3c3}\u{e4}|\u{3b1}\u{3c3}|unlisted"),
            // UTS 46 maps the variation selector to nothing.
            ("x.a\u{2764}\u{fe0f}.com", r"x|a\226\157\164|com|icann"),
            ("x.a\u{202e}b\u{200d}\u{a0}.com", r"x|a\226\128\174b\226\128\141\194\160|com|icann"),
            (
                "x.\u{915}\u{94d}\u{937}.\u{92d}\u{93e}\u{930}\u{924}",
                "x|\u{915}\u{94d}\u{937}|\u{92d}\u{93e}\u{930}\u{924}|icann",
            ),
            ("x.y.a|b", r"x|y|a\124b|unlisted"),
        ],
    );
}
