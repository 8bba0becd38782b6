//! Whether the fields that a search names exist: a misspelt one would otherwise end in no results and no message.

use crate::protocol::{Level, UserMessage};

/// Watches for one field through all events of a search.
#[derive(Debug)]
pub struct MissingFieldCheck {
    field: String,
    events: bool,
    seen: bool,
}

impl MissingFieldCheck {
    /// Watches for `field`.
    pub fn new(field: &str) -> MissingFieldCheck {
        MissingFieldCheck { field: field.to_owned(), events: false, seen: false }
    }

    /// Notes an event, and whether it has the field.
    pub fn note(&mut self, has_field: bool) {
        self.events = true;
        self.seen |= has_field;
    }

    /// The warning for the end of the search, if there were events and none of them has the field.
    pub fn warning(&self) -> Option<UserMessage> {
        let missing = self.events && !self.seen;
        missing.then(|| UserMessage(Level::Warn, format!("no event has the field '{}'", self.field)))
    }
}
