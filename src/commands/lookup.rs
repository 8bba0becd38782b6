//! External lookups: CSV with the inputs comes in, the same columns go back with the outputs filled.
//!
//! splunkd writes the columns of `fields_list` in `transforms.conf`, the inputs filled, and reads the same columns
//! and as many rows back, in order.

use std::borrow::Cow;

use crate::names::Lists;
use crate::rows::{CsvRows, CsvWriter};
use crate::urltoolbox::{Function, Value};

/// Why a lookup cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// Standard input is empty.
    #[error("standard input is empty: send CSV whose header names {columns}")]
    NoHeader {
        /// The columns that are needed.
        columns: String,
    },
    /// A column that the function reads is missing.
    #[error("the column '{column}' is missing on standard input: name it in fields_list in transforms.conf")]
    NoColumn {
        /// The column.
        column: &'static str,
    },
}

/// Answers the rows of `input`.
///
/// Each row comes back, in the same order. A row that is too short gets empty outputs, and so does a value that the function
/// cannot work on. An output without a column is left out.
///
/// # Errors
///
/// The header is missing, or it lacks a column that the function reads.
pub fn answer(function: Function, lists: &Lists, input: &[u8]) -> Result<Vec<u8>, LookupError> {
    let mut rows = CsvRows::new(input);
    if rows.header().is_empty() {
        return Err(LookupError::NoHeader { columns: function.inputs.join(", ") });
    }
    if let Some(column) = function.inputs.iter().find(|input| rows.index_of(input).is_none()) {
        return Err(LookupError::NoColumn { column });
    }
    let inputs: Vec<Option<usize>> = function.reads().map(|name| rows.index_of(name)).collect();
    let outputs: Vec<Option<usize>> = function.outputs.iter().map(|name| rows.index_of(name)).collect();
    let width = rows.header().len();
    let mut reply = Vec::with_capacity(2 * input.len());
    let mut writer = CsvWriter::new(&mut reply);
    writer.row(rows.header().iter());
    while let Some(row) = rows.next() {
        let mut cells: Vec<Cow<'_, [u8]>> = (0..width).map(|index| row.cell(index)).collect();
        let values: Vec<&[u8]> =
            inputs.iter().map(|input| input.map_or(&b""[..], |index| cells[index].as_ref())).collect();
        let answer = if row.is_whole(width) { function.compute(&values, lists) } else { empty(function) };
        let answer: Vec<Cow<'static, [u8]>> = answer.into_iter().map(Value::into_cell).collect();
        for (column, value) in outputs.iter().zip(answer) {
            if let Some(index) = column {
                cells[*index] = value;
            }
        }
        writer.row(cells.iter().map(AsRef::as_ref));
    }
    drop(writer);
    Ok(reply)
}

fn empty(function: Function) -> Vec<Value> {
    vec![Value::empty(); function.outputs.len()]
}
