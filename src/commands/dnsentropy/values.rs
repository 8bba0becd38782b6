//! The values of the output fields: one writer over two sinks.
//!
//! The fast path writes an ordinary name's values as [`AsciiCells`] straight into the reply. All other values go to
//! [`Outputs`](crate::rows::Outputs), which hold several values for each field and quote what needs quotes. Both go through [`write_name`],
//! so a new field is written once. The tests compare both sinks.

use std::borrow::Cow;

use super::fields::{Field, Mode};
use crate::detect::{NameEvidence, judge_name, surprisal};
use crate::features::{length, shannon};
use crate::names::logged::{self, Logged};
use crate::names::ordinary::OrdinaryName;
use crate::names::{NO_DOMAIN, Name, SuffixTable, SuffixType, ascii, wire};
use crate::rows::{AsciiCells, ValueSink};
use crate::slice::Slice;
use crate::url::{Authority, Url, UrlText};

/// Writes the values of `fields` that `value` has in this mode. Returns whether it could be read: an unreadable one has no
/// values, apart from the parts of a URL.
pub fn write_value(
    value: &[u8],
    mode: Mode,
    list: &SuffixTable,
    fields: &[Field],
    sink: &mut impl ValueSink,
) -> bool {
    if value.is_empty() {
        for _ in fields {
            sink.empty();
        }
        return true;
    }
    match mode {
        Mode::Shannon => {
            for _ in fields {
                write_entropy(shannon(value), sink);
            }
            true
        }
        Mode::Name => {
            let logged = logged::read(value);
            let name = HostName::split(&logged, list, fields);
            for &field in fields {
                name.write(field, sink);
            }
            logged != Logged::Unreadable
        }
        Mode::Url => {
            let value = logged::unwrap(value);
            let text = UrlText::logged(&value);
            let url = Url::split(&text);
            let authority = Authority::split(url.netloc);
            let logged = logged::read(authority.host);
            let name = match authority.host {
                b"" => HostName::Missing,
                _ => HostName::split(&logged, list, fields),
            };
            for &field in fields {
                match url_part(field, &url, &authority) {
                    Some(part) => sink.text(Slice::whole(part)),
                    None => name.write(field, sink),
                }
            }
            logged != Logged::Unreadable
        }
    }
}

/// Fast path: writes the values of `fields` of an ordinary name with a plain domain, which was split in `bytes`.
#[inline]
pub fn write_ordinary(bytes: &[u8], name: &OrdinaryName, fields: &[Field], cells: &mut AsciiCells<'_>) {
    let slice = |start, end| Slice { bytes, start, end };
    let (start, end) = name.subdomain();
    let parts = Parts {
        domain: slice(name.domain, name.end),
        domain_without_suffix: slice(name.domain, name.suffix - 1),
        suffix: slice(name.suffix, name.end),
        subdomain: slice(start, end),
        subdomain_labels: name.subdomain_labels,
        suffix_type: Some(name.suffix_type),
        ascii_domain: slice(name.domain, name.end),
        ascii_end: slice(name.domain, name.end),
        has_escapes: false,
    };
    for &field in fields {
        write_name(field, &parts, cells);
    }
}

/// The part of a URL that a field is; `None` for a field of its host. A part that the URL does not have is empty.
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

/// A host's name, or that it has none.
enum HostName<'h> {
    Address,
    Name(OwnedParts<'h>),
    /// A URL without a host.
    Missing,
    Unreadable,
}

/// The parts of a name whose domain and suffix are in lower case and in presentation format.
struct OwnedParts<'h> {
    name: Name<'h>,
    domain: Cow<'h, str>,
    domain_without_suffix: Cow<'h, str>,
    suffix: Cow<'h, str>,
    /// The domain in ASCII.
    ascii_domain: Cow<'h, str>,
    /// The same, or the whole name if it has no domain.
    ascii_end: Cow<'h, str>,
    has_escapes: bool,
}

