//! The conversation with splunkd: the chunked search command protocol, version 2.
//!
//! splunkd sends messages ([`framing`]) with JSON ([`metadata`]): first a getinfo, which holds the search's own words
//! ([`arguments`]), then chunks of rows. A [`session`] answers each message with one message. None of this does I/O but
//! [`serve()`], which joins a session to two streams, and the reply to a panic.

pub mod arguments;
pub mod framing;
mod header;
pub mod metadata;
mod output;
mod panic_reply;
mod serve;
pub mod session;
mod words;

pub use arguments::{ArgumentErrors, Arguments, Word};
pub use metadata::{CommandInfo, CommandType, Level, RequestError, UserMessage};
pub use serve::{ServeError, serve, serve_stdio, widen_pipes};
pub use session::Session;
