//! How many events have the fields that a search names: a misspelt one would otherwise end in no results and no message.

/// Counts of events. They travel in partial results, as one process sees only some of the search's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldCounts {
    /// All events.
    pub events: u64,
    /// The events that have every field.
    pub complete: u64,
    /// Those of them that do not say how many queries they are: they count once.
    pub unweighed: u64,
    /// For each field: the other events that have it. A field that none of them has may be left out at the end.
    pub incomplete: Vec<u64>,
}

impl FieldCounts {
    /// Counts an event that has every field; `weighed` says whether it says how many queries it is.
    #[inline]
    pub fn add_complete(&mut self, weighed: bool) {
        self.events += 1;
        self.complete += 1;
        self.unweighed += u64::from(!weighed);
    }

    /// Counts an event; `present` says of each field whether the event has it.
    pub fn add(&mut self, present: impl Iterator<Item = bool> + Clone, weighed: bool) {
        if present.clone().all(|present| present) {
            return self.add_complete(weighed);
        }
        self.events += 1;
        self.add_incomplete(present.map(u64::from));
    }

    /// Adds the counts of other events.
    pub fn merge(&mut self, other: &FieldCounts) {
        self.events = self.events.saturating_add(other.events);
        self.complete = self.complete.saturating_add(other.complete);
        self.unweighed = self.unweighed.saturating_add(other.unweighed);
        self.add_incomplete(other.incomplete.iter().copied());
    }

    /// The events that have the field of this index.
    pub fn with_field(&self, index: usize) -> u64 {
        self.complete.saturating_add(self.incomplete.get(index).copied().unwrap_or_default())
    }

    fn add_incomplete(&mut self, counts: impl Iterator<Item = u64>) {
        for (index, count) in counts.enumerate() {
            if index == self.incomplete.len() {
                self.incomplete.push(0);
            }
            self.incomplete[index] = self.incomplete[index].saturating_add(count);
        }
    }
}
