//! A verdict: score and severity, with the terms that the score is made of.

use super::alphabet::Encoding;

/// How urgently an analyst should look at a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Ordinary names.
    Informational,
    /// Unusual names, such as those that services make for machines.
    Low,
    /// Names that may be encoded data; those of some content networks and telemetry look the same.
    Medium,
    /// Names that look like encoded data in every way.
    High,
    /// Such names, carrying many bytes.
    Critical,
}

impl Severity {
    /// The severity's name in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Informational => "informational",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// The detector's judgement of a group of names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// 0 to 100.
    pub score: u8,
    /// The score's class.
    pub severity: Severity,
    /// How the data is encoded.
    pub encoding: Encoding,
    /// The most bytes of data that the distinct names can carry upstream.
    pub payload_bytes: u64,
    /// What the score is made of. [`reasons`](super::reasons) puts it into words.
    pub terms: Terms,
}

/// The terms of a score, each in 1/1024.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Terms {
    /// `log2(1 + excess of all distinct names / 8 bits)`: how much data may have left.
    pub volume: i64,
    /// `log2(1 + mean excess of a name / 8 bits)`: how far the average name is from a host's name.
    pub name: i64,
    /// `log2(queries / 2 distinct names)`, limited to 0 to 3: hosts are asked for again, while data is sent once.
    /// Asking twice for each name costs nothing, as clients ask for both A and AAAA.
    pub repeats: i64,
    /// The part of `name` that equal lengths add once more: all of it where all names have the same length, none from a
    /// standard deviation of 2 characters on, and none for fewer than 3 names.
    pub alike: i64,
}
