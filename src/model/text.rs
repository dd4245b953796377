//! Free text as it stands in signed bytes: Unicode NFC, no control characters, bounded.

use unicode_normalization::char::is_combining_mark;
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

/// The text in small letters without accents, and a blank for all that is neither letter nor digit.
pub(crate) fn plain(text: &str) -> String {
    let letters = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let spaced: String = letters.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many single-character edits lie between two words, or `None` beyond `limit`: letters put in, left out, exchanged,
/// and two that changed places (the optimal string alignment).
pub(crate) fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = |x: u8, y: u8| x.eq_ignore_ascii_case(&y);
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = last.clone();
    for (i, x) in a.iter().enumerate() {
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = last[j] + usize::from(!same(*x, *y));
            row[j + 1] = substituted.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && same(*x, b[j - 1]) && same(a[i - 1], *y) {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last.last().copied().filter(|d| *d <= limit)
}
