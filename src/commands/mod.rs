//! The search commands, one file each.
//!
//! `commands.conf` passes the command's name as the program's first argument, and [`find`] returns the
//! function that makes that command from the search's arguments. A new command is a file here and a line in [`COMMANDS`].

mod builtin;
mod dnsentropy;
mod dnsexfil;
pub mod lookup;
mod missing_field;
mod unreadable;
mod urltoolbox;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;

use crate::names::{ListName, Lists, SuffixTable};
use crate::protocol::arguments::quoted;
use crate::protocol::session::Command;
use crate::protocol::{ArgumentErrors, Arguments, Level, UserMessage, Word};

/// The field that holds the DNS name if the search does not say.
const DEFAULT_FIELD: &str = "query";

/// Makes a command from the arguments of a search.
pub type Open = fn(Arguments, &App) -> Result<Box<dyn Command>, ArgumentErrors>;

/// The commands by name.
pub const COMMANDS: [(&str, Open); 4] = [
    (builtin::NAME, builtin::open),
    (dnsentropy::NAME, dnsentropy::open),
    (dnsexfil::NAME, dnsexfil::open),
    (urltoolbox::NAME, urltoolbox::open),
];

/// The command called `name`, if there is one.
pub fn find(name: &str) -> Option<Open> {
    COMMANDS.into_iter().find(|(command, _)| *command == name).map(|(_, open)| open)
}

/// The installed app: what commands need of it.
#[derive(Debug, Clone)]
pub struct App {
    /// The folder with the app's lookup files.
    pub lookups: PathBuf,
}

impl App {
    /// The app that this program is installed in. The program is in `<app>/bin/dnsentropy-bin/`, both on the search head
    /// and in the bundle on a search peer.
    pub fn locate() -> App {
        let program = std::env::current_exe().unwrap_or_default();
        let app = program.ancestors().nth(3).map(PathBuf::from).unwrap_or_default();
        App { lookups: app.join("lookups") }
    }

    /// The suffix lists, including the user's own.
    pub fn lists(&self) -> Lists {
        Lists::new(self.lookups.join("dnsentropy_custom_suffixes.csv"))
    }
}

/// `values` without duplicates, in their order.
pub(crate) fn distinct(mut values: Vec<Cow<'_, [u8]>>) -> Vec<Cow<'_, [u8]>> {
    if values.len() > 1 {
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
    }
    values
}

/// The suffixes that split names: the list's name, the list, and warnings about the user's own suffixes.
type ChosenList = (ListName, SuffixTable, Vec<UserMessage>);

/// Takes the option `list=` and loads the list.
fn take_list(arguments: &mut Arguments, app: &App) -> ChosenList {
    let names = ListName::ALL.map(|list| (list.as_str(), list));
    let name = arguments.take_choice("list", &names).unwrap_or(ListName::Mozilla);
    let lists = app.lists();
    let list = lists.load(name).clone();
    let mut texts = lists.warnings();
    if name == ListName::Custom {
        texts.extend(lists.no_suffixes());
    }
    (name, list, warnings(texts).collect())
}

/// Texts as warnings to the user.
fn warnings(texts: Vec<String>) -> impl Iterator<Item = UserMessage> {
    texts.into_iter().map(|text| UserMessage(Level::Warn, text))
}

/// The field that holds the DNS name: one of `words`, or the option `field=`, or `query`. `hint` ends the error for several
/// fields.
fn take_field(arguments: &mut Arguments, words: &[Word], hint: &str) -> String {
    let mut fields: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
    fields.extend(arguments.take("field"));
    fields.dedup();
    if fields.len() > 1 {
        let got = quoted(&fields);
        arguments.error(format!("expected one field, got {got}: name the one that holds the DNS name{hint}"));
    }
    fields.into_iter().next().unwrap_or_else(|| DEFAULT_FIELD.to_owned())
}
