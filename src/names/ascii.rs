//! The spelling of domains: one in ASCII, by which domains are compared, and one in the script that they came in.
//!
//! Both are in lower case, mapped by UTS #46 (so that full-width letters become ordinary ones), and in presentation
//! format (see [`presentation`](super::presentation)). Labels in ASCII, such as those in punycode, are only lower-cased.

use std::borrow::Cow;

use super::presentation::{is_plain, write_label};
use super::rules::ascii_label;
use super::wire::labels;
use crate::slice::Slice;

/// A domain, or some of its labels, in ASCII: the spelling by which `dnsexfil` and the allowlist know it.
///
/// A label that has no such spelling by IDNA is in lower case, with `\DDD` for each byte beyond ASCII.
///
/// ```
/// use dnsentropy::names::ascii;
///
/// assert_eq!(ascii::domain("食狮.公司.CN".as_bytes()), "xn--85x722f.xn--55qx5d.cn");
/// assert_eq!(ascii::domain(br"\069vil\.x.com"), r"evil\046x.com");
/// assert_eq!(ascii::domain(b"\xff.com"), r"\255.com");
/// ```
pub fn domain(text: &[u8]) -> Cow<'_, str> {
    spell(text, |label, out| match str::from_utf8(label).ok().and_then(ascii_label) {
        Some(ascii) => write_label(ascii.as_bytes(), |_| false, out),
        None => write_label(&lower(label), |_| false, out),
    })
}

/// A domain, or some of its labels, in the script that it came in.
pub(super) fn in_its_script(text: &[u8]) -> Cow<'_, str> {
    spell(text, |label, out| {
        let text = str::from_utf8(label);
        if let Ok(text) = text
            && text.chars().all(is_usual)
        {
            return out.push_str(text);
        }
        match text.ok().and_then(unicode_label) {
            Some(unicode) => write_label(unicode.as_bytes(), |_| true, out),
            None => write_label(&lower(label), |_| true, out),
        }
    })
}

/// Whether a character is one of the many that UTS #46 maps to themselves, whatever is beside them. A label of these alone stays
/// as it is, valid or not, without being mapped.
fn is_usual(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '-' | 'ß'..='ö' | 'ø'..='ÿ' | 'а'..='џ' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='龥' | '가'..='힣')
}

/// Spells each label of `text` by itself; those beyond ASCII with `beyond_ascii`.
fn spell(text: &[u8], beyond_ascii: impl Fn(&[u8], &mut String)) -> Cow<'_, str> {
    if is_plain(Slice::whole(text))
        && let Ok(plain) = str::from_utf8(text)
    {
        let has_upper = plain.bytes().any(|byte| byte.is_ascii_uppercase());
        return if has_upper { Cow::Owned(plain.to_ascii_lowercase()) } else { Cow::Borrowed(plain) };
    }
    let mut spelt = String::with_capacity(2 * text.len());
    for (index, label) in labels(text).enumerate() {
        if index > 0 {
            spelt.push('.');
        }
        if label.is_ascii() {
            write_label(&label.to_ascii_lowercase(), |_| true, &mut spelt);
        } else {
            beyond_ascii(&label, &mut spelt);
        }
    }
    Cow::Owned(spelt)
}

/// What UTS #46 maps one label to, if it is a valid label.
fn unicode_label(label: &str) -> Option<String> {
    let (unicode, valid) = idna::domain_to_unicode(label);
    (valid.is_ok() && !unicode.is_empty() && !unicode.contains('.')).then_some(unicode)
}

