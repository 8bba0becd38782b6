//! Many short lists of numbers.

use super::interner::short;

/// Lists that share one piece of memory. The things in them are numbered in the order in which they come; a list is known by
/// the last thing in it.
#[derive(Debug, Default)]
pub struct LinkedLists {
    /// The next thing of the list; behind the last one the first.
    next: Vec<u32>,
}

impl LinkedLists {
    /// Adds the next thing at the end of the list with this last thing, or to a new list; returns its number.
    pub fn push(&mut self, last: Option<u32>) -> u32 {
        let new = short(self.next.len());
        let first = last.map_or(new, |last| std::mem::replace(&mut self.next[last as usize], new));
        self.next.push(first);
        new
    }

    /// The things of the list with this last thing, the first one first.
    pub fn iter(&self, last: u32) -> impl Iterator<Item = u32> {
        let next = |at: u32| self.next[at as usize];
        std::iter::successors(Some(next(last)), move |&at| (at != last).then(|| next(at)))
    }

    /// Forgets all lists, and keeps the memory.
    pub fn clear(&mut self) {
        self.next.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_apart_and_in_order() {
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
