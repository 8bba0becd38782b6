//! The record types of a group.

use serde::{Deserialize, Serialize};

/// The most record types that are kept beside the common ones.
const MAX_OTHERS: usize = 16;

/// The common ones, as sources name them. Only append: partial results hold the indices.
const COMMON: [&str; 16] = [
    "A", "AAAA", "CNAME", "MX", "TXT", "NS", "PTR", "SOA", "SRV", "NULL", "ANY", "HTTPS", "SVCB", "NAPTR",
    "KEY", "CAA",
];

/// A set of common record types, a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommonTypes(u16);

impl CommonTypes {
    /// The set of `record_type` alone, if it is a common one.
    pub fn from_name(record_type: &[u8]) -> Option<CommonTypes> {
        let index = COMMON.iter().position(|common| common.as_bytes() == record_type)?;
        Some(CommonTypes(1 << index))
    }

    /// Adds those of another set.
    pub fn extend(&mut self, other: CommonTypes) {
        self.0 |= other.0;
    }
}

/// A set of record types, nearly all of which are common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTypes {
    common: CommonTypes,
    /// The others, in the order of their text.
    others: Vec<String>,
}

impl From<CommonTypes> for RecordTypes {
    fn from(common: CommonTypes) -> RecordTypes {
        RecordTypes { common, others: Vec::new() }
    }
}

impl RecordTypes {
    /// Adds a record type. Bytes that are not UTF-8 are replaced.
    pub fn insert(&mut self, record_type: &[u8]) {
        match CommonTypes::from_name(record_type) {
            Some(common) => self.common.extend(common),
            None => self.insert_other(&String::from_utf8_lossy(record_type)),
        }
    }

    /// Its common ones.
    pub fn common(&self) -> CommonTypes {
        self.common
    }

    /// This set, if it has others too.
    pub fn rare(&self) -> Option<&RecordTypes> {
        (!self.others.is_empty()).then_some(self)
    }

    /// Adds those of another set.
    pub fn extend(&mut self, other: &RecordTypes) {
        self.common.extend(other.common);
        other.others.iter().for_each(|other| self.insert_other(other));
    }

    fn insert_other(&mut self, record_type: &str) {
        if let Err(index) = self.others.binary_search_by(|other| other.as_str().cmp(record_type)) {
            self.others.insert(index, record_type.to_owned());
            self.others.truncate(MAX_OTHERS);
        }
    }

    /// All record types, in the order of their text.
    pub fn sorted(&self) -> Vec<&str> {
        let common = COMMON.iter().enumerate().filter(|(index, _)| self.common.0 >> index & 1 == 1);
        let mut all: Vec<&str> =
            common.map(|(_, name)| *name).chain(self.others.iter().map(String::as_str)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_and_other_types_are_one_set() {
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
        assert_eq!(up.sorted(), names[..MAX_OTHERS]);
    }
}
