//! Any bytes as the body of a chunk: the quick way, in pieces of any size, gives what the plain way gives, and every cell
//! that has a column comes back in its place.
#![no_main]

use dnsentropy::rows::append::Compute;
use dnsentropy::rows::reader::Header;
use dnsentropy::rows::ascii_cells::{ROOM, AsciiCells};
use dnsentropy::rows::{Column, ColumnAppender, Output, Row, Rows, extend};
use dnsentropy::slice::Slice;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&size, input)) = input.split_first() else { return };
    // A header of which no name is the output's, as that column would be replaced.
    let body = [b"f,__mv_f,x\n", input].concat();
    let rows = Rows::read(&body);
    let column = rows.column("f");
    let mut reply = Vec::new();
    extend(rows, &["output".to_owned()], &mut reply, |row, outputs| copy(row, column, outputs));
    assert_eq!(quickly(&body, usize::from(size) + 1), reply);

    let (mut before, mut after) = (Rows::read(&body), Rows::read(&reply));
    let (f, output) = (after.column("f"), after.column("output"));
    loop {
        match (before.next(), after.next()) {
            (Some(before), Some(after)) => {
                (0..3).for_each(|index| assert_eq!(before.cell(index), after.cell(index)));
                assert_eq!(after.values(f), after.values(output));
            }
            (None, None) => break,
            _ => panic!("as many rows"),
        }
    }
});

fn copy(row: Row<'_>, column: Column, outputs: &mut [Output]) -> bool {
    let values = row.values(column);
    values.iter().for_each(|value| outputs[0].push(value));
    !values.is_empty()
}

fn quickly(body: &[u8], size: usize) -> Vec<u8> {
    let mut extension = ColumnAppender::new(vec!["f".to_owned()], vec!["output".to_owned()]);
    let (mut reply, mut taken) = (Vec::new(), 0);
    for arrived in (size..body.len()).step_by(size).chain([body.len()]) {
        let whole = arrived == body.len();
        taken += extension.take(&body[taken..arrived], whole, &mut reply, &mut Copy);
    }
    reply
}

/// Gives the values of `f` again.
struct Copy;

impl Compute for Copy {
    fn row(&mut self, header: &Header, row: Row<'_>, outputs: &mut [Output]) -> bool {
        copy(row, header.columns[0], outputs)
    }

    fn key<'r>(&self, header: &Header, row: Row<'r>) -> Option<Slice<'r>> {
        row.bare(header.columns[0])
    }

    fn quick(&mut self, key: Slice<'_>, room: &mut [u8; ROOM]) -> Option<usize> {
        let fits = key.start < key.end && key.end - key.start < 1000;
        fits.then(|| {
            let mut tail = AsciiCells::new(room);
            tail.text(key.bytes, key.start, key.end);
            tail.length()
        })
    }
}
