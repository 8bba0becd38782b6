//! Rows as the csv crate reads and writes them: for irregular bodies, lookups and tables.

use csv::{ByteRecord, QuoteStyle, Terminator};

use super::records::LineEnd;
use super::{Column, Row};

/// Reads the rows of a body one after another.
#[derive(Debug)]
pub struct CsvRows<'b> {
    body: &'b [u8],
    line_end: LineEnd,
    reader: csv::Reader<&'b [u8]>,
    header: ByteRecord,
    record: ByteRecord,
    /// How many blank lines precede the next record. The csv crate skips them.
    blank_lines: usize,
}

impl<'b> CsvRows<'b> {
    /// Reads the header of `body`. An empty body has no columns and no rows.
    pub fn new(body: &'b [u8]) -> CsvRows<'b> {
        let rows = CsvRows::open(body, LineEnd::LineFeed);
        match LineEnd::of(&rows.header) {
            LineEnd::LineFeed => rows,
            LineEnd::CrLf => CsvRows::open(body, LineEnd::CrLf),
        }
    }

    fn open(body: &'b [u8], line_end: LineEnd) -> CsvRows<'b> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(line_end.terminator(Terminator::Any, Terminator::CRLF))
            .from_reader(body);
        let (header, record) = (ByteRecord::new(), ByteRecord::new());
        let mut rows = CsvRows { body, line_end, reader, header, record, blank_lines: 0 };
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

    /// The next row. In a body of one column a blank line is a row, whose only cell is empty.
    #[allow(clippy::should_implement_trait)] // the row borrows from the reader
    pub fn next(&mut self) -> Option<Row<'_>> {
        if self.header.len() == 1 && self.blank_lines > 0 {
            self.blank_lines -= 1;
            self.record.clear();
            self.record.push_field(b"");
            return Some(Row::Record(&self.record));
        }
        // Reading a flexible byte record from memory cannot fail: any bytes are some CSV.
        let read = self.reader.read_byte_record(&mut self.record).unwrap_or(false);
        self.blank_lines = self.count_blank_lines();
        read.then_some(Row::Record(&self.record))
    }

    fn count_blank_lines(&self) -> usize {
        let position = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let Some((before, mut rest)) = self.body.split_at_checked(position) else { return 0 };
        // The csv crate ends a record at the CR of a line end.
        if self.line_end == LineEnd::CrLf && before.ends_with(b"\r") {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        let mut count = 0;
        while let length @ 1.. = self.line_end.length(rest) {
            rest = &rest[length..];
            count += 1;
        }
        count
    }

    /// The index of the column with exactly this name.
    pub fn index_of(&self, name: impl AsRef<[u8]>) -> Option<usize> {
        self.header.iter().position(|header| header == name.as_ref())
    }
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
