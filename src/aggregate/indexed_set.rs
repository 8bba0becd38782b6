//! Things by numbers, found by their keys.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::interner::short;

/// What has a key of its own.
pub trait Keyed {
    /// The key.
    type Key: Hash + Eq;

    /// The key of this thing.
    fn key(&self) -> Self::Key;
}

/// Things with different keys, numbered from 0 in the order in which they came.
///
/// An `IndexMap` does the same in half as much memory again, and a combiner has to stay near the processor.
#[derive(Debug)]
pub struct IndexedSet<T> {
    things: Vec<T>,
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl<T> Default for IndexedSet<T> {
    fn default() -> IndexedSet<T> {
        IndexedSet { things: Vec::new(), numbers: HashTable::new(), hasher: RandomState::default() }
    }
}

impl<T: Keyed> IndexedSet<T> {
    /// The thing with a key.
    pub fn find(&mut self, key: &T::Key) -> Option<&mut T> {
        let IndexedSet { things, numbers, hasher } = self;
        let same = |&number: &u32| things[number as usize].key() == *key;
        let number = *numbers.find(hasher.hash_one(key), same)?;
        things.get_mut(number as usize)
    }

    /// Adds a thing with a key that no other one has.
    pub fn add(&mut self, thing: T) {
        let IndexedSet { things, numbers, hasher } = self;
        let (number, hash) = (short(things.len()), hasher.hash_one(thing.key()));
        things.push(thing);
        numbers.insert_unique(hash, number, |&number| hasher.hash_one(things[number as usize].key()));
    }

    /// The thing with a number.
    pub fn get(&self, number: u32) -> &T {
        &self.things[number as usize]
    }

    /// All things in order.
    pub fn all(&self) -> &[T] {
        &self.things
    }

    /// Forgets all things, and keeps the memory.
    pub fn clear(&mut self) {
        self.things.clear();
        self.numbers.clear();
    }
}
