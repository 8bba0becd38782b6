//! The rules of a suffix list as a flat table that is searched label by label, from the last one on.
//!
//! `build.rs` compiles this file too: the tables of the built-in lists are made when the program is built
//! ([`builtin`](super::builtin)), so that a search need not read a list first.
//!
//! A node is a label below another node; the root has number 0. A hash table leads from a node and a label to the node
//! below. It has at most one node in two slots, so that most look-ups of a label that is not there end in the first one.

use std::collections::HashMap;

use super::rules::{Rules, Section};
use crate::slice::Slice;

const ROOT: u32 = 0;
/// The bytes of a label that are looked at at once.
const WORD: usize = 8;
/// The words of the filter: 16 KiB.
const FILTER: usize = 2048;

/// What the rules say of a name that ends in the labels of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// The label's last 8 bytes as a number.
    pub head: u64,
    /// Where the label stands in `labels`, and how long it is.
    pub start: u32,
    pub length: u32,
    pub parent: u32,
    /// The node of the label `*` below this one; the root if there is none.
    pub wildcard: u32,
    pub flags: u32,
}

const ICANN: u32 = 1;
const PRIVATE: u32 = 2;
const EXCEPTION: u32 = 4;
/// There are labels below this node.
const INNER: u32 = 8;

/// One slot of the hash table: the number of a node, 0 for none, and a part of its hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub tag: u32,
    pub node: u32,
}

/// Rules, ready to be asked.
///
/// A program has one or two of them for as long as it runs, most of them built in: so they are never freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuffixTable {
    pub(super) nodes: &'static [Node],
    pub(super) labels: &'static [u8],
    pub(super) slots: &'static [Slot],
    /// A bit for some hashes, set if a node may have one of them: small enough to stay in the fastest memory, it answers for
    /// most labels that are not there.
    pub(super) filter: &'static [u64; FILTER],
}

impl SuffixTable {
    /// The table of `rules` after [`Rules::mend`]: a label that has a node hides the wildcard beside it.
    ///
    /// Rules in other spellings than ASCII are left out, as names are looked up in punycode.
    pub fn new(rules: &Rules) -> SuffixTable {
        let (mut nodes, mut labels) = (vec![Node::default()], Vec::new());
        let mut known = HashMap::new();
        for (pattern, section, exception) in rules.iter().filter(|(pattern, ..)| pattern.is_ascii()) {
            let mut node = ROOT;
            for label in pattern.rsplit('.') {
                node = *known
                    .entry((node, label))
                    .or_insert_with(|| add_node(node, label.as_bytes(), &mut nodes, &mut labels));
            }
            let section = if section == Section::Icann { ICANN } else { PRIVATE };
            nodes[node as usize].flags |= section | if exception { EXCEPTION } else { 0 };
        }
        let (slots, filter) = slots(&nodes, &labels);
        SuffixTable {
            nodes: Vec::leak(nodes),
            labels: Vec::leak(labels),
            slots: Vec::leak(slots),
            filter: Box::leak(filter),
        }
    }

