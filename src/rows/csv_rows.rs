//! Rows as the csv crate reads and writes them: for irregular bodies, lookups and tables.

use std::borrow::Cow;
use std::io;

use csv::{ByteRecord, QuoteStyle, Terminator};

use super::{Column, Row};

/// Reads the rows of a body one after another.
#[derive(Debug)]
pub struct CsvRows<'b> {
    reader: csv::Reader<io::Cursor<Cow<'b, [u8]>>>,
    header: ByteRecord,
    record: ByteRecord,
}

impl<'b> CsvRows<'b> {
    /// Reads the header of `body`. An empty body has no columns and no rows.
    pub fn new(body: &'b [u8]) -> CsvRows<'b> {
        let mut rows = CsvRows::open(Cow::Borrowed(body), Terminator::Any(b'\n'));
        // splunkd ends lines with a line feed, and a carriage return is data. A header that ends in CR and LF comes
        // from another writer of CSV, which ends all lines so.
        let crlf = rows.header.iter().next_back().is_some_and(|name| name.ends_with(b"\r"));
        if crlf {
            rows = CsvRows::open(Cow::Borrowed(body), Terminator::CRLF);
        }
        if rows.header.len() == 1 {
            // The csv crate skips blank lines, but here a blank line is a row whose one cell is empty.
            let terminator = if crlf { Terminator::CRLF } else { Terminator::Any(b'\n') };
            rows = CsvRows::open(Cow::Owned(quote_blank_lines(body)), terminator);
        }
        rows
    }

    fn open(body: Cow<'b, [u8]>, terminator: Terminator) -> CsvRows<'b> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(terminator)
            .from_reader(io::Cursor::new(body));
        let mut rows = CsvRows { reader, header: ByteRecord::new(), record: ByteRecord::new() };
        if rows.next().is_some() {
            rows.header = std::mem::take(&mut rows.record);
        }
        rows
    }

    /// The names of the columns.
    pub fn header(&self) -> &ByteRecord {
        &self.header
    }

    /// The column of `field`.
    pub fn column(&self, field: &str) -> Column {
        Column::new(field, &self.header)
    }

    /// The next row.
    #[allow(clippy::should_implement_trait)] // the row borrows from the reader
    pub fn next(&mut self) -> Option<Row<'_>> {
        // Reading a flexible byte record from memory cannot fail: any bytes are some CSV.
        let read = self.reader.read_byte_record(&mut self.record).unwrap_or(false);
        read.then_some(Row::Record(&self.record))
    }

    /// The index of the column with exactly this name.
    pub fn index_of(&self, name: impl AsRef<[u8]>) -> Option<usize> {
        self.header.iter().position(|header| header == name.as_ref())
    }
}

/// `body` with `""` in place of every blank line outside quotes.
fn quote_blank_lines(body: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(body.len());
    let mut inside_quotes = false;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if matches!(line, b"\n" | b"\r\n") && !inside_quotes {
            quoted.extend_from_slice(b"\"\"");
        }
        quoted.extend_from_slice(line);
        inside_quotes ^= line.iter().filter(|&&byte| byte == b'"').count() % 2 == 1;
    }
    quoted
}

/// Writes rows as splunkd does: lines end in a line feed, and cells that need quotes get them.
#[derive(Debug)]
pub struct CsvWriter<'b>(csv::Writer<&'b mut Vec<u8>>);

impl<'b> CsvWriter<'b> {
    /// A writer that appends to `body`. Drop it to flush.
    pub fn new(body: &'b mut Vec<u8>) -> CsvWriter<'b> {
        let terminator = Terminator::Any(b'\n');
        let mut builder = csv::WriterBuilder::new();
        CsvWriter(
            builder
                .flexible(true)
                .quote_style(QuoteStyle::Necessary)
                .terminator(terminator)
                .from_writer(body),
        )
    }

    /// Writes one row.
    pub fn row<'c>(&mut self, cells: impl Iterator<Item = &'c [u8]>) {
        cells.for_each(|cell| self.cell(cell));
        self.end_row();
    }

    pub(super) fn cell(&mut self, cell: &[u8]) {
        self.0.write_field(cell).expect("memory takes every write");
    }

    pub(super) fn end_row(&mut self) {
        self.0.write_record(None::<&[u8]>).expect("memory takes every write");
    }
}
