//! The evidence of one name.

use super::alphabet::{Classes, Encoding};
use super::model::Model;
use super::zone::{HOST_NAME, HOST_PART, Zone, words_of_range};
use crate::names::wire;

/// Evidence of one distinct subdomain: all labels before the registrable domain.
///
/// It consists of small integers, so that sums are exact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct NameEvidence {
    /// Bytes without the dots between labels.
    pub characters: u16,
    /// Bits under the model of ordinary host names, summed over labels, in 1/256 bit.
    pub bits: u32,
    /// The bits beyond those of an ordinary name of this length, in 1/256 bit: see [`NameEvidence::measure`].
    pub excess: u32,
    /// Bytes of the longest label.
    pub longest_label: u8,
    /// The number of labels.
    pub labels: u8,
    /// The widest alphabet of the labels that look encoded.
    pub encoding: Encoding,
    /// The most bytes of data that those labels can carry.
    pub payload_bytes: u16,
}

/// Labels of names by which services announce themselves: DNS-SD (RFC 6763) and Active Directory. The labels before them
/// are names for people, and GUIDs.
const SERVICE_LABELS: [&[u8]; 4] = [b"_tcp", b"_udp", b"_sub", b"_msdcs"];
/// The excess of a name with such a label is divided by this.
const SERVICE_PART: u32 = 4;
/// The excess of a label that contains a digest, a GUID or an IPv4 address is divided by this.
const IDENTIFIER_PART: u32 = 8;
/// The hexadecimal digits of MD5, SHA-1 and SHA-256.
const DIGESTS: [usize; 3] = [32, 40, 64];
/// The hexadecimal digits of a GUID's groups.
const GUID: [usize; 5] = [8, 4, 4, 4, 12];
const GUID_LENGTH: usize = 36;
/// A name with this many labels of one hexadecimal digit contains an IPv6 address: 32 in IPv6 blocklists, 31 before a
/// registrable domain such as 2.ip6.arpa.
const NIBBLES: [usize; 2] = [31, 32];

impl NameEvidence {
    /// Measures `subdomain` in its original case, which is evidence too. An escape such as `\DDD` or `\xHH` counts as one byte.
    ///
    /// The excess of a label is its bits minus an allowance for each character and for the label. Irregular case
    /// adds to it if the label is unusual without it: names of ordinary words with randomised case (0x20) stay
    /// ordinary. Labels that are numbers up to 255 or belong to an IPv6 address have no excess. That of labels with
    /// digests, GUIDs or IPv4 addresses counts one eighth, that of names of service discovery one quarter.
    ///
    /// ```
    /// use dnsentropy::detect::{Encoding, NameEvidence};
    ///
    /// let evidence = NameEvidence::measure(b"6a57jk2ba1d9keg15cbg.t");
    /// assert_eq!((evidence.characters, evidence.encoding), (21, Encoding::Base32));
    /// assert!(evidence.excess > 40 * 256);
    /// ```
    pub fn measure(subdomain: &[u8]) -> NameEvidence {
        NameEvidence::measure_in(Zone::Ordinary, subdomain)
    }

    /// Measures `subdomain` of a domain in `zone`.
    ///
    /// In a reverse zone the digits of labels that are addresses, parts of them or ranges have no excess, however many labels
    /// there are. The excess of a single short label without a domain counts 1/64.
    ///
    /// ```
    /// use dnsentropy::detect::{NameEvidence, Zone};
    ///
    /// assert_eq!(NameEvidence::measure_in(Zone::Reverse, b"7.0-127.2").excess, 0);
    /// ```
    pub fn measure_in(zone: Zone, subdomain: &[u8]) -> NameEvidence {
        NameEvidence::measure_with(Model::embedded(), zone, subdomain)
    }

