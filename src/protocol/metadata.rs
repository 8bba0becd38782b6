//! Metadata: the JSON of requests and replies.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What splunkd asks for. Keys that are not read here are passed over: the session key among them.
#[derive(Debug, Deserialize)]
pub struct Request {
    /// `getinfo` or `execute`.
    pub action: String,
    /// Whether this is the last chunk.
    #[serde(default)]
    finished: Value,
    #[serde(default)]
    searchinfo: Option<SearchInfo>,
}

/// What getinfo tells of the search.
#[derive(Debug, Default, Deserialize)]
struct SearchInfo {
    #[serde(default)]
    args: Value,
    #[serde(default)]
    raw_args: Value,
}

impl Request {
    /// Reads the metadata of a request.
    ///
    /// # Errors
    ///
    /// It is no JSON object with an `action`. The error names the place, never the content.
    pub fn read(metadata: &[u8]) -> Result<Request, String> {
        // serde would take an array for the fields in their order.
        if metadata.trim_ascii_start().first() == Some(&b'[') {
            return Err("it is a JSON array, not an object".to_owned());
        }
        serde_json::from_slice(metadata).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                serde_json::error::Category::Data => format!("it is no request with an action ({place})"),
                _ => format!("it is not valid JSON ({place})"),
            }
        })
    }

    /// Whether this is the last chunk of the search.
    pub fn is_last(&self) -> bool {
        match &self.finished {
            Value::Bool(finished) => *finished,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => matches!(text.as_str(), "1" | "t" | "true"),
            _ => false,
        }
    }

    /// The search's arguments without their quotes, and as they were typed.
    pub fn arguments(&self) -> (Vec<String>, Vec<String>) {
        let texts = |value: &Value| match value {
            Value::Array(values) => values.iter().map(text).collect(),
            Value::Null => Vec::new(),
            value => vec![text(value)],
        };
        self.searchinfo
            .as_ref()
            .map_or_else(Default::default, |info| (texts(&info.args), texts(&info.raw_args)))
    }
}

/// A string as it is, a number or anything else as JSON writes it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How splunkd runs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandType {
    /// On the search peers, each row on its own.
    Streaming,
    /// On the search head, all rows in, a table out.
    Reporting,
}

/// What a command says of itself in the getinfo reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandInfo {
    /// How splunkd runs it.
    #[serde(rename = "type")]
    pub command_type: CommandType,
    /// The fields that it reads; splunkd sends no others. `None`: every field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_fields: Option<Vec<String>>,
    /// The map phase of a reporting command: a pipeline for the search peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streaming_preop: Option<String>,
}

/// How serious a message to the user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Something to know.
    Info,
    /// Something is probably not as the user wants it.
    Warn,
}

/// A message that Splunk shows above the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserMessage(pub Level, pub String);

/// The metadata of a reply to execute, and of any reply that gives up.
#[derive(Debug, Default, Serialize)]
pub struct Reply {
    /// Whether this is the last reply.
    pub finished: bool,
    /// Why the command gives up: shown to the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Messages to the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    inspector: Option<Inspector>,
}

#[derive(Debug, Serialize)]
struct Inspector {
    messages: Vec<UserMessage>,
}

impl Reply {
    /// A reply that carries rows.
    pub fn rows(finished: bool, messages: Vec<UserMessage>) -> Reply {
        let inspector = (!messages.is_empty()).then_some(Inspector { messages });
        Reply { finished, error: None, inspector }
    }

    /// A reply that gives up.
    pub fn error(error: String) -> Reply {
        Reply { finished: true, error: Some(error), inspector: None }
    }
}

/// The JSON of `metadata`.
pub fn to_json(metadata: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(metadata).expect("strings and booleans have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_strings_and_unknown_keys_are_taken() {
        let request = r#" {"action":"getinfo","preview":"0","new":[1,{}],
            "searchinfo":{"args":["field=x",5],"raw_args":["field=\"x\"",5],"earliest_time":0,"sid":1.5}}
        "#;
        let request = Request::read(request.as_bytes()).expect("a request");
        assert_eq!(request.action, "getinfo");
        let typed = vec!["field=\"x\"".to_owned(), "5".to_owned()];
        assert_eq!(request.arguments(), (vec!["field=x".to_owned(), "5".to_owned()], typed));
        for (finished, last) in [("true", true), ("\"1\"", true), ("1", true), ("0", false), ("null", false)]
        {
            let request = format!(r#"{{"action":"execute","finished":{finished}}}"#);
            assert_eq!(Request::read(request.as_bytes()).expect("a request").is_last(), last, "{finished}");
        }
    }

    #[test]
    fn an_error_repeats_nothing_of_the_metadata() {
        for metadata in [
            "{\"session_key\":\"secret\"",
            "{\"session_key\":\"secret\"}",
            "[\"secret\"]",
            "\"secret\"",
            "\x01",
        ] {
            let error = Request::read(metadata.as_bytes()).expect_err("no request");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
