//! The outputs: what they are called, and how they are had from a value.

use crate::detect::{NameEvidence, judge_name, surprisal};
use crate::features::{length, shannon};
use crate::names::ordinary::OrdinaryName;
use crate::names::{Host, Name, SuffixTable, SuffixType};
use crate::rows::{AsciiCells, Output};
use crate::url::{Authority, Url, UrlText};

/// What a value of the field is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A DNS name, taken whole.
    Name,
    /// A URL, or what begins as one without its scheme.
    Url,
    /// Any text, whose entropy alone is asked for.
    Shannon,
}

/// One output field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Domain,
    Subdomain,
    DomainWithoutTld,
    Tld,
    SubdomainCount,
    SubdomainLength,
    Shannon,
    SuffixType,
    Encoding,
    PayloadBytes,
    Surprisal,
    Score,
    Scheme,
    Netloc,
    Username,
    Host,
    Port,
    Path,
    Params,
    Query,
    Fragment,
}

/// What the detector says of a single name: given only where it is asked for.
const ON_REQUEST: [Field; 4] = [Field::Encoding, Field::PayloadBytes, Field::Surprisal, Field::Score];

/// The outputs by their names without prefix, in the order of their columns: first what a name has.
const FIELDS: [(&str, Field); 21] = [
    ("domain", Field::Domain),
    ("subdomain", Field::Subdomain),
    ("domain_without_tld", Field::DomainWithoutTld),
    ("tld", Field::Tld),
    ("subdomain_count", Field::SubdomainCount),
    ("subdomain_length", Field::SubdomainLength),
    ("shannon", Field::Shannon),
    ("suffix_type", Field::SuffixType),
    ("encoding", Field::Encoding),
    ("payload_bytes", Field::PayloadBytes),
    ("surprisal", Field::Surprisal),
    ("score", Field::Score),
    ("scheme", Field::Scheme),
    ("netloc", Field::Netloc),
    ("username", Field::Username),
    ("host", Field::Host),
    ("port", Field::Port),
    ("path", Field::Path),
    ("params", Field::Params),
    ("query", Field::Query),
    ("fragment", Field::Fragment),
];

impl Mode {
    /// The modes by name.
    pub const ALL: [(&str, Mode); 3] = [("name", Mode::Name), ("url", Mode::Url), ("shannon", Mode::Shannon)];

    /// The outputs that a mode has, by their names without prefix.
    pub fn fields(self) -> Vec<(&'static str, Field)> {
        let fields = FIELDS.into_iter();
        match self {
            Mode::Name => fields.take_while(|(_, field)| *field != Field::Scheme).collect(),
            Mode::Url => fields.collect(),
            Mode::Shannon => fields.filter(|(_, field)| *field == Field::Shannon).collect(),
        }
    }

    /// The outputs that a search gets that does not say which it wants.
    pub fn default_parts(self) -> Vec<(&'static str, Field)> {
        self.fields().into_iter().filter(|(_, field)| !ON_REQUEST.contains(field)).collect()
    }

    /// Adds to `outputs`, one for each of `fields`, what `value` has of that field, or an empty place.
    pub fn measure(self, value: &[u8], list: &SuffixTable, fields: &[Field], outputs: &mut [Output]) {
        let outputs = fields.iter().copied().zip(outputs);
        if value.is_empty() {
            outputs.for_each(|(_, output)| output.push(b""));
            return;
        }
        match self {
            Mode::Shannon => outputs.for_each(|(_, output)| push_entropy(value, output)),
            Mode::Name => {
                let host = Host::parse(value);
                let name = HostName::of(&host, list);
                outputs.for_each(|(field, output)| name.push(field, output));
            }
            Mode::Url => {
                let text = UrlText::new(value);
                let url = Url::split(&text);
                let authority = Authority::split(url.netloc);
                let host = Host::parse(authority.host);
                let name = HostName::of(&host, list);
                for (field, output) in outputs {
                    match url_part(field, &url, &authority) {
                        Some(text) => output.push(text),
                        None => name.push(field, output),
                    }
                }
            }
        }
    }
}

/// Outputs that are had quickly from an ordinary name: a bit for each field.
#[derive(Debug, Clone, Copy)]
pub struct FieldSet(u32);

impl FieldSet {
    /// The set of `fields`, if all of them can be had so in this mode.
    pub fn of(mode: Mode, fields: &[Field]) -> Option<FieldSet> {
        let quick = Mode::Name.default_parts();
        let all_quick = fields.iter().all(|field| quick.iter().any(|(_, quick)| quick == field));
        let bits = fields.iter().fold(0, |bits, field| bits | 1 << *field as u32);
        (mode == Mode::Name && all_quick).then_some(FieldSet(bits))
    }

