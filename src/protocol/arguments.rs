//! Arguments: the words of the search after the command's name.

/// Why a command refuses its arguments: all errors at once, for the user. splunkd shows them after the command's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", errors.join("; "))]
pub struct ArgumentErrors {
    /// One sentence for each error: what is wrong, and what is allowed.
    pub errors: Vec<String>,
}

/// The arguments of one command, sorted into options and fields.
///
/// ```
/// use dnsentropy::protocol::Arguments;
///
/// // | dnsentropy query mode=nmae "a=b"
/// let args = ["query", "mode=nmae", "a=b"].map(str::to_owned);
/// let typed = ["query", "mode=nmae", "\"a=b\""].map(str::to_owned);
/// let mut arguments = Arguments::parse(&args, &typed);
/// assert_eq!(arguments.take_fields(), ["query", "a=b"]);
/// assert_eq!(arguments.take_choice("mode", &[("name", 1), ("url", 2)]), None);
/// let errors = arguments.finish(&["mode"]).unwrap_err();
/// assert_eq!(errors.to_string(), "mode=nmae is unknown: use name or url");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    options: Vec<(String, String)>,
    fields: Vec<String>,
    errors: Vec<String>,
}

impl Arguments {
    /// Sorts the words of a search. `args` are without their quotes, `typed` as the user wrote them: a quoted word such as
    /// `"a=b"` is a field, not an option.
    ///
    /// An option's value that ends in a comma continues in the next word: `fields=domain, subdomain`.
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

    /// Takes the value of the option `name`. Two different values are an error, noted here.
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

    /// Takes the value of the option `name` as one of `allowed`. Another value is an error, noted here.
    pub fn take_choice<T: Copy>(&mut self, name: &str, allowed: &[(&str, T)]) -> Option<T> {
        let value = self.take(name)?;
        let choice = allowed.iter().find(|(allowed, _)| allowed.eq_ignore_ascii_case(value.trim()));
        if choice.is_none() {
            let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
            self.error(format!("{name}={value} is unknown: use {}", one_of(&names)));
        }
        choice.map(|(_, choice)| *choice)
    }

    /// Takes the words that are not options.
    pub fn take_fields(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fields)
    }

    /// Notes an error, for [`Arguments::finish`] to return. The same error is noted once.
    pub fn error(&mut self, error: String) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Ends the reading. The options that were not taken are unknown; `allowed` are those that exist.
    ///
    /// # Errors
    ///
    /// Every error noted, and the unknown options.
    pub fn finish(mut self, allowed: &[&str]) -> Result<(), ArgumentErrors> {
        let mut unknown: Vec<String> = Vec::new();
        for (name, _) in std::mem::take(&mut self.options) {
            let option = format!("{name}=");
            if !unknown.contains(&option) {
                unknown.push(option);
            }
        }
        if !unknown.is_empty() {
            let allowed: Vec<String> = allowed.iter().map(|name| format!("{name}=")).collect();
            self.error(format!(
                "unknown option {}: use {} (a field whose name has an equals sign goes in quotes)",
                unknown.join(", "),
                one_of(&allowed)
            ));
        }
        if self.errors.is_empty() { Ok(()) } else { Err(ArgumentErrors { errors: self.errors }) }
    }
}

/// Whether a word before `=` can be an option's name.
fn is_option_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `a, b or c`.
pub fn one_of(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &[&str]) -> Arguments {
        let args: Vec<String> = typed.iter().map(|word| word.replace('"', "")).collect();
        let typed: Vec<String> = typed.iter().map(ToString::to_string).collect();
        Arguments::parse(&args, &typed)
    }

    #[test]
    fn words_are_options_or_fields() {
        let mut arguments = parse(&["query", "list=icann", "PREFIX=\"x y\"", "\"a=b\"", "a.b=c", "=", "="]);
        assert_eq!(arguments.take("list").as_deref(), Some("icann"));
        assert_eq!(arguments.take("prefix").as_deref(), Some("x y"));
        assert_eq!(arguments.take("prefix"), None);
        assert_eq!(arguments.take_fields(), ["query", "a=b", "a.b=c", "=", "="]);
        assert_eq!(arguments.finish(&[]), Ok(()));
    }

    #[test]
    fn a_list_of_values_may_have_spaces() {
        for typed in [&["fields=a,", "b,", "c", "query"][..], &["fields=a", ",b", ",", "c", "query"]] {
            let mut arguments = parse(typed);
            assert_eq!(arguments.take("fields").as_deref(), Some("a,b,c"), "{typed:?}");
            assert_eq!(arguments.take_fields(), ["query"]);
        }
        let mut arguments = parse(&["fields=a,", "\"b\"", "c"]);
        assert_eq!(arguments.take("fields").as_deref(), Some("a,"));
        assert_eq!(arguments.take_fields(), ["b", "c"]);
    }

    #[test]
    fn all_errors_are_reported_at_once_without_the_name_of_the_command() {
        let mut arguments = parse(&["lst=icann", "list=ican", "prefix=a", "prefix=b"]);
        arguments.take_choice("list", &[("icann", 1), ("*", 2)]);
        arguments.take("prefix");
        let errors = arguments.finish(&["list", "prefix"]).expect_err("three errors");
        assert_eq!(
            errors.to_string(),
            "list=ican is unknown: use icann or *; prefix= is given 2 times: give it once; unknown option \
             lst=: use list= or prefix= (a field whose name has an equals sign goes in quotes)"
        );
    }

    #[test]
    fn an_error_is_reported_once() {
        let mut arguments = parse(&["lst=a", "lst=b", "l=c"]);
        arguments.error("a is wrong".to_owned());
        arguments.error("a is wrong".to_owned());
        assert_eq!(
            arguments.finish(&["list"]).expect_err("two errors").to_string(),
            "a is wrong; unknown option lst=, l=: use list= (a field whose name has an equals sign goes in quotes)"
        );
    }

    #[test]
    fn arguments_as_typed_are_not_needed() {
        let mut arguments = Arguments::parse(&["list=icann".to_owned(), "query".to_owned()], &[]);
        assert_eq!(arguments.take("list").as_deref(), Some("icann"));
        assert_eq!(arguments.take_fields(), ["query"]);
    }
}
