//! DNS names: what a value is ([`host`]), which suffix it ends in ([`suffix_list`]), and its parts.
//!
//! A value is a DNS name taken whole, never a URL: tunnel names hold `/`, `=`, `?` and worse. The terms are
//! those of the public suffix list: the *public suffix* is the part that registries hand out names under, the
//! *registrable domain* is the suffix and one label more, the *subdomain* is what stands before that.

mod builtin;
pub mod host;
pub mod lists;
pub mod ordinary;
pub mod rules;
pub mod suffix_list;
mod suffix_table;

use std::borrow::Cow;
use std::ops::Range;

pub use host::Host;
pub use lists::{ListError, ListName, Lists};
pub use suffix_list::{SuffixList, SuffixType};

/// The parts of a DNS name.
///
/// What a name does not have is `None`: `co.uk` has a suffix alone, `example.com` no subdomain. The parts in
/// front of a dot and the dots make up the name again, but for a root dot at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<'t> {
    text: &'t [u8],
    parts: Option<Parts>,
}

/// Where the parts of a name lie in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    /// The label before the suffix, where the name has a registrable domain.
    label: Option<Range<usize>>,
    suffix: Range<usize>,
    suffix_type: SuffixType,
}

impl<'t> Name<'t> {
    /// Splits `text`, the text of a [`Host::Name`], by the suffixes of `list`.
    ///
    /// A name whose first label or whose label before the suffix is empty (`.example.com`, `a..com`) has no
    /// registrable domain; other empty labels count as labels of the subdomain.
    pub fn split(text: &'t [u8], list: &SuffixList) -> Name<'t> {
        let (labels, suffix_type) = list.suffix(text);
        let Some(suffix) = last_labels(text, labels) else {
            return Name { text, parts: None };
        };
        let label = suffix.checked_sub(1).and_then(|end| {
            let start = after_last_dot(&text[..end]);
            let usable = start < end && text[0] != b'.';
            usable.then_some(start..end)
        });
        Name { text, parts: Some(Parts { label, suffix: suffix..text.len(), suffix_type }) }
    }

    /// The registrable domain, lower-cased so that equal domains group.
    pub fn domain(&self) -> Option<Cow<'t, [u8]>> {
        let start = self.parts.as_ref()?.label.as_ref()?.start;
        Some(lower(&self.text[start..]))
    }

    /// The label of the registrable domain before the suffix, lower-cased.
    pub fn domain_without_suffix(&self) -> Option<Cow<'t, [u8]>> {
        let label = self.parts.as_ref()?.label.clone()?;
        Some(lower(&self.text[label]))
    }

    /// The public suffix, lower-cased. A name whose last label is empty has none.
    pub fn suffix(&self) -> Option<Cow<'t, [u8]>> {
        Some(lower(&self.text[self.parts.as_ref()?.suffix.clone()]))
    }

    /// Who says that the suffix is one.
    pub fn suffix_type(&self) -> Option<SuffixType> {
        self.parts.as_ref().map(|parts| parts.suffix_type)
    }

    /// What stands before the registrable domain, in the case it was written in: encoded data depends on it.
    pub fn subdomain(&self) -> Option<&'t [u8]> {
        let start = self.parts.as_ref()?.label.as_ref()?.start;
        start.checked_sub(1).map(|end| &self.text[..end])
    }

    /// The number of labels of the subdomain, 0 where there is none.
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

/// The index behind the last dot of `text`, or 0.
fn after_last_dot(text: &[u8]) -> usize {
    text.iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1)
}

fn count_dots(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'.').count()
}

/// `text` in lower case: all of Unicode where it is UTF-8, ASCII alone where it is not.
fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        if text.iter().any(u8::is_ascii_uppercase) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Owned(text.to_lowercase().into_bytes()),
        Err(_) => Cow::Owned(text.to_ascii_lowercase()),
    }
}
