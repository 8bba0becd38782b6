//! A strict stand-in for splunkd, for tests of the real program.
//!
//! It sends a request, reads exactly the bytes that the reply announces, and only then sends the next request. At the
//! end nothing may be left over. It merges rows into the events by `_chunked_idx`, as splunkd does: a row that does
//! not come back is lost.

#![allow(dead_code)] // no test program uses all of this

pub mod exfil;
pub mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// An event: its fields, each with its values in bytes.
pub type Event = BTreeMap<String, Vec<Vec<u8>>>;

/// A session key, which must not appear in any output.
pub const SESSION_KEY: &str = "SECRETSESSIONKEY";

/// Makes an event of single values.
pub fn event(fields: &[(&str, &str)]) -> Event {
    fields.iter().map(|(name, value)| ((*name).to_owned(), vec![value.as_bytes().to_vec()])).collect()
}

/// A message: its metadata and its body.
#[derive(Debug)]
pub struct Message {
    pub metadata: Value,
    pub body: Vec<u8>,
}

impl Message {
    /// The messages to the user.
    pub fn messages(&self) -> Vec<(String, String)> {
        let messages = self.metadata["inspector"]["messages"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        messages.iter().map(|message| (text(&message[0]), text(&message[1]))).collect()
    }
}

/// The bytes of one request.
pub fn request(metadata: &Value, body: &[u8]) -> Vec<u8> {
    let metadata = metadata.to_string();
    let header = format!("chunked 1.0,{},{}\n", metadata.len(), body.len());
    [header.as_bytes(), metadata.as_bytes(), body].concat()
}

/// The bytes of a getinfo as splunkd 8.2.1 sends it. `typed` are the search's words.
pub fn getinfo(typed: &[&str]) -> Vec<u8> {
    let args: Vec<String> = typed.iter().map(|word| word.replace('"', "")).collect();
    let searchinfo = json!({
        "args": args, "raw_args": typed, "dispatch_dir": "/opt/splunk/var/run/splunk/dispatch/1.1", "sid": "1.1",
        "app": "dnsentropy", "owner": "admin", "username": "admin", "session_key": SESSION_KEY,
        "splunkd_uri": "https://127.0.0.1:8089", "splunk_version": "8.2.1", "search": "%7C%20dnsentropy",
        "command": "dnsentropy", "maxresultrows": 50000, "earliest_time": "0", "latest_time": "0",
    });
    let metadata = json!({"action": "getinfo", "preview": false, "streaming_command_will_restart": false,
        "searchinfo": searchinfo});
    request(&metadata, b"")
}

/// The bytes of an execute.
pub fn execute(body: &[u8], finished: bool) -> Vec<u8> {
    request(&json!({"action": "execute", "finished": finished}), body)
}

fn spawn(program: &Path, command: &str) -> Child {
    let pipe = Stdio::piped;
    let mut program = Command::new(program);
    program.arg(command).stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().expect("the program starts")
}

/// Sends requests to a command of the program whose output nobody reads. It must end normally.
pub fn send_to_closed_pipe(command: &str, requests: &[u8]) {
    let mut child = spawn(Path::new(env!("CARGO_BIN_EXE_dnsentropy")), command);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("piped");
    let _ = stdin.write_all(requests).and_then(|()| stdin.flush());
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(0)));
}

/// The program under test, started as splunkd starts it.
pub struct Splunkd {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Splunkd {
    pub fn start() -> Splunkd {
        Search::default().start()
    }

    fn start_program(program: &Path, command: &str) -> Splunkd {
        let mut child = spawn(program, command);
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Splunkd { child, stdin, stdout }
    }

