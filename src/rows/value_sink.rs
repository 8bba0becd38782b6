//! The two ways to write a row's output values: as plain cells straight into the reply
//! ([`AsciiCells`](super::AsciiCells)), or as [`Output`]s, which can hold several values and get quotes.

use super::Output;
use crate::slice::Slice;

/// Takes one value for each field, in their order.
pub trait ValueSink {
    /// The name does not have the field.
    fn empty(&mut self);
    /// A text as it is.
    fn text(&mut self, text: Slice<'_>);
    /// A text in lower case. Only ASCII letters are lower-cased here: other letters must be in lower case already.
    fn lower(&mut self, text: Slice<'_>);
    /// A text as it is, a dot, and a text in lower case.
    fn joined(&mut self, text: Slice<'_>, lower: Slice<'_>);
    /// A count.
    fn number(&mut self, number: usize);
    /// A float, written so that reading it yields the same float (`4.0`, as URL Toolbox writes it).
    fn float(&mut self, number: f64);
}

/// Adds a value to each of a row's outputs in turn.
#[derive(Debug)]
pub struct Outputs<'o>(std::slice::IterMut<'o, Output>);

impl<'o> Outputs<'o> {
    /// One value for each of `outputs`.
    pub fn new(outputs: &'o mut [Output]) -> Outputs<'o> {
        Outputs(outputs.iter_mut())
    }

    fn push(&mut self, value: &[u8]) {
        if let Some(output) = self.0.next() {
            output.push(value);
        }
    }
}

impl ValueSink for Outputs<'_> {
    fn empty(&mut self) {
        self.push(b"");
    }

    fn text(&mut self, text: Slice<'_>) {
        self.push(text.as_bytes());
    }

    fn lower(&mut self, text: Slice<'_>) {
        self.push(&text.as_bytes().to_ascii_lowercase());
    }

    fn joined(&mut self, text: Slice<'_>, lower: Slice<'_>) {
        self.push(&[text.as_bytes(), b".", &lower.as_bytes().to_ascii_lowercase()].concat());
    }

    fn number(&mut self, number: usize) {
        self.push(number.to_string().as_bytes());
    }

    fn float(&mut self, number: f64) {
        self.push(format!("{number:?}").as_bytes());
    }
}
