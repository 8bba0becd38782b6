//! DNS names: how logs write them ([`logged`]), which bytes they have on the wire ([`wire`](mod@wire)), which public suffix they
//! end in ([`suffix_table`]), their parts ([`name`]), and how a domain is spelt ([`ascii`]) and written ([`presentation`]).
//! [`host`] is the plain reading that URL Toolbox's functions use.
//!
//! A value is a DNS name as a whole, never a URL: tunnel names contain `/`, `=`, `?` and worse. The terms are
//! those of the public suffix list: registries hand out names under the *public suffix*, the *registrable domain* is the
//! suffix and one label more, the *subdomain* is everything before that.

pub mod ascii;
mod builtin;
pub mod host;
pub mod lists;
pub mod logged;
pub mod name;
pub mod ordinary;
pub mod presentation;
pub mod rules;
pub mod suffix_table;
pub mod unreadable;
pub mod wire;

pub use host::Host;
pub use lists::{ListName, Lists};
pub use name::Name;
pub use presentation::present;
pub use suffix_table::{SuffixTable, SuffixType};
pub use wire::wire_bytes;

/// The registrable domain of names without one, where a text is needed.
pub const NO_DOMAIN: &str = "(none)";
