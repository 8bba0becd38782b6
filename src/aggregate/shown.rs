//! The values of other fields that are shown with a group, such as the processes that asked.

use serde::{Deserialize, Serialize};

/// The most distinct values of a field.
pub const MAX_VALUES: usize = 10;

/// The most characters of a value. A longer one is cut, and [`CUT`] follows.
const MAX_CHARACTERS: usize = 200;

/// The mark of a value that was cut.
const CUT: char = '\u{2026}';

/// For each field its distinct values: the first ones in byte order, so that sets merge in any order and grouping.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownValues(Vec<Vec<Box<str>>>);

impl ShownValues {
    /// Adds a value of the field of this index. Bytes that are not UTF-8 are replaced.
    pub fn insert(&mut self, field: usize, value: &[u8]) {
        if !value.is_empty() {
            self.insert_text(field, &cut(&String::from_utf8_lossy(value)));
        }
    }

    /// Adds those of another set, and keeps at most `limit` of each field.
    pub fn extend(&mut self, other: &ShownValues, limit: usize) {
        for (field, values) in other.0.iter().enumerate() {
            for value in values {
                self.insert_text(field, value);
            }
        }
        self.shrink(limit);
    }

    /// Keeps at most `limit` values of each field.
    pub fn shrink(&mut self, limit: usize) {
        self.0.iter_mut().for_each(|values| values.truncate(limit));
    }

    /// The number of values of all fields.
    pub fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// The values of the field of this index, in byte order.
    pub fn of(&self, field: usize) -> &[Box<str>] {
        self.0.get(field).map(Vec::as_slice).unwrap_or_default()
    }

    fn insert_text(&mut self, field: usize, value: &str) {
        if field >= self.0.len() {
            self.0.resize_with(field + 1, Vec::new);
        }
        let values = &mut self.0[field];
        if let Err(index) = values.binary_search_by(|other| (**other).cmp(value))
            && index < MAX_VALUES
        {
            values.insert(index, value.into());
            values.truncate(MAX_VALUES);
        }
    }
}

/// A text of at most [`MAX_CHARACTERS`], and the mark if it was longer.
fn cut(value: &str) -> std::borrow::Cow<'_, str> {
    match value.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}{CUT}", &value[..end]).into(),
        None => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_values_are_cut_at_a_character() {
        let mut shown = ShownValues::default();
        shown.insert(1, "\u{e4}".repeat(MAX_CHARACTERS).as_bytes());
        shown.insert(1, "\u{e4}".repeat(MAX_CHARACTERS + 1).as_bytes());
        shown.insert(1, b"");
        shown.insert(1, b"a\xffb");
        let lengths: Vec<usize> = shown.of(1).iter().map(|value| value.chars().count()).collect();
        assert_eq!(lengths, [3, MAX_CHARACTERS, MAX_CHARACTERS + 1]);
        assert!(shown.of(1)[2].ends_with(CUT));
        assert!(shown.of(0).is_empty() && shown.of(2).is_empty());
    }

    proptest! {
        #[test]
        fn sets_merge_in_any_order(values in prop::collection::vec((0_usize..2, "[a-z]{1,2}"), 0..60), at in 0_usize..60) {
            let set = |values: &[(usize, String)]| {
                let mut set = ShownValues::default();
                for (field, value) in values {
                    set.insert(*field, value.as_bytes());
                }
                set
            };
            let (one, other) = values.split_at(at.min(values.len()));
            let (mut forth, mut back) = (set(one), set(other));
            forth.extend(&set(other), MAX_VALUES);
            back.extend(&set(one), MAX_VALUES);
            for field in 0..2 {
                let mut first: Vec<&str> =
                    values.iter().filter(|(of, _)| *of == field).map(|(_, value)| value.as_str()).collect();
                first.sort_unstable();
                first.dedup();
                first.truncate(MAX_VALUES);
                let texts = |set: &ShownValues| set.of(field).iter().map(ToString::to_string).collect::<Vec<_>>();
                prop_assert_eq!(texts(&forth), &first[..]);
                prop_assert_eq!(texts(&back), &first[..]);
            }
        }
    }
}
