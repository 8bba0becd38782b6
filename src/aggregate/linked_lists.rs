//! Many append-only lists in one piece of memory.

use super::interner::short;

/// Circular linked lists over the indices 0, 1, 2 and so on, in one `Vec`. Each push takes the next index, whichever list it
/// goes to. A list is identified by its last element.
#[derive(Debug, Default)]
pub struct LinkedLists {
    /// For each element the next one of its list; for the last one the first.
    next: Vec<u32>,
}

impl LinkedLists {
    /// Appends the next index to the list whose last element is `last`, or to a new list. Returns the index.
    pub fn push(&mut self, last: Option<u32>) -> u32 {
        let new = short(self.next.len());
        let first = last.map_or(new, |last| std::mem::replace(&mut self.next[last as usize], new));
        self.next.push(first);
        new
    }

    /// The elements of the list whose last element is `last`, in order.
    pub fn iter(&self, last: u32) -> impl Iterator<Item = u32> {
        let next = |at: u32| self.next[at as usize];
        std::iter::successors(Some(next(last)), move |&at| (at != last).then(|| next(at)))
    }

    /// Forgets all lists and keeps the memory.
    pub fn clear(&mut self) {
        self.next.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_separate_and_in_order() {
        let mut chains = LinkedLists::default();
        let one = chains.push(None);
        let two = chains.push(None);
        let one = chains.push(Some(one));
        let two = chains.push(Some(two));
        let one = chains.push(Some(one));
        assert_eq!(chains.iter(one).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(chains.iter(two).collect::<Vec<_>>(), [1, 3]);
    }
}
