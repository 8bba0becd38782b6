//! Any bytes as the body of a chunk: the fast path, with the body in pieces of any size, replies what the reference replies,
//! and every cell that has a column comes back in its place.
#![no_main]

use dnsentropy::rows::{
    AsciiCells, Column, ColumnAppender, CsvRows, Output, Row, RowReader, ValueSink, reference,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&size, input)) = input.split_first() else { return };
    // No column has the output's name, as that column would be replaced.
    let header = if size % 2 == 0 { &b"f,__mv_f,x\n"[..] } else { b"f,__mv_f,x\r\n" };
    let body = [header, input].concat();
    let column = CsvRows::new(&body).column("f");
    let mut reply = Vec::new();
    reference::extend(&body, &["output".to_owned()], &mut reply, |row, outputs| copy(row, column, outputs));
    assert_eq!(by_appender(&body, usize::from(size) + 1), reply);

    let (mut before, mut after) = (CsvRows::new(&body), CsvRows::new(&reply));
    let (f, output) = (after.column("f"), after.column("output"));
    loop {
        match (before.next(), after.next()) {
            (Some(before), Some(after)) => {
                (0..3).for_each(|index| assert_eq!(before.cell(index), after.cell(index)));
                assert_eq!(after.values(f), after.values(output));
            }
            (None, None) => break,
            _ => panic!("the reply has another number of rows"),
        }
    }
});

/// Copies the values of the field to the output.
fn copy(row: Row<'_>, column: Column, outputs: &mut [Output]) -> bool {
    let values = row.values(column);
    values.iter().for_each(|value| outputs[0].push(value));
    !values.is_empty()
}

fn by_appender(body: &[u8], size: usize) -> Vec<u8> {
    let mut reader = RowReader::new(vec!["f".to_owned()]);
    let mut appender = ColumnAppender::new(vec!["output".to_owned()]);
    let (mut reply, mut taken) = (Vec::new(), 0);
    for arrived in (size..body.len()).step_by(size).chain([body.len()]) {
        let piece = &body[taken..arrived];
        let mut rows = reader.rows(piece, arrived == body.len());
        appender.begin(piece, rows.header(), &mut reply);
        let column = rows.header().map(|header| header.columns[0]);
        while let (Some(row), Some(column)) = (rows.next(), column) {
            if let Some(value) = row.only(column)
                && appender.copy(row, &mut reply)
            {
                AsciiCells::new(&mut reply).text(value);
                appender.end_row(&mut reply);
            } else if let Some(few) = row.few(column)
                && few.as_slice().len() > 1
                && few.as_slice().len() == row.values(column).len()
                && appender.copy(row, &mut reply)
            {
                let mut cells = Vec::new();
                few.as_slice().iter().for_each(|value| AsciiCells::new(&mut cells).text(*value));
                appender.append_several(&mut cells, &mut reply);
            } else {
                let set = copy(row, column, appender.outputs());
                appender.append(row, set, &mut reply);
            }
        }
        taken += rows.consumed();
    }
    reply
}
