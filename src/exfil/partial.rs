//! Partial results: a group as text, on its way from the map phase on a search peer to the reduce phase.
//!
//! The text is JSON with a version, since peers can run an older copy of the app for a while after an upgrade.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::group::Group;
use super::groups::Key;
use super::sample::{Entry, Sample};
use crate::detect::NameEvidence;

/// The version of this form. A text of another version is refused.
const VERSION: u32 = 1;
/// The bytes of an entry: hash, spelling, evidence.
const ENTRY: usize = 16 + NameEvidence::BYTES;

/// Why a partial result cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartialError {
    /// Another version of the app made it.
    #[error("a search peer runs another version of this app (partial results of version {0}, not {VERSION})")]
    Version(u32),
    /// It is no partial result.
    #[error("a partial result cannot be read")]
    Broken,
}

#[derive(Serialize, Deserialize)]
struct Text {
    version: u32,
    domain: String,
    by: Vec<String>,
    count: u64,
    with_subdomain: u64,
    entropy: String,
    length: u64,
    length_squared: String,
    max_length: u64,
    seen: Option<(i64, i64)>,
    record_types: Vec<String>,
    limit: usize,
    cut: bool,
    sample: String,
    names: Vec<(u64, String)>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Writes a group.
pub fn write(key: &Key, group: &Group) -> String {
    let mut sample = Vec::with_capacity(group.sample.entries().len() * ENTRY);
    for entry in group.sample.entries() {
        sample.extend_from_slice(&entry.hash.to_le_bytes());
        sample.extend_from_slice(&entry.spelling.to_le_bytes());
        sample.extend_from_slice(&entry.evidence.to_bytes());
    }
    let text = Text {
        version: VERSION,
        domain: key.domain.clone(),
        by: key.by.clone(),
        count: group.count,
        with_subdomain: group.with_subdomain,
        entropy: group.entropy.to_string(),
        length: group.length,
        length_squared: group.length_squared.to_string(),
        max_length: group.max_length,
        seen: group.seen,
        record_types: group.record_types.iter().cloned().collect(),
        limit: group.sample.limit(),
        cut: group.sample.is_cut(),
        sample: BASE64.encode(sample),
        names: group.names.clone(),
    };
    serde_json::to_string(&text).expect("strings and numbers have a JSON form")
}

/// Reads a group that [`write`] wrote.
///
/// # Errors
///
/// The text is of another version, or none of this form.
pub fn read(text: &str) -> Result<(Key, Group), PartialError> {
    let version: Version = serde_json::from_str(text).map_err(|_| PartialError::Broken)?;
    if version.version != VERSION {
        return Err(PartialError::Version(version.version));
    }
    let text: Text = serde_json::from_str(text).map_err(|_| PartialError::Broken)?;
    let sample = BASE64.decode(&text.sample).map_err(|_| PartialError::Broken)?;
    let (entries, rest) = sample.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(PartialError::Broken);
    }
    let entries: Vec<Entry> = entries.iter().map(entry).collect::<Option<_>>().ok_or(PartialError::Broken)?;
    let number = |text: &str| text.parse().map_err(|_| PartialError::Broken);
    let group = Group {
        count: text.count,
        with_subdomain: text.with_subdomain,
        entropy: number(&text.entropy)?,
        length: text.length,
        length_squared: number(&text.length_squared)?,
        max_length: text.max_length,
        seen: text.seen,
        record_types: text.record_types.into_iter().collect(),
        sample: Sample::from_entries(text.limit, entries, text.cut),
        names: text.names,
    };
    Ok((Key { domain: text.domain, by: text.by }, group))
}

fn entry(bytes: &[u8; ENTRY]) -> Option<Entry> {
    let number = |at: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(number)
    };
    let mut evidence = [0; NameEvidence::BYTES];
    evidence.copy_from_slice(&bytes[16..]);
    Some(Entry { hash: number(0), spelling: number(8), evidence: NameEvidence::from_bytes(evidence)? })
}
