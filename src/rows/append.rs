//! The reply of a streaming command: every row comes back, with the command's outputs in columns of their own.
//!
//! This is the fast path to a reply. If all columns of the request come back unchanged, which is the rule, a regular row is
//! copied as bytes, and the command appends cells to it. Other rows are written cell by cell. The plain reference is
//! `reference.rs`; the property tests below and the fuzz target `rows` hold both together byte by byte. To change
//! this code safely, keep two facts true in every branch: a row that the command does not set comes back unchanged, and each
//! row has exactly the columns of the reply's header.

use csv::ByteRecord;
use memchr::memchr;

use super::block_copy::CELL;
use super::cells::{push_cell, push_cells};
use super::columns::{ReplyColumn, ReplyColumns};
use super::records::LineEnd;
use super::scan::{RowSpans, Scan, Scanner};
use super::{Header, Output, Row};
use crate::simd::{self, BLOCK};
use crate::slice::Slice;

/// Writes the replies to one chunk after another, row by row.
///
/// For each piece of a body, call [`begin`](ColumnAppender::begin). Then write each row in one of two ways:
/// - [`append`](ColumnAppender::append): the row with the values in [`outputs`](ColumnAppender::outputs);
/// - [`copy`](ColumnAppender::copy), then one cell for each output
///   ([`AsciiCells`](super::AsciiCells) or [`append_outputs`](ColumnAppender::append_outputs)), then
///   [`end_row`](ColumnAppender::end_row): for a row whose outputs have one value each. Or all at once the cells of several
///   values ([`append_several`](ColumnAppender::append_several)).
///
/// Call [`end`](ColumnAppender::end) after the last piece of a chunk.
#[derive(Debug)]
pub struct ColumnAppender {
    names: Vec<String>,
    outputs: Vec<Output>,
    /// The columns of the reply, once the chunk's header was read.
    columns: Option<ReplyColumns>,
    /// Whether a `$` was in the chunk. Without one no row has several values.
    multivalues: bool,
    /// Where the cells of a row with several values begin. Kept for its memory.
    commas: Vec<usize>,
}

impl ColumnAppender {
    /// Appends columns with these names, or replaces the columns that have them.
    pub fn new(names: Vec<String>) -> ColumnAppender {
        let outputs = vec![Output::default(); names.len()];
        ColumnAppender { names, outputs, columns: None, multivalues: false, commas: Vec::new() }
    }

    /// Prepares for the rows of `body`, the next piece of the chunk. `reply` holds this chunk's reply alone. Writes the
    /// reply's header as soon as `header` is known.
    pub fn begin(&mut self, body: &[u8], header: Option<&Header>, reply: &mut Vec<u8>) {
        let first_dollar = !self.multivalues && memchr(b'$', body).is_some();
        self.multivalues |= first_dollar;
        let Some(Header { names, .. }) = header else { return };
        match &self.columns {
            None => {
                let columns = self.reply_columns(names);
                columns.write_names(reply);
                self.columns = Some(columns);
            }
            Some(narrow) if first_dollar => {
                let wide = self.reply_columns(names);
                *reply = widen(reply, narrow, &wide);
                self.columns = Some(wide);
            }
            Some(_) => {}
        }
    }

    /// Ends the chunk.
    pub fn end(&mut self) {
        (self.columns, self.multivalues) = (None, false);
    }

    /// The outputs of the next row, all empty.
    pub fn outputs(&mut self) -> &mut [Output] {
        self.outputs.iter_mut().for_each(Output::clear);
        &mut self.outputs
    }

    /// Appends `row` and, if they are `set`, the outputs. Otherwise the row comes back unchanged.
    pub fn append(&mut self, row: Row<'_>, set: bool, reply: &mut Vec<u8>) {
        let copied = self.copy(row, reply);
        let ColumnAppender { columns: Some(columns), outputs, .. } = self else { return };
        if copied && set {
            for output in outputs.iter() {
                push_next_cell(output.plain(), reply);
            }
            for output in outputs.iter_mut().take(columns.multivalues) {
                push_next_cell(output.multi(), reply);
            }
        } else if copied {
            reply.resize(reply.len() + outputs.len() + columns.multivalues, b',');
        } else {
            write_cells(&columns.columns, row, set.then_some(outputs), reply);
        }
        reply.push(b'\n');
    }

