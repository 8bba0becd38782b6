//! The record types that a group asked for.

use serde::{Deserialize, Serialize};

/// The most record types that are remembered beside the usual ones.
const MOST_OTHERS: usize = 16;

/// The usual ones, as sources name them. Only ever add at the end: partial results hold their places.
const USUAL: [&str; 16] = [
    "A", "AAAA", "CNAME", "MX", "TXT", "NS", "PTR", "SOA", "SRV", "NULL", "ANY", "HTTPS", "SVCB", "NAPTR",
    "KEY", "CAA",
];

/// A set of record types: a bit for each usual one, so that nearly every group does without a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTypes {
    usual: u16,
    /// The others, the first in the order of their text.
    others: Vec<String>,
}

impl RecordTypes {
    /// Adds a record type.
    pub fn insert(&mut self, record_type: &str) {
        if let Some(place) = USUAL.iter().position(|usual| *usual == record_type) {
            self.usual |= 1 << place;
        } else if let Err(place) = self.others.binary_search_by(|other| other.as_str().cmp(record_type)) {
            self.others.insert(place, record_type.to_owned());
            self.others.truncate(MOST_OTHERS);
        }
    }

    /// Adds those of another set.
    pub fn extend(&mut self, other: &RecordTypes) {
        self.usual |= other.usual;
        other.others.iter().for_each(|other| self.insert(other));
    }

    /// All of them in the order of their text.
    pub fn sorted(&self) -> Vec<&str> {
        let usual = USUAL.iter().enumerate().filter(|(place, _)| self.usual >> place & 1 == 1);
        let mut all: Vec<&str> =
            usual.map(|(_, name)| *name).chain(self.others.iter().map(String::as_str)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_and_other_types_are_one_set() {
        let mut types = RecordTypes::default();
        for name in ["TXT", "TYPE65", "A", "a", "TXT", "TYPE65"] {
            types.insert(name);
        }
        assert_eq!(types.sorted(), ["A", "TXT", "TYPE65", "a"]);
        let mut merged = RecordTypes::default();
        merged.insert("MX");
        merged.extend(&types);
        assert_eq!(merged.sorted(), ["A", "MX", "TXT", "TYPE65", "a"]);
    }

    #[test]
    fn others_are_bounded_and_their_order_does_not_matter() {
        let names: Vec<String> = (0..40).map(|number| format!("X{number:02}")).collect();
        let (mut up, mut down) = (RecordTypes::default(), RecordTypes::default());
        for (first, last) in names.iter().zip(names.iter().rev()) {
            up.insert(first);
            down.insert(last);
        }
        assert_eq!(up, down);
        assert_eq!(up.sorted(), names[..MOST_OTHERS]);
    }
}
