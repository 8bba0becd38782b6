//! The rules of a public suffix list: reads them, spells them in Unicode and punycode, and spells out hidden wildcards.
//!
//! The format is that of <https://github.com/publicsuffix/list/wiki/Format>. `build.rs` compiles this file
//! too, to prepare the vendored list, so it uses only the standard library, `idna` and `thiserror`.
//!
//! The `publicsuffix` crate is a second opinion: it must be able to parse the built-in lists in `build.rs`, and property tests
//! compare its answers with those of [`SuffixTable`](super::SuffixTable). It is not in the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Why a rule cannot be read. The message says how to write it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Two dots in a row, or a dot at an end.
    #[error("it has an empty label; write it without a dot at either end and without double dots")]
    EmptyLabel,
    /// A `*` that is only a part of a label, or that is the top-level domain.
    #[error("'*' must be one whole label before a top-level domain, as in *.example.com")]
    Wildcard,
    /// An exception that excepts nothing.
    #[error("an exception ('!') needs at least two labels and no '*', as in !www.example.com")]
    Exception,
    /// White space or a control character.
    #[error("it has white space or a control character in it")]
    Space,
    /// A label that is not valid in an internationalised name.
    #[error("the label '{0}' has no valid ASCII (punycode) spelling")]
    Label(String),
}

/// The part of the list that a rule is in. Users see it as the suffix's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Suffixes delegated by registries.
    Icann,
    /// Suffixes of companies that hand out subdomains, and the user's own.
    Private,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    section: Section,
    exception: bool,
}

/// Rules by pattern: lower-case labels joined by dots, without the `!` of an exception.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    by_pattern: BTreeMap<String, Kind>,
}

impl Rules {
    /// Adds one rule (`co.uk`, `*.ck`, `!www.ck`) in its Unicode and its punycode spelling.
    ///
    /// A rule that was added before keeps its section; an exception overrides a rule of the same name.
    ///
    /// # Errors
    ///
    /// The rule cannot be read; nothing changes then.
    pub fn add(&mut self, rule: &str, section: Section) -> Result<(), RuleError> {
        if rule.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(RuleError::Space);
        }
        let (pattern, exception) = match rule.strip_prefix('!') {
            Some(pattern) => (pattern, true),
            None => (rule, false),
        };
        let labels: Vec<&str> = pattern.split('.').collect();
        if labels.iter().any(|label| label.is_empty()) {
            return Err(RuleError::EmptyLabel);
        }
        if exception && (labels.len() < 2 || pattern.contains('*')) {
            return Err(RuleError::Exception);
        }
        let partial = labels.iter().any(|label| label.contains('*') && *label != "*");
        if partial || labels.last() == Some(&"*") {
            return Err(RuleError::Wildcard);
        }
        let spelt = labels.iter().map(|label| spellings(label)).collect::<Result<Vec<_>, _>>()?;
        let join = |pick: fn(&(String, String)) -> &str| spelt.iter().map(pick).collect::<Vec<_>>().join(".");
        for pattern in [join(|(unicode, _)| unicode), join(|(_, ascii)| ascii)] {
            self.insert(pattern, Kind { section, exception });
        }
        Ok(())
    }

    /// Adds all rules of `text`, the format of `public_suffix_list.dat` (sections by their BEGIN comments).
    ///
    /// # Errors
    ///
    /// The first rule that cannot be read, with its line number (from 1) and the rule.
    pub fn add_list(&mut self, text: &str) -> Result<(), (usize, String, RuleError)> {
        let mut section = None;
        for (index, line) in text.lines().enumerate() {
            if line.contains("===BEGIN ICANN DOMAINS===") {
                section = Some(Section::Icann);
            } else if line.contains("===BEGIN PRIVATE DOMAINS===") {
                section = Some(Section::Private);
            } else if !line.starts_with("//")
                && let (Some(section), Some(rule)) = (section, line.split_whitespace().next())
            {
                self.add(rule, section).map_err(|error| (index + 1, rule.to_owned(), error))?;
            }
        }
        Ok(())
    }

    /// Adds all rules of `other`, as [`Rules::add`] would.
    pub fn extend(&mut self, other: Rules) {
        other.by_pattern.into_iter().for_each(|(pattern, kind)| self.insert(pattern, kind));
    }

    /// The rules of one section alone.
    #[must_use]
    pub fn section(&self, section: Section) -> Rules {
        let of_section = self.by_pattern.iter().filter(|(_, kind)| kind.section == section);
        Rules { by_pattern: of_section.map(|(pattern, kind)| (pattern.clone(), *kind)).collect() }
    }

    /// The top-level domains that the rules of the ICANN section end in.
    #[must_use]
    pub fn top_level(&self) -> Rules {
        let kind = Kind { section: Section::Icann, exception: false };
        let icann = self.by_pattern.iter().filter(|(_, kind)| kind.section == Section::Icann);
        let last_labels = icann.filter_map(|(pattern, _)| pattern.rsplit('.').next());
        Rules { by_pattern: last_labels.map(|label| (label.to_owned(), kind)).collect() }
    }

    /// Each rule's pattern, its section, and whether it is an exception; in the order of their text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Section, bool)> {
        self.by_pattern.iter().map(|(pattern, kind)| (pattern.as_str(), kind.section, kind.exception))
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.by_pattern.is_empty()
    }

    /// Adds the rules that a wildcard implies beside other rules, so that a search through a tree of labels finds them.
    ///
    /// Such a search, ours and that of the `publicsuffix` crate, takes `*` only if the label itself has no node: in
    /// `mtls.run.app` the inner node of `*.mtls.run.app` hides the rule `*.run.app`. With each hidden rule spelt out
    /// (`mtls.run.app` here) the tree answers as the published algorithm does.
    pub fn spell_out_hidden_wildcards(&mut self) {
        // A new rule can hide others and contain wildcards itself, so repeat until nothing is new.
        loop {
            let hidden = self.hidden_rules();
            if hidden.is_empty() {
                return;
            }
            self.by_pattern.extend(hidden);
        }
    }

    /// For each wildcard of a rule and each label that has a node beside it: the rule with that label instead of the `*`,
    /// unless it exists already.
    fn hidden_rules(&self) -> Vec<(String, Kind)> {
        let mut beside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for pattern in self.by_pattern.keys() {
            let mut tail = pattern.as_str();
            while let Some((label, parent)) = tail.split_once('.') {
                beside.entry(parent).or_default().insert(label);
                tail = parent;
            }
        }
        let mut hidden = Vec::new();
        for (pattern, kind) in &self.by_pattern {
            for (start, _) in pattern.match_indices('*') {
                let (children, parent) = (&pattern[..start], &pattern[start + 2..]);
                for label in beside[parent].iter().filter(|label| **label != "*") {
                    let spelt = format!("{children}{label}.{parent}");
                    if !self.by_pattern.contains_key(&spelt) {
                        hidden.push((spelt, *kind));
                    }
                }
            }
        }
        hidden
    }

    /// The rules in the form that `publicsuffix::List` reads: two sections, a rule a line.
    pub fn to_list(&self) -> String {
        let mut text = String::new();
        let sections = [(Section::Icann, "ICANN"), (Section::Private, "PRIVATE")];
        for (section, name) in sections {
            let _ = writeln!(text, "// ===BEGIN {name} DOMAINS===");
            for (pattern, kind) in self.by_pattern.iter().filter(|(_, kind)| kind.section == section) {
                let _ = writeln!(text, "{}{pattern}", if kind.exception { "!" } else { "" });
            }
        }
        text
    }

    fn insert(&mut self, pattern: String, kind: Kind) {
        let entry = self.by_pattern.entry(pattern).or_insert(kind);
        entry.exception |= kind.exception;
    }
}

