//! The conversation with splunkd: the chunked search command protocol, version 2.
//!
//! splunkd sends messages ([`framing`]), first a getinfo, then chunks of rows ([`metadata`]); a [`session`]
//! answers each with one message of its own. The rows of a chunk are CSV ([`rows`]) in which a field can have
//! several values ([`multivalue`]). The search's own words come in getinfo ([`arguments`]). None of this does
//! any I/O but [`serve()`], which joins a session to two streams.

pub mod arguments;
pub mod framing;
pub mod metadata;
mod output;
mod panic_reply;
mod serve;
pub mod session;

pub use arguments::{ArgumentErrors, Arguments};
pub use metadata::{CommandInfo, CommandType, Level, RequestError, UserMessage};
pub use serve::{ServeError, serve, serve_stdio, widen_pipes};
pub use session::Session;
