//! Lookup files that users edit: CSV with a header line, written by `outputlookup`, an editor or a spreadsheet.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::{fs, mem};

use csv::{ByteRecord, Position, ReaderBuilder, Trim};

/// Why a lookup file is ignored.
#[derive(Debug, thiserror::Error)]
pub enum LookupFileError {
    /// The file may not be read.
    #[error("the lookup file {file} is ignored, as it cannot be read: {error}")]
    Unreadable {
        /// The file's name.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// The header lacks a column.
    #[error(
        "the lookup file {file} is ignored, as it has no column '{column}': name it in the first line, and save the \
             file as UTF-8"
    )]
    NoColumn {
        /// The file's name.
        file: String,
        /// The column.
        column: &'static str,
    },
}

/// One row: the line where it begins, from 1, and a cell for each requested column.
#[derive(Debug, PartialEq, Eq)]
pub struct LookupRow<const COLUMNS: usize> {
    /// The line.
    pub line: usize,
    /// The cells without white space around them. A cell or an optional column that is missing is empty. Cells that are not
    /// UTF-8 are Latin-1.
    pub cells: [String; COLUMNS],
}

/// Reads the `columns` of `file`, the first of which is required. A missing file has no rows, and neither has a blank one:
/// `outputlookup` leaves one when there is nothing to write.
///
/// # Errors
///
/// The file cannot be read, or its header lacks the first column.
pub fn read<const COLUMNS: usize>(
    file: &Path,
    columns: [&'static str; COLUMNS],
) -> Result<Vec<LookupRow<COLUMNS>>, LookupFileError> {
    match fs::read(file) {
        Ok(bytes) => {
            parse(&bytes, columns).map_err(|column| LookupFileError::NoColumn { file: name_of(file), column })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(LookupFileError::Unreadable { file: name_of(file), error }),
    }
}

/// The rows in `bytes`, or the name of the required column if it is missing.
///
/// # Errors
///
/// The header lacks the first column.
pub fn parse<const COLUMNS: usize>(
    bytes: &[u8],
    columns: [&'static str; COLUMNS],
) -> Result<Vec<LookupRow<COLUMNS>>, &'static str> {
    let mut records = records(bytes).into_iter();
    let Some((_, header)) = records.next() else { return Ok(Vec::new()) };
    let header: Vec<String> = header.iter().map(text).collect();
    let index = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
    let indices = columns.map(index);
    if let Some(None) = indices.first() {
        return Err(columns[0]);
    }
    let cell = |record: &ByteRecord, index: Option<usize>| {
        index.and_then(|index| record.get(index)).map(text).unwrap_or_default()
    };
    let row = |(line, record)| LookupRow { line, cells: indices.map(|index| cell(&record, index)) };
    Ok(records.map(row).collect())
}

/// The records of a CSV file and the lines where they begin. Blank lines are left out.
///
/// A quote that is never closed would swallow the rest of the file. If there is one, each line is a record of its own.
fn records(bytes: &[u8]) -> Vec<(usize, ByteRecord)> {
    let first = bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let delimiter = delimiter(first.unwrap_or_default());
    if bytes.iter().filter(|&&byte| byte == b'"').count() % 2 == 0 {
        return read_csv(bytes, delimiter);
    }
    let lines = bytes.split(|&byte| byte == b'\n').enumerate();
    let record = |(index, line)| read_csv(line, delimiter).pop().map(|(_, record)| (index + 1, record));
    lines.filter_map(record).collect()
}

/// The delimiter by the header: spreadsheets write semicolons or tabs in some languages.
fn delimiter(header: &[u8]) -> u8 {
    [b',', b';', b'\t'].into_iter().find(|delimiter| header.contains(delimiter)).unwrap_or(b',')
}

fn read_csv(bytes: &[u8], delimiter: u8) -> Vec<(usize, ByteRecord)> {
    // The csv crate skips a byte order mark. Reading flexible byte records from memory cannot fail: any bytes are some CSV.
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter)
        .from_reader(bytes);
    // The crate's own count of lines stops before blank lines.
    let (mut line, mut counted) = (1, 0);
    let mut line_of = |record: &ByteRecord| {
        let start = record.position().map_or(0, Position::byte);
        let start = usize::try_from(start).unwrap_or(0).min(bytes.len());
        let blank = bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let before = mem::replace(&mut counted, start + blank);
        line += bytes[before..start + blank].iter().filter(|&&byte| byte == b'\n').count();
        line
    };
    let records = reader.byte_records().map_while(Result::ok);
    let is_blank = |record: &ByteRecord| record.iter().all(<[u8]>::is_empty);
    records.map(|record| (line_of(&record), record)).filter(|(_, record)| !is_blank(record)).collect()
}

/// A cell as text without white space around it.
fn text(cell: &[u8]) -> String {
    let text = match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => cell.iter().copied().map(char::from).collect(),
    };
    text.trim().to_owned()
}

