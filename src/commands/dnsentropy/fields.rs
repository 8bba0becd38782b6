//! The output fields: their names, and which a search gets.

/// How the value of the event's field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a DNS name, taken whole.
    Name,
    /// As a URL, which may lack its scheme.
    Url,
    /// As any text, of which only the entropy is measured.
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
    DomainAscii,
    Fqdn,
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

/// Which searches get a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Those that do not name their fields.
    Default,
    /// Those that ask for it: what the detector says of a single name, and the spelling by which `dnsexfil` groups.
    OnRequest,
    /// Those with `mode=url`.
    Url,
}

/// Every output field with its name without prefix, in the order of the columns.
const FIELDS: [(&str, Field, Group); 23] = [
    ("domain", Field::Domain, Group::Default),
    ("subdomain", Field::Subdomain, Group::Default),
    ("domain_without_tld", Field::DomainWithoutTld, Group::Default),
    ("tld", Field::Tld, Group::Default),
    ("subdomain_count", Field::SubdomainCount, Group::Default),
    ("subdomain_length", Field::SubdomainLength, Group::Default),
    ("shannon", Field::Shannon, Group::Default),
    ("suffix_type", Field::SuffixType, Group::Default),
    ("encoding", Field::Encoding, Group::OnRequest),
    ("payload_bytes", Field::PayloadBytes, Group::OnRequest),
    ("surprisal", Field::Surprisal, Group::OnRequest),
    ("score", Field::Score, Group::OnRequest),
    ("domain_ascii", Field::DomainAscii, Group::OnRequest),
    ("fqdn", Field::Fqdn, Group::OnRequest),
    ("scheme", Field::Scheme, Group::Url),
    ("netloc", Field::Netloc, Group::Url),
    ("username", Field::Username, Group::Url),
    ("host", Field::Host, Group::Url),
    ("port", Field::Port, Group::Url),
    ("path", Field::Path, Group::Url),
    ("params", Field::Params, Group::Url),
    ("query", Field::Query, Group::Url),
    ("fragment", Field::Fragment, Group::Url),
];

impl Mode {
    /// The modes by name.
    pub const ALL: [(&str, Mode); 3] = [("name", Mode::Name), ("url", Mode::Url), ("shannon", Mode::Shannon)];

    /// Every field of the mode, by its name without prefix.
    pub fn fields(self) -> Vec<(&'static str, Field)> {
        self.select(|_| true)
    }

    /// The fields of a search that does not name any.
    pub fn default_fields(self) -> Vec<(&'static str, Field)> {
        self.select(|group| group != Group::OnRequest)
    }

    fn select(self, wanted: impl Fn(Group) -> bool) -> Vec<(&'static str, Field)> {
        let of_mode = |field: Field, group: Group| match self {
            Mode::Name => group != Group::Url,
            Mode::Url => true,
            Mode::Shannon => field == Field::Shannon,
        };
        let fields = FIELDS.into_iter().filter(|&(_, field, group)| of_mode(field, group) && wanted(group));
        fields.map(|(name, field, _)| (name, field)).collect()
    }
}
