//! Distinct texts by numbers.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Distinct byte strings, numbered from 0 in the order in which they came.
///
/// All bytes lie in one piece of memory, and the table holds where: of a chunk's names that is a third of what a map of
/// boxed strings takes, and the time of a look-up is that of its waits for memory.
#[derive(Debug, Default)]
pub struct Interner {
    bytes: Vec<u8>,
    table: HashTable<Numbered>,
    hasher: RandomState,
}

/// Where a text starts and ends.
pub type Place = (u32, u32);

/// Where a text lies, and its number.
type Numbered = (Place, u32);

/// The number of a text.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// It has had it before.
    Known(u32),
    /// It has got it now, and lies there.
    New(u32, Place),
}

impl Number {
    /// The number; a new one is noted first, with the place of its text.
    pub fn noted(self, note: impl FnOnce(Place)) -> u32 {
        match self {
            Number::Known(number) => number,
            Number::New(number, place) => {
                note(place);
                number
            }
        }
    }
}

impl Interner {
    /// The number of a text, which it is given if it has none.
    #[inline]
    pub fn number(&mut self, text: &[u8]) -> Number {
        let hash = hash(text, &self.hasher);
        match self.table.find(hash, |&(place, _)| self.bytes(place) == text) {
            Some(&(_, number)) => Number::Known(number),
            None => self.add(text, hash),
        }
    }

    fn add(&mut self, text: &[u8], hash_of_text: u64) -> Number {
        let number = short(self.table.len());
        let place = self.append(text);
        let Interner { bytes, table, hasher } = self;
        let text = |(start, end): Place| &bytes[start as usize..end as usize];
        table.insert_unique(hash_of_text, (place, number), |&(place, _)| hash(text(place), hasher));
        Number::New(number, place)
    }

    /// Adds a text without a number.
    pub fn append(&mut self, text: &[u8]) -> Place {
        let start = short(self.bytes.len());
        self.bytes.extend_from_slice(text);
        (start, short(self.bytes.len()))
    }

    /// The bytes between two places.
    pub fn bytes(&self, (start, end): Place) -> &[u8] {
        &self.bytes[start as usize..end as usize]
    }

    /// The bytes of all texts.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all texts, and keeps the memory.
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

/// An index or a place in half of a word. A combiner is emptied long before it holds 4 GiB of anything.
pub fn short(index: usize) -> u32 {
    u32::try_from(index).expect("a combiner holds less")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_keeps_its_number_however_many_there_are() {
        let mut texts = Interner::default();
        for _ in 0..2 {
            texts.clear();
            for number in 0..10_000_u32 {
                let text = number.to_string().into_bytes();
                match texts.number(&text) {
                    Number::New(new, place) => assert_eq!((new, texts.bytes(place)), (number, &text[..])),
                    Number::Known(known) => panic!("{number} was known as {known}"),
                }
                texts.append(b"between");
            }
            for number in 0..10_000_u32 {
                let found = texts.number(number.to_string().as_bytes());
                assert!(matches!(found, Number::Known(known) if known == number));
            }
            assert!(matches!(texts.number(b""), Number::New(10_000, _)));
        }
    }
}
