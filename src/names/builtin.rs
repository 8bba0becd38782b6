//! The tables of the built-in lists, as `build.rs` made them from `data/public_suffix_list.dat`.

#![allow(clippy::unreadable_literal)] // nobody reads them

use std::borrow::Cow;

use super::suffix_table::{Node, Slot, SuffixTable};

include!(concat!(env!("OUT_DIR"), "/suffix_tables.rs"));

/// The rules of the whole list, one a line and with hidden wildcards spelt out. A list that adds the user's own suffixes is
/// made of them.
pub const MOZILLA_RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/mozilla"));
