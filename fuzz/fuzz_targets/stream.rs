//! Any bytes as splunkd's side of a conversation: the program never panics, and writes only whole messages.
#![no_main]

use std::path::PathBuf;

use dnsentropy::commands::{self, App};
use dnsentropy::protocol::framing::Deframer;
use dnsentropy::protocol::{Session, serve};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let app = App { lookups: PathBuf::from("/nonexistent") };
    let open = commands::find("dnsentropy").expect("the command");
    let mut output = Vec::new();
    let _ = serve(input, &mut output, Session::new(|arguments| open(arguments, &app)));
    let mut replies = Deframer::new();
    replies.push(&output);
    while replies.frame().expect("whole replies").is_some() {}
    replies.check_end().expect("whole replies");
});
