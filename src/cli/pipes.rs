//! Wider pipes between splunkd and the program.
//!
//! A pipe holds 64 KiB, a chunk of 50,000 events some megabytes. With more room in the pipe the two processes wake each
//! other up less often.

use std::io;

use rustix::pipe::fcntl_setpipe_size;

/// What Linux allows any user by default (`/proc/sys/fs/pipe-max-size`).
pub const SIZE: usize = 1024 * 1024;

/// Widens standard input and output where they are pipes. Where they are not, or the system says no, all goes on as
/// it was.
pub fn widen() {
    let _ = fcntl_setpipe_size(io::stdin(), SIZE);
    let _ = fcntl_setpipe_size(io::stdout(), SIZE);
}
