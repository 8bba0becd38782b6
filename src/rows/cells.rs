//! What a command gives for a row.

use memchr::memchr3;

use super::multivalue;

/// What a command gives for one field of one row: any number of values.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The values joined by line feeds.
    plain: Vec<u8>,
    /// Where each value ends in `plain`.
    ends: Vec<usize>,
    multi: Vec<u8>,
}

impl Output {
    /// Adds a value. An empty one keeps its place among the others.
    pub fn push(&mut self, value: &[u8]) {
        if !self.ends.is_empty() {
            self.plain.push(b'\n');
        }
        self.plain.extend_from_slice(value);
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

    pub(super) fn clear(&mut self) {
        self.plain.clear();
        self.ends.clear();
    }
}

/// Appends a cell to a row of CSV, in quotes where it needs them, as the csv crate writes it.
pub(super) fn push_cell(cell: &[u8], row: &mut Vec<u8>) {
    if memchr3(b',', b'"', b'\n', cell).is_none() && !cell.contains(&b'\r') {
        return row.extend_from_slice(cell);
    }
    multivalue::push_between(b'"', cell, row);
}

/// The length of a block.
const BLOCK: usize = 64;

/// Appends `text[start..end]`. A short text is copied with what stands behind it, as far as that makes a block of a fixed
/// length, and then cut: that needs no call, and no branch that depends on the length.
#[inline]
pub(super) fn append(text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    let (before, length) = (out.len(), end - start);
    match text.get(start..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        Some(block) if length <= block.len() => {
            out.extend_from_slice(block);
            out.truncate(before + length);
        }
        _ => out.extend_from_slice(&text[start..end]),
    }
}
