//! The values of the output fields: one writer over two sinks.
//!
//! The fast path writes an ordinary name's values as [`AsciiCells`] straight into the reply. All other values go to
//! [`Outputs`](crate::rows::Outputs), which hold several values for each field and quote what needs quotes. Both go through [`write_name`],
//! so a new field is written once. The tests compare both sinks.

use std::borrow::Cow;

use super::fields::{Field, Mode};
use crate::detect::{NameEvidence, Zone, judge_name, surprisal};
use crate::features::{length, shannon};
use crate::names::host::is_address;
use crate::names::logged::{self, Logged};
use crate::names::ordinary::{OrdinaryName, only_suffix, without_dots};
use crate::names::{NO_DOMAIN, Name, SuffixTable, SuffixType, ascii, wire};
use crate::rows::{AsciiCells, ValueSink, needs_quotes};
use crate::simd;
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

/// Fast path for a DNS name that needs no quotes in CSV: as [`write_value`], straight into the reply. `None` if it steps aside;
/// then nothing was written.
#[inline]
pub fn write_bare(
    value: Slice<'_>,
    list: &SuffixTable,
    fields: &[Field],
    cells: &mut AsciiCells<'_>,
) -> Option<bool> {
    if write_ordinary(value, list, fields, cells) {
        Some(true)
    } else {
        write_unusual(value, list, fields, &mut UnusualCells(cells))
    }
}

/// Writes the values of an ordinary name whose domain is written as it is. Returns whether it is one.
#[inline]
fn write_ordinary(
    value: Slice<'_>,
    list: &SuffixTable,
    fields: &[Field],
    cells: &mut impl ValueSink,
) -> bool {
    let Some(name) = OrdinaryName::split(value, list).filter(|name| name.has_plain_domain(value.bytes))
    else {
        return false;
    };
    let slice = |start, end| Slice { start, end, ..value };
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
    true
}

/// Writes the values of a name that is all suffix, such as one of one label. Returns whether it is one.
fn write_suffix(value: Slice<'_>, list: &SuffixTable, fields: &[Field], cells: &mut impl ValueSink) -> bool {
    let Some(suffix_type) = only_suffix(value, list) else { return false };
    let none = Slice::whole(b"");
    let parts = Parts {
        domain: none,
        domain_without_suffix: none,
        suffix: value,
        subdomain: none,
        subdomain_labels: 0,
        suffix_type: Some(suffix_type),
        ascii_domain: Slice::whole(NO_DOMAIN.as_bytes()),
        ascii_end: value,
        has_escapes: false,
    };
    for &field in fields {
        write_name(field, &parts, cells);
    }
    true
}

/// The cells of unusual names: a type of its own, so that the code for ordinary names is compiled into its only caller.
struct UnusualCells<'c, 'r>(&'c mut AsciiCells<'r>);

impl ValueSink for UnusualCells<'_, '_> {
    fn empty(&mut self) {
        self.0.empty();
    }

    fn text(&mut self, text: Slice<'_>) {
        self.0.text(text);
    }

    fn lower(&mut self, text: Slice<'_>) {
        self.0.lower(text);
    }

    fn joined(&mut self, text: Slice<'_>, lower: Slice<'_>) {
        self.0.joined(text, lower);
    }

    fn number(&mut self, number: usize) {
        self.0.number(number);
    }

    fn float(&mut self, number: f64) {
        self.0.float(number);
    }
}

/// Writes the values of any other name or address.
#[inline(never)]
fn write_unusual(
    value: Slice<'_>,
    list: &SuffixTable,
    fields: &[Field],
    cells: &mut UnusualCells<'_, '_>,
) -> Option<bool> {
    if without_dots(value).is_some_and(|name| write_ordinary(name, list, fields, cells))
        || write_suffix(value, list, fields, cells)
    {
        return Some(true);
    }
    let logged = match value.as_bytes() {
        b"" => {
            for _ in fields {
                cells.empty();
            }
            return Some(true);
        }
        address if is_address(address) => Logged::Address,
        value => logged::read(value),
    };
    if let Logged::Name(text) = &logged {
        let decoded = matches!(text, Cow::Owned(_));
        if decoded && needs_quotes(text) {
            return None;
        }
        // With bytes after the name it is copied and compared in blocks.
        let mut block = [0; 2 * simd::BLOCK];
        if let Some(name) = block.get_mut(..text.len())
            && text.len() <= simd::BLOCK
        {
            name.copy_from_slice(text);
            let name = Slice { bytes: &block, start: 0, end: text.len() };
            if write_ordinary(name, list, fields, cells) || write_suffix(name, list, fields, cells) {
                return Some(true);
            }
        }
    }
    let name = HostName::split(&logged, list, fields);
    for &field in fields {
        name.write(field, cells);
    }
    Some(logged != Logged::Unreadable)
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
    /// The label before the suffix, a dot, the suffix.
    domain: Cow<'h, str>,
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
            suffix: name.suffix().unwrap_or_default(),
            ascii_domain,
            ascii_end,
            has_escapes: text.contains(&b'\\'),
            name,
        }
    }

    fn as_parts(&self) -> Parts<'_> {
        let domain = Slice::whole(self.domain.as_bytes());
        let label = domain.end.saturating_sub(self.suffix.len() + 1);
        Parts {
            domain,
            domain_without_suffix: Slice { end: label, ..domain },
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
        _ => write_judgement(field, parts.domain.as_bytes(), parts.subdomain.as_bytes(), sink),
    }
}

