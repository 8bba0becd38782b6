//! Rows: the CSV body of a chunk, read and written.
//!
//! A command pulls rows from a [`RowReader`] while the body arrives. The fast path finds the cells of regular rows by
//! the scan of [`scan`] and, in a [`ColumnAppender`], copies unchanged cells as bytes. The parser of the csv crate ([`records`])
//! reads what the scan finds irregular. `reference.rs` does the same work by the csv crate alone ([`CsvRows`]): tests and
//! fuzzing compare both byte by byte.

pub mod append;
pub mod ascii_cells;
pub(crate) mod block_copy;
pub mod cells;
mod columns;
pub mod csv_rows;
pub mod multivalue;
pub mod reader;
pub mod records;
#[cfg(any(test, feature = "reference"))]
pub mod reference;
pub mod scan;
pub mod value_sink;

use std::borrow::Cow;

use csv::ByteRecord;

use self::scan::RowSpans;
use crate::slice::Slice;

pub use append::ColumnAppender;
pub use ascii_cells::AsciiCells;
pub use cells::{Output, needs_quotes, write_names, write_row};
pub use csv_rows::{CsvRows, CsvWriter};
pub use multivalue::FewValues;
pub use reader::{Header, RowReader, Rows};
pub use value_sink::{Outputs, ValueSink};

/// The prefix of the column that holds a field's several values.
const MULTI: &[u8] = b"__mv_";

/// The column of a field in the rows of one chunk. The default is a missing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Column {
    plain: Option<usize>,
    multi: Option<usize>,
}

impl Column {
    /// The column of `field` under `header`.
    pub fn new(field: &str, header: &ByteRecord) -> Column {
        let index_of = |name: &[u8]| header.iter().position(|header| header == name);
        Column { plain: index_of(field.as_bytes()), multi: index_of(&[MULTI, field.as_bytes()].concat()) }
    }

    /// Whether no event of the chunk has the field.
    pub fn is_missing(self) -> bool {
        self.plain.is_none() && self.multi.is_none()
    }
}

/// One row. A missing cell is empty.
#[derive(Debug, Clone, Copy)]
pub enum Row<'r> {
    /// As the csv crate reads it.
    Record(&'r ByteRecord),
    /// As the scan found it: the scanned bytes and where the cells lie in them.
    Scanned(&'r [u8], &'r RowSpans),
}

impl<'r> Row<'r> {
    /// The cell at a column's index, without its quotes.
    pub fn cell(self, index: usize) -> Cow<'r, [u8]> {
        match self {
            Row::Record(record) => Cow::Borrowed(record.get(index).unwrap_or_default()),
            Row::Scanned(bytes, cells) => cells.get(index, bytes),
        }
    }

    /// Whether the row has all its cells, for a header of `width` names.
    pub fn is_whole(self, width: usize) -> bool {
        match self {
            Row::Record(record) => record.len() == width,
            Row::Scanned(_, cells) => cells.len() == width,
        }
    }

    /// The values of a field: none if the event does not have it, several for a multivalue.
    ///
    /// A malformed `__mv_` cell is ignored.
    pub fn values(self, column: Column) -> Vec<Cow<'r, [u8]>> {
        let cell = |index: Option<usize>| index.map_or(Cow::Borrowed(&b""[..]), |index| self.cell(index));
        let (multi, plain) = (cell(column.multi), cell(column.plain));
        if !multi.is_empty()
            && let Some(values) = decode(multi)
            && (values.len() > 1 || !values[0].is_empty())
        {
            return values;
        }
        if plain.is_empty() { Vec::new() } else { vec![plain] }
    }

    /// Fast path: the value of a field whose cell needs no quotes and is not a multivalue. `None` means "not simple", not
    /// "absent": ask [`Row::values`] then.
    #[inline]
    pub fn bare(self, column: Column) -> Option<Slice<'r>> {
        let Row::Scanned(bytes, cells) = self else { return self.bare_of_record(column) };
        if let Some(multi) = column.multi
            && !cells.is_empty_at(multi)
        {
            return None;
        }
        let (start, end) = cells.bare(column.plain?, bytes)?;
        Some(Slice { bytes, start, end })
    }

    /// The same for a field that has one value, or the same value twice.
    #[inline]
    pub fn only(self, column: Column) -> Option<Slice<'r>> {
        self.bare(column).or_else(|| twice(self.bare_cell(column.multi?)?))
    }

    /// Fast path: the distinct values of a multivalue, in their order, if they are few and need no quotes.
    pub fn few(self, column: Column) -> Option<FewValues<'r>> {
        FewValues::decode(self.bare_cell(column.multi?)?)
    }

    #[cold]
    fn bare_of_record(self, column: Column) -> Option<Slice<'r>> {
        let is_empty = |index| self.cell(index).is_empty();
        if column.multi.is_none_or(is_empty) { self.bare_cell(column.plain?) } else { None }
    }

    /// The cell at a column's index if it needs no quotes.
    fn bare_cell(self, index: usize) -> Option<Slice<'r>> {
        match self {
            Row::Scanned(bytes, cells) => {
                let (start, end) = cells.bare(index, bytes)?;
                Some(Slice { bytes, start, end })
            }
            Row::Record(record) => {
                let Some(range) = record.range(index) else { return Some(Slice::whole(b"")) };
                let cell = Slice { bytes: record.as_slice(), start: range.start, end: range.end };
                (!needs_quotes(cell.as_bytes())).then_some(cell)
            }
        }
    }
}

