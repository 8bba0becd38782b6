//! The map and reduce of `dnsexfil`: what is known of each group, a registrable domain with the values of the by-fields.
//!
//! On a search peer a [`Combiner`] counts the queries of a chunk and emits [partial aggregates](partial). On the search head
//! [`Groups`] merge them. Partial aggregates of any parts of the events, in any order and grouping, merge to the same groups
//! as all events at once. So sums are sums of integers, and distinct names are held in a [bottom-k sketch](bottom_k).
//!
//! Which hash is used where, in the whole program: foldhash with a random seed for the tables of events, so that an attacker
//! cannot choose names that collide; XXH3 for hashes that travel between machines or decide which names are kept, as they must
//! be the same everywhere; the standard library's hash for everything that is small.

pub mod bottom_k;
pub mod combiner;
pub mod field_counts;
pub mod group;
pub mod groups;
mod indexed_set;
pub mod interner;
mod linked_lists;
mod name_table;
pub mod partial;
pub mod record_types;
pub mod shown;
pub mod subdomain;
pub mod tally;
pub mod time;

pub use bottom_k::BottomK;
pub use combiner::{Combiner, Query};
pub use field_counts::FieldCounts;
pub use group::Group;
pub use groups::{GroupKey, Groups, Limits};
pub use interner::{Interned, Interner};
pub use record_types::{CommonTypes, RecordTypes};
pub use shown::ShownValues;
pub use tally::Tally;
pub use time::TimeRange;
