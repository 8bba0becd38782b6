//! `dnsentropy`: the parts of each DNS name and the entropy of its subdomain.
//!
//! A streaming command, so splunkd runs it on the search peers and each row stands on its own.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::commands::App;
use crate::commands::list_choice::ListChoice;
use crate::commands::presence::Presence;
use crate::features::{length, shannon};
use crate::names::{Host, Name, SuffixList, SuffixType};
use crate::protocol::arguments::one_of;
use crate::protocol::rows::{Output, Rows, extend};
use crate::protocol::session::Command;
use crate::protocol::{Arguments, CommandInfo, CommandType, Refusal, UserMessage};

/// The command's name in a search.
pub const NAME: &str = "dnsentropy";

const OPTIONS: [&str; 6] = ["field", "list", "prefix", "fields", "mode", "list_field"];

/// What a value of the field is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A DNS name, to be split.
    Name,
    /// Any text, whose entropy alone is asked for.
    Shannon,
}

const MODES: [(&str, Mode); 2] = [("name", Mode::Name), ("shannon", Mode::Shannon)];

/// One output field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Domain,
    Subdomain,
    DomainWithoutTld,
    Tld,
    SubdomainCount,
    SubdomainLength,
    Shannon,
    SuffixType,
}

/// The outputs in the order of their columns, by their names without prefix.
const PARTS: [(&str, Part); 8] = [
    ("domain", Part::Domain),
    ("subdomain", Part::Subdomain),
    ("domain_without_tld", Part::DomainWithoutTld),
    ("tld", Part::Tld),
    ("subdomain_count", Part::SubdomainCount),
    ("subdomain_length", Part::SubdomainLength),
    ("shannon", Part::Shannon),
    ("suffix_type", Part::SuffixType),
];

struct DnsEntropy {
    field: String,
    /// The names of the output fields, one for each part of `measure`.
    outputs: Vec<String>,
    measure: Measure,
    list: ListChoice,
    presence: Presence,
}

/// Reads the arguments of a search.
///
/// # Errors
///
/// Every argument that is wrong, and a custom suffix list that cannot be read.
pub fn open(mut arguments: Arguments, app: &App) -> Result<Box<dyn Command>, Refusal> {
    let field = take_field(&mut arguments);
    let mode = arguments.take_choice("mode", &MODES).unwrap_or(Mode::Name);
    let prefix = take_prefix(&mut arguments);
    let parts = take_parts(&mut arguments, mode, &prefix);
    let outputs: Vec<String> = parts.iter().map(|(name, _)| format!("{prefix}{name}")).collect();
    let list = ListChoice::take(&mut arguments, app);
    for read in [Some(field.as_str()), list.field()].into_iter().flatten() {
        if outputs.iter().any(|output| output == read) {
            arguments.problem(format!(
                "the output '{read}' would replace the field that is read: choose another prefix="
            ));
        }
    }
    arguments.finish(NAME, &OPTIONS)?;
    let measure = Measure { mode, parts: parts.into_iter().map(|(_, part)| part).collect() };
    Ok(Box::new(DnsEntropy { presence: Presence::of(&field), field, outputs, measure, list }))
}

fn take_field(arguments: &mut Arguments) -> String {
    let mut fields = arguments.take_fields();
    fields.extend(arguments.take("field"));
    fields.dedup();
    if fields.len() > 1 {
        let named: Vec<String> = fields.iter().map(|field| format!("'{field}'")).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        arguments.problem(format!("one field is read, not several: give {}", one_of(&named)));
    }
    let field = fields.into_iter().next().unwrap_or_else(|| "query".to_owned());
    if field.is_empty() {
        arguments.problem("field= is empty: give the field that holds the DNS name".to_owned());
    }
    field
}

fn take_prefix(arguments: &mut Arguments) -> String {
    let prefix = arguments.take("prefix").unwrap_or_else(|| "ut_".to_owned());
    if prefix.starts_with('_') || prefix.contains(|c: char| c.is_control() || "\"$,".contains(c)) {
        arguments.problem(format!(
            "prefix={} makes no field names: it must not begin with '_' nor hold commas, quotes or '$'",
            prefix.escape_debug()
        ));
    }
    prefix
}

