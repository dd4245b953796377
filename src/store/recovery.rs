//! The mark of recovery: a small file that says that own feeds here may lack entries that this node has signed.
//!
//! It is written by whoever makes a directory that is not the node's last state (`corridor restore`,
//! `corridor init --recover`), or finds that it is not. It stays: a feed that is in nobody's hands now may be known to a
//! partner who comes back in a year. What is settled stands in it.
//!
//! ```text
//! corridor recovery 1
//! why restored
//! since 1764130000000
//! made 1764120000000
//! begun | ended
//! held <agreement, 64 hexadecimal digits> <entries>
//! settled <agreement>
//! doubted <agreement>
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{StoreError, layout};
use crate::feed::AgreementId;
use crate::model::Millis;

/// Why own feeds may lack entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCause {
    /// The directory was restored from a backup.
    Restored,
    /// The directory was lost; keys and card alone were kept.
    Lost,
    /// A partner holds more of an own feed than this node does, or its end was damaged and cut off here.
    Behind,
    /// This node followed another one of the same government, and now writes in its place.
    TakenOver,
}

/// What the mark says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryMark {
    /// Why.
    pub cause: RecoveryCause,
    /// When the mark was made.
    pub since: Millis,
    /// When the backup was made that was restored.
    pub made: Option<Millis>,
    /// How far it has come: the log of acts says that it has begun.
    pub begun: bool,
    /// Every own feed that was known has been settled once.
    pub ended: bool,
    /// How many entries were here of own feeds when it began.
    pub held: BTreeMap<AgreementId, u64>,
    /// Own feeds that have all that partners hold of them.
    pub settled: BTreeSet<AgreementId>,
    /// Own feeds of which more is known to be elsewhere.
    pub doubted: BTreeSet<AgreementId>,
}

const TITLE: &str = "corridor recovery 1";

impl RecoveryCause {
    const ALL: [Self; 4] = [Self::Restored, Self::Lost, Self::Behind, Self::TakenOver];

    /// The word in the file and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::Lost => "lost",
            Self::Behind => "behind",
            Self::TakenOver => "taken-over",
        }
    }
}

impl RecoveryMark {
    /// A mark with which nothing is settled yet.
    pub fn new(cause: RecoveryCause, since: Millis) -> Self {
        Self {
            cause,
            since,
            made: None,
            begun: false,
            ended: false,
            held: BTreeMap::new(),
            settled: BTreeSet::new(),
            doubted: BTreeSet::new(),
        }
    }

    /// Reads the mark of a directory, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read or is damaged: nothing may be signed then.
    pub fn load(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = layout::recovery(dir);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some).ok_or_else(|| StoreError::File {
                path,
                what: "is damaged: write the two lines \"corridor recovery 1\" and \"why restored\" into it, and every \
                       own feed is asked for again"
                    .to_owned(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { action: "reading", path, source }),
        }
    }

    /// Writes the mark, durably and in one step.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written.
    pub fn save(&self, dir: &Path) -> Result<(), StoreError> {
        let path = layout::recovery(dir);
        let fresh = path.with_extension("new");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh);
        let written = file.and_then(|mut file| {
            file.write_all(self.text().as_bytes())?;
            file.sync_all()
        });
        written.map_err(StoreError::io("writing", &fresh))?;
        fs::rename(&fresh, &path).map_err(StoreError::io("renaming", &fresh))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io("syncing", dir))
    }

    fn text(&self) -> String {
        let mut text = format!("{TITLE}\nwhy {}\nsince {}\n", self.cause.as_str(), self.since.0);
        if let Some(made) = self.made {
            text += &format!("made {}\n", made.0);
        }
        for (is_so, word) in [(self.begun, "begun\n"), (self.ended, "ended\n")] {
            text += if is_so { word } else { "" };
        }
        for (agreement, entries) in &self.held {
            text += &format!("held {agreement} {entries}\n");
        }
        for (word, agreements) in [("settled", &self.settled), ("doubted", &self.doubted)] {
            for agreement in agreements {
                text += &format!("{word} {agreement}\n");
            }
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(TITLE) {
            return None;
        }
        let mut mark = Self::new(RecoveryCause::Restored, Millis(0));
        for line in lines {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "why" => {
                    mark.cause = RecoveryCause::ALL.into_iter().find(|cause| cause.as_str() == rest)?;
                }
                "since" => mark.since = Millis(rest.parse().ok()?),
                "made" => mark.made = Some(Millis(rest.parse().ok()?)),
                "begun" => mark.begun = true,
                "ended" => mark.ended = true,
                "held" => {
                    let (agreement, entries) = rest.split_once(' ')?;
                    mark.held.insert(AgreementId::from_hex(agreement)?, entries.parse().ok()?);
                }
                "settled" => drop(mark.settled.insert(AgreementId::from_hex(rest)?)),
                "doubted" => drop(mark.doubted.insert(AgreementId::from_hex(rest)?)),
                _ => return None,
            }
        }
        Some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_a_damaged_one_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(RecoveryMark::load(dir.path()).unwrap(), None);
        let mut mark = RecoveryMark::new(RecoveryCause::Lost, Millis(7));
        mark.save(dir.path()).unwrap();
        assert_eq!(RecoveryMark::load(dir.path()).unwrap().as_ref(), Some(&mark));
        mark.made = Some(Millis(5));
        (mark.begun, mark.ended) = (true, true);
        mark.held.insert(AgreementId([1; 32]), 9);
        mark.settled.insert(AgreementId([2; 32]));
        mark.doubted.insert(AgreementId([3; 32]));
        mark.save(dir.path()).unwrap();
        assert_eq!(RecoveryMark::load(dir.path()).unwrap().as_ref(), Some(&mark));
        for damaged in
            ["", "corridor recovery 2\n", "corridor recovery 1\nwhy not\n", "corridor recovery 1\nx y\n"]
        {
            fs::write(layout::recovery(dir.path()), damaged).unwrap();
            assert!(RecoveryMark::load(dir.path()).is_err(), "{damaged:?}");
        }
        let said = "corridor recovery 1\nwhy restored\n";
        fs::write(layout::recovery(dir.path()), said).unwrap();
        assert!(
            RecoveryMark::load(dir.path()).is_ok_and(|mark| mark.is_some()),
            "what the error advises is read"
        );
    }
}
