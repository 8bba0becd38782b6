//! Domains as users write them, and as the table has them, in one spelling: lower-case ASCII.
//!
//! A label beyond ASCII is in punycode if it has such a spelling. A byte that is not a letter, a digit, `-` or `_` is `\DDD`, as in
//! the presentation format of DNS, so `*` and `?` are always wildcards and `.` always separates labels.

use std::borrow::Cow;
use std::fmt::Write as _;

use wildmatch::WildMatch;

use crate::names::{NO_DOMAIN, ascii, wire_bytes};

/// Which domains an entry is about.
#[derive(Debug)]
pub enum DomainPattern {
    /// `example.com`: this domain alone.
    Exact(String),
    /// `*.example.com`: this domain and all below it.
    Below(String),
    /// Any other use of wildcards.
    Wildcards(Wildcards),
}

/// A pattern with wildcards. A label that has none matches in punycode and in Unicode; one that has some, as it is written.
#[derive(Debug)]
pub struct Wildcards {
    ascii: WildMatch,
    unicode: WildMatch,
    /// For `*.parent`: the parent alone.
    parent: Option<Box<Wildcards>>,
}

/// Why a cell is not a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// Only wildcards and dots.
    #[error("it covers every domain: write at least one letter or digit, as in *.example.com")]
    Everything,
    /// An empty label, or a character that no domain has.
    #[error("write it as example.com, or as *.example.com for the domain and all below it")]
    Invalid,
}

impl DomainPattern {
    /// Reads a cell: `(none)`, or a domain in any usual form, with `*` for any text and `?` for any character. `None` for a blank cell or a comment.
    ///
    /// # Errors
    ///
    /// The cell is not a domain, or covers every domain.
    pub fn parse(cell: &str) -> Result<Option<DomainPattern>, DomainError> {
        let text = trim(cell).replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
        let text = trim(host_of(&text));
        if trim(cell).is_empty() || trim(cell).starts_with('#') {
            return Ok(None);
        }
        if trim(cell) == NO_DOMAIN {
            return Ok(Some(DomainPattern::Exact(NO_DOMAIN.to_owned())));
        }
        if !wire_bytes(text.as_bytes()).iter().any(|&byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()) {
            return Err(DomainError::Everything);
        }
        let text = text.strip_suffix('.').unwrap_or(text);
        let text = text.strip_prefix('.').map_or(Cow::Borrowed(text), |parent| format!("*.{parent}").into());
        let labels = labels(&text).map(Label::parse).collect::<Option<Vec<Label>>>();
        let labels = labels.ok_or(DomainError::Invalid)?;
        let wild = |labels: &[Label]| labels.iter().any(|label| label.ascii.contains(['*', '?']));
        Ok(Some(match labels.as_slice() {
            [first, parent @ ..] if first.ascii == "*" && !wild(parent) => {
                DomainPattern::Below(join(parent, |label| &label.ascii))
            }
            labels if wild(labels) => DomainPattern::Wildcards(Wildcards::new(labels)),
            labels => DomainPattern::Exact(join(labels, |label| &label.ascii)),
        }))
    }
}

impl Wildcards {
    fn new(labels: &[Label]) -> Wildcards {
        let parent = labels.split_first().filter(|(first, _)| first.ascii == "*");
        Wildcards {
            ascii: WildMatch::new(&join(labels, |label| &label.ascii)),
            unicode: WildMatch::new(&join(labels, |label| &label.unicode)),
            parent: parent.map(|(_, parent)| Box::new(Wildcards::new(parent))),
        }
    }

    /// Whether the pattern matches a domain in both spellings.
    pub fn matches(&self, ascii: &str, unicode: &str) -> bool {
        let here = self.ascii.matches(ascii) || self.unicode.matches(unicode);
        // What has no domain is muted by its text alone.
        ascii != NO_DOMAIN
            && (here || self.parent.as_ref().is_some_and(|parent| parent.matches(ascii, unicode)))
    }
}

/// A domain as patterns are compared with it: in ASCII, as the table has it.
pub fn to_ascii(domain: &str) -> Cow<'_, str> {
    if is_plain(domain) { Cow::Borrowed(domain) } else { ascii::domain(domain.as_bytes()) }
}

/// A domain of the table in Unicode.
pub fn to_unicode(domain: &str) -> Cow<'_, str> {
    let is_same = is_plain(domain) && !domain.contains("xn--");
    if is_same { Cow::Borrowed(domain) } else { Cow::Owned(spell(domain, |label| label.unicode)) }
}

