//! What is known of each group: a registrable domain with the values of the by-fields.
//!
//! Everything here merges: [`Groups`] of any parts of the events, in any order and in any grouping, give the same
//! groups as all events at once. So sums are of integers, and distinct names are held as a [`sample`].

pub mod bottom_k;
pub mod combiner;
mod emit;
pub mod group;
pub mod groups;
mod indexed_set;
mod interner;
mod linked_lists;
mod name_table;
pub mod partial;
pub mod record_types;
pub mod subdomain;
pub mod time;
pub mod wire;

pub use combiner::{Combiner, Query};
pub use group::Group;
pub use groups::{Groups, Key, Limits};
pub use record_types::CommonTypes;
pub use time::TimeRange;
