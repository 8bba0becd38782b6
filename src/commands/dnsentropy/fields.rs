//! The outputs: what they are called, and how they are had from a value.

use crate::detect::{NameEvidence, judge_name, surprisal};
use crate::features::{length, shannon};
use crate::names::ordinary::QuickName;
use crate::names::{Host, Name, SuffixList, SuffixType};
use crate::rows::{Output, Tail};
use crate::url::{Authority, Text, Url};

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
pub enum Part {
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
const ON_REQUEST: [Part; 4] = [Part::Encoding, Part::PayloadBytes, Part::Surprisal, Part::Score];

/// The outputs by their names without prefix, in the order of their columns: first what a name has.
const PARTS: [(&str, Part); 21] = [
    ("domain", Part::Domain),
    ("subdomain", Part::Subdomain),
    ("domain_without_tld", Part::DomainWithoutTld),
    ("tld", Part::Tld),
    ("subdomain_count", Part::SubdomainCount),
    ("subdomain_length", Part::SubdomainLength),
    ("shannon", Part::Shannon),
    ("suffix_type", Part::SuffixType),
    ("encoding", Part::Encoding),
    ("payload_bytes", Part::PayloadBytes),
    ("surprisal", Part::Surprisal),
    ("score", Part::Score),
    ("scheme", Part::Scheme),
    ("netloc", Part::Netloc),
    ("username", Part::Username),
    ("host", Part::Host),
    ("port", Part::Port),
    ("path", Part::Path),
    ("params", Part::Params),
    ("query", Part::Query),
    ("fragment", Part::Fragment),
];

impl Mode {
    /// The modes by name.
    pub const ALL: [(&str, Mode); 3] = [("name", Mode::Name), ("url", Mode::Url), ("shannon", Mode::Shannon)];

    /// The outputs that a mode has, by their names without prefix.
    pub fn parts(self) -> Vec<(&'static str, Part)> {
        let parts = PARTS.into_iter();
        match self {
            Mode::Name => parts.take_while(|(_, part)| *part != Part::Scheme).collect(),
            Mode::Url => parts.collect(),
            Mode::Shannon => parts.filter(|(_, part)| *part == Part::Shannon).collect(),
        }
    }

    /// The outputs that a search gets that does not say which it wants.
    pub fn default_parts(self) -> Vec<(&'static str, Part)> {
        self.parts().into_iter().filter(|(_, part)| !ON_REQUEST.contains(part)).collect()
    }

    /// Adds to `outputs`, one for each of `parts`, what `value` has of that part, or an empty place.
    pub fn measure(self, value: &[u8], list: &SuffixList, parts: &[Part], outputs: &mut [Output]) {
        let outputs = parts.iter().copied().zip(outputs);
        if value.is_empty() {
            outputs.for_each(|(_, output)| output.push(b""));
            return;
        }
        match self {
            Mode::Shannon => outputs.for_each(|(_, output)| push_entropy(value, output)),
            Mode::Name => {
                let host = Host::read(value);
                let name = HostName::of(&host, list);
                outputs.for_each(|(part, output)| name.push(part, output));
            }
            Mode::Url => {
                let text = Text::read(value);
                let url = Url::split(&text);
                let authority = Authority::split(url.netloc);
                let host = Host::read(authority.host);
                let name = HostName::of(&host, list);
                for (part, output) in outputs {
                    match url_part(part, &url, &authority) {
                        Some(text) => output.push(text),
                        None => name.push(part, output),
                    }
                }
            }
        }
    }
}

/// Outputs that are had quickly from an ordinary name: a bit for each part.
#[derive(Debug, Clone, Copy)]
pub struct QuickParts(u32);

impl QuickParts {
    /// The set of `parts`, if all of them can be had so in this mode.
    pub fn of(mode: Mode, parts: &[Part]) -> Option<QuickParts> {
        let quick = Mode::Name.default_parts();
        let all_quick = parts.iter().all(|part| quick.iter().any(|(_, quick)| quick == part));
        let bits = parts.iter().fold(0, |bits, part| bits | 1 << *part as u32);
        (mode == Mode::Name && all_quick).then_some(QuickParts(bits))
    }

