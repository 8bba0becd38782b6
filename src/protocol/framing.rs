//! Framing: bytes in, messages out, and back.
//!
//! A message is `chunked 1.0,<metadata bytes>,<body bytes>\n`, the metadata, the body; nothing stands between
//! one message and the next. The [`Deframer`] does no I/O: bytes are pushed into it as they arrive, in pieces of
//! any size, and whole messages are taken out.

const MAGIC: &[u8] = b"chunked 1.0,";
/// The longest header line: the magic, two numbers of 64 bits, a comma, a line feed.
const MAX_HEADER: usize = MAGIC.len() + 20 + 1 + 20 + 1;

/// One message of the conversation, in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'b> {
    /// JSON.
    pub metadata: &'b [u8],
    /// CSV with a header line, or nothing.
    pub body: &'b [u8],
}

impl Frame<'_> {
    /// Appends the message's bytes to `out`.
    pub fn write(self, out: &mut Vec<u8>) {
        let header = format!("chunked 1.0,{},{}\n", self.metadata.len(), self.body.len());
        out.reserve(header.len() + self.metadata.len() + self.body.len());
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(self.metadata);
        out.extend_from_slice(self.body);
    }
}

/// Where a stream of messages is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("chunk {chunk}, byte {byte} of the stream: {problem}")]
pub struct FramingError {
    /// The message, counted from 1; the first is getinfo.
    pub chunk: u64,
    /// The byte at fault, counted from 0 at the start of the stream.
    pub byte: u64,
    /// What is wrong there.
    pub problem: FramingProblem,
}

/// What is wrong with a stream of messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingProblem {
    /// A message does not begin as protocol version 2 has it.
    #[error("expected a header 'chunked 1.0,<metadata length>,<body length>'")]
    Header,
    /// A length is no number, or too large for this machine.
    #[error("a length in the header is not a number that fits")]
    Length,
    /// The stream ends inside a message.
    #[error("the stream ends inside the {part}: {missing} more bytes were announced")]
    Cut {
        /// Which part of the message is cut.
        part: &'static str,
        /// How many bytes the header announced that did not come.
        missing: u64,
    },
    /// The stream ends inside a header line.
    #[error("the stream ends inside a header")]
    CutHeader,
}

#[derive(Debug, Clone, Copy)]
struct Lengths {
    header: usize,
    metadata: usize,
    total: usize,
}

/// Takes messages out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// How many bytes at the start of the buffer belong to messages that were taken out.
    taken: usize,
    /// The lengths of the message that stands next in the buffer, once its header is whole.
    next: Option<Lengths>,
    /// How many messages were taken out.
    chunks: u64,
    /// How many bytes of the stream were dropped from the buffer's start.
    dropped: u64,
}

impl Deframer {
    /// A deframer at the start of a stream.
    pub fn new() -> Deframer {
        Deframer::default()
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.dropped += self.taken as u64;
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message, if it has arrived whole.
    ///
    /// # Errors
    ///
    /// The stream does not go on with a message. It cannot be read any further.
    pub fn frame(&mut self) -> Result<Option<Frame<'_>>, FramingError> {
        let lengths = match self.next {
            Some(lengths) => lengths,
            None => match self.read_header()? {
                Some(lengths) => *self.next.insert(lengths),
                None => return Ok(None),
            },
        };
        let start = self.taken;
        if self.buffer.len() - start < lengths.total {
            return Ok(None);
        }
        self.next = None;
        self.taken += lengths.total;
        self.chunks += 1;
        let (metadata, body) = self.buffer[start + lengths.header..self.taken].split_at(lengths.metadata);
        Ok(Some(Frame { metadata, body }))
    }

    /// Says whether the stream may end here: between two messages.
    ///
    /// # Errors
    ///
    /// The stream ends inside a message.
    pub fn end(&self) -> Result<(), FramingError> {
        let have = self.buffer.len() - self.taken;
        let problem = match self.next {
            None if have == 0 => return Ok(()),
            None => FramingProblem::CutHeader,
            Some(lengths) => FramingProblem::Cut {
                part: if have < lengths.header + lengths.metadata { "metadata" } else { "body" },
                missing: (lengths.total - have) as u64,
            },
        };
        Err(self.error(have, problem))
    }

    /// How many messages were taken out: the number of the last one, counted from 1.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Where the last message taken out ended, in bytes from the start of the stream.
    pub fn position(&self) -> u64 {
        self.dropped + self.taken as u64
    }

