//! Fixed-point logarithms: integers alone, so the same on every machine.

/// One bit of information, in the 1/256 bit that evidence counts in.
pub(crate) const ONE: u32 = 256;

/// One unit of what [`log2`] gives.
pub(crate) const LOG_ONE: i64 = 1 << LOG_BITS;

const LOG_BITS: u32 = 10;

/// The binary logarithm of `number` in units of 1/1024, rounded down; that of 0 is given as that of 1.
pub(crate) fn log2(number: u128) -> i64 {
    let number = number.max(1);
    let whole = number.ilog2();
    // The mantissa, 1 to 2, with 62 bits behind the point. Squaring it moves the next binary digit of the
    // logarithm in front of the point.
    let mut mantissa = if whole > 62 { number >> (whole - 62) } else { number << (62 - whole) };
    let mut result = i64::from(whole);
    for _ in 0..LOG_BITS {
        mantissa = (mantissa * mantissa) >> 62;
        result <<= 1;
        if mantissa >> 63 == 1 {
            mantissa >>= 1;
            result |= 1;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn powers_of_two_are_exact() {
        assert_eq!(log2(0), 0);
        for power in 0..128 {
            assert_eq!(log2(1 << power), i64::from(power) * LOG_ONE);
        }
    }

    proptest! {
        #[test]
        fn is_the_logarithm(number in 1_u64..) {
            #[allow(clippy::cast_precision_loss)]
            let exact = (number as f64).log2() * LOG_ONE as f64;
            #[allow(clippy::cast_precision_loss)]
            let found = log2(u128::from(number)) as f64;
            prop_assert!((found - exact).abs() <= 1.01, "{} {}", found, exact);
        }

        #[test]
        fn never_falls(number in any::<u128>(), more in any::<u128>()) {
            prop_assert!(log2(number) <= log2(number.saturating_add(more)));
        }
    }
}
