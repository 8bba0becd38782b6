//! The scan: where the cells of regular rows lie, found 64 bytes at a time.
//!
//! This is the fast path to the cells of a row; [`RecordReader`](super::records::RecordReader) is the plain one.
//!
//! What it may assume: nothing about the bytes. A row is *regular* if each cell is either bare, without quotes and
//! carriage returns, or quoted as a whole with each inner quote doubled, and a line feed ends the row, or CR and LF where
//! the lines of the chunk end so.
//!
//! When it steps aside: at the first byte that breaks this rule the row is [`Scan::Irregular`], and the csv crate reads
//! it again from its start. So both agree on where each row ends, whatever the bytes are.
//!
//! How to change it safely: the property tests in `append.rs` and the fuzz target `rows` compare replies byte by byte with
//! `reference.rs`. Run both. A rule that accepts more rows as regular must read them exactly as the csv crate does.

use std::borrow::Cow;

use super::block_copy::append;
use super::records::LineEnd;
use crate::simd::{self, BLOCK};
use crate::slice::Slice;

/// Where the cells of one row lie in the scanned bytes.
#[derive(Debug, Default)]
pub struct RowSpans {
    start: usize,
    /// Where each cell ends: at a comma, the last one at the line end.
    ends: Vec<usize>,
    /// The quotes around cells that need none, in pairs. splunkd quotes every cell that is not alphanumeric.
    needless: Vec<usize>,
}

impl RowSpans {
    /// The number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has no cells.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell at `index` without its quotes; empty if the row is too short.
    pub(super) fn get<'b>(&self, index: usize, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let Some((start, end)) = self.place(index) else { return Cow::Borrowed(b"") };
        match &bytes[start..end] {
            [b'"', inner @ .., b'"'] => undouble(inner),
            bare => Cow::Borrowed(bare),
        }
    }

    /// Where the content of the cell at `index` lies, if it needs no quotes.
    #[inline]
    pub(super) fn bare(&self, index: usize, bytes: &[u8]) -> Option<(usize, usize)> {
        let (start, end) = self.place(index)?;
        if bytes.get(start) != Some(&b'"') {
            return Some((start, end));
        }
        self.needless.contains(&start).then_some((start + 1, end - 1))
    }

    /// Whether the cell at `index` has no bytes at all, not even quotes.
    #[inline]
    pub(super) fn is_empty_at(&self, index: usize) -> bool {
        self.place(index).is_none_or(|(start, end)| start == end)
    }

    /// Appends the row without its line end and without the needless quotes, as the csv crate writes it.
    #[inline]
    pub(super) fn copy(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut from = self.start;
        for &quote in &self.needless {
            append(Slice { bytes, start: from, end: quote }, out);
            from = quote + 1;
        }
        append(Slice { bytes, start: from, end: self.end() }, out);
    }

    /// Where the row ends: at its line end.
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(self.start)
    }

    #[inline]
    fn place(&self, index: usize) -> Option<(usize, usize)> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(self.start, |before| self.ends[before] + 1);
        Some((start, end))
    }

    fn clear(&mut self, start: usize) {
        self.start = start;
        self.ends.clear();
        self.needless.clear();
    }
}

/// The content of a quoted cell: each doubled quote becomes one.
fn undouble(inner: &[u8]) -> Cow<'_, [u8]> {
    if !inner.contains(&b'"') {
        return Cow::Borrowed(inner);
    }
    let mut content = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(quote) = rest.iter().position(|&byte| byte == b'"') {
        content.extend_from_slice(&rest[..=quote]);
        rest = rest.get(quote + 2..).unwrap_or_default();
    }
    content.extend_from_slice(rest);
    Cow::Owned(content)
}

/// The result of looking for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// A regular row.
    Row,
    /// A row that is not regular.
    Irregular,
    /// The bytes end before the row does.
    Incomplete,
}

/// Finds the rows of `bytes` one after another.
#[derive(Debug)]
pub struct Scanner<'b> {
    bytes: &'b [u8],
    line_end: LineEnd,
    /// Where the next row starts.
    at: usize,
    /// Where the current block of 64 bytes starts, and a bit for each of its special bytes that is still ahead.
    block: usize,
    specials: u64,
}

