//! The keys of entries that came sealed and were opened: what makes them readable here, kept beside them.
//!
//! A line for each, the place and the key in hexadecimal digits. The file is of mode 0600 like no other of a feed, and
//! says no more than the open entries beside it do. What is erased loses its key with its payload.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::erase::Places;
use super::{FeedFile, Seq, sync_up};
use crate::crypto::{ContentKey, Hash};
use crate::store::{StoreError, layout};

impl FeedFile {
    /// The key of an entry that came sealed.
    pub(in crate::store) fn key(&self, seq: Seq) -> Option<&ContentKey> {
        self.opened.get(&seq)
    }

    /// Keeps the key of an entry that came sealed, durably.
    pub(in crate::store) fn keep_key(&mut self, seq: Seq, key: &ContentKey) -> Result<(), StoreError> {
        if self.opened.get(&seq) == Some(key) {
            return Ok(());
        }
        let path = layout::opened(&self.dir);
        let line = line(seq, key);
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.sync_all()
        });
        written.map_err(StoreError::io("writing", &path))?;
        if self.opened.is_empty() {
            sync_up(&self.dir)?;
        }
        self.opened.insert(seq, key.clone());
        Ok(())
    }

    /// Forgets the keys of these entries, and writes the rest anew.
    pub(super) fn forget_keys(&mut self, places: &Places) -> Result<(), StoreError> {
        let before = self.opened.len();
        self.opened.retain(|seq, _| !places.contains(seq));
        if self.opened.len() == before {
            return Ok(());
        }
        let path = layout::opened(&self.dir);
        let fresh = path.with_extension("erasing");
        let mut text = Zeroizing::new(String::new());
        for (seq, key) in &self.opened {
            text.push_str(&line(*seq, key));
        }
        let _left_by_a_crash = fs::remove_file(&fresh);
        let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh);
        let written = file.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(StoreError::io("writing", &fresh))?;
        fs::rename(&fresh, &path).map_err(StoreError::io("moving", &fresh))?;
        sync_up(&self.dir)
    }
}

fn line(seq: Seq, key: &ContentKey) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(96));
    writeln!(line, "{} {}", seq.0, Hash(**key.bytes()).to_hex())
        .expect("writing into a string does not fail");
    line
}

/// The keys of a feed; of two for one place the later one counts. A last line without its end was never relied upon.
pub(super) fn read_keys(dir: &Path) -> Result<BTreeMap<Seq, ContentKey>, StoreError> {
    let path = layout::opened(dir);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(StoreError::Io { action: "reading", path, source }),
    };
    let line = |line: &str| {
        let (seq, key) = line.split_once(' ')?;
        Some((Seq(seq.parse().ok()?), ContentKey::new(Hash::from_hex(key)?.0)))
    };
    let whole = text.split_inclusive('\n').filter_map(|one| one.strip_suffix('\n'));
    let keys: Option<_> = whole.map(line).collect();
    keys.ok_or_else(|| StoreError::File {
        path,
        what: "does not say with which keys entries were opened".to_owned(),
    })
}
