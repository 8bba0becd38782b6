//! What a command gives for a row.

use memchr::memchr3;

use crate::protocol::multivalue;

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
    row.push(b'"');
    for piece in cell.split_inclusive(|&byte| byte == b'"') {
        row.extend_from_slice(piece);
        if piece.ends_with(b"\"") {
            row.push(b'"');
        }
    }
    row.push(b'"');
}

/// Texts of up to this length are copied as one block of this many bytes, the rest of which the next text overwrites:
/// a copy of a fixed length is a few instructions, one of any length is a call.
const BLOCK: usize = 16;

/// The outputs of one row as CSV, for values that are known to need no quotes: each begins with a comma.
#[derive(Debug)]
pub struct Tail {
    bytes: [u8; Tail::ROOM],
    length: usize,
}

impl Tail {
    /// The bytes that a row's outputs may take, with a block to spare.
    pub const ROOM: usize = 2048;

    /// No outputs yet.
    pub fn new() -> Tail {
        Tail { bytes: [0; Tail::ROOM], length: 0 }
    }

    /// Appends an empty cell.
    #[inline]
    pub fn empty(&mut self) {
        self.bytes[self.length] = b',';
        self.length += 1;
    }

    /// Appends the cell `text[start..end]`.
    #[inline]
    pub fn text(&mut self, text: &[u8], start: usize, end: usize) {
        self.empty();
        let length = end - start;
        let at = self.length;
        match text.get(start..start + BLOCK) {
            Some(block) if length <= BLOCK => self.bytes[at..at + BLOCK].copy_from_slice(block),
            _ => self.bytes[at..at + length].copy_from_slice(&text[start..end]),
        }
        self.length = at + length;
    }

    /// Appends the cell `text[start..end]` in lower case, as ASCII has it.
    #[inline]
    pub fn lower(&mut self, text: &[u8], start: usize, end: usize) {
        let from = self.length;
        self.text(text, start, end);
        let length = self.length - from;
        let wide = if length <= BLOCK { BLOCK } else { length };
        self.bytes[from..from + wide].make_ascii_lowercase();
    }

    /// Appends a cell with a number below 1000.
    #[inline]
    pub fn small(&mut self, number: usize) {
        self.empty();
        let digit = |number: usize| b'0' + u8::try_from(number % 10).unwrap_or(0);
        if number >= 100 {
            self.push(digit(number / 100));
        }
        if number >= 10 {
            self.push(digit(number / 10));
        }
        self.push(digit(number));
    }

    /// Appends a cell with a float, written so that reading it gives the same one (`4.0`); an empty one for `None`.
    #[inline]
    pub fn float(&mut self, number: Option<f64>) {
        match number {
            Some(number) => {
                let mut buffer = zmij::Buffer::new();
                let text = buffer.format(number).as_bytes();
                self.text(text, 0, text.len());
            }
            None => self.empty(),
        }
    }

    /// The outputs so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(super) fn clear(&mut self) {
        self.length = 0;
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }
}

impl Default for Tail {
    fn default() -> Tail {
        Tail::new()
    }
}