#[inline]
fn write_entropy(entropy: Option<f64>, sink: &mut impl ValueSink) {
    match entropy {
        Some(bits) => sink.float(bits),
        None => sink.empty(),
    }
}

/// Writes what the detector says of a single subdomain of `domain`.
fn write_judgement(field: Field, domain: &[u8], subdomain: &[u8], sink: &mut impl ValueSink) {
    if subdomain.is_empty() {
        return sink.empty();
    }
    let evidence = || NameEvidence::measure_in(Zone::of(domain), subdomain);
    match field {
        Field::Encoding => sink.text(Slice::whole(evidence().encoding.as_str().as_bytes())),
        Field::PayloadBytes => sink.number(usize::from(evidence().payload_bytes)),
        Field::Surprisal => match surprisal(subdomain) {
            Some(bits) => sink.float(bits),
            None => sink.empty(),
        },
        Field::Score => sink.number(usize::from(judge_name(&evidence()))),
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

    /// Compares the fast path with the plain one, for a name in the middle of other bytes. Returns whether it applied.
    fn check(before: &str, name: &str, after: &str) -> bool {
        let bytes = format!("{before}{name}{after}");
        let slice = Slice { bytes: bytes.as_bytes(), start: before.len(), end: before.len() + name.len() };
        let lists = Lists::new(PathBuf::new());
        let list = lists.load(ListName::Mozilla);
        let fields: Vec<Field> = Mode::Name.fields().into_iter().map(|(_, field)| field).collect();
        let mut row = b"row".to_vec();
        let Some(readable) = write_bare(slice, list, &fields, &mut AsciiCells::new(&mut row)) else {
            assert_eq!(row, b"row", "nothing was written");
            return false;
        };
        let mut outputs = vec![Output::default(); fields.len()];
        let plainly =
            write_value(name.as_bytes(), Mode::Name, list, &fields, &mut Outputs::new(&mut outputs));
        assert_eq!(readable, plainly, "{name:?}");
        let mut cells = vec![&b"row"[..]];
        cells.extend(outputs.iter().map(Output::plain));
        assert_eq!(String::from_utf8_lossy(&row), String::from_utf8_lossy(&cells.join(&b',')), "{name:?}");
        true
    }

    #[test]
    fn forms_of_whole_sources_are_written_straight() {
        for name in [
            "www.example.com",
            "www.example.com.",
            ".www.example.com.",
            "(3)www(7)example(3)com(0)",
            "www.m\u{fc}ller.de.",
            "WWW\\.\\195\\164.com",
            "wpad",
            "co.uk",
            "10.0.0.1",
            "10.0.0.1.",
            "[fe80::1%eth0]",
            "www.example.com:53",
            "-",
            "",
            ".",
            "https://example.com",
            "a|b.com.",
            "\u{ff0c}x.com",
        ] {
            assert!(
                check("", name, "") && check("a,", name, ",b") && check("", name, &",.".repeat(99)),
                "{name}"
            );
        }
        assert!(!check("", r"a\u002cb.com", ""), "a comma that the reader decodes");
    }

    proptest! {
        #[test]
        fn both_sinks_get_the_same_values(
            before in "[a-z,]{0,3}", after in "[a-z,]{0,70}",
            name in "([a-zA-Z0-9_=/-]{1,20}\\.){0,5}([a-zA-Z0-9-]{1,63}\\.){0,3}([a-z|*\\\\=_]{1,4}\\.)?(com|co\\.UK|github\\.io|Xyzzy|dk)",
            dots in prop::sample::select(vec![("", ""), ("", "."), (".", ""), (".", "."), ("..", ".."), (" ", "")]),
        ) {
            let name = [dots.0, &name, dots.1].concat();
            prop_assert!(check(&before, &name, &after));
        }

        #[test]
        fn forms_of_logs_are_written_alike(
            name in "\\(?[0-9]?[0-9]?\\)?(\\.|[a-c0-9:]{1,3}|[A-Z(){}'<> %#/-]|\\\\[x.]?|\\\\[0-9]{3}|\\PC|\\.com|\\.co\\.uk|:53|\\(3\\)com\\(0\\)){0,9}",
            after in "[a-z,]{0,70}",
        ) {
            if !needs_quotes(name.as_bytes()) {
                check("x,", &name, &after);
            }
        }
    }
}
