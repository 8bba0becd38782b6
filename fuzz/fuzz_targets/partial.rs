//! Any bytes are partial aggregates or refused, and partial aggregates can be merged and judged.

#![no_main]

use dnsentropy::aggregate::{Groups, Limits, partial};
use dnsentropy::detect::{Zone, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|messages: &[u8]| {
    let Ok(partials) = partial::parse(messages) else { return };
    let limits = Limits { groups: 8, names: 4, all_names: 16, samples: 2 };
    let (mut forth, mut back) = (Groups::new(limits), Groups::new(limits));
    partials.iter().for_each(|partial| forth.merge(partial));
    partials.iter().rev().for_each(|partial| back.merge(partial));
    for (key, group) in forth.iter() {
        judge(key.domain.as_bytes(), &group.evidence(Zone::of(key.domain.as_bytes())));
        let _ = (group.avg_entropy(), group.avg_length(), group.stdev_length(), group.queries_per_minute());
    }
    if partials.len() <= limits.groups {
        assert_eq!(forth.iter().count(), back.iter().count());
    }
});
