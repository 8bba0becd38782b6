//! Arguments: the options and the fields in the words of a search.

use super::words::{self, RawWord};

/// Why a command refuses its arguments: all errors at once, for the user. splunkd shows them after the command's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", errors.join("; "))]
pub struct ArgumentErrors {
    /// One sentence for each error: what is wrong, and what is allowed.
    pub errors: Vec<String>,
}

/// A word that is not an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text without quotes.
    pub text: String,
    /// Whether it was in quotes. Then it is a field's name, even if it looks like a keyword or an option.
    pub quoted: bool,
}

/// The arguments of one command, sorted into options and fields.
///
/// ```
/// use dnsentropy::protocol::Arguments;
///
/// // | dnsentropy query mode = nmae "a=b"
/// let args = ["query", "mode", "=", "nmae", "a=b"].map(str::to_owned);
/// let typed = ["query", "mode", "=", "nmae", "\"a=b\""].map(str::to_owned);
/// let mut arguments = Arguments::parse(&args, &typed);
/// assert_eq!(arguments.take_choice("mode", &[("name", 1), ("url", 2)]), None);
/// let fields: Vec<String> = arguments.take_words(&["mode"]).into_iter().map(|word| word.text).collect();
/// assert_eq!(fields, ["query", "a=b"]);
/// let errors = arguments.finish(&["mode"]).unwrap_err();
/// assert_eq!(errors.to_string(), "mode=nmae is unknown: use name or url");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    items: Vec<Item>,
    /// Whether it is known which words were in quotes.
    quotes_are_known: bool,
    /// Whether a comma outside quotes has arrived, so that splunkd does not strip commas.
    commas_arrive: bool,
    errors: Vec<String>,
}

/// An option or another word, in the order of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Option { name: String, value: RawWord },
    Word(RawWord),
}

impl Arguments {
    /// Sorts the words of a search. `args` are without their quotes, `typed` as the user wrote them; older versions of
    /// splunkd do not send these. A quoted word such as `"a=b"` is a field, not an option.
    pub fn parse(args: &[String], typed: &[String]) -> Arguments {
        let quotes_are_known = words::is_typed_known(args, typed);
        let mut arguments = Arguments { quotes_are_known, ..Arguments::default() };
        for word in words::read(args, typed) {
            arguments.commas_arrive |= quotes_are_known && word.has_bare(',');
            match word.as_option() {
                Some((name, value)) => {
                    arguments.items.push(Item::Option { name: name.to_ascii_lowercase(), value });
                }
                None => arguments.items.push(Item::Word(word)),
            }
        }
        arguments
    }