/// The value that an unquoted `__mv_` cell holds twice, as `$value$;$value$`: Splunk Stream writes a name this way.
fn twice(cell: Slice<'_>) -> Option<Slice<'_>> {
    let [b'$', inner @ .., b'$'] = cell.as_bytes() else { return None };
    let length = inner.len().checked_sub(3)? / 2;
    let (first, rest) = inner.split_at_checked(length)?;
    let same = rest.strip_prefix(b"$;$")? == first && !first.is_empty() && !first.contains(&b'$');
    let start = cell.start + 1;
    same.then_some(Slice { start, end: start + length, ..cell })
}

/// Decodes an `__mv_` cell; the values borrow if the cell does.
fn decode(cell: Cow<'_, [u8]>) -> Option<Vec<Cow<'_, [u8]>>> {
    match cell {
        Cow::Borrowed(cell) => multivalue::decode(cell),
        Cow::Owned(cell) => {
            let values = multivalue::decode(&cell)?;
            Some(values.into_iter().map(|value| Cow::Owned(value.into_owned())).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::records::LineEnd;
    use super::scan::{Scan, Scanner};
    use super::*;

    /// The few values of the field `f` in the row `a,b`, read both ways.
    fn few(row: &str) -> Option<Vec<String>> {
        let bytes = format!("f,__mv_f\n{row}\n").into_bytes();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let mut reader = RowReader::new(vec!["f".to_owned()]);
        let mut rows = reader.rows(&bytes, true);
        let column = rows.header().expect("a header").columns[0];
        let row = rows.next().expect("a row");
        let few = row.few(column)?.as_slice().iter().map(|value| text(value.as_bytes())).collect();
        let mut values: Vec<String> = row.values(column).iter().map(|value| text(value)).collect();
        let mut seen = std::collections::HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
        assert_eq!(values, few, "both ways");
        Some(few)
    }

    #[test]
    fn few_values_are_those_of_a_simple_multivalue() {
        let check = |row: &str, values: Option<&[&str]>| {
            let values: Option<Vec<String>> =
                values.map(|values| values.iter().map(ToString::to_string).collect());
            assert_eq!(few(row), values, "{row}");
        };
        check("a,$a$", Some(&["a"]));
        check("\"a\nb\",$a$;$b$", Some(&["a", "b"]));
        check("\"a\nb\",\"$a$;$b$\"", Some(&["a", "b"]));
        check("x\"y,$a;b$;$b$;$a;b$", Some(&["a;b", "b"]));
        check("a,$1$;$2$;$3$;$4$;$5$;$6$;$7$;$8$;$1$", Some(&["1", "2", "3", "4", "5", "6", "7", "8"]));
        for other in [
            "a,",
            "a,b",
            "a,$",
            "a,$$",
            "a,$$;$b$",
            "a,$a$;$b",
            "a,$a$;b$",
            "a,$a$$b$",
            "a,$a$$;$b$",
            "a,\"$a$;$b,c$\"",
            "x\"y,\"$a$;$b,c$\"",
            "a,$1$;$2$;$3$;$4$;$5$;$6$;$7$;$8$;$9$",
        ] {
            check(other, None);
        }
    }

    /// The value that all values of the field `f` are, in the row `a,b`.
    fn only(row: &str) -> Option<String> {
        let bytes = format!("{row}\n").into_bytes();
        let mut cells = RowSpans::default();
        assert_eq!(Scanner::new(&bytes, 0, LineEnd::LineFeed).next(&mut cells), Scan::Row);
        let column = Column { plain: Some(0), multi: Some(1) };
        let row = Row::Scanned(&bytes, &cells);
        let only = row.only(column).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        if let Some(only) = &only {
            let values = row.values(column);
            assert!(values.iter().all(|value| value.as_ref() == only.as_bytes()), "{values:?}");
        }
        only
    }

    #[test]
    fn one_value_may_be_there_twice() {
        assert_eq!(only("a.com,").as_deref(), Some("a.com"));
        assert_eq!(only("\"a.com\",").as_deref(), Some("a.com"));
        assert_eq!(only("\"a.com\na.com\",$a.com$;$a.com$").as_deref(), Some("a.com"));
        assert_eq!(only("\"a.com\na.com\",\"$a.com$;$a.com$\"").as_deref(), Some("a.com"));
        for other in [
            "\"a\nb\",$a$;$b$",
            "\"a\na\na\",$a$;$a$;$a$",
            "\"a\",$a$",
            "\"\n\",$$;$$",
            "a,$a$;$a",
            "a,$a;$;$a;$x",
            "a,$$$;$$$",
            "\"a,\na,\",\"$a,$;$a,$\"",
            "a,$a$,$a$",
            "a,$;$",
        ] {
            assert_eq!(only(other), None, "{other}");
        }
    }
}
