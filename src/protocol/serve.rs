//! Joins a session to two streams: the one place of the protocol that reads and writes.
//!
//! The program has one thread: it reads, works on what it has read, and writes the reply when the request has ended.

use std::io::{self, ErrorKind, Read, Write};

use rustix::pipe::fcntl_setpipe_size;

use super::framing::{Deframer, Event, Frame, FramingError};
use super::metadata::RequestError;
use super::output::{stdout, write_frame};
use super::panic_reply::answer_panics;
use super::session::{Session, error_reply};

/// The least number of bytes to ask for in one read: a pipe of the usual size.
const BLOCK: usize = 64 * 1024;

/// The size of a pipe that Linux allows any user by default (`/proc/sys/fs/pipe-max-size`).
const PIPE_SIZE: usize = 1024 * 1024;

/// Why a conversation broke down.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The stream does not follow the protocol.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// A request makes no sense.
    #[error("chunk {chunk}, which ends at byte {end} of the stream: {error}")]
    Request {
        /// The message, counted from 1; the first is getinfo.
        chunk: u64,
        /// Where it ends.
        end: u64,
        /// What is wrong with it.
        error: RequestError,
    },
    /// Reading failed.
    #[error("cannot read a request: {0}")]
    Read(#[source] io::Error),
    /// Writing failed.
    #[error("cannot write a reply: {0}")]
    Write(#[source] io::Error),
}

/// Answers splunkd on standard input and output, as [`serve()`] does. A panic is answered, too: with a last reply that
/// shows the user an error, after which the process ends.
///
/// # Errors
///
/// Those of [`serve()`].
pub fn serve_stdio(session: Session<'_>) -> Result<(), ServeError> {
    answer_panics();
    widen_pipes();
    serve(io::stdin().lock(), stdout().map_err(ServeError::Write)?, session)
}

/// Makes standard input and output larger if they are pipes, so that two processes wake each other up less often: a
/// pipe holds 64 KiB, but a chunk of 50,000 events takes megabytes. Best effort: errors are ignored.
pub fn widen_pipes() {
    let _ = fcntl_setpipe_size(io::stdin(), PIPE_SIZE);
    let _ = fcntl_setpipe_size(io::stdout(), PIPE_SIZE);
}

/// Answers requests from `input` on `output` until the last one is answered or the input ends.
///
/// The session works on a request while it arrives. Its reply is written after the request has ended, in one write if
/// `output` takes it all, and flushed. A closed `output` is a normal end: the search needs no more rows.
///
/// # Errors
///
/// The stream is broken or ends inside a message, a request makes no sense, or reading or writing fails. If a reply can
/// still be written, a last one shows the error to the user.
pub fn serve(
    mut input: impl Read,
    mut output: impl Write,
    mut session: Session<'_>,
) -> Result<(), ServeError> {
    match converse(&mut input, &mut output, &mut session) {
        Err(ServeError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error @ (ServeError::Framing(_) | ServeError::Request { .. })) => {
            let metadata = error_reply(format!("the conversation with splunkd broke down: {error}"));
            // The caller reports the error in any case, so a reply that cannot be written adds nothing.
            let _ = write_frame(Frame { metadata: &metadata, body: b"" }, &mut output);
            Err(error)
        }
        result => result,
    }
}

fn converse(
    input: &mut impl Read,
    output: &mut impl Write,
    session: &mut Session<'_>,
) -> Result<(), ServeError> {
    let mut deframer = Deframer::new();
    loop {
        while let Some(event) = deframer.next_event()? {
            match event {
                Event::Metadata(metadata) => {
                    if let Err(error) = session.on_metadata(metadata) {
                        let (chunk, end) = deframer.position();
                        return Err(ServeError::Request { chunk, end, error });
                    }
                }
                Event::Body { bytes, end } => {
                    let consumed = session.on_body(bytes, end);
                    deframer.consume(consumed);
                    if end {
                        write_frame(session.reply(), output).map_err(ServeError::Write)?;
                    }
                    if session.is_finished() {
                        return Ok(());
                    }
                }
            }
        }
        match input.read(deframer.spare(BLOCK)) {
            Ok(0) => return Ok(deframer.check_end()?),
            Ok(length) => deframer.advance(length),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ServeError::Read(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::*;
    use crate::protocol::session::{BodyChunk, Command};
    use crate::protocol::{CommandInfo, CommandType, UserMessage};

    /// Sends each chunk back.
    struct Echo;

    impl Command for Echo {
        fn info(&self) -> CommandInfo {
            CommandInfo::new(CommandType::Streaming)
        }

        fn execute(&mut self, chunk: BodyChunk<'_>, reply: &mut Vec<u8>, _: &mut Vec<UserMessage>) -> usize {
            reply.extend_from_slice(chunk.bytes);
            chunk.bytes.len()
        }
    }

    /// Takes at most `most` bytes a call and counts the calls. It fails after `space` bytes.
    struct Output {
        bytes: Vec<u8>,
        most: usize,
        space: usize,
        calls: usize,
        interrupted: bool,
    }

    impl Output {
        fn new(most: usize, space: usize) -> Output {
            Output { bytes: Vec::new(), most, space, calls: 0, interrupted: false }
        }
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
            if std::mem::replace(&mut self.interrupted, false) {
                return Err(ErrorKind::Interrupted.into());
            }
            self.calls += 1;
            let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).take(self.most).collect();
            self.space = self.space.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("full"))?;
            self.bytes.extend_from_slice(&bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const INFO: &str = "chunked 1.0,20,0\n{\"type\":\"streaming\"}";

    /// A getinfo and one chunk with `body`.
    fn requests(body: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        Frame { metadata: br#"{"action":"getinfo"}"#, body: b"" }.append_to(&mut stream);
        Frame { metadata: br#"{"action":"execute","finished":true}"#, body }.append_to(&mut stream);
        stream
    }

    fn answer(body: &[u8], output: &mut Output) -> Result<(), ServeError> {
        serve(requests(body).as_slice(), output, Session::new(|_| Ok(Box::new(Echo))))
    }

    #[test]
    fn a_reply_is_one_write() {
        let body = [b"query\n", "x".repeat(100_000).as_bytes()].concat();
        for body in [body.as_slice(), b""] {
            let mut output = Output::new(usize::MAX, usize::MAX);
            answer(body, &mut output).expect("a conversation");
            let last = format!("chunked 1.0,17,{}\n{{\"finished\":true}}", body.len());
            assert_eq!(output.bytes, [INFO.as_bytes(), last.as_bytes(), body].concat());
            assert_eq!(output.calls, 2, "one for each request");
        }
    }

    #[test]
    fn an_output_may_take_a_byte_at_a_time_or_interrupt() {
        let mut output = Output { interrupted: true, ..Output::new(1, usize::MAX) };
        answer(b"query\na\n", &mut output).expect("a conversation");
        let expected = format!("{INFO}chunked 1.0,17,8\n{{\"finished\":true}}query\na\n");
        assert_eq!(String::from_utf8_lossy(&output.bytes), expected);
        assert_eq!(output.calls, expected.len());
    }

    #[test]
    fn an_output_that_fails_or_takes_nothing_is_an_error() {
        for (mut output, expected) in [
            (Output::new(usize::MAX, 40), "cannot write a reply: full"),
            (Output::new(0, usize::MAX), "cannot write a reply: write zero"),
        ] {
            let error = answer(b"query\n", &mut output).expect_err("not everything is written");
            assert_eq!(error.to_string(), expected);
        }
    }
}