    /// The number of labels in the suffix of the name with these labels, which come last label first and are ASCII in any
    /// case, and the section of its rule. One label and no section where no rule matches.
    #[inline]
    pub fn suffix<'b>(&self, labels: impl Iterator<Item = Slice<'b>>) -> (usize, Option<Section>) {
        let (mut node, mut suffix) = (ROOT, (1, None));
        for (above, label) in labels.enumerate() {
            let wildcard = self.nodes[node as usize].wildcard;
            node = match self.child(node, label) {
                Some(child) => child,
                None if wildcard != ROOT => wildcard,
                None => break,
            };
            let flags = self.nodes[node as usize].flags;
            if flags & (ICANN | PRIVATE) != 0 {
                let section = if flags & ICANN != 0 { Section::Icann } else { Section::Private };
                if flags & EXCEPTION != 0 {
                    return (above, Some(section));
                }
                suffix = (above + 1, Some(section));
            }
            if flags & INNER == 0 {
                break;
            }
        }
        suffix
    }

    #[inline]
    fn child(&self, parent: u32, label: Slice<'_>) -> Option<u32> {
        let Slice { bytes, start, end } = label;
        let length = end - start;
        let head = word(bytes, end, length);
        let hash = hash(parent, label, head);
        let (word, bit) = filter_bit(hash);
        if self.filter[word] & bit == 0 {
            return None;
        }
        let mut at = slot_of(hash, self.slots);
        loop {
            let slot = self.slots.get(at)?;
            if slot.node == ROOT {
                return None;
            }
            if slot.tag == tag(hash) {
                let node = &self.nodes[slot.node as usize];
                if node.head == head
                    && node.parent == parent
                    && node.length as usize == length
                    && (length <= WORD || text(node, self.labels).eq_ignore_ascii_case(&bytes[start..end]))
                {
                    return Some(slot.node);
                }
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

fn text<'l>(node: &Node, labels: &'l [u8]) -> &'l [u8] {
    &labels[node.start as usize..][..node.length as usize]
}

fn add_node(parent: u32, label: &[u8], nodes: &mut Vec<Node>, labels: &mut Vec<u8>) -> u32 {
    let number = to_u32(nodes.len());
    let head = word(label, label.len(), label.len());
    let (start, length) = (to_u32(labels.len()), to_u32(label.len()));
    nodes.push(Node { head, start, length, parent, ..Node::default() });
    labels.extend_from_slice(label);
    let parent = &mut nodes[parent as usize];
    parent.flags |= INNER;
    if label == b"*" {
        parent.wildcard = number;
    }
    number
}

fn slots(nodes: &[Node], labels: &[u8]) -> (Vec<Slot>, Box<[u64; FILTER]>) {
    let mut filter = Box::new([0; FILTER]);
    let mut slots = vec![Slot::default(); (2 * nodes.len()).next_power_of_two()];
    for (number, node) in nodes.iter().enumerate().skip(1) {
        let bytes = text(node, labels);
        let hash = hash(node.parent, Slice::whole(bytes), node.head);
        let mut at = slot_of(hash, &slots);
        while slots[at].node != ROOT {
            at = (at + 1) & (slots.len() - 1);
        }
        slots[at] = Slot { tag: tag(hash), node: to_u32(number) };
        let (word, bit) = filter_bit(hash);
        filter[word] |= bit;
    }
    (slots, filter)
}

/// The word of the filter, and the bit in it, for a hash: bits that tell neither the slot nor much of the tag.
#[inline]
#[allow(clippy::cast_possible_truncation)]
fn filter_bit(hash: u64) -> (usize, u64) {
    ((hash >> 48) as usize & (FILTER - 1), 1 << (hash & 63))
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // as many bits of the hash as there are slots
fn slot_of(hash: u64, slots: &[Slot]) -> usize {
    (hash >> 32) as usize & slots.len().wrapping_sub(1)
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // the other half of the hash
fn tag(hash: u64) -> u32 {
    hash as u32
}

/// A hash of a label below a node, whatever its case: words of 8 bytes from its end on, the first of which is `head`.
#[inline]
fn hash(parent: u32, label: Slice<'_>, head: u64) -> u64 {
    let Slice { bytes, start, mut end } = label;
    let mut hash = mix((u64::from(parent) << 32 | (end - start) as u64) ^ head);
    while end - start > WORD {
        end -= WORD;
        hash = mix(hash ^ word(bytes, end, end - start));
    }
    hash
}

/// Mixes by a multiplication of which both halves are kept. The multiplier is 2^64 divided by the golden ratio.
#[inline]
#[allow(clippy::cast_possible_truncation)]
fn mix(number: u64) -> u64 {
    let product = u128::from(number) * 0x9E37_79B9_7F4A_7C15;
    product as u64 ^ (product >> 64) as u64
}

/// The last 8 bytes of the label of `length` bytes that ends at `end`, in lower case, as a number; zeros in front of a
/// shorter one.
#[inline]
fn word(bytes: &[u8], end: usize, length: usize) -> u64 {
    let word = if let Some(word) = end.checked_sub(WORD).and_then(|start| bytes[start..end].first_chunk()) {
        u64::from_le_bytes(*word)
    } else {
        // So near the start there are no 8 bytes.
        let mut word = [0; WORD];
        word[WORD - end..].copy_from_slice(&bytes[..end]);
        u64::from_le_bytes(word)
    };
    let others = WORD.saturating_sub(length);
    lower(word.checked_shr(8 * to_u32(others)).unwrap_or(0))
}

/// Eight ASCII characters in lower case.
#[inline]
fn lower(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // In each byte the high bit says whether it is at least `A`, and whether it is beyond `Z`.
    let (from_a, beyond_z) = (word.wrapping_add(ONES * (128 - 65)), word.wrapping_add(ONES * (127 - 90)));
    word | (from_a & !beyond_z & (ONES << 7)) >> 2
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
