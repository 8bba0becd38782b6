//! Writes replies on a thread of its own, so that the next request is read and worked on meanwhile.
//!
//! Whoever waits for a reply before sending the next request loses nothing by it, and whoever does not gains the time that
//! writing takes. The replies come out one after another, in the order in which they were sent.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::session::ReplyBytes;

/// A reply of more bytes than this is waited for, as two of them would take too much memory.
const LARGE: usize = 16 << 20;

/// The way to the writing thread.
pub struct Writer {
    replies: SyncSender<ReplyBytes>,
    /// What was written comes back, so that its memory is used again.
    written: Receiver<ReplyBytes>,
    /// How many replies were sent that did not come back.
    under_way: usize,
}

impl Writer {
    /// Starts a thread that writes to `output` until the writer is dropped, or writing fails.
    pub fn start<'s, 'e>(
        scope: &'s Scope<'s, 'e>,
        output: impl Write + Send + 'e,
    ) -> (Writer, ScopedJoinHandle<'s, io::Result<()>>) {
        // Nothing lies between: a reply is taken when the one before it is written.
        let (replies, to_write) = sync_channel(0);
        let (spent, written) = channel();
        let thread = scope.spawn(move || write(&to_write, &spent, output));
        (Writer { replies, written, under_way: 0 }, thread)
    }

    /// Sends a reply, and gives memory for the next one.
    ///
    /// # Errors
    ///
    /// The thread has ended, as writing failed: it tells why.
    pub fn send(&mut self, reply: ReplyBytes) -> Result<ReplyBytes, WriterEnded> {
        let large = reply.body.len() > LARGE;
        self.replies.send(reply).map_err(|_| WriterEnded)?;
        self.under_way += 1;
        let mut spare = self.written.try_recv().ok();
        self.under_way -= usize::from(spare.is_some());
        while large && self.under_way > 0 {
            spare = Some(self.written.recv().map_err(|_| WriterEnded)?);
            self.under_way -= 1;
        }
        Ok(spare.unwrap_or_default())
    }
}

/// The writing thread has ended.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("replies cannot be written any more")]
pub struct WriterEnded;

fn write(
    replies: &Receiver<ReplyBytes>,
    written: &Sender<ReplyBytes>,
    mut output: impl Write,
) -> io::Result<()> {
    for reply in replies {
        output.write_all(&reply.head)?;
        output.write_all(&reply.body)?;
        output.flush()?;
        // Nobody waits for the memory of the last one.
        let _ = written.send(reply);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn reply(text: &str) -> ReplyBytes {
        ReplyBytes { head: b"head:".to_vec(), body: text.as_bytes().to_vec() }
    }

    #[test]
    fn replies_come_out_in_order_and_their_memory_comes_back() {
        let mut output = Vec::new();
        let large = "x".repeat(LARGE + 1);
        thread::scope(|scope| {
            let (mut writer, _) = Writer::start(scope, &mut output);
            for text in ["a", "b", "c"] {
                writer.send(reply(text)).expect("memory takes every write");
            }
            let memory = writer.send(reply(&large)).expect("memory takes every write");
            assert_eq!((memory.body.len(), writer.under_way), (large.len(), 0), "a large one is waited for");
        });
        assert_eq!(output, format!("head:ahead:bhead:chead:{large}").as_bytes());
    }

    /// Takes some bytes, then no more.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("full"))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_sends_learns_that_writing_failed_and_the_thread_tells_why() {
        thread::scope(|scope| {
            let (mut writer, thread) = Writer::start(scope, Full(20));
            let sent = (0..10).take_while(|_| writer.send(reply("abc")).is_ok()).count();
            assert!(sent < 10, "{sent}");
            drop(writer);
            let error = thread.join().expect("no panic").expect_err("20 bytes are no ten replies");
            assert_eq!(error.to_string(), "full");
        });
    }
}
