//! The cells that were appended for earlier values: the names in a network's queries repeat.
//!
//! What it assumes: equal values get equal cells, in every chunk of the search. That is true of `dnsentropy`, which
//! looks at one value alone. Taken out, the command needs a third more instructions for each event. The test in `mod.rs`
//! compares replies with the reference, which has no cache, over several chunks.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::rows::block_copy::append;
use crate::slice::Slice;

/// The number of slots, a power of two. A resolver's clients ask for tens of thousands of names again and again.
const SLOTS: usize = 1 << 16;
/// The most bytes of a key and its answer together that are kept. Both are rarely longer.
const MAX_ENTRY: usize = 126;

/// A cache with one entry for each slot, 8 MiB at most. Entries are made as they are needed, so a short search takes little
/// memory.
///
/// An answer is kept when its key comes for the second time: names that carry data come once, and should not evict
/// names that repeat.
#[derive(Debug, Default)]
pub struct AnswerCache {
    tags: Vec<Tags>,
    entries: Vec<Entry>,
}

/// 16 bits of the hashes of a slot's keys, apart from the entries: most misses end here, in a smaller piece of memory.
#[derive(Debug, Clone, Copy, Default)]
struct Tags {
    /// The key that was offered last.
    offered: u16,
    /// The key that has the entry.
    kept: u16,
    /// The index of the slot's entry; 0 if it has none, as the first entry is no slot's.
    entry: u16,
}

/// A key and its answer next to each other, so that a hit touches few cache lines.
#[derive(Debug, Clone)]
struct Entry {
    /// Where the key ends and the answer begins.
    key_end: u8,
    /// Where the answer ends; 0 for the first entry.
    end: u8,
    bytes: [u8; MAX_ENTRY],
}

/// Where to [`offer`](AnswerCache::offer) the answer that was missing.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    index: usize,
    tag: u16,
}

impl AnswerCache {
    /// Appends the answer for `key` to `out`.
    ///
    /// # Errors
    ///
    /// The answer is not in the cache: the slot to offer it to.
    #[inline]
    pub fn get(&self, key: &[u8], out: &mut Vec<u8>) -> Result<(), Slot> {
        // The hash is not keyed: an attacker who forces collisions can only evict cached answers.
        let mut hasher = FixedState::default().build_hasher();
        hasher.write(key);
        let hash = hasher.finish();
        #[allow(clippy::cast_possible_truncation)] // one half is the index, the other the tag
        let (index, tag) = (hash as usize & (SLOTS - 1), (hash >> 32) as u16);
        if let Some(tags) = self.tags.get(index)
            && tags.kept == tag
            && let Some(Entry { key_end, end, bytes }) = self.entries.get(usize::from(tags.entry))
        {
            let (start, end) = (usize::from(*key_end), usize::from(*end));
            if end > 0 && bytes[..start] == *key {
                append(Slice { bytes, start, end }, out);
                return Ok(());
            }
        }
        Err(Slot { index, tag })
    }

    /// Offers the answer for `key`. It is kept if the key was the last one offered to this slot.
    #[inline]
    pub fn offer(&mut self, slot: Slot, key: &[u8], answer: &[u8]) {
        if self.tags.is_empty() {
            // Allocated for the first row only: many processes of a search get none.
            self.tags = vec![Tags::default(); SLOTS];
        }
        let tags = &mut self.tags[slot.index];
        if tags.offered == slot.tag {
            self.keep(slot, key, answer);
        } else {
            tags.offered = slot.tag;
        }
    }

    fn keep(&mut self, Slot { index, tag }: Slot, key: &[u8], answer: &[u8]) {
        const EMPTY: Entry = Entry { key_end: 0, end: 0, bytes: [0; MAX_ENTRY] };
        let (start, end) = (key.len(), key.len() + answer.len());
        let (Ok(key_end), Ok(answer_end)) = (u8::try_from(start), u8::try_from(end)) else { return };
        if end > MAX_ENTRY {
            return;
        }
        let tags = &mut self.tags[index];
        if tags.entry == 0 {
            if self.entries.is_empty() {
                self.entries.push(EMPTY);
            }
            let Ok(next) = u16::try_from(self.entries.len()) else { return };
            self.entries.push(EMPTY);
            tags.entry = next;
        }
        tags.kept = tag;
        let entry = &mut self.entries[usize::from(tags.entry)];
        entry.bytes[..start].copy_from_slice(key);
        entry.bytes[start..end].copy_from_slice(answer);
        (entry.key_end, entry.end) = (key_end, answer_end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cache: &mut AnswerCache, key: &str, answer: &str) -> Option<String> {
        let mut out = b"row".to_vec();
        match cache.get(key.as_bytes(), &mut out) {
            Ok(()) => Some(String::from_utf8_lossy(&out[3..]).into_owned()),
            Err(slot) => {
                cache.offer(slot, key.as_bytes(), answer.as_bytes());
                None
            }
        }
    }

    #[test]
    fn a_key_offered_twice_is_found_the_third_time() {
        let mut cache = AnswerCache::default();
        assert_eq!(ask(&mut cache, "a", ",1"), None);
        assert_eq!(ask(&mut cache, "a", ",1"), None);
        assert_eq!(ask(&mut cache, "a", ",2").as_deref(), Some(",1"));
        assert_eq!(ask(&mut cache, "b", ",3"), None);
    }

    #[test]
    fn collisions_never_return_a_wrong_answer() {
        let mut cache = AnswerCache::default();
        let mut hits = 0;
        for _ in 0..4 {
            for number in 0..3 * SLOTS {
                let (key, answer) = (format!("name{number}"), format!(",{}", "x".repeat(number % 200)));
                if let Some(found) = ask(&mut cache, &key, &answer) {
                    assert_eq!(found, answer);
                    hits += 1;
                }
            }
        }
        assert!(hits > 0);
        let long = "k".repeat(MAX_ENTRY);
        assert!((0..4).all(|_| ask(&mut cache, &long, ",1").is_none()));
    }
}
