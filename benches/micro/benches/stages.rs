//! What each stage of the program takes, in memory: no pipes, no start.

use std::io;
use std::path::PathBuf;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use dnsentropy::commands::{self, App};
use dnsentropy::protocol::{Session, serve};
use micro::Stream;

fn main() {
    divan::main();
}

/// The whole conversation: every stage together.
mod search {
    use super::{App, Bencher, ItemsCount, PathBuf, Session, Stream, commands, io, serve};

    #[divan::bench]
    fn dnsentropy_narrow(bencher: Bencher) {
        run(bencher, "dnsentropy", "narrow");
    }

    #[divan::bench]
    fn dnsentropy_wide(bencher: Bencher) {
        run(bencher, "dnsentropy", "wide");
    }

    #[divan::bench(sample_count = 20)]
    fn dnsexfil_map(bencher: Bencher) {
        run(bencher, "dnsexfil", "map");
    }

    fn run(bencher: Bencher, command: &str, stream: &str) {
        let stream = Stream::read(stream);
        let app = App { lookups: PathBuf::new() };
        let open = commands::find(command).expect("a command");
        bencher.counter(ItemsCount::new(stream.rows)).bench(|| {
            let session = Session::new(|arguments| open(arguments, &app));
            serve(&stream.bytes[..], io::sink(), session).expect("a conversation");
        });
    }
}

/// Messages out of bytes that arrive in pieces.
mod framing {
    use dnsentropy::protocol::framing::{Deframer, Event};

    use super::{Bencher, BytesCount, Stream};

    #[divan::bench(args = [65_536, 1_048_576])]
    fn pieces(bencher: Bencher, piece: usize) {
        let stream = Stream::read("narrow");
        bencher.counter(BytesCount::of_slice(&stream.bytes)).bench(|| {
            let mut deframer = Deframer::new();
            for bytes in stream.bytes.chunks(piece) {
                deframer.push(bytes);
                while let Some(event) = deframer.next_event().expect("a message") {
                    if let Event::Body { bytes, .. } = event {
                        let length = bytes.len();
                        deframer.consume(length);
                    }
                }
            }
        });
    }
}

/// The rows of a chunk's body: by the scan, and by the csv crate.
mod rows {
    use dnsentropy::rows::{CsvRows, RowReader};

    use super::{Bencher, ItemsCount, Stream, black_box};

    #[divan::bench(args = ["narrow", "wide"])]
    fn scan(bencher: Bencher, stream: &str) {
        let (body, rows) = body(stream);
        bencher.counter(ItemsCount::new(rows)).bench(|| {
            let mut reader = RowReader::new(vec!["query".to_owned()]);
            let mut rows = reader.rows(&body, true);
            let column = rows.header().expect("a header").columns[0];
            while let Some(row) = rows.next() {
                black_box(row.bare(column));
            }
        });
    }

    #[divan::bench(args = ["narrow", "wide"])]
    fn csv_crate(bencher: Bencher, stream: &str) {
        let (body, rows) = body(stream);
        bencher.counter(ItemsCount::new(rows)).bench(|| {
            let mut rows = CsvRows::new(&body);
            let column = rows.column("query");
            while let Some(row) = rows.next() {
                black_box(row.values(column));
            }
        });
    }

    fn body(stream: &str) -> (Vec<u8>, usize) {
        let body = Stream::read(stream).body();
        let mut rows = 0;
        let mut reader = CsvRows::new(&body);
        while reader.next().is_some() {
            rows += 1;
        }
        (body, rows)
    }
}

/// The parts of a name.
mod split {
    use dnsentropy::names::logged::{Logged, read};
    use dnsentropy::names::ordinary::OrdinaryName;
    use dnsentropy::names::{ListName, Lists, Name};
    use dnsentropy::slice::Slice;

    use super::{Bencher, ItemsCount, PathBuf, black_box};

    #[divan::bench]
    fn quick(bencher: Bencher) {
        let (names, lists) = (micro::names(), Lists::new(PathBuf::new()));
        let list = lists.load(ListName::Mozilla);
        bencher.counter(ItemsCount::new(names.len())).bench(|| {
            for name in &names {
                black_box(OrdinaryName::split(Slice::whole(name), list));
            }
        });
    }

    #[divan::bench]
    fn plain(bencher: Bencher) {
        let (names, lists) = (micro::names(), Lists::new(PathBuf::new()));
        let list = lists.load(ListName::Mozilla);
        bencher.counter(ItemsCount::new(names.len())).bench(|| {
            for name in &names {
                if let Logged::Name(text) = read(name) {
                    let name = Name::split(&text, list);
                    black_box((name.domain(), name.subdomain(), name.suffix()));
                }
            }
        });
    }
}

/// What is measured of a subdomain.
mod subdomain {
    use dnsentropy::detect::{NameEvidence, judge_name};
    use dnsentropy::features::shannon;

    use super::{Bencher, ItemsCount, black_box};

    #[divan::bench]
    fn entropy(bencher: Bencher) {
        each(bencher, shannon);
    }

    #[divan::bench]
    fn evidence(bencher: Bencher) {
        each(bencher, NameEvidence::measure);
    }

    #[divan::bench]
    fn score(bencher: Bencher) {
        each(bencher, judge_name);
    }

    fn each<T>(bencher: Bencher, measure: impl Fn(&[u8]) -> T + Sync) {
        let subdomains = micro::subdomains();
        bencher.counter(ItemsCount::new(subdomains.len())).bench(|| {
            for subdomain in &subdomains {
                black_box(measure(subdomain));
            }
        });
    }
}
