//! The distinct names of a group: all of them while they are few, a uniform sample of them otherwise.
//!
//! This is a *bottom-k* sketch (Z. Bar-Yossef et al., "Counting distinct elements in a data stream", 2002; E. Cohen and H.
//! Kaplan, "Summarizing data using bottom-k sketches", 2007): it keeps the k smallest hashes of names, each
//! with the evidence of its name. The hash is uniform, so the kept names are a uniform sample of the distinct
//! ones, and the largest kept hash yields an estimate of their number. The sketch is a function of the set of names alone:
//! it merges in any order, and shrinking it to a smaller k yields the sketch of that k.
//!
//! ```
//! use dnsentropy::aggregate::BottomK;
//! use dnsentropy::detect::NameEvidence;
//!
//! let mut names = BottomK::new(1024);
//! for hash in [7, 3, 7] {
//!     names.add(hash, hash, NameEvidence::default);
//! }
//! assert_eq!(names.distinct(), 2);
//! ```

use crate::detect::NameEvidence;

/// What is kept of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The name's hash, whatever its case.
    pub hash: u64,
    /// The hash of its spelling; of several spellings the smallest.
    pub spelling: u64,
    /// The detector's evidence; of several spellings the most ordinary one's.
    pub evidence: NameEvidence,
}

/// A bottom-k sketch of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BottomK {
    limit: usize,
    /// Ordered by hash, distinct, at most `limit`.
    entries: Vec<Entry>,
    /// Whether there were more names than `limit`.
    cut: bool,
}

impl BottomK {
    /// An empty sketch that keeps at most `limit` names (at least 2).
    pub fn new(limit: usize) -> BottomK {
        BottomK { limit: limit.max(2), entries: Vec::new(), cut: false }
    }

    /// The kept names, the one with the smallest hash first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds a name by its hash and the hash of its spelling. `evidence` is called if the spelling is new and the name is kept.
    pub fn add(&mut self, hash: u64, spelling: u64, evidence: impl FnOnce() -> NameEvidence) {
        match self.entries.binary_search_by_key(&hash, |entry| entry.hash) {
            Ok(index) => {
                let entry = &mut self.entries[index];
                if entry.spelling != spelling {
                    entry.spelling = entry.spelling.min(spelling);
                    entry.evidence = entry.evidence.or_spelt(evidence());
                }
            }
            Err(index) if index == self.limit => self.cut = true,
            Err(index) => {
                self.entries.insert(index, Entry { hash, spelling, evidence: evidence() });
                self.shrink(self.limit);
            }
        }
    }

    /// Notes that there are names beyond the `limit` ones with the smallest hashes.
    pub fn cut(&mut self, limit: usize) {
        self.shrink(limit.min(self.limit));
        self.cut = true;
    }

    /// Keeps at most `limit` names from now on.
    pub fn shrink(&mut self, limit: usize) {
        self.limit = limit.max(2);
        if self.entries.len() > self.limit {
            self.entries.truncate(self.limit);
            self.cut = true;
        }
    }

    /// The number of distinct names: exact if all were kept, otherwise an estimate with a relative standard
    /// error of `1 / sqrt(limit - 2)`.
    pub fn distinct(&self) -> u64 {
        match self.entries.last() {
            Some(last) if self.cut => {
                let estimate = ((self.limit as u128 - 1) << 64) / (u128::from(last.hash) + 1);
                u64::try_from(estimate).unwrap_or(u64::MAX).max(self.limit as u64 + 1)
            }
            _ => self.entries.len() as u64,
        }
    }

    /// How many distinct names each kept one represents, in units of 2^-16.
    pub fn weight(&self) -> u64 {
        let kept = self.entries.len().max(1) as u128;
        u64::try_from((u128::from(self.distinct()) << 16) / kept).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sketch(limit: usize, hashes: &[u64]) -> BottomK {
        let mut sketch = BottomK::new(limit);
        for hash in hashes {
            // Two spellings of each name, the one or the other first.
            let spelling = hash % 2;
            let evidence = NameEvidence {
                excess: u32::try_from(hash % 1000 / 2).expect("small"),
                ..NameEvidence::default()
            };
            sketch.add(hash / 2, spelling, || evidence);
        }
        sketch
    }

    #[test]
    fn the_number_of_names_is_exact_up_to_the_limit_and_near_above_it() {
        let hashes: Vec<u64> =
            (0..100_000_u64).map(|n| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes())).collect();
        let estimate = |hashes: &[u64]| {
            let mut sketch = BottomK::new(1024);
            for hash in hashes {
                sketch.add(*hash, *hash, NameEvidence::default);
            }
            sketch.distinct()
        };
        assert_eq!(estimate(&hashes[..1024]), 1024);
        assert!((90_000..110_000).contains(&estimate(&hashes)), "{}", estimate(&hashes));
    }

    proptest! {
        #[test]
        fn a_sketch_is_a_function_of_the_set(
            hashes in prop::collection::vec(0_u64..60, 0..80), at in 0_usize..80, limit in 2_usize..20,
        ) {
            let at = at.min(hashes.len());
            let whole = sketch(limit, &hashes);
            let turned = [&hashes[at..], &hashes[..at]].concat();
            prop_assert_eq!(&sketch(limit, &turned), &whole);
            let distinct: BTreeSet<u64> = hashes.iter().map(|hash| hash / 2).collect();
            prop_assert_eq!(whole.cut, distinct.len() > limit);
            prop_assert!(whole.entries().iter().map(|entry| entry.hash).eq(distinct.into_iter().take(limit)));
            let mut wide = sketch(2 * limit, &hashes);
            wide.shrink(limit);
            prop_assert_eq!(&wide, &whole);
        }
    }
}
