//! Rows from a body that arrives in pieces.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::scan::{RowSpans, Scan, Scanner};
use super::{Column, Row, Rows};

/// The columns of a chunk.
#[derive(Debug)]
pub struct Header {
    /// The names of the columns.
    pub names: ByteRecord,
    /// Where each of the fields stands that the stream was made for.
    pub columns: Vec<Column>,
}

/// Reads the rows of one chunk after another, each from pieces of its body.
#[derive(Debug)]
pub struct RowReader {
    fields: Vec<String>,
    header: Option<Header>,
    /// Whether the chunk was read to its end, so that the next piece begins another.
    ended: bool,
    cells: RowSpans,
}

impl RowReader {
    /// A stream of rows of which `fields` will be asked for.
    pub fn new(fields: Vec<String>) -> RowReader {
        RowReader { fields, header: None, ended: false, cells: RowSpans::default() }
    }

    /// The columns of the chunk, once its header was read and until the next chunk begins.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Reads the rows that end in `body`, what the chunk's body has and was not taken yet, and gives each to `each`.
    /// Returns how many bytes were taken: all of them if the body is `whole`.
    ///
    /// A chunk of one column, and one whose lines end in CR and LF, is read only when it is whole.
    pub fn read(&mut self, body: &[u8], whole: bool, mut each: impl FnMut(&Header, Row<'_>)) -> usize {
        if std::mem::take(&mut self.ended) {
            self.header = None;
        }
        self.ended = whole;
        let rest = if whole { body.len() } else { 0 };
        let mut start = 0;
        if self.header.is_none() {
            let Some((names, length)) = next_record(body, whole, true) else { return rest };
            if is_irregular(&names) {
                if whole {
                    self.read_plainly(body, each);
                }
                return rest;
            }
            start = length;
            self.header = Some(Header { columns: columns(&self.fields, &names), names });
        }
        let Some(header) = &self.header else { return rest };

        let mut scanner = Scanner::new(body);
        scanner.resume(start);
        loop {
            let at = scanner.at();
            match scanner.next(&mut self.cells) {
                Scan::Row if self.cells.len() == header.names.len() => {
                    each(header, Row::Scanned(body, &self.cells));
                }
                Scan::Cut if !whole => return at,
                _ => {
                    let Some((record, length)) = next_record(&body[at..], whole, false) else {
                        return if whole { body.len() } else { at };
                    };
                    each(header, Row::Record(&record));
                    scanner.resume(at + length);
                }
            }
        }
    }

    fn read_plainly(&mut self, body: &[u8], mut each: impl FnMut(&Header, Row<'_>)) {
        let mut rows = Rows::read(body);
        let names = rows.header().clone();
        let header = &*self.header.insert(Header { columns: columns(&self.fields, &names), names });
        while let Some(row) = rows.next() {
            each(header, row);
        }
    }
}

fn columns(fields: &[String], names: &ByteRecord) -> Vec<Column> {
    fields.iter().map(|field| Column::of(field, names)).collect()
}

/// Whether only the plain reader knows the rows under these names: see [`Rows::read`].
fn is_irregular(names: &ByteRecord) -> bool {
    names.len() <= 1 || names.iter().next_back().is_some_and(|name| name.ends_with(b"\r"))
}

/// The first record of `bytes` as the csv crate reads it, with its length; `None` where there is none, or where more
/// bytes, which a body that is not `whole` may have, could change it. A byte order mark counts only at the `start` of a
/// body.
fn next_record(bytes: &[u8], whole: bool, start: bool) -> Option<(ByteRecord, usize)> {
    // The crate passes over a blank line, and over a mark only in front of all else.
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
    (found && (whole || length < bytes.len())).then_some((record, length))
}