impl<'h> HostName<'h> {
    fn split(logged: &'h Logged<'_>, list: &SuffixTable, fields: &[Field]) -> HostName<'h> {
        match logged {
            Logged::Address => HostName::Address,
            Logged::Name(text) => HostName::Name(OwnedParts::split(text, list, fields)),
            Logged::Unreadable => HostName::Unreadable,
        }
    }

    fn write(&self, field: Field, sink: &mut impl ValueSink) {
        match (self, field) {
            (HostName::Address, Field::SuffixType) => sink.text(Slice::whole(b"ip")),
            (HostName::Address | HostName::Missing, Field::SubdomainCount) => sink.number(0),
            (HostName::Address | HostName::Missing | HostName::Unreadable, _) => sink.empty(),
            (HostName::Name(parts), _) => write_name(field, &parts.as_parts(), sink),
        }
    }
}

impl<'h> OwnedParts<'h> {
    fn split(text: &'h [u8], list: &SuffixTable, fields: &[Field]) -> OwnedParts<'h> {
        let name = Name::split(text, list);
        let (mut ascii_domain, mut ascii_end) = Default::default();
        if fields.iter().any(|field| matches!(field, Field::DomainAscii | Field::Fqdn)) {
            ascii_domain = name.ascii_domain().unwrap_or(Cow::Borrowed(NO_DOMAIN));
            ascii_end = ascii::domain(name.domain_text().unwrap_or(text));
        }
        OwnedParts {
            domain: name.domain().unwrap_or_default(),
            domain_without_suffix: name.domain_without_suffix().unwrap_or_default(),
            suffix: name.suffix().unwrap_or_default(),
            ascii_domain,
            ascii_end,
            has_escapes: text.contains(&b'\\'),
            name,
        }
    }

    fn as_parts(&self) -> Parts<'_> {
        Parts {
            domain: Slice::whole(self.domain.as_bytes()),
            domain_without_suffix: Slice::whole(self.domain_without_suffix.as_bytes()),
            suffix: Slice::whole(self.suffix.as_bytes()),
            subdomain: Slice::whole(self.name.subdomain().unwrap_or_default()),
            subdomain_labels: self.name.subdomain_labels(),
            suffix_type: self.name.suffix_type(),
            ascii_domain: Slice::whole(self.ascii_domain.as_bytes()),
            ascii_end: Slice::whole(self.ascii_end.as_bytes()),
            has_escapes: self.has_escapes,
        }
    }
}

/// The parts of a name. A part that the name does not have is empty.
struct Parts<'n> {
    domain: Slice<'n>,
    domain_without_suffix: Slice<'n>,
    suffix: Slice<'n>,
    subdomain: Slice<'n>,
    subdomain_labels: usize,
    suffix_type: Option<SuffixType>,
    /// See [`OwnedParts`].
    ascii_domain: Slice<'n>,
    ascii_end: Slice<'n>,
    /// Whether the name has escapes, so that its bytes on the wire are measured.
    has_escapes: bool,
}

impl Parts<'_> {
    #[inline]
    fn subdomain_length(&self) -> usize {
        let subdomain = self.subdomain.as_bytes();
        if self.has_escapes { wire::length(subdomain) } else { length(subdomain) }
    }

    #[inline]
    fn subdomain_entropy(&self) -> Option<f64> {
        let subdomain = self.subdomain.as_bytes();
        if self.has_escapes { wire::shannon(subdomain) } else { shannon(subdomain) }
    }
}

const ICANN: Slice<'static> = padded(b"icann                           ");
const PRIVATE: Slice<'static> = padded(b"private                         ");
const UNLISTED: Slice<'static> = padded(b"unlisted                        ");

