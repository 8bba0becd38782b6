//! What kind of names a domain has: some kinds are judged in another way.

use crate::names::NO_DOMAIN;

/// The zones in which addresses are written as names (RFC 1035, section 3.5; RFC 3596, section 2.5; RFC 1886).
const REVERSE: [&[u8]; 3] = [b"in-addr.arpa", b"ip6.arpa", b"ip6.int"];
/// Where services announce themselves on the local link.
const SERVICE_DISCOVERY: [&[u8]; 2] = [b"_tcp.local", b"_udp.local"];
/// The longest `NetBIOS` name, in bytes. Windows cuts names of computers to it, search lists and `NetBIOS` ask for such
/// names without a domain, and Chrome's probes for redirecting resolvers have 7 to 15 letters.
pub(super) const HOST_NAME: usize = 15;
/// The excess of a name of one label that is no longer than that is divided by this where names have no domain: then thousands
/// of them still look ordinary.
pub(super) const HOST_PART: u32 = 64;
/// The most letters of a word in a label of a reverse zone, and the most digits of a number.
const MAX_WORD: usize = 12;
const MAX_NUMBER: usize = 5;
/// The hexadecimal digits of a group of an IPv6 address.
const MAX_GROUP: usize = 4;
/// The longest label of a reverse zone that is a range or an address.
const MAX_RANGE: usize = 40;

/// The kind of names of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Zone {
    /// Names of hosts.
    #[default]
    Ordinary,
    /// A reverse zone: names are addresses.
    Reverse,
    /// Names that announce services on the local link (DNS-SD over mDNS, RFC 6763) and never leave it.
    ServiceDiscovery,
    /// Names without a registrable domain: whole names.
    NoDomain,
}

impl Zone {
    /// The zone of a domain.
    ///
    /// ```
    /// use dnsentropy::detect::Zone;
    ///
    /// assert_eq!(Zone::of(b"10.in-addr.arpa"), Zone::Reverse);
    /// assert_eq!(Zone::of(b"example.com"), Zone::Ordinary);
    /// ```
    pub fn of(domain: &[u8]) -> Zone {
        let is = |zone: &&[u8]| domain.eq_ignore_ascii_case(zone);
        if REVERSE.iter().any(|zone| is_at_or_below(domain, zone)) {
            Zone::Reverse
        } else if SERVICE_DISCOVERY.iter().any(is) {
            Zone::ServiceDiscovery
        } else if domain == NO_DOMAIN.as_bytes() {
            Zone::NoDomain
        } else {
            Zone::Ordinary
        }
    }

    /// Whether digits of addresses and ranges in labels are not data.
    pub(super) fn has_addresses(self) -> bool {
        matches!(self, Zone::Reverse | Zone::NoDomain)
    }

    /// Whether the excess of a name counts in part: it is one label, as short as a computer's name, without a domain.
    pub(super) fn is_host_name(self, name: &[u8]) -> bool {
        self == Zone::NoDomain && name.len() <= HOST_NAME && !name.contains(&b'.')
    }
}

fn is_at_or_below(domain: &[u8], zone: &[u8]) -> bool {
    let split = domain.len().checked_sub(zone.len()).map(|start| domain.split_at(start));
    split.is_some_and(|(before, end)| {
        end.eq_ignore_ascii_case(zone) && before.last().is_none_or(|&last| last == b'.')
    })
}

/// The words of a label of a reverse zone if the label is otherwise an address, a part of one or a range, as they are
/// delegated (RFC 2317) and as people write them: `0-25`, `0/25`, `128-191`, `sub-128`, `64to127`, `2001-db8`. They
/// are without digits, so that digits are never data. `None` for other labels, such as encoded data.
pub(super) fn words_of_range(label: &[u8]) -> Option<Vec<u8>> {
    if label.len() > MAX_RANGE {
        return None;
    }
    let mut words = Vec::new();
    for part in label.split(|byte| !byte.is_ascii_alphanumeric()) {
        if part.len() <= MAX_GROUP && part.iter().all(u8::is_ascii_hexdigit) {
            continue;
        }
        let digits = |part: &[u8]| part.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, rest) = part.split_at(digits(part));
        let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, after) = rest.split_at(letters);
        if before.len() > MAX_NUMBER
            || word.len() > MAX_WORD
            || after.len() > MAX_NUMBER
            || digits(after) < after.len()
        {
            return None;
        }
        words.extend_from_slice(word);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_the_domain_and_all_below() {
        for domain in [&b"in-addr.arpa"[..], b"1.in-addr.arpa", b"2.ip6.arpa", b"IP6.arpa", b"ip6.int"] {
            assert_eq!(Zone::of(domain), Zone::Reverse, "{domain:?}");
        }
        for domain in
            [&b"xin-addr.arpa"[..], b"in-addr.arpa.com", b"arpa", b"", b"e164.arpa", b"x._tcp.local"]
        {
            assert_eq!(Zone::of(domain), Zone::Ordinary, "{domain:?}");
        }
        assert_eq!(Zone::of(b"_tcp.local"), Zone::ServiceDiscovery);
        assert_eq!(Zone::of(b"(none)"), Zone::NoDomain);
    }

    #[test]
    fn ranges_have_their_words_only() {
        for (label, words) in [
            ("4", ""),
            ("256", ""),
            ("beef", ""),
            ("0-25", ""),
            ("0/25", ""),
            ("128-191", ""),
            ("64_26", ""),
            ("sub-128", "sub"),
            ("subnet64", "subnet"),
            ("64to127", "to"),
            ("96rng27", "rng"),
            ("192-168-1-0-24", ""),
            ("2001-0db8-0000-0000-0000-0000-0000-0001", ""),
            ("", ""),
        ] {
            assert_eq!(words_of_range(label.as_bytes()).as_deref(), Some(words.as_bytes()), "{label}");
        }
        for data in ["0DsAAHNIclYsFcDN", "1234567890123456789", "mf2ggzdfmzttq", "95fc03c0b0000000005b639e"] {
            assert_eq!(words_of_range(data.as_bytes()), None, "{data}");
        }
    }
}
