//! `hunt`: the classic hunt on a file, without Splunk but with the command that Splunk runs.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use comfy_table::presets::ASCII_BORDERS_ONLY_CONDENSED;

use super::events::{self, DnsEvent};
use super::fields;
use super::loopback;
use crate::error::Error;

/// The client or resolver of an event without one.
const MISSING: &str = "-";

/// The file to hunt in, and its fields.
#[derive(Debug, Args)]
pub struct HuntOptions {
    /// Events as Splunk or a source writes them: NDJSON, CSV with a header line, or a tab-separated log of Zeek
    file: PathBuf,
    /// The field that holds the DNS name [default: the first that a known source uses]
    #[arg(long)]
    field: Option<String>,
    /// The field that holds the client [default: the first that a known source uses]
    #[arg(long)]
    src: Option<String>,
    /// The field that holds the resolver [default: the first that a known source uses]
    #[arg(long)]
    dest: Option<String>,
    /// Which suffixes split a name: mozilla, icann, iana, custom or *
    #[arg(long, default_value = "mozilla")]
    list: String,
    /// How many rows of each table to print
    #[arg(long, default_value_t = 10)]
    rows: usize,
}

/// Prints the two tables of the classic hunt: the queries with their parts, and statistics by domain, client and resolver.
///
/// # Errors
///
/// The file cannot be read or holds something else, the command refuses the options, or writing fails.
pub fn run(options: &HuntOptions) -> Result<(), Error> {
    let columns = Columns::new(options);
    let mut events = queries(events::load(&options.file)?);
    for event in &mut events {
        columns.fill(event);
    }
    let arguments = [format!("field={}", columns.query), format!("list={}", options.list)];
    let warnings = loopback::run_command("dnsentropy", &arguments, &columns.query, &mut events)?;
    let mut out = io::stdout().lock();
    for warning in warnings {
        writeln!(out, "{warning}")?;
    }
    if !events.is_empty() && !events.iter().any(|event| event.contains_key(&columns.query)) {
        let missing = match &options.field {
            Some(field) => format!("the field '{field}'"),
            None => "a field that a known source uses for the DNS name".to_owned(),
        };
        writeln!(out, "WARN: no event has {missing}: name the field with --field")?;
    }
    print_queries(options, &columns, &events, &mut out)?;
    writeln!(out)?;
    print_groups(options, &columns, &events, &mut out)?;
    Ok(out.flush()?)
}

/// The events without answers, as these repeat their queries; or all, if the file has nothing but answers.
fn queries(events: Vec<DnsEvent>) -> Vec<DnsEvent> {
    let (answers, queries): (Vec<_>, Vec<_>) = events.into_iter().partition(fields::is_answer);
    if queries.is_empty() { answers } else { queries }
}

/// The columns of the tables with the name, the client and the resolver.
struct Columns {
    query: String,
    src: String,
    dest: String,
}

impl Columns {
    fn new(options: &HuntOptions) -> Columns {
        let column = |named: &Option<String>, role: &str| named.clone().unwrap_or_else(|| role.to_owned());
        Columns {
            query: column(&options.field, "query"),
            src: column(&options.src, "src"),
            dest: column(&options.dest, "dest"),
        }
    }

    /// Sets the columns of an event. A column with the name of a role has the field that has this role.
    fn fill(&self, event: &mut DnsEvent) {
        let find = |column: &String, role: &str| {
            let found = if column == role {
                fields::of_role(event, role)
            } else {
                fields::first_of(event, std::slice::from_ref(&events::path(column)))
            };
            (column.clone(), found.map(<[String]>::to_vec))
        };
        let mut found = [
            find(&self.query, "query"),
            find(&self.src, "src"),
            find(&self.dest, "dest"),
            find(&"record_type".to_owned(), "record_type"),
        ];
        if fields::is_swapped(event) {
            let [_, (_, src), (_, dest), _] = &mut found;
            std::mem::swap(src, dest);
        }
        for (column, values) in found {
            match values {
                Some(values) => event.insert(column, values),
                None => event.remove(&column),
            };
        }
    }
}

