//! A session: one conversation with splunkd, a reply for every request.
//!
//! A request comes in parts: first its metadata, then its body as it arrives, so that a command works while splunkd
//! still writes. The reply is there once the body is whole, as its length stands in front of it.

use super::arguments::{ArgumentErrors, Arguments};
use super::framing::Frame;
use super::metadata::{CommandInfo, Reply, Request, UserMessage, to_json};

/// A search command: what it tells splunkd of itself, and what it makes of each chunk.
pub trait Command {
    /// What the getinfo reply says.
    fn info(&self) -> CommandInfo;

    /// Works on a piece of a chunk, and says how many bytes of it are done with: all of them if the piece makes the chunk
    /// whole. What is appended to `reply`, which holds this chunk's reply alone, goes back to splunkd, `messages` to the
    /// user.
    fn execute(
        &mut self,
        piece: BodyChunk<'_>,
        reply: &mut Vec<u8>,
        messages: &mut Vec<UserMessage>,
    ) -> usize;
}

/// What has arrived of a chunk's body and is not done with.
#[derive(Debug, Clone, Copy)]
pub struct BodyChunk<'b> {
    /// CSV, which at first begins with the header, or nothing.
    pub bytes: &'b [u8],
    /// Whether nothing of this chunk follows.
    pub end: bool,
    /// Whether this is the last chunk of the search.
    pub last: bool,
}

/// Makes the command of a search from its arguments, or refuses them.
pub type Open<'a> = dyn Fn(Arguments) -> Result<Box<dyn Command + 'a>, ArgumentErrors> + 'a;

/// A request that cannot be answered, though its framing is whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The metadata cannot be read.
    #[error("the metadata cannot be read: {0}")]
    Metadata(String),
    /// The action is none of the protocol's.
    #[error("the action '{0}' is neither getinfo nor execute")]
    Action(String),
    /// Rows came before the arguments.
    #[error("execute came before getinfo")]
    NoGetinfo,
}

/// Answers the requests of one search.
pub struct Session<'a> {
    open: Box<Open<'a>>,
    command: State<'a>,
    /// What the metadata of the request asks for.
    asked: Asked,
    messages: Vec<UserMessage>,
    /// The reply's metadata and its body; the memory is used again for the next reply.
    metadata: Vec<u8>,
    body: Vec<u8>,
}

enum State<'a> {
    Start,
    Running(Box<dyn Command + 'a>),
    /// The arguments were refused; splunkd is to end the program.
    Refused,
    Finished,
}

enum Asked {
    /// The metadata of the reply to getinfo.
    Getinfo(Vec<u8>),
    Execute {
        last: bool,
    },
}

impl<'a> Session<'a> {
    /// A session before its getinfo. `open` makes the command from the search's arguments.
    pub fn new(
        open: impl Fn(Arguments) -> Result<Box<dyn Command + 'a>, ArgumentErrors> + 'a,
    ) -> Session<'a> {
        Session {
            open: Box::new(open),
            command: State::Start,
            asked: Asked::Execute { last: false },
            messages: Vec::new(),
            metadata: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Takes the metadata of a request.
    ///
    /// # Errors
    ///
    /// The request makes no sense; there is no reply and the session is over.
    pub fn on_metadata(&mut self, metadata: &[u8]) -> Result<(), RequestError> {
        let request = Request::read(metadata).map_err(RequestError::Metadata)?;
        self.body.clear();
        self.asked = match request.action.as_str() {
            "getinfo" => Asked::Getinfo(self.getinfo(&request)),
            "execute" if matches!(self.command, State::Start) => return Err(RequestError::NoGetinfo),
            "execute" => Asked::Execute { last: request.is_last() },
            action => return Err(RequestError::Action(action.to_owned())),
        };
        Ok(())
    }

    /// Takes what has arrived of the request's body and was not taken yet, and says how many bytes were taken. After a
    /// `end`, which ends the request, [`Session::reply`] is the reply to it.
    pub fn on_body(&mut self, bytes: &[u8], end: bool) -> usize {
        let (taken, last) = match (&self.asked, &mut self.command) {
            (Asked::Execute { last }, State::Running(command)) => {
                let piece = BodyChunk { bytes, end, last: *last };
                (command.execute(piece, &mut self.body, &mut self.messages), *last)
            }
            _ => (bytes.len(), true),
        };
        if end {
            self.metadata = match &self.asked {
                Asked::Getinfo(reply) => reply.clone(),
                Asked::Execute { .. } => to_json(&Reply::rows(last, std::mem::take(&mut self.messages))),
            };
            if matches!((&self.asked, &self.command), (Asked::Execute { last: true }, State::Running(_))) {
                self.command = State::Finished;
            }
        }
        taken
    }

    /// The reply to the request whose body ended last.
    pub fn reply(&self) -> Frame<'_> {
        Frame { metadata: &self.metadata, body: &self.body }
    }

    /// Whether the last reply of the search was given.
    pub fn is_finished(&self) -> bool {
        matches!(self.command, State::Finished)
    }

    fn getinfo(&mut self, request: &Request) -> Vec<u8> {
        let (args, typed) = request.arguments();
        match (self.open)(Arguments::parse(&args, &typed)) {
            Ok(command) => {
                let info = to_json(&command.info());
                self.command = State::Running(command);
                info
            }
            Err(refusal) => {
                self.command = State::Refused;
                to_json(&Reply::error(refusal.to_string()))
            }
        }
    }
}

/// The metadata of a last reply that shows `error` to the user.
pub fn error_reply(error: String) -> Vec<u8> {
    to_json(&Reply::error(error))
}
