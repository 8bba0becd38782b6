//! The plain way: rows as the csv crate reads and writes them.
//!
//! [`extend`] is what a streaming command does to a chunk: every column and every row comes back with its
//! values byte for byte, in the same order, and the command's outputs stand in columns of their own. A search takes
//! the quick way of [`ColumnAppender`](super::ColumnAppender), which does the same.

use std::borrow::Cow;
use std::io;

use csv::{ByteRecord, QuoteStyle, Terminator};

use super::columns::{Cell, Layout};
use super::{Column, Output, Row};

/// Reads the rows of a body one after another.
pub struct Rows<'b> {
    reader: csv::Reader<io::Cursor<Cow<'b, [u8]>>>,
    header: ByteRecord,
    record: ByteRecord,
    /// Whether a row can have several values: a multivalue needs a `$` somewhere in the body.
    multivalues: bool,
}

impl<'b> Rows<'b> {
    /// Reads the header of `body`. A body without any byte has no columns and no rows.
    pub fn read(body: &'b [u8]) -> Rows<'b> {
        let mut rows = Rows::open(Cow::Borrowed(body), Terminator::Any(b'\n'));
        // splunkd ends lines with a line feed, and a carriage return is data. Who ends the header with both, as
        // other writers of CSV do, means both everywhere.
        let crlf = rows.header.iter().next_back().is_some_and(|name| name.ends_with(b"\r"));
        if crlf {
            rows = Rows::open(Cow::Borrowed(body), Terminator::CRLF);
        }
        if rows.header.len() == 1 {
            // The csv crate takes a blank line for nothing, but here it is a row whose one cell is empty.
            let terminator = if crlf { Terminator::CRLF } else { Terminator::Any(b'\n') };
            rows = Rows::open(Cow::Owned(quote_blank_lines(body)), terminator);
        }
        rows
    }

    fn open(body: Cow<'b, [u8]>, terminator: Terminator) -> Rows<'b> {
        let multivalues = body.contains(&b'$');
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(terminator)
            .from_reader(io::Cursor::new(body));
        let mut rows = Rows { reader, header: ByteRecord::new(), record: ByteRecord::new(), multivalues };
        if rows.next().is_some() {
            rows.header = std::mem::take(&mut rows.record);
        }
        rows
    }

    /// The names of the columns.
    pub fn header(&self) -> &ByteRecord {
        &self.header
    }

    /// Where `field` stands in these rows.
    pub fn column(&self, field: &str) -> Column {
        Column::of(field, &self.header)
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

/// Writes rows as splunkd does: line feeds, and quotes where they are needed.
pub struct Writer<'b>(csv::Writer<&'b mut Vec<u8>>);

impl<'b> Writer<'b> {
    /// A writer that appends to `body`, to the last when it is dropped.
    pub fn new(body: &'b mut Vec<u8>) -> Writer<'b> {
        let terminator = Terminator::Any(b'\n');
        let mut builder = csv::WriterBuilder::new();
        Writer(
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

    fn cell(&mut self, cell: &[u8]) {
        self.0.write_field(cell).expect("memory takes every write");
    }

    fn end_row(&mut self) {
        self.0.write_record(None::<&[u8]>).expect("memory takes every write");
    }
}

/// Writes `rows` to `body` with the columns `outputs` set by a streaming command.
///
/// `compute` gets each row and an empty [`Output`] for each of `outputs`, and says whether it has set them; a
/// row that it leaves alone comes back as it came. A body without columns stays one.
pub fn extend(
    mut rows: Rows<'_>,
    outputs: &[String],
    body: &mut Vec<u8>,
    mut compute: impl FnMut(Row<'_>, &mut [Output]) -> bool,
) {
    if rows.header.is_empty() {
        return;
    }
    let Layout { names, cells, .. } = Layout::of(&rows.header, outputs, rows.multivalues);
    let mut values = vec![Output::default(); outputs.len()];
    let mut writer = Writer::new(body);
    writer.row(names.iter().map(AsRef::as_ref));
    while let Some(row) = rows.next() {
        values.iter_mut().for_each(Output::clear);
        let set = compute(row, &mut values);
        for cell in &cells {
            writer.cell(&match *cell {
                Cell::Output { index, multi: false, .. } if set => Cow::Borrowed(values[index].plain()),
                Cell::Output { index, multi: true, .. } if set => Cow::Borrowed(values[index].multi()),
                Cell::Kept(column) | Cell::Output { kept: Some(column), .. } => row.cell(column),
                Cell::Output { kept: None, .. } => Cow::Borrowed(&b""[..]),
            });
        }
        writer.end_row();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The reply to `body` of a command that doubles each value of the field `f` in the output `g`.
    fn doubled(body: &[u8]) -> Vec<u8> {
        let rows = Rows::read(body);
        let column = rows.column("f");
        let mut reply = Vec::new();
        extend(rows, &["g".to_owned()], &mut reply, |row, outputs| {
            let values = row.values(column);
            for value in &values {
                outputs[0].push(&[value.as_ref(), value].concat());
            }
            !values.is_empty()
        });
        reply
    }

    fn cells(body: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut rows = Rows::read(body);
        let mut cells = vec![rows.header().iter().map(<[u8]>::to_vec).collect()];
        while let Some(row) = rows.next() {
            let Row::Record(record) = row else { unreachable!("the plain reader gives records") };
            cells.push(record.iter().map(<[u8]>::to_vec).collect());
        }
        cells
    }

    fn check(body: &str, reply: &str) {
        assert_eq!(String::from_utf8_lossy(&doubled(body.as_bytes())), reply);
    }

    #[test]
    fn outputs_stand_behind_the_columns_of_the_request() {
        check("f,_chunked_idx\na,0\n,1\n", "f,_chunked_idx,g\na,0,aa\n,1,\n");
        check("_chunked_idx,\"f\"\n0,\"a,b\"", "_chunked_idx,f,g\n0,\"a,b\",\"a,ba,b\"\n");
        check("f,x{},Source IP\na,\"1\n2\",\"\"\"\"\n", "f,x{},Source IP,g\na,\"1\n2\",\"\"\"\",aa\n");
    }

    #[test]
    fn several_values_give_several() {
        check(
            "f,__mv_f\n\"a\nb\",$a$;$b$\nc,\n\"\n\",$$;$$\n,$$\n",
            "f,__mv_f,g,__mv_g\n\"a\nb\",$a$;$b$,\"aa\nbb\",$aa$;$bb$\nc,,cc,\n\"\n\",$$;$$,\"\n\",$$;$$\n,$$,,\n",
        );
        check("__mv_f\n$a$\n", "__mv_f,g,__mv_g\n$a$,aa,\n");
        check("f,__mv_f\na,$broken\n", "f,__mv_f,g,__mv_g\na,$broken,aa,\n");
    }

    #[test]
    fn a_column_of_the_same_name_is_replaced_where_the_row_is_not_left_alone() {
        check("g,f\nold,a\nold,\n", "g,f\naa,a\nold,\n");
        check(
            "g,__mv_g,f\n\"x\ny\",$x$;$y$,a\n\"x\ny\",$x$;$y$,\n",
            "g,__mv_g,f\naa,,a\n\"x\ny\",$x$;$y$,\n",
        );
    }

    #[test]
    fn chunks_without_rows_or_columns() {
        check("", "");
        check("f,_chunked_idx\n", "f,_chunked_idx,g\n");
        check("x\n1\n", "x,g\n1,\n");
        check("f\na\n\n\"\n\n\"\n\n", "f,g\na,aa\n,\n\"\n\n\",\"\n\n\n\n\"\n,\n");
    }

    #[test]
    fn odd_rows_keep_their_places() {
        check("f,x\na\nb,1,2\n", "f,x,g\na,,aa\nb,1,bb\n");
        check("f,x\na\r,\"1\n", "f,x,g\n\"a\r\",\"1\n\",\"a\ra\r\"\n");
        assert_eq!(doubled(b"f,x\n\xff,\xfe\n"), b"f,x,g\n\xff,\xfe,\xff\xff\n");
    }

    proptest! {
        #[test]
        fn every_cell_of_every_row_comes_back(
            table in (1_usize..5).prop_flat_map(|width| prop::collection::vec(
                prop::collection::vec("[a\"\\n,$;]{0,5}|\\PC{0,8}", width), 1..8)),
        ) {
            let mut body = Vec::new();
            let mut writer = csv::WriterBuilder::new().from_writer(&mut body);
            // Names differ, so that none is the output's.
            let header = (0..table[0].len()).map(|index| format!("c{index}"));
            writer.write_record(header).expect("memory");
            for row in &table {
                writer.write_record(row).expect("memory");
            }
            drop(writer);
            let reply = cells(&doubled(&body));
            let width = table[0].len();
            prop_assert_eq!(reply.len(), table.len() + 1);
            for (row, replied) in table.iter().zip(&reply[1..]) {
                let row: Vec<&[u8]> = row.iter().map(String::as_bytes).collect();
                prop_assert_eq!(&replied[..width], &row);
            }
        }

        #[test]
        fn any_bytes_are_rows(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let reply = doubled(&[b"f,x\n", body.as_slice()].concat());
            prop_assert!(cells(&reply).iter().all(|row| row.len() >= 3));
        }
    }
}
