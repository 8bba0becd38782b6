//! JSON as Python's `json.dumps` writes it: a space after `,` and `:`, ASCII alone.

use std::fmt::Write as _;

/// The object with these members, in their order.
pub fn object(members: impl IntoIterator<Item = (String, String)>) -> String {
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("{}: {value}", string(&name))).collect();
    format!("{{{}}}", members.join(", "))
}

/// `text` as a JSON string.
pub fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
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
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_ascii() {
        assert_eq!(string("a\"\\\n\u{1}\u{7f}ü💥"), r#""a\"\\\n\u0001\u007f\u00fc\ud83d\udca5""#);
        let members = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), string("x"))];
        assert_eq!(object(members), r#"{"a": 1, "b": "x"}"#);
    }
}
