//! Record types as sources write them: `TXT`, `txt`, `16`, `TYPE16`, `16 (TXT)`, `IN TXT`, `A;TXT`.
//!
//! A source may keep a type's name in one field and its number in another (`qtype_name`, `qtype`). So a field with a name goes
//! before one with a number, and both go before one with any other text; among equals the first goes.

use std::borrow::Cow;

use crate::aggregate::{CommonTypes, RecordTypes};
use crate::rows::{Column, Row};
use crate::sources;

/// The fields in which sources keep the record type, in order of preference.
pub fn fields() -> impl Iterator<Item = &'static str> {
    certain_fields().chain(sources::ambiguous(ROLE).iter().copied())
}

fn certain_fields() -> impl Iterator<Item = &'static str> {
    sources::aliases(ROLE).iter().chain(&MORE_FIELDS).copied()
}

/// The role of these fields in the table of sources, and fields that are not in it: those of the data model before a `rename`.
const ROLE: &str = "record_type";
const MORE_FIELDS: [&str; 3] = ["DNS.record_type", "DNS.query_type", "type_name"];

/// A field in which an event may have its record type.
#[derive(Debug, Clone, Copy)]
pub struct TypeColumn {
    column: Column,
    /// Other logs use the field for something else, so that only a record type counts.
    is_ambiguous: bool,
}

impl TypeColumn {
    /// Those of the columns of [`fields`] that the chunk has.
    pub fn all(columns: &[Column]) -> Vec<TypeColumn> {
        let certain = certain_fields().count();
        let columns = columns.iter().enumerate().filter(|(_, column)| !column.is_missing());
        columns.map(|(index, &column)| TypeColumn { column, is_ambiguous: index >= certain }).collect()
    }

    /// The record types in a value of the field.
    fn read(self, value: &[u8]) -> impl Iterator<Item = (Kind, Cow<'static, str>)> {
        read(value).filter(move |(kind, _)| *kind != Kind::Other || !self.is_ambiguous)
    }
}

/// The types by number: <https://www.iana.org/assignments/dns-parameters>.
const NAMES: [(u16, &str); 90] = [
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (19, "X25"),
    (20, "ISDN"),
    (21, "RT"),
    (22, "NSAP"),
    (23, "NSAP-PTR"),
    (24, "SIG"),
    (25, "KEY"),
    (26, "PX"),
    (27, "GPOS"),
    (28, "AAAA"),
    (29, "LOC"),
    (30, "NXT"),
    (31, "EID"),
    (32, "NIMLOC"),
    (33, "SRV"),
    (34, "ATMA"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (38, "A6"),
    (39, "DNAME"),
    (40, "SINK"),
    (41, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (56, "NINFO"),
    (57, "RKEY"),
    (58, "TALINK"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (66, "DSYNC"),
    (99, "SPF"),
    (100, "UINFO"),
    (101, "UID"),
    (102, "GID"),
    (103, "UNSPEC"),
    (104, "NID"),
    (105, "L32"),
    (106, "L64"),
    (107, "LP"),
    (108, "EUI48"),
    (109, "EUI64"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (253, "MAILB"),
    (254, "MAILA"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
    (258, "AVC"),
    (259, "DOA"),
    (260, "AMTRELAY"),
    (32768, "TA"),
    (32769, "DLV"),
];

/// Other names of the type for all types.
const ANY: [&str; 2] = ["*", "ALL"];

/// What is written for no type.
const PLACEHOLDERS: [&str; 6] = ["", "-", "0", "unknown", "none", "n/a"];

/// Words beside a type's name or number: its class (RFC 1035, section 3.2.4), and what introduces or follows it.
const OTHER_WORDS: [&str; 10] = ["IN", "CH", "HS", "-", "type", "qtype", "query", "class", "record", "rr"];

/// What introduces a number (RFC 3597, section 5; Zeek), or a name, within a word.
const NUMBER_PREFIXES: [&str; 2] = ["TYPE", "query-"];
const NAME_PREFIX: &str = "DNS_TYPE_";

/// The most characters of a text that is not a record type.
const MAX_CHARACTERS: usize = 40;

/// What a text says of a record type, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Name,
    Number,
    Other,
}

/// The record types of an event: those of its best field.
pub fn of_event(row: Row<'_>, columns: &[TypeColumn]) -> RecordTypes {
    let mut best: Option<(Kind, RecordTypes)> = None;
    for column in columns {
        let (mut best_kind, mut types) = (None, RecordTypes::default());
        for value in row.values(column.column) {
            for (kind, name) in column.read(&value) {
                best_kind = best_kind.min(Some(kind)).or(Some(kind));
                types.insert(name.as_bytes());
            }
        }
        if let Some(kind) = best_kind
            && best.as_ref().is_none_or(|(best, _)| kind < *best)
        {
            best = Some((kind, types));
        }
    }
    best.map(|(_, types)| types).unwrap_or_default()
}

/// Fast path of [`of_event`]: plain cells with one type each, which is a common one. `None` if that is not so.
#[inline]
pub fn common_of_event(row: Row<'_>, columns: &[TypeColumn]) -> Option<CommonTypes> {
    let mut of_number = None;
    for column in columns {
        let value = row.only(column.column)?.as_bytes();
        if value.is_empty() {
            continue;
        }
        if let Some(common) = CommonTypes::from_name(value) {
            return Some(common);
        }
        let mut types = column.read(value);
        match (types.next(), types.next()) {
            (None, _) => {}
            (Some((Kind::Name, name)), None) => return CommonTypes::from_name(name.as_bytes()),
            (Some((Kind::Number, name)), None) => {
                let common = CommonTypes::from_name(name.as_bytes())?;
                of_number.get_or_insert(common);
            }
            _ => return None,
        }
    }
    Some(of_number.unwrap_or_default())
}

/// The record types in a value.
fn read(value: &[u8]) -> impl Iterator<Item = (Kind, Cow<'static, str>)> {
    value.split(|byte| b";,\n".contains(byte)).filter_map(read_one)
}

fn read_one(text: &[u8]) -> Option<(Kind, Cow<'static, str>)> {
    let is_around = |byte: &u8| byte.is_ascii_whitespace() || b"\"'[]".contains(byte);
    let start = text.iter().position(|byte| !is_around(byte))?;
    let end = text.iter().rposition(|byte| !is_around(byte))?;
    let text = &text[start..=end];
    if is_one_of(text, &PLACEHOLDERS) {
        return None;
    }
    let (mut name, mut number) = (None, None);
    for word in words(text) {
        if let Some(known) = known(word) {
            name.get_or_insert(known);
        } else if let Some(known) = number_of(word) {
            number.get_or_insert(known);
        } else if !is_one_of(word, &OTHER_WORDS) {
            return Some((Kind::Other, other(text)));
        }
    }
    let by_name = name.map(|name| (Kind::Name, Cow::Borrowed(name)));
    let by_number = || number.map(|number| (Kind::Number, name_of(number)));
    by_name.or_else(by_number).or_else(|| Some((Kind::Other, other(text))))
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_*".contains(byte) || !byte.is_ascii();
    text.split(move |byte| !is_part(byte)).filter(|word| !word.is_empty())
}

/// The type with this name, whatever its case.
fn known(word: &[u8]) -> Option<&'static str> {
    if word[0].is_ascii_digit() {
        return None;
    }
    let word = without_prefix(word, NAME_PREFIX).unwrap_or(word);
    let found = NAMES.iter().find(|(_, name)| word.eq_ignore_ascii_case(name.as_bytes()));
    found.map(|(_, name)| *name).or_else(|| is_one_of(word, &ANY).then_some("ANY"))
}

fn number_of(word: &[u8]) -> Option<u16> {
    let digits = NUMBER_PREFIXES.iter().find_map(|prefix| without_prefix(word, prefix)).unwrap_or(word);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

/// The name of a number. A type without one is written as RFC 3597 has it.
fn name_of(number: u16) -> Cow<'static, str> {
    match NAMES.binary_search_by_key(&number, |(number, _)| *number) {
        Ok(index) => Cow::Borrowed(NAMES[index].1),
        Err(_) => Cow::Owned(format!("TYPE{number}")),
    }
}

/// A text that is not a record type.
fn other(text: &[u8]) -> Cow<'static, str> {
    let text = String::from_utf8_lossy(text);
    Cow::Owned(text.chars().take(MAX_CHARACTERS).collect::<String>().to_ascii_uppercase())
}

fn without_prefix<'w>(word: &'w [u8], prefix: &str) -> Option<&'w [u8]> {
    let (start, rest) = word.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix.as_bytes()).then_some(rest)
}

