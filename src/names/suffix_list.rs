//! A public suffix list ready to be asked.

use std::borrow::Cow;

use super::rules::{Rules, Section, ascii_label};
use super::suffix_table::SuffixTable;
use crate::slice::Slice;

/// The most labels that a DNS name can have (RFC 1035: 255 bytes), so also a rule that matches one.
const MAX_LABELS: usize = 127;

/// Who says that a suffix is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuffixType {
    /// A rule of the list's ICANN section: a registry's suffix.
    Icann,
    /// A rule of the list's private section (`github.io`), or one of the user's own.
    Private,
    /// No rule: the last label, by the implicit rule `*`.
    Unlisted,
}

/// The suffixes that names are split by.
#[derive(Debug, Clone, Copy)]
pub struct SuffixList {
    table: SuffixTable,
}

impl SuffixList {
    /// A list of `rules`, which [`Rules::mend`] has gone over already or does now.
    pub fn new(mut rules: Rules) -> SuffixList {
        rules.mend();
        SuffixList { table: SuffixTable::new(&rules) }
    }

    /// A list that `build.rs` prepared.
    pub(super) fn prepared(table: SuffixTable) -> SuffixList {
        SuffixList { table }
    }

    /// The number of labels in the public suffix of `name` (at least one), and its type.
    pub fn suffix(&self, name: &[u8]) -> (usize, SuffixType) {
        let labels = || name.rsplit(|&byte| byte == b'.');
        if name.is_ascii() {
            self.find(labels().map(Slice::whole))
        } else {
            let keys: Vec<Cow<'_, [u8]>> = labels().take(MAX_LABELS).map(key).collect();
            self.find(keys.iter().map(|key| Slice::whole(key)))
        }
    }

    /// The same of ASCII labels in any case, last label first.
    #[inline]
    pub fn find<'b>(&self, labels: impl Iterator<Item = Slice<'b>>) -> (usize, SuffixType) {
        let (count, section) = self.table.suffix(labels);
        let suffix_type = match section {
            Some(Section::Icann) => SuffixType::Icann,
            Some(Section::Private) => SuffixType::Private,
            None => SuffixType::Unlisted,
        };
        (count, suffix_type)
    }
}

/// A label in punycode where it is not ASCII.
fn key(label: &[u8]) -> Cow<'_, [u8]> {
    if label.is_ascii() {
        return Cow::Borrowed(label);
    }
    let ascii = std::str::from_utf8(label).ok().and_then(ascii_label);
    ascii.map_or(Cow::Borrowed(label), |ascii| Cow::Owned(ascii.into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use publicsuffix::{List, Psl, Type};

    use super::*;

    /// The published algorithm over rules with wildcards anywhere: the number of labels of the suffix.
    fn plainly(rules: &[String], name: &str) -> usize {
        let labels: Vec<&str> = name.rsplit('.').collect();
        let matches = |rule: &str| {
            let rule: Vec<&str> = rule.rsplit('.').collect();
            let equal = rule.iter().zip(&labels).all(|(rule, label)| *rule == "*" || rule == label);
            (equal && rule.len() <= labels.len()).then_some(rule.len())
        };
        let exception = rules.iter().filter_map(|rule| matches(rule.strip_prefix('!')?)).max();
        let longest = rules.iter().filter_map(|rule| matches(rule)).max();
        exception.map(|labels| labels - 1).or(longest).unwrap_or(1)
    }

    /// What the `publicsuffix` crate says.
    fn by_the_crate(list: &List, name: &str) -> (usize, SuffixType) {
        let info = list.find(name.rsplit('.').map(str::as_bytes));
        let suffix_type = match info.typ {
            Some(Type::Icann) => SuffixType::Icann,
            Some(Type::Private) => SuffixType::Private,
            None => SuffixType::Unlisted,
        };
        (name[name.len() - info.len..].split('.').count(), suffix_type)
    }

    proptest! {
        #[test]
        fn agrees_with_the_algorithm_for_any_rules(
            rules in prop::collection::vec("([ab*]\\.){0,3}[ab]", 0..8),
            exception in prop::option::of("![ab]\\.([ab]\\.){0,2}[ab]"),
            names in prop::collection::vec("([abc]\\.){0,5}[abc]", 1..30),
        ) {
            let mut rules: Vec<String> = rules;
            rules.extend(exception);
            let mut read = Rules::default();
            for rule in &rules {
                read.add(rule, if rule.len() % 2 == 0 { Section::Icann } else { Section::Private }).expect("a rule");
            }
            read.mend();
            let of_the_crate: List = read.to_list().parse().unwrap_or_default();
            let list = SuffixList::new(read);
            for name in names {
                prop_assert_eq!(list.suffix(name.as_bytes()).0, plainly(&rules, &name), "{} {:?}", name, rules);
                prop_assert_eq!(list.suffix(name.as_bytes()), by_the_crate(&of_the_crate, &name), "{} {:?}", name, rules);
            }
        }
    }
}
