//! Any bytes as a name: the parts make up the name again.
#![no_main]

use std::path::PathBuf;

use dnsentropy::names::{Host, ListName, Lists, Name};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static LISTS: Lists = Lists::new(PathBuf::new());
}

fuzz_target!(|input: &[u8]| {
    let Host::Name(text) = Host::read(input) else { return };
    for list in [ListName::Mozilla, ListName::Icann, ListName::Iana] {
        LISTS.with(|lists| check(&text, &Name::split(&text, lists.load(list).expect("built in"))));
    }
});

fn check(text: &[u8], name: &Name<'_>) {
    let Some(domain) = name.domain() else {
        assert!(name.subdomain().is_none() && name.domain_without_suffix().is_none());
        return;
    };
    let label = name.domain_without_suffix().expect("a domain has a label");
    let suffix = name.suffix().expect("a domain has a suffix");
    assert!(!label.is_empty() && !label.contains(&b'.'));
    if text.is_ascii() {
        assert_eq!([&label, &b"."[..], &suffix].concat(), *domain);
        let subdomain = name.subdomain().map(|subdomain| [subdomain, b"."].concat()).unwrap_or_default();
        assert_eq!([&subdomain, &domain[..]].concat().to_ascii_lowercase(), text.to_ascii_lowercase());
        assert!(text.starts_with(&subdomain));
    }
}
