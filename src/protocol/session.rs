//! A session: one conversation with splunkd, a reply for every request.

use super::arguments::{Arguments, Refusal};
use super::framing::Frame;
use super::metadata::{CommandInfo, Reply, Request, UserMessage, to_json};

/// A search command: what it tells splunkd of itself, and what it makes of each chunk.
pub trait Command {
    /// What the getinfo reply says.
    fn info(&self) -> CommandInfo;

    /// Answers one chunk. `body` is its CSV, or nothing; `last` is true once, for the last chunk. What is
    /// written to `reply` goes back to splunkd, `messages` to the user.
    fn execute(&mut self, body: &[u8], last: bool, reply: &mut Vec<u8>, messages: &mut Vec<UserMessage>);
}

/// Makes the command of a search from its arguments, or refuses them.
pub type Open<'a> = dyn Fn(Arguments) -> Result<Box<dyn Command + 'a>, Refusal> + 'a;

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
    /// The body of the reply; kept, so that its memory serves every chunk.
    body: Vec<u8>,
}

enum State<'a> {
    Start,
    Running(Box<dyn Command + 'a>),
    /// The arguments were refused; splunkd is to end the program.
    Refused,
    Finished,
}

impl<'a> Session<'a> {
    /// A session before its getinfo. `open` makes the command from the search's arguments.
    pub fn new(open: impl Fn(Arguments) -> Result<Box<dyn Command + 'a>, Refusal> + 'a) -> Session<'a> {
        Session { open: Box::new(open), command: State::Start, body: Vec::new() }
    }

    /// Appends the one reply to `request` to `out`.
    ///
    /// # Errors
    ///
    /// The request makes no sense; there is no reply and the session is over.
    pub fn answer(&mut self, request: Frame<'_>, out: &mut Vec<u8>) -> Result<(), RequestError> {
        let metadata = Request::read(request.metadata).map_err(RequestError::Metadata)?;
        self.body.clear();
        let reply = match metadata.action.as_str() {
            "getinfo" => self.getinfo(&metadata),
            "execute" => self.execute(&metadata, request.body)?,
            action => return Err(RequestError::Action(action.to_owned())),
        };
        Frame { metadata: &reply, body: &self.body }.write(out);
        Ok(())
    }

    /// Whether the last reply of the search was given.
    pub fn is_finished(&self) -> bool {
        matches!(self.command, State::Finished)
    }

    fn getinfo(&mut self, request: &Request) -> Vec<u8> {
        let (args, typed) = request.arguments();
        match (self.open)(Arguments::read(&args, &typed)) {
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

    fn execute(&mut self, request: &Request, body: &[u8]) -> Result<Vec<u8>, RequestError> {
        let last = request.is_last();
        let mut messages = Vec::new();
        match &mut self.command {
            State::Start => return Err(RequestError::NoGetinfo),
            State::Running(command) => command.execute(body, last, &mut self.body, &mut messages),
            State::Refused | State::Finished => return Ok(to_json(&Reply::rows(true, messages))),
        }
        if last {
            self.command = State::Finished;
        }
        Ok(to_json(&Reply::rows(last, messages)))
    }
}

/// The reply that tells the user that the conversation broke down.
pub fn farewell(error: &str, out: &mut Vec<u8>) {
    Frame { metadata: &to_json(&Reply::error(error.to_owned())), body: b"" }.write(out);
}
