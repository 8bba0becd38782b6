//! Bytes as characters, as Splunk's `len` counts them.

/// The characters of `text`. Each byte that is not UTF-8 counts as a character of its own, distinct from every
/// other byte and from every character of Unicode (U+110000 and the byte).
pub fn characters(text: &[u8]) -> impl Iterator<Item = u32> {
    text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(u32::from);
        valid.chain(chunk.invalid().iter().map(|&byte| 0x11_0000 + u32::from(byte)))
    })
}

/// The number of characters in `text`.
pub fn length(text: &[u8]) -> usize {
    if text.is_ascii() { text.len() } else { characters(text).count() }
}
