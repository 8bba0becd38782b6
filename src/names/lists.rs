//! The suffix lists that `list=` names.

use std::cell::OnceCell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::builtin;
use super::rules::{Rules, Section};
use super::suffix_table::SuffixTable;
use crate::lookup_file::{self, LookupRow, SkippedLines, shown};

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

/// The lists of one program run.
///
/// The built-in ones are part of the program. The user's own suffixes are read once, when a list with them is first loaded.
/// What cannot be read is left out and becomes a warning: a search never fails because of that file.
pub struct Lists {
    custom_file: PathBuf,
    custom: OnceCell<CustomSuffixes>,
    custom_table: OnceCell<SuffixTable>,
    all_table: OnceCell<SuffixTable>,
}

/// The user's own suffixes.
struct CustomSuffixes {
    rules: Rules,
    /// What was left out of the file, and why.
    warnings: Vec<String>,
}

impl Lists {
    /// Lists whose own suffixes are in `custom_file`, a CSV file with a column `suffix`. Nothing is read yet.
    pub fn new(custom_file: PathBuf) -> Lists {
        let (custom, custom_table, all_table) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Lists { custom_file, custom, custom_table, all_table }
    }

    /// The list of that name.
    pub fn load(&self, name: ListName) -> &SuffixTable {
        match name {
            ListName::Mozilla => &builtin::MOZILLA,
            ListName::Icann => &builtin::ICANN,
            ListName::Iana => &builtin::IANA,
            ListName::Custom => {
                self.custom_table.get_or_init(|| SuffixTable::new(self.custom().rules.clone()))
            }
            ListName::All => self.all_table.get_or_init(|| match &self.custom().rules {
                custom if custom.is_empty() => builtin::MOZILLA.clone(),
                custom => {
                    let mut rules = mozilla();
                    rules.extend(custom.clone());
                    SuffixTable::new(rules)
                }
            }),
        }
    }

    /// What was left out of the user's file, and why. Empty until a list that needs the file is loaded.
    pub fn warnings(&self) -> Vec<String> {
        self.custom.get().map(|custom| custom.warnings.clone()).unwrap_or_default()
    }

    /// A warning for a search that names the list `custom`, if the user has no suffixes.
    pub fn no_suffixes(&self) -> Option<String> {
        let file = lookup_file::name_of(&self.custom_file);
        self.custom().rules.is_empty().then(|| {
            format!(
                "list=custom has no suffixes, so names are split at the last label: add suffixes to {file}, or use \
                 list=mozilla"
            )
        })
    }

    fn custom(&self) -> &CustomSuffixes {
        self.custom.get_or_init(|| CustomSuffixes::read(&self.custom_file))
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lists").field("custom_file", &self.custom_file).finish_non_exhaustive()
    }
}

impl CustomSuffixes {
    /// Reads the suffixes, which count as private ones.
    fn read(file: &Path) -> CustomSuffixes {
        let mut rules = Rules::default();
        let rows = match lookup_file::read(file, ["suffix"]) {
            Ok(rows) => rows,
            Err(error) => return CustomSuffixes { rules, warnings: vec![error.to_string()] },
        };
        let mut skipped = SkippedLines::new(file);
        let is_comment = |rule: &str| rule.is_empty() || rule.starts_with('#') || rule.starts_with("//");
        // IDNA leaves these characters in a label, where they would never match.
        let is_foreign = |c: char| c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '.' | '*' | '!');
        for LookupRow { line, cells: [rule] } in rows {
            if is_comment(&rule) {
                continue;
            }
            let problem = match rule.find(is_foreign) {
                Some(_) => {
                    Some("it has quotes, a port, a path or the like; write it as corp.internal".to_owned())
                }
                None => rules.add(&rule, Section::Private).err().map(|error| error.to_string()),
            };
            if let Some(problem) = problem {
                skipped.add(line, format_args!("the suffix {} is not valid: {problem}", shown(&rule)));
            }
        }
        CustomSuffixes { rules, warnings: skipped.into_warnings().collect() }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Lists whose own suffixes are in a file with this content.
    fn lists(content: &str) -> (tempfile::TempDir, Lists) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("suffixes.csv");
        fs::write(&file, content).expect("a file");
        (folder, Lists::new(file))
    }

    fn labels(lists: &Lists, name: ListName) -> usize {
        lists.load(name).suffix(b"a.b.corp.internal").0
    }

    #[test]
    fn lines_that_are_not_suffixes_are_skipped_with_a_warning() {
        let (_folder, lists) = lists("Suffix;comment\na..b;\n\ncorp.internal;ours\n*foo.lab;\n");
        assert_eq!(lists.warnings(), Vec::<String>::new(), "not read yet");
        for name in [ListName::All, ListName::Custom] {
            assert_eq!(labels(&lists, name), 2);
            let warnings = lists.warnings();
            assert_eq!(warnings.len(), 2, "{warnings:?}");
            let first =
                "suffixes.csv, line 2 is skipped: the suffix 'a..b' is not valid: it has an empty label;";
            assert!(warnings[0].starts_with(first), "{warnings:?}");
            assert!(warnings[1].starts_with("suffixes.csv, line 5 is skipped: "), "{warnings:?}");
        }
    }

    #[test]
    fn urls_ports_and_quotes_are_no_suffixes() {
        for suffix in ["https://corp.internal/", "corp.internal:53", "'corp.internal'", "x@corp.internal"] {
            let (_folder, lists) = lists(&format!("suffix\n{suffix}\n_a-b.internal\n"));
            assert_eq!(lists.load(ListName::Custom).suffix(b"x._a-b.internal").0, 2);
            let warnings = lists.warnings();
            let first = format!(
                "suffixes.csv, line 2 is skipped: the suffix '{}' is not valid: ",
                suffix.escape_debug()
            );
            assert!(warnings.len() == 1 && warnings[0].starts_with(&first), "{warnings:?}");
        }
    }

    #[test]
    fn the_file_is_read_once() {
        let (folder, lists) = lists("suffixes\ncorp.internal\n");
        assert_eq!(labels(&lists, ListName::All), 1);
        fs::write(folder.path().join("suffixes.csv"), "suffix\ncorp.internal\n").expect("a file");
        assert_eq!((labels(&lists, ListName::All), labels(&lists, ListName::Custom)), (1, 1));
        assert!(lists.warnings()[0].contains("has no column 'suffix'"), "{:?}", lists.warnings());
    }

    #[test]
    fn a_list_without_suffixes_is_reported_apart() {
        for content in ["", "suffix\n"] {
            let (_folder, lists) = lists(content);
            assert_eq!(labels(&lists, ListName::All), 1);
            assert_eq!(lists.warnings(), Vec::<String>::new());
            assert_eq!(labels(&lists, ListName::Custom), 1);
            assert_eq!(lists.warnings(), Vec::<String>::new());
            let warning = lists.no_suffixes().expect("a warning");
            assert!(warning.starts_with("list=custom has no suffixes"), "{warning}");
        }
    }
}
