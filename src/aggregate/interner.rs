//! String interning: distinct texts with small ids.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Distinct byte strings, with ids from 0 in the order of their arrival.
///
/// All bytes are in one piece of memory, and the table holds where each text is. For the names of a chunk that takes a third of
/// the memory of a map of boxed strings, and a look-up takes as long as its cache misses.
///
/// ```
/// use dnsentropy::aggregate::{Interned, Interner};
///
/// let mut interner = Interner::default();
/// assert!(matches!(interner.intern(b"example.com"), Interned::New { id: 0, .. }));
/// assert!(matches!(interner.intern(b"example.com"), Interned::Existing { id: 0 }));
/// ```
#[derive(Debug, Default)]
pub struct Interner {
    bytes: Vec<u8>,
    table: HashTable<(Place, u32)>,
    hasher: RandomState,
}

/// Where a text starts and ends.
pub type Place = (u32, u32);

/// The result of interning a text.
#[derive(Debug, Clone, Copy)]
pub enum Interned {
    /// The text was interned before.
    Existing {
        /// Its id.
        id: u32,
    },
    /// The text is new.
    New {
        /// Its id.
        id: u32,
        /// Where it lies.
        place: Place,
    },
}

impl Interned {
    /// The id. Calls `note` first if the text is new.
    pub fn or_note(self, note: impl FnOnce(Place)) -> u32 {
        match self {
            Interned::Existing { id } => id,
            Interned::New { id, place } => {
                note(place);
                id
            }
        }
    }
}

impl Interner {
    /// Interns a text.
    #[inline]
    pub fn intern(&mut self, text: &[u8]) -> Interned {
        let hash = hash(text, &self.hasher);
        match self.table.find(hash, |&(place, _)| self.get(place) == text) {
            Some(&(_, id)) => Interned::Existing { id },
            None => self.add(text, hash),
        }
    }

    fn add(&mut self, text: &[u8], hash_of_text: u64) -> Interned {
        let id = short(self.table.len());
        let place = self.append(text);
        let Interner { bytes, table, hasher } = self;
        let text = |(start, end): Place| &bytes[start as usize..end as usize];
        table.insert_unique(hash_of_text, (place, id), |&(place, _)| hash(text(place), hasher));
        Interned::New { id, place }
    }

    /// Adds a text without an id.
    pub fn append(&mut self, text: &[u8]) -> Place {
        let start = short(self.bytes.len());
        self.bytes.extend_from_slice(text);
        (start, short(self.bytes.len()))
    }

    /// The text at a place.
    pub fn get(&self, (start, end): Place) -> &[u8] {
        &self.bytes[start as usize..end as usize]
    }

    /// The number of bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all texts and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.table.clear();
    }
}

fn hash(text: &[u8], hasher: &RandomState) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// An index as 32 bits. A combiner is emptied long before it holds 4 GiB of anything.
pub fn short(index: usize) -> u32 {
    u32::try_from(index).expect("a combiner holds less than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_keeps_its_id() {
        let mut texts = Interner::default();
        for _ in 0..2 {
            texts.clear();
            for number in 0..10_000_u32 {
                let text = number.to_string().into_bytes();
                match texts.intern(&text) {
                    Interned::New { id, place } => assert_eq!((id, texts.get(place)), (number, &text[..])),
                    Interned::Existing { id } => panic!("{number} has the id {id} already"),
                }
                texts.append(b"between");
            }
            for number in 0..10_000_u32 {
                let found = texts.intern(number.to_string().as_bytes());
                assert!(matches!(found, Interned::Existing { id } if id == number));
            }
            assert!(matches!(texts.intern(b""), Interned::New { id: 10_000, .. }));
        }
    }
}
