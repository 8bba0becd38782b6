//! Names in JSON.

use serde_json::Value;

use super::super::wire::is_escaped;
use super::trim_blanks;

/// Keys of names in lower case and without punctuation, the most specific first.
const NAME_KEYS: [&str; 18] = [
    "query",
    "queryname",
    "qname",
    "rrname",
    "dnsquery",
    "dnsquestionname",
    "dnsrrname",
    "dnsqname",
    "questionname",
    "question",
    "queries",
    "name",
    "hostname",
    "domainname",
    "fqdn",
    "url",
    "domain",
    "host",
];

/// The text of a JSON string, given without its quotes.
pub fn string(text: &[u8]) -> Option<Vec<u8>> {
    let quoted = [b"\"", text, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).ok().map(|text| as_text(&text))
}

/// The one name in a JSON array or object, or an empty text if there is none or more than one. `None` if `text` is not JSON.
///
/// The name is the only string under the first of the [`NAME_KEYS`] that is there. Without such a key it is the only
/// string, which needs a dot if it is under another key.
pub fn single_name(text: &[u8]) -> Option<Vec<u8>> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let mut strings = Vec::new();
    collect(&value, "", &mut strings);
    let under = |key: &str| strings.iter().filter(|(of, _)| of == key).cloned().collect::<Vec<_>>();
    let keyed = NAME_KEYS.into_iter().map(under).find(|strings| !strings.is_empty());
    let mut names: Vec<&str> = match &keyed {
        Some(keyed) => keyed.iter().map(|(_, text)| *text).collect(),
        None => strings.iter().map(|(_, text)| *text).collect(),
    };
    names.sort_unstable();
    names.dedup();
    if keyed.is_none() && strings.iter().any(|(key, text)| !key.is_empty() && !text.contains('.')) {
        names.clear();
    }
    Some(if let [name] = names[..] { as_text(name) } else { Vec::new() })
}

/// The same for a dictionary or list as Python prints it. What looks like a dictionary and is not that simple has no single name.
pub fn single_name_in_python(text: &[u8]) -> Option<Vec<u8>> {
    let printed = str::from_utf8(text).ok().filter(|text| text.contains('\'') && !text.contains(['"', '\\']));
    let json = printed.map(|text| {
        let text = text.replace('\'', "\"");
        text.replace(": None", ": null").replace(": True", ": true").replace(": False", ": false")
    });
    json.and_then(|json| single_name(json.as_bytes())).or_else(|| is_dictionary(text).then(Vec::new))
}

/// Whether `text` begins with a key in quotes.
fn is_dictionary(text: &[u8]) -> bool {
    let Some([quote @ (b'"' | b'\''), key @ ..]) = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start)
    else {
        return false;
    };
    let end = key.iter().position(|byte| byte == quote);
    end.is_some_and(|end| key[end + 1..].trim_ascii_start().starts_with(b":"))
}

/// A decoded string as the text of a name: control characters are escaped, apart from those of blanks.
fn as_text(decoded: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(decoded.len());
    for &byte in trim_blanks(decoded.as_bytes()) {
        if !byte.is_ascii_control() || byte.is_ascii_whitespace() {
            text.push(byte);
            continue;
        }
        // After a backslash, the number alone completes the escape.
        if !is_escaped(&text, text.len()) {
            text.push(b'\\');
        }
        text.extend_from_slice(format!("{byte:03}").as_bytes());
    }
    text
}

/// All strings in `value`, each with the key that it is under.
fn collect<'v>(value: &'v Value, key: &str, strings: &mut Vec<(String, &'v str)>) {
    match value {
        Value::String(text) => strings.push((key.to_owned(), text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, strings)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let letters = key.chars().filter(|c| c.is_alphanumeric());
                collect(value, &letters.flat_map(char::to_lowercase).collect::<String>(), strings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
