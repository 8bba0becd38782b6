//! A session: one conversation with splunkd, one reply to each request.
//!
//! A request comes in two parts: its metadata, then its body as it arrives, so that a command works while splunkd still
//! writes. The reply is complete when the body has ended, as a reply begins with its length.

use std::mem;

use super::arguments::{ArgumentErrors, Arguments};
use super::framing::Frame;
use super::metadata::{CommandInfo, Reply, Request, RequestError, UserMessage, to_json};

/// A search command: how splunkd should run it, and how it answers each chunk.
pub trait Command {
    /// The content of the getinfo reply.
    fn info(&self) -> CommandInfo;

    /// Works on what has arrived of a chunk. Returns how many bytes it consumed: all of them at the `end` of the chunk.
    /// The other bytes come again, with more after them.
    ///
    /// Appends rows to `reply`, which holds this chunk's reply alone, and messages to the user to `messages`.
    fn execute(
        &mut self,
        chunk: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize;
}

/// What has arrived of a chunk's body and was not consumed yet.
#[derive(Debug, Clone, Copy)]
pub struct BodyChunk<'b> {
    /// CSV or nothing. The first bytes of a body are its header line.
    pub bytes: &'b [u8],
    /// Whether the body ends after these bytes.
    pub end: bool,
    /// Whether this is the last chunk of the search.
    pub last: bool,
}

/// Makes the command of a search from its arguments, or refuses them.
type OpenCommand<'a> = dyn Fn(Arguments) -> Result<Box<dyn Command + 'a>, ArgumentErrors> + 'a;

/// Answers the requests of one search. It does no I/O.
///
/// ```
/// use dnsentropy::protocol::session::{BodyChunk, Command, Session};
/// use dnsentropy::protocol::{CommandInfo, CommandType, UserMessage};
///
/// /// Sends every chunk back.
/// struct Echo;
///
/// impl Command for Echo {
///     fn info(&self) -> CommandInfo {
///         CommandInfo::new(CommandType::Streaming)
///     }
///
///     fn execute(&mut self, chunk: BodyChunk<'_>, reply: &mut Vec<u8>, _: &mut Vec<UserMessage>) -> usize {
///         reply.extend_from_slice(chunk.bytes);
///         chunk.bytes.len()
///     }
/// }
///
/// let mut session = Session::new(|_arguments| Ok(Box::new(Echo)));
/// session.on_metadata(br#"{"action":"getinfo"}"#)?;
/// session.on_body(b"", true);
/// assert_eq!(session.reply().metadata, br#"{"type":"streaming"}"#);
///
/// session.on_metadata(br#"{"action":"execute","finished":true}"#)?;
/// session.on_body(b"query\nwww.exam", false);
/// session.on_body(b"ple.com\n", true);
/// assert_eq!(session.reply().body, b"query\nwww.example.com\n");
/// assert!(session.is_finished());
/// # Ok::<(), dnsentropy::protocol::RequestError>(())
/// ```
pub struct Session<'a> {
    open: Box<OpenCommand<'a>>,
    state: State<'a>,
    /// Whether the command's first reply is its last, whatever the request says.
    generating: bool,
    messages: Vec<UserMessage>,
    /// The metadata of the reply.
    metadata: Vec<u8>,
    /// The body of the reply. Its memory serves one reply after another.
    body: Vec<u8>,
    /// The words of the last getinfo: `args` and `raw_args`.
    words: (Vec<String>, Vec<String>),
}

