//! The tables of the built-in lists, as `build.rs` made them from `data/public_suffix_list.dat`.

#![allow(clippy::unreadable_literal)] // nobody reads them

use super::suffix_table::{Node, Slot, SuffixTable};

include!(concat!(env!("OUT_DIR"), "/suffix_tables.rs"));

/// The whole list's rules, mended, one a line, for a list that has the user's own beside them.
pub const MOZILLA_RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/mozilla"));
