//! Writes rows to pages.

use std::collections::HashMap;

use super::bytes::{put, put_bytes, put_len, put_signed};
use super::{Cells, KIND_BITS, Manner, MannerKind, PIECE, RETRACTED, STATED, STATED_VALUE};
use crate::feed::FeedId;
use crate::model::{Attributes, Period};
use crate::view::row::{EntryRef, Piece, RowId, State, Version};

/// The bytes of a page with what stands first on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its first row.
    pub first: RowId,
    /// From which period on that row is on it; `None` when it begins there.
    pub from: Option<Period>,
    /// Its plain bytes.
    pub bytes: Vec<u8>,
    /// How many versions are on it.
    pub versions: usize,
}

/// Takes rows in order and cuts them into pages.
pub struct PageWriter {
    limit: usize,
    open: Open,
    done: Vec<Written>,
}

/// The page that is being written.
#[derive(Default)]
struct Open {
    first: Option<(RowId, Option<Period>)>,
    feeds: Table<FeedId>,
    entries: Table<EntryRef>,
    attributes: Table<Attributes>,
    manners: Table<Manner>,
    shapes: Table<Cells>,
    heads: Vec<u8>,
    values: Vec<u8>,
    key: String,
    /// The cells of the row before, which are the next one's too as a rule.
    cells: Cells,
    shape: usize,
    versions: usize,
}

/// Numbers distinct things in the order in which they first come, and keeps their bytes.
struct Table<K> {
    numbers: HashMap<K, usize>,
    bytes: Vec<u8>,
    list: Vec<K>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), bytes: Vec::new(), list: Vec::new() }
    }
}

impl<K: std::hash::Hash + Eq + Clone> Table<K> {
    fn number(&mut self, thing: &K, write: impl FnOnce(&K, &mut Vec<u8>)) -> usize {
        if let Some(number) = self.numbers.get(thing) {
            return *number;
        }
        let number = self.list.len();
        write(thing, &mut self.bytes);
        self.list.push(thing.clone());
        self.numbers.insert(thing.clone(), number);
        number
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        put_len(self.list.len(), out);
        out.extend_from_slice(&self.bytes);
    }
}

impl PageWriter {
    /// Writes pages that are full at so many plain bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, open: Open::default(), done: Vec::new() }
    }

    /// Takes the next row, or the next piece of the same one.
    pub fn add(&mut self, id: &RowId, piece: &Piece) {
        let mut versions = piece.versions();
        let mut is_first = true;
        while is_first || !versions.is_empty() {
            if self.open.length() >= self.limit {
                self.done.extend(std::mem::take(&mut self.open).close());
            }
            let (now, later) = versions.split_at(first_piece(versions));
            // Attributes stand with the first piece alone: one list of them shows which was stated last.
            let said = if is_first { piece.said() } else { &[] };
            let from = if is_first { None } else { now.first().map(|version| version.period) };
            self.open.first.get_or_insert_with(|| (id.clone(), from));
            self.open.add(id, said, now);
            versions = later;
            is_first = false;
        }
    }

    /// The pages, in order.
    pub fn finish(mut self) -> Vec<Written> {
        self.done.extend(self.open.close());
        self.done
    }
}

/// How many versions make the first piece of these. Versions of one period stay together where they can.
fn first_piece(versions: &[Version]) -> usize {
    if versions.len() <= PIECE {
        return versions.len();
    }
    let period = versions[PIECE].period;
    match versions[..PIECE].iter().rposition(|version| version.period != period) {
        Some(last) => last + 1,
        None => PIECE,
    }
}

impl Open {
    /// Its length so far, as it would be written.
    fn length(&self) -> usize {
        let tables = self.feeds.bytes.len()
            + self.entries.bytes.len()
            + self.attributes.bytes.len()
            + self.manners.bytes.len()
            + self.shapes.bytes.len();
        tables + self.heads.len() + self.values.len()
    }

    fn add(&mut self, id: &RowId, said: &[(crate::feed::Seq, Attributes)], versions: &[Version]) {
        let shared = self.key.bytes().zip(id.key.bytes()).take_while(|(one, other)| one == other).count();
        let shared = id.key.floor_char_boundary(shared);
        put_len(shared, &mut self.heads);
        put_bytes(&id.key.as_bytes()[shared..], &mut self.heads);
        self.key.truncate(shared);
        self.key.push_str(&id.key[shared..]);
        let feed = self.feeds.number(&id.feed, |feed, out| {
            out.extend_from_slice(&feed.publisher.0);
            out.extend_from_slice(&feed.agreement.0);
        });
        put_len(feed, &mut self.heads);
        put_len(said.len(), &mut self.heads);
        for (seq, attributes) in said {
            let attributes = self.attributes.number(attributes, write_attributes);
            put(seq.0, &mut self.heads);
            put_len(attributes, &mut self.heads);
        }
        self.write_versions(versions);
        self.versions += versions.len();
    }

