//! Any bytes as the body of a chunk: every cell that has a column comes back in its place.
#![no_main]

use dnsentropy::protocol::rows::{Rows, extend};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // A header of which no name is the output's, as that column would be replaced.
    let body = [b"f,__mv_f,x\n", input].concat();
    let rows = Rows::read(&body);
    let column = rows.column("f");
    let mut reply = Vec::new();
    extend(rows, &["output".to_owned()], &mut reply, |row, outputs| {
        let values = row.values(column);
        values.iter().for_each(|value| outputs[0].push(value));
        !values.is_empty()
    });
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
