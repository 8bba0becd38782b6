//! Any bytes as a name: the parts make up the name again, and what is written of them is safe.
#![no_main]

use std::path::PathBuf;

use dnsentropy::names::logged::{Logged, read};
use dnsentropy::names::ordinary::OrdinaryName;
use dnsentropy::names::{ListName, Lists, Name, SuffixTable, ascii, present};
use dnsentropy::slice::Slice;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static LISTS: Lists = Lists::new(PathBuf::new());
}

fuzz_target!(|input: &[u8]| {
    let Logged::Name(text) = read(input) else {
        return LISTS.with(|lists| {
            let quick = OrdinaryName::split(Slice::whole(input), lists.load(ListName::Mozilla));
            assert!(quick.is_none(), "an ordinary name is a name");
        });
    };
    for list in [ListName::Mozilla, ListName::Icann, ListName::Iana] {
        LISTS.with(|lists| {
            let list = lists.load(list);
            let name = Name::split(&text, list);
            check(&text, &name);
            [name.domain(), name.domain_without_suffix(), name.suffix(), name.ascii_domain()]
                .into_iter()
                .flatten()
                .for_each(|part| check_written(&part));
            check_quickly(input, &name, list);
        });
    }
});

/// Of ASCII, what is written has only letters, digits, `-`, `_`, dots and escapes. Spelling or writing it again changes nothing.
fn check_written(part: &str) {
    let is_plain = |byte: u8| !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let mut pieces = part.split('\\');
    assert!(pieces.next().is_some_and(|piece| piece.bytes().all(is_plain)));
    for piece in pieces {
        assert!(piece.get(..3).is_some_and(|digits| digits.parse::<u8>().is_ok()), "{part}");
        assert!(piece.bytes().all(is_plain), "{part}");
    }
    assert_eq!(present(part.as_bytes()), part);
    let spelt = ascii::domain(part.as_bytes());
    assert!(spelt.is_ascii());
    assert_eq!(ascii::domain(spelt.as_bytes()), spelt);
}

/// The quick way takes a name or leaves it; if it takes it, the parts are the same.
fn check_quickly(input: &[u8], plain: &Name<'_>, list: &SuffixTable) {
    let Some(quick) = OrdinaryName::split(Slice::whole(input), list) else { return };
    let lower = |from: usize, to: usize| input[from..to].to_ascii_lowercase();
    let domain = lower(quick.domain, quick.end);
    assert_eq!(plain.domain().as_deref(), Some(&*present(&domain)));
    assert_eq!(plain.ascii_domain().as_deref(), Some(&*present(&domain)));
    assert_eq!(plain.suffix().as_deref(), Some(&*present(&lower(quick.suffix, quick.end))));
    assert!(!quick.has_plain_domain(input) || present(&domain).as_bytes() == domain);
    let (from, to) = quick.subdomain();
    assert_eq!(plain.subdomain().unwrap_or_default(), &input[from..to]);
    assert_eq!(plain.subdomain_labels(), quick.subdomain_labels);
    assert_eq!(plain.suffix_type(), Some(quick.suffix_type));
}

fn check(text: &[u8], name: &Name<'_>) {
    let Some(domain) = name.domain() else {
        assert!(name.subdomain().is_none() && name.domain_without_suffix().is_none());
        return;
    };
    let label = name.domain_without_suffix().expect("a domain has a label");
    let suffix = name.suffix().expect("a domain has a suffix");
    assert!(!label.is_empty() && !label.contains('.'));
    assert_eq!(format!("{label}.{suffix}"), domain);
    let subdomain = name.subdomain().map(|subdomain| [subdomain, b"."].concat()).unwrap_or_default();
    assert_eq!([&subdomain, name.domain_text().expect("a domain has a text")].concat(), text);
}