fn is_one_of(text: &[u8], texts: &[&str]) -> bool {
    texts.iter().any(|other| text.eq_ignore_ascii_case(other.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_sources_write_them() {
        for (value, types) in [
            ("A", "A"),
            ("txt", "TXT"),
            ("1", "A"),
            ("28", "AAAA"),
            ("10", "NULL"),
            ("65", "HTTPS"),
            ("255", "ANY"),
            ("*", "ANY"),
            ("ALL", "ANY"),
            ("65399", "TYPE65399"),
            ("TYPE65", "HTTPS"),
            ("type65399", "TYPE65399"),
            ("TYPE 65", "HTTPS"),
            ("type=65", "HTTPS"),
            ("query-65", "HTTPS"),
            ("1 (A)", "A"),
            ("65 (HTTPS)", "HTTPS"),
            ("A (1)", "A"),
            ("28 - AAAA", "AAAA"),
            ("65399 (TYPE65399)", "TYPE65399"),
            ("IN A", "A"),
            ("A IN", "A"),
            ("IN TYPE65", "HTTPS"),
            ("CH TXT", "TXT"),
            ("A/IN", "A"),
            ("query[AAAA]", "AAAA"),
            ("DNS_TYPE_TXT", "TXT"),
            ("nsap-ptr", "NSAP-PTR"),
            ("\"TXT\"", "TXT"),
            ("[\"A\",\"AAAA\"]", "A AAAA"),
            ("A;AAAA", "A AAAA"),
            (" a ; 16,TXT", "A TXT"),
            ("A;;-", "A"),
            ("28.0", "AAAA"),
            ("-", ""),
            ("0", ""),
            ("unknown", ""),
            ("N/A", ""),
            ("", ""),
            (" ; ", ""),
            ("odd", "ODD"),
            ("65536", "65536"),
            ("not a type", "NOT A TYPE"),
            ("\u{e4}a", "\u{e4}A"),
            ("IN", "IN"),
        ] {
            let mut found = RecordTypes::default();
            read(value.as_bytes()).for_each(|(_, name)| found.insert(name.as_bytes()));
            assert_eq!(found.sorted().join(" "), types, "{value}");
        }
    }

    #[test]
    fn the_types_are_in_the_order_of_their_numbers() {
        assert!(NAMES.is_sorted_by(|(number, _), (next, _)| number < next));
    }
}
