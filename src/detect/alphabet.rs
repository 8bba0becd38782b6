//! The alphabet that data is encoded in.

/// How the data in names is encoded, judged by the bytes of labels that look encoded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Encoding {
    /// No encoded data.
    #[default]
    None,
    /// Digits and the letters a to f.
    Hex,
    /// Digits and letters of one case: base32 in any of its alphabets, and base36.
    Base32,
    /// Digits and letters of both cases, with `+`, `/`, `-`, `_`, `=`.
    Base64,
    /// Any bytes, such as iodine's base128 and raw mode.
    Binary,
}

impl Encoding {
    /// All of them, from the narrowest alphabet to the widest.
    pub const ALL: [Encoding; 5] =
        [Encoding::None, Encoding::Hex, Encoding::Base32, Encoding::Base64, Encoding::Binary];

    /// The encoding's name in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::None => "none",
            Encoding::Hex => "hex",
            Encoding::Base32 => "base32",
            Encoding::Base64 => "base64",
            Encoding::Binary => "binary",
        }
    }

    /// The narrowest alphabet of a text with these classes of bytes. Padding and hyphens do not count.
    pub(super) fn from_classes(classes: Classes) -> Encoding {
        if classes.have(OTHER) {
            Encoding::Binary
        } else if classes.have(BASE64) || classes.mix_case() {
            Encoding::Base64
        } else if classes.have(LOWER | UPPER) {
            Encoding::Base32
        } else if classes.have(DIGIT | LOWER_HEX | UPPER_HEX) {
            Encoding::Hex
        } else {
            Encoding::None
        }
    }

    /// The most bytes that `characters` of this alphabet can carry, at 4, 5, 6 or 7 bits each.
    pub(super) fn payload_bytes(self, characters: usize) -> usize {
        let bits_a_character = match self {
            Encoding::None => 0,
            Encoding::Hex => 4,
            Encoding::Base32 => 5,
            Encoding::Base64 => 6,
            Encoding::Binary => 7,
        };
        characters * bits_a_character / 8
    }
}

/// The classes of bytes that occur in a text.
#[derive(Clone, Copy)]
pub(super) struct Classes(u8);

impl Classes {
    /// The classes of the bytes of `text`.
    pub(super) fn new(text: &[u8]) -> Classes {
        Classes(text.iter().fold(0, |classes, &byte| classes | CLASS[usize::from(byte)]))
    }

    /// Whether letters of both cases occur.
    pub(super) fn mix_case(self) -> bool {
        self.have(LOWER | LOWER_HEX) && self.have(UPPER | UPPER_HEX)
    }

    /// Whether all bytes are hexadecimal digits.
    pub(super) fn are_hexadecimal(self) -> bool {
        !self.have(!(DIGIT | LOWER_HEX | UPPER_HEX))
    }

    /// Whether hyphens, underscores or padding occur.
    pub(super) fn have_hyphens(self) -> bool {
        self.have(HYPHEN)
    }

    fn have(self, classes: u8) -> bool {
        self.0 & classes != 0
    }
}

const DIGIT: u8 = 1;
const LOWER_HEX: u8 = 2;
const LOWER: u8 = 4;
const UPPER_HEX: u8 = 8;
const UPPER: u8 = 16;
const BASE64: u8 = 32;
const HYPHEN: u8 = 64;
const OTHER: u8 = 128;

/// The class of each byte.
static CLASS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' => LOWER_HEX,
            b'g'..=b'z' => LOWER,
            b'A'..=b'F' => UPPER_HEX,
            b'G'..=b'Z' => UPPER,
            b'+' | b'/' => BASE64,
            b'-' | b'_' | b'=' => HYPHEN,
            _ => OTHER,
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_alphabets() {
        for (text, encoding) in [
            ("95fc03c0b0000000005b639e15", Encoding::Hex),
            ("95FC03C0B0", Encoding::Hex),
            ("mzxw6ytboi5dcmrr====", Encoding::Base32),
            ("MZXW6YTBOI5DCMRR", Encoding::Base32),
            ("0DsAAHNIclYsFcDN", Encoding::Base64),
            ("q83vASNFZ4k=", Encoding::Base64),
            ("ab/cd", Encoding::Base64),
            ("z\u{e4}Zz", Encoding::Binary),
            ("", Encoding::None),
            ("--", Encoding::None),
        ] {
            assert_eq!(Encoding::from_classes(Classes::new(text.as_bytes())), encoding, "{text}");
        }
    }

    #[test]
    fn wider_alphabets_carry_more() {
        assert_eq!(Encoding::ALL.map(|encoding| encoding.payload_bytes(16)), [0, 8, 10, 12, 14]);
        assert!(Encoding::ALL.is_sorted());
    }
}
