//! Rows from a body that arrives in pieces.
//!
//! A [`RowReader`] lives as long as the search. For each piece of a body it lends [`Rows`], from which a command pulls one
//! row after another:
//!
//! ```
//! use dnsentropy::rows::RowReader;
//!
//! let mut reader = RowReader::new(vec!["query".to_owned()]);
//! let mut names = Vec::new();
//! let mut rows = reader.rows(b"query,src\nexample.com,10.0.0.1\nexample.org,10.0", false);
//! if let Some(header) = rows.header() {
//!     while let Some(row) = rows.next() {
//!         names.push(row.values(header.columns[0]).concat());
//!     }
//! }
//! assert_eq!(names, [b"example.com"]);
//! // The second row is incomplete: it comes again with the next piece.
//! assert_eq!(rows.consumed(), "query,src\nexample.com,10.0.0.1\n".len());
//! ```

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::scan::{RowSpans, Scan, Scanner};
use super::{Column, CsvRows, Row};

/// The columns of a chunk.
#[derive(Debug)]
pub struct Header {
    /// The names of the columns.
    pub names: ByteRecord,
    /// The column of each field that the reader was made for, in the same order.
    pub columns: Vec<Column>,
}

/// Reads the rows of one chunk after another, each from pieces of its body.
#[derive(Debug)]
pub struct RowReader {
    fields: Vec<String>,
    header: Option<Header>,
    /// Whether the chunk was read to its end, so the next piece begins another.
    ended: bool,
    spans: RowSpans,
}

impl RowReader {
    /// A reader of rows whose `fields` a command asks for.
    pub fn new(fields: Vec<String>) -> RowReader {
        RowReader { fields, header: None, ended: false, spans: RowSpans::default() }
    }

    /// The rows that end in `body`: all bytes of the chunk's body that arrived and were not consumed yet. `end` says
    /// that no more bytes of this chunk follow.
    ///
    /// A chunk with a single column, and one whose lines end in CR and LF, is read only when its body is complete.
    pub fn rows<'r>(&'r mut self, body: &'r [u8], end: bool) -> Rows<'r> {
        if std::mem::replace(&mut self.ended, end) {
            self.header = None;
        }
        let mut source = Source::Nothing;
        if self.header.is_some() {
            source = Source::Scan(Scanner::new(body));
        } else if let Some((names, length)) = read_record(body, end, true) {
            if !needs_csv_crate(&names) {
                let mut scanner = Scanner::new(body);
                scanner.resume(length);
                source = Source::Scan(scanner);
                self.header = Some(Header::new(&self.fields, names));
            } else if end {
                let rows = CsvRows::new(body);
                self.header = Some(Header::new(&self.fields, rows.header().clone()));
                source = Source::Csv(Box::new(rows));
            }
        }
        let RowReader { header, spans, .. } = self;
        Rows { body, end, header: header.as_ref(), source, spans, record: ByteRecord::new() }
    }
}

impl Header {
    fn new(fields: &[String], names: ByteRecord) -> Header {
        let columns = fields.iter().map(|field| Column::new(field, &names)).collect();
        Header { names, columns }
    }
}

/// The rows of one piece of a body, lent one after another.
#[derive(Debug)]
pub struct Rows<'r> {
    body: &'r [u8],
    end: bool,
    header: Option<&'r Header>,
    source: Source<'r>,
    /// The cells of the row that is lent, if the scan found it.
    spans: &'r mut RowSpans,
    /// The row that is lent, if the csv crate read it.
    record: ByteRecord,
}

#[derive(Debug)]
enum Source<'r> {
    /// The header is incomplete, or the body has to be complete first.
    Nothing,
    Scan(Scanner<'r>),
    Csv(Box<CsvRows<'r>>),
}

impl<'r> Rows<'r> {
    /// The chunk's columns; `None` while its header is incomplete.
    pub fn header(&self) -> Option<&'r Header> {
        self.header
    }

    /// The next row.
    #[allow(clippy::should_implement_trait)] // the row borrows from the reader
    #[inline]
    pub fn next(&mut self) -> Option<Row<'_>> {
        let header = self.header?;
        // Each arm borrows for itself, as only the row of one arm is lent on.
        let scanner = match self.source {
            Source::Nothing => return None,
            Source::Csv(ref mut rows) => return rows.next(),
            Source::Scan(ref mut scanner) => scanner,
        };
        let start = scanner.position();
        match scanner.next(self.spans) {
            Scan::Row if self.spans.len() == header.names.len() => {}
            Scan::Incomplete if !self.end => return None,
            _ => return self.next_irregular(start),
        }
        Some(Row::Scanned(self.body, self.spans))
    }

    /// The row at `start` by the csv crate: the scan found it irregular, or it has too few or too many cells.
    #[cold]
    fn next_irregular(&mut self, start: usize) -> Option<Row<'_>> {
        let Source::Scan(scanner) = &mut self.source else { return None };
        scanner.resume(start);
        let (record, length) = read_record(&self.body[start..], self.end, false)?;
        scanner.resume(start + length);
        self.record = record;
        Some(Row::Record(&self.record))
    }

    /// How many bytes of the body the rows so far took, the header with them: all of them at the end of a chunk.
    pub fn consumed(&self) -> usize {
        match &self.source {
            _ if self.end => self.body.len(),
            Source::Scan(scanner) => scanner.position(),
            Source::Nothing | Source::Csv(_) => 0,
        }
    }
}

/// Whether only [`CsvRows`] reads the rows under these names.
fn needs_csv_crate(names: &ByteRecord) -> bool {
    names.len() <= 1 || names.iter().next_back().is_some_and(|name| name.ends_with(b"\r"))
}

/// The first record of `bytes` as the csv crate reads it, with its length. `None` if there is no record, or if it could
/// change with more bytes, unless this is the `end` of the body. A byte order mark counts only at the `start` of a body.
fn read_record(bytes: &[u8], end: bool, start: bool) -> Option<(ByteRecord, usize)> {
    // The crate skips a blank line, and a byte order mark only at the start of its input.
    let blank = if start { &b""[..] } else { b"\n" };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity((bytes.len() + 1).min(8192))
        .from_reader(blank.chain(bytes));
    let mut record = ByteRecord::new();
    // Reading a flexible byte record from memory cannot fail: any bytes are some CSV.
    let found = reader.read_byte_record(&mut record).unwrap_or(false);
    let length = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX) - blank.len();
    (found && (end || length < bytes.len())).then_some((record, length))
}
