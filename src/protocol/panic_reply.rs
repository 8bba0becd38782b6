//! The reply to a panic: a bug in the program ends the search with an error instead of silence.

use std::io::{self, Write};
use std::panic::{self, Location};
use std::process;

use super::framing::Frame;
use super::output::{stdout, write_frame};
use super::session::error_reply;

/// From now on a panic is answered with a last reply on standard output, reported on standard error, and ends the
/// process with exit code 1. For a process that talks to splunkd; it replaces the hook that prints panics.
///
/// Both texts name the place in the code and leave out the panic's message, which can hold data of events.
///
/// The reply cannot get into the middle of another one. The program has one thread, which works on a request before it
/// writes the reply, and the writing itself ([`write_frame`]) does not run anything of a command. Nor does the reply wait
/// for a lock: [`stdout`] is another handle of the same file, and no lock of standard error is held while a command runs.
pub fn answer_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), Location::to_string);
        // splunkd puts the command's name before the text that it shows, but not into its log.
        let error = format!("internal error: please report it, with {place}");
        let _ = writeln!(io::stderr(), "dnsentropy: {error}");
        if let Ok(mut output) = stdout() {
            let _ = write_frame(Frame { metadata: &error_reply(error), body: b"" }, &mut output);
        }
        process::exit(1);
    }));
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::{Command as Process, Stdio};

    use serde_json::{Value, json};

    use super::*;
    use crate::protocol::framing::Deframer;
    use crate::protocol::session::{BodyChunk, Command, Session};
    use crate::protocol::{CommandInfo, CommandType, UserMessage, serve_stdio};

    /// Set in a process that this file's test starts: there, the test runs a command that panics.
    const CHILD: &str = "DNSENTROPY_TEST_PANIC";

    /// Panics when it sees a chunk with rows, with the rows in the panic's message.
    struct Panics;

    impl Command for Panics {
        fn info(&self) -> CommandInfo {
            CommandInfo::new(CommandType::Streaming)
        }

        fn execute(&mut self, chunk: BodyChunk<'_>, reply: &mut Vec<u8>, _: &mut Vec<UserMessage>) -> usize {
            reply.extend_from_slice(b"half a reply");
            assert!(chunk.bytes.is_empty(), "{}", String::from_utf8_lossy(chunk.bytes));
            0
        }
    }

    /// Runs this test again in a process of its own, which serves [`Panics`] on its real standard input and output.
    #[test]
    fn a_panic_is_answered_and_names_its_place_alone() {
        if env::var_os(CHILD).is_some() {
            let ended = serve_stdio(Session::new(|_| Ok(Box::new(Panics))));
            unreachable!("the panic ends the process: {ended:?}");
        }
        let name = "protocol::panic_reply::tests::a_panic_is_answered_and_names_its_place_alone";
        let mut child = Process::new(env::current_exe().expect("this program"))
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut requests = Vec::new();
        Frame { metadata: br#"{"action":"getinfo"}"#, body: b"" }.append_to(&mut requests);
        Frame { metadata: br#"{"action":"execute"}"#, body: b"" }.append_to(&mut requests);
        Frame { metadata: br#"{"action":"execute"}"#, body: b"query\nsecret.com\n" }.append_to(&mut requests);
        // The pipe stays open: the process ends by itself.
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(&requests).expect("a pipe takes this much");
        let output = child.wait_with_output().expect("an end");
        drop(stdin);

        // The test harness of the process prints something first.
        let replies = String::from_utf8(output.stdout).expect("UTF-8");
        let start = replies.find("chunked 1.0,").expect("a reply");
        let mut deframer = Deframer::new();
        deframer.push(&replies.as_bytes()[start..]);
        let mut reply = || -> Option<(Value, usize)> {
            let reply = deframer.frame().expect("nothing but replies")?;
            Some((serde_json::from_slice(reply.metadata).expect("JSON"), reply.body.len()))
        };
        assert_eq!(reply(), Some((json!({"type": "streaming"}), 0)));
        assert_eq!(reply(), Some((json!({"finished": false}), "half a reply".len())));
        let (last, length) = reply().expect("a reply to the panic");
        let error = last["error"].as_str().expect("an error");
        let place = error.strip_prefix("internal error: please report it, with ").expect(error);
        assert!(place.starts_with("src/protocol/panic_reply.rs:"), "{place}");
        assert_eq!((&last["finished"], length), (&json!(true), 0));
        assert_eq!(reply(), None);
        assert_eq!(deframer.check_end(), Ok(()));

        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(place) && !errors.contains("secret") && !replies.contains("secret"));
        assert_eq!(output.status.code(), Some(1));
    }
}
