//! The names that a chunk asks for, each split once.

use super::interner::{Interner, Place, short};
use crate::names::ordinary::OrdinaryName;
use crate::names::{Host, Name, SuffixTable};
use crate::slice::Slice;

/// Names and their domains by numbers.
#[derive(Debug, Default)]
pub struct NameTable {
    /// As they were typed.
    names: Interner,
    /// By the name's number; `None` where it has no registrable domain.
    known: Vec<Option<Known>>,
    domains: Domains,
}

/// A name that has a registrable domain.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The number of the domain.
    domain: u32,
    /// Where what stands before the domain lies among the names, if anything does.
    subdomain: Option<Place>,
}

impl NameTable {
    /// The number of a name.
    pub fn number(&mut self, name: Slice<'_>, list: &SuffixTable) -> u32 {
        self.names.number(name.as_bytes()).noted(|place| {
            let known = self.learn(name, place, list);
            self.known.push(known);
        })
    }

    /// The number of the domain of a name; `None` where it has no registrable domain.
    pub fn domain_of(&self, name: u32) -> Option<u32> {
        Some(self.known[name as usize].as_ref()?.domain)
    }

    /// The registrable domain with a number, in lower case; what is no UTF-8 is replaced.
    pub fn domain(&self, number: u32) -> &str {
        self.domains.get(number)
    }

    /// What stands before the domain of a name, as it was typed.
    pub fn subdomain(&self, name: u32) -> Option<&[u8]> {
        Some(self.names.bytes(self.known[name as usize].as_ref()?.subdomain?))
    }

    /// The bytes of all names.
    pub fn bytes(&self) -> usize {
        self.names.len()
    }

    /// Forgets all names, and keeps the memory.
    pub fn clear(&mut self) {
        self.names.clear();
        self.known.clear();
        self.domains.clear();
    }

    /// Splits a new name, which lies at `place`.
    fn learn(&mut self, name: Slice<'_>, place: Place, list: &SuffixTable) -> Option<Known> {
        if let Some(parts) = OrdinaryName::split(name, list) {
            let domain = self.domains.number(&name.bytes[parts.domain..name.end]);
            let (from, to) = parts.subdomain();
            let subdomain = (from < to).then(|| (place.0, place.0 + short(to - from)));
            return Some(Known { domain, subdomain });
        }
        let Host::Name(text) = Host::parse(name.as_bytes()) else { return None };
        let name = Name::split(&text, list);
        let domain = self.domains.number(&name.domain()?);
        let subdomain = name.subdomain().map(|text| self.names.append(text));
        Some(Known { domain, subdomain })
    }
}

/// Domains by numbers.
#[derive(Debug, Default)]
struct Domains {
    /// In lower case.
    numbers: Interner,
    /// As UTF-8, one behind the other, and where each ends: made once, while several groups tell of a domain.
    texts: String,
    ends: Vec<usize>,
    lower: Vec<u8>,
}

impl Domains {
    /// The number of a domain, whatever the case of its ASCII letters.
    fn number(&mut self, domain: &[u8]) -> u32 {
        self.lower.clear();
        self.lower.extend_from_slice(domain);
        self.lower.make_ascii_lowercase();
        self.numbers.number(&self.lower).noted(|_| {
            self.texts.push_str(&String::from_utf8_lossy(&self.lower));
            self.ends.push(self.texts.len());
        })
    }

    fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[number]]
    }

    fn clear(&mut self) {
        self.numbers.clear();
        self.texts.clear();
        self.ends.clear();
    }
}
