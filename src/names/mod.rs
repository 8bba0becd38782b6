//! DNS names: what a value is ([`host`]), which public suffix it ends in ([`suffix_table`]), its parts ([`name`]), and how a
//! domain is written ([`presentation`]).
//!
//! A value is a DNS name as a whole, never a URL: tunnel names contain `/`, `=`, `?` and worse. The terms are
//! those of the public suffix list: registries hand out names under the *public suffix*, the *registrable domain* is the
//! suffix and one label more, the *subdomain* is everything before that.

mod builtin;
pub mod host;
pub mod lists;
pub mod name;
pub mod ordinary;
pub mod presentation;
pub mod rules;
pub mod suffix_table;

pub use host::Host;
pub use lists::{ListName, Lists};
pub use name::Name;
pub use presentation::present;
pub use suffix_table::{SuffixTable, SuffixType};

/// The registrable domain of names without one, where a text is needed.
pub const NO_DOMAIN: &str = "(none)";
