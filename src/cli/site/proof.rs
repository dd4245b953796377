//! What citations prove, and whether the figures of a copy are that.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use super::lists::read_text;
use super::verify::{Fault, Report};
use super::{card_of, evidence_of, publish};
use crate::crypto::Hash;
use crate::feed::citation::{Citation, MAX_CITATION};
use crate::feed::{AgreementId, Card, HeadRef, PublisherId};
use crate::model::{Dimension, Observation, Period};

/// Files of a copy, with their hashes and the lines of the list that name them.
pub(super) type Good = BTreeMap<String, (Hash, usize)>;

/// What of a copy is proven, against what.
pub(super) struct Proofs<'a> {
    pub(super) dir: &'a Path,
    /// Everything that is listed.
    pub(super) listed: &'a Good,
    /// What of it is as it was listed.
    pub(super) files: &'a Good,
    /// The newest entries that the manifest names; none if it does not hold.
    pub(super) sources: Option<&'a [HeadRef]>,
}

impl Proofs<'_> {
    /// Checks every card and citation: its own proof, and that it lies where it belongs. The publishers by their names.
    pub(super) fn citations(&self, report: &mut Report) -> BTreeMap<String, PublisherId> {
        let mut publishers = BTreeMap::new();
        for path in self.files.keys().filter(|path| path.starts_with("cards/")) {
            let text = read_text(&self.dir.join(path), publish::MAX_CARD);
            let card = text.and_then(|text| Card::from_text(&text).map_err(|error| error.to_string()));
            match (card, path.trim_start_matches("cards/").strip_suffix(".txt")) {
                (Ok(card), Some(name)) if is_name_of(name, &card) => {
                    publishers.insert(name.to_owned(), card.publisher());
                }
                (Ok(_), _) => {
                    report.add(path, "", "the card in it is of another government than its name says")
                }
                (Err(error), _) => report.add(path, "", &error),
            }
        }
        for path in self.files.keys().filter(|path| path.starts_with("evidence/")) {
            if self.is_spoilt(&card_of(path.split('/').nth(1).unwrap_or_default())) {
                continue;
            }
            match self.citation(path) {
                Ok(citation) => {
                    report.citations += 1;
                    if let Some(what) = self.misplaced(path, &citation, &publishers) {
                        report.add(path, "", &what);
                    }
                }
                Err(what) => report.add(path, "", &what),
            }
        }
        publishers
    }

    fn citation(&self, path: &str) -> Result<Citation, String> {
        let text = read_text(&self.dir.join(path), MAX_CITATION as u64)?;
        Citation::from_text(&text).map_err(|error| error.to_string())
    }

    fn misplaced(
        &self,
        path: &str,
        citation: &Citation,
        publishers: &BTreeMap<String, PublisherId>,
    ) -> Option<String> {
        let header = citation.header().header();
        let name = path.split('/').nth(1).unwrap_or_default();
        let key = citation.series().key();
        let meant = evidence_of(name, key.dimension(Dimension::Indicator), key.as_str());
        if header.feed.agreement != AgreementId::public() {
            return Some("it is of figures that are not public".to_owned());
        }
        if publishers.get(name) != Some(&header.feed.publisher) {
            return Some(format!("it is of another publisher than {}", card_of(name)));
        }
        if path != format!("{meant}{}.json", header.seq.0) {
            return Some(format!("it proves entry {} of {key}, which its path does not name", header.seq));
        }
        let source = self.sources?.iter().find(|source| source.feed == header.feed);
        match source {
            Some(source) if source.seq >= header.seq => None,
            _ => Some("it is of an entry that the manifest does not cover".to_owned()),
        }
    }

    /// Checks every figure of every table.
    pub(super) fn figures(&self, publishers: &BTreeMap<String, PublisherId>, report: &mut Report) {
        for path in self.files.keys().filter(|path| path.starts_with("data/")) {
            let name = path.split('/').nth(1).unwrap_or_default();
            if self.is_spoilt(&card_of(name)) {
                continue;
            }
            let Some(publisher) = publishers.get(name) else {
                report.add(path, "", &format!("there is no {} for it", card_of(name)));
                continue;
            };
            match self.table(path, (name, *publisher), report) {
                Ok(figures) if path.ends_with(".sdmx.csv") => report.sdmx_figures += figures,
                Ok(figures) => report.figures += figures,
                Err(error) => report.add(path, "", &error),
            }
        }
    }

    fn table(&self, path: &str, by: (&str, PublisherId), report: &mut Report) -> Result<u64, String> {
        let file = File::open(self.dir.join(path)).map_err(|error| error.to_string())?;
        let mut rows = csv::Reader::from_reader(std::io::BufReader::new(file));
        let columns = Columns::of(rows.headers().map_err(|error| error.to_string())?)?;
        let (mut known, mut figures) = (Known::default(), 0);
        let mut row = csv::StringRecord::new();
        while rows.read_record(&mut row).map_err(|error| error.to_string())? {
            figures += 1;
            let line = row.position().map_or(0, csv::Position::line);
            let key = columns.key(&row);
            if known.key != key {
                known = self.known(by.0, key);
            }
            // What else hangs on evidence that is named already is not named too.
            if !known.is_spoilt
                && let Err(what) = columns.compare(&row, by.1, &known)
            {
                report.add(path, &format!("line {line}"), &what);
            }
        }
        Ok(figures)
    }

    /// The citations of a series, by the entry that each is of.
    fn known(&self, name: &str, key: String) -> Known {
        let indicator = key.split('.').nth(3).unwrap_or_default();
        let start = evidence_of(name, indicator, &key);
        let paths = self.listed.range(start.clone()..).map(|(path, _)| path);
        let paths: Vec<&String> = paths.take_while(|path| path.starts_with(&start)).collect();
        let is_spoilt = paths.iter().any(|path| self.is_spoilt(path));
        let citations = paths.into_iter().filter_map(|path| self.citation(path).ok());
        let citations = citations.map(|one| (one.header().id().to_hex(), one)).collect();
        Known { key, citations, is_spoilt }
    }

    /// Whether a file is named as one that is not as it was listed.
    fn is_spoilt(&self, path: &str) -> bool {
        self.listed.contains_key(path) && !self.files.contains_key(path)
    }
}

