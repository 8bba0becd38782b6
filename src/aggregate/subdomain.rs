//! What is measured of a subdomain: the labels before the registrable domain.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use xxhash_rust::xxh3::xxh3_64;

use crate::detect::NameEvidence;
use crate::names::wire;

/// Entropies are summed in units of 2^-40 bits. Sums of integers are the same in any order.
#[allow(clippy::cast_precision_loss)] // a power of two
pub const ENTROPY_UNIT: f64 = (1_u64 << 40) as f64;

/// The measures of a subdomain, apart from the detector's evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subdomain {
    /// The hash of the text in lower case. Names that differ only in case are one name: resolvers that randomise case (0x20)
    /// send it in many spellings.
    pub hash: u64,
    /// The hash of the text.
    pub spelling: u64,
    /// Characters, or bytes on the wire if the text has escapes.
    pub length: u32,
    /// Entropy, in units of 2^-40 bits a character.
    pub entropy: u64,
}

impl Subdomain {
    /// Measures a subdomain.
    pub fn measure(text: &[u8]) -> Subdomain {
        let spelling = xxh3_64(text);
        let hash = if text.iter().any(u8::is_ascii_uppercase) {
            xxh3_64(&text.to_ascii_lowercase())
        } else {
            spelling
        };
        let length = u32::try_from(wire::length(text)).unwrap_or(u32::MAX);
        Subdomain { hash, spelling, length, entropy: entropy_units(text) }
    }
}

/// An entropy in units of 2^-40 bits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most 64 bits a character, never negative
fn entropy_units(text: &[u8]) -> u64 {
    (wire::shannon(text).unwrap_or_default() * ENTROPY_UNIT).round() as u64
}

/// Sums over queries for names with a subdomain, from which means and deviations follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moments {
    /// How many queries there are.
    pub count: u64,
    /// Entropies of subdomains, in units of 2^-40 bits a character.
    pub entropy: u128,
    /// Lengths of subdomains, in characters.
    pub length: u64,
    /// Squares of the lengths.
    pub length_squared: u128,
    /// The greatest length.
    pub max_length: u64,
}

impl Moments {
    /// Adds `count` queries for a name.
    pub fn add(&mut self, count: u64, subdomain: &Subdomain) {
        let length = u64::from(subdomain.length);
        self.extend(&Moments {
            count,
            entropy: u128::from(count) * u128::from(subdomain.entropy),
            length: count.saturating_mul(length),
            length_squared: u128::from(count).saturating_mul(u128::from(length) * u128::from(length)),
            max_length: length,
        });
    }

    /// Adds the sums over other queries.
    pub fn extend(&mut self, other: &Moments) {
        self.count = self.count.saturating_add(other.count);
        self.entropy = self.entropy.saturating_add(other.entropy);
        self.length = self.length.saturating_add(other.length);
        self.length_squared = self.length_squared.saturating_add(other.length_squared);
        self.max_length = self.max_length.max(other.max_length);
    }
}

/// A subdomain that is sent as its measures instead of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Message", try_from = "Message")]
pub struct Measured {
    /// The measures.
    pub subdomain: Subdomain,
    /// The detector's evidence.
    pub evidence: NameEvidence,
}

/// The wire form of [`Measured`].
#[derive(Serialize, Deserialize)]
struct Message {
    /// Hash, entropy and evidence as bytes: they are mostly random, so variable-length numbers would be longer.
    bytes: ByteArray<{ HASH + ENTROPY + NameEvidence::BYTES }>,
    length: u32,
    /// `None` if it equals the hash: the text is in lower case.
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
        let evidence = NameEvidence::from_bytes(evidence).ok_or("the encoding is unknown")?;
        Ok(Measured { subdomain, evidence })
    }
}
