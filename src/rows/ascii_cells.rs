//! The fast path for output cells: one value in each, written straight into the reply.
//!
//! What it assumes: no value holds a comma, a quote or a line end, so no cell needs quotes; and each output has exactly
//! one value, so there is nothing for its `__mv_` column. The values of an unquoted cell in the request keep the first
//! assumption, and so do numbers. To change it safely, run the tests of `commands/dnsentropy/values.rs`, which compare it with
//! [`Output`](super::Output) for any name.

use super::ValueSink;
use super::block_copy::{append_cell, append_lower};
use crate::slice::Slice;

/// Appends output cells to a row. Each cell begins with its comma.
#[derive(Debug)]
pub struct AsciiCells<'r> {
    row: &'r mut Vec<u8>,
}

impl<'r> AsciiCells<'r> {
    /// Appends to `row`, which already holds at least one cell.
    #[inline]
    pub fn new(row: &'r mut Vec<u8>) -> AsciiCells<'r> {
        AsciiCells { row }
    }
}

impl ValueSink for AsciiCells<'_> {
    #[inline]
    fn empty(&mut self) {
        self.row.push(b',');
    }

    #[inline]
    fn text(&mut self, text: Slice<'_>) {
        self.empty();
        append_cell(text, self.row);
    }

    #[inline]
    fn lower(&mut self, text: Slice<'_>) {
        self.empty();
        append_lower(text, self.row);
    }

    #[inline]
    fn joined(&mut self, text: Slice<'_>, lower: Slice<'_>) {
        self.text(text);
        self.row.push(b'.');
        append_lower(lower, self.row);
    }

    #[inline]
    fn number(&mut self, number: usize) {
        self.empty();
        // Counts and lengths of names have one or two digits.
        match u8::try_from(number) {
            Ok(number @ 0..10) => self.row.push(b'0' + number),
            Ok(number @ 10..100) => self.row.extend_from_slice(&[b'0' + number / 10, b'0' + number % 10]),
            _ => self.row.extend_from_slice(number.to_string().as_bytes()),
        }
    }

    #[inline]
    fn float(&mut self, number: f64) {
        self.empty();
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format(number).as_bytes();
        // Most entropies have 17 or 18 digits: two halves that overlap take no call, unlike a copy of any length.
        if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
            let mut block = [0; 32];
            if let Some(half) = block.get_mut(text.len() - 16..text.len()) {
                half.copy_from_slice(last);
                block[..16].copy_from_slice(first);
                return append_cell(Slice { bytes: &block, start: 0, end: text.len() }, self.row);
            }
        }
        self.row.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut AsciiCells<'_>)) -> String {
        let mut row = b"first".to_vec();
        write(&mut AsciiCells::new(&mut row));
        String::from_utf8_lossy(&row).into_owned()
    }

    #[test]
    fn each_cell_follows_a_comma() {
        let bytes = b"WWW.Example.COM, and more bytes after the name in the same buffer";
        let slice = |start, end| Slice { bytes, start, end };
        let cells = written(|cells| {
            cells.lower(slice(4, 15));
            cells.text(slice(0, 3));
            cells.empty();
            cells.text(slice(3, 3));
            cells.joined(slice(0, 3), slice(4, 15));
            for number in [0, 9, 10, 99, 100, 256, 70_000] {
                cells.number(number);
            }
        });
        assert_eq!(cells, "first,example.com,WWW,,,WWW.example.com,0,9,10,99,100,256,70000");
    }

    #[test]
    fn floats_are_written_as_rust_writes_them() {
        for number in [
            0.0,
            0.5,
            1.0,
            4.0,
            3.375,
            2.321_928_094_887_362,
            0.036_947_291_5,
            1.0 / 3.0,
            7.999_999_999_999_999,
        ] {
            assert_eq!(written(|cells| cells.float(number)), format!("first,{number:?}"));
        }
    }
}
