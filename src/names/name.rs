//! A DNS name and its parts: subdomain, registrable domain, public suffix.
//!
//! This split takes any text. [`ordinary`](super::ordinary) does the same faster for most names.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use super::ascii::{self, in_its_script};
use super::suffix_table::{SuffixTable, SuffixType};
use super::wire::{wire_bytes, without_escapes};

/// The parts of a DNS name.
///
/// A part that the name lacks is `None`: `co.uk` has only a suffix, `example.com` has no subdomain. Subdomain, label and
/// suffix joined by dots are the name again, apart from its spelling.
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
    subdomain_labels: usize,
}

impl<'t> Name<'t> {
    /// Splits `text`, the text of a [`Logged::Name`](super::logged::Logged::Name), by the suffixes of `list`.
    ///
    /// A name whose first label or whose label before the suffix is empty (`.example.com`, `a..com`) has no
    /// registrable domain; other empty labels count as labels of the subdomain. A dot that a backslash escapes is a part of its
    /// label.
    ///
    /// ```
    /// use dnsentropy::names::{ListName, Lists, Name};
    ///
    /// let lists = Lists::new("suffixes.csv".into());
    /// let list = lists.load(ListName::Mozilla);
    /// let name = Name::split(br"MFRGG\.t.Example.co.uk", list);
    /// assert_eq!(name.subdomain(), Some(&br"MFRGG\.t"[..]));
    /// assert_eq!(name.domain().as_deref(), Some("example.co.uk"));
    /// assert_eq!(name.suffix().as_deref(), Some("co.uk"));
    /// assert_eq!(name.subdomain_labels(), 1);
    /// ```
    pub fn split(text: &'t [u8], list: &SuffixTable) -> Name<'t> {
        let masked = match without_escapes(text) {
            Cow::Borrowed(_) => return Name::split_at_every_dot(text, list),
            Cow::Owned(masked) => masked,
        };
        let mut start = text.len() + 1;
        let labels = iter::from_fn(|| {
            let end = start.checked_sub(1)?;
            start = after_last_dot(&masked[..end]);
            Some(wire_bytes(&text[start..end]))
        });
        Name::split_by(text, &masked, list.find_any(labels))
    }

    /// The same for a text without escapes: a backslash is a byte like any other.
    pub fn split_at_every_dot(text: &'t [u8], list: &SuffixTable) -> Name<'t> {
        Name::split_by(text, text, list.suffix(text))
    }

    /// `masked` is as long as `text`, and its dots are those that separate labels.
    fn split_by(text: &'t [u8], masked: &[u8], (labels, suffix_type): (usize, SuffixType)) -> Name<'t> {
        let Some(suffix) = last_labels(masked, labels) else {
            return Name { text, offsets: None };
        };
        let label = suffix.checked_sub(1).and_then(|end| {
            let start = after_last_dot(&masked[..end]);
            let usable = start < end && masked[0] != b'.';
            usable.then_some(start..end)
        });
        let subdomain = label.as_ref().and_then(|label| label.start.checked_sub(1));
        let subdomain_labels = subdomain.map_or(0, |end| 1 + count_dots(&masked[..end]));
        Name {
            text,
            offsets: Some(Offsets { label, suffix: suffix..text.len(), suffix_type, subdomain_labels }),
        }
    }

    /// The registrable domain: in lower case, mapped by UTS #46, and in [presentation format](super::presentation). A label in
    /// Unicode and one in punycode each stay so.
    pub fn domain(&self) -> Option<Cow<'t, str>> {
        self.domain_text().map(in_its_script)
    }

    /// The registrable domain in the one spelling by which domains are compared: see [`ascii`].
    pub fn ascii_domain(&self) -> Option<Cow<'t, str>> {
        self.domain_text().map(ascii::domain)
    }

    /// The registrable domain as it came.
    pub fn domain_text(&self) -> Option<&'t [u8]> {
        let start = self.offsets.as_ref()?.label.as_ref()?.start;
        Some(&self.text[start..])
    }

    /// The label of the registrable domain before the suffix, spelt as the domain.
    pub fn domain_without_suffix(&self) -> Option<Cow<'t, str>> {
        self.domain_without_suffix_text().map(in_its_script)
    }

    /// That label as it came.
    pub fn domain_without_suffix_text(&self) -> Option<&'t [u8]> {
        let label = self.offsets.as_ref()?.label.clone()?;
        Some(&self.text[label])
    }

    /// The public suffix, spelt as the domain. A name whose last label is empty has none.
    pub fn suffix(&self) -> Option<Cow<'t, str>> {
        self.suffix_text().map(in_its_script)
    }

    /// The public suffix as it came.
    pub fn suffix_text(&self) -> Option<&'t [u8]> {
        Some(&self.text[self.offsets.as_ref()?.suffix.clone()])
    }

    /// Which kind of rule made the suffix public.
    pub fn suffix_type(&self) -> Option<SuffixType> {
        self.offsets.as_ref().map(|offsets| offsets.suffix_type)
    }

    /// The labels before the registrable domain, as they came: encoded data depends on their case.
    pub fn subdomain(&self) -> Option<&'t [u8]> {
        let start = self.offsets.as_ref()?.label.as_ref()?.start;
        start.checked_sub(1).map(|end| &self.text[..end])
    }

    /// The number of labels of the subdomain, 0 if it has none.
    pub fn subdomain_labels(&self) -> usize {
        self.offsets.as_ref().map_or(0, |offsets| offsets.subdomain_labels)
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