/// The outputs that `fields=` picks, in the order of [`PARTS`].
fn take_parts(arguments: &mut Arguments, mode: Mode, prefix: &str) -> Vec<(&'static str, Part)> {
    let allowed: Vec<(&str, Part)> = match mode {
        Mode::Name => PARTS.to_vec(),
        Mode::Shannon => PARTS.into_iter().filter(|(_, part)| *part == Part::Shannon).collect(),
    };
    let Some(fields) = arguments.take("fields") else {
        return allowed;
    };
    let mut picked = HashSet::new();
    let named = |field: &str| allowed.iter().map(|(name, _)| *name).find(|name| *name == field);
    for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let bare = [Some(field), field.strip_prefix(prefix), field.strip_prefix("ut_")];
        if field == "all" {
            picked.extend(allowed.iter().map(|(name, _)| *name));
        } else if let Some(name) = bare.into_iter().flatten().find_map(named) {
            picked.insert(name);
        } else {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).chain(["all"]).collect();
            arguments.problem(format!("fields={field} is unknown: use {}", one_of(&names)));
        }
    }
    if fields.replace(',', "").trim().is_empty() {
        arguments.problem("fields= picks no output: name at least one, or leave it out".to_owned());
    }
    allowed.into_iter().filter(|(name, _)| picked.contains(name)).collect()
}

impl Command for DnsEntropy {
    fn info(&self) -> CommandInfo {
        let mut required = vec![self.field.clone()];
        required.extend(self.list.field().filter(|field| *field != self.field).map(str::to_owned));
        CommandInfo {
            command_type: CommandType::Streaming,
            required_fields: Some(required),
            streaming_preop: None,
        }
    }

    fn execute(&mut self, body: &[u8], last: bool, reply: &mut Vec<u8>, messages: &mut Vec<UserMessage>) {
        let rows = Rows::read(body);
        let column = rows.column(&self.field);
        let list_field = self.list.field().map(|field| rows.column(field));
        extend(rows, &self.outputs, reply, |row, outputs| {
            let values = distinct(row.values(column));
            self.presence.note(!values.is_empty());
            let Some(suffixes) = self.list.of_event(list_field.map(|field| row.values(field))) else {
                return false;
            };
            for value in &values {
                self.measure.value(value, suffixes, outputs);
            }
            !values.is_empty()
        });
        if last {
            messages.extend(self.presence.warning());
            messages.extend(self.list.warnings());
        }
    }
}

/// `values` without the ones that were there already, in their order.
fn distinct(mut values: Vec<Cow<'_, [u8]>>) -> Vec<Cow<'_, [u8]>> {
    if values.len() > 1 {
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
    }
    values
}

/// What is measured of each value.
#[derive(Debug)]
struct Measure {
    mode: Mode,
    parts: Vec<Part>,
}

impl Measure {
    /// Adds what `value` has of each part to that part's output, or an empty place.
    fn value(&self, value: &[u8], list: &SuffixList, outputs: &mut [Output]) {
        let host = match self.mode {
            _ if value.is_empty() => return outputs.iter_mut().for_each(|output| output.push(b"")),
            Mode::Shannon => return outputs.iter_mut().for_each(|output| push_entropy(value, output)),
            Mode::Name => Host::read(value),
        };
        let name = match &host {
            Host::Address => None,
            Host::Name(text) => Some(Name::split(text, list)),
        };
        for (part, output) in self.parts.iter().zip(outputs) {
            match &name {
                Some(name) => push_part(name, *part, output),
                None => push_address_part(*part, output),
            }
        }
    }
}

fn push_part(name: &Name<'_>, part: Part, output: &mut Output) {
    match part {
        Part::Domain => output.push(&name.domain().unwrap_or_default()),
        Part::Subdomain => output.push(name.subdomain().unwrap_or_default()),
        Part::DomainWithoutTld => output.push(&name.domain_without_suffix().unwrap_or_default()),
        Part::Tld => output.push(&name.suffix().unwrap_or_default()),
        Part::SubdomainCount => push_number(name.subdomain_labels(), output),
        Part::SubdomainLength => match name.subdomain() {
            Some(subdomain) => push_number(length(subdomain), output),
            None => output.push(b""),
        },
        Part::Shannon => push_entropy(name.subdomain().unwrap_or_default(), output),
        Part::SuffixType => output.push(match name.suffix_type() {
            Some(SuffixType::Icann) => b"icann",
            Some(SuffixType::Private) => b"private",
            Some(SuffixType::Unlisted) => b"unlisted",
            None => b"",
        }),
    }
}

fn push_address_part(part: Part, output: &mut Output) {
    match part {
        Part::SuffixType => output.push(b"ip"),
        Part::SubdomainCount => push_number(0, output),
        _ => output.push(b""),
    }
}

fn push_number(number: usize, output: &mut Output) {
    output.push(number.to_string().as_bytes());
}

/// The entropy of `text`, written so that reading it gives the same float (`4.0`, as URL Toolbox writes it).
fn push_entropy(text: &[u8], output: &mut Output) {
    let entropy = shannon(text).map(|bits| format!("{bits:?}")).unwrap_or_default();
    output.push(entropy.as_bytes());
}