/// The text before the blanks, which let it be copied as one block.
const fn padded(block: &'static [u8; 32]) -> Slice<'static> {
    Slice { bytes: block, start: 0, end: block.trim_ascii_end().len() }
}

#[inline]
fn write_name(field: Field, parts: &Parts<'_>, sink: &mut impl ValueSink) {
    match field {
        Field::Domain => sink.lower(parts.domain),
        Field::Subdomain => sink.text(parts.subdomain),
        Field::DomainWithoutTld => sink.lower(parts.domain_without_suffix),
        Field::Tld => sink.lower(parts.suffix),
        Field::SubdomainCount => sink.number(parts.subdomain_labels),
        Field::SubdomainLength => match parts.subdomain.as_bytes() {
            b"" => sink.empty(),
            _ => sink.number(parts.subdomain_length()),
        },
        Field::Shannon => write_entropy(parts.subdomain_entropy(), sink),
        Field::SuffixType => match parts.suffix_type {
            Some(SuffixType::Icann) => sink.text(ICANN),
            Some(SuffixType::Private) => sink.text(PRIVATE),
            Some(SuffixType::Unlisted) => sink.text(UNLISTED),
            None => sink.empty(),
        },
        Field::DomainAscii => sink.lower(parts.ascii_domain),
        Field::Fqdn => match parts.subdomain.as_bytes() {
            b"" => sink.lower(parts.ascii_end),
            _ => sink.joined(parts.subdomain, parts.ascii_end),
        },
        _ => write_judgement(field, parts.subdomain.as_bytes(), sink),
    }
}

#[inline]
fn write_entropy(entropy: Option<f64>, sink: &mut impl ValueSink) {
    match entropy {
        Some(bits) => sink.float(bits),
        None => sink.empty(),
    }
}

/// Writes what the detector says of a single subdomain.
fn write_judgement(field: Field, subdomain: &[u8], sink: &mut impl ValueSink) {
    if subdomain.is_empty() {
        return sink.empty();
    }
    match field {
        Field::Encoding => {
            sink.text(Slice::whole(NameEvidence::measure(subdomain).encoding.as_str().as_bytes()));
        }
        Field::PayloadBytes => sink.number(usize::from(NameEvidence::measure(subdomain).payload_bytes)),
        Field::Surprisal => match surprisal(subdomain) {
            Some(bits) => sink.float(bits),
            None => sink.empty(),
        },
        Field::Score => sink.number(usize::from(judge_name(subdomain))),
        // Only URLs have the other fields.
        _ => sink.empty(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::names::{ListName, Lists};
    use crate::rows::{Output, Outputs};

    proptest! {
        #[test]
        fn both_sinks_get_the_same_values(
            before in "[a-z,]{0,3}", after in "[a-z,]{0,70}",
            name in "([a-zA-Z0-9_=/-]{1,20}\\.){0,5}([a-zA-Z0-9-]{1,63}\\.){0,3}([a-z|*\\\\=_]{1,4}\\.)?(com|co\\.UK|github\\.io|Xyzzy|dk)",
        ) {
            let bytes = format!("{before}{name}{after}");
            let slice = Slice { bytes: bytes.as_bytes(), start: before.len(), end: before.len() + name.len() };
            let lists = Lists::new(PathBuf::new());
            let list = lists.load(ListName::Mozilla);
            let fields: Vec<Field> = Mode::Name.fields().into_iter().map(|(_, field)| field).collect();
            if let Some(ordinary) = OrdinaryName::split(slice, list).filter(|name| name.has_plain_domain(slice.bytes)) {
                let mut row = b"row".to_vec();
                write_ordinary(slice.bytes, &ordinary, &fields, &mut AsciiCells::new(&mut row));
                let mut outputs = vec![Output::default(); fields.len()];
                write_value(name.as_bytes(), Mode::Name, list, &fields, &mut Outputs::new(&mut outputs));
                let mut cells = vec![&b"row"[..]];
                cells.extend(outputs.iter().map(Output::plain));
                let expected = cells.join(&b',');
                prop_assert_eq!(String::from_utf8_lossy(&row), String::from_utf8_lossy(&expected));
            }
        }
    }
}
