//! The columns of a reply.

use csv::ByteRecord;

use super::cells::push_cell;
use super::{MULTI, Output, Row};

/// One column of the reply.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    /// A column of the request, as it came.
    Kept(usize),
    /// An output's values, or its `__mv_` form. Where the request has that column too, a row that the command
    /// leaves alone keeps what it has there.
    Output { index: usize, multi: bool, kept: Option<usize> },
}

/// The columns of the reply: those of the request in their order, then the outputs that it does not have.
#[derive(Debug)]
pub(super) struct Layout {
    pub names: Vec<Vec<u8>>,
    pub cells: Vec<Cell>,
    /// Where the cells behind those of the request begin, if all of these come back as they came.
    pub added: Option<usize>,
}

impl Layout {
    /// The columns for `outputs`; their `__mv_` columns too where there can be `multivalues`.
    pub fn of(header: &ByteRecord, outputs: &[String], multivalues: bool) -> Layout {
        let mut names: Vec<Vec<u8>> = header.iter().map(<[u8]>::to_vec).collect();
        let mut cells: Vec<Cell> = (0..names.len()).map(Cell::Kept).collect();
        for multi in [false, true] {
            for (index, output) in outputs.iter().enumerate() {
                let prefix = if multi { MULTI } else { b"" };
                let name = [prefix, output.as_bytes()].concat();
                let kept = header.iter().position(|header| header == name);
                let cell = Cell::Output { index, multi, kept };
                if let Some(column) = kept {
                    cells[column] = cell;
                } else if !multi || multivalues {
                    names.push(name);
                    cells.push(cell);
                }
            }
        }
        let all_kept = cells[..header.len()].iter().all(|cell| matches!(cell, Cell::Kept(_)));
        Layout { names, cells, added: all_kept.then_some(header.len()) }
    }

    /// Appends the header line.
    pub fn write_names(&self, reply: &mut Vec<u8>) {
        for (index, name) in self.names.iter().enumerate() {
            if index > 0 {
                reply.push(b',');
            }
            push_cell(name, reply);
        }
        reply.push(b'\n');
    }
}

/// Appends `cells` with commas between them, and in front of them if they go `on` a row. `values` are those of the
/// outputs, if they are set.
pub(super) fn write_cells(
    cells: &[Cell],
    row: Row<'_>,
    mut values: Option<&mut [Output]>,
    on: bool,
    reply: &mut Vec<u8>,
) {
    let before = reply.len();
    for (index, cell) in cells.iter().enumerate() {
        if on || index > 0 {
            reply.push(b',');
        }
        match (*cell, &mut values) {
            (Cell::Kept(column), _) => push_cell(&row.cell(column), reply),
            (Cell::Output { index, multi: false, .. }, Some(values)) => {
                push_cell(values[index].plain(), reply);
            }
            (Cell::Output { index, multi: true, .. }, Some(values)) => {
                push_cell(values[index].multi(), reply);
            }
            (Cell::Output { kept, .. }, None) => {
                if let Some(column) = kept {
                    push_cell(&row.cell(column), reply);
                }
            }
        }
    }
    if !on && reply.len() == before {
        // A row of one empty cell would be a blank line, which is no row.
        reply.extend_from_slice(b"\"\"");
    }
}
