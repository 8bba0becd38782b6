//! Runs a program and reports what it used: the start (seconds of the monotonic clock), the CPU seconds, the peak memory.
//!
//!     measured REPORT PROGRAM [ARGUMENT ...]
//!
//! Linux counts the memory of the process that starts a program as the program's own peak, so the bench, which holds hundreds of
//! megabytes of data, starts this small program, and this one the contender.

use std::process::{Command, ExitCode};
use std::{env, fs, io};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let (Some(report), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let start = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    let status = Command::new(program).args(arguments).spawn()?.wait()?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let text = format!(
        r#"{{"start_ns": {}, "user_us": {}, "system_us": {}, "peak_kib": {}}}"#,
        start.num_nanoseconds(),
        usage.user_time().num_microseconds(),
        usage.system_time().num_microseconds(),
        usage.max_rss(),
    );
    fs::write(report, text)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
