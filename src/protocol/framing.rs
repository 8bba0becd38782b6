//! Framing: bytes in, messages out, and back.
//!
//! A message is `chunked 1.0,<metadata bytes>,<body bytes>\n`, the metadata, the body; nothing stands between
//! one message and the next. The [`Deframer`] does no I/O: bytes are put into it as they arrive, in pieces of
//! any size, and messages are taken out, whole or part by part.

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
    /// The header line, which announces the lengths of what follows.
    pub fn header(self) -> String {
        format!("chunked 1.0,{},{}\n", self.metadata.len(), self.body.len())
    }

    /// Appends the message's bytes to `out`.
    pub fn append_to(self, out: &mut Vec<u8>) {
        for part in [self.header().as_bytes(), self.metadata, self.body] {
            out.extend_from_slice(part);
        }
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

/// The next part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'b> {
    /// The metadata, whole.
    Metadata(&'b [u8]),
    /// What has arrived of the body and was not taken yet. `whole` says that it ends the message.
    Body {
        /// The bytes.
        bytes: &'b [u8],
        /// Whether nothing of this message follows.
        end: bool,
    },
}

/// The message that stands next in the stream, once its header is whole.
#[derive(Debug, Clone, Copy)]
struct Message {
    header: usize,
    metadata: usize,
    body: usize,
    /// Whether the metadata was taken out.
    begun: bool,
    /// How many bytes of the body must be there before the next part is given out.
    wanted: usize,
}

impl Message {
    /// The bytes that are still to be taken out.
    fn left(&self) -> usize {
        if self.begun { self.body } else { self.header + self.metadata + self.body }
    }
}

/// Takes messages out of a stream of bytes, whole ([`Deframer::frame`]) or in parts as they arrive
/// ([`Deframer::next_event`]).
#[derive(Debug, Default)]
pub struct Deframer {
    /// Bytes of the stream from `start` to `end`; before and behind is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    message: Option<Message>,
    /// How many messages were taken out.
    chunks: u64,
    /// How many bytes of the stream stood in front of the buffer.
    dropped: u64,
}

impl Deframer {
    /// A deframer at the start of a stream.
    pub fn new() -> Deframer {
        Deframer::default()
    }

    /// Room for at least `least` bytes of the stream, which [`Deframer::advance`] then takes.
    pub fn spare(&mut self, least: usize) -> &mut [u8] {
        if self.buffer.len() - self.end < least && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.dropped += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < least {
            let length = (self.end + least).max(2 * self.buffer.len());
            self.buffer.resize(length, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Takes the first `length` bytes that were put into [`Deframer::spare`].
    pub fn advance(&mut self, length: usize) {
        self.end = (self.end + length).min(self.buffer.len());
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len());
    }

    /// The next message, if it has arrived whole.
    ///
    /// # Errors
    ///
    /// The stream does not go on with a message. It cannot be read any further.
    pub fn frame(&mut self) -> Result<Option<Frame<'_>>, FramingError> {
        let Some(message) = self.message()? else { return Ok(None) };
        let start = self.start;
        if self.end - start < message.left() {
            return Ok(None);
        }
        self.finish(message.left());
        let (metadata, body) = self.buffer[start + message.header..self.start].split_at(message.metadata);
        Ok(Some(Frame { metadata, body }))
    }

    /// The next part of a message, if it has arrived: its metadata, then, until a `whole` one was given out and
    /// [`Deframer::consume`] called, its body.
    ///
    /// # Errors
    ///
    /// The stream does not go on with a message. It cannot be read any further.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, FramingError> {
        let Some(message) = self.message()? else { return Ok(None) };
        let have = self.end - self.start;
        if !message.begun {
            let head = message.header + message.metadata;
            if have < head {
                return Ok(None);
            }
            self.message = Some(Message { begun: true, ..message });
            let start = self.start + message.header;
            self.start += head;
            return Ok(Some(Event::Metadata(&self.buffer[start..self.start])));
        }
        let end = have >= message.body;
        let bytes = &self.buffer[self.start..self.start + have.min(message.body)];
        Ok((end || have >= message.wanted).then_some(Event::Body { bytes, end }))
    }

    /// Takes `length` bytes off the body of which [`Deframer::next_event`] gave a part: all of them, if it was whole.
    ///
    /// Where nothing is taken the next part has at least twice as many bytes, so that whoever looks at the bytes again
    /// each time does not look at them often.
    pub fn consume(&mut self, length: usize) {
        let Some(message) = &mut self.message else { return };
        let have = self.end - self.start;
        if have >= message.body {
            let left = message.body;
            return self.finish(left);
        }
        let length = length.min(have);
        self.start += length;
        message.body -= length;
        message.wanted = if length == 0 { 2 * have } else { have - length + 1 };
    }

    /// Says whether the stream may end here: between two messages.
    ///
    /// # Errors
    ///
    /// The stream ends inside a message.
    pub fn check_end(&self) -> Result<(), FramingError> {
        let have = self.end - self.start;
        let problem = match self.message {
            None if have == 0 => return Ok(()),
            None => FramingProblem::CutHeader,
            Some(message) => FramingProblem::Cut {
                part: if message.begun || have >= message.header + message.metadata {
                    "body"
                } else {
                    "metadata"
                },
                missing: (message.left() - have) as u64,
            },
        };
        Err(self.error(have, problem))
    }

    /// The message that is being taken out, or the last one if none is: its number, counted from 1, and where it ends,
    /// in bytes from the start of the stream.
    pub fn position(&self) -> (u64, u64) {
        let here = self.dropped + self.start as u64;
        self.message.map_or((self.chunks, here), |message| (self.chunks + 1, here + message.left() as u64))
    }

    /// The message that stands next; read once.
    fn message(&mut self) -> Result<Option<Message>, FramingError> {
        if self.message.is_none() {
            self.message = self.read_header()?;
        }
        Ok(self.message)
    }

    fn finish(&mut self, length: usize) {
        self.start += length;
        self.message = None;
        self.chunks += 1;
    }

    fn read_header(&self) -> Result<Option<Message>, FramingError> {
        let rest = &self.buffer[self.start..self.end];
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
        total.ok_or_else(|| length_error(0))?;
        Ok(Some(Message { header, metadata, body, begun: false, wanted: 1 }))
    }

    /// An error `offset` bytes from what stands next.
    #[cold]
    fn error(&self, offset: usize, problem: FramingProblem) -> FramingError {
        FramingError { chunk: self.chunks + 1, byte: self.dropped + (self.start + offset) as u64, problem }
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
        deframer.check_end()?;
        Ok(frames)
    }

    /// The same by parts of bodies, of which `take` bytes are taken at a time where there are as many.
    fn deframe_parts(stream: &[u8], piece: usize, take: usize) -> Result<Vec<Message>, FramingError> {
        let mut deframer = Deframer::new();
        let mut messages: Vec<Message> = Vec::new();
        for bytes in stream.chunks(piece) {
            deframer.push(bytes);
            while let Some(part) = deframer.next_event()? {
                match part {
                    Event::Metadata(metadata) => messages.push((metadata.to_vec(), Vec::new())),
                    Event::Body { bytes, end } => {
                        let taken = if end || bytes.len() >= take { bytes.len().min(take) } else { 0 };
                        let taken = if end { bytes.len() } else { taken };
                        messages
                            .last_mut()
                            .expect("metadata goes first")
                            .1
                            .extend_from_slice(&bytes[..taken]);
                        deframer.consume(taken);
                    }
                }
            }
        }
        deframer.check_end()?;
        Ok(messages)
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
            piece in 1_usize..300, take in 1_usize..50,
        ) {
            let mut stream = Vec::new();
            for (metadata, body) in &messages {
                Frame { metadata, body }.append_to(&mut stream);
            }
            prop_assert_eq!(deframe_parts(&stream, piece, take), Ok(messages.clone()));
            prop_assert_eq!(deframe(&stream, piece), Ok(messages));
        }

        #[test]
        fn any_bytes_give_the_same_in_pieces_of_any_size(
            stream in prop::collection::vec(any::<u8>(), 0..100), piece in 1_usize..20,
        ) {
            let stream = [b"chunked 1.0,1,1\nab".as_slice(), &stream].concat();
            let whole = deframe(&stream, stream.len());
            prop_assert_eq!(&deframe(&stream, piece), &whole);
            prop_assert_eq!(&deframe_parts(&stream, piece, piece), &whole);
        }
    }
}