/// The name of a file without its folder, which differs from server to server.
pub fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The lines of a file that cannot be used. The first ones are named, the others are counted.
#[derive(Debug)]
pub struct SkippedLines {
    file: String,
    named: Vec<String>,
    others: usize,
}

impl SkippedLines {
    /// How many lines are named.
    const NAMED: usize = 3;

    /// No skipped lines of `file`.
    pub fn new(file: &Path) -> SkippedLines {
        SkippedLines { file: name_of(file), named: Vec::new(), others: 0 }
    }

    /// Adds a line, and what is wrong there.
    pub fn add(&mut self, line: usize, problem: impl Display) {
        if self.named.len() < SkippedLines::NAMED {
            self.named.push(format!("{}, line {line} is skipped: {problem}", self.file));
        } else {
            self.others += 1;
        }
    }

    /// A warning for each line that is named, and one for the others.
    pub fn into_warnings(self) -> impl Iterator<Item = String> {
        let SkippedLines { file, named, others } = self;
        let others = match others {
            0 => None,
            1 => Some(format!("{file}: one more line is skipped")),
            _ => Some(format!("{file}: {others} more lines are skipped")),
        };
        named.into_iter().chain(others)
    }
}

/// `text` of a user's file as a message shows it: one short line.
pub fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let short: String = text.chars().take(MOST).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("'{}{rest}'", short.escape_debug())
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
            "\u{feff} reason , other,Domain\r\n cdn , x, a.com \r\n\r\nonly\r\n,,\r\n\"x, y\",,\"b.com\"\r\n";
        let expected = vec![row(2, "a.com", "cdn"), row(4, "", "only"), row(6, "b.com", "x, y")];
        assert_eq!(rows(file.as_bytes()), Ok(expected));
    }

    #[test]
    fn only_the_first_column_is_required() {
        assert_eq!(rows(b"domain\na.com\n"), Ok(vec![row(2, "a.com", "")]));
        assert_eq!(rows(b"reason\ncdn\n"), Err("domain"));
    }

    #[test]
    fn a_blank_file_has_no_rows() {
        for file in ["", "\n", " \r\n\t", "\u{feff}"] {
            assert_eq!(rows(file.as_bytes()), Ok(Vec::new()), "{file:?}");
        }
    }

    #[test]
    fn a_missing_file_has_no_rows_and_a_folder_is_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(&folder.path().join("missing.csv"), ["domain"]).expect("no rows"), []);
        let error = read(folder.path(), ["domain"]).expect_err("a folder");
        assert!(error.to_string().contains("is ignored, as it cannot be read: "), "{error}");
    }

    #[test]
    fn semicolons_and_tabs_separate_cells_if_the_header_has_no_comma() {
        let expected = Ok(vec![row(2, "a.com", "x, y")]);
        assert_eq!(rows(b"domain;reason\na.com;x, y\n"), expected);
        assert_eq!(rows(b"domain\treason\r\na.com\tx, y\r\n"), expected);
    }

    #[test]
    fn cells_that_are_not_utf_8_are_latin_1() {
        let expected = Ok(vec![row(2, "\u{e9}.com", "\u{fe}"), row(3, "\u{e9}.org", "")]);
        assert_eq!(rows(b"domain,reason\n\xe9.com,\xfe\n\xc3\xa9.org,\n"), expected);
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_line_only() {
        let expected = vec![row(2, "a.com,cdn", ""), row(3, "b.com", "x, y")];
        assert_eq!(rows(b"domain,reason\n\"a.com,cdn\nb.com,\"x, y\"\n"), Ok(expected));
    }

    #[test]
    fn the_first_lines_are_named_and_the_others_counted() {
        let mut lines = SkippedLines::new(Path::new("lookups/x.csv"));
        (2..7).for_each(|line| lines.add(line, "it is wrong"));
        let warnings: Vec<String> = lines.into_warnings().collect();
        assert_eq!(warnings.len(), 4);
        assert_eq!(warnings[0], "x.csv, line 2 is skipped: it is wrong");
        assert_eq!(warnings[3], "x.csv: 2 more lines are skipped");
    }
}