/// `text` in lower case. Each character is lower-cased by itself, so that the lower case of a name is that of its parts
/// (`str::to_lowercase` writes a sigma by what follows it), and bytes that are not UTF-8 stay.
pub(crate) fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        if text.iter().any(u8::is_ascii_uppercase) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let mut lower = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let valid: String = chunk.valid().chars().flat_map(char::to_lowercase).collect();
        lower.extend_from_slice(valid.as_bytes());
        lower.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(lower)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::present;
    use super::super::presentation::hostile;
    use super::*;

    #[test]
    fn ascii_is_lower_cased() {
        for (text, expected) in [
            ("", ""),
            ("Example.COM", "example.com"),
            ("XN--85X722F.cn", "xn--85x722f.cn"),
            ("xn--a.com", "xn--a.com"),
            ("a..b", "a..b"),
            ("*.Com", r"\042.com"),
            (r"\065\.b.com", r"a\046b.com"),
            (r"a\\124.com", r"a\092124.com"),
            (r"a\256.com", r"a\092256.com"),
        ] {
            assert_eq!(domain(text.as_bytes()), expected);
            assert_eq!(in_its_script(text.as_bytes()), expected);
        }
    }

    #[test]
    fn one_domain_has_one_ascii_spelling() {
        for (text, ascii, script) in [
            ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn", "食狮.公司.cn"),
            ("A\u{30a}lesund.NO", "xn--lesund-hua.no", "\u{e5}lesund.no"),
            ("ＥＸＡＭＰＬＥ.ＣＯＭ", "example.com", "example.com"),
            (r"m\195\188ller.de", "xn--mller-kva.de", "m\u{fc}ller.de"),
            (r"m\xc3\xbcller.de", "xn--mller-kva.de", "m\u{fc}ller.de"),
            ("a\u{202e}.com", r"a\226\128\174.com", r"a\226\128\174.com"),
            ("\u{200d}\u{c4}.com", r"\226\128\141\195\164.com", "\\226\\128\\141\u{e4}.com"),
        ] {
            assert_eq!(domain(text.as_bytes()), ascii);
            assert_eq!(in_its_script(text.as_bytes()), script);
        }
        assert_eq!(domain(b"\xffA.com"), r"\255a.com");
    }

    #[test]
    fn usual_characters_are_mapped_to_themselves() {
        for c in ('\u{80}'..=char::MAX).filter(|&c| is_usual(c)) {
            let label = format!("a{c}{c}b");
            let mapped = unicode_label(&label).unwrap_or_else(|| label.clone());
            let mut written = String::new();
            write_label(&lower(mapped.as_bytes()), |_| true, &mut written);
            assert_eq!((&mapped, &written), (&label, &label), "{c}");
        }
    }

    #[test]
    fn characters_are_lower_cased_one_by_one() {
        for (text, expected) in [
            ("Example.COM", "example.com"),
            ("\u{c5}LESUND", "\u{e5}lesund"),
            ("\u{391}\u{3a3}.gr", "\u{3b1}\u{3c3}.gr"),
        ] {
            assert_eq!(lower(text.as_bytes()), expected.as_bytes());
        }
        assert_eq!(lower(b"\xffA\xc3\x84\xc3"), &b"\xffa\xc3\xa4\xc3"[..]);
    }

    fn check(text: &[u8]) -> Result<(), TestCaseError> {
        let ascii = domain(text);
        prop_assert!(
            ascii.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.\\".contains(&byte)),
            "{}",
            ascii
        );
        prop_assert_eq!(domain(ascii.as_bytes()), ascii.as_ref(), "once is enough");
        let script = in_its_script(text);
        prop_assert_eq!(domain(script.as_bytes()), ascii.as_ref(), "{}", script);
        for spelling in [ascii, script] {
            prop_assert_eq!(present(spelling.as_bytes()), spelling.as_ref());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn hostile_names_have_one_spelling(name in hostile::names()) {
            check(&name)?;
        }

        #[test]
        fn any_bytes_have_one_spelling(text in prop::collection::vec(any::<u8>(), 0..40)) {
            check(&text)?;
        }

        #[test]
        fn any_text_has_one_spelling(text in "\\PC{0,20}|[\\\\0-9a.xA-F]{0,12}") {
            check(text.as_bytes())?;
        }
    }
}
