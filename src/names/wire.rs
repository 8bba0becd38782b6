//! Names in RFC 1035 text form, and the bytes on the wire that they mean.
//!
//! In a name's text, a backslash begins an escape: `\DDD` is the byte of that decimal number, `\xHH` the byte of that
//! hexadecimal number (as Zeek writes it), and a backslash before any other byte but a digit is that byte. A backslash that
//! begins none of these is itself. Dots separate labels, except those that a backslash escapes.

use std::borrow::Cow;
use std::{iter, mem};

use crate::features;

/// The bytes on the wire of a name's text, or of some of its labels, with dots between labels. Borrowed if and only if `text`
/// has no backslash.
///
/// ```
/// use dnsentropy::names::wire_bytes;
///
/// assert_eq!(wire_bytes(br"a\195\164\.b\x2e\\.com").as_ref(), b"a\xc3\xa4.b.\\.com");
/// ```
pub fn wire_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, length)) = first_byte(rest) {
        bytes.push(byte);
        rest = &rest[length..];
    }
    Cow::Owned(bytes)
}

/// The length of a name's text as Splunk counts it: in characters, and in bytes on the wire if it has escapes.
pub fn length(text: &[u8]) -> usize {
    match wire_bytes(text) {
        Cow::Borrowed(text) => features::length(text),
        Cow::Owned(bytes) => bytes.len(),
    }
}

/// The Shannon entropy of a name's text: of its characters, and of its bytes on the wire if it has escapes. `None` for an empty
/// text.
pub fn shannon(text: &[u8]) -> Option<f64> {
    match wire_bytes(text) {
        Cow::Borrowed(text) => features::shannon(text),
        Cow::Owned(bytes) => features::shannon_of_bytes(&bytes),
    }
}

/// The labels of a name's text as bytes on the wire.
pub fn labels(text: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let has_escapes = text.contains(&b'\\');
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let end = if has_escapes { label_end(text) } else { text.iter().position(|&byte| byte == b'.') };
        let label = end.map_or(text, |end| &text[..end]);
        rest = end.map(|end| &text[end + 1..]);
        Some(if has_escapes { wire_bytes(label) } else { Cow::Borrowed(label) })
    })
}

/// The index of the first dot that no backslash escapes.
fn label_end(text: &[u8]) -> Option<usize> {
    let mut end = 0;
    while let Some((_, length)) = first_byte(&text[end..]) {
        if text[end] == b'.' {
            return Some(end);
        }
        end += length;
    }
    None
}

/// `text` with another byte for each one of an escape, so that all its dots separate labels. It is as long as `text`.
pub(super) fn without_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut masked = text.to_vec();
    let mut rest = &mut masked[..];
    while let Some((_, length)) = first_byte(rest) {
        let (byte, after) = mem::take(&mut rest).split_at_mut(length);
        if length > 1 {
            byte.fill(b'\\');
        }
        rest = after;
    }
    Cow::Owned(masked)
}

/// Whether an odd number of backslashes precedes the byte at `index`: then the last of them escapes it.
pub(super) fn is_escaped(text: &[u8], index: usize) -> bool {
    text[..index].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// The first byte on the wire of `text`, and the length of its text.
pub(super) fn first_byte(text: &[u8]) -> Option<(u8, usize)> {
    let [first, after @ ..] = text else { return None };
    let escaped = if *first == b'\\' { escaped_byte(after) } else { None };
    Some(escaped.map_or((*first, 1), |(byte, length)| (byte, 1 + length)))
}

/// The byte of the escape whose text after the backslash is at the start of `text`, and the length of that text.
fn escaped_byte(text: &[u8]) -> Option<(u8, usize)> {
    match *text {
        [b'0'..=b'9', ..] => {
            let digits = text.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
            let number = digits.iter().fold(0, |number, digit| 10 * number + u32::from(digit - b'0'));
            Some((u8::try_from(number).ok()?, 3))
        }
        [b'x' | b'X', high, low, ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            Some((digit(high)? << 4 | digit(low)?, 3))
        }
        [b'x' | b'X', ..] | [] => None,
        [byte, ..] => Some((byte, 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_bytes() {
        for (text, bytes) in [
            (r"a\046b\.c\\.com", &b"a.b.c\\.com"[..]),
            (r"\195\164\255", b"\xc3\xa4\xff"),
            (r"\xe4\x2E\XfF", b"\xe4.\xff"),
            (r"a\/b\+c\ä", "a/b+cä".as_bytes()),
            (r"\\x41\\065", br"\x41\065"),
        ] {
            assert_eq!(wire_bytes(text.as_bytes()).as_ref(), bytes, "{text}");
        }
    }

    #[test]
    fn a_malformed_escape_is_text() {
        for text in [r"\256", r"\25", r"\1a2", r"\x4", r"\xzz", r"\x", r"a\"] {
            assert_eq!(wire_bytes(text.as_bytes()).as_ref(), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn escapes_are_measured_byte_by_byte() {
        assert_eq!((length("\u{e4}".as_bytes()), length(br"\195\164"), length(br"a\.b")), (1, 2, 3));
        assert_eq!((shannon("\u{e4}".as_bytes()), shannon(br"\195\164")), (Some(0.0), Some(1.0)));
        assert_eq!(shannon(b""), None);
    }

    proptest! {
        #[test]
        fn a_text_without_escapes_is_as_long(text in "[a.\\\\0-9x]{0,12}") {
            let masked = without_escapes(text.as_bytes());
            prop_assert_eq!(masked.len(), text.len());
            let lengths = masked.split(|&byte| byte == b'.').map(<[u8]>::len);
            let (mut rest, mut bytes) = (text.as_bytes(), Vec::new());
            for length in lengths {
                bytes.push(wire_bytes(&rest[..length]).into_owned());
                rest = rest.get(length + 1..).unwrap_or_default();
            }
            prop_assert_eq!(&bytes, &labels(text.as_bytes()).map(Cow::into_owned).collect::<Vec<_>>());
            prop_assert_eq!(bytes.join(&b'.'), wire_bytes(text.as_bytes()).into_owned());
        }
    }
}
