//! The presentation format of domains (RFC 1035, section 5.1): how a domain is written for people and searches.
//!
//! Anyone who can send a query chooses its domain, and what reads the results may take a quote, a pipe or a line feed
//! for syntax. So a written domain holds only letters, marks and digits of any script, `-`, `_`, the dots between its labels, and
//! `\DDD` for each other byte: three decimal digits. Characters that show nothing are escaped too, among them variation
//! selectors (which are marks) and the filler of Hangul (a letter): no registry has them in a domain.
//!
//! Logs such as those of BIND already write `\DDD`. That form is kept where it means a byte that would be escaped, so that
//! writing a domain twice changes nothing. Otherwise, different domains are written differently.

use std::borrow::Cow;
use std::fmt::Write;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::simd;
use crate::slice::Slice;

/// Unicode's general categories L, M and N.
const WRITTEN: GeneralCategoryGroup =
    GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark).union(GeneralCategoryGroup::Number);

/// The length of `\DDD`.
const ESCAPE: usize = 4;

/// Writes a domain, or some of its labels.
///
/// ```
/// use dnsentropy::names::presentation::present;
///
/// assert_eq!(present("食狮.公司.cn".as_bytes()), "食狮.公司.cn");
/// assert_eq!(present(b"a|b\".com"), r"a\124b\034.com");
/// assert_eq!(present(br"a\124b.com"), r"a\124b.com");
/// assert_eq!(present(b"\xff.com"), r"\255.com");
/// ```
pub fn present(text: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(text) {
        Ok(plain) if is_plain(Slice::whole(text)) => Cow::Borrowed(plain),
        _ => Cow::Owned(escaped(text)),
    }
}

/// Whether [`present`] changes nothing as each byte is an ASCII letter or digit, `-`, `_` or a dot.
#[inline]
pub fn is_plain(text: Slice<'_>) -> bool {
    simd::all(text, |lane| {
        // Upper and lower case differ in one bit.
        let letter = simd::within(lane | simd::Lane::splat(0x20), b'a', b'z');
        // From the dash to the nine there are the dash, the dot, the slash and the digits.
        let other = simd::within(lane, b'-', b'9') & !simd::equal(lane, b'/');
        letter | other | simd::equal(lane, b'_')
    })
}

fn escaped(text: &[u8]) -> String {
    let mut out = String::with_capacity(2 * text.len());
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(c) = rest.chars().next() {
            let length = if is_escape(rest) { ESCAPE } else { c.len_utf8() };
            let (piece, after) = rest.split_at(length);
            if length == ESCAPE && c == '\\' || c == '.' || is_written(c) {
                out.push_str(piece);
            } else {
                escape(piece.as_bytes(), &mut out);
            }
            rest = after;
        }
        escape(chunk.invalid(), &mut out);
    }
    out
}

/// Writes the bytes of one label, none of which is an escape: those of letters, marks and digits as they are, if they are ASCII or
/// `keep` says so, and `\DDD` for each other byte, a dot and a backslash among them.
pub(super) fn write_label(label: &[u8], keep: impl Fn(char) -> bool, out: &mut String) {
    for chunk in label.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_written(c) && (c.is_ascii() || keep(c)) {
                out.push(c);
            } else {
                escape(c.encode_utf8(&mut [0; 4]).as_bytes(), out);
            }
        }
        escape(chunk.invalid(), out);
    }
}

fn escape(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        // Writing to memory cannot fail.
        let _ = write!(out, "\\{byte:03}");
    }
}

/// Whether `text` begins with `\DDD` for a byte that is not an ASCII character of a label.
fn is_escape(text: &str) -> bool {
    let Some((b"\\", digits)) = text.as_bytes().first_chunk::<ESCAPE>().map(|escape| escape.split_at(1))
    else {
        return false;
    };
    let byte = digits.iter().try_fold(0_u32, |number, digit| {
        digit.is_ascii_digit().then(|| 10 * number + u32::from(digit - b'0'))
    });
    byte.and_then(|byte| u8::try_from(byte).ok())
        .is_some_and(|byte| !byte.is_ascii() || !is_written(byte.into()))
}

