//! How many queries there are. A row of a search is one query, or it was counted already (`stats count by query`) and weighs as
//! many queries as it says. Which of both holds is only known when the search ends, so that both are counted.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers of queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many rows there are.
    pub events: u64,
    /// What the rows weigh together: at least as much, as each weighs at least 1.
    pub weight: u64,
}

impl Tally {
    /// One query.
    pub const ONE: Tally = Tally { events: 1, weight: 1 };

    /// Adds the numbers of other queries.
    pub fn extend(&mut self, other: Tally) {
        self.events = self.events.saturating_add(other.events);
        self.weight = self.weight.saturating_add(other.weight);
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.events == 0
    }

    /// Each row counts as many times as it weighs from now on.
    pub fn weigh(&mut self) {
        self.events = self.weight;
    }

    /// The number of rows, and whether the rows weigh more, in one number. Nearly all take one byte on the wire.
    fn marked(self) -> u64 {
        (self.events.min(u64::MAX >> 1) << 1) | u64::from(self.weight > self.events)
    }
}

/// The wire form: the marked number of rows, then what the rows weigh beyond their number if that is marked.
impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let marked = self.marked();
        let is_heavy = marked & 1 == 1;
        let mut tuple = serializer.serialize_tuple(1 + usize::from(is_heavy))?;
        tuple.serialize_element(&marked)?;
        if is_heavy {
            tuple.serialize_element(&(self.weight - self.events))?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tally, D::Error> {
        deserializer.deserialize_tuple(2, TallyVisitor)
    }
}

struct TallyVisitor;

impl<'de> Visitor<'de> for TallyVisitor {
    type Value = Tally;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a marked number of rows, and what they weigh beyond it")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Tally, A::Error> {
        let mut next = || numbers.next_element::<u64>()?.ok_or_else(|| A::Error::invalid_length(0, &self));
        let marked = next()?;
        let events = marked >> 1;
        let more = if marked & 1 == 1 { next()? } else { 0 };
        Ok(Tally { events, weight: events.saturating_add(more) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_that_weigh_one_take_no_more_bytes_than_their_number() {
        let bytes = |events, weight| {
            postcard::to_extend(&Tally { events, weight }, Vec::new())
                .expect("memory takes every write")
                .len()
        };
        assert_eq!((bytes(0, 0), bytes(1, 1), bytes(63, 63), bytes(64, 64)), (1, 1, 1, 2));
        assert_eq!((bytes(1, 2), bytes(1, 129)), (2, 3));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(events in any::<u64>(), more in any::<u64>()) {
            let tally = Tally { events: events >> 1, weight: (events >> 1).saturating_add(more) };
            let bytes = postcard::to_extend(&(tally, 7_u8), Vec::new()).expect("memory takes every write");
            prop_assert_eq!(postcard::from_bytes::<(Tally, u8)>(&bytes), Ok((tally, 7)));
        }
    }
}