fn print_queries(
    options: &HuntOptions,
    columns: &Columns,
    events: &[DnsEvent],
    out: &mut impl Write,
) -> io::Result<()> {
    let mut table = Table::new(&["query", "ut_subdomain", "ut_domain", "ut_shannon", "record_type"]);
    let with_subdomain = events.iter().filter(|event| event.contains_key("ut_shannon"));
    for event in with_subdomain.clone().take(options.rows) {
        let cell = |field: &str| first(event, field).unwrap_or_default().to_owned();
        let entropy = number(event, "ut_shannon").map_or_else(String::new, |bits| format!("{bits:.4}"));
        table.row([
            cell(&columns.query),
            cell("ut_subdomain"),
            cell("ut_domain"),
            entropy,
            cell("record_type"),
        ]);
    }
    let shown = options.rows.min(with_subdomain.clone().count());
    writeln!(
        out,
        "{} queries, {} with a subdomain; the first {shown}:",
        events.len(),
        with_subdomain.count()
    )?;
    writeln!(out, "{table}")
}

/// `fillnull value=- src dest | stats count avg(ut_shannon) avg(sublen) stdev(sublen) by ut_domain src dest | sort - count`.
fn print_groups(
    options: &HuntOptions,
    columns: &Columns,
    events: &[DnsEvent],
    out: &mut impl Write,
) -> io::Result<()> {
    let mut groups: BTreeMap<[&str; 3], GroupStatistics> = BTreeMap::new();
    for event in events {
        let values = |field: &str| event.get(field).map(Vec::as_slice).unwrap_or_default();
        let or_missing = |field: &str| match values(field) {
            [] => vec![MISSING],
            values => values.iter().map(String::as_str).collect(),
        };
        for domain in values("ut_domain").iter().filter(|domain| !domain.is_empty()) {
            for src in or_missing(&columns.src) {
                for dest in or_missing(&columns.dest) {
                    groups.entry([domain, src, dest]).or_default().add(event);
                }
            }
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
    let mut table = Table::new(&[
        "ut_domain",
        &columns.src,
        &columns.dest,
        "count",
        "avg_entropy",
        "avg_sublen",
        "stdev_sublen",
    ]);
    for ([domain, src, dest], group) in groups.iter().take(options.rows) {
        let rounded = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
        table.row([
            (*domain).to_owned(),
            (*src).to_owned(),
            (*dest).to_owned(),
            group.count.to_string(),
            rounded(mean(&group.entropies)),
            rounded(mean(&group.lengths)),
            rounded(deviation(&group.lengths)),
        ]);
    }
    let shown = options.rows.min(groups.len());
    writeln!(
        out,
        "{} groups by domain, {} and {}; the first {shown} by count:",
        groups.len(),
        columns.src,
        columns.dest
    )?;
    writeln!(out, "{table}")
}

/// Statistics of the events with one domain, client and resolver.
#[derive(Default)]
struct GroupStatistics {
    count: usize,
    entropies: Vec<f64>,
    lengths: Vec<f64>,
}

impl GroupStatistics {
    fn add(&mut self, event: &DnsEvent) {
        self.count += 1;
        self.entropies.extend(numbers(event, "ut_shannon"));
        self.lengths.extend(numbers(event, "ut_subdomain_length"));
    }
}

fn first<'e>(event: &'e DnsEvent, field: &str) -> Option<&'e str> {
    event.get(field)?.first().map(String::as_str)
}

fn number(event: &DnsEvent, field: &str) -> Option<f64> {
    numbers(event, field).next()
}

fn numbers(event: &DnsEvent, field: &str) -> impl Iterator<Item = f64> {
    event.get(field).into_iter().flatten().filter_map(|value| value.parse().ok())
}

#[allow(clippy::cast_precision_loss)] // counts of events in one file
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample standard deviation, 0 for one value, like Splunk's `stdev`.
#[allow(clippy::cast_precision_loss)] // counts of events in one file
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1).max(1) as f64).sqrt())
}

/// A table for the terminal. It escapes control characters, as names come from the network.
struct Table(comfy_table::Table);

impl Table {
    fn new(header: &[&str]) -> Table {
        let mut table = comfy_table::Table::new();
        table.load_preset(ASCII_BORDERS_ONLY_CONDENSED).set_header(header);
        Table(table)
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells.into_iter().map(|cell| printable(&cell)));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn printable(cell: &str) -> String {
    cell.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
