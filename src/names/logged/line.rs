//! Lines of logs, records of zones, and lists of names, which a field may hold by mistake.
//!
//! Blanks in a name are data, as raw bytes of a tunnel or in the name of a printer: only values that look in some way like one of
//! these lines are none. Bytes that do not print show that a value is data.

use super::super::{host::is_address, is_top_level};
use super::tail::{is_class, is_type};

/// Last labels of private names.
const PRIVATE: [&str; 8] =
    ["local", "lan", "internal", "corp", "home", "localdomain", "intranet", "localhost"];
/// What surrounds names in lines.
const PUNCTUATION: [char; 12] = [',', ';', ':', '"', '\'', '(', ')', '[', ']', '<', '>', '+'];

/// Whether `masked`, a value whose escapes are masked, is a line or list.
pub fn is_line_or_list(masked: &[u8]) -> bool {
    if !masked.iter().any(|byte| byte.is_ascii_whitespace() || !byte.is_ascii()) {
        return false;
    }
    let Ok(text) = str::from_utf8(masked) else { return false };
    if text.contains(|c: char| c.is_control() && !c.is_ascii_whitespace()) {
        return false;
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [first, between @ .., last] = &parts[..] else { return false };
    ends_with_address(last)
        || is_whole_name(first)
        || second_last_label_begins_with_blank(text)
        || parts.iter().all(|part| is_known_name(part) || ends_with_address(part))
        || has_record(&parts)
        || is_label_of_field(first)
            && between.iter().all(|part| is_number_or_type(part))
            && is_known_name(last)
}

/// As the client or the answer at the end of a line.
fn ends_with_address(part: &str) -> bool {
    let bare = part.trim_matches(PUNCTUATION).trim_end_matches('.');
    is_address(bare.as_bytes())
}

/// Several labels and the dot of the root: what follows is a record's data or anything else.
fn is_whole_name(part: &str) -> bool {
    part.strip_suffix('.').is_some_and(|labels| labels.trim_matches('.').contains('.'))
}

/// No registrable domain begins with a blank.
fn second_last_label_begins_with_blank(text: &str) -> bool {
    let mut labels = text.rsplit('.').skip(1);
    let label = labels.next().filter(|_| labels.next().is_some());
    label.is_some_and(|label| label.starts_with(char::is_whitespace))
}

/// A name of several labels that ends in a known one.
fn is_known_name(part: &str) -> bool {
    let name = part.trim_matches(PUNCTUATION).trim_end_matches('.');
    let is_plain = |label: &str| {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '*' | '\\');
        !label.is_empty() && label.chars().all(allowed)
    };
    name.rsplit_once('.').is_some_and(|(labels, last)| {
        let last = last.to_lowercase();
        labels.split('.').all(is_plain) && (is_top_level(&last) || PRIVATE.contains(&&*last))
    })
}

/// Whether a name has its type or class after it, or a time to live a class and a type.
fn has_record(parts: &[&str]) -> bool {
    let is_type_or_class = |part: &str| is_type(part.as_bytes()) || is_class(part.as_bytes());
    let after_name = parts.windows(2).any(|pair| is_known_name(pair[0]) && is_type_or_class(pair[1]));
    after_name
        || parts.windows(3).any(|record| {
            is_number(record[0]) && is_class(record[1].as_bytes()) && is_type(record[2].as_bytes())
        })
}

/// As in `query: www.example.com` and `AAAA? www.example.com`.
fn is_label_of_field(part: &str) -> bool {
    let is_word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    part.strip_suffix(':').is_some_and(is_word)
        || part.strip_suffix('?').is_some_and(|word| is_type(word.as_bytes()))
}

fn is_number_or_type(part: &str) -> bool {
    is_number(part) || is_type(part.as_bytes()) || is_class(part.as_bytes())
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}