/// Whether a character is a part of a label that is written as it is.
fn is_written(c: char) -> bool {
    matches!(c, '-' | '_')
        || WRITTEN.contains(CodePointMapData::<GeneralCategory>::new().get(c))
            && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Names with what a sender may put into a domain, for property tests.
#[cfg(test)]
pub(crate) mod hostile {
    use proptest::prelude::*;

    /// Pieces of labels: separators and quotes of searches, URLs, CSV and spreadsheets, control characters, letters and marks
    /// of several scripts, symbols, invisible characters, bytes that are not UTF-8, escapes.
    const PIECES: [&[u8]; 40] = [
        b"a",
        b"Z",
        b"0",
        b"-",
        b"_",
        b"*",
        b"\"",
        b"'",
        b"|",
        b"`",
        b"$",
        b"=",
        b"+",
        b"/",
        b":",
        b"%41",
        b" ",
        b"\t",
        b"\x00",
        b"\x7f",
        b"\\",
        b"\\124",
        b"\\097",
        b"\\256",
        b"\\25",
        b"\\046",
        b"\\\\",
        b"@",
        b"&",
        b"<",
        b"(",
        b"\xff",
        b"\xc3",
        b"\xe3\x80",
        "\u{e4}".as_bytes(),
        "\u{3a3}".as_bytes(),
        "\u{915}\u{93f}".as_bytes(),
        "\u{130}".as_bytes(),
        "\u{202e}\u{200d}".as_bytes(),
        "\u{2764}\u{fe0f}".as_bytes(),
    ];

    /// Names of up to four such labels before a suffix.
    pub(crate) fn names() -> impl Strategy<Value = Vec<u8>> {
        let label = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..5);
        let suffix = prop::sample::select(vec![
            "com",
            "co.uk",
            "ck",
            "x|y",
            "github.io",
            "\u{b2d}\u{b3e}\u{b30}\u{b24}",
        ]);
        (prop::collection::vec(label, 0..4), suffix).prop_map(|(labels, suffix)| {
            let labels = labels.into_iter().map(|pieces| pieces.concat());
            labels.chain([suffix.as_bytes().to_vec()]).collect::<Vec<_>>().join(&b'.')
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_marks_and_digits_of_any_script_stay() {
        for domain in [
            "",
            "WWW-1.example_2.co.uk",
            "食狮.公司.cn",
            "ålesund.no",
            "a\u{30a}lesund.no",
            "ଭାରତ",
            "இலங்கை",
            "भारतम्",
            "ایران",
            "১২",
        ] {
            assert_eq!(present(domain.as_bytes()), domain);
        }
    }

    #[test]
    fn all_other_bytes_are_three_digits() {
        for (domain, expected) in [
            (&b"*.com"[..], r"\042.com"),
            (b"a=b\\.com", r"a\061b\092.com"),
            (b"a\"'|`$ \n\x00\x7f", r"a\034\039\124\096\036\032\010\000\127"),
            (b"\xff\xe3\x80.com", r"\255\227\128.com"),
            ("❤\u{fe0f}.com".as_bytes(), r"\226\157\164\239\184\143.com"),
            // A bidirectional control, a joiner, a blank that is not a letter, private use, unassigned, a filler that is a letter.
            ("\u{202e}".as_bytes(), r"\226\128\174"),
            ("\u{200d}".as_bytes(), r"\226\128\141"),
            ("\u{a0}".as_bytes(), r"\194\160"),
            ("\u{e000}".as_bytes(), r"\238\128\128"),
            ("\u{378}".as_bytes(), r"\205\184"),
            ("\u{3164}".as_bytes(), r"\227\133\164"),
        ] {
            assert_eq!(present(domain), expected);
        }
    }

    #[test]
    fn an_escape_stays_if_its_byte_would_be_escaped() {
        for kept in [r"\000", r"\046", r"\092", r"\195\164", r"\255", r"a\124b\034"] {
            assert_eq!(present(kept.as_bytes()), kept);
        }
        for (text, expected) in [
            (r"\097", r"\092097"),
            (r"\045", r"\092045"),
            (r"\256", r"\092256"),
            (r"\12", r"\09212"),
            (r"\+12", r"\092\04312"),
            (r"\\124", r"\092\124"),
            (r"\", r"\092"),
            ("\\12\u{664}", "\\09212\u{664}"),
        ] {
            assert_eq!(present(text.as_bytes()), expected);
        }
    }

    /// The byte that an escape at the start of `text` means.
    fn escape_at_start(text: &[u8]) -> Option<u8> {
        let digits =
            text.strip_prefix(b"\\")?.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        str::from_utf8(digits).ok()?.parse().ok()
    }

    /// The bytes that `text` means, if its escapes of the bytes in `escaped` count.
    fn decode(text: &[u8], escaped: impl Fn(u8) -> bool) -> Vec<u8> {
        let (mut bytes, mut rest) = (Vec::new(), text);
        while let Some(&first) = rest.first() {
            let escape = escape_at_start(rest).filter(|&byte| escaped(byte));
            bytes.push(escape.unwrap_or(first));
            rest = &rest[if escape.is_some() { ESCAPE } else { 1 }..];
        }
        bytes
    }

    fn check(text: &[u8]) -> Result<(), TestCaseError> {
        let written = present(text);
        let is_plain_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_allowed = |c: char| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => is_plain_byte(byte) || b".\\".contains(&byte),
            _ => WRITTEN.contains(CodePointMapData::<GeneralCategory>::new().get(c)),
        };
        prop_assert!(written.chars().all(is_allowed), "{}", written);
        prop_assert_eq!(present(written.as_bytes()), written.as_ref());
        // Different texts are written differently, unless they differ only in the escapes that they came with.
        let escapes_in_text = decode(text, |byte| !is_plain_byte(byte));
        prop_assert_eq!(decode(written.as_bytes(), |_| true), escapes_in_text);
        // Each label is written by itself.
        let labels: Vec<Cow<'_, str>> = text.split(|&byte| byte == b'.').map(present).collect();
        prop_assert_eq!(labels.join("."), written.as_ref());
        let plain = text.iter().all(|&byte| is_plain_byte(byte) || byte == b'.');
        prop_assert_eq!(is_plain(Slice::whole(text)), plain);
        Ok(())
    }

    proptest! {
        #[test]
        fn hostile_names_are_written_safely(name in hostile::names()) {
            check(&name)?;
        }

        #[test]
        fn any_bytes_are_written_safely(text in prop::collection::vec(any::<u8>(), 0..40)) {
            check(&text)?;
        }

        #[test]
        fn any_text_is_written_safely(text in "\\PC{0,20}|[\\\\0-9a.]{0,12}") {
            check(text.as_bytes())?;
        }
    }

    #[test]
    fn every_byte_is_plain_or_not_in_both_ways() -> Result<(), TestCaseError> {
        (0..=u8::MAX).try_for_each(|byte| check(&[byte]))
    }
}
