//! Names as logs write them.
//!
//! Logs wrap names in quotes, brackets and JSON, write the lengths of labels or dots before them, and ports, record types and NULs
//! after them. [`read`] takes all that off; `docs/names.md` lists the forms. What is left is the name in RFC 1035 text
//! form (see [`wire`](super::wire)), byte for byte: tunnels put quotes, brackets, blanks and slashes into their names, so a
//! pair of quotes or brackets is taken off only if it surrounds the whole value.

mod json;
mod line;
mod tail;
mod windows;
mod wrapper;

use std::borrow::Cow;

use super::host::{ascii_dots, is_address};
use super::wire::{is_escaped, without_escapes};

/// How many things are taken off a value at most, one after another.
const MAX_DEPTH: usize = 8;

/// What logs write instead of a name.
const PLACEHOLDERS: [&[u8]; 8] =
    [b"-", b"--", b"N/A", b"n/a", b"(empty)", b"(null)", b"<null>", b"<name unprintable>"];
/// What tshark writes for the root.
const ROOT: &[u8] = b"<Root>";

/// What a log's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logged<'v> {
    /// An IPv4 or IPv6 address.
    Address,
    /// A DNS name in RFC 1035 text form, without the root dot: see [`wire`](super::wire). The root itself is empty.
    Name(Cow<'v, [u8]>),
    /// Neither: nothing is left, or it is a URL, a network, JSON with no or several names, a line of a log, or a list.
    Unreadable,
}

impl Logged<'_> {
    fn into_owned(self) -> Logged<'static> {
        match self {
            Logged::Address => Logged::Address,
            Logged::Name(name) => Logged::Name(Cow::Owned(name.into_owned())),
            Logged::Unreadable => Logged::Unreadable,
        }
    }
}

/// Reads a value.
///
/// ```
/// use dnsentropy::names::logged::{Logged, read};
///
/// for value in ["www.example.com.", "(3)www(7)example(3)com(0)", "[\"www.example.com\"]", " .www.example.com:53\n"] {
///     assert_eq!(read(value.as_bytes()), Logged::Name(b"www.example.com".into()));
/// }
/// assert_eq!(read(b"[2001:db8::1]:53"), Logged::Address);
/// assert_eq!(read(b"https://www.example.com/"), Logged::Unreadable);
/// ```
pub fn read(value: &[u8]) -> Logged<'_> {
    read_inside(value, 0)
}

/// `value` without blanks, quotes, brackets and JSON around it: a URL, for example.
pub fn unwrap(value: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(trim_blanks(value));
    for _ in 0..MAX_DEPTH {
        let inner = match &text {
            Cow::Borrowed(text) => wrapper::take_off(text),
            Cow::Owned(text) => wrapper::take_off(text).map(|inner| Cow::Owned(inner.into_owned())),
        };
        // An IPv6 address in a URL has brackets of its own.
        let Some(inner) = inner.filter(|_| !is_address(&text)) else { break };
        text = inner;
    }
    text
}

/// Reads what is left after `depth` things were taken off.
fn read_inside(value: &[u8], depth: usize) -> Logged<'_> {
    let text = trim_blanks(value);
    if text.is_empty() || PLACEHOLDERS.contains(&text) {
        return Logged::Unreadable;
    }
    if let Some(name) = windows::read(text) {
        return Logged::Name(Cow::Owned(name));
    }
    if text == b"." || text == ROOT {
        return Logged::Name(Cow::Borrowed(b""));
    }
    if depth == MAX_DEPTH {
        return read_bare(trim_dots(text));
    }
    if let Cow::Owned(unfolded) = unfold(text) {
        return read_inside(&unfolded, depth + 1).into_owned();
    }
    let bare = trim_dots(text);
    if is_address(bare) {
        return Logged::Address;
    }
    if is_url(bare) || is_network(bare) {
        return Logged::Unreadable;
    }
    match wrapper::take_off(bare).or_else(|| tail::take_off(bare).map(Cow::Borrowed)) {
        Some(Cow::Borrowed(inner)) => read_inside(inner, depth + 1),
        Some(Cow::Owned(inner)) => read_inside(&inner, depth + 1).into_owned(),
        None => read_bare(bare),
    }
}

