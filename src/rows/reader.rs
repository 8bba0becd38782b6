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

use csv::ByteRecord;

use super::records::{LineEnd, RecordReader};
use super::scan::{RowSpans, Scan, Scanner};
use super::{Column, Row};

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
    records: RecordReader,
}

impl RowReader {
    /// A reader of rows whose `fields` a command asks for.
    pub fn new(fields: Vec<String>) -> RowReader {
        let records = RecordReader::new(LineEnd::LineFeed);
        RowReader { fields, header: None, ended: false, spans: RowSpans::default(), records }
    }

    /// The rows that end in `body`: all bytes of the chunk's body that arrived and were not consumed yet. `end` says
    /// that no more bytes of this chunk follow.
    pub fn rows<'r>(&'r mut self, body: &'r [u8], end: bool) -> Rows<'r> {
        if std::mem::replace(&mut self.ended, end) {
            self.header = None;
        }
        let start = if self.header.is_some() { 0 } else { self.read_header(body, end).unwrap_or_default() };
        let RowReader { header, spans, records, .. } = self;
        let scanner = Scanner::new(body, start, records.line_end());
        Rows { body, end, header: header.as_ref(), scanner, spans, records }
    }

    /// Reads the header of a chunk and returns its length; `None` while it is incomplete.
    fn read_header(&mut self, body: &[u8], end: bool) -> Option<usize> {
        self.end_lines_in(LineEnd::LineFeed);
        let mut length = self.records.read_header(body, end)?;
        self.end_lines_in(LineEnd::of(self.records.record()));
        if self.records.line_end() == LineEnd::CrLf {
            length = self.records.read_header(body, end)?;
        }
        self.header = Some(Header::new(&self.fields, self.records.record().clone()));
        Some(length)
    }

    fn end_lines_in(&mut self, line_end: LineEnd) {
        if self.records.line_end() != line_end {
            self.records = RecordReader::new(line_end);
        }
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
    scanner: Scanner<'r>,
    /// The cells of the row that is lent, if the scan found it.
    spans: &'r mut RowSpans,
    /// The row that is lent, if the scan found it irregular.
    records: &'r mut RecordReader,
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
        let width = self.header?.names.len();
        let start = self.scanner.position();
        match self.scanner.next(self.spans) {
            Scan::Row if self.spans.len() == width => Some(Row::Scanned(self.body, self.spans)),
            Scan::Incomplete if !self.end => None,
            _ => self.next_irregular(start, width),
        }
    }

    /// The row at `start`, which the scan found irregular, or which has too few or too many cells.
    #[cold]
    fn next_irregular(&mut self, start: usize, width: usize) -> Option<Row<'_>> {
        self.scanner.resume(start);
        let length = self.records.read_row(&self.body[start..], self.end, width)?;
        self.scanner.resume(start + length);
        Some(Row::Record(self.records.record()))
    }

    /// How many bytes of the body the rows so far took, the header with them: all of them at the end of a chunk.
    pub fn consumed(&self) -> usize {
        match self.header {
            _ if self.end => self.body.len(),
            Some(_) => self.scanner.position(),
            None => 0,
        }
    }
}
