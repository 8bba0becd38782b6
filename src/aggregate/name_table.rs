//! The names of a chunk, each split once.

use super::interner::{Interner, Place, short};
use crate::names::ordinary::{OrdinaryName, without_dots};
use crate::names::{Host, Name, SuffixTable, present};
use crate::slice::Slice;

/// Names and their domains, interned.
#[derive(Debug, Default)]
pub struct NameTable {
    /// As they were typed.
    names: Interner,
    /// By the name's id; `None` for a name without a registrable domain.
    splits: Vec<Option<Split>>,
    domains: Domains,
}

/// A name that has a registrable domain.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// The id of the domain.
    domain: u32,
    /// Where the subdomain lies among the names, if there is one.
    subdomain: Option<Place>,
}

impl NameTable {
    /// The id of a name.
    pub fn id(&mut self, name: Slice<'_>, list: &SuffixTable) -> u32 {
        self.names.intern(name.as_bytes()).or_note(|place| {
            let split = self.split(name, place, list);
            self.splits.push(split);
        })
    }

    /// The id of the domain of a name; `None` for a name without a registrable domain.
    pub fn domain_of(&self, name: u32) -> Option<u32> {
        Some(self.splits[name as usize].as_ref()?.domain)
    }

    /// The registrable domain with this id, in lower case and in presentation format.
    pub fn domain(&self, id: u32) -> &str {
        self.domains.get(id)
    }

    /// The subdomain of a name, as it was typed.
    pub fn subdomain(&self, name: u32) -> Option<&[u8]> {
        Some(self.names.get(self.splits[name as usize].as_ref()?.subdomain?))
    }

    /// The number of bytes of all names.
    pub fn bytes(&self) -> usize {
        self.names.bytes()
    }

    /// Forgets all names and keeps the memory.
    pub fn clear(&mut self) {
        self.names.clear();
        self.splits.clear();
        self.domains.clear();
    }

    /// Splits a new name, which was interned at `place`. An ordinary name takes the fast path, and its subdomain is a part of
    /// the interned text.
    fn split(&mut self, name: Slice<'_>, place: Place, list: &SuffixTable) -> Option<Split> {
        let parts =
            OrdinaryName::split(name, list).or_else(|| OrdinaryName::split(without_dots(name)?, list));
        if let Some(parts) = parts {
            let domain = self.domains.id(&name.bytes[parts.domain..parts.end]);
            let (from, to) = parts.subdomain();
            let start = place.0 + short(from - name.start);
            let subdomain = (from < to).then(|| (start, start + short(to - from)));
            return Some(Split { domain, subdomain });
        }
        let Host::Name(text) = Host::parse(name.as_bytes()) else { return None };
        let name = Name::split(&text, list);
        let domain = self.domains.id(name.domain()?.as_bytes());
        let subdomain = name.subdomain().map(|text| self.names.append(text));
        Some(Split { domain, subdomain })
    }
}

/// Domains, interned.
#[derive(Debug, Default)]
struct Domains {
    /// In lower case.
    interner: Interner,
    /// In presentation format, one after another, and where each ends. Written once, as several groups can have the same domain.
    texts: String,
    ends: Vec<usize>,
    lower: Vec<u8>,
}

impl Domains {
    /// The id of a domain, whatever the case of its ASCII letters.
    fn id(&mut self, domain: &[u8]) -> u32 {
        self.lower.clear();
        self.lower.extend_from_slice(domain);
        self.lower.make_ascii_lowercase();
        self.interner.intern(&self.lower).or_note(|_| {
            self.texts.push_str(&present(&self.lower));
            self.ends.push(self.texts.len());
        })
    }

    fn get(&self, id: u32) -> &str {
        let index = id as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[index]]
    }

    fn clear(&mut self) {
        self.interner.clear();
        self.texts.clear();
        self.ends.clear();
    }
}
