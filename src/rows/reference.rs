//! The plain reference of [`ColumnAppender`](super::ColumnAppender), on the csv crate alone: what a streaming command does to
//! a chunk.
//!
//! Only tests and, by the feature `reference`, fuzz targets compile it. The fast path must produce the same bytes.

use std::borrow::Cow;

use super::columns::{ReplyColumn, ReplyColumns};
use super::{CsvRows, CsvWriter, Output, Row};

/// Writes the rows of `request` to `reply` with the columns `outputs` set by a streaming command.
///
/// `compute` gets each row and an empty [`Output`] for each of `outputs`. It returns whether it has set them; otherwise the
/// row comes back unchanged. A body without columns stays empty.
pub fn extend(
    request: &[u8],
    outputs: &[String],
    reply: &mut Vec<u8>,
    mut compute: impl FnMut(Row<'_>, &mut [Output]) -> bool,
) {
    let mut rows = CsvRows::new(request);
    if rows.header().is_empty() {
        return;
    }
    // A multivalue needs a `$`.
    let multivalues = request.contains(&b'$');
    let columns = ReplyColumns::new(rows.header(), outputs, multivalues);
    let mut values = vec![Output::default(); outputs.len()];
    let mut writer = CsvWriter::new(reply);
    writer.row(columns.names.iter().map(AsRef::as_ref));
    while let Some(row) = rows.next() {
        values.iter_mut().for_each(Output::clear);
        let set = compute(row, &mut values);
        for column in &columns.columns {
            writer.cell(&match *column {
                ReplyColumn::Output { index, multi: false, .. } if set => {
                    Cow::Borrowed(values[index].plain())
                }
                ReplyColumn::Output { index, multi: true, .. } if set => Cow::Borrowed(values[index].multi()),
                ReplyColumn::Kept(index) | ReplyColumn::Output { kept: Some(index), .. } => row.cell(index),
                ReplyColumn::Output { kept: None, .. } => Cow::Borrowed(&b""[..]),
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
        let column = CsvRows::new(body).column("f");
        let mut reply = Vec::new();
        extend(body, &["g".to_owned()], &mut reply, |row, outputs| {
            let values = row.values(column);
            for value in &values {
                outputs[0].push(&[value.as_ref(), value].concat());
            }
            !values.is_empty()
        });
        reply
    }

    fn cells(body: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut rows = CsvRows::new(body);
        let mut cells = vec![rows.header().iter().map(<[u8]>::to_vec).collect()];
        while let Some(row) = rows.next() {
            let Row::Record(record) = row else { unreachable!("the csv crate reads records") };
            cells.push(record.iter().map(<[u8]>::to_vec).collect());
        }
        cells
    }

    fn check(body: &str, reply: &str) {
        assert_eq!(String::from_utf8_lossy(&doubled(body.as_bytes())), reply);
    }

    #[test]
    fn outputs_follow_the_columns_of_the_request() {
        check("f,_chunked_idx\na,0\n,1\n", "f,_chunked_idx,g\na,0,aa\n,1,\n");
        check("_chunked_idx,\"f\"\n0,\"a,b\"", "_chunked_idx,f,g\n0,\"a,b\",\"a,ba,b\"\n");
        check("f,x{},Source IP\na,\"1\n2\",\"\"\"\"\n", "f,x{},Source IP,g\na,\"1\n2\",\"\"\"\",aa\n");
    }

    #[test]
    fn several_values_have_several_outputs() {
        check(
            "f,__mv_f\n\"a\nb\",$a$;$b$\nc,\n\"\n\",$$;$$\n,$$\n",
            "f,__mv_f,g,__mv_g\n\"a\nb\",$a$;$b$,\"aa\nbb\",$aa$;$bb$\nc,,cc,\n\"\n\",$$;$$,\"\n\",$$;$$\n,$$,,\n",
        );
        check("__mv_f\n$a$\n", "__mv_f,g,__mv_g\n$a$,aa,\n");
        check("f,__mv_f\na,$broken\n", "f,__mv_f,g,__mv_g\na,$broken,aa,\n");
    }

    #[test]
    fn a_column_with_the_name_of_an_output_is_replaced_in_rows_that_are_set() {
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
    fn irregular_rows_keep_their_columns() {
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
