//! Joins a session to two streams: the edge where the conversation is read and written.

use std::io::{self, Read, Write};
use std::panic::resume_unwind;
use std::thread;

use super::framing::{Deframer, Event, FramingError};
use super::reply_writer::{Writer, WriterEnded};
use super::session::{ReplyBytes, RequestError, Session, error_reply};

/// How much is read at once, at least: a pipe of the usual size.
const BLOCK: usize = 64 * 1024;

/// Why a conversation broke down.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The stream is not what the protocol has.
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
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Writing failed before; the thread that writes tells why.
    #[error(transparent)]
    Unwritten(#[from] WriterEnded),
}

/// Answers requests from `input` on `output` until the last one is answered or the input ends.
///
/// A request is worked on while it is read, and read whole before its reply is written; each reply is flushed. An
/// `output` that is closed is a normal end: the search has enough.
///
/// # Errors
///
/// The stream is broken or ends inside a message, a request makes no sense, or reading or writing fails. The
/// first three are told to the user too, in a last reply.
pub fn serve(
    mut input: impl Read,
    output: impl Write + Send,
    mut session: Session<'_>,
) -> Result<(), ServeError> {
    thread::scope(|scope| {
        let (mut writer, thread) = Writer::start(scope, output);
        let conversed = converse(&mut input, &mut writer, &mut session);
        if let Err(error @ (ServeError::Framing(_) | ServeError::Request { .. })) = &conversed {
            let mut reply = ReplyBytes::default();
            error_reply(&format!("the conversation with splunkd broke down: {error}"), &mut reply.head);
            // Nobody may be there to read it any more, and the error itself goes to stderr anyway.
            let _ = writer.send(reply);
        }
        drop(writer);
        let written = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        match (conversed, written) {
            (Err(ServeError::Unwritten(_)) | Ok(()), Err(error))
                if error.kind() == io::ErrorKind::BrokenPipe =>
            {
                Ok(())
            }
            (Err(ServeError::Unwritten(_)) | Ok(()), Err(error)) => Err(error.into()),
            (conversed, _) => conversed,
        }
    })
}

fn converse(input: &mut impl Read, writer: &mut Writer, session: &mut Session<'_>) -> Result<(), ServeError> {
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
                    let taken = session.on_body(bytes, end);
                    deframer.consume(taken);
                    if end {
                        let memory = writer.send(session.take_reply())?;
                        session.reuse(memory);
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
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}
