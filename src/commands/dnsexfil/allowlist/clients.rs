//! The clients that a mute is about.

use std::net::IpAddr;

use ipnet::IpNet;
use wildmatch::WildMatch;

/// The by-fields that hold a client, in the order of preference.
pub const CLIENT_FIELDS: [&str; 7] =
    ["src", "src_ip", "client", "client_ip", "id.orig_h", "src_host", "host"];

/// Some clients: an entry applies to any of them.
#[derive(Debug)]
pub struct Clients(Vec<Client>);

#[derive(Debug)]
enum Client {
    Network(IpNet),
    Address(IpAddr),
    /// A name or an address with wildcards, in lower case.
    Text(WildMatch),
}

/// Why a cell does not name clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an address or name such as 10.1.2.3, with wildcards such as 10.1.*, or a network such as 10.1.0.0/16"
)]
pub struct ClientsError;

impl Clients {
    /// Reads a cell: addresses, names, wildcards and networks, separated by blanks, commas or semicolons. `None` if the cell is blank or
    /// has `*`: every client.
    ///
    /// # Errors
    ///
    /// A part is none of these.
    pub fn parse(cell: &str) -> Result<Option<Clients>, ClientsError> {
        let separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'');
        let parts: Vec<&str> = cell.split(separator).filter(|part| !part.is_empty()).collect();
        let is_any = |part: &&str| part.bytes().all(|byte| byte == b'*');
        let clients = parts.iter().map(|part| Client::parse(part)).collect::<Result<_, _>>()?;
        Ok((!parts.is_empty() && !parts.iter().any(is_any)).then_some(Clients(clients)))
    }

    /// Whether `client` is one of them.
    pub fn contain(&self, client: &str) -> bool {
        let (address, text) = (address(client), client.trim().to_lowercase());
        self.0.iter().any(|known| match (known, address) {
            (Client::Network(network), Some(address)) => network.contains(&address),
            (Client::Address(known), Some(address)) => *known == address,
            (Client::Text(pattern), _) => pattern.matches(&text),
            (Client::Network(_) | Client::Address(_), None) => false,
        })
    }
}

impl Client {
    fn parse(text: &str) -> Result<Client, ClientsError> {
        if let Some((start, prefix)) = text.split_once('/') {
            return network(start, prefix).map(Client::Network).ok_or(ClientsError);
        }
        if let Some(address) = address(text) {
            return Ok(Client::Address(address));
        }
        // A range, a port or another separator.
        let is_more =
            text.split_once(['-', ':', '|', '\\']).is_some_and(|(first, _)| address(first).is_some());
        let is_quad = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if is_more || is_quad || text.chars().any(char::is_control) {
            return Err(ClientsError);
        }
        Ok(Client::Text(WildMatch::new(&text.to_lowercase())))
    }
}

/// A network in CIDR notation or with a netmask. Bits of the host do not matter.
fn network(start: &str, prefix: &str) -> Option<IpNet> {
    let start = address(start)?;
    match prefix.parse::<u8>() {
        Ok(length) => IpNet::new(start, length).ok(),
        Err(_) => IpNet::with_netmask(start, prefix.parse().ok()?).ok(),
    }
}

/// An address, also in brackets or with a zone. IPv4 addresses may be written in IPv6.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contain(cell: &str, client: &str) -> bool {
        Clients::parse(cell).expect(cell).is_none_or(|clients| clients.contain(client))
    }

    #[test]
    fn addresses_names_wildcards_and_networks() {
        for (cell, client, expected) in [
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.33", false),
            ("10.1.2.3", "::ffff:10.1.2.3", true),
            ("10.1.*", "10.1.2.3", true),
            ("10.1.*", "10.12.3.4", false),
            ("10.1.2.?", "10.1.2.33", false),
            ("10.1.2.3/24", "10.1.2.250", true),
            ("10.1.2.3/24", "10.1.3.1", false),
            ("10.1.2.0/255.255.255.0", "10.1.2.9", true),
            ("10.1.2.3/0", "host", false),
            ("2001:DB8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "10.1.2.3", false),
            ("2001:0db8::1", "2001:DB8::1", true),
            ("fe80::/10", "fe80::1%eth0", true),
            ("2001:db8:*", "2001:db8::1", true),
            ("WKS-*", "wks-17.corp.example", true),
            ("dc01", "DC01", true),
            ("dc01", "dc011", false),
            ("10.0.0.1, 10.1.0.0/16;wks-?", "wks-1", true),
            ("10.0.0.1 10.1.0.0/16", "10.1.9.9", true),
            ("10.0.0.1 10.1.0.0/16", "10.2.9.9", false),
            ("", "anything", true),
            ("*", "anything", true),
            ("10.0.0.1, *", "anything", true),
        ] {
            assert_eq!(contain(cell, client), expected, "{cell} {client}");
        }
    }

    #[test]
    fn other_cells_are_refused() {
        for cell in [
            "10.1.2.0/33",
            "10.1.2/24",
            "300.1.2.3",
            "10.1",
            "a/b",
            "10.0.0.1-10.0.0.9",
            "10.0.0.1:53",
            "10.0.0.1|10.0.0.2",
            "10.0.0.0\\8",
            "::/129",
            "10.0.0.1, x/8",
        ] {
            assert!(Clients::parse(cell).is_err(), "{cell}");
        }
    }
}
