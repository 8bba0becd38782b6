//! Tables for the terminal.

use std::fmt;

use comfy_table::presets::ASCII_BORDERS_ONLY_CONDENSED;

/// A table with a header; control characters in its cells are shown escaped, as names come from the network.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table with the columns `header`.
    pub fn new(header: &[&str]) -> Table {
        let mut table = comfy_table::Table::new();
        table.load_preset(ASCII_BORDERS_ONLY_CONDENSED).set_header(header);
        Table(table)
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells.into_iter().map(|cell| printable(&cell)));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn printable(cell: &str) -> String {
    cell.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
