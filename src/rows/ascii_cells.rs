//! The outputs of one row, written quickly.

use wide::u8x16;

/// Interner are copied in whole blocks of this many bytes, and what stands behind them is overwritten by the next text: a copy
/// of a fixed length is one instruction, one of any length is a call.
const BLOCK: usize = 32;

/// The bytes that a row's outputs may take, with a block to spare.
pub const ROOM: usize = 2048;

/// The outputs of one row as CSV, for values that are known to need no quotes: each begins with a comma.
///
/// Where the outputs come near the end of the room, which those of names of [`MAX_LENGTH`](crate::names::ordinary::MAX_LENGTH) bytes cannot,
/// it panics.
#[derive(Debug)]
pub struct AsciiCells<'r> {
    room: &'r mut [u8; ROOM],
    length: usize,
}

impl<'r> AsciiCells<'r> {
    /// No outputs yet.
    #[inline]
    pub fn new(room: &'r mut [u8; ROOM]) -> AsciiCells<'r> {
        AsciiCells { room, length: 0 }
    }

    /// How many bytes of the room the outputs take.
    #[inline]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Appends an empty cell.
    #[inline]
    pub fn empty(&mut self) {
        self.push(b',');
    }

    /// Appends the cell `text[start..end]`.
    #[inline]
    pub fn text(&mut self, text: &[u8], start: usize, end: usize) {
        self.blocks(text, start, end, |block| block);
    }

    /// Appends the cell `text[start..end]`, which is ASCII, in lower case.
    #[inline]
    pub fn lower(&mut self, text: &[u8], start: usize, end: usize) {
        self.blocks(text, start, end, |mut block| {
            for lane in block.as_chunks_mut().0 {
                let bytes = u8x16::new(*lane);
                let letter = bytes - u8x16::splat(b'A');
                let upper = letter.min(u8x16::splat(25)).simd_eq(letter);
                *lane = (bytes | (upper & u8x16::splat(0x20))).to_array();
            }
            block
        });
    }

    /// Appends a cell with the first `length` of these bytes.
    #[inline]
    pub fn word(&mut self, word: [u8; 8], length: usize) {
        self.empty();
        self.room[self.length..self.length + 8].copy_from_slice(&word);
        self.length += length;
    }

    /// Appends a cell with a number below 1000.
    #[inline]
    pub fn small(&mut self, number: usize) {
        self.empty();
        let digit = |number: usize| b'0' + u8::try_from(number % 10).unwrap_or(0);
        if number >= 10 {
            if number >= 100 {
                self.push(digit(number / 100));
            }
            self.push(digit(number / 10));
        }
        self.push(digit(number));
    }

    /// Appends a cell with a float, written so that reading it gives the same one (`4.0`); an empty one for `None`.
    #[inline]
    pub fn float(&mut self, number: Option<f64>) {
        self.empty();
        let Some(number) = number else { return };
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format(number).as_bytes();
        let to = &mut self.room[self.length..self.length + BLOCK];
        match (text.first_chunk::<16>(), text.last_chunk::<16>()) {
            // Most have 17 digits or so: two halves that overlap.
            (Some(first), Some(last)) if text.len() <= BLOCK => {
                to[..16].copy_from_slice(first);
                to[text.len() - 16..text.len()].copy_from_slice(last);
            }
            _ => to[..text.len()].copy_from_slice(text),
        }
        self.length += text.len();
    }

    /// Appends a cell made of the blocks of `text[start..end]`.
    #[inline]
    fn blocks(
        &mut self,
        text: &[u8],
        mut start: usize,
        end: usize,
        make: impl Fn([u8; BLOCK]) -> [u8; BLOCK],
    ) {
        self.empty();
        let mut at = self.length;
        self.length += end - start;
        loop {
            let block = match text.get(start..).and_then(|rest| rest.first_chunk()) {
                Some(block) => *block,
                None => last_block(&text[start..end]),
            };
            self.room[at..at + BLOCK].copy_from_slice(&make(block));
            start += BLOCK;
            at += BLOCK;
            if start >= end {
                return;
            }
        }
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.room[self.length] = byte;
        self.length += 1;
    }
}

/// A block near the end of a text, where there is no whole one.
#[cold]
fn last_block(text: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let length = text.len().min(BLOCK);
    block[..length].copy_from_slice(&text[..length]);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut AsciiCells<'_>)) -> String {
        let mut room = [b'#'; ROOM];
        let mut tail = AsciiCells::new(&mut room);
        write(&mut tail);
        let length = tail.length();
        String::from_utf8_lossy(&room[..length]).into_owned()
    }

    #[test]
    fn cells_follow_commas() {
        let text = b"WWW.Example.COM, and what stands behind it in the same bytes";
        assert_eq!(
            written(|tail| {
                tail.lower(text, 4, 15);
                tail.text(text, 0, 3);
                tail.empty();
                tail.text(text, 3, 3);
                tail.word(*b"icann\0\0\0", 5);
                for number in [0, 9, 10, 99, 100, 256] {
                    tail.small(number);
                }
            }),
            ",example.com,WWW,,,icann,0,9,10,99,100,256"
        );
        for length in 0..300 {
            let long = "aZ@[`{".repeat(50)[..length].to_owned();
            let written = written(|tail| {
                tail.text(long.as_bytes(), 0, length);
                tail.lower(long.as_bytes(), 0, length);
            });
            assert_eq!(written, format!(",{long},{}", long.to_ascii_lowercase()));
        }
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
            assert_eq!(written(|tail| tail.float(Some(number))), format!(",{number:?}"));
        }
        assert_eq!(written(|tail| tail.float(None)), ",");
    }
}
