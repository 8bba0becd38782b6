//! The record types that a group asked for.

use serde::{Deserialize, Serialize};

/// The most record types that are remembered beside the usual ones.
const MOST_OTHERS: usize = 16;

/// The usual ones, as sources name them. Only ever add at the end: partial results hold their places.
const USUAL: [&str; 16] = [
    "A", "AAAA", "CNAME", "MX", "TXT", "NS", "PTR", "SOA", "SRV", "NULL", "ANY", "HTTPS", "SVCB", "NAPTR",
    "KEY", "CAA",
];

/// CommonTypes record types, a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommonTypes(u16);

impl CommonTypes {
    /// The one that `record_type` names, if it is usual.
    pub fn of(record_type: &[u8]) -> Option<CommonTypes> {
        let place = USUAL.iter().position(|usual| usual.as_bytes() == record_type)?;
        Some(CommonTypes(1 << place))
    }

    /// Adds those of another set.
    pub fn extend(&mut self, other: CommonTypes) {
        self.0 |= other.0;
    }
}

/// A set of record types, of which nearly every one is usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTypes {
    usual: CommonTypes,
    /// The others, the first in the order of their text.
    others: Vec<String>,
}

impl From<CommonTypes> for RecordTypes {
    fn from(usual: CommonTypes) -> RecordTypes {
        RecordTypes { usual, others: Vec::new() }
    }
}

impl RecordTypes {
    /// Adds a record type; what is no UTF-8 in it is replaced.
    pub fn insert(&mut self, record_type: &[u8]) {
        match CommonTypes::of(record_type) {
            Some(usual) => self.usual.extend(usual),
            None => self.insert_other(&String::from_utf8_lossy(record_type)),
        }
    }

    /// Adds those of another set.
    pub fn extend(&mut self, other: &RecordTypes) {
        self.usual.extend(other.usual);
        other.others.iter().for_each(|other| self.insert_other(other));
    }

    fn insert_other(&mut self, record_type: &str) {
        if let Err(place) = self.others.binary_search_by(|other| other.as_str().cmp(record_type)) {
            self.others.insert(place, record_type.to_owned());
            self.others.truncate(MOST_OTHERS);
        }
    }

    /// All of them in the order of their text.
    pub fn sorted(&self) -> Vec<&str> {
        let usual = USUAL.iter().enumerate().filter(|(place, _)| self.usual.0 >> place & 1 == 1);
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
            types.insert(name.as_bytes());
        }
        assert_eq!(types.sorted(), ["A", "TXT", "TYPE65", "a"]);
        let mut merged = RecordTypes::default();
        merged.insert(b"MX");
        merged.extend(&types);
        assert_eq!(merged.sorted(), ["A", "MX", "TXT", "TYPE65", "a"]);
    }

    #[test]
    fn others_are_bounded_and_their_order_does_not_matter() {
        let names: Vec<String> = (0..40).map(|number| format!("X{number:02}")).collect();
        let (mut up, mut down) = (RecordTypes::default(), RecordTypes::default());
        for (first, last) in names.iter().zip(names.iter().rev()) {
            up.insert(first.as_bytes());
            down.insert(last.as_bytes());
        }
        assert_eq!(up, down);
        assert_eq!(up.sorted(), names[..MOST_OTHERS]);
    }
}
