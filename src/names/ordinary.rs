//! The fast path for splitting names: ordinary ones, which nearly all are.
//!
//! A name is *ordinary* if it is ASCII of at most 256 bytes without blanks and other control characters (which may make a value
//! unreadable), without a colon (as in an IPv6 address, before a port, in a URL) and without a backslash (which begins an escape),
//! its first byte is not a parenthesis (as in Windows' length prefixes), its last byte is a letter, and it has no empty label. A last
//! label that is on no list has only letters, digits, `-` and `_`: a slash there may begin a record type.
//!
//! - What it may assume: [`logged::read`](super::logged::read) leaves an ordinary name as it is. Its last letter is not the end of a
//!   quote or bracket. Every dot separates two labels, so a bit for each dot is enough to find the labels. Bytes around the name
//!   are readable ([`Slice`]).
//! - When it steps aside: [`OrdinaryName::split`] returns `None` for any other name, and for one without a registrable domain.
//!   The caller then reads the value with [`logged::read`](super::logged::read) and splits a [`Name`](super::Name). A caller that
//!   writes the domain does so too without [`OrdinaryName::has_plain_domain`].
//! - How to change it safely: a condition for being ordinary may become stricter at any time. Before one is relaxed,
//!   check that the reader and `Name` treat such names in no special way. Every byte costs: measure with `bin/bench`.
//! - What holds it to its reference: the property tests below, `fuzz/fuzz_targets/name.rs`, and `tests/names.rs` compare it
//!   with the reader and `Name`.

use super::presentation::is_plain;
use super::suffix_table::{SuffixTable, SuffixType};
use crate::simd;
use crate::slice::Slice;

/// The longest ordinary name, in bytes. DNS allows 253.
const MAX_LENGTH: usize = 4 * WORD;
/// The dots of this many bytes are one number.
const WORD: usize = simd::BLOCK;

/// The parts of an ordinary name with a registrable domain, as indices into the buffer around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrdinaryName {
    /// Where the name starts, and with it the subdomain, if any.
    pub start: usize,
    /// Where the registrable domain starts.
    pub domain: usize,
    /// Where the public suffix starts.
    pub suffix: usize,
    /// Where the name ends.
    pub end: usize,
    /// The labels of the subdomain.
    pub subdomain_labels: usize,
    /// Which kind of rule made the suffix public.
    pub suffix_type: SuffixType,
}

impl OrdinaryName {
    /// Splits `name`; `None` if it is not ordinary or has no registrable domain.
    #[inline]
    pub fn split(name: Slice<'_>, list: &SuffixTable) -> Option<OrdinaryName> {
        let Slice { bytes, start, end } = name;
        if end - start <= WORD {
            OrdinaryName::split_by(&Dots::<1>::locate(bytes, start, end)?, bytes, start, end, list)
        } else {
            OrdinaryName::split_by(
                &Dots::<{ MAX_LENGTH / WORD }>::locate(bytes, start, end)?,
                bytes,
                start,
                end,
                list,
            )
        }
    }

    #[inline]
    fn split_by<const WORDS: usize>(
        dots: &Dots<WORDS>,
        bytes: &[u8],
        start: usize,
        end: usize,
        list: &SuffixTable,
    ) -> Option<OrdinaryName> {
        let (labels, suffix_type) = list.find(Labels { dots, bytes, start, end: Some(end) });
        if suffix_type == SuffixType::Unlisted && !has_plain_last_label(dots, bytes, start, end) {
            return None;
        }
        let mut suffix = end;
        for _ in 1..labels {
            suffix = start + dots.last_before(suffix - start)?;
        }
        // The dot before the suffix, and the one before the label of the registrable domain.
        let before = dots.last_before(suffix - start)?;
        let domain = dots.last_before(before).map_or(start, |dot| start + dot + 1);
        Some(OrdinaryName {
            start,
            domain,
            suffix: start + before + 1,
            end,
            subdomain_labels: dots.count_before(domain - start),
            suffix_type,
        })
    }

    /// Whether the domain is written as it is: [`present`](super::present) changes nothing. The subdomain may hold other bytes, as
    /// encoded data does (`=`, `/`, `+`).
    #[inline]
    pub fn has_plain_domain(&self, bytes: &[u8]) -> bool {
        is_plain(Slice { bytes, start: self.domain, end: self.end })
    }

    /// Start and end of the subdomain, which is empty if the name has none.
    #[inline]
    pub fn subdomain(&self) -> (usize, usize) {
        (self.start, self.domain.saturating_sub(1).max(self.start))
    }
}

