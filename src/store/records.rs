//! An entry's records one by one, as they are wanted.

use std::vec::IntoIter;

use super::StoreError;
use super::entries::{EntryReader, Lies};
use crate::crypto::Network;
use crate::feed::{FeedId, Seq, SignedHeader};
use crate::model::Record;

/// Reads the records of an entry in their order and holds one block at a time. After an error there is nothing more.
pub struct Records {
    header: SignedHeader,
    reader: EntryReader,
    block: IntoIter<Record>,
}

/// An entry to be read beside the node's loop, as often as it is wanted.
pub struct StoredEntry {
    pub(super) entry: (FeedId, Seq),
    pub(super) lies: Lies,
    pub(super) network: Network,
}

impl StoredEntry {
    /// Its records, from the first.
    ///
    /// # Errors
    /// [`StoreError`] when it is no longer here or is damaged.
    pub fn records(&self) -> Result<Records, StoreError> {
        Records::open(self.entry, &self.lies, &self.network)
    }
}

impl Records {
    pub(super) fn open(entry: (FeedId, Seq), lies: &Lies, network: &Network) -> Result<Self, StoreError> {
        let mut reader = EntryReader::default();
        let header = reader.begin(entry, lies, network)?;
        Ok(Self { header, reader, block: Vec::new().into_iter() })
    }

    /// The entry's header.
    pub fn header(&self) -> &SignedHeader {
        &self.header
    }
}

impl Iterator for Records {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.block.next() {
                return Some(Ok(record));
            }
            match self.reader.next_block() {
                Ok(Some(block)) => self.block = block.into_iter(),
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
