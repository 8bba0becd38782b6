//! When an entry ends.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Why a cell is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a date such as 2027-01-31, a date with time such as 2027-01-31T18:00:00Z, or epoch seconds")]
pub struct ExpiryError;

/// Reads a cell: a date, which is the last day in UTC; a date with time, in UTC unless it has an offset; or epoch seconds. Returns the time
/// from which the entry does not apply, `None` if it always does.
///
/// # Errors
///
/// The cell is none of these.
pub fn parse(cell: &str) -> Result<Option<Timestamp>, ExpiryError> {
    let text = cell.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    if text.is_empty() {
        return Ok(None);
    }
    let time = if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        epoch(text)
    } else {
        // Spreadsheets write 2027/01/31.
        let text = text.replace('/', "-");
        last_day(&text).or_else(|| text.parse().ok()).or_else(|| in_utc(text.parse().ok()?))
    };
    time.map(Some).ok_or(ExpiryError)
}

fn epoch(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    // Eight digits are a date without separators, four are a year.
    let is_date = matches!(seconds.len(), 4 | 8) || fraction.contains('.');
    Timestamp::from_second(seconds.parse().ok()?).ok().filter(|_| !is_date)
}

/// The midnight after a date, or the last time that there is.
fn last_day(text: &str) -> Option<Timestamp> {
    let is_date = text.len() == "2027-01-31".len();
    let date: Date = text.parse().ok().filter(|_| is_date)?;
    let midnight =
        date.tomorrow().ok().and_then(|next| in_utc(next.to_datetime(jiff::civil::Time::midnight())));
    Some(midnight.unwrap_or(Timestamp::MAX))
}

fn in_utc(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_epoch_seconds() {
        for (cell, expected) in [
            ("2027-01-31", "2027-02-01T00:00:00Z"),
            (" \"2027/01/31\" ", "2027-02-01T00:00:00Z"),
            ("2028-02-29", "2028-03-01T00:00:00Z"),
            ("2027-01-31T18:30", "2027-01-31T18:30:00Z"),
            ("2027-01-31 18:30:05", "2027-01-31T18:30:05Z"),
            ("2027-01-31T18:30:05Z", "2027-01-31T18:30:05Z"),
            ("2027-01-31 18:30:05+02:00", "2027-01-31T16:30:05Z"),
            ("2027-01-31T18:30:05.250-0700", "2027-02-01T01:30:05.25Z"),
            ("1801353600", "2027-01-31T00:00:00Z"),
            ("1801353600.75", "2027-01-31T00:00:00Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("9999-12-30", "9999-12-30T22:00:00.999999999Z"),
            ("9999-12-31", "9999-12-30T22:00:00.999999999Z"),
        ] {
            let expected: Timestamp = expected.parse().expect("a time");
            assert_eq!(parse(cell), Ok(Some(expected)), "{cell}");
        }
        assert_eq!(parse("  "), Ok(None));
    }

    #[test]
    fn other_cells_are_refused() {
        for cell in [
            "tomorrow",
            "+30d",
            "2027-02-30",
            "31.01.2027",
            "31/01/2027",
            "20270131",
            "2027-01",
            "2027",
            "1801353600000",
            "1.2.3",
            ".",
        ] {
            assert_eq!(parse(cell), Err(ExpiryError), "{cell}");
        }
    }
}
