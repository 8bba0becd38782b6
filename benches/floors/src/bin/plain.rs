//! The plain design, as one writes it first: the csv crate, the publicsuffix crate, a map of counts.
//!
//!     plain LIST      LIST: the public suffix list
//!
//! It does what `dnsentropy query` does to events of one value each.

use std::collections::HashMap;
use std::io;

use publicsuffix::{List, Psl, Type};

const OUTPUTS: [&str; 8] = [
    "ut_domain",
    "ut_subdomain",
    "ut_domain_without_tld",
    "ut_tld",
    "ut_subdomain_count",
    "ut_subdomain_length",
    "ut_shannon",
    "ut_suffix_type",
];

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).ok_or(io::ErrorKind::InvalidInput)?;
    let list: List = std::fs::read_to_string(path)?.parse().map_err(|_| io::ErrorKind::InvalidData)?;
    floors::converse(|body, reply| extend(body, reply, &list))
}

fn extend(body: &[u8], reply: &mut Vec<u8>, list: &List) {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(reply);
    let mut header = reader.byte_headers().expect("any bytes are CSV").clone();
    let query = header.iter().position(|name| name == b"query").expect("there is a query");
    header.extend(OUTPUTS);
    writer.write_byte_record(&header).expect("memory takes every write");
    for record in reader.byte_records() {
        let mut record = record.expect("any bytes are CSV");
        let outputs = measure(&String::from_utf8_lossy(&record[query]), list);
        record.extend(outputs);
        writer.write_byte_record(&record).expect("memory takes every write");
    }
}

/// The outputs for one name; empty ones for what it does not have.
fn measure(name: &str, list: &List) -> [String; 8] {
    let mut outputs = <[String; 8]>::default();
    let name = name.trim_end_matches('.');
    if name.parse::<std::net::IpAddr>().is_ok() {
        outputs[4] = "0".into();
        outputs[7] = "ip".into();
        return outputs;
    }
    let lower = name.to_lowercase();
    let Some(suffix) = list.suffix(lower.as_bytes()) else { return outputs };
    let kind = match suffix.typ() {
        Some(Type::Icann) => "icann",
        Some(Type::Private) => "private",
        None => "unlisted",
    };
    let tld = String::from_utf8_lossy(suffix.as_bytes()).into_owned();
    let rest = name[..name.len() - tld.len()].trim_end_matches('.');
    let (subdomain, label) = match rest.rsplit_once('.') {
        Some((subdomain, label)) => (Some(subdomain), label),
        None => (None, rest),
    };
    if !label.is_empty() {
        outputs[0] = format!("{label}.{tld}").to_lowercase();
        outputs[2] = label.to_lowercase();
    }
    outputs[4] = subdomain.map_or(0, |subdomain| subdomain.split('.').count()).to_string();
    if let Some(subdomain) = subdomain {
        outputs[1] = subdomain.into();
        outputs[5] = subdomain.chars().count().to_string();
        outputs[6] = format!("{:?}", shannon(subdomain));
    }
    outputs[3] = tld;
    outputs[7] = kind.into();
    outputs
}

#[allow(clippy::cast_precision_loss)]
fn shannon(text: &str) -> f64 {
    let mut counts: HashMap<char, usize> = HashMap::new();
    for character in text.chars() {
        *counts.entry(character).or_default() += 1;
    }
    let total = counts.values().sum::<usize>() as f64;
    counts.values().map(|&count| count as f64 / total).map(|share| -share * share.log2()).sum()
}
