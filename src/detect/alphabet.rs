//! The alphabet that data is written in.

/// How the data in names is encoded, told by the bytes of labels that no ordinary host name has.
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

    /// The narrowest alphabet that `text` is written in. Padding and hyphens say nothing.
    pub(super) fn of(text: &[u8]) -> Encoding {
        let has = |class: fn(&u8) -> bool| text.iter().any(class);
        if has(|byte| !byte.is_ascii_alphanumeric() && !b"+/-_=".contains(byte)) {
            return Encoding::Binary;
        }
        let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
        if (lower && upper) || has(|byte| b"+/".contains(byte)) {
            return Encoding::Base64;
        }
        let beyond_hex = has(|byte| !byte.is_ascii_hexdigit() && byte.is_ascii_alphanumeric());
        match text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() {
            0 => Encoding::None,
            _ if beyond_hex => Encoding::Base32,
            _ => Encoding::Hex,
        }
    }

    /// The bytes that `characters` of this alphabet carry at most: 4, 5, 6 or 7 bits each.
    pub(super) fn carries(self, characters: usize) -> usize {
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
            assert_eq!(Encoding::of(text.as_bytes()), encoding, "{text}");
        }
    }

    #[test]
    fn wider_alphabets_carry_more() {
        assert_eq!(Encoding::ALL.map(|encoding| encoding.carries(16)), [0, 8, 10, 12, 14]);
        assert!(Encoding::ALL.is_sorted());
    }
}
