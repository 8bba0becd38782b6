//! The columns of a reply.

use csv::ByteRecord;

use super::MULTI;
use super::cells::push_cells;

/// One column of the reply.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReplyColumn {
    /// A column of the request, as it came.
    Kept(usize),
    /// An output's values, or its `__mv_` form. If the request has a column of that name too, it is the `kept` one, and a row
    /// that the command leaves alone keeps its cell.
    Output { index: usize, multi: bool, kept: Option<usize> },
}

/// The columns of the reply: those of the request in their order, then the outputs that it does not have.
#[derive(Debug)]
pub(super) struct ReplyColumns {
    pub names: Vec<Vec<u8>>,
    pub columns: Vec<ReplyColumn>,
    /// How many columns the request has, if they all come back unchanged: no output has the name of one.
    pub unchanged: Option<usize>,
    /// How many `__mv_` columns follow those of the outputs, if all columns of the request come back unchanged: one for each
    /// output, or none.
    pub multivalues: usize,
}

impl ReplyColumns {
    /// The columns for `outputs`; with their `__mv_` columns if there can be `multivalues`.
    pub fn new(header: &ByteRecord, outputs: &[String], multivalues: bool) -> ReplyColumns {
        let mut names: Vec<Vec<u8>> = header.iter().map(<[u8]>::to_vec).collect();
        let mut columns: Vec<ReplyColumn> = (0..names.len()).map(ReplyColumn::Kept).collect();
        for multi in [false, true] {
            for (index, output) in outputs.iter().enumerate() {
                let prefix = if multi { MULTI } else { b"" };
                let name = [prefix, output.as_bytes()].concat();
                let kept = header.iter().position(|header| header == name);
                let column = ReplyColumn::Output { index, multi, kept };
                if let Some(kept) = kept {
                    columns[kept] = column;
                } else if !multi || multivalues {
                    names.push(name);
                    columns.push(column);
                }
            }
        }
        let kept = columns[..header.len()].iter().all(|column| matches!(column, ReplyColumn::Kept(_)));
        let unchanged = kept.then_some(header.len());
        let multivalues = if multivalues { outputs.len() } else { 0 };
        ReplyColumns { names, columns, unchanged, multivalues }
    }

    /// Appends the header line.
    pub fn write_names(&self, reply: &mut Vec<u8>) {
        push_cells(self.names.iter().map(Vec::as_slice), reply);
        reply.push(b'\n');
    }
}
