//! Output cells: the values of one field of one row.

use std::fmt::Display;
use std::io::Write;

use memchr::memchr3;

use super::{MULTI, multivalue};

/// The values that a command sets in one field of one row: any number.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The values joined by line feeds.
    plain: Vec<u8>,
    /// The end of each value in `plain`.
    ends: Vec<usize>,
    multi: Vec<u8>,
}

impl Output {
    /// Adds a value. An empty one keeps its position among the others.
    pub fn push(&mut self, value: &[u8]) {
        self.add(|plain| plain.extend_from_slice(value));
    }

    /// Adds a value as it is formatted.
    pub fn push_display(&mut self, value: impl Display) {
        // Writing to memory cannot fail.
        self.add(|plain| drop(write!(plain, "{value}")));
    }

    fn add(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        if !self.ends.is_empty() {
            self.plain.push(b'\n');
        }
        append(&mut self.plain);
        self.ends.push(self.plain.len());
    }

    /// The cell in the field's own column.
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The cell in the field's `__mv_` column: empty unless there are several values.
    pub fn multi(&mut self) -> &[u8] {
        self.multi.clear();
        if self.ends.len() > 1 {
            let mut start = 0;
            for &end in &self.ends {
                multivalue::encode(&self.plain[start..end], &mut self.multi);
                start = end + 1;
            }
        }
        &self.multi
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.plain.clear();
        self.ends.clear();
    }
}

/// Appends a row of `outputs`: first the cells of all fields, then all `__mv_` cells.
pub fn write_row(outputs: &mut [Output], body: &mut Vec<u8>) {
    push_cells(outputs.iter().map(Output::plain), body);
    for output in outputs {
        body.push(b',');
        push_cell(output.multi(), body);
    }
    body.push(b'\n');
}

/// Appends a row of column names: `names`, then their `__mv_` columns.
pub fn write_names(names: &[&str], body: &mut Vec<u8>) {
    let multi: Vec<Vec<u8>> = names.iter().map(|name| [MULTI, name.as_bytes()].concat()).collect();
    push_cells(names.iter().map(|name| name.as_bytes()).chain(multi.iter().map(Vec::as_slice)), body);
    body.push(b'\n');
}

/// Appends `cells` with commas between them.
pub(super) fn push_cells<'c>(cells: impl Iterator<Item = &'c [u8]>, row: &mut Vec<u8>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            row.push(b',');
        }
        push_cell(cell, row);
    }
}

/// Appends a CSV cell, quoted if it needs quotes, as the csv crate writes it.
pub(super) fn push_cell(cell: &[u8], row: &mut Vec<u8>) {
    if needs_quotes(cell) {
        multivalue::push_between(b'"', cell, row);
    } else {
        row.extend_from_slice(cell);
    }
}

/// Whether a CSV cell needs quotes.
pub fn needs_quotes(cell: &[u8]) -> bool {
    memchr3(b',', b'"', b'\n', cell).is_some() || cell.contains(&b'\r')
}