    /// Measures `subdomain` of a domain in `zone` by the parameters of `model`.
    pub fn measure_with(model: &Model, zone: Zone, subdomain: &[u8]) -> NameEvidence {
        let mut evidence = NameEvidence::default();
        if subdomain.is_empty() {
            return evidence;
        }
        let labels = || wire::labels(subdomain);
        let holds_address = subdomain.len() >= 2 * NIBBLES[0] - 1
            && NIBBLES.contains(&labels().filter(|label| is_nibble(label)).count());
        let is_host_name = zone.is_host_name(subdomain);
        let (mut payload, mut service) = (0, false);
        for label in labels() {
            service |= label.first() == Some(&b'_')
                && SERVICE_LABELS.iter().any(|service| label.eq_ignore_ascii_case(service));
            evidence.labels = evidence.labels.saturating_add(1);
            if label.is_empty() {
                continue;
            }
            let bits = model.bits(&label);
            evidence.characters = evidence.characters.saturating_add(to_u16(label.len()));
            evidence.bits = evidence.bits.saturating_add(bits);
            evidence.longest_label = evidence.longest_label.max(u8::try_from(label.len()).unwrap_or(u8::MAX));
            if is_octet(&label) || (holds_address && is_nibble(&label)) {
                continue;
            }
            let classes = Classes::new(&label);
            let words = if zone.has_addresses() { words_of_range(&label) } else { None };
            let mut excess = match words {
                Some(words) if words.is_empty() => continue,
                Some(words) => excess(model, &words, Classes::new(&words), model.bits(&words), zone),
                None => excess(model, &label, classes, bits, zone),
            };
            if is_host_name {
                excess /= HOST_PART;
            }
            evidence.excess = evidence.excess.saturating_add(excess);
            if excess >= model.names.unusual && !is_host_name {
                let encoding = Encoding::from_classes(classes);
                evidence.encoding = evidence.encoding.max(encoding);
                payload += encoding.payload_bytes(label.len());
            }
        }
        if service {
            evidence.excess /= SERVICE_PART;
        }
        evidence.payload_bytes = to_u16(payload);
        evidence
    }

    /// The evidence of a name that begins with the labels of this one and ends in those of `other`.
    #[must_use]
    pub fn before(self, other: NameEvidence) -> NameEvidence {
        NameEvidence {
            characters: self.characters.saturating_add(other.characters),
            bits: self.bits.saturating_add(other.bits),
            excess: self.excess.saturating_add(other.excess),
            longest_label: self.longest_label.max(other.longest_label),
            labels: self.labels.saturating_add(other.labels),
            encoding: self.encoding.max(other.encoding),
            payload_bytes: self.payload_bytes.saturating_add(other.payload_bytes),
        }
    }

    /// The evidence of a name that was queried in two spellings of case: that of the more ordinary spelling.
    ///
    /// Resolvers that randomise case (0x20) query one name in many spellings, so names that differ only by case count
    /// once.
    #[must_use]
    pub fn or_spelt(self, other: NameEvidence) -> NameEvidence {
        let order = |evidence: &NameEvidence| (evidence.excess, evidence.to_bytes());
        if order(&other) < order(&self) { other } else { self }
    }

    /// Whether the name may be that of a computer, if it is one without a domain: one short label.
    pub fn may_be_host(&self) -> bool {
        self.labels == 1 && usize::from(self.characters) <= HOST_NAME
    }

    /// The number of bytes of [`NameEvidence::to_bytes`].
    pub const BYTES: usize = 15;

