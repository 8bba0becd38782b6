//! The options of `dnsexfil`.

use std::collections::HashSet;

use super::columns::is_column;
use super::event::Fields;
use super::weight::Weight;
use crate::aggregate::Limits;
use crate::aggregate::group::MAX_SAMPLES;
use crate::commands::{App, DEFAULT_FIELD, take_field, take_list};
use crate::names::{ListName, SuffixTable};
use crate::protocol::{ArgumentErrors, Arguments, UserMessage, Word};

/// The command's name in a search.
pub const NAME: &str = "dnsexfil";

const OPTIONS: [&str; 10] =
    ["field", "by", "weight", "values", "list", "limit", "min_score", "allowlist", "samples", "phase"];

/// The phase that a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// On a search peer: events in, partial results out.
    Map,
    /// On the search head: events and partial results in, the table out.
    Reduce,
}

/// The options of a search.
pub struct Options {
    /// The field that holds the DNS name.
    pub field: String,
    /// The fields to group by, beside the domain.
    pub by: Vec<String>,
    /// Which field says how many queries a row is.
    pub weight: Weight,
    /// The fields whose values are shown.
    pub values: Vec<String>,
    /// The list of suffixes that split names.
    pub list: ListName,
    /// The most rows of the table. `None`: all.
    pub limit: Option<usize>,
    /// Rows with a lower score are left out.
    pub min_score: u8,
    /// Whether the allowlist applies.
    pub allowlist: bool,
    /// The most names in `samples`.
    pub samples: usize,
    /// The phase.
    pub phase: Phase,
}

impl Options {
    /// The options of a search, the suffixes that they name, and warnings about those.
    ///
    /// # Errors
    ///
    /// Every argument that is wrong.
    pub fn parse(
        mut arguments: Arguments,
        app: &App,
    ) -> Result<(Options, SuffixTable, Vec<UserMessage>), ArgumentErrors> {
        let values = take_field_list(&mut arguments, "values");
        let weight = take_weight(&mut arguments);
        let (field, by) = take_fields(&mut arguments);
        check_values(values.as_deref(), &by, &mut arguments);
        check_weight(&weight, &field, &by, &mut arguments);
        let values = values.unwrap_or_default();
        let (list, table, warnings) = take_list(&mut arguments, app);
        let limit = take_number(&mut arguments, "limit", 0..=1_000_000, ", where 0 is no limit");
        let limit = limit.map_or(Some(10_000), |limit| (limit > 0).then_some(limit));
        let min_score = take_number(&mut arguments, "min_score", 0..=100, "").unwrap_or(0);
        let samples = take_number(&mut arguments, "samples", 0..=MAX_SAMPLES, "").unwrap_or(3);
        let booleans = [
            ("true", true),
            ("false", false),
            ("t", true),
            ("f", false),
            ("1", true),
            ("0", false),
            ("yes", true),
            ("no", false),
            ("y", true),
            ("n", false),
        ];
        let allowlist = arguments.take_choice("allowlist", &booleans).unwrap_or(true);
        let phases = [("map", Phase::Map), ("reduce", Phase::Reduce)];
        let phase = arguments.take_choice("phase", &phases).unwrap_or(Phase::Reduce);
        if arguments.take("span").is_some() {
            arguments.error(
                "span= is unknown: group by time with | bin span=1h _time AS hour before, and 'hour' after 'by'"
                    .to_owned(),
            );
        }
        arguments.finish(&OPTIONS)?;
        let min_score = u8::try_from(min_score).unwrap_or(100);
        let options =
            Options { field, by, weight, values, list, limit, min_score, allowlist, samples, phase };
        Ok((options, table, warnings))
    }

    /// The limits of memory for these options.
    pub fn limits(&self) -> Limits {
        Limits { samples: self.samples, ..Limits::default() }
    }