/// `name` without a dot before it and the root dot; `None` if it has neither. Where the rest is ordinary,
/// [`logged::read`](super::logged::read) takes these dots off and nothing else.
pub fn without_dots(name: Slice<'_>) -> Option<Slice<'_>> {
    let Slice { bytes, start, end } = name;
    let (first, last) = match name.as_bytes() {
        [] | [_] => return None,
        [first, .., last] => (usize::from(*first == b'.'), usize::from(*last == b'.')),
    };
    (first + last > 0).then_some(Slice { bytes, start: start + first, end: end - last })
}

/// The type of the public suffix that an ordinary name is, written as it is; `None` for any other name. A name of one label is
/// a suffix.
pub fn only_suffix(name: Slice<'_>, list: &SuffixTable) -> Option<SuffixType> {
    let text = name.as_bytes();
    let labels = || text.split(|&byte| byte == b'.');
    if !text.last()?.is_ascii_alphabetic() || !is_plain(name) || labels().any(<[u8]>::is_empty) {
        return None;
    }
    let (suffix_labels, suffix_type) = list.suffix(text);
    (labels().count() == suffix_labels).then_some(suffix_type)
}

fn has_plain_last_label<const WORDS: usize>(
    dots: &Dots<WORDS>,
    bytes: &[u8],
    start: usize,
    end: usize,
) -> bool {
    let label = Labels { dots, bytes, start, end: Some(end) }.next();
    label.is_some_and(is_plain)
}

/// The labels of a name, last label first.
struct Labels<'d, 'b, const WORDS: usize> {
    dots: &'d Dots<WORDS>,
    bytes: &'b [u8],
    start: usize,
    end: Option<usize>,
}

impl<'b, const WORDS: usize> Iterator for Labels<'_, 'b, WORDS> {
    type Item = Slice<'b>;

    #[inline]
    fn next(&mut self) -> Option<Slice<'b>> {
        let end = self.end?;
        self.end = self.dots.last_before(end - self.start).map(|dot| self.start + dot);
        Some(Slice { bytes: self.bytes, start: self.end.map_or(self.start, |dot| dot + 1), end })
    }
}

/// A bit for each dot of a name.
struct Dots<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Dots<WORDS> {
    /// The dots of `bytes[start..end]`; `None` if that is not an ordinary name.
    #[inline]
    fn locate(bytes: &[u8], start: usize, end: usize) -> Option<Dots<WORDS>> {
        let length = end - start;
        if length == 0 || length > WORDS * WORD || !bytes[end - 1].is_ascii_alphabetic() {
            return None;
        }
        if bytes[start] == b'(' {
            return None;
        }
        let mut dots = [0; WORDS];
        let (mut unusual, mut before) = (0, 1);
        for (word, at) in dots.iter_mut().zip((0..length).step_by(WORD)) {
            let [dot, odd] = marks(bytes, start + at);
            let name = below(length - at);
            *word = dot & name;
            // A dot at the start or after another dot makes an empty label.
            unusual |= odd & name | *word & (*word << 1 | before);
            before = *word >> (WORD - 1);
        }
        (unusual == 0).then_some(Dots(dots))
    }

    /// The index of the last dot before `end`, both from the start of the name.
    #[inline]
    fn last_before(&self, end: usize) -> Option<usize> {
        let mut word = end.checked_sub(1)? / WORD;
        let mut bits = self.0[word] & below(end - WORD * word);
        while bits == 0 {
            word = word.checked_sub(1)?;
            bits = self.0[word];
        }
        Some(WORD * word + bits.ilog2() as usize)
    }

    /// How many dots there are before `end`.
    #[inline]
    fn count_before(&self, end: usize) -> usize {
        let words = self.0.iter().enumerate();
        let dots = words.map(|(word, bits)| (bits & below(end.saturating_sub(WORD * word))).count_ones());
        dots.sum::<u32>() as usize
    }
}

/// The lowest `count` bits, at most 64.
#[inline]
fn below(count: usize) -> u64 {
    if count < WORD { (1 << count) - 1 } else { u64::MAX }
}