enum State<'a> {
    /// There was no getinfo yet.
    Start,
    /// The reply to getinfo, or to the last chunk, is ready; another chunk may follow.
    Ready(Box<dyn Command + 'a>),
    /// The body of a chunk arrives.
    Chunk { command: Box<dyn Command + 'a>, last: bool },
    /// The arguments were refused; splunkd is expected to close the conversation.
    Refused,
    /// The last chunk is answered.
    Finished,
}

impl<'a> Session<'a> {
    /// A session before its getinfo. `open` makes the command from the search's arguments.
    pub fn new(
        open: impl Fn(Arguments) -> Result<Box<dyn Command + 'a>, ArgumentErrors> + 'a,
    ) -> Session<'a> {
        Session {
            open: Box::new(open),
            state: State::Start,
            generating: false,
            messages: Vec::new(),
            metadata: Vec::new(),
            body: Vec::new(),
            words: (Vec::new(), Vec::new()),
        }
    }

    /// Takes the metadata of a request.
    ///
    /// # Errors
    ///
    /// The request makes no sense. It has no reply, and the session is over.
    pub fn on_metadata(&mut self, metadata: &[u8]) -> Result<(), RequestError> {
        let request = Request::parse(metadata)?;
        self.body.clear();
        self.state = match (mem::replace(&mut self.state, State::Start), request) {
            // A repeated getinfo with the same words: the command keeps its state, and the search goes on.
            (State::Ready(command), Request::Getinfo { args, raw_args })
                if (&self.words.0, &self.words.1) == (&args, &raw_args) =>
            {
                self.metadata = to_json(&command.info());
                State::Ready(command)
            }
            (_, Request::Getinfo { args, raw_args }) => {
                let arguments = Arguments::parse(&args, &raw_args);
                self.words = (args, raw_args);
                match (self.open)(arguments) {
                    Ok(command) => {
                        let info = command.info();
                        self.metadata = to_json(&info);
                        self.generating = info.generating;
                        State::Ready(command)
                    }
                    Err(errors) => {
                        self.metadata = error_reply(errors.to_string());
                        State::Refused
                    }
                }
            }
            (State::Start, Request::Execute { .. }) => return Err(RequestError::NoGetinfo),
            (State::Ready(command) | State::Chunk { command, .. }, Request::Execute { last }) => {
                State::Chunk { command, last: last || self.generating }
            }
            (state @ (State::Refused | State::Finished), Request::Execute { .. }) => {
                self.metadata = to_json(&Reply::rows(true, Vec::new()));
                state
            }
        };
        Ok(())
    }

    /// Takes what has arrived of the request's body and was not consumed yet. Returns how many bytes it consumed. If the
    /// body has reached its `end`, that is all of them, and [`Session::reply`] is the reply to the request.
    ///
    /// Only a chunk has a body that matters: the body of a getinfo, and of a chunk after the arguments were refused, is
    /// ignored.
    pub fn on_body(&mut self, bytes: &[u8], end: bool) -> usize {
        let State::Chunk { command, last } = &mut self.state else { return bytes.len() };
        let last = *last;
        let consumed = command.execute(BodyChunk { bytes, end, last }, &mut self.body, &mut self.messages);
        if end {
            self.metadata = to_json(&Reply::rows(last, mem::take(&mut self.messages)));
            self.state = match mem::replace(&mut self.state, State::Finished) {
                State::Chunk { command, last: false } => State::Ready(command),
                _ => State::Finished,
            };
        }
        consumed
    }

    /// The reply to the request whose body ended last.
    pub fn reply(&self) -> Frame<'_> {
        Frame { metadata: &self.metadata, body: &self.body }
    }

    /// Whether the last chunk of the search is answered.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }
}