/// The Unicode and the ASCII spelling of a label, both in lower case (the mapping of UTS #46).
fn spellings(label: &str) -> Result<(String, String), RuleError> {
    if label == "*" {
        return Ok((label.to_owned(), label.to_owned()));
    }
    let ascii = ascii_label(label).ok_or_else(|| RuleError::Label(label.to_owned()))?;
    let (unicode, _) = idna::domain_to_unicode(&ascii);
    Ok((unicode, ascii))
}

/// The ASCII (punycode, lower-case) spelling of one label, if it has one.
pub fn ascii_label(label: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii(label).ok()?;
    (!ascii.is_empty() && !ascii.contains('.')).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_spelt_both_ways() {
        let mut rules = Rules::default();
        for rule in ["公司.CN", "*.Example", "!www.example"] {
            rules.add(rule, Section::Private).expect("a rule");
        }
        let list = "// ===BEGIN ICANN DOMAINS===\n// ===BEGIN PRIVATE DOMAINS===\n\
                    *.example\n!www.example\nxn--55qx5d.cn\n公司.cn\n";
        assert_eq!(rules.to_list(), list);
    }

    #[test]
    fn a_rule_that_cannot_be_read_says_why() {
        let refused = [
            ("", RuleError::EmptyLabel),
            (".com", RuleError::EmptyLabel),
            ("com.", RuleError::EmptyLabel),
            ("a..b", RuleError::EmptyLabel),
            ("*", RuleError::Wildcard),
            ("a.*", RuleError::Wildcard),
            ("*a.com", RuleError::Wildcard),
            ("!com", RuleError::Exception),
            ("!*.com", RuleError::Exception),
            ("a b.com", RuleError::Space),
            ("a\0.com", RuleError::Space),
            ("xn--a.com", RuleError::Label("xn--a".to_owned())),
        ];
        for (rule, error) in refused {
            let mut rules = Rules::default();
            assert_eq!(rules.add(rule, Section::Icann), Err(error), "{rule}");
            assert!(rules.is_empty());
        }
    }

    /// The rules that inner nodes hide in the vendored list.
    #[test]
    fn hidden_wildcards_of_the_vendored_list() {
        let mut rules = Rules::default();
        rules.add_list(include_str!("../../data/public_suffix_list.dat")).expect("a list");
        let before = rules.clone();
        rules.spell_out_hidden_wildcards();
        let added: Vec<&str> = rules
            .by_pattern
            .keys()
            .filter(|pattern| !before.by_pattern.contains_key(*pattern))
            .map(String::as_str)
            .collect();
        let apple = [
            "ap-north-1",
            "ap-south-1",
            "ap-south-2",
            "eu-central-1",
            "eu-north-1",
            "us-central-1",
            "us-central-2",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "us-west-3",
        ];
        let mut expected: Vec<String> =
            apple.iter().map(|zone| format!("{zone}.r.cloud.int.apple")).collect();
        expected.extend(
            [
                "ex.futurecms.at",
                "in.futurecms.at",
                "mtls.run.app",
                "oci.customer-oci.com",
                "ocp.customer-oci.com",
                "ocs.customer-oci.com",
                "privatelink.snowflake.app",
                "r.cloud.int.apple",
                "svc.firenet.ch",
                "teams.replit.dev",
            ]
            .map(str::to_owned),
        );
        expected.sort_unstable();
        assert_eq!(added, expected);
    }
}
