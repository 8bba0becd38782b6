//! Answers that were given before: the names of a network's queries repeat.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::cells::append;

/// The number of answers that are kept at most, a power of two.
const PLACES: usize = 1 << 13;
/// The bytes of a key and its answer that are kept; both together are rarely longer.
const ROOM: usize = 126;

/// Remembers the answers for keys that come again, within bounds of memory: 1 MiB.
///
/// A key is only noted when it comes for the first time, and its answer kept when it comes for the second time: names that
/// carry data come once, and should not drive out those that repeat.
#[derive(Debug, Default)]
pub struct AnswerCache {
    places: Vec<Place>,
    answers: Vec<Answer>,
}

/// What is known of a place without a look at the answer there, which is farther away: parts of hashes.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// That of the key that was noted last.
    noted: u16,
    /// That of the key whose answer is there.
    kept: u16,
}

/// A key and its answer, side by side in as few lines of the processor's cache as can be.
#[derive(Debug, Clone)]
struct Answer {
    /// Where the key ends and the answer begins.
    key: u8,
    /// Where the answer ends; 0 where there is none.
    end: u8,
    text: [u8; ROOM],
}

/// What is needed to keep the answer for a key that is not known.
#[derive(Debug, Clone, Copy)]
pub struct Unknown {
    place: usize,
    tag: u16,
}

impl AnswerCache {
    /// Appends the answer for `key` to `out`.
    ///
    /// # Errors
    ///
    /// The answer is not known.
    #[inline]
    pub fn recall(&self, key: &[u8], out: &mut Vec<u8>) -> Result<(), Unknown> {
        // Who makes keys that collide only drives out answers.
        let mut hasher = FixedState::default().build_hasher();
        hasher.write(key);
        let hash = hasher.finish();
        #[allow(clippy::cast_possible_truncation)] // one half is the place, the other the tag
        let (place, tag) = (hash as usize & (PLACES - 1), (hash >> 32) as u16);
        if self.places.get(place).is_some_and(|place| place.kept == tag)
            && let Some(answer) = self.answers.get(place)
        {
            let Answer { key: start, end, text } = answer;
            let (start, end) = (usize::from(*start), usize::from(*end));
            if end > 0 && text[..start] == *key {
                append(text, start, end, out);
                return Ok(());
            }
        }
        Err(Unknown { place, tag })
    }

    /// Keeps the answer for `key` if the key came before, and notes the key.
    #[inline]
    pub fn note(&mut self, unknown: Unknown, key: &[u8], answer: &[u8]) {
        let Unknown { place, tag } = unknown;
        if self.places.is_empty() {
            // Not before there are rows: many a process of a search never gets any.
            self.places = vec![Place::default(); PLACES];
        }
        if self.places[place].noted == tag {
            self.keep(unknown, key, answer);
        } else {
            self.places[place].noted = tag;
        }
    }

    fn keep(&mut self, Unknown { place, tag }: Unknown, key: &[u8], answer: &[u8]) {
        if self.answers.is_empty() {
            self.answers = vec![Answer { key: 0, end: 0, text: [0; ROOM] }; PLACES];
        }
        let (start, end) = (key.len(), key.len() + answer.len());
        let kept = &mut self.answers[place];
        let (Ok(key_end), Ok(answer_end), Some(text)) =
            (u8::try_from(start), u8::try_from(end), kept.text.get_mut(..end))
        else {
            return;
        };
        text[..start].copy_from_slice(key);
        text[start..].copy_from_slice(answer);
        (kept.key, kept.end) = (key_end, answer_end);
        self.places[place].kept = tag;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(memory: &mut AnswerCache, key: &str, answer: &str) -> Option<String> {
        let mut out = b"row".to_vec();
        match memory.recall(key.as_bytes(), &mut out) {
            Ok(()) => Some(String::from_utf8_lossy(&out[3..]).into_owned()),
            Err(unknown) => {
                memory.note(unknown, key.as_bytes(), answer.as_bytes());
                None
            }
        }
    }

    #[test]
    fn what_comes_twice_is_known_the_third_time() {
        let mut memory = AnswerCache::default();
        assert_eq!(ask(&mut memory, "a", ",1"), None);
        assert_eq!(ask(&mut memory, "a", ",1"), None);
        assert_eq!(ask(&mut memory, "a", ",2").as_deref(), Some(",1"));
        assert_eq!(ask(&mut memory, "b", ",3"), None);
    }

    #[test]
    fn answers_stay_right_however_many_there_are() {
        let mut memory = AnswerCache::default();
        let mut known = 0;
        for _ in 0..4 {
            for number in 0..3 * PLACES {
                let (key, answer) = (format!("name{number}"), format!(",{}", "x".repeat(number % 200)));
                if let Some(found) = ask(&mut memory, &key, &answer) {
                    assert_eq!(found, answer);
                    known += 1;
                }
            }
        }
        assert!(known > 0);
        let long = "k".repeat(ROOM);
        assert!((0..4).all(|_| ask(&mut memory, &long, ",1").is_none()));
    }
}
