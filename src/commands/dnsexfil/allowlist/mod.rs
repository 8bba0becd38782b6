//! The allowlist: domains that look like tunnels but are known, each with the reason.

mod clients;
mod domain;
mod expiry;

use std::collections::HashMap;
use std::path::Path;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use self::clients::{Clients, ClientsError};
use self::domain::{DomainError, DomainPattern, Wildcards};
use self::expiry::ExpiryError;
use crate::commands::builtin;
use crate::lookup_file::{self, LookupRow, SkippedLines, shown};

pub use self::clients::CLIENT_FIELDS;

/// The columns of the users' file; only the first one must exist.
const COLUMNS: [&str; 4] = ["domain", "reason", "src", "expires"];

/// The file of the users' own entries.
const FILE: &str = "dnsentropy_allowlist_local.csv";

/// Patterns of registrable domains with reasons. If several entries apply, the first one wins: the users' own, then the
/// app's.
///
/// Nearly all patterns are `example.com` or `*.example.com`, and a table of a million rows asks for each domain. So these
/// two forms are found by hash; only other wildcards are tried one after another.
#[derive(Debug, Default)]
pub struct Allowlist {
    entries: Vec<Entry>,
    /// By domain: the indices of its entries.
    domains: Indices,
    /// By parent domain, for `*.parent`.
    parents: Indices,
    wildcards: Vec<(Wildcards, usize)>,
}

type Indices = HashMap<String, Vec<usize>, RandomState>;

#[derive(Debug)]
struct Entry {
    reason: String,
    /// `None`: all of them.
    clients: Option<Clients>,
}

/// Why a row is not an entry.
#[derive(Debug, thiserror::Error)]
enum EntryError<'c> {
    #[error("the domain {} is not valid: {error}", shown(cell))]
    Domain { cell: &'c str, error: DomainError },
    #[error("src {} is not valid: {error}", shown(cell))]
    Clients { cell: &'c str, error: ClientsError },
    #[error("expires {} is not valid: {error}", shown(cell))]
    Expiry { cell: &'c str, error: ExpiryError },
}

impl Allowlist {
    /// Loads the users' entries in a folder of lookups that have not expired at `now`, then the app's. What cannot be read is left out, with
    /// a warning.
    pub fn load(lookups: &Path, now: Timestamp) -> (Allowlist, Vec<String>) {
        let mut allowlist = Allowlist::default();
        let mut warnings = Vec::new();
        let file = lookups.join(FILE);
        match lookup_file::read(&file, COLUMNS) {
            Ok(rows) => warnings.extend(allowlist.add_rows(&rows, &file, now)),
            Err(error) => warnings.push(error.to_string()),
        }
        let builtin = lookup_file::parse(builtin::ALLOWLIST.as_bytes(), COLUMNS).unwrap_or_default();
        warnings.extend(allowlist.add_rows(&builtin, Path::new("the app's allowlist"), now));
        (allowlist, warnings)
    }

    fn add_rows(
        &mut self,
        rows: &[LookupRow<4>],
        file: &Path,
        now: Timestamp,
    ) -> impl Iterator<Item = String> + use<> {
        let mut skipped = SkippedLines::new(file);
        for LookupRow { line, cells } in rows {
            // `outputlookup` writes the values of a field with several values as lines of one cell.
            for domain in cells[0].lines() {
                if let Err(error) = self.add(domain, &cells[1], &cells[2], &cells[3], now) {
                    skipped.add(*line, error);
                }
            }
        }
        skipped.into_warnings()
    }

    fn add<'c>(
        &mut self,
        domain: &'c str,
        reason: &str,
        src: &'c str,
        expires: &'c str,
        now: Timestamp,
    ) -> Result<(), EntryError<'c>> {
        let pattern =
            DomainPattern::parse(domain).map_err(|error| EntryError::Domain { cell: domain, error })?;
        let Some(pattern) = pattern else { return Ok(()) };
        let clients = Clients::parse(src).map_err(|error| EntryError::Clients { cell: src, error })?;
        let expires = expiry::parse(expires).map_err(|error| EntryError::Expiry { cell: expires, error })?;
        if expires.is_some_and(|expires| expires <= now) {
            return Ok(());
        }
        let index = self.entries.len();
        let reason = if reason.is_empty() { domain.trim() } else { reason }.to_owned();
        self.entries.push(Entry { reason, clients });
        match pattern {
            DomainPattern::Exact(domain) => self.domains.entry(domain).or_default().push(index),
            DomainPattern::Below(parent) => self.parents.entry(parent).or_default().push(index),
            DomainPattern::Wildcards(wildcards) => self.wildcards.push((wildcards, index)),
        }
        Ok(())
    }

    /// Why `domain`, in lower case, is allowed for `client`, if it is. Without a client, entries of some clients do not apply.
    pub fn reason(&self, domain: &str, client: Option<&str>) -> Option<&str> {
        let ascii = domain::to_ascii(domain);
        let parents = ascii.match_indices('.').map(|(dot, _)| &ascii[dot + 1..]);
        let parents = [&*ascii].into_iter().chain(parents).filter_map(|parent| self.parents.get(parent));
        let by_hash = self.domains.get(&*ascii).into_iter().chain(parents).flatten();
        let applies = |index: &&usize| match &self.entries[**index].clients {
            None => true,
            Some(clients) => client.is_some_and(|client| clients.contain(client)),
        };
        let unicode = if self.wildcards.is_empty() { "".into() } else { domain::to_unicode(domain) };
        let matching = self.wildcards.iter().filter(|(pattern, _)| pattern.matches(&ascii, &unicode));
        let by_wildcard = matching.map(|(_, index)| index).find(applies);
        let first = by_hash.filter(applies).chain(by_wildcard).min()?;
        Some(&self.entries[*first].reason)
    }
}

#[cfg(test)]
mod tests;
