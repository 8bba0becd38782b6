//! The data of the micro-benchmarks, as bin/bench makes it: `bin/bench --only micro` puts it into a folder and its path
//! into the environment.

use std::path::PathBuf;
use std::{env, fs};

use dnsentropy::protocol::framing::Deframer;

/// All that splunkd sends in one search.
pub struct Stream {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The rows of all chunks.
    pub rows: usize,
}

impl Stream {
    /// The stream called `narrow`, `wide` or `map`.
    pub fn read(name: &str) -> Stream {
        let bytes = file(name);
        let rows = String::from_utf8_lossy(&file(&format!("{name}.rows"))).parse().expect("a number");
        Stream { bytes, rows }
    }

    /// The body of the first chunk of rows.
    pub fn body(&self) -> Vec<u8> {
        let mut deframer = Deframer::new();
        deframer.push(&self.bytes);
        deframer.frame().expect("a getinfo");
        deframer.frame().expect("a chunk").expect("a chunk").body.to_vec()
    }
}

/// DNS names, one for each event that has one.
pub fn names() -> Vec<Vec<u8>> {
    lines(&file("names")).map(<[u8]>::to_vec).collect()
}

/// The subdomains of the names that have one.
pub fn subdomains() -> Vec<Vec<u8>> {
    lines(&file("subdomains")).map(<[u8]>::to_vec).collect()
}

fn file(name: &str) -> Vec<u8> {
    let folder = env::var_os("BENCH_DATA").expect("BENCH_DATA is not set: run bin/bench --only micro");
    let path = PathBuf::from(folder).join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}