/// What is proven of a series.
#[derive(Default)]
struct Known {
    key: String,
    citations: BTreeMap<String, Citation>,
    is_spoilt: bool,
}

/// Where a table has what; both forms have it, in small or in capital letters.
struct Columns {
    dimensions: Vec<usize>,
    period: usize,
    value: usize,
    publisher: usize,
    entry: usize,
    released_at: usize,
    flags: [(usize, &'static str); 3],
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, String> {
        let find = |name: &str| {
            let mut found = header.iter().enumerate().filter(|(_, column)| column.eq_ignore_ascii_case(name));
            match (found.next(), found.next()) {
                (Some((at, _)), None) => Ok(at),
                (_, _) => Err(format!("the column {name} must be there once")),
            }
        };
        Ok(Self {
            dimensions: Dimension::ALL.into_iter().map(|one| find(one.id())).collect::<Result<_, _>>()?,
            period: find("time_period")?,
            value: find("obs_value")?,
            publisher: find("publisher")?,
            entry: find("entry")?,
            released_at: find("released_at")?,
            flags: [
                (find("obs_status")?, "obs_status"),
                (find("conf_status")?, "conf_status"),
                (find("revision")?, "revision"),
            ],
        })
    }

    fn key(&self, row: &csv::StringRecord) -> String {
        let codes: Vec<&str> = self.dimensions.iter().map(|at| &row[*at]).collect();
        codes.join(".")
    }

    /// Whether a row is what the citation of its entry proves.
    fn compare(&self, row: &csv::StringRecord, publisher: PublisherId, known: &Known) -> Result<(), String> {
        let key = &known.key;
        let Some(citation) = known.citations.get(&row[self.entry]) else {
            return Err(format!("no citation that holds proves what it says of {key}"));
        };
        let period = Period::parse(&row[self.period]).map_err(|error| error.to_string())?;
        let mut observations = citation.series().observations().iter();
        let Some(proven) = observations.find(|one| one.period() == period) else {
            return Err(format!("its entry states nothing for {period}"));
        };
        let value = proven.value().map(|value| value.to_string()).unwrap_or_default();
        let shown = if &row[self.value] == "NaN" { "" } else { &row[self.value] };
        if shown != value || row[self.value].is_empty() != value.is_empty() && &row[self.value] != "NaN" {
            return Err(format!("obs_value {shown:?} stands where {value:?} is proven"));
        }
        let time = citation.header().header().time.to_string();
        let proven = flags(proven);
        let all = self.flags.iter().map(|(at, name)| (*at, *name)).zip(proven.iter().map(String::as_str));
        // SDMX names a publisher by its country where it has one.
        let by = [publisher.to_hex(), citation.card().country().to_owned()];
        if !by.contains(&row[self.publisher].to_owned()) || row[self.publisher].is_empty() {
            return Err(format!("publisher {:?} stands where {:?} is proven", &row[self.publisher], by[0]));
        }
        for ((at, name), proven) in all.chain([((self.released_at, "released_at"), &*time)]) {
            if &row[at] != proven {
                return Err(format!("{name} {:?} stands where {proven:?} is proven", &row[at]));
            }
        }
        Ok(())
    }
}

fn flags(proven: &Observation) -> [String; 3] {
    [proven.status().code().to_string(), proven.conf().code().to_string(), proven.revision().to_string()]
}

/// Whether a folder may be called so for the government of a card: by its country, or the start of its id.
fn is_name_of(name: &str, card: &Card) -> bool {
    name == card.country() || name == &card.publisher().to_hex()[..16]
}

impl Report {
    /// Adds a fault.
    pub(super) fn add(&mut self, file: &str, place: &str, what: &str) {
        self.more += 1;
        if self.faults.len() < super::verify::MAX_FAULTS {
            let (file, place, what) = (file.to_owned(), place.to_owned(), what.to_owned());
            self.faults.push(Fault { file, place, what });
            self.more -= 1;
        }
    }
}