fn is_plain(domain: &str) -> bool {
    domain == NO_DOMAIN
        || domain.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

fn spell(domain: &str, spelling: fn(Label) -> String) -> String {
    labels(domain)
        .map(|label| spelling(Label::of_bytes(&wire_bytes(label.as_bytes()))))
        .collect::<Vec<_>>()
        .join(".")
}

/// The two spellings of a label.
struct Label {
    ascii: String,
    unicode: String,
}

impl Label {
    /// Reads a label of a pattern. `None` if it is empty or has a character that must be escaped.
    fn parse(text: &str) -> Option<Label> {
        let allowed = |c: char| match c {
            '-' | '_' | '*' | '?' | '\\' => true,
            c if c.is_ascii() => c.is_ascii_alphanumeric(),
            c => !c.is_whitespace() && !c.is_control(),
        };
        if text.is_empty() || !without_escapes(text).all(allowed) {
            return None;
        }
        let literals = split_unescaped(text, |byte| byte == b'*' || byte == b'?');
        let literals: Vec<&str> = literals.collect();
        if let [literal] = literals.as_slice() {
            return Some(Label::of_bytes(&wire_bytes(literal.as_bytes())));
        }
        let mut spelt = String::new();
        let mut at = 0;
        for literal in literals {
            spelt += &escape(&mapped(&wire_bytes(literal.as_bytes())));
            at += literal.len();
            let wildcard = text.get(at..=at).unwrap_or_default();
            // Several in a row mean the same as one.
            if wildcard != "*" || !spelt.ends_with('*') {
                spelt += wildcard;
            }
            at += 1;
        }
        Some(Label { ascii: spelt.clone(), unicode: spelt })
    }

    fn of_bytes(bytes: &[u8]) -> Label {
        let lower = escape(&lower(bytes));
        let ascii = ascii::domain(lower.as_bytes()).into_owned();
        let unicode = match idna::domain_to_unicode(&ascii) {
            (unicode, Ok(())) if ascii.starts_with("xn--") => escape(unicode.as_bytes()),
            _ => lower,
        };
        Label { ascii, unicode }
    }
}

fn join(labels: &[Label], spelling: fn(&Label) -> &str) -> String {
    labels.iter().map(spelling).collect::<Vec<_>>().join(".")
}

/// `text` without white space, quotes and invisible characters around it.
fn trim(text: &str) -> &str {
    let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let quote =
        |c: char| matches!(c, '"' | '\'' | '`' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' | '<' | '>');
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || invisible(c) || quote(c))
}

/// The host in a URL; a text that is not one, without its port and path.
fn host_of(text: &str) -> &str {
    let (text, end_of_host): (&str, &[char]) = match text.split_once("://") {
        Some((_, rest)) => (rest, &['/', '?', '#']),
        None => (text.strip_prefix("//").unwrap_or(text), &['/', '#']),
    };
    let authority = text.split(end_of_host).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_port = |port: &str| port == "*" || port.bytes().all(|byte| byte.is_ascii_digit());
    host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(host, _)| host)
}

/// The labels of a domain: its parts between dots that are not escaped.
fn labels(domain: &str) -> impl Iterator<Item = &str> {
    split_unescaped(domain, |byte| byte == b'.')
}

/// The parts of `text` between ASCII characters that are separators and not escaped.
fn split_unescaped(text: &str, separator: fn(u8) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.bytes().position(|byte| {
            let found = !escaped && separator(byte);
            escaped = !escaped && byte == b'\\';
            found
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// The characters of `text` that are not a part of an escape.
fn without_escapes(text: &str) -> impl Iterator<Item = char> {
    let mut escaped = false;
    text.chars().filter(move |&c| {
        let is_part = escaped || c == '\\';
        escaped = !escaped && c == '\\';
        !is_part
    })
}

/// `bytes` in presentation format. Characters beyond ASCII stay.
fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii() {
                text.push(c);
            } else {
                let _ = write!(text, "\\{:03}", u32::from(c));
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\{byte:03}");
        }
    }
    text
}

/// A part of a label as UTS #46 maps it, so that full-width letters and separate accents become the usual ones; in lower case
/// if that refuses it.
fn mapped(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes).map(idna::domain_to_unicode) {
        Ok((text, Ok(()))) if !bytes.is_ascii() => text.into_bytes(),
        _ => lower(bytes),
    }
}

