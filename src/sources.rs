//! The table of sources: where DNS events come from, and what their fields are called.
//!
//! `data/sources.csv` has a row for each source and a column for each of the [`ROLES`] that a field may have. A cell
//! holds the names of the fields, separated by blanks, the preferred one first. Names are as Splunk extracts them: `a.b`
//! is nested JSON, `{}` an array. A name that ends with `?` is ambiguous: other logs use it, too, so as a DNS name it
//! counts only in an event with another DNS field.

use std::sync::LazyLock;

const TABLE: &str = include_str!("../data/sources.csv");

/// The number of columns before those of the roles.
const FIRST_ROLE: usize = 4;

/// What ends an ambiguous name in the table.
const AMBIGUOUS: char = '?';

/// The roles that the fields of an event can have, as the table and the macros call them.
pub const ROLES: [&str; 10] = [
    "query",
    "src",
    "dest",
    "record_type",
    "reply_code",
    "answer",
    "process",
    "user",
    "message_type",
    "count",
];

/// A kind of DNS log.
#[derive(Debug)]
pub struct Source {
    /// Its short name.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The macro that returns its events; empty if only the command line reads them.
    pub macro_name: String,
    /// Splunk's sourcetypes of its events.
    pub sourcetypes: Vec<String>,
    /// The names of its fields, for each of [`ROLES`].
    names: [Names<String>; ROLES.len()],
}

/// The names of the fields with one role, the preferred one first.
#[derive(Debug, Default)]
struct Names<N> {
    certain: Vec<N>,
    ambiguous: Vec<N>,
}

/// All sources, in the order of the table: the most general first, the least certain last.
pub fn all() -> &'static [Source] {
    &SOURCES
}

/// The names of the fields with `role` in any source, the preferred one first. Other logs do not use them for something
/// else.
pub fn aliases(role: &str) -> &'static [&'static str] {
    position(role).map_or(&[], |role| &UNION[role].certain)
}

/// The names that some sources use for `role`, and other logs for something else.
pub fn ambiguous(role: &str) -> &'static [&'static str] {
    position(role).map_or(&[], |role| &UNION[role].ambiguous)
}

impl Source {
    /// The names of this source's fields with `role`, the preferred one first.
    pub fn aliases(&self, role: &str) -> &[String] {
        position(role).map_or(&[], |role| &self.names[role].certain)
    }
}

fn position(role: &str) -> Option<usize> {
    ROLES.iter().position(|known| *known == role)
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| read(TABLE).unwrap_or_default());

static UNION: LazyLock<[Names<&'static str>; ROLES.len()]> = LazyLock::new(|| {
    let mut union: [Names<&str>; ROLES.len()] = Default::default();
    for source in all() {
        for (names, more) in union.iter_mut().zip(&source.names) {
            more.certain.iter().for_each(|name| add(&mut names.certain, name));
            more.ambiguous.iter().for_each(|name| add(&mut names.ambiguous, name));
        }
    }
    for names in &mut union {
        names.ambiguous.retain(|name| !names.certain.contains(name));
    }
    union
});

fn add(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// Reads a table whose first columns are those of a [`Source`], and the others [`ROLES`].
fn read(table: &str) -> Result<Vec<Source>, csv::Error> {
    csv::Reader::from_reader(table.as_bytes())
        .records()
        .map(|row| {
            let row = row?;
            let cell = |column: usize| row.get(column).unwrap_or_default();
            Ok(Source {
                id: cell(0).to_owned(),
                title: cell(1).to_owned(),
                macro_name: cell(2).to_owned(),
                sourcetypes: cell(3).split_whitespace().map(str::to_owned).collect(),
                names: std::array::from_fn(|role| read_names(cell(FIRST_ROLE + role))),
            })
        })
        .collect()
}

fn read_names(cell: &str) -> Names<String> {
    let (ambiguous, certain): (Vec<&str>, Vec<&str>) =
        cell.split_whitespace().partition(|name| name.ends_with(AMBIGUOUS));
    Names {
        certain: certain.into_iter().map(str::to_owned).collect(),
        ambiguous: ambiguous.into_iter().map(|name| name.trim_end_matches(AMBIGUOUS).to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_complete_and_its_columns_are_the_roles() {
        let header = TABLE.lines().next().expect("a header");
        assert_eq!(header, format!("id,title,macro,sourcetypes,{}", ROLES.join(",")));
        let sources = read(TABLE).expect("a table");
        assert_eq!(sources.len(), TABLE.lines().count() - 1);
        let ids: HashSet<&str> = sources.iter().map(|source| source.id.as_str()).collect();
        assert_eq!(ids.len(), sources.len());
        for source in sources {
            assert!(!source.title.is_empty(), "{}", source.id);
            let names = &source.names[0];
            assert!(!names.certain.is_empty() || !names.ambiguous.is_empty(), "{}", source.id);
        }
    }

    #[test]
    fn the_names_of_the_data_model_come_first() {
        for role in ["query", "src", "dest", "record_type", "reply_code", "answer", "message_type", "count"] {
            assert_eq!(aliases(role).first(), Some(&role));
        }
        assert_eq!(aliases("process").first(), Some(&"Image"));
        assert!(aliases("colour").is_empty() && ambiguous("colour").is_empty());
    }

    #[test]
    fn an_ambiguous_name_is_not_among_the_aliases() {
        for (role, name) in [
            ("query", "name"),
            ("query", "domain"),
            ("src", "host"),
            ("dest", "Computer"),
            ("record_type", "type"),
        ] {
            assert!(!aliases(role).contains(&name), "{name}");
            assert!(ambiguous(role).contains(&name), "{name}");
        }
    }

    #[test]
    fn no_name_has_two_roles() {
        let mut all = HashSet::new();
        for role in ROLES {
            for name in aliases(role) {
                assert!(all.insert(*name), "{name}");
            }
        }
    }

    #[test]
    fn a_source_has_names_of_its_own() {
        let zeek = all().iter().find(|source| source.id == "zeek").expect("Zeek");
        assert_eq!(zeek.macro_name, "dnsentropy_events_zeek");
        assert!(zeek.sourcetypes.iter().any(|name| name == "bro:dns:json"));
        assert_eq!(zeek.aliases("src").first().map(String::as_str), Some("id.orig_h"));
    }
}
