//! The bulletins of a lane, read from the entries of its feeds as they come: no view is needed, so that what is large
//! and waits to be folded delays none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::words::shown;
use crate::feed::{AgreementId, EntryId, EntryKind, FeedId, PublisherId, Seq, SignedHeader};
use crate::insight::crisis::{Cell, Report, Tally, reduce};
use crate::model::{Decimal, Document, DocumentKind, Millis, Period, Record, Series, SeriesKey};
use crate::node::engine::{Engine, NodeError};
use crate::policy::{Bulletin, Standing};
use crate::store::{Store, StoreError};

mod ahead;

use self::ahead::Shown;

/// The bulletins of all lanes, as far as they were looked at.
#[derive(Debug, Default)]
pub(in crate::node) struct Boards(BTreeMap<AgreementId, Board>);

/// The bulletins of a lane.
#[derive(Debug, Default)]
pub(in crate::node) struct Board {
    read: BTreeMap<PublisherId, Reading>,
    bulletins: BTreeMap<(PublisherId, String), Posted>,
    tally: Tally,
    /// Bulletins that are shown ahead of what comes before them in their feed: the newest of each.
    ahead: BTreeMap<PublisherId, Shown>,
    /// Under which of our own bulletins a figure was reported.
    own: HashMap<(SeriesKey, Period), String>,
}

/// How far a feed was read.
#[derive(Debug)]
struct Reading {
    next: Seq,
    /// Entries that are closed to us so far.
    closed: BTreeSet<Seq>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { next: Seq(0), closed: BTreeSet::new() }
    }
}

/// A bulletin as it stands.
#[derive(Debug)]
struct Posted {
    /// Its entries, in their order.
    entries: Vec<Seq>,
    /// Its number in the tally.
    at: usize,
}

/// An entry of a lane's feed.
struct Entry {
    header: SignedHeader,
    bulletin: Bulletin,
    cells: Vec<Cell>,
}

impl Boards {
    /// Forgets what was read of a feed, because it is erased.
    pub(in crate::node) fn forget(&mut self, feed: &FeedId) {
        self.forget_ahead(feed);
        let Some(Board { bulletins, tally, .. }) = self.0.get_mut(&feed.agreement) else { return };
        for (_, posted) in bulletins.extract_if(.., |(publisher, _), _| *publisher == feed.publisher) {
            tally.remove(posted.at);
        }
    }
}

impl Board {
    /// The bulletins as they stand, and the picture that they make.
    pub(in crate::node) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// When what a publisher's bulletin says was observed.
    pub(in crate::node) fn observed(&self, publisher: PublisherId, bulletin: &str) -> Option<Millis> {
        let posted = self.bulletins.get(&(publisher, bulletin.to_owned()))?;
        self.tally.report(posted.at).map(|report| report.observed)
    }

    /// Whether anybody has reported a bulletin of this id.
    pub(in crate::node) fn has(&self, bulletin: &str) -> bool {
        self.bulletins.keys().any(|(_, id)| id == bulletin)
    }

    /// The first of these figures that another bulletin of ours than this one has reported, and which.
    pub(in crate::node) fn reported_elsewhere(
        &self,
        bulletin: &str,
        series: &[Series],
    ) -> Option<(SeriesKey, Period, &str)> {
        series.iter().find_map(|one| {
            one.observations().iter().find_map(|observation| {
                let cell = (one.key().clone(), observation.period());
                let other = self.own.get(&cell).filter(|known| *known != bulletin)?;
                Some((cell.0, cell.1, other.as_str()))
            })
        })
    }
}

/// What a bulletin states of one cell, and where.
pub(in crate::node) type Statement = (Cell, (Seq, EntryId));
/// The count of a cell, and where it is stated.
type Said = (Option<i64>, (Seq, EntryId));

