//! The command line: the actions that a person types, and the search commands that splunkd starts.

mod events;
mod fields;
mod hunt;
mod loopback;

use std::ffi::OsString;
use std::io::{self, Read, Write};

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::lookup;
use crate::commands::{self, App};
use crate::error::Error;
use crate::protocol::{Session, serve_stdio, widen_pipes};
use crate::urltoolbox::Function;

/// Hunt DNS exfiltration: split DNS names and measure the entropy of their subdomains.
///
/// In Splunk this program is the search command `| dnsentropy`. splunkd starts it with the command's name as its
/// only argument and sends requests on standard input. By hand, `hunt` runs the same command on a file.
#[derive(Debug, Parser)]
#[command(name = "dnsentropy", version = VERSION)]
struct Cli {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run the classic hunt on a file of DNS events
    Hunt(hunt::HuntOptions),
    /// Answer an external lookup of URL Toolbox: CSV on standard input and output, as splunkd calls it
    Lookup {
        /// The function of the lookup
        #[arg(value_parser = Function::ALL.map(|function| function.name))]
        function: String,
    },
}

/// The version of the program, and of the public suffix list in it.
const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (public suffix list ", env!("SUFFIX_LIST_VERSION"), ")");

/// Runs the program. The first of its arguments is its own name.
///
/// # Errors
///
/// Those of the action. For wrong usage and for `--help` clap prints a text and ends the process.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = arguments.get(1).and_then(|name| name.to_str());
    if let Some((name, open)) = command.and_then(|name| Some((name, commands::find(name)?))) {
        let app = App::locate();
        return serve_stdio(Session::new(|arguments| open(arguments, &app)))
            .map_err(|error| Error::Serve { command: name.to_owned(), error });
    }
    match Cli::parse_from(arguments).action {
        Some(Action::Hunt(options)) => hunt::run(&options),
        Some(Action::Lookup { function }) => answer_lookup(&function),
        None => Ok(Cli::command().print_help()?),
    }
}

fn answer_lookup(name: &str) -> Result<(), Error> {
    let Some(function) = Function::find(name) else {
        return Err(Error::Refused(format!("the lookup {name} is unknown: see --help")));
    };
    widen_pipes();
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input).map_err(Error::Input)?;
    let lists = App::locate().lists();
    let answer = lookup::answer(function, &lists, &input)
        .map_err(|error| Error::Lookup { name: name.to_owned(), error })?;
    for warning in lists.warnings() {
        eprintln!("{}: {warning}", env!("CARGO_PKG_NAME"));
    }
    let mut out = io::stdout().lock();
    Ok(out.write_all(&answer).and_then(|()| out.flush())?)
}
