//! What logs write after a name: a port, a record type, an escaped NUL, a comma.

use super::super::host::is_address;
use super::super::wire::{is_escaped, without_escapes};
use super::trim_dots;

/// Record types that BIND writes after a name, as in `example.com/A/IN`; others are `TYPE` and a number.
const TYPES: [&[u8]; 38] = [
    b"A",
    b"AAAA",
    b"AFSDB",
    b"ANY",
    b"APL",
    b"AXFR",
    b"CAA",
    b"CDNSKEY",
    b"CDS",
    b"CERT",
    b"CNAME",
    b"DNAME",
    b"DNSKEY",
    b"DS",
    b"HINFO",
    b"HTTPS",
    b"IXFR",
    b"KEY",
    b"LOC",
    b"MX",
    b"NAPTR",
    b"NS",
    b"NSEC",
    b"NSEC3",
    b"NSEC3PARAM",
    b"NULL",
    b"OPENPGPKEY",
    b"PTR",
    b"RP",
    b"RRSIG",
    b"SOA",
    b"SPF",
    b"SRV",
    b"SSHFP",
    b"SVCB",
    b"TLSA",
    b"TXT",
    b"URI",
];
const CLASSES: [&[u8]; 5] = [b"IN", b"CH", b"HS", b"NONE", b"ANY"];
/// An escaped NUL: the end of a C string.
const NULS: [&[u8]; 3] = [b"\\000", b"\\x00", b"\\0"];

/// What is before the tail of `text`, if it has one.
pub fn take_off(text: &[u8]) -> Option<&[u8]> {
    match *text.last()? {
        b',' | b';' if !is_escaped(text, text.len() - 1) => Some(&text[..text.len() - 1]),
        b':' => before_port(text),
        b'0'..=b'9' => before_port(text).or_else(|| before_nul(text)).or_else(|| before_type(text)),
        b'A'..=b'Z' => before_type(text),
        _ => None,
    }
}

/// What is before `:53` or `#53`, or a colon alone. After a colon in the last label, as in a MAC address, a number is not a port.
fn before_port(text: &[u8]) -> Option<&[u8]> {
    let mark = text.iter().rposition(|byte| !byte.is_ascii_digit())?;
    let (before, port) = (&text[..mark], &text[mark + 1..]);
    if before.is_empty() || !matches!(text[mark], b':' | b'#') || is_escaped(text, mark) {
        return None;
    }
    let is_number = str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok());
    let is_port = is_number || text[mark] == b':' && port.is_empty();
    let last_label = before.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    let belongs_to_host = !last_label.contains(&b':') || before.ends_with(b"]") || is_address(before);
    (is_port && belongs_to_host).then_some(before)
}

/// What is before an escaped NUL, if that is a name of several labels: a NUL may be all data that a single label has.
fn before_nul(text: &[u8]) -> Option<&[u8]> {
    let before = NULS.into_iter().find_map(|nul| text.strip_suffix(nul))?;
    let is_end = !is_escaped(text, before.len()) && without_escapes(trim_dots(before)).contains(&b'.');
    is_end.then_some(before)
}

/// What is before `/A/IN`, `/IN/A` or `/A`.
fn before_type(text: &[u8]) -> Option<&[u8]> {
    let (before, last) = split_at_slash(text)?;
    match split_at_slash(before) {
        Some((name, first)) if is_type(first) && is_class(last) || is_class(first) && is_type(last) => {
            Some(name)
        }
        _ => is_type(last).then_some(before),
    }
}

/// What is before and after the last slash of `text`, neither of them empty.
fn split_at_slash(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = text.iter().rposition(|&byte| byte == b'/')?;
    (0 < slash && slash + 1 < text.len()).then(|| (&text[..slash], &text[slash + 1..]))
}

pub fn is_type(text: &[u8]) -> bool {
    TYPES.contains(&text) || is_numbered(text, b"TYPE")
}

pub fn is_class(text: &[u8]) -> bool {
    CLASSES.contains(&text) || is_numbered(text, b"CLASS")
}

fn is_numbered(text: &[u8], word: &[u8]) -> bool {
    text.strip_prefix(word).is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}
