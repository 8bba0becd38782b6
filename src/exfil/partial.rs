//! Partial results: a group as text, on its way from the map phase on a search peer to the reduce phase.
//!
//! The text is a version, a colon, and base64 of a postcard message: there can be as many partial results as events, and
//! numbers written as text would take longer than the work itself. Peers can run an older copy of the app for a while
//! after an upgrade, hence the version; what other versions wrote is either of this form too or JSON with a `version`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use super::group::Group;
use super::groups::Key;
use super::record_types::RecordTypes;
use super::sample::{Entry, Sample};
use crate::detect::NameEvidence;

/// The version of this form. A text of another version is refused.
const VERSION: u32 = 2;
/// What a text of this version begins with.
const PREFIX: &str = "2:";
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

/// What a message holds. `S` is a text, `L` a list of texts, `N` a list of hashes and names: written from where they are,
/// read as parts of the message.
#[derive(Serialize, Deserialize)]
struct Message<'m, S, L, N> {
    domain: S,
    by: L,
    count: u64,
    with_subdomain: u64,
    entropy: u128,
    length: u64,
    length_squared: u128,
    max_length: u64,
    seen: Option<(i64, i64)>,
    record_types: RecordTypes,
    limit: usize,
    cut: bool,
    /// [`ENTRY`] bytes for each name of the sample.
    #[serde(borrow)]
    sample: &'m Bytes,
    names: N,
}

/// Memory for writing one group after another.
#[derive(Debug, Default)]
pub struct Scratch {
    sample: Vec<u8>,
    message: Vec<u8>,
}

/// Appends a group to `text`, which then needs no quotes in CSV.
pub fn write(key: &Key, group: &Group, scratch: &mut Scratch, text: &mut Vec<u8>) {
    let Scratch { sample, message } = scratch;
    sample.clear();
    for entry in group.sample.entries() {
        sample.extend_from_slice(&entry.hash.to_le_bytes());
        sample.extend_from_slice(&entry.spelling.to_le_bytes());
        sample.extend_from_slice(&entry.evidence.to_bytes());
    }
    let of_group = Message {
        domain: &key.domain,
        by: &key.by,
        count: group.count,
        with_subdomain: group.with_subdomain,
        entropy: group.entropy,
        length: group.length,
        length_squared: group.length_squared,
        max_length: group.max_length,
        seen: group.seen,
        record_types: group.record_types.clone(),
        limit: group.sample.limit(),
        cut: group.sample.is_cut(),
        sample: Bytes::new(sample),
        names: &group.names,
    };
    message.clear();
    *message = postcard::to_extend(&of_group, std::mem::take(message)).expect("memory takes every write");
    text.extend_from_slice(PREFIX.as_bytes());
    let start = text.len();
    text.resize(start + base64::encoded_len(message.len(), false).unwrap_or(0), 0);
    BASE64.encode_slice(&*message, &mut text[start..]).expect("there is as much room as it takes");
}

/// Reads a group that [`write`] wrote.
///
/// # Errors
///
/// The text is of another version, or none of this form.
pub fn read(text: &[u8]) -> Result<(Key, Group), PartialError> {
    let message = text.strip_prefix(PREFIX.as_bytes()).ok_or_else(|| other_version(text))?;
    let message = BASE64.decode(message).map_err(|_| PartialError::Broken)?;
    let message: Message<'_, &str, Vec<&str>, Vec<(u64, &str)>> =
        postcard::from_bytes(&message).map_err(|_| PartialError::Broken)?;
    let (entries, rest) = message.sample.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(PartialError::Broken);
    }
    let entries: Vec<Entry> = entries.iter().map(entry).collect::<Option<_>>().ok_or(PartialError::Broken)?;
    let owned = |text: &str| text.to_owned();
    let group = Group {
        count: message.count,
        with_subdomain: message.with_subdomain,
        entropy: message.entropy,
        length: message.length,
        length_squared: message.length_squared,
        max_length: message.max_length,
        seen: message.seen,
        record_types: message.record_types,
        sample: Sample::from_entries(message.limit, entries, message.cut),
        names: message.names.into_iter().map(|(hash, name)| (hash, owned(name))).collect(),
    };
    Ok((Key { domain: owned(message.domain), by: message.by.into_iter().map(owned).collect() }, group))
}

/// What a text is that is not of this version.
#[cold]
fn other_version(text: &[u8]) -> PartialError {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let text = String::from_utf8_lossy(text);
    let version = text.split_once(':').and_then(|(version, _)| version.parse().ok());
    let version = version.or_else(|| Some(serde_json::from_str::<Versioned>(&text).ok()?.version));
    version.map_or(PartialError::Broken, PartialError::Version)
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
