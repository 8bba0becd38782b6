//! Arguments: the words of the search behind the command's name.

/// Why a command refuses its arguments: every problem at once, for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{command}: {}", errors.join("; "))]
pub struct ArgumentErrors {
    /// The command's name.
    pub command: &'static str,
    /// One sentence for each problem, with what is allowed.
    pub errors: Vec<String>,
}

/// The arguments of one command, sorted into options and fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    options: Vec<(String, String)>,
    fields: Vec<String>,
    errors: Vec<String>,
}

impl Arguments {
    /// Sorts the words of a search. `args` are without their quotes, `typed` as the user wrote them; the latter
    /// tell a quoted field such as `"a=b"` from an option.
    ///
    /// An option's value that ends in a comma goes on in the next word: `fields=domain, subdomain`.
    pub fn parse(args: &[String], typed: &[String]) -> Arguments {
        let mut arguments = Arguments::default();
        let mut after_option = false;
        for (index, word) in args.iter().enumerate() {
            let quoted = args.len() == typed.len() && typed[index].starts_with('"');
            let option = word.split_once('=').filter(|(name, _)| !quoted && is_option_name(name));
            if let Some((name, value)) = option {
                arguments.options.push((name.to_ascii_lowercase(), value.to_owned()));
                after_option = true;
            } else if let Some((_, value)) = arguments.options.last_mut()
                && after_option
                && !quoted
                && (value.ends_with(',') || word.starts_with(','))
            {
                value.push_str(word);
            } else {
                arguments.fields.push(word.clone());
                after_option = false;
            }
        }
        arguments
    }

    /// Takes the value of the option `name`. Given twice with different values, it is a problem.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let mut values: Vec<String> =
            self.options.extract_if(.., |(option, _)| option == name).map(|(_, value)| value).collect();
        values.dedup();
        if values.len() > 1 {
            self.error(format!("{name}= is given {} times: give it once", values.len()));
        }
        values.into_iter().next()
    }

    /// Whether the option `name` is given.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }

    /// Takes the value of the option `name` as one of `allowed`.
    pub fn take_choice<T: Copy>(&mut self, name: &str, allowed: &[(&str, T)]) -> Option<T> {
        let value = self.take(name)?;
        let choice = allowed.iter().find(|(allowed, _)| allowed.eq_ignore_ascii_case(value.trim()));
        if choice.is_none() {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
            self.error(format!("{name}={value} is unknown: use {}", one_of(&names)));
        }
        choice.map(|(_, choice)| *choice)
    }

    /// Takes the words that are no options.
    pub fn take_fields(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fields)
    }

    /// Notes something wrong with the arguments.
    pub fn error(&mut self, error: String) {
        self.errors.push(error);
    }

    /// Ends the reading: what was not taken is unknown.
    ///
    /// # Errors
    ///
    /// Every problem noted, and every option left over with the names of those that are allowed.
    pub fn finish(mut self, command: &'static str, allowed: &[&str]) -> Result<(), ArgumentErrors> {
        for (name, _) in std::mem::take(&mut self.options) {
            let options: Vec<String> = allowed.iter().map(|name| format!("{name}=")).collect();
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            self.error(format!(
                "unknown option {name}=: use {} (a field whose name has an equals sign goes in quotes)",
                one_of(&options)
            ));
        }
        if self.errors.is_empty() { Ok(()) } else { Err(ArgumentErrors { command, errors: self.errors }) }
    }
}

/// Whether a word before `=` can be an option's name.
fn is_option_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `a, b or c`.
pub fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &[&str]) -> Arguments {
        let args: Vec<String> = typed.iter().map(|word| word.replace('"', "")).collect();
        let typed: Vec<String> = typed.iter().map(ToString::to_string).collect();
        Arguments::parse(&args, &typed)
    }

    #[test]
    fn words_are_options_or_fields() {
        let mut arguments = read(&["query", "list=icann", "PREFIX=\"x y\"", "\"a=b\"", "a.b=c", "=", "="]);
        assert_eq!(arguments.take("list").as_deref(), Some("icann"));
        assert_eq!(arguments.take("prefix").as_deref(), Some("x y"));
        assert_eq!(arguments.take("prefix"), None);
        assert_eq!(arguments.take_fields(), ["query", "a=b", "a.b=c", "=", "="]);
        assert_eq!(arguments.finish("test", &[]), Ok(()));
    }

    #[test]
    fn a_list_of_values_may_have_spaces() {
        for typed in [&["fields=a,", "b,", "c", "query"][..], &["fields=a", ",b", ",", "c", "query"]] {
            let mut arguments = read(typed);
            assert_eq!(arguments.take("fields").as_deref(), Some("a,b,c"), "{typed:?}");
            assert_eq!(arguments.take_fields(), ["query"]);
        }
        let mut arguments = read(&["fields=a,", "\"b\"", "c"]);
        assert_eq!(arguments.take("fields").as_deref(), Some("a,"));
        assert_eq!(arguments.take_fields(), ["b", "c"]);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let mut arguments = read(&["lst=icann", "list=ican", "prefix=a", "prefix=b"]);
        arguments.take_choice("list", &[("icann", 1), ("*", 2)]);
        arguments.take("prefix");
        let refusal = arguments.finish("test", &["list", "prefix"]).expect_err("problems");
        assert_eq!(
            refusal.to_string(),
            "test: list=ican is unknown: use icann or *; prefix= is given 2 times: give it once; unknown option \
             lst=: use list= or prefix= (a field whose name has an equals sign goes in quotes)"
        );
    }

    #[test]
    fn arguments_as_typed_are_not_needed() {
        let mut arguments = Arguments::parse(&["list=icann".to_owned(), "query".to_owned()], &[]);
        assert_eq!(arguments.take("list").as_deref(), Some("icann"));
        assert_eq!(arguments.take_fields(), ["query"]);
    }
}
