//! How the score and the backoff of an n-gram are one number, as a transducer holds one number for each key, and no negative
//! one. `build.rs` compiles this file too: it packs, the program unpacks.

/// Added to each of the two numbers, so that neither is negative.
const ZERO: i64 = 1 << 10;
/// The bits of each number after that.
const BITS: u32 = 11;

/// `score` and `backoff` as one number; `None` if one of them does not fit.
#[allow(dead_code)] // used by build.rs and tests
pub(super) fn pack(score: i64, backoff: i64) -> Option<u64> {
    let field = |number: i64| u64::try_from(number + ZERO).ok().filter(|number| number >> BITS == 0);
    Some(field(score)? | field(backoff)? << BITS)
}

/// Score and backoff from the number that [`pack`] made of them.
#[allow(dead_code)] // not used by build.rs
pub(super) fn unpack(packed: u64) -> (i64, i64) {
    let field = |bits: u64| (bits & ((1 << BITS) - 1)).cast_signed() - ZERO;
    (field(packed), field(packed >> BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_fit_survive_packing() {
        for (score, backoff) in [(0, 0), (-1024, 1023), (1023, -1024), (-41, 7)] {
            assert_eq!(pack(score, backoff).map(unpack), Some((score, backoff)));
        }
        assert_eq!([pack(1024, 0), pack(0, -1025)], [None, None]);
    }
}
