//! The least of a search command: what it takes to converse with splunkd, and nothing more.

use std::io::{self, BufRead, BufReader, Read, Write};

/// How much is read at once, as in the real program.
const BLOCK: usize = 256 * 1024;

/// Answers every request on standard input: `answer` gets a chunk's body and appends the reply's body.
///
/// Only conversations as bin/bench makes them are understood.
pub fn converse(mut answer: impl FnMut(&[u8], &mut Vec<u8>)) -> io::Result<()> {
    let mut input = BufReader::with_capacity(BLOCK, io::stdin().lock());
    let mut output = io::stdout().lock();
    let (mut metadata, mut body, mut reply) = (Vec::new(), Vec::new(), Vec::new());
    while let Some((metadata_length, body_length)) = header(&mut input)? {
        fill(&mut input, &mut metadata, metadata_length)?;
        fill(&mut input, &mut body, body_length)?;
        let says = |words: &[u8]| metadata.windows(words.len()).any(|window| window == words);
        let finished = says(br#""finished":true"#);
        let said = match (says(br#""action":"getinfo""#), finished) {
            (true, _) => r#"{"type":"streaming","required_fields":["query"]}"#,
            (false, true) => r#"{"finished":true}"#,
            (false, false) => r#"{"finished":false}"#,
        };
        reply.clear();
        if !body.is_empty() {
            answer(&body, &mut reply);
        }
        write!(output, "chunked 1.0,{},{}\n{said}", said.len(), reply.len())?;
        output.write_all(&reply)?;
        output.flush()?;
        if finished {
            break;
        }
    }
    Ok(())
}

/// The lengths of the next message's metadata and body.
fn header(input: &mut impl BufRead) -> io::Result<Option<(usize, usize)>> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let lengths = line.strip_prefix("chunked 1.0,").and_then(|line| line.trim_end().split_once(','));
    Ok(lengths.and_then(|(metadata, body)| Some((metadata.parse().ok()?, body.parse().ok()?))))
}

fn fill(input: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    buffer.clear();
    buffer.reserve(length);
    input.take(length as u64).read_to_end(buffer)?;
    if buffer.len() == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
