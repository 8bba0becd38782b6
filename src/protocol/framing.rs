//! Framing: bytes in, messages out, and back.
//!
//! A message is a header line (`chunked 1.0,<metadata length>,<body length>\n`), the metadata and the body. The next message
//! follows at once. The [`Deframer`] does no I/O: it takes bytes as they arrive, in pieces of any size, and returns
//! messages, whole or as events.

use super::header::{Header, NoHeader};

/// One message of the conversation, in either direction.
///
/// ```
/// use dnsentropy::protocol::framing::Frame;
///
/// let mut bytes = Vec::new();
/// Frame { metadata: br#"{"finished":true}"#, body: b"query\n" }.append_to(&mut bytes);
/// assert_eq!(bytes, b"chunked 1.0,17,6\n{\"finished\":true}query\n");
/// ```
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

/// What is wrong with a stream of messages, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("chunk {chunk}, byte {byte} of the stream: {problem}")]
pub struct FramingError {
    /// The message, counted from 1. The first is getinfo.
    pub chunk: u64,
    /// The first wrong byte, counted from 0 at the start of the stream.
    pub byte: u64,
    /// What is wrong there.
    pub problem: FramingProblem,
}

/// What is wrong with a stream of messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingProblem {
    /// A message does not begin with a header of protocol version 2.
    #[error("expected a header 'chunked 1.0,<metadata length>,<body length>'")]
    Header,
    /// A length is not a number, or is too large for this machine.
    #[error("a length in the header is not a number that fits")]
    Length,
    /// The stream ends inside a message.
    #[error("the stream ends inside the {part}: {missing} more bytes were announced")]
    Cut {
        /// The part of the message that is cut: metadata or body.
        part: &'static str,
        /// The number of announced bytes that did not come.
        missing: u64,
    },
    /// The stream ends inside a header line.
    #[error("the stream ends inside a header")]
    CutHeader,
}

/// What has arrived of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'b> {
    /// The whole metadata.
    Metadata(&'b [u8]),
    /// What has arrived of the body and was not consumed yet.
    Body {
        /// The bytes.
        bytes: &'b [u8],
        /// Whether the body, and with it the message, ends after these bytes.
        end: bool,
    },
}

/// The message that comes next in the stream, after its header has arrived.
#[derive(Debug, Clone, Copy)]
struct OpenMessage {
    /// The lengths of the three parts. `body` counts the bytes that were not consumed yet.
    header: usize,
    metadata: usize,
    body: usize,
    /// Whether header and metadata were returned, so that only the body is left.
    begun: bool,
    /// The least number of bytes of the body to return.
    wanted: usize,
}

impl OpenMessage {
    /// The number of bytes that are still to be returned or consumed.
    fn left(&self) -> usize {
        if self.begun { self.body } else { self.header + self.metadata + self.body }
    }
}

/// Takes messages out of a stream of bytes, whole ([`Deframer::frame`]) or as they arrive ([`Deframer::next_event`]).
///
/// It holds what was not consumed yet, in one buffer that grows with what arrives. An announced length does not make it
/// allocate memory.
///
/// ```
/// use dnsentropy::protocol::framing::{Deframer, Event};
///
/// let mut deframer = Deframer::new();
/// deframer.push(b"chunked 1.0,2,11\n{}query\n");
/// assert_eq!(deframer.next_event()?, Some(Event::Metadata(b"{}")));
/// assert_eq!(deframer.next_event()?, Some(Event::Body { bytes: b"query\n", end: false }));
/// deframer.consume(6);
/// deframer.push(b"a.com");
/// assert_eq!(deframer.next_event()?, Some(Event::Body { bytes: b"a.com", end: true }));
/// deframer.consume(5);
/// assert_eq!(deframer.next_event()?, None);
/// deframer.check_end()?;
/// # Ok::<(), dnsentropy::protocol::framing::FramingError>(())
/// ```
#[derive(Debug, Default)]
pub struct Deframer {
    /// The bytes from `start` to `end` are the stream's; the others are unused.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    message: Option<OpenMessage>,
    /// The number of messages that have ended.
    chunks: u64,
    /// The number of bytes of the stream that came before those in the buffer.
    dropped: u64,
}

impl Deframer {
    /// A deframer at the start of a stream.
    pub fn new() -> Deframer {
        Deframer::default()
    }

    /// Unused memory for at least `least` bytes of the stream. [`Deframer::advance`] says how many were put into it.
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

    /// Takes the first `length` bytes of [`Deframer::spare`] as the next ones of the stream.
    pub fn advance(&mut self, length: usize) {
        self.end = (self.end + length).min(self.buffer.len());
    }

