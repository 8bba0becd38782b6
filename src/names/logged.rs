//! Names as logs write them.

use std::borrow::Cow;

use super::Host;

/// What a log's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logged<'v> {
    /// An IPv4 or IPv6 address.
    Address,
    /// A DNS name in RFC 1035 text form, without the root dot: see [`wire`](super::wire). The root itself is empty.
    Name(Cow<'v, [u8]>),
    /// Neither.
    Unreadable,
}

/// Reads a value.
///
/// ```
/// use dnsentropy::names::logged::{Logged, read};
///
/// assert_eq!(read(b"www.example.com."), Logged::Name(b"www.example.com".into()));
/// assert_eq!(read(b"2001:db8::1"), Logged::Address);
/// ```
pub fn read(value: &[u8]) -> Logged<'_> {
    match Host::parse(value) {
        Host::Address => Logged::Address,
        Host::Name(name) => Logged::Name(name),
    }
}
