//! The message about values that are not DNS names.

use super::missing_field::grouped;
use crate::lookup_file::shown;
pub use crate::names::unreadable::UnreadableValues;
use crate::protocol::{Level, UserMessage};

impl UnreadableValues {
    /// The message at the end of a search, if there are such values in `field`. `hint` says what the user can do.
    pub fn message(&self, level: Level, field: &str, hint: &str) -> Option<UserMessage> {
        let examples: Vec<String> = self.examples().iter().map(|example| shown(example)).collect();
        let examples = examples.join(" and ");
        let text = match self.count() {
            0 => return None,
            1 => format!("one value of '{field}' is not a DNS name, {examples}: {hint}"),
            count => format!(
                "{} values of '{field}' are not DNS names, such as {examples}: {hint}",
                grouped(count)
            ),
        };
        Some(UserMessage(level, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(values: &[&[u8]]) -> Option<String> {
        let mut counted = UnreadableValues::default();
        for value in values {
            counted.note(value);
        }
        counted.message(Level::Info, "query", "name the field").map(|UserMessage(_, text)| text)
    }

    #[test]
    fn values_are_counted_and_shown_cut_and_escaped() {
        assert_eq!(message(&[]), None);
        let one = "one value of 'query' is not a DNS name, 'a\\n': name the field";
        assert_eq!(message(&[b"a\n"]).as_deref(), Some(one));
        let many = "3 values of 'query' are not DNS names, such as '-' and '\u{fffd}': name the field";
        assert_eq!(message(&[b"\xff", b"-", b"-"]).as_deref(), Some(many));
        let long = message(&[&[b'x'; 200]]).expect("a message");
        assert!(long.contains(&format!("'{}\u{2026}'", "x".repeat(80))), "{long}");
    }
}