    /// The fields that are read of an event.
    pub fn fields(&self) -> Fields<'_> {
        let Options { field, by, values, weight, .. } = self;
        Fields { name: field, by, shown: values, weight: weight.field() }
    }

    /// The fields that the reduce phase reads, each once.
    pub fn required_fields(&self) -> Vec<String> {
        let mut fields = self.fields().names();
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.clone()));
        fields
    }

    /// The map phase as a pipeline for the search peers.
    ///
    /// A map run cannot set `required_fields`, as its rows are not those of the events. So `fields` narrows the events. It
    /// keeps `_raw`, which is most of an event, unless that is removed explicitly. It keeps partial results, as splunkd may
    /// run the whole pipeline twice.
    pub fn streaming_preop(&self) -> String {
        let fields: Vec<String> = self.required_fields().iter().map(|field| quoted(field)).collect();
        let without_raw = if fields.iter().any(|field| field == "_raw") { "" } else { " | fields - _raw" };
        let by: Vec<String> = self.by.iter().map(|field| quoted(field)).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(" ")) };
        format!(
            "fields {}{without_raw} | {NAME} {}{by} list={} samples={}{}{} phase=map",
            fields.join(", "),
            quoted(&self.field),
            self.list.as_str(),
            self.samples,
            self.weight_in_preop(),
            self.values_in_preop()
        )
    }

    fn weight_in_preop(&self) -> String {
        match &self.weight {
            Weight::Automatic => String::new(),
            Weight::Off => format!(" weight={NO_WEIGHT}"),
            Weight::Field(field) if field.eq_ignore_ascii_case(NO_WEIGHT) => format!(" weight=\"{field}\""),
            Weight::Field(field) => format!(" weight={}", quoted(field)),
        }
    }

    fn values_in_preop(&self) -> String {
        let is_plain = |field: &str| quoted(field) == field;
        let items = self.values.iter();
        let items = items.map(|field| if is_plain(field) { field.clone() } else { format!("'{field}'") });
        let items: Vec<String> = items.collect();
        if items.is_empty() { String::new() } else { format!(" values=\"{}\"", items.join(",")) }
    }
}

/// The value of `weight=` for no field.
const NO_WEIGHT: &str = "none";

fn take_weight(arguments: &mut Arguments) -> Weight {
    match arguments.take_word("weight") {
        None => Weight::Automatic,
        Some(word) if !word.quoted && word.text.eq_ignore_ascii_case(NO_WEIGHT) => Weight::Off,
        Some(word) => Weight::Field(word.text),
    }
}

fn check_weight(weight: &Weight, field: &str, by: &[String], arguments: &mut Arguments) {
    let Weight::Field(weight) = weight else { return };
    if weight.is_empty() {
        arguments.error(format!(
            "weight= is not a field name: name the field that says how many queries a row is, or {NO_WEIGHT}"
        ));
    } else {
        check_field_name(weight, arguments);
    }
    if weight == field {
        arguments.error(format!(
            "'{weight}' holds the DNS name: weight= names the field that says how many queries a row is"
        ));
    } else if by.contains(weight) {
        arguments
            .error(format!("'{weight}' says how many queries a row is (weight=): leave it out after 'by'"));
    }
}

fn check_values(values: Option<&[String]>, by: &[String], arguments: &mut Arguments) {
    if values.is_some_and(<[String]>::is_empty) {
        arguments.error(
            "values= is empty: list the fields whose values to show, as in values=\"process,user\""
                .to_owned(),
        );
    }
    for name in values.unwrap_or_default() {
        // In the pipeline of the map phase, single quotes keep a name together.
        if name.contains('\'') {
            arguments.error(format!("'{name}' has a quote: values= takes field names without quotes"));
        }
        check_field_name(name, arguments);
        if is_column(name) {
            arguments.error(format!(
                "'{name}' is a column of the table: leave it out of values=, or rename the field"
            ));
        } else if by.contains(name) {
            arguments.error(format!(
                "'{name}' is a column of the table already, as it follows 'by': leave it out of values="
            ));
        }
    }
}

