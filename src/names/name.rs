//! A DNS name and its parts: subdomain, registrable domain, public suffix.
//!
//! This split takes any bytes. [`ordinary`](super::ordinary) does the same faster for most names.

use std::borrow::Cow;
use std::ops::Range;

use super::suffix_table::{SuffixTable, SuffixType};

/// The parts of a DNS name.
///
/// A part that the name lacks is `None`: `co.uk` has only a suffix, `example.com` has no subdomain. Subdomain, label and
/// suffix joined by dots are the name again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<'t> {
    text: &'t [u8],
    offsets: Option<Offsets>,
}

/// Where the parts of a name are in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Offsets {
    /// The label before the suffix, where the name has a registrable domain.
    label: Option<Range<usize>>,
    suffix: Range<usize>,
    suffix_type: SuffixType,
}

impl<'t> Name<'t> {
    /// Splits `text`, the text of a [`Host::Name`](super::Host::Name), by the suffixes of `list`.
    ///
    /// A name whose first label or whose label before the suffix is empty (`.example.com`, `a..com`) has no
    /// registrable domain; other empty labels count as labels of the subdomain.
    ///
    /// ```
    /// use dnsentropy::names::{ListName, Lists, Name};
    ///
    /// let lists = Lists::new("suffixes.csv".into());
    /// let list = lists.load(ListName::Mozilla);
    /// let name = Name::split(b"MFRGG.t.Example.co.uk", list);
    /// assert_eq!(name.subdomain(), Some(&b"MFRGG.t"[..]));
    /// assert_eq!(name.domain().as_deref(), Some(&b"example.co.uk"[..]));
    /// assert_eq!(name.suffix().as_deref(), Some(&b"co.uk"[..]));
    /// ```
    pub fn split(text: &'t [u8], list: &SuffixTable) -> Name<'t> {
        let (labels, suffix_type) = list.suffix(text);
        let Some(suffix) = last_labels(text, labels) else {
            return Name { text, offsets: None };
        };
        let label = suffix.checked_sub(1).and_then(|end| {
            let start = after_last_dot(&text[..end]);
            let usable = start < end && text[0] != b'.';
            usable.then_some(start..end)
        });
        Name { text, offsets: Some(Offsets { label, suffix: suffix..text.len(), suffix_type }) }
    }

    /// The registrable domain, lower-cased so that equal domains group.
    pub fn domain(&self) -> Option<Cow<'t, [u8]>> {
        let start = self.offsets.as_ref()?.label.as_ref()?.start;
        Some(lower(&self.text[start..]))
    }

    /// The label of the registrable domain before the suffix, lower-cased.
    pub fn domain_without_suffix(&self) -> Option<Cow<'t, [u8]>> {
        let label = self.offsets.as_ref()?.label.clone()?;
        Some(lower(&self.text[label]))
    }

    /// The public suffix, lower-cased. A name whose last label is empty has none.
    pub fn suffix(&self) -> Option<Cow<'t, [u8]>> {
        Some(lower(&self.text[self.offsets.as_ref()?.suffix.clone()]))
    }

    /// Which kind of rule made the suffix public.
    pub fn suffix_type(&self) -> Option<SuffixType> {
        self.offsets.as_ref().map(|offsets| offsets.suffix_type)
    }

    /// The labels before the registrable domain, in their original case, as encoded data depends on it.
    pub fn subdomain(&self) -> Option<&'t [u8]> {
        let start = self.offsets.as_ref()?.label.as_ref()?.start;
        start.checked_sub(1).map(|end| &self.text[..end])
    }

    /// The number of labels of the subdomain, 0 if it has none.
    pub fn subdomain_labels(&self) -> usize {
        self.subdomain().map_or(0, |subdomain| 1 + count_dots(subdomain))
    }
}

/// Where the last `count` labels of `text` begin; `None` where the last label is empty.
fn last_labels(text: &[u8], count: usize) -> Option<usize> {
    if text.last().is_none_or(|&last| last == b'.') {
        return None;
    }
    let mut start = text.len() + 1;
    for _ in 0..count {
        start = after_last_dot(&text[..start.checked_sub(1)?]);
    }
    Some(start)
}

/// The index after the last dot of `text`, or 0.
fn after_last_dot(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1)
}

fn count_dots(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'.').count()
}

/// `text` in lower case. Each character is lower-cased by itself, so that the lower case of a name is that of its parts
/// (`str::to_lowercase` writes a sigma by what follows it), and bytes that are not UTF-8 stay.
fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        if text.iter().any(u8::is_ascii_uppercase) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let mut lower = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let valid: String = chunk.valid().chars().flat_map(char::to_lowercase).collect();
        lower.extend_from_slice(valid.as_bytes());
        lower.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_lower_cased_one_by_one() {
        for (text, expected) in [
            ("Example.COM", "example.com"),
            ("\u{c5}LESUND", "\u{e5}lesund"),
            ("\u{391}\u{3a3}.gr", "\u{3b1}\u{3c3}.gr"),
        ] {
            assert_eq!(lower(text.as_bytes()), expected.as_bytes());
        }
        assert_eq!(lower(b"\xffA\xc3\x84\xc3"), &b"\xffa\xc3\xa4\xc3"[..]);
    }
}
