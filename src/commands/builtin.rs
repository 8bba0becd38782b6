//! `dnsbuiltin`: the data in the program as rows: the app's allowlist, and the sample of DNS events.
//!
//! A generating command: splunkd sends one request without rows, and the reply has all rows. The data is in the program and not
//! in `lookups/`, as a search head cluster does not update the lookup files of an app.

use crate::commands::App;
use crate::protocol::arguments::quoted;
use crate::protocol::session::{BodyChunk, Command};
use crate::protocol::{ArgumentErrors, Arguments, CommandInfo, CommandType, UserMessage};

/// The command's name in a search.
pub const NAME: &str = "dnsbuiltin";

/// The app's allowlist: CSV with the columns `domain` and `reason`.
pub const ALLOWLIST: &str = include_str!("../../data/allowlist.csv");

/// The queries of the sample, the newest first: CSV with the columns `age` (seconds before the last query), `query`, `src`, `dest`
/// and `record_type`. `build.rs` makes it from `data/sample_stream_dns.ndjson`.
const SAMPLE: &str = include_str!(concat!(env!("OUT_DIR"), "/sample.csv"));

const DATASETS: [(&str, &str); 2] = [("allowlist", ALLOWLIST), ("sample", SAMPLE)];

struct DnsBuiltin {
    rows: &'static str,
}

/// Reads the arguments of a search: the name of a dataset.
///
/// # Errors
///
/// They are not one dataset.
pub fn open(mut arguments: Arguments, _: &App) -> Result<Box<dyn Command>, ArgumentErrors> {
    let words: Vec<String> = arguments.take_words(&[]).into_iter().map(|word| word.text).collect();
    let dataset = |word: &String| DATASETS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
    let got = match (words.as_slice(), arguments.finish(&[])) {
        ([word], Ok(())) => match dataset(word) {
            Some((_, rows)) => return Ok(Box::new(DnsBuiltin { rows })),
            None => quoted(&[word]),
        },
        ([], Ok(())) => "none".to_owned(),
        (_, Err(_)) => "an option".to_owned(),
        (words, Ok(())) => quoted(words),
    };
    let error = format!("expected one dataset, got {got}: use allowlist or sample");
    Err(ArgumentErrors { errors: vec![error] })
}

impl Command for DnsBuiltin {
    fn info(&self) -> CommandInfo {
        CommandInfo { generating: true, ..CommandInfo::new(CommandType::Stateful) }
    }

    fn execute(&mut self, chunk: BodyChunk<'_>, reply: &mut Vec<u8>, _: &mut Vec<UserMessage>) -> usize {
        if chunk.end {
            reply.extend_from_slice(self.rows.as_bytes());
        }
        chunk.bytes.len()
    }
}