    /// Appends to `tail` what the name in `bytes` has of each part, in the order of [`PARTS`].
    #[inline]
    pub fn write(self, bytes: &[u8], name: &QuickName, tail: &mut Tail<'_>) {
        let has = |part: Part| self.0 & 1 << part as u32 != 0;
        let (from, to) = name.subdomain();
        if has(Part::Domain) {
            tail.lower(bytes, name.domain, name.end);
        }
        if has(Part::Subdomain) {
            tail.text(bytes, from, to);
        }
        if has(Part::DomainWithoutTld) {
            tail.lower(bytes, name.domain, name.suffix - 1);
        }
        if has(Part::Tld) {
            tail.lower(bytes, name.suffix, name.end);
        }
        if has(Part::SubdomainCount) {
            tail.small(name.subdomain_labels);
        }
        if has(Part::SubdomainLength) {
            if to > from { tail.small(to - from) } else { tail.empty() }
        }
        if has(Part::Shannon) {
            tail.float(shannon(&bytes[from..to]));
        }
        if has(Part::SuffixType) {
            let suffix_type = suffix_type(name.suffix_type);
            let mut word = [0; 8];
            word[..suffix_type.len()].copy_from_slice(suffix_type);
            tail.word(word, suffix_type.len());
        }
    }
}

/// A part that only URLs have; empty where this one does not have it.
fn url_part<'u>(part: Part, url: &'u Url<'_>, authority: &Authority<'u>) -> Option<&'u [u8]> {
    Some(match part {
        Part::Scheme => &url.scheme,
        Part::Netloc => url.netloc,
        Part::Username => authority.username.unwrap_or_default(),
        Part::Host => authority.host,
        Part::Port => match authority.port.unwrap_or_default() {
            b"" => url.default_port().unwrap_or_default().as_bytes(),
            port => port,
        },
        Part::Path => url.path,
        Part::Params => url.params,
        Part::Query => url.query,
        Part::Fragment => url.fragment,
        _ => return None,
    })
}

/// A host's name, or that it is an address.
enum HostName<'h> {
    Address,
    Name(Name<'h>),
}

impl<'h> HostName<'h> {
    fn of(host: &'h Host<'_>, list: &SuffixList) -> HostName<'h> {
        match host {
            Host::Address => HostName::Address,
            Host::Name(text) => HostName::Name(Name::split(text, list)),
        }
    }

    /// Adds the part to `output`, or an empty place.
    fn push(&self, part: Part, output: &mut Output) {
        match (self, part) {
            (HostName::Name(name), _) => push_part(name, part, output),
            (HostName::Address, Part::SuffixType) => output.push(b"ip"),
            (HostName::Address, Part::SubdomainCount) => push_number(0, output),
            (HostName::Address, _) => output.push(b""),
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
        Part::SuffixType => output.push(name.suffix_type().map_or(b"", suffix_type)),
        _ => push_judgement(name.subdomain(), part, output),
    }
}

fn suffix_type(suffix_type: SuffixType) -> &'static [u8] {
    match suffix_type {
        SuffixType::Icann => b"icann",
        SuffixType::Private => b"private",
        SuffixType::Unlisted => b"unlisted",
    }
}

/// Adds what the detector says of a single subdomain; nothing where there is none, or for another part.
fn push_judgement(subdomain: Option<&[u8]>, part: Part, output: &mut Output) {
    let Some(subdomain) = subdomain else { return output.push(b"") };
    match part {
        Part::Encoding => output.push(NameEvidence::of(subdomain).encoding.as_str().as_bytes()),
        Part::PayloadBytes => push_number(usize::from(NameEvidence::of(subdomain).payload_bytes), output),
        Part::Surprisal => match surprisal(subdomain) {
            Some(bits) => output.push(format!("{bits:?}").as_bytes()),
            None => output.push(b""),
        },
        Part::Score => push_number(usize::from(judge_name(subdomain)), output),
        // A name has no parts of a URL.
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
