//! Free text as it stands in signed bytes: Unicode NFC, no control characters, bounded.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Characters of a refused value that an error repeats: enough to find it, too few to flood a log.
const SHOWN: usize = 64;

/// The text in NFC, or what is wrong with it. `max` counts characters.
pub(crate) fn checked(text: &str, max: usize) -> Result<Box<str>, &'static str> {
    // A character takes at most 4 bytes in UTF-8, so this bounds the work before normalising.
    if text.len() > max.saturating_mul(4) {
        return Err("the text is too long; shorten it");
    }
    let normal: Box<str> = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect::<String>().into(),
    };
    if normal.chars().count() > max {
        return Err("the text is too long; shorten it");
    }
    if normal.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("the text holds control characters; remove them");
    }
    Ok(normal)
}

/// A value as errors show it.
pub(crate) fn shorten(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

/// How many single-character edits lie between two words (Levenshtein), or `None` beyond `limit`.
pub(crate) fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let b: Vec<u8> = b.bytes().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(!x.eq_ignore_ascii_case(y));
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().filter(|d| *d <= limit)
}