    /// Takes the value of the option `name`. Two different values are an error, noted here.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.take_word(name).map(|word| word.text)
    }

    /// The same, and whether the value was in quotes.
    pub fn take_word(&mut self, name: &str) -> Option<Word> {
        let taken = self
            .items
            .extract_if(.., |item| matches!(item, Item::Option { name: option, .. } if option == name));
        let mut values: Vec<Word> = taken
            .filter_map(|item| {
                let Item::Option { value, .. } = item else { return None };
                let (text, quoted) = (value.text(), value.is_quoted());
                // Commas between options do not belong to a value.
                let text = if quoted { text } else { text.trim_end_matches(',').to_owned() };
                Some(Word { text, quoted })
            })
            .collect();
        values.dedup_by(|value, before| value.text == before.text);
        if values.len() > 1 {
            self.error(format!("{name}= is given {} times: give it once", values.len()));
        }
        values.into_iter().next()
    }

    /// Takes the option `name` as a list, whose items commas or blanks separate: `fields=a,b`, `fields="a, b"`,
    /// `fields="a b"`.
    ///
    /// Words after a comma belong to the list. If splunkd may strip commas, so do the words that follow the option as
    /// long as they are a `possible` item.
    pub fn take_list(&mut self, name: &str, possible: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        let of_name = |item: &Item| matches!(item, Item::Option { name: option, .. } if option == name);
        let at = self.items.iter().position(of_name)?;
        let Some(Item::Option { value, .. }) = self.items.get(at) else { return None };
        let (_, mut goes_on) = value.comma_at_start_and_end();
        let mut end = at + 1;
        while let Some(Item::Word(word)) = self.items.get(end) {
            let (comma_at_start, comma_at_end) = word.comma_at_start_and_end();
            let may_follow = || !self.commas_arrive && !word.is_quoted() && possible(&word.text());
            if !(goes_on || comma_at_start || may_follow()) {
                break;
            }
            goes_on = comma_at_end;
            end += 1;
        }
        let mut items = Vec::new();
        for item in self.items.drain(at..end) {
            match item {
                Item::Option { value, .. } => items.extend(value.list_items()),
                Item::Word(word) => items.extend(word.split_at_commas().iter().map(RawWord::text)),
            }
        }
        if self.items.iter().any(of_name) {
            self.take(name);
            self.error(format!("{name}= is given twice: give it once"));
        }
        Some(items)
    }

    /// Whether the option `name` is given.
    pub fn has(&self, name: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Option { name: option, .. } if option == name))
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

    /// Takes the words that are not options. Commas between them are left out.
    ///
    /// A word that looks like an option or a condition is an error, noted here, if it was not in quotes: as a field it would
    /// not be what the user meant. `options` are the names of the options.
    pub fn take_words(&mut self, options: &[&str]) -> Vec<Word> {
        let taken = self.items.extract_if(.., |item| matches!(item, Item::Word(_)));
        let words: Vec<Word> = taken
            .filter_map(|item| match item {
                Item::Word(word) => Some(word),
                Item::Option { .. } => None,
            })
            .flat_map(|word| word.split_at_commas())
            .map(|word| Word { text: word.text(), quoted: word.is_quoted() })
            .collect();
        let bare = bare_texts(&words);
        for (index, text) in bare.iter().enumerate() {
            let Some(text) = text else { continue };
            let next = bare.get(index + 1).and_then(Option::as_deref);
            self.check_bare(text, next.unwrap_or("<value>"), options);
        }
        words
    }

    fn check_bare(&mut self, text: &str, next: &str, options: &[&str]) {
        let is_option = |name: &str| options.iter().any(|option| option.eq_ignore_ascii_case(name));
        let comparison = find_comparison(text);
        let (name, compared) = text.split_at(comparison.unwrap_or(text.len()));
        if text.trim_matches('=').is_empty() {
            self.error("'=' has no option before it: write option=value".to_owned());
        } else if comparison.is_some() && is_option(name) {
            let value = compared.trim_start_matches(['<', '>', '!', '=']);
            let value = if value.is_empty() { "<value>" } else { value };
            self.error(format!("{text} is not an option: write {name}={value}"));
        } else if comparison.is_some() {
            self.error(format!(
                "{text} is neither an option nor a field: filter the results with | where {text} afterwards"
            ));
        } else if self.quotes_are_known && is_option(text) {
            self.error(format!(
                "{text} has no value: write {text}={next} (a field of that name goes in quotes)"
            ));
        }
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
        for item in std::mem::take(&mut self.items) {
            let Item::Option { name, .. } = item else { continue };
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

/// The texts of the words; `None` for a word in quotes. A comparison with blanks in it is one text.
fn bare_texts(words: &[Word]) -> Vec<Option<String>> {
    let mut texts: Vec<Option<String>> = Vec::new();
    for word in words {
        let text = (!word.quoted).then_some(&word.text);
        match (texts.last_mut(), text) {
            (Some(Some(last)), Some(text))
                if find_comparison(text) == Some(0)
                    || (find_comparison(last).is_some() && last.ends_with(['<', '>', '='])) =>
            {
                last.push_str(text);
            }
            _ => texts.push(text.cloned()),
        }
    }
    texts
}

fn find_comparison(text: &str) -> Option<usize> {
    text.find(['<', '>']).or_else(|| text.find("!="))
}

/// `'a' and 'b'`.
pub fn quoted(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{}'", name.as_ref())).collect();
    quoted.join(" and ")
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

    fn fields(arguments: &mut Arguments) -> Vec<String> {
        arguments.take_words(&["list", "by"]).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_options_or_fields() {
        let mut arguments = parse(&["query", "list=icann", "PREFIX=\"x y\"", "\"a=b\"", "a.b=c", "\"list\""]);
        assert_eq!(arguments.take("list").as_deref(), Some("icann"));
        assert_eq!(arguments.take("prefix").as_deref(), Some("x y"));
        assert_eq!(arguments.take("prefix"), None);
        assert_eq!(fields(&mut arguments), ["query", "a=b", "a.b=c", "list"]);
        assert_eq!(arguments.finish(&[]), Ok(()));
    }

    #[test]
    fn blanks_may_surround_an_equals_sign() {
        for typed in [
            &["query", "list", "=", "icann", "by"][..],
            &["query", "list=", "icann", "by"],
            &["query", "list", "=icann", "by"],
            &["query", "\"list\"=\"icann\"", "by"],
            &["query", "list", "=", "\"icann\"", "by"],
            &["query", "list=icann,", "by"],
        ] {
            let mut arguments = parse(typed);
            assert_eq!(arguments.take("list").as_deref(), Some("icann"), "{typed:?}");
            assert_eq!(arguments.take_words(&[]).len(), 2, "{typed:?}");
        }
        let mut arguments = parse(&["list=", "min", "=", "70", "prefix=", "by", "a=\"\"", "b"]);
        for (name, value) in [("list", ""), ("min", "70"), ("prefix", ""), ("a", "")] {
            assert_eq!(arguments.take(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(fields(&mut arguments), ["by", "b"]);
    }

    #[test]
    fn tabs_line_ends_and_unicode_blanks_separate_words() {
        for typed in [
            &["a\u{a0}b", "min\u{a0}=\u{a0}70"][..],
            &["a\tb", "min=\n70"],
            &["\u{2003}a", "b\u{3000}min", "=70\u{a0}"],
        ] {
            let mut arguments = parse(typed);
            assert_eq!(arguments.take("min").as_deref(), Some("70"), "{typed:?}");
            assert_eq!(fields(&mut arguments), ["a", "b"], "{typed:?}");
        }
        let mut arguments = Arguments::parse(&["a\u{a0}min=70".to_owned()], &[]);
        assert_eq!(arguments.take("min").as_deref(), Some("70"));
        assert_eq!(fields(&mut parse(&["\"a\u{a0}b\""])), ["a\u{a0}b"]);
    }

    #[test]
    fn empty_quotes_are_an_empty_value() {
        for value in ["list=\"\"", "list=''"] {
            let mut arguments = parse(&[value, "''", "by"]);
            assert_eq!(arguments.take("list").as_deref(), Some(""), "{value}");
            assert_eq!(arguments.take_words(&[]).len(), 1, "{value}");
        }
    }

    #[test]
    fn single_quotes_around_a_name_are_taken_off() {
        let mut arguments =
            parse(&["'dns.question.name'", "'a", "b'", "it's", "'x,y'", "list='c'", "by='a", "b',d", "'"]);
        assert_eq!(arguments.take("list").as_deref(), Some("c"));
        assert_eq!(arguments.take_list("by", |_| false), Some(vec!["a b".to_owned(), "d".to_owned()]));
        assert_eq!(fields(&mut arguments), ["dns.question.name", "a b", "it's", "x,y", "'"]);
    }

    #[test]
    fn a_list_is_the_same_however_it_is_typed() {
        let lists = [
            &["by=a,b,c", "query"][..],
            &["by=\"a,b,c\"", "query"],
            &["by=\"a, b c\"", "query"],
            &["by=a,", "b,", "c", "query"],
            &["by=a", ",b", ",", "c", "query"],
            &["by=a", "b", "c", "query"],
            &["by", "=", "a", "b", "c", "query"],
            &["by=\"'a','b' c\"", "query"],
        ];
        for typed in lists {
            let mut arguments = parse(typed);
            let list = arguments.take_list("by", |word| word != "query");
            assert_eq!(list, Some(["a", "b", "c"].map(str::to_owned).to_vec()), "{typed:?}");
            assert_eq!(fields(&mut arguments), ["query"], "{typed:?}");
        }
    }

    #[test]
    fn a_comma_that_arrives_ends_a_list_at_a_blank() {
        let mut arguments = parse(&["by=a,b", "c", "d"]);
        assert_eq!(arguments.take_list("by", |_| true), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(fields(&mut arguments), ["c", "d"]);
        let mut arguments = parse(&["query", "by=a", "\"c d\""]);
        assert_eq!(arguments.take_list("by", |_| true), Some(vec!["a".to_owned()]));
        assert_eq!(fields(&mut arguments), ["query", "c d"]);
    }

    #[test]
    fn a_word_that_looks_like_an_option_is_refused() {
        for (word, error) in [
            ("list", "list has no value: write list=<value> (a field of that name goes in quotes)"),
            ("=", "'=' has no option before it: write option=value"),
            (
                "score>=70",
                "score>=70 is neither an option nor a field: filter the results with | where score>=70 afterwards",
            ),
        ] {
            let mut arguments = parse(&[word]);
            arguments.take_words(&["list"]);
            assert_eq!(arguments.finish(&[]).expect_err(word).to_string(), error);
        }
    }

    #[test]
    fn a_comparison_may_have_blanks() {
        for (typed, error) in [
            (&["min", ">", "70"][..], "min>70 is not an option: write min=70"),
            (&["min", ">=70"], "min>=70 is not an option: write min=70"),
            (&["min!=", "70"], "min!=70 is not an option: write min=70"),
            (&["min", ">"], "min> is not an option: write min=<value>"),
            (
                &["score", ">", "70"],
                "score>70 is neither an option nor a field: filter the results with | where score>70 afterwards",
            ),
        ] {
            let mut arguments = parse(typed);
            arguments.take_words(&["min"]);
            assert_eq!(arguments.finish(&[]).expect_err("a comparison").to_string(), error);
        }
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
        assert_eq!(fields(&mut arguments), ["query"]);
        // What looks like quoted text is a field.
        let mut arguments = Arguments::parse(&["by=a b".to_owned(), "list".to_owned()], &[]);
        assert_eq!(arguments.take_list("by", |_| false), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(fields(&mut arguments), ["list"]);
        assert_eq!(arguments.finish(&[]), Ok(()));
    }
}
