//! Eurostat's flags: small letters beside a value, as `123 p`, `: c`, `1 570.0 bd`, or in a column of their own.

use crate::intake::collector::Found;
use crate::model::status::Presence;
use crate::model::{ConfStatus, ObsStatus};

/// What letters say of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) status: Option<ObsStatus>,
    pub(super) conf: Option<ConfStatus>,
    /// Was it published before with another value?
    pub(super) revised: bool,
    /// What the status has no room for.
    pub(super) remark: Option<String>,
}

/// The letters that stand for a status.
const STATUSES: [(u8, ObsStatus); 9] = [
    (b'b', ObsStatus::Break),
    (b'd', ObsStatus::DefinitionDiffers),
    (b'e', ObsStatus::Estimated),
    (b'f', ObsStatus::Forecast),
    (b'n', ObsStatus::NotSignificant),
    (b'p', ObsStatus::Provisional),
    (b's', ObsStatus::Imputed),
    (b'u', ObsStatus::LowReliability),
    (b'z', ObsStatus::CannotExist),
];

/// The value of a cell, and the letters after it.
pub(super) fn split(field: &[u8]) -> (&[u8], &[u8]) {
    let field = field.trim_ascii();
    let letters = field.iter().rev().take_while(|b| b.is_ascii_lowercase()).count();
    let (value, letters) = field.split_at(field.len() - letters);
    // A word alone is no flag: it is a wrong value, or one of the words for none.
    match value.trim_ascii_end() {
        [] => (field, &[]),
        value => (value, letters),
    }
}

/// What letters mean.
pub(super) fn meaning(letters: &[u8]) -> Result<Marks, String> {
    let mut marks = Marks::default();
    let mut more = false;
    for letter in letters.iter().filter(|b| !matches!(b, b' ' | b',')) {
        let status = STATUSES.iter().find(|(known, _)| known == letter).map(|(_, status)| *status);
        match (letter, status) {
            (_, Some(status)) if marks.status.is_none() => marks.status = Some(status),
            (_, Some(_)) => more = true,
            (b'c', None) => marks.conf = Some(ConfStatus::Confidential),
            (b'r', None) => marks.revised = true,
            (other, None) => {
                let text = String::from_utf8_lossy(letters);
                return Err(format!(
                    "\"{}\" in \"{text}\" is not a flag of Eurostat's: b, c, d, e, f, n, p, r, s, u and z are",
                    char::from(*other)
                ));
            }
        }
    }
    if more {
        marks.remark = Some(format!("Flags of the source: {}", String::from_utf8_lossy(letters)));
    }
    Ok(marks)
}

impl Marks {
    /// What they say beside this cell: a value that is missing has a status that says so.
    pub(super) fn beside(mut self, found: Found) -> Self {
        let Found::Missing(implied) = found else { return self };
        if self.conf.is_some() {
            self.status = Some(ObsStatus::Suppressed);
        } else if let Some(status) = self.status.filter(|status| status.presence() == Presence::Required) {
            let letter = status.code().to_ascii_lowercase();
            self.remark.get_or_insert_with(|| format!("Flags of the source: {letter}, without a value"));
            self.status = Some(implied.unwrap_or(ObsStatus::Missing));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_letters_are_told_apart() {
        for (cell, value, letters) in [
            ("123 p", "123", "p"),
            ("123p", "123", "p"),
            (" : c ", ":", "c"),
            ("1570.0 bd", "1570.0", "bd"),
            (":", ":", ""),
            ("", "", ""),
            ("na", "na", ""),
            ("12", "12", ""),
        ] {
            assert_eq!(split(cell.as_bytes()), (value.as_bytes(), letters.as_bytes()), "{cell:?}");
        }
    }

    #[test]
    fn letters_become_statuses() {
        let status = |letters: &str| meaning(letters.as_bytes()).unwrap();
        for (letter, code) in [
            ("b", 'B'),
            ("d", 'D'),
            ("e", 'E'),
            ("f", 'F'),
            ("n", 'N'),
            ("p", 'P'),
            ("s", 'I'),
            ("u", 'U'),
            ("z", 'M'),
        ] {
            assert_eq!(status(letter).status.unwrap().code(), code);
        }
        assert_eq!(status(""), Marks::default());
        let both = status("bd");
        assert_eq!(
            (both.status, both.remark.as_deref()),
            (Some(ObsStatus::Break), Some("Flags of the source: bd"))
        );
        assert!(status("r").revised);
        let hidden = status("c").beside(Found::Missing(None));
        assert_eq!(
            (hidden.status, hidden.conf),
            (Some(ObsStatus::Suppressed), Some(ConfStatus::Confidential))
        );
        let empty = status("e").beside(Found::Missing(None));
        assert_eq!(empty.status, Some(ObsStatus::Missing));
        assert_eq!(empty.remark.as_deref(), Some("Flags of the source: e, without a value"));
        assert!(meaning(b"q").unwrap_err().starts_with("\"q\" in \"q\" is not a flag"));
    }
}
