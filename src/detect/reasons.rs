//! The reasons of a verdict, as sentences.

use super::alphabet::Encoding;
use super::group::{GroupEvidence, ONE_NAME};
use super::verdict::{Severity, Verdict};
use super::zone::Zone;

/// A short sentence, with its numbers, for each term that moves the score. `verdict` is the one on `evidence` of the names
/// under `domain`.
pub fn reasons(domain: &[u8], evidence: &GroupEvidence, verdict: &Verdict) -> Vec<String> {
    let terms = &verdict.terms;
    let distinct = evidence.distinct().max(1);
    let mut reasons = Vec::new();
    reasons.extend(match Zone::of(domain) {
        Zone::Ordinary => None,
        Zone::Reverse => Some("reverse DNS zone: addresses are not counted as data".to_owned()),
        Zone::ServiceDiscovery => Some("local service discovery (mDNS): weighted at one quarter".to_owned()),
        Zone::NoDomain => Some("names without a registrable domain".to_owned()),
    });
    if verdict.severity == Severity::Informational || evidence.names == 0 {
        reasons.push("names look like those of ordinary hosts".to_owned());
        return reasons;
    }
    let names = u128::from(evidence.names);
    let each = plural(evidence.characters / names, "character");
    reasons.push(match distinct {
        1 => format!("1 distinct subdomain, {each}"),
        _ if terms.alike > 0 => {
            format!("{distinct} distinct subdomains, {each} each, all of about one length")
        }
        _ => format!("{distinct} distinct subdomains, {each} each on average"),
    });
    let a_character = hundredths(evidence.bits * 100 / 256 / evidence.characters.max(1));
    reasons.push(match evidence.encoding() {
        Encoding::None => format!("{a_character} bits a character, where host names have about 3"),
        encoding => {
            format!(
                "{} alphabet, {a_character} bits a character, where host names have about 3",
                encoding.as_str()
            )
        }
    });
    let total = evidence.excess / u128::from(ONE_NAME) / 256;
    reasons.push(match distinct {
        1 => format!("{total} bits more than an ordinary name of that length holds"),
        _ => format!(
            "{} more than ordinary names of that length hold, {} bits a name, {} at most",
            size(total / 8),
            evidence.excess / names / 256,
            evidence.greatest_excess / 256
        ),
    });
    if terms.repeats > 0 {
        reasons.push(format!("lowered: names repeat ({distinct} distinct in {} queries)", evidence.queries));
    }
    reasons
}

fn plural(number: u128, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn hundredths(number: u128) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// Bytes in the unit that reads best.
fn size(bytes: u128) -> String {
    let tenths = |unit: u128| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1024 => plural(bytes, "byte"),
        1024..1_048_576 => format!("{} KiB", tenths(1024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NameEvidence, judge};
    use super::*;

    fn reasons_of(domain: &str, names: &[&str], queries: u64) -> Vec<String> {
        let mut group = GroupEvidence::new(queries);
        for name in names {
            group.add(&NameEvidence::measure(name.as_bytes()), ONE_NAME);
        }
        reasons(domain.as_bytes(), &group, &judge(domain.as_bytes(), &group))
    }

    #[test]
    fn reasons_hold_the_numbers() {
        let names = ["0DsAAHNIclYsFcDN", "B7kAIgAnBAqZx5Ty", "5AgABwAIBAxZp1Qw", "Zx81kQpVw03JtYhL"];
        let reasons = reasons_of("example.com", &names, 20).join("\n");
        for part in [
            "4 distinct subdomains, 16 characters each, all of about one length",
            "base64 alphabet, ",
            " bits a name, ",
            "lowered: names repeat (4 distinct in 20 queries)",
        ] {
            assert!(reasons.contains(part), "{part}: {reasons}");
        }
    }

    #[test]
    fn ordinary_names_and_special_zones_say_so() {
        assert_eq!(
            reasons_of("example.com", &["www", "mail"], 9),
            ["names look like those of ordinary hosts"]
        );
        assert!(reasons_of("10.in-addr.arpa", &["3.2.1"], 1)[0].starts_with("reverse DNS zone"));
        assert_eq!(reasons_of("(none)", &["nas"], 1)[0], "names without a registrable domain");
        assert!(reasons_of("_tcp.local", &["printer._ipp"], 1)[0].starts_with("local service discovery"));
        assert_eq!(reasons_of("example.com", &[], 0), ["names look like those of ordinary hosts"]);
    }

    #[test]
    fn sizes_have_the_unit_that_reads_best() {
        assert_eq!([1, 700, 1536, 3 << 20].map(size), ["1 byte", "700 bytes", "1.5 KiB", "3.0 MiB"]);
    }
}