/// A bit for each dot of the block at `at`, and one for each byte that no ordinary name contains.
#[inline]
fn marks(bytes: &[u8], at: usize) -> [u64; 2] {
    // A byte that is not ASCII has its highest bit set.
    simd::masks(bytes, at, |lane| {
        let odd = simd::within(lane, 0, b' ') | simd::equal(lane, b':') | simd::equal(lane, b'\\');
        [simd::equal(lane, b'.'), lane | odd]
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::super::logged::{Logged, read};
    use super::super::presentation::hostile;
    use super::super::{ListName, Lists, Name, present};
    use super::*;

    /// A domain is its label and its suffix, whatever bytes they have.
    fn check_domain(name: &Name<'_>) {
        if let (Some(label), Some(suffix)) = (name.domain_without_suffix(), name.suffix()) {
            assert_eq!(name.domain().as_deref(), Some(&*format!("{label}.{suffix}")));
        }
    }

    /// Splits `name` both ways, also in the middle of other bytes; returns whether it was ordinary.
    fn check(name: &[u8], list: ListName) -> bool {
        let lists = Lists::new(std::path::PathBuf::new());
        let list = lists.load(list);
        for (before, after) in [(&b""[..], &b""[..]), (b"x.y:\xff.", b".z\xff:........................")] {
            let bytes = [before, name, after].concat();
            let (start, end) = (before.len(), before.len() + name.len());
            let logged = read(name);
            let reference = match &logged {
                Logged::Name(text) => Some(Name::split(text, list)),
                Logged::Address | Logged::Unreadable => None,
            };
            reference.iter().for_each(check_domain);
            let Some(fast) = OrdinaryName::split(Slice { bytes: &bytes, start, end }, list) else {
                return false;
            };
            let reference = reference.expect("an ordinary name is a name");
            let lower = |from: usize, to: usize| bytes[from..to].to_ascii_lowercase();
            let is = |from: usize, to: usize, part: Option<Cow<'_, str>>| {
                assert_eq!(Some(present(&lower(from, to))), part, "{name:?}");
            };
            is(fast.domain, fast.end, reference.domain());
            is(fast.domain, fast.end, reference.ascii_domain());
            is(fast.suffix, fast.end, reference.suffix());
            is(fast.domain, fast.suffix - 1, reference.domain_without_suffix());
            let domain = lower(fast.domain, fast.end);
            let plain = domain.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            assert_eq!(fast.has_plain_domain(&bytes), plain);
            let (from, to) = fast.subdomain();
            assert_eq!(&bytes[from..to], reference.subdomain().unwrap_or_default());
            assert_eq!(fast.subdomain_labels, reference.subdomain_labels());
            assert_eq!(Some(fast.suffix_type), reference.suffix_type());
        }
        true
    }

    #[test]
    fn ordinary_names_take_the_fast_path() {
        for name in [
            "www.example.com",
            "EXAMPLE.Co.Uk",
            "a.b.c.kobe.jp",
            "www.ck",
            "a.www.ck",
            "b.c.mm",
            "a.unlisted-tld",
            "a=b/c+d*e\"f|g.x._tcp.local",
            "\"a.example.com",
            "[a+b.example.com",
        ] {
            assert!(check(name.as_bytes(), ListName::Mozilla), "{name}");
        }
        let long = format!("{}example.com", "abcdefghijklmnopqrstuvwxyz234567.".repeat(8));
        for length in 12..=MAX_LENGTH + 20 {
            if let Some(name) =
                long.get(long.len().saturating_sub(length)..).filter(|name| !name.starts_with('.'))
            {
                assert_eq!(check(name.as_bytes(), ListName::Mozilla), name.len() <= MAX_LENGTH, "{name}");
            }
        }
    }

    #[test]
    fn other_names_do_not() {
        for name in [
            "",
            ".",
            "com",
            "co.uk",
            "a..com",
            ".a.com",
            "a.com.",
            "1.2.3.4",
            "fe80::1%eth",
            "a.com ",
            " a.com",
            "(1)a(3)com",
            "a\\.b.com",
            "a.b c",
            "a b.example.com",
            "a.example.com\tb.example.com",
            "a\0b.example.com",
            "example.com/IN/A",
            "\u{e4}.com",
        ] {
            assert!(!check(name.as_bytes(), ListName::Mozilla), "{name}");
        }
    }

    proptest! {
        #[test]
        fn both_ways_agree(
            name in "([a-zA-Z0-9._:-]{0,20}\\.|[a-z0-9=/+]{1,63}\\.){0,5}[a-z]{1,12}(\\.(com|co\\.uk|ck|kobe\\.jp|s3\\.amazonaws\\.com|github\\.io|run\\.app|R\\.cloud\\.int\\.APPLE))?",
            list in prop::sample::select(vec![ListName::Mozilla, ListName::Icann, ListName::Iana]),
        ) {
            check(name.as_bytes(), list);
        }

        #[test]
        fn hostile_names_are_split_alike(name in hostile::names()) {
            check(&name, ListName::Mozilla);
        }

        #[test]
        fn any_bytes_are_split_alike(name in prop::collection::vec(any::<u8>(), 0..300)) {
            check(&name, ListName::Mozilla);
        }
    }
}
