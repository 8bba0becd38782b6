//! Partial results: parts as text, on their way from the map phase on a search peer to the reduce phase.
//!
//! The text is a version, a colon, and base64 of postcard messages, one part after another: there can be as many names as
//! events, and numbers written as text would take longer than the work itself. Peers can run an older copy of the app for
//! a while after an upgrade, hence the version; what other versions wrote is either of this form too or JSON with a
//! `version`.

use base64_simd::STANDARD_NO_PAD as BASE64;
use serde::Deserialize;

use super::partial::PartialAggregate;

/// The version of this form. A text of another version is refused.
const VERSION: u32 = 3;
/// What a text of this version begins with.
const PREFIX: &str = "3:";
/// A text holds about so many bytes of messages.
const MOST_BYTES: usize = 2048;

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

/// Writes parts as rows of one column.
#[derive(Debug, Default)]
pub struct Writer {
    message: Vec<u8>,
}

impl Writer {
    /// Adds a part, and appends a row to `rows` if there is enough for one. A row needs no quotes in CSV.
    pub fn write(&mut self, part: &PartialAggregate<'_>, rows: &mut Vec<u8>) {
        let message = std::mem::take(&mut self.message);
        self.message = postcard::to_extend(part, message).expect("memory takes every write");
        if self.message.len() >= MOST_BYTES {
            self.end(rows);
        }
    }

    /// Appends a row of what is left, if anything is.
    pub fn end(&mut self, rows: &mut Vec<u8>) {
        if self.message.is_empty() {
            return;
        }
        rows.extend_from_slice(PREFIX.as_bytes());
        BASE64.encode_append(&self.message, rows);
        rows.push(b'\n');
        self.message.clear();
    }
}

/// The messages of a text.
///
/// # Errors
///
/// The text is of another version, or none of this form.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, PartialError> {
    let messages = text.strip_prefix(PREFIX.as_bytes()).ok_or_else(|| other_version(text))?;
    BASE64.decode_to_vec(messages).map_err(|_| PartialError::Broken)
}

/// Reads the parts in messages.
///
/// # Errors
///
/// A part cannot be read; then none counts.
pub fn read(messages: &[u8]) -> Result<Vec<PartialAggregate<'_>>, PartialError> {
    let mut parts = Vec::new();
    let mut rest = messages;
    while !rest.is_empty() {
        let (part, behind) =
            postcard::take_from_bytes::<PartialAggregate<'_>>(rest).map_err(|_| PartialError::Broken)?;
        parts.push(part);
        rest = behind;
    }
    Ok(parts)
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