/// Reads a text that nothing can be taken off.
fn read_bare(text: &[u8]) -> Logged<'_> {
    let masked = without_escapes(text);
    let last_label = masked.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    let readable =
        !last_label.is_empty() && last_label.utf8_chunks().all(|chunk| !chunk.valid().contains(is_odd));
    if readable && !windows::is_damaged(text) && !line::is_line_or_list(&masked) {
        Logged::Name(Cow::Borrowed(text))
    } else {
        Logged::Unreadable
    }
}

/// `text` with dots for the full stops of other scripts, and without the line breaks by which PowerShell wraps a long name.
fn unfold(text: &[u8]) -> Cow<'_, [u8]> {
    match ascii_dots(text) {
        Cow::Borrowed(text) => join_lines(text),
        owned @ Cow::Owned(_) => owned,
    }
}

/// `text` without each line break that is followed by blanks, and without these.
fn join_lines(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"\n ").is_none() {
        return Cow::Borrowed(text);
    }
    let mut joined = Vec::with_capacity(text.len());
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let next = line.iter().position(|&byte| byte != b' ').unwrap_or(line.len());
        if index > 0 && next == 0 {
            joined.push(b'\n');
        } else if index > 0 && joined.last() == Some(&b'\r') {
            joined.pop();
        }
        joined.extend_from_slice(&line[if index > 0 { next } else { 0 }..]);
    }
    Cow::Owned(joined)
}

/// Whether `text` begins with a scheme and `://`, in which JSON may have escaped the slashes.
fn is_url(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"+-".contains(byte)));
    let has_slashes = |end: usize| [&b"://"[..], br":\/\/"].iter().any(|mark| text[end..].starts_with(mark));
    end.is_some_and(|end| end > 1 && text[0].is_ascii_alphabetic() && has_slashes(end))
}

/// Whether `text` is a range of addresses, as in `192.0.2.0/24` or `192.0.2.1-192.0.2.9`.
fn is_network(text: &[u8]) -> bool {
    let Some(mark) = text.iter().rposition(|byte| b"/-".contains(byte)) else { return false };
    let (first, last) = (text[..mark].trim_ascii_end(), text[mark + 1..].trim_ascii_start());
    let is_length = text[mark] == b'/' && !last.is_empty() && last.iter().all(u8::is_ascii_digit);
    (is_length || is_address(last)) && is_address(first)
}

/// `text` without blanks of any kind around it and NULs after it. An escaped blank at the end is a part of the name.
fn trim_blanks(text: &[u8]) -> &[u8] {
    // Most values begin and end in an ASCII byte that is not a blank.
    if let ([first, ..], [.., last]) = (text, text)
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}');
    let mut text = text;
    while let Some(c) = first_char(text).filter(|&c| is_blank(c)) {
        text = &text[c.len_utf8()..];
    }
    while let Some(c) = last_char(text).filter(|&c| is_blank(c) || c == '\0') {
        let end = text.len() - c.len_utf8();
        if is_escaped(text, end) {
            break;
        }
        text = &text[..end];
    }
    text
}

/// `text` without dots and blanks around it, apart from an escaped dot at the end.
fn trim_dots(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [b'.', rest @ ..] = text {
        text = trim_blanks(rest);
    }
    while text.last() == Some(&b'.') && !is_escaped(text, text.len() - 1) {
        text = trim_blanks(&text[..text.len() - 1]);
    }
    text
}

fn trim_dots_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b'.').unwrap_or(text.len());
    &text[start..]
}

fn first_char(text: &[u8]) -> Option<char> {
    text[..text.len().min(4)].utf8_chunks().next()?.valid().chars().next()
}

fn last_char(text: &[u8]) -> Option<char> {
    let start = (1..=text.len().min(4))
        .map(|length| text.len() - length)
        .find(|&start| text[start] & 0xC0 != 0x80)?;
    str::from_utf8(&text[start..]).ok()?.chars().next()
}

#[cfg(test)]
mod tests;
