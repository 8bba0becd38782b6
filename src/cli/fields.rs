//! Which fields of an event hold its name, client and so on, by the table of sources.

use std::sync::LazyLock;

use super::events::{DnsEvent, path};
use crate::sources::{self, ROLES};

/// The roles of the fields that say that a log is a DNS log. An ambiguous name counts beside one of them only.
const OF_DNS: [&str; 3] = ["record_type", "reply_code", "answer"];

/// The names of a role's fields, as [`path`] writes them.
struct Aliases {
    role: &'static str,
    certain: Vec<String>,
    ambiguous: Vec<String>,
}

static ALIASES: LazyLock<Vec<Aliases>> = LazyLock::new(|| {
    let paths = |names: &[&str]| names.iter().map(|name| path(name)).collect();
    ROLES
        .iter()
        .map(|role| Aliases {
            role,
            certain: paths(sources::aliases(role)),
            ambiguous: paths(sources::ambiguous(role)),
        })
        .collect()
});

/// The values of the field that `names` name first, in any case. A field without a value does not exist.
pub fn first_of<'e>(event: &'e DnsEvent, names: &[String]) -> Option<&'e [String]> {
    names.iter().find_map(|name| {
        let mut fields = event.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        fields.find_map(|(_, values)| with_value(values))
    })
}

/// The values of the field that has `role` in this event. The case of an ambiguous name matters: Splunk's own field
/// `source` is not the client that Windows calls `Source`.
pub fn of_role<'e>(event: &'e DnsEvent, role: &str) -> Option<&'e [String]> {
    let aliases = ALIASES.iter().find(|aliases| aliases.role == role)?;
    first_of(event, &aliases.certain).or_else(|| {
        let is_dns = role != "query" || OF_DNS.iter().any(|other| has_certain(event, other));
        let mut ambiguous = aliases.ambiguous.iter().filter(|_| is_dns);
        ambiguous.find_map(|name| with_value(event.get(name)?))
    })
}

fn with_value(values: &[String]) -> Option<&[String]> {
    values.iter().any(|value| !value.is_empty()).then_some(values)
}

fn has_certain(event: &DnsEvent, role: &str) -> bool {
    ALIASES.iter().any(|aliases| aliases.role == role && first_of(event, &aliases.certain).is_some())
}

/// Whether an event is the answer to a query. One that says nothing about it, or that it is both, is a query. What a
/// Windows server sent, and events of its analytical log other than 256, are not queries.
pub fn is_answer(event: &DnsEvent) -> bool {
    // ECS and Zeek write one event for a query and its answer, whatever it is called.
    if event.contains_key("dns.question.name") || event.contains_key("id.orig_h") {
        return false;
    }
    if is_sent_by_windows(event) {
        return true;
    }
    let Some(kinds) = of_role(event, "message_type") else {
        return false;
    };
    let says = |words: &[&str]| {
        kinds.iter().any(|kind| words.iter().any(|word| kind.to_ascii_lowercase().contains(word)))
    };
    let is_response_activity =
        event.get("activity_id").is_some_and(|values| values.iter().any(|id| id == "2"));
    is_response_activity || (says(&["response", "answer", "reply"]) && !says(&["query", "request"]))
}

fn is_sent_by_windows(event: &DnsEvent) -> bool {
    let any = |field: &str, is: &dyn Fn(&str) -> bool| {
        event.get(field).is_some_and(|values| values.iter().any(|value| is(value)))
    };
    any("direction", &|value| value.eq_ignore_ascii_case("snd"))
        || any("QNAME", &|_| true) && any("EventID", &|value| !value.is_empty() && value != "256")
}

/// Whether an event is an answer whose source is the resolver, as in Suricata: it comes from the DNS port.
pub fn is_swapped(event: &DnsEvent) -> bool {
    let is_dns_port =
        |field: &str| event.get(field).is_some_and(|values| values.iter().any(|port| port == "53"));
    is_answer(event) && is_dns_port("src_port") && !is_dns_port("dest_port")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(fields: &[(&str, &str)]) -> DnsEvent {
        fields.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect()
    }

    #[test]
    fn the_first_name_that_has_a_value_wins_in_any_case() {
        let zeek = event(&[("Query", "a.example"), ("src", ""), ("ID.orig_h", "10.0.0.1")]);
        assert_eq!(of_role(&zeek, "query").expect("a name"), ["a.example"]);
        assert_eq!(of_role(&zeek, "src").expect("a client"), ["10.0.0.1"]);
        assert_eq!(of_role(&zeek, "dest"), None);
    }

    #[test]
    fn an_array_in_the_table_is_the_path_of_an_event() {
        let suricata = event(&[("dns.queries.rrname", "a.example"), ("dns.queries.rrtype", "TXT")]);
        assert_eq!(of_role(&suricata, "query").expect("a name"), ["a.example"]);
        assert_eq!(of_role(&suricata, "record_type").expect("a type"), ["TXT"]);
    }

    #[test]
    fn an_ambiguous_name_counts_beside_a_dns_field_only() {
        assert_eq!(of_role(&event(&[("domain", "CORP"), ("user", "x")]), "query"), None);
        let umbrella = event(&[("domain", "a.example."), ("ResponseCode", "NOERROR")]);
        assert_eq!(of_role(&umbrella, "query").expect("a name"), ["a.example."]);
        let sentinel = event(&[
            ("Name", "a.example"),
            ("QueryType", "A"),
            ("Computer", "dc1"),
            ("ClientIP", "10.0.0.1"),
        ]);
        assert_eq!(of_role(&sentinel, "src").expect("a client"), ["10.0.0.1"]);
        assert_eq!(of_role(&sentinel, "dest").expect("a resolver"), ["dc1"]);
    }

    #[test]
    fn an_answer_says_so() {
        for (field, kind, expected) in [
            ("message_type", "QUERY", false),
            ("message_type", "Response", true),
            ("message_type", "QueryResponse", false),
            ("dns.type", "answer", true),
            ("dns.type", "request", false),
            ("dnstap.operation", "CLIENT_RESPONSE", true),
            ("activity_id", "2", true),
            ("activity_id", "6", false),
            ("direction", "Snd", true),
            ("direction", "Rcv", false),
            ("other", "response", false),
        ] {
            assert_eq!(
                is_answer(&event(&[("query", "a.example"), (field, kind)])),
                expected,
                "{field}={kind}"
            );
        }
        assert!(!is_answer(&event(&[("dns.question.name", "a.example"), ("dns.type", "answer")])));
        for (id, expected) in [("256", false), ("257", true), ("260", true), ("", false)] {
            assert_eq!(is_answer(&event(&[("QNAME", "a.example."), ("EventID", id)])), expected, "{id}");
        }
    }
}
