//! Single records, read as the csv crate reads them: its parser without its buffers.
//!
//! This reads the header of a chunk and the rows that the scan finds irregular. A csv-core reader is a table of states, which
//! takes a hundred times as long to build as a row takes to read, so one is kept for all rows.

use csv::ByteRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

/// How many bytes and cells there is room for at first. Longer records make room for themselves.
const ROOM: (usize, usize) = (256, 32);

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// A line feed alone, as splunkd writes it: a carriage return is data.
    LineFeed,
    /// CR and LF, or one of them.
    CrLf,
}

impl LineEnd {
    /// The ends of a chunk's lines by its header, read with [`LineEnd::LineFeed`]: one that ends in CR and LF comes from
    /// another writer of CSV, which ends all lines so.
    pub fn of(header: &ByteRecord) -> LineEnd {
        let crlf = header.iter().next_back().is_some_and(|name| name.ends_with(b"\r"));
        if crlf { LineEnd::CrLf } else { LineEnd::LineFeed }
    }

    /// The length of the line end at the start of `bytes`, 0 if there is none.
    pub fn length(self, bytes: &[u8]) -> usize {
        match (self, bytes) {
            (LineEnd::CrLf, [b'\r', b'\n', ..]) => 2,
            (LineEnd::CrLf, [b'\r', ..]) | (_, [b'\n', ..]) => 1,
            _ => 0,
        }
    }

    /// For the csv crate and its parser.
    pub fn terminator<T>(self, any: impl Fn(u8) -> T, crlf: T) -> T {
        match self {
            LineEnd::LineFeed => any(b'\n'),
            LineEnd::CrLf => crlf,
        }
    }
}

/// Reads one record at a time.
#[derive(Debug)]
pub struct RecordReader {
    line_end: LineEnd,
    parser: Reader,
    /// The cells of the last record, one after another, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    record: ByteRecord,
}

impl RecordReader {
    /// A reader of lines that end so.
    pub fn new(line_end: LineEnd) -> RecordReader {
        let terminator = line_end.terminator(Terminator::Any, Terminator::CRLF);
        RecordReader {
            line_end,
            parser: ReaderBuilder::new().terminator(terminator).build(),
            cells: vec![0; ROOM.0],
            ends: vec![0; ROOM.1],
            record: ByteRecord::new(),
        }
    }

    /// What ends a line.
    pub fn line_end(&self) -> LineEnd {
        self.line_end
    }

    /// The record that was read last.
    pub fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// Reads the header at the start of a body and returns its length, blank lines before it included; `None` if it is
    /// incomplete and this is not the `end`. A byte order mark before it is skipped.
    pub fn read_header(&mut self, body: &[u8], end: bool) -> Option<usize> {
        self.parser.reset();
        self.read(body, end)
    }

    /// The same for the row at the start of `bytes`, in a chunk of `width` columns. In a chunk of one column a blank line
    /// is a row, whose only cell is empty.
    pub fn read_row(&mut self, bytes: &[u8], end: bool, width: usize) -> Option<usize> {
        let blank = self.line_end.length(bytes);
        if width == 1 && blank > 0 {
            self.record.clear();
            self.record.push_field(b"");
            return (end || blank < bytes.len()).then_some(blank);
        }
        self.parser.reset();
        // After a first line the parser takes a byte order mark for data.
        self.parser.read_record(b"\n", &mut self.cells, &mut self.ends);
        self.read(bytes, end)
    }

    fn read(&mut self, bytes: &[u8], end: bool) -> Option<usize> {
        let (mut length, mut cells, mut ends) = (0, 0, 0);
        loop {
            let rest = &bytes[length..];
            if rest.is_empty() && !end {
                return None;
            }
            // Nothing more to read is how the parser knows the end.
            let (result, read, written, ended) =
                self.parser.read_record(rest, &mut self.cells[cells..], &mut self.ends[ends..]);
            (length, cells, ends) = (length + read, cells + written, ends + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.cells.resize(2 * self.cells.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::End => return None,
                ReadRecordResult::Record => break,
            }
        }
        if self.line_end == LineEnd::CrLf && bytes[..length].ends_with(b"\r") {
            match bytes.get(length) {
                Some(b'\n') => length += 1,
                None if !end => return None,
                _ => {}
            }
        }
        self.record.clear();
        let mut start = 0;
        for &end in &self.ends[..ends] {
            self.record.push_field(&self.cells[start..end]);
            start = end;
        }
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str, end: bool, width: usize) -> Option<(usize, Vec<String>)> {
        let mut reader = RecordReader::new(LineEnd::CrLf);
        let length = reader.read_row(bytes.as_bytes(), end, width)?;
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        Some((length, reader.record().iter().map(text).collect()))
    }

    #[test]
    fn a_record_is_complete_once_its_line_end_is() {
        let row = |length, cells: &[&str]| Some((length, cells.iter().map(ToString::to_string).collect()));
        assert_eq!(read("a,b\r\nc", false, 2), row(5, &["a", "b"]));
        assert_eq!(read("a,b\rc", false, 2), row(4, &["a", "b"]));
        assert_eq!(read("a,b\r", false, 2), None);
        assert_eq!(read("a,b\r", true, 2), row(4, &["a", "b"]));
        assert_eq!(read("a,b", false, 2), None);
        assert_eq!(read("a,b", true, 2), row(3, &["a", "b"]));
        assert_eq!(read("\r\n\r\na,b\n", false, 2), row(8, &["a", "b"]));
        assert_eq!(read("\r\n\r\na,b\n", false, 1), row(2, &[""]));
        assert_eq!(read("", true, 1), None);
    }

    #[test]
    fn records_make_room_for_themselves() {
        let cells: Vec<String> = (0..100).map(|index| "x".repeat(index)).collect();
        let line = cells.join(",") + "\n";
        assert_eq!(read(&line, false, 100), Some((line.len(), cells)));
    }
}