fn lower(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => bytes.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, domain: &str) -> bool {
        let (ascii, unicode) = (to_ascii(domain), to_unicode(domain));
        let below = |parent: &str| ascii == parent || ascii.ends_with(&format!(".{parent}"));
        match DomainPattern::parse(pattern).expect(pattern).expect(pattern) {
            DomainPattern::Exact(domain) => ascii == domain,
            DomainPattern::Below(parent) => below(&parent),
            DomainPattern::Wildcards(wildcards) => wildcards.matches(&ascii, &unicode),
        }
    }

    #[test]
    fn usual_forms_of_a_domain_mean_the_same() {
        for form in [
            "example.com",
            "Example.COM",
            "example.com.",
            "  example.com\t",
            "\"example.com\"",
            "\u{feff}'example.com'",
            "https://example.com",
            "https://user:pass@Example.com:8443/a/b?c=d#e",
            "https://example.com?c=d",
            "//example.com/a",
            "example.com/a?b",
            "example.com:53",
            "example.com:",
            "example\u{3002}com\u{ff0e}",
            "\\101xample.com",
            "\u{ff45}xample.com",
        ] {
            assert!(covers(form, "example.com"), "{form}");
            assert!(!covers(form, "a.example.com"), "{form}");
        }
        for form in
            ["*.example.com", ".example.com", "**.example.com", "*.EXAMPLE.com.", "https://*.example.com/"]
        {
            assert!(covers(form, "example.com") && covers(form, "a.example.com"), "{form}");
            assert!(!covers(form, "notexample.com"), "{form}");
        }
    }

    #[test]
    fn unicode_and_punycode_are_the_same() {
        let spellings =
            ["b\u{fc}cher.example", "xn--bcher-kva.example", "B\u{dc}CHER.example", "XN--BCHER-KVA.EXAMPLE"];
        for pattern in spellings {
            for domain in &spellings[..2] {
                assert!(covers(pattern, domain), "{pattern} {domain}");
                assert!(covers(&format!("*.{pattern}"), &format!("a.{domain}")), "{pattern} {domain}");
                assert!(
                    covers(&format!("*cdn*.{pattern}"), &format!("mycdn7.{domain}")),
                    "{pattern} {domain}"
                );
                assert!(covers("b?cher.example", domain) && covers("*\u{fc}*.example", domain), "{domain}");
                for pattern in ["\u{ff22}\u{dc}*.example", "bu\u{308}*.example", "b\\195\\156ch*.example"] {
                    assert!(covers(pattern, domain), "{pattern} {domain}");
                }
            }
        }
        assert!(covers("\u{98df}\u{72ee}.\u{516c}\u{53f8}.cn", "xn--85x722f.xn--55qx5d.cn"));
        assert!(covers("xn--a.example", "xn--a.example"), "not valid punycode");
        assert!(covers("_dmarc.example", "_dmarc.example"));
    }

    #[test]
    fn escapes_are_bytes_of_the_name() {
        assert!(covers("a\\032b.com", "a\\032b.com") && covers("a\\032b.com", "a b.com"));
        assert!(covers("a\\ b.com", "a\\032b.com"));
        assert!(covers("a\\042.com", "a\\042.com") && !covers("a\\042.com", "ab.com"));
        assert!(covers("a\\*.com", "a*.com") && !covers("a\\*.com", "ab.com"));
        assert!(covers("a*.com", "a\\042\\255.com"));
        assert!(covers("a\\.b.com", "a\\046b.com") && !covers("a\\.b.com", "a.b.com"));
        assert!(covers("b\\195\\188cher.example", "b\u{fc}cher.example"));
        assert!(covers("\\255.com", "\\255.com") && covers("\\xff.com", "\\255.com"));
        assert!(covers("b\\xc3\\xbccher.example", "xn--bcher-kva.example"));
    }

    #[test]
    fn names_without_a_domain_are_covered_by_their_text_alone() {
        assert!(covers("(none)", "(none)") && covers(" (none) ", "(none)"));
        assert!(!covers("(none)", "none") && !covers("none", "(none)") && !covers("*none*", "(none)"));
    }

    #[test]
    fn cells_without_a_letter_or_digit_cover_everything() {
        for cell in ["*", "**", "*.*", ".", "?*", "*.", "..", "-", "\\042", "https://*/", "*:53", "\"*\""] {
            assert_eq!(DomainPattern::parse(cell).err(), Some(DomainError::Everything), "{cell}");
        }
    }

    #[test]
    fn cells_that_are_not_domains_are_refused() {
        for cell in
            ["a..com", "..a.com", "a.com b.com", "a=b", "a,b", "a|b", "$a$", "[::1]:53x", "a\u{7}b", "a(b)"]
        {
            assert_eq!(DomainPattern::parse(cell).err(), Some(DomainError::Invalid), "{cell}");
        }
        for cell in ["", "  ", "\"\"", "# a.com", "\u{feff}"] {
            assert!(matches!(DomainPattern::parse(cell), Ok(None)), "{cell}");
        }
    }
}
