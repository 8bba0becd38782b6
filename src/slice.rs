//! A slice that knows the bytes around it.
//!
//! Fast paths read in blocks of a fixed length. With the surrounding bytes at hand they may read past the end of a
//! value, and only the last few bytes of a chunk need care.

/// A piece of a larger buffer. Reading beyond its ends, within `bytes`, is safe and yields what lies there.
#[derive(Debug, Clone, Copy)]
pub struct Slice<'b> {
    /// The whole buffer.
    pub bytes: &'b [u8],
    /// Where the piece starts in `bytes`.
    pub start: usize,
    /// Where it ends in `bytes`; at least `start`.
    pub end: usize,
}

impl<'b> Slice<'b> {
    /// All of `bytes`.
    pub fn whole(bytes: &'b [u8]) -> Slice<'b> {
        Slice { bytes, start: 0, end: bytes.len() }
    }

    /// The piece alone.
    #[inline]
    pub fn as_bytes(self) -> &'b [u8] {
        &self.bytes[self.start..self.end]
    }
}