    /// The evidence as bytes, the same on every machine.
    pub fn to_bytes(self) -> [u8; NameEvidence::BYTES] {
        let mut bytes = [0; NameEvidence::BYTES];
        bytes[..2].copy_from_slice(&self.characters.to_le_bytes());
        bytes[2..6].copy_from_slice(&self.bits.to_le_bytes());
        bytes[6..10].copy_from_slice(&self.excess.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[12] = self.longest_label;
        bytes[13] = self.labels;
        bytes[14] = self.encoding as u8;
        bytes
    }

    /// Evidence from its bytes; `None` if the byte of the encoding is unknown.
    pub fn from_bytes(bytes: [u8; NameEvidence::BYTES]) -> Option<NameEvidence> {
        let [c0, c1, b0, b1, b2, b3, e0, e1, e2, e3, p0, p1, longest_label, labels, encoding] = bytes;
        Some(NameEvidence {
            characters: u16::from_le_bytes([c0, c1]),
            bits: u32::from_le_bytes([b0, b1, b2, b3]),
            excess: u32::from_le_bytes([e0, e1, e2, e3]),
            payload_bytes: u16::from_le_bytes([p0, p1]),
            longest_label,
            labels,
            encoding: *Encoding::ALL.get(usize::from(encoding))?,
        })
    }
}

/// The bits of `label` beyond those of an ordinary one.
fn excess(model: &Model, label: &[u8], classes: Classes, bits: u32, zone: Zone) -> u32 {
    let names = &model.names;
    let ordinary = u32::from(to_u16(label.len())).saturating_mul(names.character).saturating_add(names.label);
    let excess = bits.saturating_sub(ordinary);
    // Services put digests below their domains.
    let counts_in_full = zone == Zone::NoDomain && is_digest(label, classes);
    if is_identifier(label, classes) && !counts_in_full {
        return excess / IDENTIFIER_PART;
    }
    if excess < names.unusual || !classes.mix_case() {
        return excess;
    }
    let changes = label.iter().zip(label.iter().skip(1));
    let changes = changes.filter(|(before, after)| before.is_ascii_lowercase() && after.is_ascii_uppercase());
    let changes = u32::from(to_u16(changes.count()));
    if changes > 0 {
        return excess.saturating_add(names.mixed_case + changes * names.case_change);
    }
    excess
}

/// Whether `label` is a number up to 255, as in reversed IPv4 addresses.
fn is_octet(label: &[u8]) -> bool {
    let digits = label.len() <= 3 && !label.is_empty() && label.iter().all(u8::is_ascii_digit);
    digits && label.iter().fold(0, |number, digit| 10 * number + u32::from(digit - b'0')) <= 255
}

fn is_nibble(label: &[u8]) -> bool {
    label.len() == 1 && label[0].is_ascii_hexdigit()
}

/// Whether `label`, of these classes of bytes, has as many hexadecimal digits as a digest.
fn is_digest(label: &[u8], classes: Classes) -> bool {
    DIGESTS.contains(&label.len()) && classes.are_hexadecimal()
}

/// Whether `label`, of these classes of bytes, is an identifier as services put them into names: a GUID, or between
/// hyphens an MD5, SHA-1 or SHA-256 digest in hexadecimal digits or the four numbers of an IPv4 address.
fn is_identifier(label: &[u8], classes: Classes) -> bool {
    if !classes.have_hyphens() {
        return is_digest(label, classes);
    }
    let parts = || label.split(|byte| b"-_".contains(byte));
    let is_hexadecimal = |part: &[u8]| part.iter().all(u8::is_ascii_hexdigit);
    let mut octets = 0;
    for part in parts() {
        octets = if is_octet(part) { octets + 1 } else { 0 };
        if octets == 4 || (DIGESTS.contains(&part.len()) && is_hexadecimal(part)) {
            return true;
        }
    }
    label.len() == GUID_LENGTH && parts().map(<[u8]>::len).eq(GUID) && parts().all(is_hexadecimal)
}

fn to_u16(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits_of_excess(subdomain: &str) -> u32 {
        NameEvidence::measure(subdomain.as_bytes()).excess / 256
    }

    #[test]
    fn ordinary_names_have_hardly_any_excess() {
        for name in
            ["www", "mail", "static.cdn", "autodiscover", "images", "api.eu-west-1", "blog", "ns1", ""]
        {
            assert!(bits_of_excess(name) <= 8, "{name}: {}", bits_of_excess(name));
        }
    }

    #[test]
    fn encoded_names_have_much() {
        for (name, least, encoding) in [
            ("0DsAAHNIclYsFcDN", 40, Encoding::Base64),
            ("6a57jk2ba1d9keg15cbg.appsync-api.eu-west-1", 50, Encoding::Base32),
            ("95fc03c0b0000000005b639e1554560947d038151ddb18e860dcbac93417", 80, Encoding::Hex),
            (r"0ebl582\xca2hb\xbe\xee\xf0\xd6gp\xcb\xddxb\xde\xdeP", 60, Encoding::Binary),
        ] {
            let evidence = NameEvidence::measure(name.as_bytes());
            assert!(evidence.excess / 256 >= least, "{name}: {evidence:?}");
            assert_eq!(evidence.encoding, encoding, "{name}");
            assert!(evidence.payload_bytes > 8, "{name}: {evidence:?}");
        }
    }

    #[test]
    fn addresses_have_no_excess() {
        let nibbles = "b.a.9.8.7.6.5.4.3.2.1.0.f.e.d.c.b.a.9.8.7.6.5.4.8.b.d.0.1.0.0.2";
        for name in ["4.3.2.1", "254.17.168.192.list", nibbles] {
            assert_eq!(bits_of_excess(name), 0, "{name}");
        }
        assert!(bits_of_excess("q.x.j.k.4.3.2.1.qxjkvz4wpq") > 10);
    }

    #[test]
    fn encoded_text_counts_in_reverse_zones_too() {
        let reverse = |name: &str| NameEvidence::measure_in(Zone::Reverse, name.as_bytes()).excess / 256;
        for name in ["7.0-127.2", "9.sub-128.0.1", "3.net64.2", "5.64to127.8", "host7.4", "www.1.2"] {
            assert!(reverse(name) < 2, "{name}: {}", reverse(name));
        }
        for name in [
            "0DsAAHNIclYsFcDN.3.2",
            "95fc03c0b0000000005b639e1554560947d038151ddb18e8.1",
            "mzxw6ytboi4tcmrt.9",
        ] {
            assert_eq!(reverse(name), bits_of_excess(name), "{name}");
        }
        assert!(reverse("qxkvjzwpqht12.1") > 5);
    }

    #[test]
    fn a_short_single_label_without_a_domain_hardly_counts() {
        let none = |name: &str| NameEvidence::measure_in(Zone::NoDomain, name.as_bytes());
        for name in ["desktop-q7x9kz2", "qxkvjzwpqhtrb"] {
            assert!(none(name).excess / 256 <= bits_of_excess(name) / 64, "{name}");
            assert_eq!(none(name).payload_bytes, 0);
        }
        for name in ["mzxw6ytboi4tcmrtme", "dnscat.9f8e7d6c5b", "www.mail"] {
            assert_eq!(none(name), NameEvidence::measure(name.as_bytes()), "{name}");
        }
        let digest = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        assert!(none(digest).excess / 256 > 40 && bits_of_excess(digest) < 20);
        for name in ["ec2-203-0-113-9.compute-1.amazonaws.com", "54540b4e-6ae9-4836-97b1-0f52ff00a24a"] {
            assert!(none(name).excess / 256 < 16, "{name}: {}", none(name).excess / 256);
        }
    }

    #[test]
    fn digests_guids_and_service_names_count_in_part() {
        let identifier = |label: &[u8]| is_identifier(label, Classes::new(label));
        let digest = "776f5e5cb0f63d5cf5f7b33d077887e4";
        assert!(bits_of_excess(digest) * 4 < bits_of_excess(&digest[1..]));
        assert!(identifier(b"54540b4e-6ae9-4836-97b1-0f52ff00a24a"));
        assert!(!identifier(b"54540b4e-6ae9-4836-97b1+0f52ff00a24a"));
        assert!(identifier(b"ip-10-20-30-40") && identifier(b"10-20-30-40-static"));
        assert!(!identifier(b"10-20-30-400") && !identifier(b"1-2-3"));
        let plain = bits_of_excess("qxkvjzwpqhtr");
        assert!(bits_of_excess("qxkvjzwpqhtr._tcp") <= plain / 4 + 2);
    }

    #[test]
    fn irregular_case_is_evidence_only_where_the_name_is_unusual() {
        assert!(bits_of_excess("RdIBJAE5BA") > bits_of_excess("rdibjae5ba") + 10);
        assert_eq!(bits_of_excess("wWw.MaIl"), bits_of_excess("www.mail"));
        let [mixed, lower] = [&b"RdIBJAE5BA"[..], b"rdibjae5ba"].map(NameEvidence::measure);
        assert_eq!((mixed.or_spelt(lower), lower.or_spelt(mixed)), (lower, lower));
    }

    #[test]
    fn an_escape_is_one_byte() {
        for name in [&br"\xca\xe4Z.\x2e"[..], br"\202\228Z.\046", br"\xca\228Z.\."] {
            let evidence = NameEvidence::measure(name);
            assert_eq!((evidence.characters, evidence.labels, evidence.longest_label), (4, 2, 3));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_evidence_that_survives_its_bytes(name in prop::collection::vec(any::<u8>(), 0..400)) {
            let evidence = NameEvidence::measure(&name);
            prop_assert!(evidence.excess <= evidence.bits + 256 * 4 * 400);
            prop_assert!(usize::from(evidence.characters) <= name.len());
            prop_assert!(evidence.payload_bytes <= evidence.characters);
            prop_assert_eq!(NameEvidence::from_bytes(evidence.to_bytes()), Some(evidence));
        }

        #[test]
        fn labels_add_up(one in "[a-zA-Z0-9-]{0,40}", other in "[a-zA-Z0-9-]{1,40}") {
            let [first, second] = [&one, &other].map(|label| NameEvidence::measure(label.as_bytes()));
            let joined = NameEvidence::measure(format!("{one}.{other}").as_bytes());
            prop_assert_eq!(joined.characters, first.characters + second.characters);
            prop_assert_eq!(joined.excess, first.excess + second.excess);
            prop_assert_eq!(joined.encoding, first.encoding.max(second.encoding));
            prop_assert_eq!(joined.payload_bytes, first.payload_bytes + second.payload_bytes);
            if !one.is_empty() {
                prop_assert_eq!(first.before(second), joined);
            }
        }

        #[test]
        fn addresses_and_ranges_of_reverse_zones_have_no_excess(
            labels in prop::collection::vec(
                "[0-9]{1,3}|[0-9a-f]{1,4}|[0-9]{1,3}[-/_][0-9]{1,3}|([0-9]{1,3}-){3}[0-9]{1,3}", 1..40,
            ),
        ) {
            let evidence = NameEvidence::measure_in(Zone::Reverse, labels.join(".").as_bytes());
            prop_assert_eq!((evidence.excess, evidence.payload_bytes, evidence.encoding), (0, 0, Encoding::None));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<[u8; NameEvidence::BYTES]>()) {
            if let Some(evidence) = NameEvidence::from_bytes(bytes) {
                prop_assert_eq!(evidence.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_cell_of_megabytes_does_not_hang() {
        let evidence = NameEvidence::measure(&vec![b'q'; 10_000_000]);
        assert_eq!((evidence.characters, evidence.longest_label), (u16::MAX, u8::MAX));
    }
}
