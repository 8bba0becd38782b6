//! A suffix list as a flat table that is searched label by label, from the last one on.
//!
//! A node is a label below another node; the root has number 0. A hash table leads from a node and a label to the node
//! below. At most half of its slots are taken, so most searches for a label that is not there end at the first slot.
//!
//! # The fast path
//!
//! Every event's name is looked up here. `build.rs` compiles this file too and writes the tables of the built-in lists as
//! Rust source (`builtin.rs`), so that a search starts without reading a list.
//! - What it may assume: labels are ASCII. Bytes around a label are readable ([`Slice`]), so its last 8 bytes are one load.
//! - When it steps aside: it never does for ASCII. Other labels are first spelt in punycode ([`SuffixTable::suffix`]).
//! - How to change it: `hash` and `word` must treat the letters' case alike, at build time and at run time. A new
//!   field of [`SuffixTable`] also goes into `source_of` in `build.rs`.
//! - What holds it to its reference: the property test below compares it with the published algorithm and with the
//!   `publicsuffix` crate; `tests/names.rs` does so for names made of every rule of the list.

use std::borrow::Cow;
use std::collections::HashMap;

use super::rules::{Rules, Section, ascii_label};
use crate::slice::Slice;

/// The most labels of a DNS name (RFC 1035: 255 bytes), and so of a rule that matches one.
const MAX_LABELS: usize = 127;
const ROOT: u32 = 0;
/// The bytes of a label that are compared at once.
const WORD: usize = 8;

/// Which kind of rule made a suffix public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuffixType {
    /// A rule of the list's ICANN section: a registry's suffix.
    Icann,
    /// A rule of the list's private section (`github.io`), or one of the user's own.
    Private,
    /// No rule: the last label, by the implicit rule `*`.
    Unlisted,
}

/// The suffixes that names are split by.
///
/// The tables of the built-in lists are borrowed from the program; one with the user's own suffixes owns its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuffixTable {
    pub(super) nodes: Cow<'static, [Node]>,
    pub(super) labels: Cow<'static, [u8]>,
    pub(super) slots: Cow<'static, [Slot]>,
}

/// What the rules say of a name that ends in the labels of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// The label's last 8 bytes as a number.
    pub head: u64,
    /// Where the label starts in `labels`, and its length.
    pub start: u32,
    pub length: u32,
    pub parent: u32,
    /// The node of the label `*` below this one; the root if it has none.
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

impl SuffixTable {
    /// The table of `rules`, with their hidden wildcards spelt out: in this table, as in the `publicsuffix` crate, a
    /// label that has a node hides the wildcard beside it.
    ///
    /// Rules in other spellings than ASCII are left out, as names are looked up in punycode.
    pub fn new(mut rules: Rules) -> SuffixTable {
        rules.spell_out_hidden_wildcards();
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
        let slots = slots(&nodes, &labels);
        SuffixTable { nodes: nodes.into(), labels: labels.into(), slots: slots.into() }
    }

    /// The number of labels in the public suffix of `name` (at least one), and its type.
    pub fn suffix(&self, name: &[u8]) -> (usize, SuffixType) {
        let labels = || name.rsplit(|&byte| byte == b'.');
        if name.is_ascii() {
            self.find(labels().map(Slice::whole))
        } else {
            self.find_any(labels().map(Cow::Borrowed))
        }
    }

    /// The same for the labels of a name, last label first, which may hold any bytes.
    pub fn find_any<'b>(&self, labels: impl Iterator<Item = Cow<'b, [u8]>>) -> (usize, SuffixType) {
        // One by one, as few labels are looked at.
        self.find_by(labels.take(MAX_LABELS).map(punycode), |key| Slice::whole(key))
    }

    /// The same for the labels of a name, last label first, which are ASCII in any case.
    #[inline]
    pub fn find<'b>(&self, labels: impl Iterator<Item = Slice<'b>>) -> (usize, SuffixType) {
        self.find_by(labels, |label| *label)
    }

    #[inline]
    fn find_by<L>(
        &self,
        labels: impl Iterator<Item = L>,
        slice: impl Fn(&L) -> Slice<'_>,
    ) -> (usize, SuffixType) {
        let table = self.borrowed();
        let (mut node, mut suffix) = (ROOT, (1, SuffixType::Unlisted));
        for (above, label) in labels.enumerate() {
            let wildcard = table.nodes[node as usize].wildcard;
            node = match table.child(node, slice(&label)) {
                Some(child) => child,
                None if wildcard != ROOT => wildcard,
                None => break,
            };
            let flags = table.nodes[node as usize].flags;
            if flags & (ICANN | PRIVATE) != 0 {
                let suffix_type = if flags & ICANN != 0 { SuffixType::Icann } else { SuffixType::Private };
                if flags & EXCEPTION != 0 {
                    return (above, suffix_type);
                }
                suffix = (above + 1, suffix_type);
            }
            if flags & INNER == 0 {
                break;
            }
        }
        suffix
    }

    /// The table without the question who owns it, which is asked once a name.
    #[inline]
    fn borrowed(&self) -> Borrowed<'_> {
        Borrowed { nodes: &self.nodes, labels: &self.labels, slots: &self.slots }
    }
}

