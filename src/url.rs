//! URLs, split as Python's `urllib.parse.urlparse` splits them, because URL Toolbox uses it.
//!
//! Takes any bytes and returns slices of them; nothing is decoded.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use memchr::memmem;

/// The schemes whose last path segment may have parameters (`uses_params` of Python's `urllib.parse`).
const WITH_PARAMS: [&[u8]; 16] = [
    b"",
    b"ftp",
    b"hdl",
    b"prospero",
    b"http",
    b"imap",
    b"https",
    b"shttp",
    b"rtsp",
    b"rtsps",
    b"rtspu",
    b"sip",
    b"sips",
    b"mms",
    b"sftp",
    b"tel",
];

/// The default ports of schemes, from IANA's registries.
const PORTS: [(&[u8], &str); 15] = [
    (b"ftp", "21"),
    (b"ssh", "22"),
    (b"sftp", "22"),
    (b"telnet", "23"),
    (b"http", "80"),
    (b"ws", "80"),
    (b"imap", "143"),
    (b"ldap", "389"),
    (b"https", "443"),
    (b"wss", "443"),
    (b"rtsp", "554"),
    (b"ldaps", "636"),
    (b"ftps", "990"),
    (b"sip", "5060"),
    (b"sips", "5061"),
];

/// The parts of a URL; a missing part is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Url<'t> {
    /// Lower-cased.
    pub scheme: Cow<'t, [u8]>,
    /// User, host and port together: the *authority*.
    pub netloc: &'t [u8],
    /// With its leading slash.
    pub path: &'t [u8],
    /// What follows a `;` in the last segment of the path.
    pub params: &'t [u8],
    /// What follows the `?`.
    pub query: &'t [u8],
    /// What follows the `#`.
    pub fragment: &'t [u8],
}

/// A value, prepared for [`Url::split`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlText<'u> {
    /// The value without what `urlparse` removes first: white space around it, and tabs and line ends inside.
    pub text: Cow<'u, [u8]>,
    /// Whether the value is a URL. If not, it begins with its host.
    pub is_url: bool,
}

impl<'u> UrlText<'u> {
    /// Prepares a value as URL Toolbox does: what contains `://` is a URL.
    pub fn new(value: &'u [u8]) -> UrlText<'u> {
        let text = trim(value);
        let is_url = memmem::find(text, b"://").is_some();
        let text = if is_url { without_controls_before(text) } else { text };
        UrlText { text: without_line_ends(text), is_url }
    }

    /// Prepares a value as logs write it: it begins with a scheme and `://`, with `//`, or with its host. A `://` further on, as in the
    /// query of `www.example.com/?to=http://other.example`, does not make it a URL.
    pub fn logged(value: &'u [u8]) -> UrlText<'u> {
        let mut text = without_line_ends(without_controls_before(trim(value)));
        if has_escaped_slashes(&text) {
            text = Cow::Owned(with_plain_slashes(&text));
        }
        let scheme = memmem::find(&text, b"://").filter(|&end| is_scheme(&text[..end]));
        let is_url = scheme.is_some() || text.starts_with(b"//");
        UrlText { text, is_url }
    }
}

/// Whether the first slash is written as JSON may write it, `\/`.
fn has_escaped_slashes(text: &[u8]) -> bool {
    let slash = memchr::memchr(b'/', text);
    slash.is_some_and(|slash| text[..slash].ends_with(b"\\"))
}

fn with_plain_slashes(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    for &byte in text {
        if byte == b'/' && plain.last() == Some(&b'\\') {
            plain.pop();
        }
        plain.push(byte);
    }
    plain
}

fn trim(value: &[u8]) -> &[u8] {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim_matches(is_white).as_bytes(),
        Err(_) => value.trim_ascii(),
    }
}

fn without_controls_before(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte > b' ');
    &text[start.unwrap_or(text.len())..]
}