    /// Copies a row if its columns all come back unchanged. Returns whether it did; otherwise nothing was written.
    #[inline]
    pub fn copy(&self, row: Row<'_>, reply: &mut Vec<u8>) -> bool {
        let Some(width) = self.columns.as_ref().and_then(|columns| columns.unchanged) else { return false };
        match row {
            Row::Scanned(bytes, spans) => spans.copy(bytes, reply),
            Row::Record(record) => copy_record(record, width, reply),
        }
        true
    }

    /// After [`copy`](ColumnAppender::copy): appends the outputs, none of which has several values.
    pub fn append_outputs(&self, reply: &mut Vec<u8>) {
        for output in &self.outputs {
            push_next_cell(output.plain(), reply);
        }
    }

    /// After [`copy`](ColumnAppender::copy): appends outputs with several values each and ends the row. `cells` are the outputs
    /// of one value after another: a comma and a cell for each, none of which has quotes or a `$`.
    pub fn append_several(&mut self, cells: &mut Vec<u8>, reply: &mut Vec<u8>) {
        let ColumnAppender { columns: Some(columns), outputs, commas, .. } = self else { return };
        let (length, count) = (cells.len(), outputs.len());
        find_commas(cells, commas);
        commas.push(length);
        // With bytes after the last cell, all cells are copied in blocks.
        cells.resize(length + BLOCK, 0);
        let values = |output: usize| {
            let places = (output..commas.len() - 1).step_by(count);
            places.map(|place| Slice { bytes: cells, start: commas[place] + 1, end: commas[place + 1] })
        };
        let mut room = Room::new(reply, 2 * (length + 4 * commas.len() + 4 * count));
        for output in 0..count {
            // The line feeds between values need the quotes.
            room.join(*b",\"", values(output), *b"\n", b'"');
        }
        for output in 0..columns.multivalues {
            room.join(*b",$", values(output), *b"$;$", b'$');
        }
        room.close();
        reply.push(b'\n');
    }

    /// After [`copy`](ColumnAppender::copy) and a cell for each output: appends the empty `__mv_` cells and ends the row.
    #[inline]
    pub fn end_row(&self, reply: &mut Vec<u8>) {
        let multivalues = self.columns.as_ref().map_or(0, |columns| columns.multivalues);
        if multivalues > 0 {
            reply.resize(reply.len() + multivalues, b',');
        }
        reply.push(b'\n');
    }

    fn reply_columns(&self, request: &ByteRecord) -> ReplyColumns {
        ReplyColumns::new(request, &self.names, self.multivalues)
    }
}

#[cold]
fn copy_record(record: &ByteRecord, width: usize, reply: &mut Vec<u8>) {
    push_cells((0..width).map(|index| record.get(index).unwrap_or_default()), reply);
}

/// The indices of all commas.
fn find_commas(cells: &[u8], commas: &mut Vec<usize>) {
    commas.clear();
    for block in (0..cells.len()).step_by(BLOCK) {
        let [mut bits] = simd::masks(cells, block, |lane| [simd::equal(lane, b',')]);
        while bits != 0 {
            commas.push(block + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}

/// Room at the end of a reply, which is written without asking for more each time.
struct Room<'r> {
    reply: &'r mut Vec<u8>,
    at: usize,
}

impl Room<'_> {
    fn new(reply: &mut Vec<u8>, length: usize) -> Room<'_> {
        let at = reply.len();
        reply.resize(at + length + BLOCK, 0);
        Room { reply, at }
    }

    /// Writes `values` with `between` them.
    #[inline]
    fn join<'v, const BETWEEN: usize>(
        &mut self,
        before: [u8; 2],
        values: impl Iterator<Item = Slice<'v>>,
        between: [u8; BETWEEN],
        after: u8,
    ) {
        for (index, value) in values.enumerate() {
            if index == 0 {
                self.write(before);
            } else {
                self.write(between);
            }
            self.write_cell(value);
        }
        self.write([after]);
    }

    #[inline]
    fn write_cell(&mut self, cell: Slice<'_>) {
        let length = cell.end - cell.start;
        match cell.bytes.get(cell.start..).and_then(|rest| rest.first_chunk::<CELL>()) {
            Some(block) if length <= CELL => {
                self.write(*block);
                self.at = self.at + length - CELL;
            }
            _ => {
                self.reply[self.at..][..length].copy_from_slice(cell.as_bytes());
                self.at += length;
            }
        }
    }

    #[inline]
    fn write<const LENGTH: usize>(&mut self, bytes: [u8; LENGTH]) {
        self.reply[self.at..][..LENGTH].copy_from_slice(&bytes);
        self.at += LENGTH;
    }

    fn close(self) {
        self.reply.truncate(self.at);
    }
}