/// A label in punycode if it is not ASCII.
fn punycode(label: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if label.is_ascii() {
        return label;
    }
    let ascii = std::str::from_utf8(&label).ok().and_then(ascii_label);
    ascii.map_or(label, |ascii| Cow::Owned(ascii.into_bytes()))
}

#[derive(Clone, Copy)]
struct Borrowed<'t> {
    nodes: &'t [Node],
    labels: &'t [u8],
    slots: &'t [Slot],
}

impl Borrowed<'_> {
    /// The node of `label` below `parent`.
    #[inline]
    fn child(self, parent: u32, label: Slice<'_>) -> Option<u32> {
        let Slice { bytes, start, end } = label;
        let length = end - start;
        let head = word(bytes, end, length);
        let hash = hash(parent, label, head);
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

fn slots(nodes: &[Node], labels: &[u8]) -> Vec<Slot> {
    let mut slots = vec![Slot::default(); (2 * nodes.len()).next_power_of_two()];
    for (number, node) in nodes.iter().enumerate().skip(1) {
        let hash = hash(node.parent, Slice::whole(text(node, labels)), node.head);
        let mut at = slot_of(hash, &slots);
        while slots[at].node != ROOT {
            at = (at + 1) & (slots.len() - 1);
        }
        slots[at] = Slot { tag: tag(hash), node: to_u32(number) };
    }
    slots
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

/// A hash of a label below a node, the same in upper and lower case. It reads words of 8 bytes from the label's end on, the
/// first of which is `head`.
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

/// Mixes the bits of `number`: multiplies by 2^64 divided by the golden ratio, and joins both halves of the product.
#[inline]
#[allow(clippy::cast_possible_truncation)]
fn mix(number: u64) -> u64 {
    let product = u128::from(number) * 0x9E37_79B9_7F4A_7C15;
    product as u64 ^ (product >> 64) as u64
}

/// The last 8 bytes of the label of `length` bytes that ends at `end`, in lower case, as a number. A shorter label has
/// zeros before it.
#[inline]
fn word(bytes: &[u8], end: usize, length: usize) -> u64 {
    let word = if let Some(word) = end.checked_sub(WORD).and_then(|start| bytes[start..end].first_chunk()) {
        u64::from_le_bytes(*word)
    } else {
        // Fewer than 8 bytes precede the label's end.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use publicsuffix::{List, Psl, Type};

    use super::*;

    /// The published algorithm over rules with wildcards anywhere: the number of labels of the suffix.
    fn by_the_algorithm(rules: &[String], name: &str) -> usize {
        let labels: Vec<&str> = name.rsplit('.').collect();
        let matches = |rule: &str| {
            let rule: Vec<&str> = rule.rsplit('.').collect();
            let equal = rule.iter().zip(&labels).all(|(rule, label)| *rule == "*" || rule == label);
            (equal && rule.len() <= labels.len()).then_some(rule.len())
        };
        let exception = rules.iter().filter_map(|rule| matches(rule.strip_prefix('!')?)).max();
        let longest = rules.iter().filter_map(|rule| matches(rule)).max();
        exception.map(|labels| labels - 1).or(longest).unwrap_or(1)
    }

    /// The answer of the `publicsuffix` crate.
    fn by_the_crate(list: &List, name: &str) -> (usize, SuffixType) {
        let info = list.find(name.rsplit('.').map(str::as_bytes));
        let suffix_type = match info.typ {
            Some(Type::Icann) => SuffixType::Icann,
            Some(Type::Private) => SuffixType::Private,
            None => SuffixType::Unlisted,
        };
        (name[name.len() - info.len..].split('.').count(), suffix_type)
    }

    proptest! {
        #[test]
        fn agrees_with_the_algorithm_and_the_crate_for_any_rules(
            rules in prop::collection::vec("([ab*]\\.){0,3}[ab]", 0..8),
            exception in prop::option::of("![ab]\\.([ab]\\.){0,2}[ab]"),
            names in prop::collection::vec("([abc]\\.){0,5}[abc]", 1..30),
        ) {
            let mut rules: Vec<String> = rules;
            rules.extend(exception);
            let mut read = Rules::default();
            for rule in &rules {
                read.add(rule, if rule.len() % 2 == 0 { Section::Icann } else { Section::Private }).expect("a rule");
            }
            read.spell_out_hidden_wildcards();
            let of_the_crate: List = read.to_list().parse().unwrap_or_default();
            let list = SuffixTable::new(read);
            for name in names {
                prop_assert_eq!(list.suffix(name.as_bytes()).0, by_the_algorithm(&rules, &name), "{} {:?}", name, rules);
                prop_assert_eq!(list.suffix(name.as_bytes()), by_the_crate(&of_the_crate, &name), "{} {:?}", name, rules);
            }
        }
    }
}
