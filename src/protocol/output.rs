//! Writes messages to splunkd.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::os::fd::AsFd;

use super::framing::Frame;

/// Standard output without the buffer of [`io::stdout`], which would write the last line of a reply by itself.
pub(super) fn stdout() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Writes a message and flushes it. The message goes out in one call, unless `output` takes only a part of it.
pub(super) fn write_frame(frame: Frame<'_>, output: &mut impl Write) -> io::Result<()> {
    let header = frame.header();
    let mut parts = [header.as_bytes(), frame.metadata, frame.body].map(IoSlice::new);
    let mut rest = parts.as_mut_slice();
    while !rest.is_empty() {
        match output.write_vectored(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            // Also drops the parts that are empty.
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    output.flush()
}
