//! The figures of a copy: for each publisher and indicator two files, written as the series come.

use std::collections::BTreeMap;

use anyhow::Context;

use super::stage::{SiteFile, Stage};
use super::{data_of, evidence_of};
use crate::feed::AgreementId;
use crate::model::{Dimension, Millis};
use crate::node::rows::columns;
use crate::node::series::{SeriesHead, StatedSeries};
use crate::sdmx::data::{DataFormat, DataHead, DataWriter, SeriesContext};
use crate::view::{State, Version};

/// An entry of a publisher, by its name in paths.
pub(super) type EntryOf = (String, u64);

/// Writes figures, and finds out which evidence they need.
pub(super) struct Figures<'a> {
    stage: &'a mut Stage,
    /// By publisher's id: its name in paths, and whether its evidence of the old copy may be taken over.
    names: &'a BTreeMap<String, (String, bool)>,
    head: Option<SeriesHead>,
    indicator: String,
    open: BTreeMap<String, Pair>,
    /// Evidence that is to be made: of each entry, for how many series.
    wanted: BTreeMap<EntryOf, u64>,
    observations: u64,
    /// The series of the last row, and the entries of it that were seen.
    last: (String, String, Vec<u64>),
}

/// The two files.
struct Pair {
    csv: csv::Writer<SiteFile>,
    sdmx: DataWriter<SiteFile>,
}

/// What was written.
pub(super) struct Written {
    pub(super) wanted: BTreeMap<EntryOf, u64>,
    pub(super) observations: u64,
}

impl<'a> Figures<'a> {
    pub(super) fn new(stage: &'a mut Stage, names: &'a BTreeMap<String, (String, bool)>) -> Self {
        Self {
            stage,
            names,
            head: None,
            indicator: String::new(),
            open: BTreeMap::new(),
            wanted: BTreeMap::new(),
            observations: 0,
            last: Default::default(),
        }
    }

    /// Takes a row of the answer.
    ///
    /// # Errors
    /// When it is none, is of somebody who is not named, or a file cannot be written.
    pub(super) fn take(&mut self, row: serde_json::Value) -> anyhow::Result<()> {
        if self.head.is_none() {
            self.head = Some(serde_json::from_value(row).context("the node does not say who answers")?);
            return Ok(());
        }
        let stated = StatedSeries::read(row)?;
        let publisher = stated.publisher.to_hex();
        let (name, keeps) = self.names.get(&publisher).cloned().context(super::publish::MOVED)?;
        let indicator = stated.key.dimension(Dimension::Indicator);
        if indicator != self.indicator {
            // Series come indicator by indicator: the files of the one before are complete.
            self.close()?;
            indicator.clone_into(&mut self.indicator);
        }
        if !self.open.contains_key(&name) {
            let pair = self.begin(&name)?;
            self.open.insert(name.clone(), pair);
        }
        self.evidence(&name, keeps, &stated)?;
        let pair = self.open.get_mut(&name).context("it was opened")?;
        pair.write(&stated)?;
        self.observations += stated.versions.len() as u64;
        Ok(())
    }

    fn begin(&self, name: &str) -> anyhow::Result<Pair> {
        let path = data_of(name, &self.indicator);
        let mut csv = csv::Writer::from_writer(self.stage.create(&format!("{path}.csv"))?);
        csv.write_record(columns())?;
        let head = self.head.as_ref().context("the head came first")?;
        let id = format!("{}-{}", head.sender, head.prepared);
        let head =
            DataHead { is_test: head.is_test, ..DataHead::new(&id, Millis(head.prepared), &head.sender) };
        let file = self.stage.create(&format!("{path}.sdmx.csv"))?;
        Ok(Pair { csv, sdmx: DataWriter::new(DataFormat::Csv2, &head, file)? })
    }

    fn close(&mut self) -> anyhow::Result<()> {
        for (_, Pair { csv, sdmx }) in std::mem::take(&mut self.open) {
            let csv = csv.into_inner().map_err(|error| error.into_error())?;
            self.stage.finish(csv)?;
            self.stage.finish(sdmx.end()?)?;
        }
        Ok(())
    }

    /// Takes the evidence of a series over from the old copy, or notes that it is to be made.
    fn evidence(&mut self, name: &str, keeps: bool, stated: &StatedSeries) -> anyhow::Result<()> {
        let key = stated.key.as_str();
        if self.last.0 != name || self.last.1 != key {
            self.last = (name.to_owned(), key.to_owned(), Vec::new());
        }
        for version in &stated.versions {
            let seq = version.entry.seq.0;
            if self.last.2.contains(&seq) {
                continue;
            }
            self.last.2.push(seq);
            let path = format!("{}{seq}.json", evidence_of(name, &self.indicator, key));
            if !keeps || !self.stage.keep(&path)? {
                *self.wanted.entry((name.to_owned(), seq)).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Ends the files.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn finish(mut self) -> anyhow::Result<Written> {
        self.close()?;
        self.head.as_ref().context("the node gave no answer")?;
        Ok(Written { wanted: self.wanted, observations: self.observations })
    }
}

impl Pair {
    fn write(&mut self, stated: &StatedSeries) -> anyhow::Result<()> {
        let context = SeriesContext {
            key: &stated.key,
            attributes: &stated.attributes,
            publisher: stated.publisher,
            country: &stated.country,
            agreement: &stated.agreement,
        };
        self.sdmx.series(&context, &stated.versions)?;
        let first = [Dimension::RefArea, Dimension::CounterpartArea, Dimension::Indicator];
        let rest = Dimension::ALL.into_iter().filter(|dimension| !first.contains(dimension));
        let codes: Vec<&str> =
            first.into_iter().chain(rest).map(|dimension| stated.key.dimension(dimension)).collect();
        let by = [stated.publisher.to_hex(), AgreementId::public().to_hex()];
        for version in &stated.versions {
            let Some(own) = own(version) else { continue };
            let around = by.iter().map(String::as_str).chain(codes.iter().copied());
            self.csv.write_record(around.chain(own.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

/// The columns of an observation behind its dimensions.
fn own(version: &Version) -> Option<[String; 7]> {
    let State::Stated { value, flags, .. } = &version.state else { return None };
    Some([
        version.period.to_string(),
        value.map(|value| value.to_string()).unwrap_or_default(),
        flags.status.code().to_string(),
        flags.conf.code().to_string(),
        flags.revision.to_string(),
        version.entry.time.to_string(),
        version.entry.id.to_hex(),
    ])
}
