use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;
use wildmatch::WildMatch;

use super::*;

const NOW: &str = "2027-01-31T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

/// The allowlist with this file of the user's, and the warnings.
fn local(content: &str) -> (Allowlist, Vec<String>) {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join(FILE), content).expect("a file");
    Allowlist::load(folder.path(), now())
}

#[test]
fn the_apps_list_is_whole_and_the_users_come_first() {
    let (allowlist, warnings) = Allowlist::load(Path::new("missing"), now());
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(allowlist.entries.len(), builtin::ALLOWLIST.lines().count() - 1);
    assert_eq!(allowlist.reason("cloudfront.net", None), Some("content delivery: Amazon"));
    assert_eq!(allowlist.reason("example.com", None), None);
    assert_eq!(allowlist.reason("", None), None);
    let (allowlist, _) = local("domain,reason\ncloudfront.net,ours\n*.net,too wide\n");
    assert_eq!(allowlist.reason("cloudfront.net", None), Some("ours"));
    assert_eq!(allowlist.reason("a.cloudfront.net", None), Some("too wide"));
}

#[test]
fn a_mute_can_be_about_some_clients() {
    let (allowlist, warnings) = local(
        "domain,reason,src\n*.a.com,lab,10.1.0.0/16\na.com,all,\nb.com,dc,\"10.1.2.3, dc-*\"\nb*.org,x,10.*\n",
    );
    assert_eq!(warnings, Vec::<String>::new());
    for (domain, client, expected) in [
        ("a.com", Some("10.1.2.3"), Some("lab")),
        ("a.com", Some("10.2.2.3"), Some("all")),
        ("a.com", None, Some("all")),
        ("x.a.com", Some("10.2.2.3"), None),
        ("b.com", Some("DC-1"), Some("dc")),
        ("b.com", None, None),
        ("bx.org", Some("10.9.9.9"), Some("x")),
        ("bx.org", Some("11.9.9.9"), None),
    ] {
        assert_eq!(allowlist.reason(domain, client), expected, "{domain} {client:?}");
    }
}

#[test]
fn a_mute_ends_when_it_expires() {
    let (allowlist, warnings) = local(
        "domain,expires\na.com,2027-01-31\nb.com,2027-01-30\nc.com,2027-01-31T12:00:01Z\nd.com,2027-01-31 12:00\ne.com,1801353600\n",
    );
    assert_eq!(warnings, Vec::<String>::new());
    let applies = |domain: &str| allowlist.reason(domain, None).is_some();
    assert_eq!(["a.com", "b.com", "c.com", "d.com", "e.com"].map(applies), [true, false, true, false, false]);
}

#[test]
fn rows_that_cannot_be_read_are_skipped_with_a_warning() {
    let (allowlist, warnings) = local(
        "domain,reason,src,expires\n*,all,,\n\na.com,,10.0.0.0/99,\nb.com,,,soon\nc d,,,\ne..f,,,\n,,,\n\"g.com\nh.com\",two,,\n",
    );
    assert_eq!(
        warnings,
        [
            "dnsentropy_allowlist_local.csv, line 2 is skipped: the domain '*' is not valid: it covers every domain: write at \
             least one letter or digit, as in *.example.com",
            "dnsentropy_allowlist_local.csv, line 4 is skipped: src '10.0.0.0/99' is not valid: write an address or name such as \
             10.1.2.3, with wildcards such as 10.1.*, or a network such as 10.1.0.0/16",
            "dnsentropy_allowlist_local.csv, line 5 is skipped: expires 'soon' is not valid: write a date such as 2027-01-31, a \
             date with time such as 2027-01-31T18:00:00Z, or epoch seconds",
            "dnsentropy_allowlist_local.csv: 2 more lines are skipped",
        ]
    );
    assert_eq!(allowlist.reason("a.com", Some("10.0.0.1")), None);
    assert_eq!(
        (allowlist.reason("g.com", None), allowlist.reason("h.com", None)),
        (Some("two"), Some("two"))
    );
    assert!(allowlist.reason("cloudfront.net", None).is_some(), "the app's list still applies");
}

#[test]
fn a_file_that_cannot_be_used_is_ignored_with_a_warning() {
    let (allowlist, warnings) = local("name,reason\na.com,x\n");
    assert_eq!(allowlist.reason("a.com", None), None);
    assert_eq!(
        warnings,
        [
            "the lookup file dnsentropy_allowlist_local.csv is ignored, as it has no column 'domain': name it in the first line, \
             and save the file as UTF-8"
        ]
    );
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join(FILE)).expect("a folder");
    let (allowlist, warnings) = Allowlist::load(folder.path(), now());
    assert!(
        warnings[0].starts_with("the lookup file dnsentropy_allowlist_local.csv is ignored, "),
        "{warnings:?}"
    );
    assert!(allowlist.reason("cloudfront.net", None).is_some());
}

/// An entry: pattern, client, and whether it has expired.
fn entry() -> impl Strategy<Value = (String, Option<&'static str>, bool)> {
    let clients =
        prop::sample::select(vec![None, Some("10.0.0.1"), Some("10.0.*"), Some("10.1.0.0/16"), Some("h?")]);
    ("(\\*\\.)?[ab*?]{0,1}[ab](\\.[ab]{1,2}){0,2}", clients, prop::bool::weighted(0.2))
}

proptest! {
    /// The plain rule: the first entry that has not expired, whose pattern matches as a wildcard, and whose client matches.
    #[test]
    fn the_first_entry_that_applies_wins(
        entries in prop::collection::vec(entry(), 0..6),
        domain in "[ab]{1,2}(\\.[ab]{1,2}){0,3}",
        client in prop::sample::select(vec![None, Some("10.0.0.1"), Some("10.0.0.2"), Some("10.1.2.3"), Some("h1")]),
    ) {
        let mut allowlist = Allowlist::default();
        for (index, (pattern, src, expired)) in entries.iter().enumerate() {
            let expires = if *expired { "2027-01-30" } else { "" };
            allowlist.add(pattern, &index.to_string(), src.unwrap_or_default(), expires, now()).expect("an entry");
        }
        let applies = |(pattern, src, expired): &(String, Option<&str>, bool)| {
            let parent = pattern.strip_prefix("*.").is_some_and(|parent| WildMatch::new(parent).matches(&domain));
            let network = |client: &str| *src == Some("10.1.0.0/16") && client.starts_with("10.1.");
            let of_client = src.is_none_or(|src| {
                client.is_some_and(|client| WildMatch::new(src).matches(client) || network(client))
            });
            !expired && of_client && (parent || WildMatch::new(pattern).matches(&domain))
        };
        let plain = entries.iter().position(applies).map(|index| index.to_string());
        prop_assert_eq!(allowlist.reason(&domain, client).map(str::to_owned), plain);
    }
}