fn push_next_cell(cell: &[u8], reply: &mut Vec<u8>) {
    reply.push(b',');
    push_cell(cell, reply);
}

/// Appends a row cell by cell. `outputs` are the values of the outputs, if the command set them.
fn write_cells(
    columns: &[ReplyColumn],
    row: Row<'_>,
    mut outputs: Option<&mut Vec<Output>>,
    reply: &mut Vec<u8>,
) {
    let start = reply.len();
    for (position, column) in columns.iter().enumerate() {
        if position > 0 {
            reply.push(b',');
        }
        match (*column, &mut outputs) {
            (ReplyColumn::Output { index, multi: false, .. }, Some(outputs)) => {
                push_cell(outputs[index].plain(), reply);
            }
            (ReplyColumn::Output { index, multi: true, .. }, Some(outputs)) => {
                push_cell(outputs[index].multi(), reply);
            }
            (ReplyColumn::Kept(cell) | ReplyColumn::Output { kept: Some(cell), .. }, _) => {
                push_cell(&row.cell(cell), reply);
            }
            (ReplyColumn::Output { kept: None, .. }, None) => {}
        }
    }
    if reply.len() == start {
        // A row of one empty cell would be a blank line, which is not a row.
        reply.extend_from_slice(b"\"\"");
    }
}

