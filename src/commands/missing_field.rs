//! Whether the field that a streaming command reads exists: a misspelt one would otherwise end in no results and no message.

use crate::protocol::{Level, UserMessage};

/// The fewest events from which a missing field is reported. A process sees the events of one search peer, where a few may
/// well lack a field that others have.
const ENOUGH_EVENTS: u64 = 1_000;

/// Watches for one field through all events of a process.
#[derive(Debug)]
pub struct MissingFieldCheck {
    field: String,
    events: u64,
    seen: bool,
}

impl MissingFieldCheck {
    /// Watches for `field`.
    pub fn new(field: &str) -> MissingFieldCheck {
        MissingFieldCheck { field: field.to_owned(), events: 0, seen: false }
    }

    /// Notes an event, and whether it has the field.
    #[inline]
    pub fn note(&mut self, has_field: bool) {
        self.events += 1;
        self.seen |= has_field;
    }

    /// The message for the end of the process, if there were enough events and none of them has the field. It is not
    /// a warning: other search peers may have the field.
    pub fn message(&self) -> Option<UserMessage> {
        let missing = self.events >= ENOUGH_EVENTS && !self.seen;
        missing.then(|| {
            let events = grouped(self.events);
            let text = format!(
                "none of the {events} events on this search peer has the field '{}': check the name",
                self.field
            );
            UserMessage(Level::Info, text)
        })
    }
}

/// A number with commas between thousands: `1,234`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
