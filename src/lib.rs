//! dnsentropy: hunting DNS exfiltration in Splunk.
//!
//! The program is a search command that splunkd starts, and a small command line for trying it without Splunk.
//! Everything but the edges ([`protocol::serve`], [`cli`], and the reading of the user's own suffixes in
//! [`names::lists`]) is a pure function over bytes. `ARCHITECTURE.md` is the map.

pub mod aggregate;
pub mod cli;
pub mod commands;
pub mod detect;
pub mod error;
pub mod features;
pub mod lookup_file;
pub mod names;
pub mod protocol;
pub mod rows;
pub mod simd;
pub mod slice;
pub mod sources;
pub mod url;
pub mod urltoolbox;

pub use error::Error;
