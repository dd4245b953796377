//! The order in which records stand in an entry: by their sort keys, each key once.

use std::cmp::Ordering;

use crate::model::{Record, RecordKey};

/// A record's sort key that outlives the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortKey {
    class: u8,
    kind: u8,
    text: Vec<u8>,
    more: Vec<u8>,
    number: i128,
}

impl SortKey {
    /// The key as records have it.
    pub fn as_key(&self) -> RecordKey<'_> {
        let Self { class, kind, text, more, number } = self;
        RecordKey { class: *class, kind: *kind, text, more, number: *number }
    }

    /// Takes another key's value and keeps the memory.
    fn set(&mut self, key: &RecordKey<'_>) {
        (self.class, self.kind, self.number) = (key.class, key.kind, key.number);
        self.text.clear();
        self.text.extend_from_slice(key.text);
        self.more.clear();
        self.more.extend_from_slice(key.more);
    }
}

impl From<&Record> for SortKey {
    fn from(record: &Record) -> Self {
        let mut key = Self::default();
        key.set(&record.sort_key());
        key
    }
}

/// Sees to it that records come in order.
#[derive(Clone, Debug, Default)]
pub struct Order {
    last: Option<SortKey>,
}

impl Order {
    /// Takes the next record, and says how it stands to the one before: only what is [`Ordering::Greater`] was
    /// taken.
    pub fn take(&mut self, record: &Record) -> Ordering {
        let key = record.sort_key();
        let Some(last) = &mut self.last else {
            self.last = Some(SortKey::from(record));
            return Ordering::Greater;
        };
        let order = key.cmp(&last.as_key());
        if order == Ordering::Greater {
            last.set(&key);
        }
        order
    }

    /// The key of the last record that was taken.
    pub fn last(&self) -> Option<&SortKey> {
        self.last.as_ref()
    }
}
