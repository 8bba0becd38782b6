//! The allowlist: domains that look like tunnels but are known, each with the reason.

use std::collections::HashMap;
use std::path::Path;

use wildmatch::WildMatch;

use crate::lookup_file::{self, LookupFileError};

/// The files: the user's own, which an upgrade of the app does not replace, then the app's.
const FILES: [&str; 2] = ["dnsentropy_allowlist_local.csv", "dnsentropy_allowlist.csv"];

/// Patterns of registrable domains with reasons. If several patterns match, the first one in the files wins.
///
/// Nearly all patterns are `example.com` or `*.example.com`, and a table of a million rows asks for each domain. So these
/// two forms are found by hash; only other wildcards are tried one after another.
#[derive(Debug, Default)]
pub struct Allowlist {
    reasons: Vec<String>,
    /// By domain: the index of its reason.
    domains: HashMap<String, usize>,
    /// By parent domain, for `*.parent`.
    parents: HashMap<String, usize>,
    wildcards: Vec<(WildMatch, usize)>,
}

impl Allowlist {
    /// Reads the allowlists of a folder of lookups: CSV files with the columns `domain` and `reason`. `*` matches any
    /// text, `?` any character; `*.example.com` covers `example.com` too. Case does not matter. A missing file is an empty
    /// allowlist.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or has no column `domain`.
    pub fn read(lookups: &Path) -> Result<Allowlist, LookupFileError> {
        let mut allowlist = Allowlist::default();
        for file in FILES.map(|file| lookups.join(file)) {
            if file.exists() {
                for row in lookup_file::read(&file, ["domain", "reason"])? {
                    let [pattern, reason] = row.cells;
                    allowlist.add(&pattern.to_lowercase(), reason);
                }
            }
        }
        Ok(allowlist)
    }

    fn add(&mut self, pattern: &str, reason: String) {
        if pattern.is_empty() {
            return;
        }
        let index = self.reasons.len();
        self.reasons.push(if reason.is_empty() { pattern.to_owned() } else { reason });
        let parent = pattern.strip_prefix("*.");
        let has_wildcard = |text: &str| text.contains(['*', '?']);
        if !has_wildcard(parent.unwrap_or(pattern)) {
            let domains = if parent.is_some() { &mut self.parents } else { &mut self.domains };
            domains.entry(parent.unwrap_or(pattern).to_owned()).or_insert(index);
            return;
        }
        self.wildcards.extend(parent.map(|parent| (WildMatch::new(parent), index)));
        self.wildcards.push((WildMatch::new(pattern), index));
    }

    /// Why `domain`, in lower case, is allowed, if it is.
    pub fn reason(&self, domain: &str) -> Option<&str> {
        let parents = domain.match_indices('.').map(|(dot, _)| &domain[dot + 1..]);
        let by_hash = self.domains.get(domain).into_iter();
        let by_hash =
            by_hash.chain([domain].into_iter().chain(parents).filter_map(|parent| self.parents.get(parent)));
        let wildcards = self.wildcards.iter().find(|(pattern, _)| pattern.matches(domain));
        let first = by_hash.chain(wildcards.map(|(_, index)| index)).min()?;
        self.reasons.get(*first).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowlist(patterns: &[String]) -> Allowlist {
        let mut allowlist = Allowlist::default();
        patterns.iter().enumerate().for_each(|(index, pattern)| allowlist.add(pattern, index.to_string()));
        allowlist
    }

    #[test]
    fn a_wildcard_before_a_domain_covers_the_domain_and_all_below() {
        let patterns = ["*.example.com", "exact.org", "*cdn*.net", "*.a?.io", ""].map(str::to_owned);
        let allowlist = allowlist(&patterns);
        for (domain, reason) in [
            ("example.com", Some("0")),
            ("www.example.com", Some("0")),
            ("notexample.com", None),
            ("exact.org", Some("1")),
            ("www.exact.org", None),
            ("mycdn7.net", Some("2")),
            ("ab.io", Some("3")),
            ("x.ab.io", Some("3")),
            ("", None),
        ] {
            assert_eq!(allowlist.reason(domain), reason, "{domain}");
        }
    }

    proptest! {
        /// The plain rule: the first pattern that matches as a wildcard.
        #[test]
        fn the_first_pattern_that_matches_wins(
            patterns in prop::collection::vec("(\\*\\.)?[ab*?]{1,2}(\\.[ab]{1,2}){0,2}", 0..6),
            domain in "[ab]{1,2}(\\.[ab]{1,2}){0,3}",
        ) {
            let matches = |pattern: &String| {
                let parent = pattern.strip_prefix("*.").is_some_and(|parent| WildMatch::new(parent).matches(&domain));
                parent || WildMatch::new(pattern).matches(&domain)
            };
            let plain = patterns.iter().position(matches).map(|index| index.to_string());
            prop_assert_eq!(allowlist(&patterns).reason(&domain).map(str::to_owned), plain);
        }
    }
}
