//! Multivalues: several values of one field in a CSV cell.
//!
//! A field `f` with several values has them joined by line feeds in the column `f` and are written as `$v1$;$v2$` in the
//! column `__mv_f`, a `$` inside a value doubled.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::slice::Slice;

/// The most values on the fast path.
const FEW: usize = 8;

/// Fast path: a few distinct values of a multivalue, as they lie in the row. None of them is empty or has a `$`.
#[derive(Debug, Clone, Copy)]
pub struct FewValues<'r> {
    values: [Slice<'r>; FEW],
    count: usize,
}

impl<'r> FewValues<'r> {
    /// Decodes an `__mv_` cell; `None` if it is malformed or not simple.
    pub(super) fn decode(cell: Slice<'r>) -> Option<FewValues<'r>> {
        let Slice { bytes, mut start, end } = cell;
        let mut few = FewValues { values: [Slice::whole(b""); FEW], count: 0 };
        loop {
            let rest = bytes[start..end].strip_prefix(b"$")?;
            let length = memchr(b'$', rest).filter(|&length| length > 0)?;
            start += 1;
            few.add(Slice { bytes, start, end: start + length })?;
            start += length + 1;
            if start == end {
                return Some(few);
            }
            if bytes[start] != b';' {
                return None;
            }
            start += 1;
        }
    }

    fn add(&mut self, value: Slice<'r>) -> Option<()> {
        if self.as_slice().iter().all(|other| other.as_bytes() != value.as_bytes()) {
            *self.values.get_mut(self.count)? = value;
            self.count += 1;
        }
        Some(())
    }

    /// The values.
    pub fn as_slice(&self) -> &[Slice<'r>] {
        &self.values[..self.count]
    }
}

/// The values in a cell of an `__mv_` column, empty ones too; `None` if the cell is malformed.
pub fn decode(cell: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    let mut values = Vec::new();
    let mut rest = cell;
    loop {
        let (value, tail) = decode_value(rest.strip_prefix(b"$")?)?;
        values.push(value);
        if tail.is_empty() {
            return Some(values);
        }
        rest = tail.strip_prefix(b";")?;
    }
}

/// The value up to the closing `$` of `rest`, and what follows that.
fn decode_value(rest: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut value = Cow::Borrowed(&rest[..0]);
    let mut start = 0;
    loop {
        let dollar = start + rest[start..].iter().position(|&byte| byte == b'$')?;
        let doubled = rest.get(dollar + 1) == Some(&b'$');
        let piece = &rest[start..dollar + usize::from(doubled)];
        if start == 0 && !doubled {
            value = Cow::Borrowed(piece);
        } else {
            value.to_mut().extend_from_slice(piece);
        }
        if !doubled {
            return Some((value, &rest[dollar + 1..]));
        }
        start = dollar + 2;
    }
}

/// Appends `value` to the `__mv_` cell `cell`.
pub fn encode(value: &[u8], cell: &mut Vec<u8>) {
    if !cell.is_empty() {
        cell.push(b';');
    }
    push_between(b'$', value, cell);
}

/// Appends `value` between two marks and doubles each mark inside it. The mark is `$` in multivalues and `"` in CSV.
pub(super) fn push_between(mark: u8, value: &[u8], cell: &mut Vec<u8>) {
    cell.push(mark);
    let mut start = 0;
    for at in memchr_iter(mark, value) {
        cell.extend_from_slice(&value[start..=at]);
        cell.push(mark);
        start = at + 1;
    }
    cell.extend_from_slice(&value[start..]);
    cell.push(mark);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(cell: &str) -> Option<Vec<String>> {
        let values = decode(cell.as_bytes())?;
        Some(values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect())
    }

    #[test]
    fn cells_as_splunkd_writes_them() {
        let cells: [(&str, &[&str]); 8] = [
            ("$a$", &["a"]),
            ("$a$;$b$", &["a", "b"]),
            ("$$", &[""]),
            ("$$;$b$;$$", &["", "b", ""]),
            ("$a$$b$", &["a$b"]),
            ("$$$$", &["$"]),
            ("$$$;$", &["$;"]),
            ("$a;b$;$c\nd$", &["a;b", "c\nd"]),
        ];
        for (cell, values) in cells {
            let values = values.iter().map(ToString::to_string).collect();
            assert_eq!(decoded(cell), Some(values), "{cell}");
        }
    }

    #[test]
    fn malformed_cells_are_not_multivalues() {
        for cell in ["", "a", "$", "$a", "$a$b", "$a$;", "$a$;b", "a$b$", "$a$ ;$b$"] {
            assert_eq!(decoded(cell), None, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(values in prop::collection::vec("[$;a]{0,6}|\\PC{0,9}", 1..6)) {
            let mut cell = Vec::new();
            for value in &values {
                encode(value.as_bytes(), &mut cell);
            }
            let cell = String::from_utf8(cell).expect("UTF-8 in, UTF-8 out");
            prop_assert_eq!(decoded(&cell), Some(values));
        }

        #[test]
        fn a_cell_that_is_decoded_is_encoded_to_itself(cell in "[$;a]{0,12}") {
            if let Some(values) = decode(cell.as_bytes()) {
                let mut again = Vec::new();
                for value in &values {
                    encode(value, &mut again);
                }
                prop_assert_eq!(again, cell.as_bytes());
            }
        }
    }
}