    fn read_header(&self) -> Result<Option<Lengths>, FramingError> {
        let rest = &self.buffer[self.taken..];
        // A wrong start is an error at once: nobody should wait for the rest of what is no message.
        let wrong = rest.iter().zip(MAGIC).position(|(byte, magic)| byte != magic);
        if let Some(index) = wrong {
            return Err(self.error(index, FramingProblem::Header));
        }
        let window = &rest[..rest.len().min(MAX_HEADER)];
        let Some(end) = window.iter().position(|&byte| byte == b'\n') else {
            return match window.len() {
                MAX_HEADER => Err(self.error(MAX_HEADER, FramingProblem::Header)),
                _ => Ok(None),
            };
        };
        let lengths = window.get(MAGIC.len()..end).unwrap_or_default();
        let comma = lengths.iter().position(|&byte| byte == b',');
        let comma = comma.ok_or_else(|| self.error(end, FramingProblem::Header))?;
        let length_error = |at: usize| self.error(MAGIC.len() + at, FramingProblem::Length);
        let metadata = number(&lengths[..comma]).ok_or_else(|| length_error(0))?;
        let body = number(&lengths[comma + 1..]).ok_or_else(|| length_error(comma + 1))?;
        let header = end + 1;
        let total = header.checked_add(metadata).and_then(|sum| sum.checked_add(body));
        let total = total.ok_or_else(|| length_error(0))?;
        Ok(Some(Lengths { header, metadata, total }))
    }

    /// An error `offset` bytes into the message that stands next.
    #[cold]
    fn error(&self, offset: usize, problem: FramingProblem) -> FramingError {
        FramingError { chunk: self.chunks + 1, byte: self.position() + offset as u64, problem }
    }
}

/// A number in decimal digits alone.
fn number(digits: &[u8]) -> Option<usize> {
    let all_digits = digits.iter().all(u8::is_ascii_digit);
    all_digits.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Metadata and body.
    type Message = (Vec<u8>, Vec<u8>);

    /// Every message of `stream`, pushed in pieces of `piece` bytes.
    fn deframe(stream: &[u8], piece: usize) -> Result<Vec<Message>, FramingError> {
        let mut deframer = Deframer::new();
        let mut frames = Vec::new();
        for bytes in stream.chunks(piece) {
            deframer.push(bytes);
            while let Some(frame) = deframer.frame()? {
                frames.push((frame.metadata.to_vec(), frame.body.to_vec()));
            }
        }
        deframer.end()?;
        Ok(frames)
    }

    fn error(stream: &[u8]) -> (u64, u64, FramingProblem) {
        let whole = deframe(stream, stream.len().max(1)).expect_err("a broken stream");
        let bytewise = deframe(stream, 1).expect_err("a broken stream");
        assert_eq!(whole, bytewise);
        (whole.chunk, whole.byte, whole.problem)
    }

    #[test]
    fn a_broken_stream_is_told_by_chunk_and_byte() {
        use FramingProblem::{Cut, CutHeader, Header, Length};
        assert_eq!(error(b"hello"), (1, 0, Header));
        assert_eq!(error(b"chunked 2.0,2,0\n{}"), (1, 8, Header));
        assert_eq!(error(b"chunked 1.0,2,0\n{}\nchunked 1.0,2,0\n{}"), (2, 18, Header));
        assert_eq!(error(b"chunked 1.0,2\n{}"), (1, 13, Header));
        assert_eq!(error(b"chunked 1.0,2,x\n{}"), (1, 14, Length));
        assert_eq!(error(b"chunked 1.0,+2,0\n{}"), (1, 12, Length));
        assert_eq!(error(b"chunked 1.0,,0\n{}"), (1, 12, Length));
        assert_eq!(error(b"chunked 1.0,99999999999999999999,0\n{}"), (1, 12, Length));
        assert_eq!(error(b"chunked 1.0,18446744073709551615,1\n{}"), (1, 12, Length));
        assert_eq!(error(&[MAGIC, &[b'0'; 60]].concat()), (1, 54, Header));
        assert_eq!(error(b"chunked 1.0,2,0"), (1, 15, CutHeader));
        assert_eq!(error(b"chunked 1.0,2,0\n{"), (1, 17, Cut { part: "metadata", missing: 1 }));
        let cut = b"chunked 1.0,2,0\n{}chunked 1.0,2,4\n{}ab";
        assert_eq!(error(cut), (2, 38, Cut { part: "body", missing: 2 }));
    }

    #[test]
    fn an_announced_length_is_not_trusted_with_memory() {
        let mut deframer = Deframer::new();
        deframer.push(b"chunked 1.0,2,9000000000000000000\n{}");
        assert_eq!(deframer.frame(), Ok(None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            messages in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..200)), 0..8),
            piece in 1_usize..300,
        ) {
            let mut stream = Vec::new();
            for (metadata, body) in &messages {
                Frame { metadata, body }.write(&mut stream);
            }
            prop_assert_eq!(deframe(&stream, piece), Ok(messages));
        }

        #[test]
        fn any_bytes_give_the_same_in_pieces_of_any_size(
            stream in prop::collection::vec(any::<u8>(), 0..100), piece in 1_usize..20,
        ) {
            let stream = [b"chunked 1.0,1,1\nab".as_slice(), &stream].concat();
            prop_assert_eq!(deframe(&stream, piece), deframe(&stream, stream.len()));
        }
    }
}
