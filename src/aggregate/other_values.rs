//! Values of the name's field that are in no group.

use serde::{Deserialize, Serialize};

use crate::names::unreadable::UnreadableValues;

/// Values that are not DNS names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherValues {
    /// IP addresses.
    pub addresses: u64,
    /// Values that are neither names nor addresses.
    pub unreadable: UnreadableValues,
}

impl OtherValues {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.addresses == 0 && self.unreadable.count() == 0
    }

    /// Adds other values.
    pub fn merge(&mut self, other: &OtherValues) {
        self.addresses = self.addresses.saturating_add(other.addresses);
        self.unreadable.merge(&other.unreadable);
    }
}
