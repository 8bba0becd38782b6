//! The functions for URLs: `ut_parse_simple` and `ut_parse_extended`, which is also called `ut_parse`.

use std::borrow::Cow;

use super::value::{Member, MemberName, NONE, Value};
use crate::names::ascii::lower;
use crate::names::{Host, ListName, Lists, Name, SuffixTable, SuffixType};
use crate::url::{Authority, Url, UrlText};

/// The outputs of [`simple`].
pub const SIMPLE: [&str; 6] = ["ut_scheme", "ut_netloc", "ut_path", "ut_params", "ut_query", "ut_fragment"];

/// The outputs of [`extended`].
pub const EXTENDED: [&str; 13] = [
    "ut_scheme",
    "ut_netloc",
    "ut_path",
    "ut_params",
    "ut_query",
    "ut_fragment",
    "ut_domain",
    "ut_tld",
    "ut_domain_without_tld",
    "ut_subdomain",
    "ut_port",
    "ut_subdomain_parts",
    "ut_subdomain_count",
];

/// The parts of a URL; a value without `://` begins with its host.
pub fn simple(values: &[&[u8]], _: &Lists) -> Vec<Value> {
    simple_parts(&Url::split(&UrlText::new(values[0])))
}

fn simple_parts(url: &Url<'_>) -> Vec<Value> {
    let parts = [&url.scheme, url.netloc, url.path, url.params, url.query, url.fragment];
    let mut outputs = Vec::with_capacity(EXTENDED.len());
    outputs.extend(parts.into_iter().map(or_none));
    outputs
}

/// The parts of a URL and of its host.
pub fn extended(values: &[&[u8]], lists: &Lists) -> Vec<Value> {
    let text = UrlText::new(values[0]);
    let url = Url::split(&text);
    let authority = Authority::split(url.netloc);
    let mut outputs = simple_parts(&url);
    outputs.extend(host_parts(&text, &authority, list(values[1], lists)));
    outputs
}

/// The list of that name, or URL Toolbox's default for any other name.
fn list<'l>(name: &[u8], lists: &'l Lists) -> &'l SuffixTable {
    let name = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
    lists.load(name.unwrap_or(ListName::Iana))
}

/// The outputs for a host, in their order.
struct HostParts {
    domain: Value,
    tld: Value,
    domain_without_tld: Value,
    subdomain: Value,
    port: Value,
    subdomain_parts: Value,
    subdomain_count: Value,
}

impl Default for HostParts {
    fn default() -> HostParts {
        HostParts {
            domain: NONE,
            tld: NONE,
            domain_without_tld: NONE,
            subdomain: NONE,
            port: Value::Text(Cow::Borrowed(b"80")),
            subdomain_parts: NONE,
            subdomain_count: Value::Text(Cow::Borrowed(b"0")),
        }
    }
}

impl HostParts {
    fn outputs(self) -> [Value; 7] {
        let HostParts { domain, tld, domain_without_tld, subdomain, port, subdomain_parts, subdomain_count } =
            self;
        [domain, tld, domain_without_tld, subdomain, port, subdomain_parts, subdomain_count]
    }
}

/// The parts of the host in `authority`, or of all of `text` if that is a DNS name with marks of URLs: tunnels put `/`, `:`
/// and `?` into their names.
fn host_parts(text: &UrlText<'_>, authority: &Authority<'_>, list: &SuffixTable) -> [Value; 7] {
    let mut parts = HostParts::default();
    if let Some(port) = authority.port {
        parts.port = owned(port);
    }
    if is_dotted_quad(authority.host) {
        parts.domain = owned(authority.host);
        parts.domain_without_tld = parts.domain.clone();
        return parts.outputs();
    }
    let (host, whole) = (Host::parse(authority.host), Host::parse(&text.text));
    let name = split(&host, list).filter(|name| name.domain_text().is_some());
    let name = name.or_else(|| split(&whole, list).filter(|name| !text.is_url && is_dns_name(name)));
    if let Some(name) = name.or_else(|| split(&host, list)) {
        parts.set(&name);
    }
    parts.outputs()
}

fn split<'h>(host: &'h Host<'_>, list: &SuffixTable) -> Option<Name<'h>> {
    match host {
        Host::Address => None,
        Host::Name(text) => Some(Name::split_at_every_dot(text, list)),
    }
}

/// Whether a name with marks of URLs is a DNS name nevertheless: its suffix is listed, and its registrable domain has
/// only characters that can be registered.
fn is_dns_name(name: &Name<'_>) -> bool {
    let listed = name.suffix_type().is_some_and(|suffix_type| suffix_type != SuffixType::Unlisted);
    let domain = name.domain_without_suffix_text();
    listed
        && domain.is_some_and(|label| label.iter().all(|&byte| byte == b'-' || byte.is_ascii_alphanumeric()))
}

/// Four numbers of up to three digits: URL Toolbox calls that a domain.
fn is_dotted_quad(host: &[u8]) -> bool {
    let is_number = |part: &[u8]| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    host.split(|&byte| byte == b'.').filter(|part| is_number(part)).count() == 4
        && host.iter().filter(|&&byte| byte == b'.').count() == 3
}

impl HostParts {
    fn set(&mut self, name: &Name<'_>) {
        let or_none = |part: Option<&[u8]>| part.map_or(NONE, |part| owned(&lower(part)));
        self.domain = or_none(name.domain_text());
        self.domain_without_tld = or_none(name.domain_without_suffix_text());
        // A single unlisted label is a host (`localhost`), not a suffix.
        if name.domain_text().is_some() || name.suffix_type() != Some(SuffixType::Unlisted) {
            self.tld = or_none(name.suffix_text());
        }
        if let Some(subdomain) = name.subdomain() {
            self.subdomain = owned(subdomain);
            self.subdomain_count = Value::text(name.subdomain_labels().to_string());
            self.subdomain_parts = levels(subdomain);
        }
    }
}

/// The labels of a subdomain; the last one has level 1.
fn levels(subdomain: &[u8]) -> Value {
    let labels = subdomain.split(|&byte| byte == b'.');
    let levels = (1..=labels.clone().count()).rev();
    let label = |label: &[u8]| Member::Text(String::from_utf8_lossy(label).into_owned());
    Value::Object(labels.zip(levels).map(|(text, level)| (MemberName::Level(level), label(text))).collect())
}

fn or_none(part: &[u8]) -> Value {
    if part.is_empty() { NONE } else { owned(part) }
}

fn owned(part: &[u8]) -> Value {
    Value::Text(Cow::Owned(part.to_vec()))
}
