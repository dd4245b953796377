//! A bulletin: what a publisher says of the figures that it releases into a crisis lane, in the same entry.

use unicode_normalization::is_nfc;

use crate::feed::codec::{self, CodecError, Decode, Encode};
use crate::model::Millis;

/// The longest id, in bytes.
const MAX_ID: usize = 40;
/// The longest place and the longest reason, in bytes.
const MAX_WORDS: usize = 300;

/// A bulletin's cover.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bulletin {
    /// Its id, such as `XTA-17`. Two publishers that report the same movement give it the same, and it counts once.
    pub id: String,
    /// When it was observed, UTC milliseconds.
    pub observed_at: i64,
    /// Where it was observed, in words; may be empty.
    pub place: String,
    /// Why it corrects what was said before under this id; none if it is the first.
    pub correction: Option<String>,
}

impl Bulletin {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`CodecError`] for other bytes, and for a bulletin that [`Bulletin::check`] refuses.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let bulletin: Self = codec::decode(bytes)?;
        match bulletin.check() {
            Ok(()) => Ok(bulletin),
            Err(why) => Err(CodecError::Invalid(why.to_owned())),
        }
    }

    /// Checks what every bulletin must hold.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if self.id.is_empty() || self.id.len() > MAX_ID || !self.id.chars().all(plain) {
            return Err("a bulletin's id is 1 to 40 letters, digits, - _ . and /");
        }
        let words =
            |text: &str| text.len() <= MAX_WORDS && is_nfc(text) && !text.chars().any(char::is_control);
        if !words(&self.place) || !self.correction.as_deref().is_none_or(words) {
            return Err("place and reason of a bulletin are at most 300 bytes each, NFC, on one line");
        }
        Ok(())
    }

    /// When it was observed.
    pub fn observed(&self) -> Millis {
        Millis(self.observed_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulletin_comes_back_from_its_bytes_and_others_are_refused() {
        let bulletin = Bulletin {
            id: "XTA-17".to_owned(),
            observed_at: 1,
            place: "Ras".to_owned(),
            correction: Some("a digit too many".to_owned()),
        };
        assert_eq!(Bulletin::from_bytes(&bulletin.to_bytes()).as_ref(), Ok(&bulletin));
        for id in ["", "a b", &"X".repeat(41)] {
            let wrong = Bulletin { id: id.to_owned(), ..bulletin.clone() };
            assert!(Bulletin::from_bytes(&wrong.to_bytes()).is_err(), "{id:?}");
        }
        for place in [&"x".repeat(301), "\u{1b}[2Ja gate", "two\nlines"] {
            let wrong = Bulletin { place: place.to_owned(), ..bulletin.clone() };
            assert!(Bulletin::from_bytes(&wrong.to_bytes()).is_err(), "{place:?}");
        }
    }
}
