//! Any bytes are the messages of partial results or refused, and what they tell can be merged and judged.

#![no_main]

use dnsentropy::detect::judge;
use dnsentropy::aggregate::{Groups, Limits, wire as partial};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|messages: &[u8]| {
    let Ok(parts) = partial::read(messages) else { return };
    let limits = Limits { groups: 8, names: 4, all_names: 16, samples: 2 };
    let (mut forth, mut back) = (Groups::new(limits), Groups::new(limits));
    parts.iter().for_each(|part| forth.merge(part));
    parts.iter().rev().for_each(|part| back.merge(part));
    for (key, group) in forth.iter() {
        judge(key.domain.as_bytes(), &group.evidence());
        let _ = (group.avg_entropy(), group.avg_length(), group.stdev_length(), group.queries_per_minute());
    }
    if parts.len() <= limits.groups {
        assert_eq!(forth.iter().count(), back.iter().count());
    }
});