    /// Writes bytes. Returns false if the program has closed its side.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).is_ok()
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Reads one reply.
    pub fn read(&mut self) -> Message {
        let mut header = String::new();
        self.stdout.read_line(&mut header).expect("a header line of UTF-8");
        let lengths = header.strip_prefix("chunked 1.0,").unwrap_or_else(|| panic!("no header: {header:?}"));
        let (metadata, body) = lengths.trim_end_matches('\n').split_once(',').expect("two lengths");
        let mut part = |length: &str| {
            let mut bytes = vec![0; length.parse().expect("a length")];
            self.stdout.read_exact(&mut bytes).expect("as many bytes as announced");
            bytes
        };
        let (metadata, body) = (part(metadata), part(body));
        Message { metadata: serde_json::from_slice(&metadata).expect("JSON"), body }
    }

    /// Sends a request and reads its reply.
    pub fn ask(&mut self, request: &[u8]) -> Message {
        assert!(self.write(request), "the program closed its standard input");
        self.read()
    }

    /// Waits until the program ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("an exit")
    }

    /// Ends the input. Returns the rest of standard output, standard error, and the exit status.
    pub fn end(mut self) -> (Vec<u8>, String, ExitStatus) {
        self.close_stdin();
        let (mut rest, mut errors) = (Vec::new(), String::new());
        self.stdout.read_to_end(&mut rest).expect("reading");
        self.child.stderr.take().expect("piped").read_to_string(&mut errors).expect("reading");
        (rest, errors, self.child.wait().expect("an exit"))
    }

    /// Ends the input, and checks that the program succeeds and writes nothing more.
    pub fn end_well(self) {
        let (rest, errors, status) = self.end();
        assert_eq!(String::from_utf8_lossy(&rest), "");
        assert_eq!(errors, "");
        assert!(status.success(), "{status}");
    }
}

/// A search: the program, the command it runs, and how many events it puts into a chunk.
pub struct Search {
    pub program: PathBuf,
    pub command: &'static str,
    pub rows_per_chunk: usize,
}

impl Default for Search {
    fn default() -> Search {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_dnsentropy"));
        Search { program, command: "dnsentropy", rows_per_chunk: 50_000 }
    }
}

impl Search {
    /// Starts the command as splunkd does.
    pub fn start(&self) -> Splunkd {
        Splunkd::start_program(&self.program, self.command)
    }

    /// Runs the command with the arguments `typed` on `events`. Returns them merged with the replies, and the messages.
    pub fn run(&self, typed: &[&str], events: &[Event]) -> (Vec<Event>, Vec<(String, String)>) {
        let mut splunkd = self.start();
        let info = splunkd.ask(&getinfo(typed)).metadata;
        assert_eq!(info["error"], Value::Null);
        assert_eq!(info["type"], "streaming");
        let required = info["required_fields"].as_array().expect("required fields");
        let required: Vec<&str> = required.iter().map(|field| field.as_str().expect("a name")).collect();

        let mut merged = events.to_vec();
        let mut messages = Vec::new();
        for (chunk, first) in events.chunks(self.rows_per_chunk).zip((0..).step_by(self.rows_per_chunk)) {
            let reply = splunkd.ask(&execute(&body(chunk, &required, first), false));
            assert_eq!(reply.metadata["finished"], false);
            messages.extend(reply.messages());
            merge(&reply.body, &required, &mut merged[first..first + chunk.len()], first);
        }
        let reply = splunkd.ask(&execute(&body(&[], &required, 0), true));
        assert_eq!(reply.metadata["finished"], true);
        messages.extend(reply.messages());
        splunkd.end_well();
        (merged, messages)
    }
}

/// The program as installed in an app with these lookup files. The folder is removed with the first value.
pub fn installed(files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let app = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let program = app.path().join("bin/dnsentropy-bin/dnsentropy-x86_64");
    fs::create_dir_all(program.parent().expect("a folder")).expect("a folder");
    fs::create_dir(app.path().join("lookups")).expect("a folder");
    // A copy would still be open for writing in a child that another test forks at this moment.
    fs::hard_link(env!("CARGO_BIN_EXE_dnsentropy"), &program).expect("a link");
    for (name, content) in files {
        fs::write(app.path().join("lookups").join(name), content).expect("a file");
    }
    (app, program)
}