impl Engine {
    /// A bulletin of a country as it stands, and what it states now; nothing if there is none of this id.
    pub(in crate::node) fn bulletin_stated(
        &mut self,
        lane: AgreementId,
        (country, bulletin): (&str, &str),
    ) -> Result<Option<(Report, Vec<Statement>)>, NodeError> {
        let board = self.board(lane)?;
        let found = board.bulletins.iter().find_map(|((publisher, id), posted)| {
            let report = board.tally.report(posted.at).filter(|report| report.publisher == country)?;
            (id == bulletin).then(|| (FeedId::new(*publisher, lane), report.clone(), posted.entries.clone()))
        });
        let Some((feed, report, entries)) = found else { return Ok(None) };
        let mut stated: BTreeMap<(SeriesKey, Period), Said> = BTreeMap::new();
        for seq in entries {
            let Some(entry) = read_entry(&feed, seq, &self.store)? else { continue };
            let place = (seq, entry.header.id());
            stated
                .extend(entry.cells.into_iter().map(|(key, period, value)| ((key, period), (value, place))));
        }
        let stated = stated.into_iter().map(|((key, period), (value, place))| ((key, period, value), place));
        Ok(Some((report, stated.collect())))
    }

    /// The bulletins of a lane, read up to now.
    pub(in crate::node) fn board(&mut self, lane: AgreementId) -> Result<&Board, NodeError> {
        let Some(agreement) = self.house.book().get(&lane) else {
            return Ok(self.boards.0.entry(lane).or_default());
        };
        let area = agreement.text().crisis.lane().map(|lane| lane.area.clone()).unwrap_or_default();
        let members: Vec<(PublisherId, String)> =
            agreement.text().bound().map(|who| (who, self.country_of(&who))).collect();
        let is_over = matches!(self.house.book().standing(agreement, self.now()), Standing::Over { .. });
        let mut board = self.boards.0.remove(&lane).unwrap_or_default();
        // Its key may have been revoked since it came.
        let keyring = self.house.keyring();
        board.overtake(|_, shown| is_over || !keyring.may_sign(shown.header.header()));
        for (publisher, country) in members {
            let feed = FeedId::new(publisher, lane);
            read_on(&mut board, (feed, publisher == self.us()), (&country, &area), &self.store)?;
        }
        Ok(self.boards.0.entry(lane).or_insert(board))
    }
}

/// Reads what has come of a feed.
fn read_on(
    board: &mut Board,
    (feed, is_own): (FeedId, bool),
    (country, area): (&str, &str),
    store: &Store,
) -> Result<(), NodeError> {
    let Some(head) = store.durable(&feed) else { return Ok(()) };
    board.overtake(|publisher, shown| publisher == feed.publisher && shown.seq() <= head.seq);
    let reading = board.read.entry(feed.publisher).or_default();
    // What a courier carries for others stays closed: it is not looked at again until a key has come.
    let opened = reading.closed.iter().copied().filter(|seq| store.key_of(&feed, *seq).is_some());
    let places: Vec<Seq> = opened.chain((reading.next.0..=head.seq.0).map(Seq)).collect();
    reading.next = head.seq.next();
    for seq in places {
        let reading = board.read.entry(feed.publisher).or_default();
        let header = store.header(&feed, seq)?;
        if header.header().kind != EntryKind::Release {
            continue;
        }
        if store.is_closed(&feed, seq)? {
            reading.closed.insert(seq);
            continue;
        }
        reading.closed.remove(&seq);
        let Some(entry) = read_entry(&feed, seq, store)? else { continue };
        let id = entry.bulletin.id.clone();
        board.overtake(|publisher, shown| publisher == feed.publisher && shown.bulletin == id);
        let Board { bulletins, tally, own, .. } = &mut *board;
        if is_own {
            own.extend(entry.cells.iter().map(|(key, period, _)| ((key.clone(), *period), id.clone())));
        }
        match bulletins.get_mut(&(feed.publisher, id.clone())) {
            Some(posted) => {
                posted.entries.push(seq);
                posted.entries.sort_unstable();
                let before = tally.report(posted.at).cloned().unwrap_or_else(|| begun(&entry, country));
                let report = with(before, entry, (&feed, seq), &posted.entries, (area, store))?;
                tally.replace(posted.at, report);
            }
            None => {
                let report = with(begun(&entry, country), entry, (&feed, seq), &[seq], (area, store))?;
                let posted = Posted { entries: vec![seq], at: tally.insert(report) };
                bulletins.insert((feed.publisher, id), posted);
            }
        }
    }
    Ok(())
}

