//! What a streaming command does to a chunk: every row comes back, with the command's outputs.

use memchr::memchr;

use super::answer_cache::AnswerCache;
use super::ascii_cells::ROOM;
use super::cells::append;
use super::columns::{Cell, Layout, write_cells};
use super::reader::{Header, RowReader};
use super::scan::{RowSpans, Scan, Scanner};
use super::{Output, Row};
use crate::slice::Slice;

/// What a command makes of a row.
pub trait Compute {
    /// Sets `outputs`, which are empty, and says whether it has; a row that it leaves alone comes back as it came.
    fn row(&mut self, header: &Header, row: Row<'_>, outputs: &mut [Output]) -> bool;

    /// The value that alone decides what a row gives, with a single value in each output; `None` where there is no such.
    /// Then the command may not be asked again for a row with the same value.
    fn key<'r>(&self, header: &Header, row: Row<'r>) -> Option<Slice<'r>> {
        let _ = (header, row);
        None
    }

    /// Does the same as `row` where it is easy, from the row's key: writes a [`AsciiCells`] with a cell for each output to `room`,
    /// and says how long it is. After `None`, `row` is asked.
    fn quick(&mut self, key: Slice<'_>, room: &mut [u8; ROOM]) -> Option<usize> {
        let _ = (key, room);
        None
    }
}

/// Extends chunk after chunk, each from pieces of its body, by the columns of a command's outputs.
#[derive(Debug)]
pub struct ColumnAppender {
    outputs: Vec<String>,
    rows: RowReader,
    /// The columns of the reply, once the chunk's header was read.
    layout: Option<Layout>,
    /// Whether a row of the chunk can have several values: a multivalue needs a `$` somewhere in the body.
    multivalues: bool,
    workshop: Workshop,
}

/// What is kept from row to row to make outputs.
#[derive(Debug)]
struct Workshop {
    values: Vec<Output>,
    room: Box<[u8; ROOM]>,
    memory: AnswerCache,
}

impl ColumnAppender {
    /// Sets `outputs` by what each row has in `fields`.
    pub fn new(fields: Vec<String>, outputs: Vec<String>) -> ColumnAppender {
        let values = vec![Output::default(); outputs.len()];
        let workshop = Workshop { values, room: Box::new([0; ROOM]), memory: AnswerCache::default() };
        ColumnAppender { outputs, rows: RowReader::new(fields), layout: None, multivalues: false, workshop }
    }

    /// Takes rows off the front of `body`, what the chunk's body has and was not taken yet, and appends them to `reply`,
    /// which holds nothing but the body of this chunk's reply. Returns how many bytes were taken: all of them if the body
    /// is `whole`, which ends the chunk. A body without columns stays one.
    pub fn take(
        &mut self,
        body: &[u8],
        whole: bool,
        reply: &mut Vec<u8>,
        compute: &mut impl Compute,
    ) -> usize {
        if !self.multivalues && memchr(b'$', body).is_some() {
            self.multivalues = true;
            if let (Some(header), Some(layout)) = (self.rows.header(), &mut self.layout) {
                *layout = widen(reply, layout, Layout::of(&header.names, &self.outputs, true));
            }
        }
        let ColumnAppender { outputs, rows, layout, multivalues, workshop } = self;
        let taken = rows.read(body, whole, |header, row| {
            let layout = layout.get_or_insert_with(|| begin(header, outputs, *multivalues, reply));
            if let (Row::Scanned(bytes, cells), Some(added)) = (row, layout.added) {
                cells.copy(bytes, reply);
                let (plain, multi) = layout.cells[added..].split_at(outputs.len());
                workshop.add_outputs(compute, header, row, plain, multi, reply);
            } else {
                let values = workshop.measure(compute, header, row);
                write_cells(&layout.cells, row, values, false, reply);
            }
            reply.push(b'\n');
        });
        if whole {
            if let (None, Some(header)) = (&self.layout, self.rows.header()) {
                begin(header, &self.outputs, self.multivalues, reply);
            }
            (self.layout, self.multivalues) = (None, false);
        }
        taken
    }
}

impl Workshop {
    /// Appends the outputs of a row whose own cells stand in `reply` already: the `plain` columns, then the `multi` ones.
    #[inline]
    fn add_outputs(
        &mut self,
        compute: &mut impl Compute,
        header: &Header,
        row: Row<'_>,
        plain: &[Cell],
        multi: &[Cell],
        reply: &mut Vec<u8>,
    ) {
        let Some(key) = compute.key(header, row) else {
            let mut values = self.measure(compute, header, row);
            write_cells(plain, row, values.as_deref_mut(), true, reply);
            return write_cells(multi, row, values, true, reply);
        };
        let start = reply.len();
        if let Err(unknown) = self.memory.recall(key.as_bytes(), reply) {
            if let Some(length) = compute.quick(key, &mut self.room) {
                append(self.room.as_slice(), 0, length, reply);
            } else {
                let values = self.measure(compute, header, row);
                write_cells(plain, row, values, true, reply);
            }
            self.memory.note(unknown, key.as_bytes(), &reply[start..]);
        }
        // No output has several values.
        reply.resize(reply.len() + multi.len(), b',');
    }

    /// The values of the outputs, if the command sets them.
    fn measure(
        &mut self,
        compute: &mut impl Compute,
        header: &Header,
        row: Row<'_>,
    ) -> Option<&mut [Output]> {
        self.values.iter_mut().for_each(Output::clear);
        compute.row(header, row, &mut self.values).then_some(&mut self.values)
    }
}

