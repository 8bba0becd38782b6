//! Metadata: the JSON of requests and replies.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most characters of an action that an error repeats.
const MAX_SHOWN: usize = 40;

/// What splunkd asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// How should splunkd run the command? The body does not matter.
    Getinfo {
        /// The search's arguments without their quotes.
        args: Vec<String>,
        /// The same as the user typed them.
        raw_args: Vec<String>,
    },
    /// Rows to work on.
    Execute {
        /// Whether these are the last rows of the search.
        last: bool,
    },
}

/// A request that cannot be answered, although its framing is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The metadata cannot be read.
    #[error("the metadata cannot be read: {0}")]
    Metadata(String),
    /// The protocol has no such action.
    #[error("the action '{0}' is neither getinfo nor execute")]
    Action(String),
    /// Rows came before the arguments.
    #[error("execute came before getinfo")]
    NoGetinfo,
}

/// The metadata of a request, as far as the program uses it. Other keys are ignored, the session key among them.
#[derive(Deserialize)]
struct RequestMetadata {
    action: String,
    #[serde(default)]
    finished: Value,
    #[serde(default)]
    searchinfo: Option<SearchInfo>,
}

/// What getinfo says about the search.
#[derive(Default, Deserialize)]
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
    /// It is not a JSON object with an `action` of the protocol. The error names the place, never the content.
    pub fn parse(metadata: &[u8]) -> Result<Request, RequestError> {
        // serde would take an array for the fields in their order.
        if metadata.trim_ascii_start().first() == Some(&b'[') {
            return Err(RequestError::Metadata("it is a JSON array, not an object".to_owned()));
        }
        let metadata: RequestMetadata = serde_json::from_slice(metadata).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            RequestError::Metadata(match error.classify() {
                serde_json::error::Category::Data => {
                    format!("it is not an object with an \"action\" ({place})")
                }
                _ => format!("it is not valid JSON ({place})"),
            })
        })?;
        match metadata.action.as_str() {
            "getinfo" => {
                let SearchInfo { args, raw_args } = metadata.searchinfo.unwrap_or_default();
                Ok(Request::Getinfo { args: texts(&args), raw_args: texts(&raw_args) })
            }
            "execute" => Ok(Request::Execute { last: is_true(&metadata.finished) }),
            action => Err(RequestError::Action(action.escape_debug().take(MAX_SHOWN).collect())),
        }
    }
}

/// Whether a value means yes. Versions of splunkd write booleans as `true`, `1` or `"1"`.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.as_str(), "1" | "t" | "true"),
        _ => false,
    }
}

/// The texts in an array, or one text.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        value => vec![text(value)],
    }
}

/// A string without its quotes; a number, and anything else, as JSON writes it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How splunkd runs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandType {
    /// On the search peers, each row on its own.
    Streaming,
    /// On the search head, in order.
    Stateful,
    /// On the search head: all rows in, a table out.
    Reporting,
}

/// The getinfo reply: what splunkd must know to run a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandInfo {
    /// How splunkd runs it.
    #[serde(rename = "type")]
    pub command_type: CommandType,
    /// Whether it makes rows instead of reading them. Its first reply has all of them and ends the search.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub generating: bool,
    /// The fields that it reads. splunkd sends only these. `None`: every field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_fields: Option<Vec<String>>,
    /// The map phase of a reporting command: a pipeline that splunkd runs on the search peers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streaming_preop: Option<String>,
}

impl CommandInfo {
    /// A command of this type that reads every field.
    pub fn new(command_type: CommandType) -> CommandInfo {
        CommandInfo { command_type, generating: false, required_fields: None, streaming_preop: None }
    }
}

/// How serious a message to the user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Something to know.
    Info,
    /// Something is probably not what the user meant.
    Warn,
}

/// A message that Splunk shows above the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserMessage(pub Level, pub String);

/// The metadata of a reply to execute, and of every reply that ends the search with an error.
#[derive(Debug, Default, Serialize)]
pub struct Reply {
    /// Whether this is the last reply.
    pub finished: bool,
    /// Why the search fails. Splunk shows it to the user.
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

    /// A last reply, with an error.
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
        let request = Request::parse(request.as_bytes()).expect("a request");
        let args = vec!["field=x".to_owned(), "5".to_owned()];
        let raw_args = vec!["field=\"x\"".to_owned(), "5".to_owned()];
        assert_eq!(request, Request::Getinfo { args, raw_args });
        for (finished, last) in [("true", true), ("\"1\"", true), ("1", true), ("0", false), ("null", false)]
        {
            let request = format!(r#"{{"action":"execute","finished":{finished}}}"#);
            assert_eq!(Request::parse(request.as_bytes()), Ok(Request::Execute { last }), "{finished}");
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
            let error = Request::parse(metadata.as_bytes()).expect_err("no request");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
