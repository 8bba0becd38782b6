//! The output cells of one value after another: from the cache, by the fast path, or plainly.

use std::borrow::Cow;

use memchr::memchr2;

use super::answer_cache::{AnswerCache, Slot};
use super::fields::{Field, Mode};
use super::values::{write_bare, write_value};
use crate::commands::unreadable::UnreadableValues;
use crate::names::SuffixTable;
use crate::rows::{AsciiCells, ColumnAppender, FewValues, Output, Outputs, Row};
use crate::slice::Slice;

/// What a search asks of each value, and the answers so far.
#[derive(Debug)]
pub struct Answers {
    mode: Mode,
    fields: Vec<Field>,
    list: SuffixTable,
    cache: AnswerCache,
    /// The cells of a row's values. Kept for its memory.
    cells: Vec<u8>,
}

impl Answers {
    pub fn new(mode: Mode, fields: Vec<Field>, list: SuffixTable) -> Answers {
        Answers { mode, fields, list, cache: AnswerCache::default(), cells: Vec::new() }
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Appends the cells of one value to `row`. `bare` says that the value needs no quotes in CSV. Returns whether it could be
    /// read.
    #[inline]
    pub fn append(
        &mut self,
        value: Slice<'_>,
        bare: bool,
        appender: &mut ColumnAppender,
        row: &mut Vec<u8>,
    ) -> bool {
        match self.cache.get(value.as_bytes(), row) {
            Ok(()) => true,
            Err(slot) => self.compute(slot, value, bare, appender, row),
        }
    }

    /// The same for rows that few sources have: not inlined there.
    #[inline(never)]
    pub fn append_rarely(
        &mut self,
        value: Slice<'_>,
        bare: bool,
        appender: &mut ColumnAppender,
        row: &mut Vec<u8>,
    ) -> bool {
        self.append(value, bare, appender, row)
    }

    #[inline(never)]
    fn compute(
        &mut self,
        slot: Slot,
        value: Slice<'_>,
        bare: bool,
        appender: &mut ColumnAppender,
        row: &mut Vec<u8>,
    ) -> bool {
        let Answers { mode, fields, list, cache, .. } = self;
        let start = row.len();
        let is_bare_name = bare && *mode == Mode::Name;
        let written =
            if is_bare_name { write_bare(value, list, fields, &mut AsciiCells::new(row)) } else { None };
        let readable = written.unwrap_or_else(|| {
            let mut outputs = Outputs::new(appender.outputs());
            let readable = write_value(value.as_bytes(), *mode, list, fields, &mut outputs);
            appender.append_outputs(row);
            readable
        });
        // An unreadable value is counted each time that it comes.
        if readable {
            cache.offer(slot, value.as_bytes(), &row[start..]);
        }
        readable
    }

    /// Appends a row with the cells of its few values. Returns whether it did: not if a value cannot be read or its cells need
    /// quotes. Then nothing was written.
    #[inline(never)]
    pub fn append_few(
        &mut self,
        row: Row<'_>,
        values: &FewValues<'_>,
        appender: &mut ColumnAppender,
        reply: &mut Vec<u8>,
    ) -> bool {
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        let readable =
            values.as_slice().iter().all(|value| self.append_rarely(*value, true, appender, &mut cells));
        let appended = readable && memchr2(b'"', b'$', &cells).is_none() && appender.copy(row, reply);
        match values.as_slice() {
            _ if !appended => {}
            [_] => {
                reply.extend_from_slice(&cells);
                appender.end_row(reply);
            }
            _ => appender.append_several(&mut cells, reply),
        }
        self.cells = cells;
        appended
    }

    /// Sets the outputs to those of all `values`.
    pub fn write(&self, values: &[Cow<'_, [u8]>], outputs: &mut [Output], unreadable: &mut UnreadableValues) {
        for value in values {
            if !write_value(value, self.mode, &self.list, &self.fields, &mut Outputs::new(outputs)) {
                unreadable.note(value);
            }
        }
    }
}