    fn write_versions(&mut self, versions: &[Version]) {
        let (start, mut last) = (self.values.len(), 0_i128);
        let mut cells = Cells::with_capacity(versions.len());
        for (at, version) in versions.iter().enumerate() {
            let manner = self.manner(version, self.cells.get(at).map(|(_, manner)| *manner));
            cells.push((version.period, manner));
            if let State::Stated { value: Some(value), .. } = &version.state {
                let mantissa = value.mantissa();
                put_signed(mantissa.wrapping_sub(last), &mut self.values);
                last = mantissa;
            }
        }
        if cells != self.cells || self.shapes.list.is_empty() {
            self.shape = self.shapes.number(&cells, write_shape);
            self.cells = cells;
        }
        put_len(self.shape, &mut self.heads);
        put_len(self.values.len() - start, &mut self.heads);
    }

    /// The number of a version's manner, which is most often the one of the same place in the row before.
    fn manner(&mut self, version: &Version, likely: Option<u32>) -> u32 {
        let likely = likely.filter(|likely| {
            let manner = &self.manners.list[*likely as usize];
            manner.entry == version.entry && manner.kind.is_of(&version.state)
        });
        if let Some(likely) = likely {
            return likely;
        }
        let manner = Manner { entry: version.entry, kind: MannerKind::of(&version.state) };
        let entry = self.entries.number(&manner.entry, |entry, out| {
            put(entry.seq.0, out);
            put_signed(i128::from(entry.time.0), out);
            out.extend_from_slice(&entry.id.0);
        });
        let set = match &manner.kind {
            MannerKind::Stated { attributes, .. } => self.attributes.number(attributes, write_attributes),
            MannerKind::Retracted { .. } => 0,
        };
        let number =
            self.manners.number(&manner, |manner, out| write_manner(&manner.kind, (entry, set), out));
        u32::try_from(number).expect("a page has fewer than 2^32 versions")
    }

    fn close(self) -> Option<Written> {
        let length = self.length();
        let (first, from) = self.first?;
        let mut bytes = Vec::with_capacity(length + 64);
        self.feeds.append_to(&mut bytes);
        self.entries.append_to(&mut bytes);
        self.attributes.append_to(&mut bytes);
        self.manners.append_to(&mut bytes);
        self.shapes.append_to(&mut bytes);
        put_bytes(&self.heads, &mut bytes);
        bytes.extend_from_slice(&self.values);
        Some(Written { first, from, bytes, versions: self.versions })
    }
}

impl MannerKind {
    fn of(state: &State) -> Self {
        match state {
            State::Stated { value, flags, attributes } => Self::Stated {
                flags: *flags,
                attributes: attributes.clone(),
                scale: value.map(|value| value.scale()),
            },
            State::Retracted { reason } => Self::Retracted { reason: reason.clone() },
        }
    }

    fn is_of(&self, state: &State) -> bool {
        match (self, state) {
            (Self::Stated { flags, attributes, scale }, State::Stated { value, flags: f, attributes: a }) => {
                flags == f && *scale == value.map(|value| value.scale()) && attributes == a
            }
            (Self::Retracted { reason }, State::Retracted { reason: other }) => reason == other,
            (Self::Stated { .. }, State::Retracted { .. })
            | (Self::Retracted { .. }, State::Stated { .. }) => false,
        }
    }
}

fn write_manner(kind: &MannerKind, (entry, set): (usize, usize), out: &mut Vec<u8>) {
    match kind {
        MannerKind::Stated { flags, scale, .. } => {
            out.push(if scale.is_some() { STATED_VALUE } else { STATED });
            put_len(entry, out);
            out.push(flags.status.code() as u8);
            out.push(flags.conf.code() as u8);
            put(u64::from(flags.revision), out);
            put_len(set, out);
            out.extend(scale);
        }
        MannerKind::Retracted { reason } => {
            out.push(RETRACTED);
            put_len(entry, out);
            put_bytes(reason.as_bytes(), out);
        }
    }
}

fn write_attributes(attributes: &Attributes, out: &mut Vec<u8>) {
    put_len(attributes.len(), out);
    for (id, text) in attributes.iter() {
        out.push(id.code());
        put_bytes(text.as_bytes(), out);
    }
}

fn write_shape(cells: &Cells, out: &mut Vec<u8>) {
    let mut bytes = Vec::with_capacity(cells.len() * 2 + 4);
    put_len(cells.len(), &mut bytes);
    let mut last = None;
    for (period, manner) in cells {
        let (kind, ordinal) = (period.kind(), period.ordinal());
        let before = last.filter(|(last, _)| *last == kind).map_or(0, |(_, ordinal)| ordinal);
        put_signed(i128::from(ordinal - before) << KIND_BITS | i128::from(kind.code()), &mut bytes);
        put(u64::from(*manner), &mut bytes);
        last = Some((kind, ordinal));
    }
    put_bytes(&bytes, out);
}