/// Begins a reply with the names of its columns.
fn begin(header: &Header, outputs: &[String], multivalues: bool, reply: &mut Vec<u8>) -> Layout {
    let layout = Layout::of(&header.names, outputs, multivalues);
    layout.write_names(reply);
    layout
}

/// Gives the rows of `reply`, written with the columns of `narrow`, those that `wide` has more, all of them empty.
/// Needed only in the chunk in which the first `$` comes late.
fn widen(reply: &mut Vec<u8>, narrow: &Layout, wide: Layout) -> Layout {
    let commas = vec![b','; wide.cells.len() - narrow.cells.len()];
    let mut widened = Vec::with_capacity(2 * reply.len());
    wide.write_names(&mut widened);
    let mut cells = RowSpans::default();
    let mut rows = Scanner::new(reply);
    let _names = rows.next(&mut cells);
    let mut start = rows.at();
    while rows.next(&mut cells) == Scan::Row {
        widened.extend_from_slice(&reply[start..rows.at() - 1]);
        widened.extend_from_slice(&commas);
        widened.push(b'\n');
        start = rows.at();
    }
    *reply = widened;
    wide
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{AsciiCells, Column, Rows, extend};
    use super::*;

    /// Doubles each value of the field `f` in the output `g`, quickly where it can.
    struct Double {
        quick: bool,
    }

    fn double(row: Row<'_>, column: Column, outputs: &mut [Output]) -> bool {
        let values = row.values(column);
        for value in &values {
            outputs[0].push(&[value.as_ref(), value].concat());
        }
        !values.is_empty()
    }

    impl Compute for Double {
        fn row(&mut self, header: &Header, row: Row<'_>, outputs: &mut [Output]) -> bool {
            double(row, header.columns[0], outputs)
        }

        fn key<'r>(&self, header: &Header, row: Row<'r>) -> Option<Slice<'r>> {
            row.bare(header.columns[0])
        }

        fn quick(&mut self, key: Slice<'_>, room: &mut [u8; ROOM]) -> Option<usize> {
            let value = key.as_bytes();
            if !self.quick || value.is_empty() || value.len() > 255 {
                return None;
            }
            let mut tail = AsciiCells::new(room);
            tail.text(&[value, value].concat(), 0, 2 * value.len());
            Some(tail.length())
        }
    }

    /// What the plain twin makes of `body`.
    fn plainly(body: &[u8]) -> Vec<u8> {
        let rows = Rows::read(body);
        let column = rows.column("f");
        let mut reply = Vec::new();
        extend(rows, &["g".to_owned()], &mut reply, |row, outputs| double(row, column, outputs));
        reply
    }

    /// The same by [`ColumnAppender`], the body coming in pieces of `size` bytes; twice, as one chunk after another.
    fn quickly(body: &[u8], size: usize, quick: bool) -> Vec<Vec<u8>> {
        let mut extension = ColumnAppender::new(vec!["f".to_owned()], vec!["g".to_owned()]);
        let mut chunk = || {
            let (mut reply, mut taken, mut arrived) = (Vec::new(), 0, 0);
            while arrived < body.len() || arrived == 0 {
                arrived = (arrived + size).min(body.len());
                let whole = arrived == body.len();
                taken += extension.take(&body[taken..arrived], whole, &mut reply, &mut Double { quick });
                assert!(taken <= arrived && (!whole || taken == arrived));
                if whole {
                    break;
                }
            }
            reply
        };
        vec![chunk(), chunk()]
    }

    fn check(body: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let plain = plainly(body);
        for size in [1, 2, 3, 7, 64, body.len().max(1)] {
            for quick in [true, false] {
                for reply in quickly(body, size, quick) {
                    assert_eq!(text(&reply), text(&plain), "{:?} by {size}, {quick}", text(body));
                    assert_eq!(reply, plain);
                }
            }
        }
    }

    #[test]
    fn odd_bodies_come_out_as_from_the_plain_twin() {
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
        fn any_bytes_come_out_as_from_the_plain_twin(
            header in prop::sample::select(vec!["f,x", "\"f\",x,__mv_f", "x,f,__mv_f,g", "f", "x,__mv_g,f", "f,x\r"]),
            body in "([fax$;,\"\n\r.]|\"\"|,,|\"a b\",|\"\n\"|\\$a\\$;\\$b\\$,|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa){0,60}",
        ) {
            check(format!("{header}\n{body}").as_bytes());
        }

        #[test]
        fn regular_rows_come_out_as_from_the_plain_twin(
            rows in prop::collection::vec("[a-z.]{0,9}|\"[a-z. ]{0,9}\"|\"[a-z]{0,3}(,|\n|\"\")[a-z]{0,90}\"|\\$[a-z]\\$;\\$[b]\\$", 0..90),
        ) {
            let rows: Vec<String> = rows.chunks(3).map(|row| row.join(",") + "\n").collect();
            check(format!("f,__mv_f,x\n{}", rows.concat()).as_bytes());
        }

        #[test]
        fn any_bytes_at_all_come_out_as_from_the_plain_twin(body in prop::collection::vec(any::<u8>(), 0..200)) {
            check(&[b"f,x\n", body.as_slice()].concat());
            check(&body);
        }
    }
}
