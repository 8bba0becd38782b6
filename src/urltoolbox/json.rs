//! JSON as Python's `json.dumps` writes it: a space after `,` and `:`, and only ASCII.

use std::fmt::{Display, Write as _};

/// Appends an object to `json`; `value` appends the value of each member. Names need no escaping.
pub fn push_object<N: Display, V>(
    json: &mut String,
    members: impl IntoIterator<Item = (N, V)>,
    mut value: impl FnMut(&mut String, V),
) {
    json.push('{');
    for (index, (name, member)) in members.into_iter().enumerate() {
        if index > 0 {
            json.push_str(", ");
        }
        let _ = write!(json, "\"{name}\": ");
        value(json, member);
    }
    json.push('}');
}

/// Appends a number to `json`, as Rust's `Debug` writes it: `4`, `4.0`.
pub fn push_number(json: &mut String, number: impl std::fmt::Debug) {
    let _ = write!(json, "{number:?}");
}

/// Appends `text` as a JSON string to `json`.
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        json.push_str(text);
    } else {
        text.chars().for_each(|c| push_escaped(json, c));
    }
    json.push('"');
}

fn push_escaped(json: &mut String, c: char) {
    match c {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        '\u{8}' => json.push_str("\\b"),
        '\u{c}' => json.push_str("\\f"),
        ' '..='~' => json.push(c),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(json, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_ascii() {
        let mut json = String::new();
        push_object(&mut json, [("a", "x"), ("b", "\"\\\n\u{1}\u{7f}ü💥")], |json, text| {
            push_string(json, text);
        });
        assert_eq!(json, r#"{"a": "x", "b": "\"\\\n\u0001\u007f\u00fc\ud83d\udca5"}"#);
        json.clear();
        push_object(&mut json, [("a", 4.0)], push_number);
        assert_eq!(json, r#"{"a": 4.0}"#);
    }
}
