//! Searching 64 bytes at a time: a bit for each byte of a block that belongs to a class.
//!
//! A caller names its classes as comparisons of 16 bytes at once (`wide` makes vector instructions of them on any
//! machine); [`masks`] does the four comparisons of a block and joins their results to one number for each class. It is
//! the only place where the lengths of blocks and lanes meet, so change them here.

use wide::u8x16;

use crate::slice::Slice;

/// The bytes of a block, as many as a mask has bits.
pub const BLOCK: usize = 64;
/// The bytes that are compared at once.
const LANES: usize = 16;

/// Bytes that are compared at once. Of each byte in the result of a comparison, only the highest bit counts.
pub type Lane = u8x16;

/// The masks of the block at `at` in `bytes`, one for each class that `classes` returns. Bit `i` of a mask says whether the
/// byte at `at + i` belongs to the class. Bytes beyond the end of `bytes` count as zero bytes.
#[inline]
pub fn masks<const CLASSES: usize>(
    bytes: &[u8],
    at: usize,
    classes: impl Fn(Lane) -> [Lane; CLASSES],
) -> [u64; CLASSES] {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        return masks_of(block, classes);
    }
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    masks_of(&block, classes)
}

#[inline]
fn masks_of<const CLASSES: usize>(
    block: &[u8; BLOCK],
    classes: impl Fn(Lane) -> [Lane; CLASSES],
) -> [u64; CLASSES] {
    let mut masks = [0; CLASSES];
    for (index, lane) in block.as_chunks::<LANES>().0.iter().enumerate() {
        for (mask, class) in masks.iter_mut().zip(classes(Lane::new(*lane))) {
            *mask |= u64::from(class.to_bitmask()) << (LANES * index);
        }
    }
    masks
}

/// Whether all bytes of `text` belong to `class`.
#[inline]
pub fn all(text: Slice<'_>, class: impl Fn(Lane) -> Lane) -> bool {
    let length = text.end - text.start;
    let rest = text.bytes.get(text.start..).unwrap_or_default();
    // Most texts fit into a lane or two. A loop would take longer than the comparisons.
    if let Some([first, second, ..]) = rest.first_chunk::<{ 2 * LANES }>().map(|block| block.as_chunks().0)
        && length <= 2 * LANES
    {
        let end = length.min(LANES);
        return starts_with(*first, end, &class)
            && (length == end || starts_with(*second, length - end, class));
    }
    all_lanes(text, class)
}

/// The same for a long text, or one at the end of its buffer.
#[inline(never)]
fn all_lanes(text: Slice<'_>, class: impl Fn(Lane) -> Lane) -> bool {
    text.as_bytes().chunks(LANES).all(|bytes| {
        let mut lane = [0; LANES];
        lane[..bytes.len()].copy_from_slice(bytes);
        starts_with(lane, bytes.len(), &class)
    })
}

/// Whether the first `count` bytes of a lane belong to `class`.
#[inline]
fn starts_with(lane: [u8; LANES], count: usize, class: impl Fn(Lane) -> Lane) -> bool {
    class(Lane::new(lane)).to_bitmask() | u32::MAX << count == u32::MAX
}

/// The bytes of `lane` that are `byte`.
#[inline]
pub fn equal(lane: Lane, byte: u8) -> Lane {
    lane.simd_eq(Lane::splat(byte))
}

/// The bytes of `lane` from `first` to `last`.
#[inline]
pub fn within(lane: Lane, first: u8, last: u8) -> Lane {
    // What is less than `first` wraps around to a great number.
    let offset = lane - Lane::splat(first);
    offset.min(Lane::splat(last - first)).simd_eq(offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_bytes_of_a_text_are_of_a_class(
            bytes in prop::collection::vec(prop::sample::select(b"aaaaaz~\x1f\xff".to_vec()), 0..60),
            ends in (0_usize..60, 0_usize..60),
        ) {
            let [one, other] = [ends.0, ends.1].map(|end| end.min(bytes.len()));
            let text = Slice { bytes: &bytes, start: one.min(other), end: one.max(other) };
            let expected = text.as_bytes().iter().all(|byte| (b'a'..=b'y').contains(byte));
            prop_assert_eq!(all(text, |lane| within(lane, b'a', b'y')), expected);
        }

        #[test]
        fn a_bit_says_whether_its_byte_is_of_the_class(
            bytes in prop::collection::vec(prop::sample::select(b"a,.\xff".to_vec()), 0..200),
            at in 0_usize..220,
        ) {
            let [commas, high] = masks(&bytes, at, |lane| [equal(lane, b','), lane]);
            for bit in 0..BLOCK {
                let byte = bytes.get(at + bit).copied().unwrap_or(0);
                prop_assert_eq!(commas >> bit & 1 == 1, byte == b',');
                prop_assert_eq!(high >> bit & 1 == 1, byte >= 0x80);
            }
        }
    }
}
