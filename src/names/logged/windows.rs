//! The form of Windows' DNS debug log: each label after its length, `(3)www(7)example(3)com(0)`.

use super::super::wire::first_byte;
use super::{MAX_DEPTH, trim_dots, trim_dots_start, wrapper};

/// What may follow the form: the dot of the root, blanks, a quote that the log opened elsewhere.
const TAIL: &[u8] = b". \t\r\n\0,;\"'";

/// What the lengths count. Windows counts bytes on the wire; what writes or forwards its log may have changed their text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    UnescapedBytes,
    Characters,
}

/// The name in text form, if the lengths before all labels are right and nothing else is there. The final `(0)` may be missing.
///
/// Quotes and brackets around the form are taken off here, as a label may hold any of them.
pub fn read(text: &[u8]) -> Option<Vec<u8>> {
    let mut text = trim_dots_start(text);
    for _ in 0..MAX_DEPTH {
        let units = [Unit::Bytes, Unit::UnescapedBytes, Unit::Characters];
        if matches!(text.first(), Some(b'(' | b'['))
            && let Some(name) = units.into_iter().find_map(|unit| labels(text, unit))
        {
            return Some(name);
        }
        text = wrapper::inside_pair(trim_dots(text))?;
        text = trim_dots_start(text.trim_ascii_start());
    }
    None
}

/// Whether `text`, of which nothing can be taken off, has this form with wrong lengths, or is cut inside a label. A name that only
/// begins so, as bytes of a tunnel may, has dots.
pub fn is_damaged(text: &[u8]) -> bool {
    let text = without_pointer(text);
    let after = number(text).map(|(_, after)| after);
    let has_another =
        |after: &[u8]| memchr::memchr_iter(b'(', after).any(|at| number(&after[at..]).is_some());
    after.is_some_and(|after| after.ends_with(b"(0)") || !after.contains(&b'.') && has_another(after))
}

fn labels(text: &[u8], unit: Unit) -> Option<Vec<u8>> {
    let (mut name, mut rest) = (Vec::with_capacity(text.len()), text);
    loop {
        rest = without_pointer(rest);
        if rest.is_empty() {
            return (!name.is_empty()).then_some(name);
        }
        let (length, after) = prefix(rest)?;
        if length == 0 {
            return after.iter().all(|byte| TAIL.contains(byte)).then_some(name);
        }
        let (label, after) = after.split_at_checked(text_length(after, length, unit)?)?;
        if !name.is_empty() {
            name.push(b'.');
        }
        push_label(label, unit, &mut name);
        rest = after;
    }
}

/// The length at the start of `text`, and what follows it.
fn prefix(text: &[u8]) -> Option<(usize, &[u8])> {
    let (digits, after) = number(text)?;
    Some((str::from_utf8(digits).ok()?.parse().ok()?, after))
}

/// The digits in parentheses at the start of `text`, and what follows them.
fn number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"(")?;
    let end = inside.iter().position(|byte| !byte.is_ascii_digit())?;
    (end > 0 && inside[end] == b')').then(|| (&inside[..end], &inside[end + 1..]))
}

/// `text` without the compression pointer at its start, such as `[C00C]`, which the log shows with its option *Details*.
fn without_pointer(text: &[u8]) -> &[u8] {
    match text {
        [b'[', a, b, c, d, b']', rest @ ..] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => rest,
        _ => text,
    }
}

/// How many bytes the first `length` units of `text` take.
fn text_length(text: &[u8], length: usize, unit: Unit) -> Option<usize> {
    match unit {
        Unit::Bytes => Some(length),
        Unit::UnescapedBytes => (0..length).try_fold(0, |end, _| Some(end + first_byte(&text[end..])?.1)),
        Unit::Characters => {
            // A character has at most four bytes.
            let start = &text[..text.len().min(4 * length)];
            let valid = start.utf8_chunks().next()?.valid();
            valid.chars().count().ge(&length).then(|| valid.chars().take(length).map(char::len_utf8).sum())
        }
    }
}

/// Writes a label. In unescaped bytes, a backslash begins an escape; a dot is a part of the label in any case.
fn push_label(label: &[u8], unit: Unit, name: &mut Vec<u8>) {
    let mut rest = label;
    while let Some(&first) = rest.first() {
        let length =
            if unit == Unit::UnescapedBytes { first_byte(rest).map_or(1, |(_, length)| length) } else { 1 };
        if length == 1 && matches!(first, b'.' | b'\\') {
            name.push(b'\\');
        }
        name.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
}