fn begun(entry: &Entry, country: &str) -> Report {
    Report {
        publisher: country.to_owned(),
        bulletin: entry.bulletin.id.clone(),
        observed: entry.bulletin.observed(),
        signed: entry.header.header().time,
        place: entry.bulletin.place.clone(),
        corrections: Vec::new(),
        figures: Vec::new(),
        closed: 0,
        ahead: false,
    }
}

/// A bulletin with one more of its entries: cells take the places of those that they correct.
fn with(
    mut report: Report,
    entry: Entry,
    (feed, seq): (&FeedId, Seq),
    entries: &[Seq],
    (area, store): (&str, &Store),
) -> Result<Report, NodeError> {
    let mut cells: BTreeMap<(SeriesKey, Period), Option<i64>> = BTreeMap::new();
    for at in entries {
        let said = match *at == seq {
            true => entry.cells.clone(),
            false => read_entry(feed, *at, store)?.map(|entry| entry.cells).unwrap_or_default(),
        };
        cells.extend(said.into_iter().map(|(key, period, value)| ((key, period), value)));
    }
    let cells: Vec<Cell> = cells.into_iter().map(|((key, period), value)| (key, period, value)).collect();
    (report.figures, report.closed) = reduce(&cells, area);
    let time = entry.header.header().time;
    report.signed = report.signed.max(time);
    if entries.len() > 1 || entry.bulletin.correction.is_some() {
        report.corrections.push((time, entry.bulletin.correction.unwrap_or_default()));
    }
    Ok(report)
}

/// What an entry says; nothing if it is erased.
fn read_entry(feed: &FeedId, seq: Seq, store: &Store) -> Result<Option<Entry>, NodeError> {
    let mut content = Content::default();
    match store.read_records(feed, seq, &mut |record| content.take(record)) {
        Ok(header) => Ok(Some(content.of(header))),
        Err(StoreError::Erased { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The records of an entry, as far as they are read.
#[derive(Default)]
struct Content {
    parts: Vec<Document>,
    cells: Vec<Cell>,
}

impl Content {
    fn take(&mut self, record: Record) {
        match record {
            Record::Document(part) if part.label().kind() == DocumentKind::Crisis => self.parts.push(part),
            Record::Series(series) => self.cells.extend(cells_of(&series)),
            Record::Document(_) | Record::Retraction(_) | Record::Receipt(_) => {}
        }
    }

    fn of(self, header: SignedHeader) -> Entry {
        let said = self.parts.chunk_by(|a, b| a.label() == b.label()).find_map(Document::join);
        let unnamed = || Bulletin {
            id: format!("entry-{}", header.header().seq),
            observed_at: header.header().time.0,
            place: String::new(),
            correction: None,
        };
        let said = said.and_then(|body| Bulletin::from_bytes(&body).ok()).and_then(shown);
        let bulletin = said.unwrap_or_else(unnamed);
        Entry { header, bulletin, cells: self.cells }
    }
}

fn cells_of(series: &Series) -> impl Iterator<Item = Cell> {
    series.observations().iter().map(|one| {
        let count = one.value().and_then(whole);
        (series.key().clone(), one.period(), count)
    })
}

/// A value as a number of people; what is no whole number is none.
fn whole(value: Decimal) -> Option<i64> {
    let power = 10_i128.checked_pow(u32::from(value.scale()))?;
    let mantissa = value.mantissa();
    (mantissa % power == 0).then(|| i64::try_from(mantissa / power).ok())?
}
