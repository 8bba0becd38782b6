//! Lookup files that users edit: CSV with a header line, written by `outputlookup`, an editor or a spreadsheet.

use std::path::{Path, PathBuf};
use std::{fs, io};

use csv::{ByteRecord, Position, ReaderBuilder, Trim};

/// Why a lookup file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LookupFileError {
    /// The file is missing or may not be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The header lacks a column.
    #[error("{} has no column '{column}': its first line must name it", file.display())]
    NoColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        column: &'static str,
    },
}

/// One row: the line where it begins, from 1, and a cell for each column that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct LookupRow<const COLUMNS: usize> {
    /// The line.
    pub line: usize,
    /// The cells without white space around them. A cell or an optional column that is missing is empty. Bytes that are not UTF-8
    /// are replaced.
    pub cells: [String; COLUMNS],
}

/// Reads the `columns` of `file`, the first of which is required. A blank file has no rows: `outputlookup` leaves one when
/// there is nothing to write.
///
/// # Errors
///
/// The file cannot be read, or its header lacks the first column.
pub fn read<const COLUMNS: usize>(
    file: &Path,
    columns: [&'static str; COLUMNS],
) -> Result<Vec<LookupRow<COLUMNS>>, LookupFileError> {
    let bytes =
        fs::read(file).map_err(|error| LookupFileError::Unreadable { file: file.to_owned(), error })?;
    parse(&bytes, columns).map_err(|column| LookupFileError::NoColumn { file: file.to_owned(), column })
}

/// The rows in `bytes`, or the name of the required column if it is missing.
fn parse<const COLUMNS: usize>(
    bytes: &[u8],
    columns: [&'static str; COLUMNS],
) -> Result<Vec<LookupRow<COLUMNS>>, &'static str> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    // The csv crate skips a byte order mark. Reading flexible byte records from memory cannot fail: any bytes are some CSV.
    let mut records =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(bytes);
    let mut records = records.byte_records().map_while(Result::ok);
    let header = records.next().unwrap_or_default();
    let indices = columns.map(|name| header.iter().position(|column| column == name.as_bytes()));
    if let Some(None) = indices.first() {
        return Err(columns[0]);
    }
    let cell = |record: &ByteRecord, index: Option<usize>| {
        let cell = index.and_then(|index| record.get(index)).unwrap_or_default();
        String::from_utf8_lossy(cell).into_owned()
    };
    let rows = records.map(|record| LookupRow {
        line: line_of(&record, bytes),
        cells: indices.map(|index| cell(&record, index)),
    });
    Ok(rows.collect())
}

/// The line where `record` begins, from 1. The csv crate's own count stops before blank lines.
fn line_of(record: &ByteRecord, bytes: &[u8]) -> usize {
    let start = record.position().map_or(0, Position::byte);
    let (before, after) = bytes.split_at(usize::try_from(start).unwrap_or(0).min(bytes.len()));
    let blank = after.iter().take_while(|byte| byte.is_ascii_whitespace());
    1 + before.iter().chain(blank).filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<(usize, [String; 2])>, &'static str> {
        let rows = parse(bytes, ["domain", "reason"])?;
        Ok(rows.into_iter().map(|LookupRow { line, cells }| (line, cells)).collect())
    }

    fn row(line: usize, domain: &str, reason: &str) -> (usize, [String; 2]) {
        (line, [domain.to_owned(), reason.to_owned()])
    }

    #[test]
    fn columns_are_found_by_name_and_cells_are_trimmed() {
        let file =
            "\u{feff} reason , other,domain\r\n cdn , x, a.com \r\n\r\nonly\r\n\"x, y\",,\"b.com\"\r\n";
        let expected = vec![row(2, "a.com", "cdn"), row(4, "", "only"), row(5, "b.com", "x, y")];
        assert_eq!(rows(file.as_bytes()), Ok(expected));
    }

    #[test]
    fn an_optional_column_may_be_missing() {
        assert_eq!(rows(b"domain\na.com\n"), Ok(vec![row(2, "a.com", "")]));
        assert_eq!(rows(b"reason\ncdn\n"), Err("domain"));
    }

    #[test]
    fn a_blank_file_has_no_rows() {
        for file in ["", "\n", " \r\n\t"] {
            assert_eq!(rows(file.as_bytes()), Ok(Vec::new()), "{file:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced() {
        assert_eq!(rows(b"domain,reason\n\xff.com,\xfe\n"), Ok(vec![row(2, "\u{fffd}.com", "\u{fffd}")]));
    }
}