/// Takes an option that lists fields, each once. Words after it belong to the list too, as splunkd may strip commas. Exceptions
/// are the default field, and what `by` does not take either.
fn take_field_list(arguments: &mut Arguments, option: &str) -> Option<Vec<String>> {
    let mut fields = arguments.take_list(option, |word| {
        let mut others = OPTIONS.iter().chain(&["as", DEFAULT_FIELD]);
        !others.any(|other| other.eq_ignore_ascii_case(word)) && !word.contains(['<', '>', '='])
    })?;
    let mut seen = HashSet::new();
    fields.retain(|field| seen.insert(field.clone()));
    Some(fields)
}

/// A field's name, quoted for a search if it needs quotes.
fn quoted(field: &str) -> String {
    let plain = field.chars().all(|c| c.is_ascii_alphanumeric() || "_.:".contains(c));
    let keyword = OPTIONS.iter().chain(&["as"]).any(|keyword| field.eq_ignore_ascii_case(keyword));
    if plain && !keyword { field.to_owned() } else { format!("\"{field}\"") }
}

/// The field, and the by-fields after the word `by`, separated by white space or commas.
fn take_fields(arguments: &mut Arguments) -> (String, Vec<String>) {
    let is_by = |word: &Word| !word.quoted && word.text.eq_ignore_ascii_case("by");
    let listed = take_field_list(arguments, "by");
    let options: Vec<&str> = OPTIONS.into_iter().filter(|option| *option != "by").collect();
    let words = arguments.take_words(&options);
    let (words, by) = match words.iter().position(is_by) {
        Some(at) => (&words[..at], Some(&words[at + 1..])),
        None => (&words[..], None),
    };
    let field = take_field(arguments, words, " (fields to group by come after 'by')");
    if listed.as_ref().map_or(by.is_some_and(<[Word]>::is_empty), Vec::is_empty) {
        arguments.error("'by' must be followed by at least one field".to_owned());
    }
    let by = by.unwrap_or_default();
    if by.iter().any(is_by) {
        arguments.error("'by' is given twice: list all fields after one 'by'".to_owned());
    }
    if by.iter().any(|word| !word.quoted && word.text.eq_ignore_ascii_case("as")) {
        arguments
            .error("'as' is not allowed after 'by': rename the column afterwards with | rename".to_owned());
    }
    let mut by: Vec<String> =
        by.iter().map(|word| word.text.clone()).chain(listed.unwrap_or_default()).collect();
    let mut seen = HashSet::new();
    by.retain(|field| seen.insert(field.clone()));
    if field.is_empty() {
        arguments.error("field= is not a field name: name the field that holds the DNS name".to_owned());
    }
    let named = by.iter().chain([&field]).filter(|name| !name.is_empty());
    named.for_each(|name| check_field_name(name, arguments));
    for name in by.iter().filter(|name| is_column(name)) {
        arguments.error(format!(
            "'{name}' is a column of the table: leave it out after 'by', or rename the field"
        ));
    }
    (field, by)
}

fn check_field_name(name: &str, arguments: &mut Arguments) {
    if !is_field_name(name) {
        arguments.error(format!(
            "'{}' is not a field name: wildcards, quotes, backslashes, pipes, brackets and control characters are not \
             allowed",
            name.escape_debug()
        ));
    }
}

/// Whether the name of a field can be read, and be written in the pipeline of the map phase.
fn is_field_name(name: &str) -> bool {
    let refused = |c: char| c.is_control() || "*\"\\|`[]".contains(c);
    !name.is_empty() && !name.contains(refused) && !name.starts_with("__mv_") && name != "_chunked_idx"
}

