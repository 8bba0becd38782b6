//! The public suffix algorithm as published (<https://github.com/publicsuffix/list/wiki/Format>), plainly: no
//! tree, no mending, none of the program's code. It judges the program's splits.

use std::collections::HashMap;

/// The rules of the list; the value says whether a rule is in the ICANN section.
pub struct Oracle {
    rules: HashMap<String, bool>,
}

/// A split as the algorithm has it, in the spelling of the name.
#[derive(Debug, PartialEq, Eq)]
pub struct Split {
    pub suffix: String,
    pub domain: Option<String>,
    pub suffix_type: &'static str,
}

impl Oracle {
    /// Reads `public_suffix_list.dat`: the whole list, or its ICANN section alone.
    pub fn read(list: &str, icann_only: bool) -> Oracle {
        let mut rules = HashMap::new();
        let mut icann = true;
        for line in list.lines() {
            if line.contains("===BEGIN PRIVATE DOMAINS===") {
                icann = false;
            }
            let rule = line.split_whitespace().next().unwrap_or_default();
            if !rule.is_empty() && !rule.starts_with("//") && (icann || !icann_only) {
                rules.entry(rule.to_owned()).or_insert(icann);
            }
        }
        Oracle { rules }
    }

    /// The rules as written.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// Splits a name of lower-case labels without empty ones, spelt as the rules are.
    pub fn split(&self, name: &str) -> Split {
        let labels: Vec<&str> = name.split('.').collect();
        let tail = |count: usize| labels[labels.len() - count..].join(".");
        // The prevailing rule: the exception if one matches, else the longest, else the implicit "*".
        let mut prevailing = (1, "unlisted");
        for count in 1..=labels.len() {
            let wildcard = if count == 1 { "*".to_owned() } else { format!("*.{}", tail(count - 1)) };
            for rule in [tail(count), wildcard] {
                if let Some(icann) = self.rules.get(&rule) {
                    prevailing = (count, kind(*icann));
                }
            }
        }
        for count in 1..=labels.len() {
            if let Some(icann) = self.rules.get(&format!("!{}", tail(count))) {
                prevailing = (count - 1, kind(*icann));
            }
        }
        let (count, suffix_type) = prevailing;
        let domain = (labels.len() > count).then(|| tail(count + 1));
        Split { suffix: tail(count), domain, suffix_type }
    }
}

fn kind(icann: bool) -> &'static str {
    if icann { "icann" } else { "private" }
}
