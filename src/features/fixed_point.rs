//! Fixed-point logarithms: only integers, so the result is the same on every machine.

/// One bit of information, in the 1/256 bit that evidence counts in.
pub(crate) const ONE: u32 = 256;

/// The unit of [`log2`]: its result for 2.
pub(crate) const LOG_ONE: i64 = 1 << LOG_DIGITS;

const LOG_DIGITS: u32 = 10;

/// The binary logarithm of `number` in units of 1/1024, rounded down; that of 0 counts as that of 1.
pub(crate) fn log2(number: u128) -> i64 {
    // At most 128 * 1024.
    i64::try_from(log2_digits(number, LOG_DIGITS)).unwrap_or(i64::MAX)
}

/// The binary logarithm of `number` in units of 2^-`digits`, rounded down; that of 0 counts as that of 1.
///
/// It is exact for about 58 digits, as the mantissa has 63 digits and loses a part of one in each step.
///
/// The logarithm comes digit by digit: squaring a number between 1 and 2 doubles its logarithm, which moves its next binary
/// digit before the point.
pub(crate) const fn log2_digits(number: u128, digits: u32) -> u128 {
    let number = if number == 0 { 1 } else { number };
    let whole = number.ilog2();
    // The number as a mantissa from 1 to 2, with 63 digits after the point.
    let mut mantissa = if whole > 63 { number >> (whole - 63) } else { number << (63 - whole) };
    let mut log = whole as u128;
    let mut digit = 0;
    while digit < digits {
        mantissa = (mantissa * mantissa) >> 63;
        log <<= 1;
        if mantissa >> 64 == 1 {
            mantissa >>= 1;
            log |= 1;
        }
        digit += 1;
    }
    log
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

    /// From decimal arithmetic of 60 digits.
    #[test]
    fn known_digits() {
        let known = [(3, 0x0657_0068_E7EF_5A1E), (10, 0x0D49_A784_BCD1_B8AF), (255, 0x1FFA_37C9_8FE5_5F28)];
        for (number, digits) in known {
            let found = log2_digits(number, 58);
            assert!(found.abs_diff(digits) <= 2, "{number}: {found:#x} {digits:#x}");
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
