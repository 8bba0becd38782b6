//! Which suffix list splits a name: the options `list=` and `list_field=`.

use std::borrow::Cow;

use crate::commands::App;
use crate::commands::presence::Presence;
use crate::names::{ListName, Lists, SuffixList};
use crate::protocol::arguments::one_of;
use crate::protocol::{Arguments, Level, UserMessage};

/// The suffix list of a search, or of each of its events.
#[derive(Debug)]
pub struct ListChoice {
    lists: Lists,
    source: Source,
    /// Why the first event that was passed over for its list was.
    problem: Option<String>,
}

#[derive(Debug)]
enum Source {
    /// `list=`: the same for every event.
    Given(ListName),
    /// `list_field=`: a field of the event holds the list's name, as in URL Toolbox.
    Field { field: String, presence: Presence },
}

impl ListChoice {
    /// Takes `list=` and `list_field=`. The user's own suffixes are read now, if `list=` asks for them, so that
    /// a file that is wrong is told before the search; the program's own lists wait for the first event, so
    /// that it starts quickly.
    pub fn take(arguments: &mut Arguments, app: &App) -> ListChoice {
        let lists = Lists::new(app.lookups.join("dnsentropy_custom_suffixes.csv"));
        let given = arguments.take_choice("list", &ListName::ALL.map(|list| (list.as_str(), list)));
        let source = match arguments.take("list_field") {
            Some(field) => {
                if given.is_some() {
                    arguments
                        .problem("list= and list_field= exclude each other: give one of them".to_owned());
                }
                if field.is_empty() {
                    arguments.problem(
                        "list_field= is empty: give the field that holds the list's name".to_owned(),
                    );
                }
                Source::Field { presence: Presence::of(&field), field }
            }
            None => Source::Given(given.unwrap_or(ListName::Mozilla)),
        };
        if let Source::Given(name @ (ListName::Custom | ListName::All)) = source
            && let Err(error) = lists.load(name)
        {
            arguments.problem(format!("list={}: {error}", name.as_str()));
        }
        ListChoice { lists, source, problem: None }
    }

    /// The field that `list_field=` names.
    pub fn field(&self) -> Option<&str> {
        match &self.source {
            Source::Given(_) => None,
            Source::Field { field, .. } => Some(field),
        }
    }

    /// The list of an event, `values` being those of its `list_field`; an event without one gets the default
    /// list. `None` where it names no list, or one that cannot be had.
    pub fn of_event(&mut self, values: Option<Vec<Cow<'_, [u8]>>>) -> Option<&SuffixList> {
        let name = match &mut self.source {
            Source::Given(name) => *name,
            Source::Field { presence, .. } => {
                let values = values.unwrap_or_default();
                presence.note(!values.is_empty());
                match values.first() {
                    None => ListName::Mozilla,
                    Some(value) => {
                        let text = String::from_utf8_lossy(value);
                        if let Ok(name) = text.parse() {
                            name
                        } else {
                            self.problem.get_or_insert_with(|| {
                                let names = ListName::ALL.map(ListName::as_str);
                                format!("no list is called '{text}': use {}", one_of(&names))
                            });
                            return None;
                        }
                    }
                }
            }
        };
        match self.lists.load(name) {
            Ok(list) => Some(list),
            Err(error) => {
                self.problem.get_or_insert_with(|| format!("list {}: {error}", name.as_str()));
                None
            }
        }
    }

    /// What the user is to know at the end of the search.
    pub fn warnings(&self) -> Vec<UserMessage> {
        let missing = match &self.source {
            Source::Given(_) => None,
            Source::Field { presence, .. } => presence.warning(),
        };
        let passed_over = self.problem.as_ref().map(|problem| {
            UserMessage(Level::Warn, format!("events were passed over without a split: {problem}"))
        });
        missing.into_iter().chain(passed_over).collect()
    }
}
