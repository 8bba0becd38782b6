//! `_time`: epoch seconds, with or without a fraction, or ISO 8601 with an offset.

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use serde::{Deserialize, Serialize};

/// The most digits of seconds. With those of microseconds they fit into 64 bits.
const MAX_DIGITS: usize = 12;

/// Parses a time, in microseconds since 1970. `None` if it has neither form.
///
/// ```
/// use dnsentropy::aggregate::time;
///
/// assert_eq!(time::parse("1627354345.934"), Some(1_627_354_345_934_000));
/// assert_eq!(time::parse("2014-06-11T08:19:59.000-0700"), Some(1_402_499_999_000_000));
/// ```
pub fn parse(text: impl AsRef<[u8]>) -> Option<i64> {
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

/// Epoch seconds, digit by digit: a float would lose digits of microseconds.
fn epoch(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (seconds, digits) = number(text);
    if digits == 0 || digits > MAX_DIGITS {
        return None;
    }
    let micros = match text.get(digits..)? {
        [] => 0,
        [b'.', fraction @ ..] => micros(fraction)?,
        _ => return None,
    };
    let time = seconds * 1_000_000 + micros;
    Some(if negative { -time } else { time })
}

/// The digits after the point as microseconds; finer ones are cut off.
fn micros(fraction: &[u8]) -> Option<i64> {
    const UNITS: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let (kept, finer) = fraction.split_at(fraction.len().min(UNITS.len() - 1));
    let (micros, digits) = number(kept);
    let all = digits == kept.len() && finer.iter().all(u8::is_ascii_digit);
    all.then(|| micros * UNITS[digits])
}

/// The number of the leading digits, and how many digits there are. It wraps for more digits than 64 bits hold.
fn number(text: &[u8]) -> (i64, usize) {
    let mut number = 0_i64;
    for (index, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (number, index);
        }
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    (number, text.len())
}

/// The first and the last of some times, in microseconds since 1970. The default is the range of no times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Option<(i64, u64)>", from = "Option<(i64, u64)>")]
pub struct TimeRange {
    first: i64,
    last: i64,
}

impl Default for TimeRange {
    fn default() -> TimeRange {
        TimeRange { first: i64::MAX, last: i64::MIN }
    }
}

impl TimeRange {
    /// Adds the times of another range.
    pub fn extend(&mut self, other: TimeRange) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The first and the last time, if there are any.
    pub fn ends(self) -> Option<(i64, i64)> {
        (self.first <= self.last).then_some((self.first, self.last))
    }
}

impl From<TimeRange> for Option<(i64, u64)> {
    /// The first time, and how much later the last one is.
    fn from(span: TimeRange) -> Option<(i64, u64)> {
        span.ends().map(|(first, last)| (first, last.abs_diff(first)))
    }
}

impl From<i64> for TimeRange {
    fn from(time: i64) -> TimeRange {
        TimeRange { first: time, last: time }
    }
}

impl From<Option<(i64, u64)>> for TimeRange {
    fn from(span: Option<(i64, u64)>) -> TimeRange {
        span.map_or_else(TimeRange::default, |(first, later)| TimeRange {
            first,
            last: first.saturating_add_unsigned(later),
        })
    }
}

/// Formats a time as epoch seconds, with a fraction only if it has one.
pub fn format_epoch(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let text = format!("{sign}{seconds}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_splunkd() {
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
            ("9999999999999", None),
            ("999999999999.9999999", Some(999_999_999_999_999_999)),
            ("1.0000019", Some(1_000_001)),
            ("1.", Some(1_000_000)),
            ("1.5x", None),
            ("1.0000001x", None),
            ("1,5", None),
        ] {
            assert_eq!(parse(text), micros, "{text}");
        }
    }

    #[test]
    fn formatted_times_are_parsed() {
        for micros in [0, 1, -1_500_000, 1_627_354_345_934_000, 1_433_261_390_000_000] {
            assert_eq!(parse(format_epoch(micros)), Some(micros));
        }
        assert_eq!(format_epoch(1_627_354_345_930_000), "1627354345.93");
        assert_eq!(format_epoch(1_433_261_390_000_000), "1433261390");
    }
}
