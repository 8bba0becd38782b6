//! The evidence of a group of names.

use super::alphabet::Encoding;
use super::name::NameEvidence;

/// The weight of one name in [`GroupEvidence::add`].
pub const ONE_NAME: u64 = 1 << 16;

/// Evidence of one group: a registrable domain, and the values of the by-fields.
///
/// The sums are over the group's distinct names, or over a uniform sample in which each name represents several. They
/// are sums of integers, so the order of names does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupEvidence {
    /// Queries, including repeated ones.
    pub queries: u64,
    /// Distinct names, in 1/[`ONE_NAME`]. The sums below are in the same fraction of their units.
    pub names: u64,
    /// Characters.
    pub characters: u128,
    /// Squares of the numbers of characters.
    pub squares: u128,
    /// Bits, in 1/256.
    pub bits: u128,
    /// Excess, in 1/256 bit.
    pub excess: u128,
    /// The most bytes of data that the names can carry.
    pub payload_bytes: u128,
    /// Names of each encoding, in the order of [`Encoding::ALL`].
    pub encodings: [u64; Encoding::ALL.len()],
    /// The greatest excess of a name, in 1/256 bit.
    pub greatest_excess: u32,
    /// The bytes of the longest label.
    pub longest_label: u8,
}

impl GroupEvidence {
    /// A group of `queries` queries, without names yet.
    pub fn new(queries: u64) -> GroupEvidence {
        GroupEvidence { queries, ..GroupEvidence::default() }
    }

    /// Adds a distinct name that represents `weight` names, in 1/[`ONE_NAME`].
    pub fn add(&mut self, name: &NameEvidence, weight: u64) {
        let times = |number: u32| u128::from(number) * u128::from(weight);
        let characters = u32::from(name.characters);
        let sums = [
            (&mut self.characters, characters),
            (&mut self.squares, characters * characters),
            (&mut self.bits, name.bits),
            (&mut self.excess, name.excess),
            (&mut self.payload_bytes, u32::from(name.payload_bytes)),
        ];
        for (sum, number) in sums {
            *sum = sum.saturating_add(times(number));
        }
        self.names = self.names.saturating_add(weight);
        let encoding = &mut self.encodings[name.encoding as usize];
        *encoding = encoding.saturating_add(weight);
        self.greatest_excess = self.greatest_excess.max(name.excess);
        self.longest_label = self.longest_label.max(name.longest_label);
    }

    /// The number of distinct names, rounded.
    pub fn distinct(&self) -> u64 {
        self.names.saturating_add(ONE_NAME / 2) / ONE_NAME
    }

    /// The encoding of the names: the most frequent one if at least a quarter of them is encoded, of equally frequent ones
    /// the widest.
    pub fn encoding(&self) -> Encoding {
        let encoded: u128 = self.encodings[1..].iter().copied().map(u128::from).sum();
        if encoded == 0 || encoded * 4 < u128::from(self.names) {
            return Encoding::None;
        }
        let most = Encoding::ALL[1..].iter().copied();
        most.max_by_key(|&encoding| self.encodings[encoding as usize]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group<'n>(names: impl IntoIterator<Item = &'n NameEvidence>) -> GroupEvidence {
        let mut group = GroupEvidence::new(1000);
        for name in names {
            group.add(name, ONE_NAME);
        }
        group
    }

    #[test]
    fn the_most_frequent_encoding_is_that_of_the_group() {
        let of = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| NameEvidence::measure(name.as_bytes())).collect();
            group(&names).encoding()
        };
        let base64 = ["0DsAAHNIclYsFcDN", "B7kAIgAnBAqZx5Ty", "5AgABwAIBAxZp1Qw"];
        assert_eq!(of(&base64), Encoding::Base64);
        assert_eq!(of(&[base64[0], "www", "mail"]), Encoding::Base64);
        assert_eq!(of(&[base64[0], "www", "mail", "blog", "shop"]), Encoding::None);
        assert_eq!(of(&[]), Encoding::None);
    }

    proptest! {
        #[test]
        fn order_does_not_matter(names in prop::collection::vec("[a-zA-Z0-9.=]{0,60}", 0..30), turn in any::<prop::sample::Index>()) {
            let names: Vec<_> = names.iter().map(|name| NameEvidence::measure(name.as_bytes())).collect();
            let forth = group(&names);
            let mut turned = names.clone();
            if !turned.is_empty() {
                turned.rotate_left(turn.index(names.len()));
            }
            prop_assert_eq!(&forth, &group(&turned));
            prop_assert_eq!(&forth, &group(names.iter().rev()));
            prop_assert_eq!(forth.distinct(), names.len() as u64);
        }

        #[test]
        fn a_name_of_several_times_the_weight_is_several_names(name in "[a-z0-9.]{1,60}", count in 1_u64..50) {
            let name = NameEvidence::measure(name.as_bytes());
            let mut once = GroupEvidence::new(1000);
            once.add(&name, count * ONE_NAME);
            let each = group((0..count).map(|_| &name));
            prop_assert_eq!(once, each);
        }

        #[test]
        fn no_weight_overflows(weights in prop::collection::vec(any::<u64>(), 0..20)) {
            let name = NameEvidence::measure(&vec![b'q'; 70_000]);
            let mut group = GroupEvidence::new(u64::MAX);
            for weight in weights {
                group.add(&name, weight);
            }
            prop_assert!(group.distinct() <= u64::MAX / ONE_NAME + 1);
        }
    }
}
