//! The header line of a message: `chunked 1.0,<metadata length>,<body length>` and a line feed.
//!
//! splunkd writes no blanks, but Splunk's Python SDK reads them, so both are read here: white space after `chunked`, around
//! the commas and before the line feed. Reading ends at the first wrong byte: it does not wait for a whole line.

/// The most bytes of a header line, with its line feed. Without blanks it has 54 at most.
const MAX_LENGTH: usize = 128;
/// The greatest length of a part. The sum of a header and two parts fits.
const MAX_PART: usize = usize::MAX / 2 - MAX_LENGTH;

/// A whole header line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The bytes of the line.
    pub length: usize,
    /// The bytes of the metadata that follow.
    pub metadata: usize,
    /// The bytes of the body after that.
    pub body: usize,
}

/// Why there is no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// The line has not arrived whole.
    Incomplete,
    /// The byte at this position does not belong in a header.
    Malformed(usize),
    /// At this position there is no length, or one that does not fit.
    Length(usize),
}

impl Header {
    /// Reads the header at the start of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Header, NoHeader> {
        let mut scanner = Scanner { bytes, at: 0 };
        scanner.text(b"chunked")?;
        if !is_blank(scanner.peek()?) {
            return Err(scanner.wrong());
        }
        scanner.blanks()?;
        scanner.text(b"1.0")?;
        let [metadata, body] = [scanner.length()?, scanner.length()?];
        scanner.blanks()?;
        scanner.text(b"\n")?;
        Ok(Header { length: scanner.at, metadata, body })
    }
}

/// Reads a header from its start.
struct Scanner<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Scanner<'_> {
    /// The next byte.
    fn peek(&self) -> Result<u8, NoHeader> {
        if self.at == MAX_LENGTH {
            return Err(self.wrong());
        }
        self.bytes.get(self.at).copied().ok_or(NoHeader::Incomplete)
    }

    fn wrong(&self) -> NoHeader {
        NoHeader::Malformed(self.at)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), NoHeader> {
        for &byte in text {
            if self.peek()? != byte {
                return Err(self.wrong());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn blanks(&mut self) -> Result<(), NoHeader> {
        while is_blank(self.peek()?) {
            self.at += 1;
        }
        Ok(())
    }

    /// A comma and a length.
    fn length(&mut self) -> Result<usize, NoHeader> {
        self.blanks()?;
        self.text(b",")?;
        self.blanks()?;
        let start = self.at;
        let wrong = || NoHeader::Length(start);
        let mut length = 0_usize;
        while let digit @ b'0'..=b'9' = self.peek()? {
            let longer = length.checked_mul(10).and_then(|tens| tens.checked_add(usize::from(digit - b'0')));
            length = longer.filter(|&length| length <= MAX_PART).ok_or_else(wrong)?;
            self.at += 1;
        }
        if self.at > start { Ok(length) } else { Err(wrong()) }
    }
}

/// White space within a line.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_are_read_as_the_sdk_reads_them() {
        for line in [
            "chunked 1.0,131,7\n",
            "chunked 1.0, 131, 7\r\n",
            "chunked  \t1.0 ,131 , 7 \n",
            "chunked\t1.0\t,\t131\t,\t7\t\r\n",
            "chunked\r1.0,0131,007\x0b\x0c\n",
        ] {
            let header = Header { length: line.len(), metadata: 131, body: 7 };
            assert_eq!(Header::parse(format!("{line}{{}}\n").as_bytes()), Ok(header), "{line:?}");
        }
    }

    #[test]
    fn the_first_wrong_byte_is_found_before_the_line_ends() {
        use NoHeader::{Length, Malformed};
        for (start, problem) in [
            (" ", Malformed(0)),
            ("chunked1", Malformed(7)),
            ("chunked\n", Malformed(7)),
            ("chunked 1. ", Malformed(10)),
            ("chunked 1.0\n", Malformed(11)),
            ("chunked 1.0 2", Malformed(12)),
            ("chunked 1.0,\n", Length(12)),
            ("chunked 1.0, -", Length(13)),
            ("chunked 1.0,1 2", Malformed(14)),
            ("chunked 1.0,12x", Malformed(14)),
            ("chunked 1.0,1,\r\n", Length(15)),
            ("chunked 1.0,1,2,", Malformed(15)),
            ("chunked 1.0,1,2 3", Malformed(16)),
            ("chunked 1.0, 9999999999999999999", Length(13)),
        ] {
            assert_eq!(Header::parse(start.as_bytes()), Err(problem), "{start:?}");
            let before = &start.as_bytes()[..start.len() - 1];
            assert_eq!(Header::parse(before), Err(NoHeader::Incomplete), "{start:?}");
        }
    }

    #[test]
    fn a_line_has_a_greatest_length() {
        let blanks = " ".repeat(200);
        for start in [
            format!("chunked{blanks}"),
            format!("chunked 1.0,{}", "0".repeat(200)),
            format!("chunked 1.0,1,1{blanks}"),
        ] {
            let start = |length: usize| Header::parse(&start.as_bytes()[..length]);
            assert_eq!(start(MAX_LENGTH - 1), Err(NoHeader::Incomplete));
            assert_eq!(start(MAX_LENGTH), Err(NoHeader::Malformed(MAX_LENGTH)));
        }
        let line = format!("{:<127}\n", "chunked 1.0,1,1");
        assert_eq!(Header::parse(line.as_bytes()), Ok(Header { length: MAX_LENGTH, metadata: 1, body: 1 }));
    }

    proptest! {
        #[test]
        fn any_header_is_read_with_blanks_anywhere_and_in_pieces(
            lengths in (0_usize..=MAX_PART, 0..=MAX_PART),
            first in "[ \t\r]{1,9}",
            blanks in prop::array::uniform5("[ \t\r\x0b\x0c]{0,9}"),
        ) {
            let (metadata, body) = lengths;
            let [a, b, c, d, e] = blanks;
            let line = format!("chunked{first}1.0{a},{b}{metadata}{c},{d}{body}{e}\n");
            for end in 0..line.len() {
                prop_assert_eq!(Header::parse(&line.as_bytes()[..end]), Err(NoHeader::Incomplete));
            }
            prop_assert_eq!(Header::parse(line.as_bytes()), Ok(Header { length: line.len(), metadata, body }));
        }
    }
}