impl<'b> Scanner<'b> {
    /// A scan from `at`, which is the start of a row.
    pub fn new(bytes: &'b [u8], at: usize, line_end: LineEnd) -> Scanner<'b> {
        Scanner { bytes, line_end, at, block: at, specials: specials(bytes, at) }
    }

    /// Where the next row starts.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Continues at `at`, the start of a row.
    pub fn resume(&mut self, at: usize) {
        self.at = at;
        self.block = at;
        self.specials = specials(self.bytes, at);
    }

    /// Finds the next row and its cells.
    #[inline]
    pub fn next(&mut self, cells: &mut RowSpans) -> Scan {
        cells.clear(self.at);
        let mut cell = self.at;
        loop {
            let Some(place) = self.special() else { return Scan::Incomplete };
            let byte = self.bytes[place];
            if byte == b'\n' {
                cells.ends.push(place);
                self.at = place + 1;
                return Scan::Row;
            }
            if byte == b',' {
                cells.ends.push(place);
                cell = place + 1;
            } else if byte == b'"' && place == cell {
                match self.quoted(place, cells) {
                    // The comma or the line end after the quote is the next special byte.
                    Scan::Row => {}
                    other => return other,
                }
            } else if byte == b'\r' && self.line_end == LineEnd::CrLf {
                return self.line_feed(place, cells);
            } else {
                return Scan::Irregular;
            }
        }
    }

    /// Ends a row at its carriage return, which a line feed has to follow.
    #[cold]
    fn line_feed(&mut self, end: usize, cells: &mut RowSpans) -> Scan {
        match self.bytes.get(end + 1) {
            None => Scan::Incomplete,
            Some(b'\n') => {
                self.special();
                cells.ends.push(end);
                self.at = end + 2;
                Scan::Row
            }
            Some(_) => Scan::Irregular,
        }
    }

    /// Moves to the end of the quoted cell that begins at `open`.
    #[inline]
    fn quoted(&mut self, open: usize, cells: &mut RowSpans) -> Scan {
        let mut needed = false;
        while let Some(place) = self.special() {
            if self.bytes[place] != b'"' {
                needed = true;
                continue;
            }
            match self.bytes.get(place + 1) {
                None => return Scan::Incomplete,
                Some(b'"') => {
                    needed = true;
                    self.special();
                }
                Some(&after) => {
                    if !matches!(after, b',' | b'\n') && (after != b'\r' || self.line_end != LineEnd::CrLf) {
                        return Scan::Irregular;
                    }
                    if !needed {
                        cells.needless.extend([open, place]);
                    }
                    return Scan::Row;
                }
            }
        }
        Scan::Incomplete
    }

    /// The index of the next comma, quote, line feed or carriage return.
    #[inline]
    fn special(&mut self) -> Option<usize> {
        while self.specials == 0 {
            self.block += BLOCK;
            if self.block >= self.bytes.len() {
                self.block = self.bytes.len();
                return None;
            }
            self.specials = specials(self.bytes, self.block);
        }
        let place = self.block + self.specials.trailing_zeros() as usize;
        self.specials &= self.specials - 1;
        Some(place)
    }
}

/// A bit for each special byte among the 64 bytes from `at`.
#[inline]
fn specials(bytes: &[u8], at: usize) -> u64 {
    let [specials] = simd::masks(bytes, at, |lane| {
        let equal = |byte| simd::equal(lane, byte);
        [equal(b',') | equal(b'\n') | equal(b'"') | equal(b'\r')]
    });
    specials
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of the first row of `bytes` without their quotes, and the row as it is copied.
    fn scan(bytes: &[u8], line_end: LineEnd) -> (Scan, Vec<String>, String) {
        let mut cells = RowSpans::default();
        let found = Scanner::new(bytes, 0, line_end).next(&mut cells);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if found != Scan::Row {
            return (found, Vec::new(), String::new());
        }
        let mut copy = Vec::new();
        cells.copy(bytes, &mut copy);
        (found, (0..cells.len()).map(|index| text(&cells.get(index, bytes))).collect(), text(&copy))
    }

    fn row(bytes: &str, cells: &[&str], copy: &str) {
        row_of(LineEnd::LineFeed, bytes, cells, copy);
    }

    fn row_of(line_end: LineEnd, bytes: &str, cells: &[&str], copy: &str) {
        // At every index of a block.
        for shift in 0..70 {
            let first = "x".repeat(shift);
            let (found, read, copied) =
                scan(format!("{first}{}{bytes}", if shift > 0 { "," } else { "" }).as_bytes(), line_end);
            let skipped = usize::from(shift > 0);
            assert_eq!(
                (found, &read[skipped..]),
                (Scan::Row, &cells.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{bytes}"
            );
            assert_eq!(copied[shift + skipped..], *copy, "{bytes}");
        }
    }

    #[test]
    fn regular_rows() {
        row("a,b,\n", &["a", "b", ""], "a,b,");
        row("\n", &[""], "");
        row("\"a-b\",0,,\"\"\nx", &["a-b", "0", "", ""], "a-b,0,,");
        row("\"a,b\",\"c\n\",\"\r\"\n", &["a,b", "c\n", "\r"], "\"a,b\",\"c\n\",\"\r\"");
        row("\"a\"\"b\",\"\"\"\"\n", &["a\"b", "\""], "\"a\"\"b\",\"\"\"\"");
        row("$a$;$b$,\"$a$;$b c$\"\n", &["$a$;$b$", "$a$;$b c$"], "$a$;$b$,$a$;$b c$");
    }

    #[test]
    fn rows_that_end_in_cr_and_lf() {
        for end in ["\n", "\r\n"] {
            let row = |bytes: &str, cells: &[&str], copy: &str| {
                row_of(LineEnd::CrLf, &format!("{bytes}{end}"), cells, copy);
            };
            row("a,b,", &["a", "b", ""], "a,b,");
            row("", &[""], "");
            row("\"a-b\",\"\r\n\",\"c\"", &["a-b", "\r\n", "c"], "a-b,\"\r\n\",c");
        }
    }

    #[test]
    fn irregular_and_incomplete_rows() {
        let found = |bytes: &str, line_end| scan(bytes.as_bytes(), line_end).0;
        for bytes in ["a\"b\n", "\"a\"b,\n", "a\r\n", "\"a\"\r\n", "a,b\"\n"] {
            assert_eq!(found(bytes, LineEnd::LineFeed), Scan::Irregular, "{bytes:?}");
        }
        for bytes in ["a\rb\r\n", "\"a\"\r\r\n", "\ra"] {
            assert_eq!(found(bytes, LineEnd::CrLf), Scan::Irregular, "{bytes:?}");
        }
        for bytes in ["", "a", "a,", "\"a", "\"a\"", "\"a\n", "\"a\"\"", "\"a\"\",\n"] {
            assert_eq!(found(bytes, LineEnd::LineFeed), Scan::Incomplete, "{bytes:?}");
        }
        for bytes in ["\r", "a\r", "\"a\"\r"] {
            assert_eq!(found(bytes, LineEnd::CrLf), Scan::Incomplete, "{bytes:?}");
        }
    }
}
