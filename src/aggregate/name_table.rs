//! The names of a chunk, each split once.

use super::interner::{Interner, Place, short};
use super::other_values::OtherValues;
use crate::names::logged::{self, Logged};
use crate::names::ordinary::{OrdinaryName, without_dots};
use crate::names::presentation::is_plain;
use crate::names::{NO_DOMAIN, Name, SuffixTable, ascii};
use crate::slice::Slice;

/// Names and their domains, interned.
#[derive(Debug, Default)]
pub struct NameTable {
    /// As they were typed.
    names: Interner,
    /// By the name's id.
    entries: Vec<Entry>,
    domains: Domains,
}

/// What a value is.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Name(Split),
    Address,
    /// Where the value lies among the names.
    Unreadable(Place),
}

/// The parts of a name.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// The id of the domain.
    domain: u32,
    /// Where the subdomain lies among the names, if there is one. A name without a registrable domain is one as a whole.
    subdomain: Option<Place>,
}

impl NameTable {
    /// The id of a name, or of another value.
    pub fn id(&mut self, name: Slice<'_>, list: &SuffixTable) -> u32 {
        self.names.intern(name.as_bytes()).or_note(|place| {
            let entry = self.read(name, place, list);
            self.entries.push(entry);
        })
    }

    /// The id of the domain of a name; `None` for another value.
    pub fn domain_of(&self, name: u32) -> Option<u32> {
        match &self.entries[name as usize] {
            Entry::Name(split) => Some(split.domain),
            _ => None,
        }
    }

    /// Counts a value that is not a name.
    #[cold]
    pub fn count_other(&self, value: u32, others: &mut OtherValues) {
        match self.entries[value as usize] {
            Entry::Name(_) => {}
            Entry::Address => others.addresses += 1,
            Entry::Unreadable(place) => others.unreadable.note(self.names.get(place)),
        }
    }

    /// The domain with this id in ASCII: the registrable domain, or [`NO_DOMAIN`].
    pub fn domain(&self, id: u32) -> &str {
        self.domains.get(id)
    }

    /// The subdomain of a name, as it was typed.
    pub fn subdomain(&self, name: u32) -> Option<&[u8]> {
        match &self.entries[name as usize] {
            Entry::Name(split) => Some(self.names.get(split.subdomain?)),
            _ => None,
        }
    }

    /// The number of bytes of all names.
    pub fn bytes(&self) -> usize {
        self.names.bytes()
    }

    /// Forgets all names and keeps the memory.
    pub fn clear(&mut self) {
        self.names.clear();
        self.entries.clear();
        self.domains.clear();
    }

    /// Reads a new value, which was interned at `place`. An ordinary name takes the fast path, and its subdomain is a part of
    /// the interned text.
    fn read(&mut self, value: Slice<'_>, place: Place, list: &SuffixTable) -> Entry {
        let parts =
            OrdinaryName::split(value, list).or_else(|| OrdinaryName::split(without_dots(value)?, list));
        if let Some(parts) = parts {
            let domain = self.domains.id(&value.bytes[parts.domain..parts.end]);
            let (from, to) = parts.subdomain();
            let start = place.0 + short(from - value.start);
            let subdomain = (from < to).then(|| (start, start + short(to - from)));
            return Entry::Name(Split { domain, subdomain });
        }
        let text = match logged::read(value.as_bytes()) {
            Logged::Name(text) => text,
            Logged::Address => return Entry::Address,
            Logged::Unreadable => return Entry::Unreadable(place),
        };
        let name = Name::split(&text, list);
        let (domain, subdomain) = match name.ascii_domain() {
            Some(domain) => (self.domains.id(domain.as_bytes()), name.subdomain()),
            None => (self.domains.no_domain(), Some(&*text).filter(|text| !text.is_empty())),
        };
        Entry::Name(Split { domain, subdomain: subdomain.map(|text| self.names.append(text)) })
    }
}

/// Domains, interned.
#[derive(Debug, Default)]
struct Domains {
    /// In ASCII.
    interner: Interner,
    /// The same as text, one after another, and where each ends. Written once, as several groups can have the same domain.
    texts: String,
    ends: Vec<usize>,
    lower: Vec<u8>,
}

impl Domains {
    /// The id of a domain, whatever its spelling.
    fn id(&mut self, domain: &[u8]) -> u32 {
        let Domains { interner, texts, ends, lower } = self;
        lower.clear();
        lower.extend_from_slice(domain);
        lower.make_ascii_lowercase();
        if !is_plain(Slice::whole(lower)) {
            *lower = ascii::domain(domain).into_owned().into_bytes();
        }
        interner.intern(lower).or_note(|_| {
            texts.push_str(&String::from_utf8_lossy(lower));
            ends.push(texts.len());
        })
    }

    /// The id of [`NO_DOMAIN`], which no domain is in ASCII.
    fn no_domain(&mut self) -> u32 {
        let Domains { interner, texts, ends, .. } = self;
        interner.intern(NO_DOMAIN.as_bytes()).or_note(|_| {
            texts.push_str(NO_DOMAIN);
            ends.push(texts.len());
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
