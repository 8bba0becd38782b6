//! What is measured of a subdomain, which is what stands before the registrable domain.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use xxhash_rust::xxh3::xxh3_64;

use crate::detect::NameEvidence;
use crate::features;

/// Entropies are counted in units of 2^-40 bits: integers, so that their sum is the same in any order.
#[allow(clippy::cast_precision_loss)] // a power of two
pub const ENTROPY_UNIT: f64 = (1_u64 << 40) as f64;

/// A subdomain, measured: all but what the detector takes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subdomain {
    /// The hash of the text in lower case. Names that differ by case alone are one name: resolvers that randomise case
    /// ask for it in many spellings.
    pub hash: u64,
    /// The hash of the text.
    pub spelling: u64,
    /// Characters.
    pub length: u32,
    /// Entropy, in units of 2^-40 bits a character.
    pub entropy: u64,
}

impl Subdomain {
    /// Measures a subdomain.
    pub fn of(text: &[u8]) -> Subdomain {
        let spelling = xxh3_64(text);
        let hash = if text.iter().any(u8::is_ascii_uppercase) {
            xxh3_64(&text.to_ascii_lowercase())
        } else {
            spelling
        };
        let length = u32::try_from(features::length(text)).unwrap_or(u32::MAX);
        Subdomain { hash, spelling, length, entropy: entropy_units(text) }
    }
}

/// An entropy in units of 2^-40 bits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 64 bits a character, never negative
fn entropy_units(text: &[u8]) -> u64 {
    (features::shannon(text).unwrap_or_default() * ENTROPY_UNIT).round() as u64
}

/// A subdomain that is told by what was measured of it, in place of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Message", try_from = "Message")]
pub struct Measured {
    /// The measures.
    pub subdomain: Subdomain,
    /// What the detector takes from it.
    pub evidence: NameEvidence,
}

/// The same in a message.
#[derive(Serialize, Deserialize)]
struct Message {
    /// Hash, entropy, evidence: bytes, as hardly any of them is 0.
    bytes: ByteArray<{ HASH + ENTROPY + NameEvidence::BYTES }>,
    length: u32,
    /// Left out where it is the hash, as it is in lower case.
    spelling: Option<ByteArray<HASH>>,
}

/// The bytes of a hash, and those that an entropy takes.
const HASH: usize = 8;
const ENTROPY: usize = 6;

impl From<Measured> for Message {
    fn from(Measured { subdomain, evidence }: Measured) -> Message {
        let Subdomain { hash, spelling, length, entropy } = subdomain;
        let mut bytes = [0; HASH + ENTROPY + NameEvidence::BYTES];
        bytes[..HASH].copy_from_slice(&hash.to_le_bytes());
        bytes[HASH..][..ENTROPY].copy_from_slice(&entropy.to_le_bytes()[..ENTROPY]);
        bytes[HASH + ENTROPY..].copy_from_slice(&evidence.to_bytes());
        let spelling = (spelling != hash).then(|| ByteArray::new(spelling.to_le_bytes()));
        Message { bytes: ByteArray::new(bytes), length, spelling }
    }
}

impl TryFrom<Message> for Measured {
    type Error = &'static str;

    fn try_from(Message { bytes, length, spelling }: Message) -> Result<Measured, &'static str> {
        let (mut hash, mut entropy, mut evidence) = ([0; HASH], [0; 8], [0; NameEvidence::BYTES]);
        hash.copy_from_slice(&bytes[..HASH]);
        entropy[..ENTROPY].copy_from_slice(&bytes[HASH..][..ENTROPY]);
        evidence.copy_from_slice(&bytes[HASH + ENTROPY..]);
        let subdomain = Subdomain {
            hash: u64::from_le_bytes(hash),
            spelling: u64::from_le_bytes(spelling.map_or(hash, ByteArray::into_array)),
            length,
            entropy: u64::from_le_bytes(entropy),
        };
        let evidence = NameEvidence::from_bytes(evidence).ok_or("there is no such encoding")?;
        Ok(Measured { subdomain, evidence })
    }
}
