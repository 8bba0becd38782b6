//! Copies of short texts in blocks of a fixed length.
//!
//! A copy of a fixed length is a few instructions; one of any length is a call with branches on the length. Cells and
//! names are short, so a whole block is copied and what lies beyond the text is cut off again. [`Slice`] provides
//! the bytes beyond the text. Near the end of the buffer there is no whole block: then the text is copied as it is.

use wide::u8x16;

use crate::slice::Slice;

/// The longest text that is copied as one block: most rows of narrow events fit.
const ROW: usize = 64;
/// The same for one output cell, in lanes of 16 bytes that are lower-cased at once.
pub(super) const CELL: usize = 32;

/// Appends a row or a part of one.
#[inline]
pub(crate) fn append(text: Slice<'_>, out: &mut Vec<u8>) {
    if !append_block::<ROW>(text, out, |block| block) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends a cell.
#[inline]
pub(super) fn append_cell(text: Slice<'_>, out: &mut Vec<u8>) {
    if !append_block::<CELL>(text, out, |block| block) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends a cell with its ASCII letters in lower case.
#[inline]
pub(super) fn append_lower(text: Slice<'_>, out: &mut Vec<u8>) {
    if !append_block::<CELL>(text, out, lower) {
        let start = out.len();
        out.extend_from_slice(text.as_bytes());
        out[start..].make_ascii_lowercase();
    }
}

/// Appends `text` as one block that `map` changes. Returns whether it did: the text fits into a block, and the buffer
/// goes on for as long as the block does.
#[inline]
fn append_block<const LENGTH: usize>(
    text: Slice<'_>,
    out: &mut Vec<u8>,
    map: impl Fn([u8; LENGTH]) -> [u8; LENGTH],
) -> bool {
    let length = text.end - text.start;
    let block = text.bytes.get(text.start..).and_then(|rest| rest.first_chunk::<LENGTH>());
    let Some(block) = block.filter(|_| length <= LENGTH) else { return false };
    let end = out.len() + length;
    out.extend_from_slice(&map(*block));
    out.truncate(end);
    true
}

/// `A` to `Z` differ from `a` to `z` in the bit 0x20.
#[inline]
fn lower(mut block: [u8; CELL]) -> [u8; CELL] {
    for lane in block.as_chunks_mut().0 {
        let bytes = u8x16::new(*lane);
        let letter = bytes - u8x16::splat(b'A');
        let upper = letter.min(u8x16::splat(25)).simd_eq(letter);
        *lane = (bytes | (upper & u8x16::splat(0x20))).to_array();
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_at_any_place_are_copied() {
        let bytes = "aZ@[`{\u{e4}Q".repeat(30).into_bytes();
        for start in [0, 1, 100] {
            for end in start..bytes.len() {
                let text = Slice { bytes: &bytes, start, end };
                let plain = text.as_bytes();
                for (copy, expected) in [
                    (append as fn(Slice<'_>, &mut Vec<u8>), plain.to_vec()),
                    (append_cell, plain.to_vec()),
                    (append_lower, plain.to_ascii_lowercase()),
                ] {
                    let mut out = b"before".to_vec();
                    copy(text, &mut out);
                    assert_eq!(out, [b"before", expected.as_slice()].concat());
                }
            }
        }
    }
}