/// The metadata of a last reply that shows `error` to the user.
pub fn error_reply(error: String) -> Vec<u8> {
    to_json(&Reply::error(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{CommandType, Level};

    /// Sends chunks back from their end on, and reports each by a message.
    struct Echo;

    impl Command for Echo {
        fn info(&self) -> CommandInfo {
            CommandInfo::new(CommandType::Streaming)
        }

        fn execute(
            &mut self,
            chunk: BodyChunk<'_>,
            reply: &mut Vec<u8>,
            messages: &mut Vec<UserMessage>,
        ) -> usize {
            if !chunk.end {
                return 0;
            }
            reply.extend_from_slice(chunk.bytes);
            messages.push(UserMessage(Level::Info, format!("last: {}", chunk.last)));
            chunk.bytes.len()
        }
    }

    fn session() -> Session<'static> {
        Session::new(|mut arguments| {
            arguments.take_words(&["option"]);
            arguments.finish(&["option"])?;
            Ok(Box::new(Echo))
        })
    }

    /// The reply to a request: metadata, then body.
    fn ask(session: &mut Session<'_>, metadata: &str, body: &[u8]) -> (String, Vec<u8>) {
        session.on_metadata(metadata.as_bytes()).expect("a request");
        assert_eq!(session.on_body(body, true), body.len());
        let Frame { metadata, body } = session.reply();
        (String::from_utf8_lossy(metadata).into_owned(), body.to_vec())
    }

    const GETINFO: &str = r#"{"action":"getinfo"}"#;
    const INFO: &str = r#"{"type":"streaming"}"#;
    const CHUNK: &str = r#"{"action":"execute"}"#;
    const LAST: &str = r#"{"action":"execute","finished":true}"#;

    #[test]
    fn each_chunk_has_its_own_reply_and_messages() {
        let mut session = session();
        assert_eq!(ask(&mut session, GETINFO, b""), (INFO.to_owned(), Vec::new()));
        let message = |finished: bool| {
            format!(r#"{{"finished":{finished},"inspector":{{"messages":[["INFO","last: {finished}"]]}}}}"#)
        };
        assert_eq!(ask(&mut session, CHUNK, b"a\n"), (message(false), b"a\n".to_vec()));
        assert_eq!(ask(&mut session, CHUNK, b""), (message(false), Vec::new()));
        assert!(!session.is_finished());
        assert_eq!(ask(&mut session, LAST, b"b\n"), (message(true), b"b\n".to_vec()));
        assert!(session.is_finished());
    }

    /// Makes one row, and reports whether the chunk is the last.
    struct Generator;

    impl Command for Generator {
        fn info(&self) -> CommandInfo {
            CommandInfo { generating: true, ..CommandInfo::new(CommandType::Stateful) }
        }

        fn execute(&mut self, chunk: BodyChunk<'_>, reply: &mut Vec<u8>, _: &mut Vec<UserMessage>) -> usize {
            reply.extend_from_slice(format!("last\n{}\n", chunk.last).as_bytes());
            chunk.bytes.len()
        }
    }

    #[test]
    fn the_first_reply_of_a_generating_command_ends_the_search() {
        for request in [CHUNK, LAST] {
            let mut session = Session::new(|_| Ok(Box::new(Generator)));
            let info = r#"{"type":"stateful","generating":true}"#.to_owned();
            assert_eq!(ask(&mut session, GETINFO, b""), (info, Vec::new()));
            let finished = (r#"{"finished":true}"#.to_owned(), b"last\ntrue\n".to_vec());
            assert_eq!(ask(&mut session, request, b""), finished);
            assert!(session.is_finished());
        }
    }

    #[test]
    fn bytes_that_are_not_consumed_come_again() {
        let mut session = session();
        ask(&mut session, GETINFO, b"");
        session.on_metadata(CHUNK.as_bytes()).expect("a request");
        assert_eq!(session.on_body(b"a", false), 0);
        assert_eq!(session.on_body(b"a\nb\n", true), 4);
        assert_eq!(session.reply().body, b"a\nb\n");
    }

    #[test]
    fn the_body_of_a_getinfo_is_ignored() {
        let mut session = session();
        session.on_metadata(GETINFO.as_bytes()).expect("a request");
        assert_eq!(session.on_body(b"a\n", false), 2);
        assert_eq!(ask(&mut session, GETINFO, b"a\n"), (INFO.to_owned(), Vec::new()));
    }

    #[test]
    fn a_getinfo_that_is_repeated_during_a_search_keeps_the_command() {
        let opened = std::cell::Cell::new(0);
        let mut session = Session::new(|_| {
            opened.set(opened.get() + 1);
            Ok(Box::new(Echo))
        });
        let other = r#"{"action":"getinfo","searchinfo":{"args":["option=1"]}}"#;
        for (getinfo, expected) in [(GETINFO, 1), (GETINFO, 1), (other, 2), (other, 2), (GETINFO, 3)] {
            assert_eq!(ask(&mut session, getinfo, b""), (INFO.to_owned(), Vec::new()));
            assert_eq!(ask(&mut session, CHUNK, b"a\n").1, b"a\n");
            assert_eq!(opened.get(), expected);
        }
        ask(&mut session, LAST, b"");
        assert_eq!(ask(&mut session, GETINFO, b""), (INFO.to_owned(), Vec::new()));
        assert_eq!(opened.get(), 4, "another search");
    }

    #[test]
    fn after_a_refusal_every_chunk_is_finished_until_another_getinfo() {
        let mut session = session();
        let refused = r#"{"action":"getinfo","searchinfo":{"args":["x=1"]}}"#;
        let (metadata, _) = ask(&mut session, refused, b"");
        assert!(metadata.starts_with(r#"{"finished":true,"error":"unknown option x="#), "{metadata}");
        let finished = (r#"{"finished":true}"#.to_owned(), Vec::new());
        assert_eq!(ask(&mut session, CHUNK, b"a\n"), finished);
        assert_eq!(ask(&mut session, LAST, b"a\n"), finished);
        assert!(!session.is_finished());
        assert_eq!(ask(&mut session, GETINFO, b""), (INFO.to_owned(), Vec::new()));
    }

    #[test]
    fn a_chunk_before_getinfo_is_an_error() {
        assert_eq!(session().on_metadata(CHUNK.as_bytes()), Err(RequestError::NoGetinfo));
        assert_eq!(session().on_metadata(br#"{"action":"x"}"#), Err(RequestError::Action("x".to_owned())));
    }
}
