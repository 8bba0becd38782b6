//! What a function returns: text, or an object that is JSON or spread into fields.

use std::borrow::Cow;
use std::fmt;

use super::json;

/// The value of a missing part.
pub(super) const NONE: Value = Value::Text(Cow::Borrowed(b"None"));

/// A value of an output field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, or a number as Python writes it.
    Text(Cow<'static, [u8]>),
    /// An object: JSON in a lookup's column, separate fields if a macro spreads it.
    Object(Vec<(MemberName, Member)>),
}

/// The name of a member of an object, and of the field that a macro spreads it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberName {
    /// `ut_subdomain_level_<n>`: a label of a subdomain, counted from the domain.
    Level(usize),
    /// `ut_max_suite_<set>`: the longest run of a preset's characters.
    MaxSuite(&'static str),
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemberName::Level(level) => write!(f, "ut_subdomain_level_{level}"),
            MemberName::MaxSuite(set) => write!(f, "ut_max_suite_{}", set.trim_matches('@')),
        }
    }
}

/// A value in an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// A string.
    Text(String),
    /// A count.
    Count(usize),
}

impl Value {
    /// The value as the content of one cell.
    pub fn into_cell(self) -> Cow<'static, [u8]> {
        match self {
            Value::Text(text) => text,
            Value::Object(members) => {
                let mut text = String::with_capacity(64 * members.len());
                json::push_object(&mut text, members, |text, member| match member {
                    Member::Text(member) => json::push_string(text, &member),
                    Member::Count(count) => json::push_number(text, count),
                });
                Cow::Owned(text.into_bytes())
            }
        }
    }

    /// Text.
    pub(super) fn text(text: String) -> Value {
        Value::Text(Cow::Owned(text.into_bytes()))
    }

    /// The value of an input that cannot be processed.
    pub fn empty() -> Value {
        Value::Text(Cow::Borrowed(b""))
    }
}