/// The rows of `reply`, written with the columns of `narrow`, with empty cells for the additional columns of `wide`. Needed
/// only for a chunk whose first `$` comes late.
fn widen(reply: &[u8], narrow: &ReplyColumns, wide: &ReplyColumns) -> Vec<u8> {
    let commas = vec![b','; wide.columns.len() - narrow.columns.len()];
    let mut widened = Vec::with_capacity(2 * reply.len());
    wide.write_names(&mut widened);
    let mut spans = RowSpans::default();
    let mut rows = Scanner::new(reply, 0, LineEnd::LineFeed);
    let _names = rows.next(&mut spans);
    let mut start = rows.position();
    while rows.next(&mut spans) == Scan::Row {
        widened.extend_from_slice(&reply[start..rows.position() - 1]);
        widened.extend_from_slice(&commas);
        widened.push(b'\n');
        start = rows.position();
    }
    widened
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{AsciiCells, Column, CsvRows, RowReader, ValueSink, reference};
    use super::*;
    use crate::commands::distinct;

    /// Doubles each distinct value of the field `f` in the output `g`.
    fn double(row: Row<'_>, column: Column, outputs: &mut [Output]) -> bool {
        let values = distinct(row.values(column));
        for value in &values {
            outputs[0].push(&[value.as_ref(), value].concat());
        }
        !values.is_empty()
    }

    fn by_reference(body: &[u8]) -> Vec<u8> {
        let column = CsvRows::new(body).column("f");
        let mut reply = Vec::new();
        reference::extend(body, &["g".to_owned()], &mut reply, |row, outputs| double(row, column, outputs));
        reply
    }

    /// The same by [`ColumnAppender`], with the body in pieces of `size` bytes; twice, as one chunk after another. With
    /// `ascii`, plain values go through [`AsciiCells`].
    fn by_appender(body: &[u8], size: usize, ascii: bool) -> Vec<Vec<u8>> {
        let mut reader = RowReader::new(vec!["f".to_owned()]);
        let mut appender = ColumnAppender::new(vec!["g".to_owned()]);
        let mut chunk = || {
            let (mut reply, mut taken, mut arrived, mut end) = (Vec::new(), 0, 0, false);
            while !end {
                arrived = (arrived + size).min(body.len());
                end = arrived == body.len();
                let piece = &body[taken..arrived];
                let mut rows = reader.rows(piece, end);
                appender.begin(piece, rows.header(), &mut reply);
                let column = rows.header().map(|header| header.columns[0]);
                while let (Some(row), Some(column)) = (rows.next(), column) {
                    if ascii
                        && let Some(value) = row.bare(column)
                        && appender.copy(row, &mut reply)
                    {
                        let doubled = [value.as_bytes(), value.as_bytes()].concat();
                        AsciiCells::new(&mut reply).text(Slice::whole(&doubled));
                        appender.end_row(&mut reply);
                    } else if ascii
                        && let Some(few) = row.few(column)
                        && let [_, _, ..] = few.as_slice()
                        && appender.copy(row, &mut reply)
                    {
                        let cells = few
                            .as_slice()
                            .iter()
                            .map(|value| [b",", value.as_bytes(), value.as_bytes()].concat());
                        appender.append_several(&mut cells.collect::<Vec<_>>().concat(), &mut reply);
                    } else {
                        let set = double(row, column, appender.outputs());
                        appender.append(row, set, &mut reply);
                    }
                }
                taken += rows.consumed();
                assert!(taken <= arrived && (!end || taken == arrived));
            }
            appender.end();
            reply
        };
        vec![chunk(), chunk()]
    }

    fn check(body: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let reference = by_reference(body);
        for size in [1, 2, 3, 7, 64, body.len().max(1)] {
            for ascii in [true, false] {
                for reply in by_appender(body, size, ascii) {
                    assert_eq!(text(&reply), text(&reference), "{:?} by {size}, {ascii}", text(body));
                    assert_eq!(reply, reference);
                }
            }
        }
    }

    #[test]
    fn irregular_bodies_equal_the_reference() {
        for body in [
            "",
            "\n",
            "f",
            "f\n",
            "f\na\n\nb\n",
            "f,x\n",
            "f,x",
            "\n\nf,x\na,b",
            "f,x\r\na,b\r\n",
            "f,x\na,b\r\n",
            "f,x\r\na,\"b\"\r\n\"c\r\n\",d\n\r\n\re\rf,\r\n,g\r",
            "f\r\na\r\n\r\n\n\rb\"\r\n\r\n\"c\r\n\r\n",
            "f\na\"b\n\n\"x\n\ny\"\n\nz\r\n\r\n",
            "\n\nf\na\n\n",
            "\u{feff}f,x\na,b\n\u{feff}c,d\n\u{feff}\"c,d\n",
            "f,x\n\na,b\n\n",
            "f,x\na\nb,1,2\n",
            "f,x\n\"a\"b,c\nd,e\n",
            "f,x\na\"b,c\nd,e\n",
            "f,x\n\"a,b\nc,d\n",
            "f,x\n\"a\",\"b\"\n",
            "f,x\n\"a\"\"b\",\"\"\n",
            "f,x\na,$\nb,c\n",
            "f,x\na,b\nc,$d$\n\"e\nf\",\"$g$\"\n",
            "f,__mv_f,x\na,,1\n\"b\nc\",$b$;$c$,2\n\"b c\n-\",\"$b c$;$-$\",3\n",
            "g,f\nold,a\nold,\n",
            "g\nold\n\n",
            "f,__mv_g,x\na,$,c\n",
            "f,g,__mv_g\na,\"x\ny\",$x$;$y$\n,\"x\ny\",$x$;$y$\n",
        ] {
            check(body.as_bytes());
        }
        check(b"f,x\n\xff\xfe,\xe3\n\"\xff\n\",\n");
    }

    proptest! {
        #[test]
        fn any_cells_equal_the_reference(
            header in prop::sample::select(vec!["f,x", "\"f\",x,__mv_f", "x,f,__mv_f,g", "f", "x,__mv_g,f", "f,x\r"]),
            body in "([fax$;,\"\n\r.]|\"\"|,,|\"a b\",|\"\n\"|\\$a\\$;\\$b\\$,|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa){0,60}",
        ) {
            check(format!("{header}\n{body}").as_bytes());
        }

        #[test]
        fn regular_rows_equal_the_reference(
            rows in prop::collection::vec("[a-z.]{0,9}|\"[a-z. ]{0,9}\"|\"[a-z]{0,3}(,|\n|\"\")[a-z]{0,90}\"|\\$[a-z]\\$;\\$[b]\\$", 0..90),
        ) {
            let rows: Vec<String> = rows.chunks(3).map(|row| row.join(",") + "\n").collect();
            check(format!("f,__mv_f,x\n{}", rows.concat()).as_bytes());
        }

        #[test]
        fn any_bytes_equal_the_reference(body in prop::collection::vec(any::<u8>(), 0..200)) {
            check(&[b"f,x\n", body.as_slice()].concat());
            check(&body);
        }
    }
}
