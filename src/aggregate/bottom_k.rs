//! The distinct names of a group: all of them while they are few, a uniform sample beyond.
//!
//! A *bottom-k* sketch (Z. Bar-Yossef et al., "Counting distinct elements in a data stream", 2002; E. Cohen and H.
//! Kaplan, "Summarizing data using bottom-k sketches", 2007): of all hashes of names the k smallest are kept, each
//! with what is known of its name. The hash is uniform, so the kept names are a uniform sample of the distinct
//! ones, and the largest kept hash tells how many there are. The sketch of a union is a function of the set alone:
//! it merges in any order, and cutting it down to a smaller k gives what that k would have given.

use crate::detect::NameEvidence;

/// What is kept of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The name's hash, whatever its case.
    pub hash: u64,
    /// The hash of its spelling; of several spellings the smallest.
    pub spelling: u64,
    /// What the detector takes from the name; of several spellings from the most ordinary one.
    pub evidence: NameEvidence,
}

/// A bottom-k sketch of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BottomK {
    limit: usize,
    /// Ordered by hash, without doubles, at most `limit`.
    entries: Vec<Entry>,
    /// Whether there were more names than `limit`.
    cut: bool,
}

impl BottomK {
    /// An empty sample that keeps at most `limit` names (at least 2).
    pub fn new(limit: usize) -> BottomK {
        BottomK { limit: limit.max(2), entries: Vec::new(), cut: false }
    }

    /// The kept names, the one with the smallest hash first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds a name by its hash and that of its spelling; `evidence` is asked for if the spelling is new and the name
    /// is to be kept.
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

    /// Notes that there are more names than the `limit` ones with the smallest hashes.
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

    /// The number of distinct names: exact unless the sample is cut, then an estimate with a relative standard
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

    /// How many distinct names each kept one stands for, in units of 2^-16.
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

    fn sample(limit: usize, hashes: &[u64]) -> BottomK {
        let mut sample = BottomK::new(limit);
        for hash in hashes {
            // Two spellings of each name, the one or the other first.
            let spelling = hash % 2;
            let evidence = NameEvidence {
                excess: u32::try_from(hash % 1000 / 2).expect("small"),
                ..NameEvidence::default()
            };
            sample.add(hash / 2, spelling, || evidence);
        }
        sample
    }

    #[test]
    fn the_number_of_names_is_exact_while_they_are_few_and_near_beyond() {
        let hashes: Vec<u64> =
            (0..100_000_u64).map(|n| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes())).collect();
        let estimate = |hashes: &[u64]| {
            let mut sample = BottomK::new(1024);
            for hash in hashes {
                sample.add(*hash, *hash, NameEvidence::default);
            }
            sample.distinct()
        };
        assert_eq!(estimate(&hashes[..1024]), 1024);
        assert!((90_000..110_000).contains(&estimate(&hashes)), "{}", estimate(&hashes));
    }

    proptest! {
        #[test]
        fn a_sample_is_a_function_of_the_set(
            hashes in prop::collection::vec(0_u64..60, 0..80), at in 0_usize..80, limit in 2_usize..20,
        ) {
            let at = at.min(hashes.len());
            let whole = sample(limit, &hashes);
            let turned = [&hashes[at..], &hashes[..at]].concat();
            prop_assert_eq!(&sample(limit, &turned), &whole);
            let distinct: BTreeSet<u64> = hashes.iter().map(|hash| hash / 2).collect();
            prop_assert_eq!(whole.cut, distinct.len() > limit);
            prop_assert!(whole.entries().iter().map(|entry| entry.hash).eq(distinct.into_iter().take(limit)));
            let mut wide = sample(2 * limit, &hashes);
            wide.shrink(limit);
            prop_assert_eq!(&wide, &whole);
        }
    }
}
