//! A set whose elements have small indices.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::interner::short;

/// An element that contains its key.
pub trait Keyed {
    /// The type of the key.
    type Key: Hash + Eq;

    /// The key.
    fn key(&self) -> Self::Key;
}

/// Elements with distinct keys, with indices from 0 in the order of their arrival.
///
/// `IndexMap` would take 1.5 times the memory; the sets of a chunk must fit in the processor's L2 cache.
#[derive(Debug)]
pub struct IndexedSet<T> {
    elements: Vec<T>,
    indices: HashTable<u32>,
    hasher: RandomState,
}

impl<T> Default for IndexedSet<T> {
    fn default() -> IndexedSet<T> {
        IndexedSet { elements: Vec::new(), indices: HashTable::new(), hasher: RandomState::default() }
    }
}

impl<T: Keyed> IndexedSet<T> {
    /// The element with `key`.
    pub fn find(&mut self, key: &T::Key) -> Option<&mut T> {
        let IndexedSet { elements, indices, hasher } = self;
        let same = |&index: &u32| elements[index as usize].key() == *key;
        let index = *indices.find(hasher.hash_one(key), same)?;
        elements.get_mut(index as usize)
    }

    /// Adds an element whose key is not in the set.
    pub fn add(&mut self, element: T) {
        let IndexedSet { elements, indices, hasher } = self;
        let (index, hash) = (short(elements.len()), hasher.hash_one(element.key()));
        elements.push(element);
        indices.insert_unique(hash, index, |&index| hasher.hash_one(elements[index as usize].key()));
    }

    /// The element at `index`.
    pub fn get(&self, index: u32) -> &T {
        &self.elements[index as usize]
    }

    /// All elements in order.
    pub fn all(&self) -> &[T] {
        &self.elements
    }

    /// Forgets all elements and keeps the memory.
    pub fn clear(&mut self) {
        self.elements.clear();
        self.indices.clear();
    }
}
