//! The least of a search command: what it takes to converse with splunkd, and nothing more.
//!
//! Only conversations as bin/bench makes them are understood.

use std::io::{self, BufRead, BufReader, Read, Write};

/// How much is read at once.
pub const BLOCK: usize = 256 * 1024;

/// Answers every request on standard input: `answer` gets a chunk's body and appends the reply's body.
pub fn converse(mut answer: impl FnMut(&[u8], &mut Vec<u8>)) -> io::Result<()> {
    let (mut body, mut reply) = (Vec::new(), Vec::new());
    each_request(|request, input, output| {
        body.clear();
        body.reserve(request.body);
        input.take(request.body as u64).read_to_end(&mut body)?;
        reply.clear();
        if !body.is_empty() {
            answer(&body, &mut reply);
        }
        request.begin_reply(reply.len(), output)?;
        output.write_all(&reply)
    })
}

/// Reads every request up to its body, which `answer` is to read, and to reply to.
pub fn each_request<F>(mut answer: F) -> io::Result<()>
where
    F: FnMut(&Request, &mut dyn Read, &mut dyn Write) -> io::Result<()>,
{
    let mut input = BufReader::with_capacity(BLOCK, io::stdin().lock());
    let mut output = io::stdout().lock();
    while let Some(request) = Request::read(&mut input)? {
        answer(&request, &mut input, &mut output)?;
        output.flush()?;
        if request.finished {
            break;
        }
    }
    Ok(())
}

/// The header and the metadata before a body.
pub struct Request {
    /// The length of the body.
    pub body: usize,
    getinfo: bool,
    finished: bool,
}

impl Request {
    fn read(input: &mut impl BufRead) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let lengths = line.strip_prefix("chunked 1.0,").and_then(|line| line.trim_end().split_once(','));
        let lengths = lengths.and_then(|(metadata, body)| Some((metadata.parse().ok()?, body.parse().ok()?)));
        let (metadata, body): (usize, usize) = lengths.ok_or(io::ErrorKind::InvalidData)?;
        let mut text = vec![0; metadata];
        input.read_exact(&mut text)?;
        let says = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
        let (getinfo, finished) = (says(br#""action":"getinfo""#), says(br#""finished":true"#));
        Ok(Some(Request { body, getinfo, finished }))
    }

    /// Writes the header and the metadata of a reply whose body has `body` bytes.
    pub fn begin_reply(&self, body: usize, output: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let metadata = match (self.getinfo, self.finished) {
            (true, _) => r#"{"type":"streaming","required_fields":["query"]}"#,
            (false, true) => r#"{"finished":true}"#,
            (false, false) => r#"{"finished":false}"#,
        };
        write!(output, "chunked 1.0,{},{body}\n{metadata}", metadata.len())
    }
}
