//! How much work `dnsexfil` does for rows that nobody sees, counted in heap allocations: unlike times they are the same in
//! every run.

use dnsentropy::aggregate::partial::{NameQueries, PartialAggregate, PartialName};
use dnsentropy::aggregate::{Groups, Limits, Tally};
use dnsentropy::commands::{self, App};
use dnsentropy::protocol::Arguments;
use dnsentropy::protocol::session::BodyChunk;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const GROUPS: u64 = 2_000;

/// The heap blocks that `work` allocates.
fn blocks(work: impl FnOnce()) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    work();
    dhat::HeapStats::get().total_blocks - before
}

/// The heap blocks of the table of [`GROUPS`] suspicious groups, limited to `limit` rows.
fn blocks_of_table(limit: usize) -> u64 {
    let words = ["query".to_owned(), format!("limit={limit}")];
    let open = commands::find("dnsexfil").expect("a command");
    let app = App { lookups: "no/such/folder".into() };
    let mut command = open(Arguments::parse(&words, &[]), &app).expect("allowed words");
    let rows = (0..GROUPS).map(|group| format!("q7x9kz2vw8pj4hq3zt6r1m5n{group:x}.tunnel{group}.com,1\n"));
    let body = format!("query,_time\n{}", rows.collect::<String>()).into_bytes();
    let mut reply = Vec::new();
    command.execute(BodyChunk { bytes: &body, end: true, last: false }, &mut reply, &mut Vec::new());
    let last = BodyChunk { bytes: b"", end: true, last: true };
    let blocks = blocks(|| {
        command.execute(last, &mut reply, &mut Vec::new());
    });
    let lines = reply.iter().filter(|&&byte| byte == b'\n').count();
    assert!(lines > limit.min(2), "{}", String::from_utf8_lossy(&reply[..200.min(reply.len())]));
    blocks
}

/// One test, as the counts are those of the whole process.
#[test]
fn work_follows_what_is_shown() {
    let _profiler = dhat::Profiler::builder().testing().build();

    // Reasons are sentences of several allocations each. They are formatted for rows that are shown alone.
    let one = blocks_of_table(1);
    assert!(one < GROUPS / 4, "{one} blocks for one row of {GROUPS} groups");

    // A row has 18 columns, twice. Its buffers are reused, and only sentences and lists are made anew.
    let all = blocks_of_table(10_000);
    let each = (all - one) / GROUPS;
    assert!(each < 30, "{each} blocks for each row");

    // When memory is short, the least groups go without a copy of their keys.
    let name = NameQueries { queries: Tally::ONE, name: PartialName::Text(b"www".as_slice().into()) };
    let limit = usize::try_from(GROUPS).expect("small");
    let mut groups = Groups::new(Limits { groups: limit, ..Limits::default() });
    let mut merge = |group: u64| {
        let domain = format!("example{group}.com");
        let names = vec![name];
        let partial =
            PartialAggregate { domain: &domain, by: vec!["a", "b"], names, ..PartialAggregate::default() };
        groups.merge(&partial);
    };
    (0..GROUPS).for_each(&mut merge);
    let dropping = blocks(|| merge(GROUPS));
    assert!(dropping < GROUPS / 4, "{dropping} blocks to drop a tenth of {GROUPS} groups");
}