    /// Copies the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len());
    }

    /// The next message, if it has arrived whole.
    ///
    /// # Errors
    ///
    /// What follows in the stream is not a message. The rest of the stream cannot be read.
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

    /// The next event, if it has arrived. A message is one [`Event::Metadata`], then one or more [`Event::Body`]; the last
    /// of these has `end` set. Call [`Deframer::consume`] after each `Body`.
    ///
    /// # Errors
    ///
    /// What follows in the stream is not a message. The rest of the stream cannot be read.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, FramingError> {
        let Some(message) = self.message()? else { return Ok(None) };
        let have = self.end - self.start;
        if !message.begun {
            let head = message.header + message.metadata;
            if have < head {
                return Ok(None);
            }
            self.message = Some(OpenMessage { begun: true, ..message });
            let start = self.start + message.header;
            self.start += head;
            return Ok(Some(Event::Metadata(&self.buffer[start..self.start])));
        }
        let end = have >= message.body;
        let bytes = &self.buffer[self.start..self.start + have.min(message.body)];
        Ok((end || have >= message.wanted).then_some(Event::Body { bytes, end }))
    }

    /// Consumes `length` bytes of the last [`Event::Body`]. At its `end` all bytes are consumed, and the message has ended.
    ///
    /// If nothing is consumed, the next event waits until the number of bytes has doubled. That keeps repeated scans of the
    /// same bytes linear.
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

    /// Checks that the stream may end here: between two messages.
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

    /// The current message, or the last one between messages: its number, counted from 1, and where it ends in the stream,
    /// in bytes.
    pub fn position(&self) -> (u64, u64) {
        let here = self.dropped + self.start as u64;
        self.message.map_or((self.chunks, here), |message| (self.chunks + 1, here + message.left() as u64))
    }

    /// The next message. Its header is read once.
    fn message(&mut self) -> Result<Option<OpenMessage>, FramingError> {
        if self.message.is_none() {
            self.message = self.read_header()?;
        }
        Ok(self.message)
    }

    /// Ends the message, which has `length` more bytes.
    fn finish(&mut self, length: usize) {
        self.start += length;
        self.message = None;
        self.chunks += 1;
    }

    fn read_header(&self) -> Result<Option<OpenMessage>, FramingError> {
        match Header::parse(&self.buffer[self.start..self.end]) {
            Ok(Header { length: header, metadata, body }) => {
                Ok(Some(OpenMessage { header, metadata, body, begun: false, wanted: 1 }))
            }
            Err(NoHeader::Incomplete) => Ok(None),
            Err(NoHeader::Malformed(offset)) => Err(self.error(offset, FramingProblem::Header)),
            Err(NoHeader::Length(offset)) => Err(self.error(offset, FramingProblem::Length)),
        }
    }

    /// An error `offset` bytes after the start of the unread stream.
    #[cold]
    fn error(&self, offset: usize, problem: FramingProblem) -> FramingError {
        FramingError { chunk: self.chunks + 1, byte: self.dropped + (self.start + offset) as u64, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Metadata and body.
    type Message = (Vec<u8>, Vec<u8>);

    /// All messages of `stream`, which arrives in pieces of `piece` bytes.
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

    /// The same by events. Of a body that has not ended, `most` bytes are consumed if there are as many, otherwise none.
    fn deframe_events(stream: &[u8], piece: usize, most: usize) -> Result<Vec<Message>, FramingError> {
        let mut deframer = Deframer::new();
        let mut messages: Vec<Message> = Vec::new();
        for bytes in stream.chunks(piece) {
            deframer.push(bytes);
            while let Some(event) = deframer.next_event()? {
                match event {
                    Event::Metadata(metadata) => messages.push((metadata.to_vec(), Vec::new())),
                    Event::Body { bytes, end } => {
                        let consumed = match bytes.len() {
                            length if end => length,
                            length if length >= most => most,
                            _ => 0,
                        };
                        let (_, body) = messages.last_mut().expect("metadata comes first");
                        body.extend_from_slice(&bytes[..consumed]);
                        deframer.consume(consumed);
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
    fn an_error_names_chunk_and_byte() {
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
        assert_eq!(error(&[&b"chunked 1.0,"[..], &[b'0'; 120]].concat()), (1, 128, Header));
        assert_eq!(error(b"chunked 1.0, 2 ,0 \r\n{}chunked 1.0, 2, \r\n"), (2, 39, Length));
        assert_eq!(error(b"chunked 1.0,2,0"), (1, 15, CutHeader));
        assert_eq!(error(b"chunked 1.0,2,0\n{"), (1, 17, Cut { part: "metadata", missing: 1 }));
        let cut = b"chunked 1.0,2,0\n{}chunked 1.0,2,4\n{}ab";
        assert_eq!(error(cut), (2, 38, Cut { part: "body", missing: 2 }));
    }

    #[test]
    fn an_announced_length_does_not_allocate_memory() {
        let mut deframer = Deframer::new();
        deframer.push(b"chunked 1.0,2,9000000000000000000\n{}");
        assert_eq!(deframer.frame(), Ok(None));
    }

    proptest! {
        #[test]
        fn written_messages_are_read_back(
            messages in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..200)), 0..8),
            piece in 1_usize..300, most in 1_usize..50,
        ) {
            let mut stream = Vec::new();
            for (metadata, body) in &messages {
                Frame { metadata, body }.append_to(&mut stream);
            }
            prop_assert_eq!(deframe_events(&stream, piece, most), Ok(messages.clone()));
            prop_assert_eq!(deframe(&stream, piece), Ok(messages));
        }

        #[test]
        fn headers_may_have_blanks(
            messages in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..200)), 0..8),
            blanks in prop::array::uniform4("[ \t\r]{0,3}"),
            piece in 1_usize..300, most in 1_usize..50,
        ) {
            let [a, b, c, d] = blanks;
            let mut stream = Vec::new();
            for (metadata, body) in &messages {
                let (metadata_length, body_length) = (metadata.len(), body.len());
                let header = format!("chunked {a}1.0{b},{c}{metadata_length}{b},{a}{body_length}{d}\n");
                stream.extend([header.as_bytes(), metadata, body].concat());
            }
            prop_assert_eq!(deframe_events(&stream, piece, most), Ok(messages.clone()));
            prop_assert_eq!(deframe(&stream, piece), Ok(messages));
        }

        #[test]
        fn the_size_of_pieces_does_not_matter(
            stream in prop::collection::vec(any::<u8>(), 0..100), piece in 1_usize..20,
        ) {
            let stream = [b"chunked 1.0,1,1\nab".as_slice(), &stream].concat();
            let whole = deframe(&stream, stream.len());
            prop_assert_eq!(&deframe(&stream, piece), &whole);
            prop_assert_eq!(&deframe_events(&stream, piece, piece), &whole);
        }
    }
}
