//! Values that are not DNS names.

use serde::{Deserialize, Serialize};

/// How many values are kept as examples.
const EXAMPLES: usize = 2;
/// The most characters of an example that are kept: one more than a message shows.
const MAX_CHARACTERS: usize = 81;

/// Counts unreadable values and keeps a few examples.
///
/// The examples are the smallest ones, so counts merge to the same in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableValues {
    count: u64,
    /// Different ones, in the order of their bytes.
    examples: Vec<String>,
}

impl UnreadableValues {
    /// Counts a value.
    pub fn note(&mut self, value: &[u8]) {
        self.count = self.count.saturating_add(1);
        // A character has at most four bytes.
        let start = &value[..value.len().min(4 * MAX_CHARACTERS)];
        self.keep(&String::from_utf8_lossy(start).chars().take(MAX_CHARACTERS).collect::<String>());
    }

    /// Adds the values that `other` counted.
    pub fn merge(&mut self, other: &UnreadableValues) {
        self.count = self.count.saturating_add(other.count);
        other.examples.iter().for_each(|example| self.keep(example));
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The examples.
    pub fn examples(&self) -> &[String] {
        &self.examples
    }

    fn keep(&mut self, example: &str) {
        if let Err(index) = self.examples.binary_search_by(|kept| kept.as_str().cmp(example))
            && index < EXAMPLES
        {
            self.examples.insert(index, example.to_owned());
            self.examples.truncate(EXAMPLES);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_count_alike_in_any_order(
            values in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab\xc3\xa4".to_vec()), 0..200), 0..9),
            middle in 0_usize..9,
        ) {
            let count = |values: &[Vec<u8>]| {
                let mut counted = UnreadableValues::default();
                for value in values {
                    counted.note(value);
                }
                counted
            };
            let (first, second) = values.split_at(middle.min(values.len()));
            let mut merged = count(second);
            merged.merge(&count(first));
            prop_assert_eq!(&merged, &count(&values));
            prop_assert_eq!(merged.count(), values.len() as u64);
            prop_assert!(merged.examples().iter().all(|example| example.chars().count() <= MAX_CHARACTERS));
        }
    }
}