fn without_line_ends(text: &[u8]) -> Cow<'_, [u8]> {
    let unsafe_byte = |byte: &u8| b"\t\r\n".contains(byte);
    if text.iter().any(unsafe_byte) {
        Cow::Owned(text.iter().copied().filter(|byte| !unsafe_byte(byte)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// White space according to Python: Unicode's, and four control characters.
fn is_white(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

impl<'t> Url<'t> {
    /// Splits a value.
    ///
    /// ```
    /// use dnsentropy::url::{Url, UrlText};
    ///
    /// let text = UrlText::new(b"HTTPS://www.example.com:8443/a?b=c");
    /// let url = Url::split(&text);
    /// assert_eq!(url.scheme.as_ref(), b"https");
    /// assert_eq!(url.netloc, b"www.example.com:8443");
    /// assert_eq!((url.path, url.query), (&b"/a"[..], &b"b=c"[..]));
    /// ```
    pub fn split(value: &'t UrlText<'_>) -> Url<'t> {
        let mut parts = Url::default();
        let mut rest = value.text.as_ref();
        let mut has_netloc = !value.is_url;
        if value.is_url {
            let (scheme, after) = cut(rest, b':');
            if is_scheme(scheme) {
                parts.scheme = lower(scheme);
                rest = after;
            }
            if let Some(after) = rest.strip_prefix(b"//") {
                (rest, has_netloc) = (after, true);
            }
        }
        if has_netloc {
            let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
            (parts.netloc, rest) = rest.split_at(end);
        }
        (rest, parts.fragment) = cut(rest, b'#');
        (rest, parts.query) = cut(rest, b'?');
        (parts.path, parts.params) = (rest, b"");
        if WITH_PARAMS.contains(&parts.scheme.as_ref()) {
            let segment = rest.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
            if let Some(semicolon) = rest[segment..].iter().position(|&byte| byte == b';') {
                (parts.path, parts.params) = cut_at(rest, segment + semicolon);
            }
        }
        parts
    }

    /// The default port of the scheme, if it has one.
    pub fn default_port(&self) -> Option<&'static str> {
        PORTS.iter().find(|(scheme, _)| *scheme == self.scheme.as_ref()).map(|(_, port)| *port)
    }
}

/// The parts of a URL's authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority<'t> {
    /// The text before the last `@`, up to its first `:` (the password is left out).
    pub username: Option<&'t [u8]>,
    /// The host; an IPv6 address keeps its brackets.
    pub host: &'t [u8],
    /// The text after the last `:`, which may be empty or not a number.
    pub port: Option<&'t [u8]>,
}

impl<'t> Authority<'t> {
    /// Splits an authority. Colons inside brackets, or of a bare IPv6 address, belong to the host.
    pub fn split(netloc: &'t [u8]) -> Authority<'t> {
        let (username, address) = match netloc.iter().rposition(|&byte| byte == b'@') {
            Some(at) => (Some(cut(&netloc[..at], b':').0), &netloc[at + 1..]),
            None => (None, netloc),
        };
        let bracket =
            if address.first() == Some(&b'[') { address.iter().position(|&byte| byte == b']') } else { None };
        let host_end = bracket.map_or(0, |bracket| bracket + 1);
        let colons = &address[host_end..];
        if bracket.is_none() && is_ipv6(address) || !colons.contains(&b':') {
            return Authority { username, host: address, port: None };
        }
        let first = host_end + colons.iter().position(|&byte| byte == b':').unwrap_or(0);
        let last = address.iter().rposition(|&byte| byte == b':').unwrap_or(first);
        Authority { username, host: &address[..first], port: Some(&address[last + 1..]) }
    }
}

fn is_ipv6(host: &[u8]) -> bool {
    std::str::from_utf8(host).is_ok_and(|host| host.parse::<Ipv6Addr>().is_ok())
}

fn is_scheme(text: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    text.first().is_some_and(u8::is_ascii_alphabetic) && text.iter().all(allowed)
}

fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// The text before and after the first `mark`.
fn cut(text: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == mark) {
        Some(index) => cut_at(text, index),
        None => (text, b""),
    }
}

fn cut_at(text: &[u8], index: usize) -> (&[u8], &[u8]) {
    (&text[..index], &text[index + 1..])
}
