//! `_time`: epoch seconds, with or without a fraction, or ISO 8601 with an offset.

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;

/// Reads a time, in microseconds since 1970. `None` where it is neither form.
pub fn read(text: impl AsRef<[u8]>) -> Option<i64> {
    let text = text.as_ref().trim_ascii();
    epoch(text).or_else(|| {
        let text = std::str::from_utf8(text).ok()?;
        let parsed: Option<Timestamp> = text.parse().ok();
        // splunkd writes the offset without a colon, which RFC 3339 does not know.
        let parsed = parsed
            .or_else(|| BrokenDownTime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?.to_timestamp().ok());
        parsed.map(Timestamp::as_microsecond)
    })
}

/// Epoch seconds, read digit by digit, so that no digit of a microsecond is lost to a float.
fn epoch(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (seconds, digits) = number(text, 12);
    if digits == 0 {
        return None;
    }
    let micros = match text.get(digits..)? {
        [] => 0,
        [b'.', fraction @ ..] => {
            let (micros, digits) = number(fraction, 6);
            if !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            micros * 10_i64.pow(6 - u32::try_from(digits).ok()?)
        }
        _ => return None,
    };
    let time = seconds * 1_000_000 + micros;
    Some(if negative { -time } else { time })
}

/// The number that the first digits make, at most `most` of them, and how many they are.
fn number(text: &[u8], most: usize) -> (i64, usize) {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit());
    digits.fold((0, 0), |(number, count), byte| (10 * number + i64::from(byte - b'0'), count + 1))
}

/// Writes a time as epoch seconds, with a fraction only if it has one.
pub fn write(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let text = format!("{sign}{seconds}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_splunkd_writes() {
        for (text, micros) in [
            ("1627354345.934", Some(1_627_354_345_934_000)),
            ("1433261392", Some(1_433_261_392_000_000)),
            ("2014-06-11T08:19:59.000-0700", Some(1_402_499_999_000_000)),
            ("2014-06-11T08:19:59.250-07:00", Some(1_402_499_999_250_000)),
            ("2014-06-11T15:19:59Z", Some(1_402_499_999_000_000)),
            ("-1.5", Some(-1_500_000)),
            ("", None),
            ("-", None),
            ("now", None),
            ("1e9", None),
            ("99999999999999", None),
        ] {
            assert_eq!(read(text), micros, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for micros in [0, 1, -1_500_000, 1_627_354_345_934_000, 1_433_261_390_000_000] {
            assert_eq!(read(write(micros)), Some(micros));
        }
        assert_eq!(write(1_627_354_345_930_000), "1627354345.93");
        assert_eq!(write(1_433_261_390_000_000), "1433261390");
    }
}