/// Runs `| dnsentropy <typed>` on events that have only the field `query`.
pub fn split(typed: &[&str], names: &[&str]) -> Vec<Event> {
    let events: Vec<Event> = names.iter().map(|name| event(&[("query", name)])).collect();
    Search::default().run(typed, &events).0
}

/// The one value of a field, if the event has it.
pub fn value<'e>(event: &'e Event, field: &str) -> Option<&'e str> {
    let values = event.get(field)?;
    assert_eq!(values.len(), 1, "{field}: {values:?}");
    Some(std::str::from_utf8(&values[0]).expect("UTF-8"))
}

/// The CSV of a chunk: the required fields, `_chunked_idx`, and their `__mv_` columns.
fn body(events: &[Event], required: &[&str], first: usize) -> Vec<u8> {
    let mut columns: Vec<String> = required.iter().map(ToString::to_string).collect();
    columns.push("_chunked_idx".to_owned());
    let multi: Vec<String> = columns.iter().map(|name| format!("__mv_{name}")).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().chain(&multi)).expect("memory");
    for (event, index) in events.iter().zip(first..) {
        let none = Vec::new();
        let values: Vec<&Vec<Vec<u8>>> =
            required.iter().map(|name| event.get(*name).unwrap_or(&none)).collect();
        let mut row: Vec<Vec<u8>> = values.iter().map(|values| values.join(&b"\n"[..])).collect();
        row.push(index.to_string().into_bytes());
        row.extend(
            values.iter().map(|values| if values.len() > 1 { multivalue(values) } else { Vec::new() }),
        );
        row.push(Vec::new());
        writer.write_record(row).expect("memory");
    }
    writer.into_inner().expect("memory")
}

fn multivalue(values: &[Vec<u8>]) -> Vec<u8> {
    let quoted = values.iter().map(|value| {
        let doubled = value.iter().flat_map(|&byte| if byte == b'$' { vec![b'$'; 2] } else { vec![byte] });
        [b"$".to_vec(), doubled.collect(), b"$".to_vec()].concat()
    });
    quoted.collect::<Vec<_>>().join(&b";"[..])
}

/// Merges a reply into `events`. `first` is the number of the first event.
fn merge(body: &[u8], required: &[&str], events: &mut [Event], first: usize) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(body);
    let mut records = reader.byte_records().map(|record| record.expect("rows as long as the header"));
    let header = records.next().expect("a header");
    let column = |name: &str| header.iter().position(|header| header == name.as_bytes());
    let number = column("_chunked_idx").expect("_chunked_idx comes back");
    let mut seen = vec![false; events.len()];
    for record in records {
        let number: usize = String::from_utf8_lossy(&record[number]).parse().expect("a row number");
        let event = &mut events[number - first];
        assert!(!std::mem::replace(&mut seen[number - first], true), "row {number} came back twice");
        for field in required {
            event.remove(*field);
        }
        for name in header.iter().map(|name| std::str::from_utf8(name).expect("UTF-8")) {
            let multi = column(&format!("__mv_{name}")).map_or(&b""[..], |index| &record[index]);
            let plain = &record[column(name).expect("its own name")];
            if name.starts_with('_') || (plain.is_empty() && multi.is_empty()) {
                continue;
            }
            let values = if multi.is_empty() { vec![plain.to_vec()] } else { multivalues(multi) };
            event.insert(name.to_owned(), values);
        }
    }
    assert!(seen.iter().all(|&seen| seen), "every row comes back");
}

/// The values of an `__mv_` cell.
fn multivalues(cell: &[u8]) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    let mut bytes = cell.iter().peekable();
    while bytes.next() == Some(&b'$') {
        let mut value = Vec::new();
        loop {
            let byte = *bytes.next().expect("a value is closed");
            if byte != b'$' {
                value.push(byte);
            } else if bytes.next_if_eq(&&b'$').is_some() {
                value.push(b'$');
            } else {
                break;
            }
        }
        values.push(value);
        assert!(matches!(bytes.next(), Some(b';') | None), "values are separated by ';'");
    }
    values
}
