//! What is known of each group: a registrable domain with the values of the by-fields.
//!
//! Everything here merges: [`Groups`] of any parts of the events, in any order and in any grouping, give the same
//! groups as all events at once. So sums are of integers, and distinct names are held as a [`sample`].

pub mod allowlist;
mod chains;
pub mod group;
pub mod groups;
mod maker;
mod names;
mod numbered;
pub mod part;
pub mod partial;
pub mod record_types;
pub mod sample;
pub mod subdomain;
pub mod tally;
mod texts;
pub mod time;

pub use group::Group;
pub use groups::{Groups, Key, Limits};
pub use record_types::Usual;
pub use tally::{Query, Tally};
pub use time::Span;
