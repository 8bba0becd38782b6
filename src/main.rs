//! The program. Everything is in the library, where tests and benchmarks can use it.

use std::process::ExitCode;

fn main() -> ExitCode {
    match dnsentropy::cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", error.subject());
            ExitCode::FAILURE
        }
    }
}
