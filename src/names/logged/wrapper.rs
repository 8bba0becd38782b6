//! Quotes, brackets and JSON around a value.

use std::borrow::Cow;

use super::json;

/// Quotes, which may be the same on both sides.
const QUOTES: [(&str, &str); 18] = [
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("`", "'"),
    ("“", "”"),
    ("„", "“"),
    ("„", "”"),
    ("”", "”"),
    ("‘", "’"),
    ("‚", "‘"),
    ("‚", "’"),
    ("’", "’"),
    ("«", "»"),
    ("»", "«"),
    ("‹", "›"),
    ("＂", "＂"),
    ("\\\"", "\\\""),
    ("\\'", "\\'"),
];
const BRACKETS: [(u8, u8); 4] = [(b'[', b']'), (b'(', b')'), (b'<', b'>'), (b'{', b'}')];

/// What is inside the quotes, brackets or JSON around all of `text`; an empty text if that is not a single name.
pub fn take_off(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (first, last) = (*text.first()?, *text.last()?);
    if (is_json_in_json(text) || has_unicode_escape(text))
        && let Some(text) = json::string(text)
    {
        return Some(Cow::Owned(text));
    }
    if last.is_ascii_alphanumeric() {
        return None;
    }
    if matches!((first, last), (b'{', b'}') | (b'[', b']'))
        && let Some(name) = json_name(text)
    {
        return Some(Cow::Owned(name));
    }
    // Python writes bytes as b'…'.
    let quoted = match text {
        [b'b' | b'u', quoted @ ..] if matches!(last, b'"' | b'\'') => quoted,
        _ => text,
    };
    if let Some(inner) = inside_quotes(quoted) {
        let decoded = (last == b'"' && inner.contains(&b'\\')).then(|| json::string(inner)).flatten();
        return Some(decoded.map_or(Cow::Borrowed(inner), Cow::Owned));
    }
    inside_brackets(text).map(Cow::Borrowed)
}

fn json_name(text: &[u8]) -> Option<Vec<u8>> {
    let name = if text.contains(&b'"') { json::single_name(text) } else { None };
    name.or_else(|| json::single_name_in_python(text))
}

/// What is between the first and the last byte or quote of `text`, if these are a pair, whatever is between them.
pub fn inside_pair(text: &[u8]) -> Option<&[u8]> {
    let inside = |open: &[u8], close: &[u8]| text.strip_prefix(open)?.strip_suffix(close);
    let mut quotes = QUOTES.into_iter();
    let quoted = quotes.find_map(|(open, close)| inside(open.as_bytes(), close.as_bytes()));
    quoted.or_else(|| BRACKETS.into_iter().find_map(|(open, close)| inside(&[open], &[close])))
}

fn inside_quotes(text: &[u8]) -> Option<&[u8]> {
    let inside = |(open, close): (&str, &str)| {
        let inner = text.strip_prefix(open.as_bytes())?.strip_suffix(close.as_bytes())?;
        let is_nested = inner.starts_with(open.as_bytes()) && inner.ends_with(close.as_bytes());
        (is_nested || !has_bare(inner, open) && !has_bare(inner, close)).then_some(inner)
    };
    QUOTES.into_iter().find_map(inside)
}

/// Whether `text` has the quote without a backslash before it.
fn has_bare(text: &[u8], quote: &str) -> bool {
    memchr::memmem::find_iter(text, quote).any(|at| !text[..at].ends_with(b"\\"))
}

/// What is between a bracket at the start and the one at the end that closes it.
fn inside_brackets(text: &[u8]) -> Option<&[u8]> {
    let (first, last) = (*text.first()?, *text.last()?);
    let (open, close) = BRACKETS.into_iter().find(|&pair| pair == (first, last))?;
    let mut depth = 0_usize;
    for &byte in &text[..text.len() - 1] {
        depth = if byte == open { depth + 1 } else { depth.saturating_sub(usize::from(byte == close)) };
        if depth == 0 {
            return None;
        }
    }
    (depth == 1).then(|| &text[1..text.len() - 1])
}

/// Whether `text` is a JSON string in which the quotes of another one are escaped, as in `\"www.example.com\"`.
fn is_json_in_json(text: &[u8]) -> bool {
    let start = text.iter().position(|&byte| byte != b'\\').unwrap_or(0);
    start > 0 && text.len() - start > 2 && text[start] == b'"' && text.ends_with(b"\\\"")
}

/// Whether `text` has one of JSON's escapes of a character by its number, as in `\u00e4`.
fn has_unicode_escape(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"\\u")
        .any(|at| text.get(at + 2..at + 6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}
