//! Prints the detector's verdicts on pairs of a client and a registrable domain, for `bin/evaluate` and
//! `bin/train-detector`.
//!
//! usage: judge [--model FILE] < CSV with the columns `src` and `query`
//!
//! Prints CSV, a row for each pair: src, domain, queries, distinct, score, severity, encoding, the terms of the
//! score in 1/1024, and the reasons.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use dnsentropy::detect::{GroupEvidence, Model, NameEvidence, ONE_NAME, judge_with, reasons};
use dnsentropy::names::logged::{Logged, read as read_name};
use dnsentropy::names::{ListName, Lists, Name};

/// By src and registrable domain.
type Pairs = BTreeMap<(Vec<u8>, Vec<u8>), Pair>;

#[derive(Default)]
struct Pair {
    queries: u64,
    /// By the name in lower case.
    subdomains: BTreeMap<Vec<u8>, NameEvidence>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let model = match &arguments[..] {
        [] => Model::embedded().clone(),
        [flag, file] if flag == "--model" => Model::parse(&std::fs::read_to_string(file)?)?,
        _ => return Err("usage: judge [--model FILE] < CSV with the columns src and query".into()),
    };
    write(&model, &read(&model)?)?;
    Ok(())
}

/// The pairs of the events on standard input. Queries without a registrable domain are left out.
fn read(model: &Model) -> Result<Pairs, Box<dyn Error>> {
    let lists = Lists::new("none".into());
    let list = lists.load(ListName::Mozilla);
    let mut reader = csv::Reader::from_reader(io::stdin().lock());
    let header = reader.headers()?.clone();
    let column =
        |name: &str| header.iter().position(|column| column == name).ok_or(format!("no column {name}"));
    let (src, query) = (column("src")?, column("query")?);
    let mut pairs = Pairs::new();
    for record in reader.byte_records() {
        let record = record?;
        let Logged::Name(text) = read_name(&record[query]) else { continue };
        let name = Name::split(&text, list);
        let Some(domain) = name.ascii_domain() else { continue };
        let pair = pairs.entry((record[src].to_vec(), domain.into_owned().into_bytes())).or_default();
        pair.queries += 1;
        if let Some(subdomain) = name.subdomain() {
            let evidence = NameEvidence::measure_with(model, subdomain);
            let known = pair.subdomains.entry(subdomain.to_ascii_lowercase()).or_insert(evidence);
            *known = known.or_spelt(evidence);
        }
    }
    Ok(pairs)
}

fn write(model: &Model, pairs: &Pairs) -> Result<(), Box<dyn Error>> {
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    let columns = [
        "src", "domain", "queries", "distinct", "score", "severity", "encoding", "volume", "name", "repeats",
        "alike", "reasons",
    ];
    writer.write_record(columns)?;
    for ((src, domain), pair) in pairs {
        let mut group = GroupEvidence::new(pair.queries);
        for name in pair.subdomains.values() {
            group.add(name, ONE_NAME);
        }
        let verdict = judge_with(model, domain, &group);
        let terms = verdict.terms;
        let numbers = [pair.queries, group.distinct(), verdict.score.into()].map(|number| number.to_string());
        let terms = [terms.volume, terms.name, terms.repeats, terms.alike].map(|term| term.to_string());
        let sentences = reasons(domain, &group, &verdict).join("; ");
        let words = [verdict.severity.as_str(), verdict.encoding.as_str()];
        let fields = [src.as_slice(), domain].into_iter();
        let fields = fields.chain(numbers.iter().map(String::as_bytes));
        let fields = fields.chain(words.iter().map(|word| word.as_bytes()));
        let fields = fields.chain(terms.iter().map(String::as_bytes));
        let fields = fields.chain([sentences.as_bytes()]);
        writer.write_record(fields)?;
    }
    writer.flush()?;
    Ok(())
}