/// Takes a number of an option. `hint` says what it means.
fn take_number(
    arguments: &mut Arguments,
    name: &str,
    allowed: std::ops::RangeInclusive<usize>,
    hint: &str,
) -> Option<usize> {
    let value = arguments.take(name)?;
    let number = value.trim().parse().ok().filter(|number| allowed.contains(number));
    if number.is_none() {
        arguments.error(format!(
            "{name}={value} is out of range: use a whole number from {} to {}{hint}",
            allowed.start(),
            allowed.end()
        ));
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The words of `text` as splunkd splits them: at blanks outside double quotes, and at commas if it strips them.
    fn split(text: &str, strips_commas: bool) -> (Vec<String>, Vec<String>) {
        let (mut words, mut quoted) = (vec![String::new()], false);
        for character in text.chars() {
            quoted ^= character == '"';
            match character {
                ' ' if !quoted => words.push(String::new()),
                ',' if !quoted && strips_commas => words.push(String::new()),
                _ => words.last_mut().expect("never empty").push(character),
            }
        }
        words.retain(|word| !word.is_empty());
        (words.iter().map(|word| word.replace('"', "")).collect(), words)
    }

    /// The field, the by-fields, the limit and the least score.
    type Meaning = (String, Vec<String>, Option<usize>, u8);

    /// What the words mean, and the pipeline of the map phase; or the errors.
    fn read(text: &str, strips_commas: bool) -> Result<(Meaning, String), String> {
        let (args, typed) = split(text, strips_commas);
        let app = App { lookups: std::path::PathBuf::new() };
        let (options, ..) =
            Options::parse(Arguments::parse(&args, &typed), &app).map_err(|errors| errors.to_string())?;
        let preop = options.streaming_preop();
        Ok(((options.field, options.by, options.limit, options.min_score), preop))
    }

    /// A name in quotes of one kind.
    fn typed(name: &str, style: usize) -> String {
        match style {
            0 if !name.contains([' ', '=']) && name != "by" && name != "list" => name.to_owned(),
            0 | 1 => format!("\"{name}\""),
            _ => format!("'{name}'"),
        }
    }

    #[test]
    fn what_is_no_field_ends_a_list_after_by() {
        for (text, error) in [
            ("query by=src as x", "expected one field, got 'query' and 'as' and 'x'"),
            ("query by=src limit 5", "limit has no value: write limit=5"),
            ("query by=src min_score > 70", "min_score>70 is not an option: write min_score=70"),
            ("field= by=src", "field= is not a field name: name the field"),
        ] {
            for strips_commas in [false, true] {
                let errors = read(text, strips_commas).expect_err(text);
                assert!(errors.starts_with(error), "{text}: {errors}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_words_mean_the_same_however_they_are_typed_and_split(
            field in "[a-z]{1,3}[0-9]|dns\\.question\\.name|a b|x=y|by",
            by in prop::collection::hash_set("[a-z]{1,3}[0-9]|id\\.orig_h|src ip|list|a=b", 1..4),
            styles in prop::collection::vec(0_usize..3, 5),
            comma in prop::sample::select(vec![" ", ",", ", ", " ,", " , "]),
            equals in prop::sample::select(vec!["=", " = ", " =", "= "]),
            as_option in any::<bool>(),
        ) {
            let by: Vec<String> = by.into_iter().collect();
            let names: Vec<String> = by.iter().enumerate().map(|(index, name)| typed(name, styles[index])).collect();
            let listed = if as_option {
                // In a list between double quotes, single quotes keep a name together.
                let names: Vec<String> = by.iter().map(|name| format!("'{name}'")).collect();
                format!("by{equals}\"{}\"", names.join(comma))
            } else {
                format!("by {}", names.join(comma))
            };
            let field_typed = typed(&field, styles[4]);
            let text = format!("{field_typed} limit{equals}0 {listed} min_score{equals}70");
            for strips_commas in [false, true] {
                let found = read(&text, strips_commas);
                let expected = (field.clone(), by.clone(), None, 70);
                let (found, preop) = found.map_err(|errors| TestCaseError::fail(format!("{text}: {errors}")))?;
                prop_assert_eq!(&found, &expected, "{}", text);
                // The map phase reads the same field and by-fields.
                let (_, command) = preop.split_once("| dnsexfil ").expect("a pipeline");
                let ((field, by, ..), _) = read(command, strips_commas).map_err(TestCaseError::fail)?;
                prop_assert_eq!((field, by), (found.0, found.1), "{}", preop);
            }
        }
    }
}