    /// Appends to `tail` what the name in `bytes` has of each field, in the order of [`FIELDS`].
    #[inline]
    pub fn write(self, bytes: &[u8], name: &OrdinaryName, tail: &mut AsciiCells<'_>) {
        let has = |field: Field| self.0 & 1 << field as u32 != 0;
        let (from, to) = name.subdomain();
        if has(Field::Domain) {
            tail.lower(bytes, name.domain, name.end);
        }
        if has(Field::Subdomain) {
            tail.text(bytes, from, to);
        }
        if has(Field::DomainWithoutTld) {
            tail.lower(bytes, name.domain, name.suffix - 1);
        }
        if has(Field::Tld) {
            tail.lower(bytes, name.suffix, name.end);
        }
        if has(Field::SubdomainCount) {
            tail.small(name.subdomain_labels);
        }
        if has(Field::SubdomainLength) {
            if to > from { tail.small(to - from) } else { tail.empty() }
        }
        if has(Field::Shannon) {
            tail.float(shannon(&bytes[from..to]));
        }
        if has(Field::SuffixType) {
            let suffix_type = suffix_type(name.suffix_type);
            let mut word = [0; 8];
            word[..suffix_type.len()].copy_from_slice(suffix_type);
            tail.word(word, suffix_type.len());
        }
    }
}

/// A field that only URLs have; empty where this one does not have it.
fn url_part<'u>(field: Field, url: &'u Url<'_>, authority: &Authority<'u>) -> Option<&'u [u8]> {
    Some(match field {
        Field::Scheme => &url.scheme,
        Field::Netloc => url.netloc,
        Field::Username => authority.username.unwrap_or_default(),
        Field::Host => authority.host,
        Field::Port => match authority.port.unwrap_or_default() {
            b"" => url.default_port().unwrap_or_default().as_bytes(),
            port => port,
        },
        Field::Path => url.path,
        Field::Params => url.params,
        Field::Query => url.query,
        Field::Fragment => url.fragment,
        _ => return None,
    })
}

/// A host's name, or that it is an address.
enum HostName<'h> {
    Address,
    Name(Name<'h>),
}

impl<'h> HostName<'h> {
    fn of(host: &'h Host<'_>, list: &SuffixTable) -> HostName<'h> {
        match host {
            Host::Address => HostName::Address,
            Host::Name(text) => HostName::Name(Name::split(text, list)),
        }
    }

    /// Adds the field to `output`, or an empty place.
    fn push(&self, field: Field, output: &mut Output) {
        match (self, field) {
            (HostName::Name(name), _) => push_part(name, field, output),
            (HostName::Address, Field::SuffixType) => output.push(b"ip"),
            (HostName::Address, Field::SubdomainCount) => push_number(0, output),
            (HostName::Address, _) => output.push(b""),
        }
    }
}

fn push_part(name: &Name<'_>, field: Field, output: &mut Output) {
    match field {
        Field::Domain => output.push(&name.domain().unwrap_or_default()),
        Field::Subdomain => output.push(name.subdomain().unwrap_or_default()),
        Field::DomainWithoutTld => output.push(&name.domain_without_suffix().unwrap_or_default()),
        Field::Tld => output.push(&name.suffix().unwrap_or_default()),
        Field::SubdomainCount => push_number(name.subdomain_labels(), output),
        Field::SubdomainLength => match name.subdomain() {
            Some(subdomain) => push_number(length(subdomain), output),
            None => output.push(b""),
        },
        Field::Shannon => push_entropy(name.subdomain().unwrap_or_default(), output),
        Field::SuffixType => output.push(name.suffix_type().map_or(b"", suffix_type)),
        _ => push_judgement(name.subdomain(), field, output),
    }
}

fn suffix_type(suffix_type: SuffixType) -> &'static [u8] {
    match suffix_type {
        SuffixType::Icann => b"icann",
        SuffixType::Private => b"private",
        SuffixType::Unlisted => b"unlisted",
    }
}

/// Adds what the detector says of a single subdomain; nothing where there is none, or for another field.
fn push_judgement(subdomain: Option<&[u8]>, field: Field, output: &mut Output) {
    let Some(subdomain) = subdomain else { return output.push(b"") };
    match field {
        Field::Encoding => output.push(NameEvidence::measure(subdomain).encoding.as_str().as_bytes()),
        Field::PayloadBytes => {
            push_number(usize::from(NameEvidence::measure(subdomain).payload_bytes), output);
        }
        Field::Surprisal => match surprisal(subdomain) {
            Some(bits) => output.push(format!("{bits:?}").as_bytes()),
            None => output.push(b""),
        },
        Field::Score => push_number(usize::from(judge_name(subdomain)), output),
        // A name has no fields of a URL.
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
