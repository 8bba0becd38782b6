//! Whether a value is a DNS name or an IP address.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The full stops of other scripts that separate labels as a dot does (UTS #46, section 2.3), in UTF-8:
/// U+3002, U+FF0E, U+FF61.
const FULL_STOPS: [[u8; 3]; 3] = [[0xE3, 0x80, 0x82], [0xEF, 0xBC, 0x8E], [0xEF, 0xBD, 0xA1]];

/// A value as a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host<'v> {
    /// An IPv4 or IPv6 address, the latter also in brackets or with a zone (`fe80::1%eth0`).
    Address,
    /// Anything else: labels separated by dots, without the root dot.
    Name(Cow<'v, [u8]>),
}

impl<'v> Host<'v> {
    /// Parses a value. Every value is a host: bytes that no host name may contain are kept. Only white space at the end is
    /// removed, as no top-level domain ends in it and equal names would not group.
    ///
    /// ```
    /// use dnsentropy::names::Host;
    ///
    /// assert_eq!(Host::parse(b"2001:db8::1"), Host::Address);
    /// assert_eq!(Host::parse(b"www.example.com."), Host::Name(b"www.example.com".into()));
    /// ```
    pub fn parse(value: &'v [u8]) -> Host<'v> {
        let mut text = ascii_dots(value.trim_ascii_end());
        if text.last() == Some(&b'.') {
            match &mut text {
                Cow::Borrowed(text) => *text = &text[..text.len() - 1],
                Cow::Owned(text) => text.truncate(text.len() - 1),
            }
        }
        if is_address(&text) { Host::Address } else { Host::Name(text) }
    }
}

/// `value` with every Unicode full stop written as a dot.
pub(super) fn ascii_dots(value: &[u8]) -> Cow<'_, [u8]> {
    let is_stop = |window: &[u8]| FULL_STOPS.iter().any(|stop| window == stop);
    if value.is_ascii() || !value.windows(3).any(is_stop) {
        return Cow::Borrowed(value);
    }
    let mut text = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&first, tail)) = rest.split_first() {
        if rest.get(..3).is_some_and(is_stop) {
            text.push(b'.');
            rest = &rest[3..];
        } else {
            text.push(first);
            rest = tail;
        }
    }
    Cow::Owned(text)
}

/// Whether `text` is an IPv4 or IPv6 address, the latter also in brackets or with a zone.
/// Whether `text` is an IPv4 or IPv6 address, the latter also in brackets or with a zone.
pub(crate) fn is_address(text: &[u8]) -> bool {
    // The last byte distinguishes nearly all names from addresses without parsing them.
    match text.last() {
        Some(b'0'..=b'9') => {}
        Some(b'a'..=b'f' | b'A'..=b'F' | b':' | b']') if text.contains(&b':') => {}
        Some(_) if text.contains(&b'%') && text.contains(&b':') => {}
        _ => return false,
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if inner.is_none() && text.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let text = inner.unwrap_or(text);
    let (address, zone) = text.split_once('%').unwrap_or((text, "zone"));
    !zone.is_empty() && address.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_not_names() {
        let addresses =
            ["216.22.0.192", "1.2.3.4.", "2001:db8::1", "[::1]", "::", "::ffff:1.2.3.4", "fe80::1%eth0"];
        for address in addresses {
            assert_eq!(Host::parse(address.as_bytes()), Host::Address, "{address}");
        }
        for name in
            ["256.256.256.256", "127.0.0", "[1.2.3.4]", "1.2.3.4.5", "01.2.3.4", "::g", "fe80::1%", "-", ""]
        {
            assert_eq!(Host::parse(name.as_bytes()), Host::Name(Cow::Borrowed(name.as_bytes())), "{name}");
        }
    }

    #[test]
    fn white_space_at_the_end_is_removed() {
        assert_eq!(Host::parse(b" a.example.com. \r"), Host::Name(Cow::Borrowed(b" a.example.com")));
    }

    #[test]
    fn full_stops_of_other_scripts_are_dots() {
        let read = Host::parse("www。example．com｡".as_bytes());
        assert_eq!(read, Host::Name(Cow::Borrowed(b"www.example.com")));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_kept() {
        let value = b"\xff\xe3\x80\x82\xe3.example.com";
        assert_eq!(Host::parse(value), Host::Name(Cow::Borrowed(b"\xff.\xe3.example.com")));
    }
}
