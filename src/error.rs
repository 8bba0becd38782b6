//! The errors that end the program.

use std::io;
use std::path::PathBuf;

use crate::commands::lookup::LookupError;
use crate::protocol::ServeError;

/// Why the program failed. Each message says what is wrong and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The conversation with splunkd broke down.
    #[error("{error}")]
    Serve {
        /// The search command.
        command: String,
        /// What happened.
        error: ServeError,
    },
    /// A file of events cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// A file of events holds something that is not an event.
    #[error("{}, line {line}: {problem}", file.display())]
    Events {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// A command or its arguments are refused.
    #[error("{0}")]
    Refused(String),
    /// An external lookup cannot be answered.
    #[error("lookup {name}: {error}")]
    Lookup {
        /// The lookup's function.
        name: String,
        /// What is wrong.
        error: LookupError,
    },
    /// Reading standard input failed.
    #[error("cannot read standard input: {0}")]
    Input(#[source] io::Error),
    /// Writing to the terminal or a pipe failed.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

impl Error {
    /// The name that belongs before the message: the search command that failed, or the program.
    pub fn subject(&self) -> &str {
        match self {
            Error::Serve { command, .. } => command,
            _ => env!("CARGO_PKG_NAME"),
        }
    }

    /// Whether the reader of the output closed it, which is a normal end.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
