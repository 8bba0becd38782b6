//! The output cells of one value after another: from the cache, by the fast path, or plainly.

use super::answer_cache::AnswerCache;
use super::fields::{Field, Mode};
use super::values::{write_ordinary, write_value};
use crate::names::SuffixTable;
use crate::names::ordinary::OrdinaryName;
use crate::rows::{AsciiCells, ColumnAppender, FewValues, Outputs, Row};
use crate::slice::Slice;

/// What a search asks of each value, and the answers so far.
#[derive(Debug)]
pub struct Answers {
    pub mode: Mode,
    pub fields: Vec<Field>,
    pub list: SuffixTable,
    pub cache: AnswerCache,
    /// The cells of a row's values. Kept for its memory.
    cells: Vec<u8>,
}

impl Answers {
    pub fn new(mode: Mode, fields: Vec<Field>, list: SuffixTable) -> Answers {
        Answers { mode, fields, list, cache: AnswerCache::default(), cells: Vec::new() }
    }

    /// Appends the cells for one value, after a copied row. `bare` says that the value needs no quotes in CSV.
    #[inline]
    pub fn append(&mut self, value: Slice<'_>, bare: bool, appender: &mut ColumnAppender, reply: &mut Vec<u8>) {
        let Answers { mode, fields, list, cache, .. } = self;
        if let Err(slot) = cache.get(value.as_bytes(), reply) {
            let start = reply.len();
            if *mode == Mode::Name
                && bare
                && let Some(ordinary) = OrdinaryName::split(value, list)
                && ordinary.has_plain_domain(value.bytes)
            {
                write_ordinary(value.bytes, &ordinary, fields, &mut AsciiCells::new(reply));
            } else {
                let mut outputs = Outputs::new(appender.outputs());
                write_value(value.as_bytes(), *mode, list, fields, &mut outputs);
                appender.append_outputs(reply);
            }
            cache.offer(slot, value.as_bytes(), &reply[start..]);
        }
    }

    /// Appends a row with the cells of its few values. Returns whether it did; otherwise nothing was written.
    pub fn append_few(
        &mut self,
        row: Row<'_>,
        values: &FewValues<'_>,
        appender: &mut ColumnAppender,
        reply: &mut Vec<u8>,
    ) -> bool {
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        for value in values.as_slice() {
            self.append(*value, true, appender, &mut cells);
        }
        self.cells = cells;
        let appended = memchr::memchr2(b'"', b'$', &self.cells).is_none() && appender.copy(row, reply);
        match values.as_slice() {
            _ if !appended => {}
            [_] => {
                reply.extend_from_slice(&self.cells);
                appender.end_row(reply);
            }
            _ => appender.append_several(&self.cells, reply),
        }
        appended
    }

    /// Sets the outputs to those of all values.
    pub fn write(&self, values: &[std::borrow::Cow<'_, [u8]>], appender: &mut ColumnAppender) {
        let outputs = appender.outputs();
        for value in values {
            write_value(value, self.mode, &self.list, &self.fields, &mut Outputs::new(outputs));
        }
    }
}
