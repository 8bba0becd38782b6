//! The suffix lists that `list=` names.

use std::cell::OnceCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::builtin;
use super::rules::{RuleError, Rules, Section};
use super::suffix_table::SuffixTable;
use crate::lookup_file::{self, LookupFileError, LookupRow};

/// A choice of suffixes, as users write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListName {
    /// `mozilla`: the whole public suffix list.
    Mozilla,
    /// `icann`: its ICANN section.
    Icann,
    /// `iana`: only top-level domains.
    Iana,
    /// `custom`: the user's own suffixes.
    Custom,
    /// `*`: the whole list and the user's own.
    All,
}

impl ListName {
    /// Every list, in the order in which messages name them.
    pub const ALL: [ListName; 5] =
        [ListName::Mozilla, ListName::Icann, ListName::Iana, ListName::Custom, ListName::All];

    /// The list's name in a search.
    pub fn as_str(self) -> &'static str {
        match self {
            ListName::Mozilla => "mozilla",
            ListName::Icann => "icann",
            ListName::Iana => "iana",
            ListName::Custom => "custom",
            ListName::All => "*",
        }
    }
}

impl FromStr for ListName {
    type Err = ();

    fn from_str(text: &str) -> Result<ListName, ()> {
        let named = |list: &ListName| list.as_str().eq_ignore_ascii_case(text.trim());
        ListName::ALL.into_iter().find(named).ok_or(())
    }
}

/// Why a suffix list cannot be loaded. Only the user's own file can fail.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file is missing, unreadable or without the column `suffix`.
    #[error(transparent)]
    File(#[from] LookupFileError),
    /// The file has the column, but no suffixes.
    #[error("{} is empty: add one suffix per line", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// Each rule is valid, but the `publicsuffix` crate refuses the list.
    #[error("the suffixes in {} are not a valid list: {error}", file.display())]
    NoList {
        /// The file.
        file: PathBuf,
        /// The error of that crate.
        error: publicsuffix::Error,
    },
    /// A rule is not valid.
    #[error("{}, line {line}: the suffix '{rule}' is not valid: {error}", file.display())]
    Rule {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The rule as written.
        rule: String,
        /// What is wrong with it.
        error: RuleError,
    },
}

/// The lists of one program run.
///
/// The built-in ones are part of the program; those with the user's own suffixes are read when first asked for.
pub struct Lists {
    custom_file: PathBuf,
    custom: OnceCell<SuffixTable>,
    all: OnceCell<SuffixTable>,
}

impl Lists {
    /// Lists whose own suffixes are in `custom_file`, a CSV file with a column `suffix`. Nothing is read yet.
    pub fn new(custom_file: PathBuf) -> Lists {
        Lists { custom_file, custom: OnceCell::new(), all: OnceCell::new() }
    }

    /// The list of that name, if it is built in or was loaded before.
    fn loaded(&self, name: ListName) -> Option<&SuffixTable> {
        match name {
            ListName::Mozilla => Some(&builtin::MOZILLA),
            ListName::Icann => Some(&builtin::ICANN),
            ListName::Iana => Some(&builtin::IANA),
            ListName::Custom => self.custom.get(),
            ListName::All => self.all.get(),
        }
    }

    /// The list of that name.
    ///
    /// # Errors
    ///
    /// For `custom` and `*`: the user's file cannot be used. `*` does without a file that does not exist.
    pub fn load(&self, name: ListName) -> Result<&SuffixTable, ListError> {
        if let Some(list) = self.loaded(name) {
            return Ok(list);
        }
        if name == ListName::Custom {
            let rules = custom(&self.custom_file)?;
            if rules.is_empty() {
                return Err(ListError::Empty { file: self.custom_file.clone() });
            }
            return Ok(self.custom.get_or_init(|| SuffixTable::new(rules)));
        }
        if !self.custom_file.exists() {
            return Ok(self.all.get_or_init(|| builtin::MOZILLA.clone()));
        }
        let mut rules = mozilla();
        rules.extend(custom(&self.custom_file)?);
        Ok(self.all.get_or_init(|| SuffixTable::new(rules)))
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lists").field("custom_file", &self.custom_file).finish_non_exhaustive()
    }
}

/// The rules of the whole list, as `build.rs` prepared them.
fn mozilla() -> Rules {
    let mut rules = Rules::default();
    // `build.rs` read each of these rules, so none is refused here.
    let read = rules.add_list(builtin::MOZILLA_RULES);
    debug_assert_eq!(read, Ok(()));
    rules
}

/// The suffixes of the user's file, which count as private ones.
fn custom(file: &Path) -> Result<Rules, ListError> {
    let mut rules = Rules::default();
    for LookupRow { line, cells: [rule] } in lookup_file::read(file, ["suffix"])? {
        if !rule.is_empty() {
            rules.add(&rule, Section::Private).map_err(|error| ListError::Rule {
                file: file.to_owned(),
                line,
                rule: rule.escape_debug().to_string(),
                error,
            })?;
        }
    }
    if !rules.is_empty() {
        let list = rules.to_list().parse::<publicsuffix::List>();
        list.map_err(|error| ListError::NoList { file: file.to_owned(), error })?;
    }
    Ok(rules)
}
