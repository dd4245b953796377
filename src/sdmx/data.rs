//! Data messages: what governments state, in the formats that statisticians' tools read.
//!
//! A message is written series by series. Every observation carries its statuses and, beside the data structure,
//! who states it, in which entry, and where its citation is had, see [`Provenance`]: in SDMX-CSV as columns of its own
//! ([`csv::CUSTOM`]), in SDMX-JSON as annotations and one link for all, in SDMX-ML by the header's source, which says how an
//! address is made, and on demand as annotations of every series and observation.
//!
//! | format | a value that is not there | what cannot travel |
//! |---|---|---|
//! | SDMX-CSV 1.0 | an empty cell | an action: what is taken back cannot be told |
//! | SDMX-CSV 2.0 | `NaN` | nothing |
//! | SDMX-ML 2.1, both | no value | the characters U+FFFE and U+FFFF, which XML does not have: U+FFFD stands for them |
//! | SDMX-JSON 2.0 | `null` | nothing; but readers that take numbers as binary fractions may shorten them |
//!
//! Why a value is not there always stands in `OBS_STATUS` and `CONF_STATUS`. Numbers keep their decimals: `12.50` is
//! written so. What is read back of SDMX-CSV and SDMX-ML gives the same records, but that a text which is `#N/A`, the standard's
//! word for no text, is none, and that `UNIT_MULT`, `DECIMALS`, `SENS_CLASS` and `DISC_RULE` are worked out where a record
//! does not say them. SDMX-JSON is written alone.
//!
//! A series that two feeds state, as one to the public and one under an agreement, stands in two data sets of a message;
//! in SDMX-CSV, which has none, the columns tell them apart.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};

use crate::feed::PublisherId;
use crate::model::{AttributeId, Attributes, Millis, Period, SeriesKey};
use crate::sdmx::component::{AGENCY, NAME, STRUCTURE, VERSION};
use crate::view::{State, Version};

pub mod csv;
mod generic;
mod json;
mod specific;
mod xml;

pub use specific::namespace;

/// Bytes of a message that are written at once.
const PIECE: usize = 64 * 1024;

/// A format of data messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataFormat {
    /// SDMX-CSV 1.0.
    Csv1,
    /// SDMX-CSV 2.0.
    Csv2,
    /// SDMX-ML 2.1, generic.
    GenericXml,
    /// SDMX-ML 2.1, structure-specific.
    StructureSpecificXml,
    /// SDMX-JSON 2.0.
    JsonData,
}

impl DataFormat {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Csv1, Self::Csv2, Self::GenericXml, Self::StructureSpecificXml, Self::JsonData];

    /// The media type, as a `Content-Type` has it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv1 => "application/vnd.sdmx.data+csv;version=1.0.0",
            Self::Csv2 => "application/vnd.sdmx.data+csv;version=2.0.0",
            Self::GenericXml => "application/vnd.sdmx.genericdata+xml;version=2.1",
            Self::StructureSpecificXml => "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
            Self::JsonData => "application/vnd.sdmx.data+json;version=2.0.0",
        }
    }

    /// The short name, as the command line has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv1 => "sdmx-csv1",
            Self::Csv2 => "sdmx-csv",
            Self::GenericXml => "generic-xml",
            Self::StructureSpecificXml => "xml",
            Self::JsonData => "sdmx-json",
        }
    }

    /// The format with this short name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv1 | Self::Csv2 => "csv",
            Self::GenericXml | Self::StructureSpecificXml => "xml",
            Self::JsonData => "json",
        }
    }
}

/// What a maintained artefact is called by: `PHL:MIG(1.0)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtefactRef {
    /// Who maintains it.
    pub agency: String,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its English name.
    pub name: String,
}

impl ArtefactRef {
    /// The common data structure.
    #[must_use]
    pub fn structure() -> Self {
        let [agency, id, version, name] = [AGENCY, STRUCTURE, VERSION, NAME].map(str::to_owned);
        Self { agency, id, version, name }
    }
}

impl fmt::Display for ArtefactRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}({})", self.agency, self.id, self.version)
    }
}

/// What is to be done with the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Action {
    /// To know.
    #[default]
    Information,
    /// To be added.
    Append,
    /// To take the place of what was there.
    Replace,
    /// To be taken back: keys and periods alone are written.
    Delete,
}

impl Action {
    /// The word of SDMX-ML and SDMX-JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Information => "Information",
            Self::Append => "Append",
            Self::Replace => "Replace",
            Self::Delete => "Delete",
        }
    }

    /// The letter of SDMX-CSV 2.0.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Information => 'I',
            Self::Append => 'A',
            Self::Replace => 'R',
            Self::Delete => 'D',
        }
    }
}

/// Which dimension observations are listed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// `TIME_PERIOD`: observations stand in series.
    #[default]
    Series,
    /// `AllDimensions`: each observation has its whole key. SDMX-CSV is always so.
    Flat,
}

impl Layout {
    /// The value of `dimensionAtObservation`.
    #[must_use]
    pub const fn dimension_at_observation(self) -> &'static str {
        match self {
            Self::Series => "TIME_PERIOD",
            Self::Flat => "AllDimensions",
        }
    }
}

/// How much of the data is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Everything.
    #[default]
    Full,
    /// Keys and values, no attributes.
    DataOnly,
    /// The keys of series.
    SeriesKeysOnly,
    /// The keys of series and their attributes, no observations.
    NoData,
}

impl Detail {
    /// Are there observations?
    #[must_use]
    pub const fn has_observations(self) -> bool {
        matches!(self, Self::Full | Self::DataOnly)
    }

    /// Are there attributes, and what else is said beside key and value?
    #[must_use]
    pub const fn has_attributes(self) -> bool {
        matches!(self, Self::Full | Self::NoData)
    }
}

/// Whether codes have their English names beside them; in SDMX-CSV alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Labels {
    /// Codes.
    #[default]
    Id,
    /// `CODE: Name` in one cell.
    Both,
    /// Names in columns of their own; SDMX-CSV 1.0 has no such form and takes [`Labels::Both`].
    Name,
}

/// How it is told who states an observation, in which entry, and where its citation is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Provenance {
    /// Not at all.
    None,
    /// As every client can read it: columns of SDMX-CSV, annotations of SDMX-JSON, the header of SDMX-ML.
    #[default]
    Told,
    /// In SDMX-ML by annotations of every series and observation too. They are part of the standard, but sdmx1 2.28 refuses
    /// data that have them.
    Annotated,
}

/// What stands at the head of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataHead {
    /// The message's id: letters, digits, `_`, `@`, `$`, `-`.
    pub id: String,
    /// When it was made.
    pub prepared: Millis,
    /// Who sends it: the country, or another id.
    pub sender: String,
    /// Whether figures are practice.
    pub is_test: bool,
    /// The dataflows, of which each data set is of one; without any the message refers to the data structure alone.
    pub flows: Vec<ArtefactRef>,
    /// By what observations are listed.
    pub layout: Layout,
    /// How much is told.
    pub detail: Detail,
    /// Which attributes are told where the detail has any; nothing for all.
    pub attributes: Option<BTreeSet<AttributeId>>,
    /// Whether names stand beside codes.
    pub labels: Labels,
    /// What is to be done with the first data set.
    pub action: Action,
    /// How publisher, agreement, entry and citation are told.
    pub provenance: Provenance,
    /// What stands before `/api/v1` in the address of a citation: nothing, or `https://…`.
    pub base: String,
}

impl DataHead {
    /// Everything, in series, to know.
    #[must_use]
    pub fn new(id: &str, prepared: Millis, sender: &str) -> Self {
        Self {
            id: id.to_owned(),
            prepared,
            sender: sender.to_owned(),
            is_test: false,
            flows: Vec::new(),
            layout: Layout::default(),
            detail: Detail::default(),
            attributes: None,
            labels: Labels::default(),
            action: Action::default(),
            provenance: Provenance::default(),
            base: String::new(),
        }
    }

    /// How observations are listed. Where there are none, series are.
    fn layout(&self) -> Layout {
        if self.detail.has_observations() { self.layout } else { Layout::Series }
    }

    /// What the data sets are of: flows, or else the data structure; and whether they are flows.
    fn artefacts(&self) -> (Vec<ArtefactRef>, bool) {
        if self.flows.is_empty() {
            (vec![ArtefactRef::structure()], false)
        } else {
            (self.flows.clone(), true)
        }
    }

    /// Whether an attribute is told.
    fn tells(&self, attribute: AttributeId) -> bool {
        self.detail.has_attributes() && self.attributes.as_ref().is_none_or(|all| all.contains(&attribute))
    }

    /// Whether it is told who states what. Who names the attributes that are wanted wants nothing else.
    fn tells_provenance(&self) -> bool {
        self.provenance != Provenance::None && self.detail == Detail::Full && self.attributes.is_none()
    }

    /// Whether every series and observation of SDMX-ML tells it.
    fn annotates(&self) -> bool {
        self.provenance == Provenance::Annotated && self.tells_provenance()
    }
}

/// A series, and who states it.
#[derive(Debug, Clone, Copy)]
pub struct SeriesContext<'a> {
    /// Which.
    pub key: &'a SeriesKey,
    /// What is said of all its observations.
    pub attributes: &'a Attributes,
    /// Who states it.
    pub publisher: PublisherId,
    /// Its country; empty for an observer.
    pub country: &'a str,
    /// The title of the agreement; `public` for public feeds.
    pub agreement: &'a str,
}

impl SeriesContext<'_> {
    /// The country, or the publisher's id where there is none.
    fn publisher_name(&self) -> String {
        if self.country.is_empty() { self.publisher.to_hex() } else { self.country.to_owned() }
    }

    /// The address of the citation of a period, without the period.
    fn citation(&self, base: &str) -> String {
        format!("{base}/api/v1/citations/{}/{}/", self.publisher_name(), self.key)
    }

    fn id(&self) -> (SeriesKey, PublisherId, String) {
        (self.key.clone(), self.publisher, self.agreement.to_owned())
    }
}

/// The bytes of one format. Everything is appended to a text that is written out from time to time.
trait Form {
    /// What stands before the first data set.
    fn begin(&mut self, out: &mut Vec<u8>);
    /// A data set of one of the flows begins, by its place in [`DataHead::flows`].
    fn data_set(&mut self, out: &mut Vec<u8>, action: Action, flow: usize);
    /// A series begins.
    fn series(&mut self, out: &mut Vec<u8>, context: &SeriesContext<'_>);
    /// An observation of the series.
    fn observation(&mut self, out: &mut Vec<u8>, version: &Version);
    /// The series ends.
    fn end_series(&mut self, out: &mut Vec<u8>);
    /// The data set ends.
    fn end_data_set(&mut self, out: &mut Vec<u8>);
    /// What stands behind the last data set.
    fn end(&mut self, out: &mut Vec<u8>);
    /// Whether there are data sets at all.
    fn has_data_sets(&self) -> bool;
}

/// Writes a message, series by series: [`DataWriter::new`], [`DataWriter::series`] as often as there are series, and
/// [`DataWriter::end`]. A message without an end is not whole.
pub struct DataWriter<W: Write> {
    out: W,
    text: Vec<u8>,
    form: Box<dyn Form + Send>,
    detail: Detail,
    action: Action,
    flow: usize,
    open: Option<(SeriesKey, PublisherId, String)>,
}

impl<W: Write> DataWriter<W> {
    /// Begins a message.
    ///
    /// # Errors
    /// What the writer below says.
    pub fn new(format: DataFormat, head: &DataHead, out: W) -> io::Result<Self> {
        let form: Box<dyn Form + Send> = match format {
            DataFormat::Csv1 => Box::new(csv::CsvForm::new(csv::Generation::First, head)),
            DataFormat::Csv2 => Box::new(csv::CsvForm::new(csv::Generation::Second, head)),
            DataFormat::GenericXml => Box::new(generic::GenericForm::new(head)),
            DataFormat::StructureSpecificXml => Box::new(specific::SpecificForm::new(head)),
            DataFormat::JsonData => Box::new(json::JsonForm::new(head)),
        };
        let (detail, action) = (head.detail, head.action);
        let mut writer = Self { out, text: Vec::new(), form, detail, action, flow: 0, open: None };
        writer.form.begin(&mut writer.text);
        writer.form.data_set(&mut writer.text, action, 0);
        writer.spill(PIECE)?;
        Ok(writer)
    }

    /// Ends the data set that is open and begins another one, as for what is taken back. SDMX-CSV 1.0 has no actions.
    ///
    /// # Errors
    /// What the writer below says.
    pub fn data_set(&mut self, action: Action) -> io::Result<()> {
        self.data_set_of(self.flow, action)
    }

    /// As [`DataWriter::data_set`], of the flow with this place in [`DataHead::flows`].
    ///
    /// # Errors
    /// What the writer below says.
    pub fn data_set_of(&mut self, flow: usize, action: Action) -> io::Result<()> {
        self.end_series();
        self.form.end_data_set(&mut self.text);
        self.form.data_set(&mut self.text, action, flow);
        (self.flow, self.action) = (flow, action);
        self.spill(PIECE)
    }

    /// Writes observations of a series. One that is long may come in several pieces, one directly after the other.
    ///
    /// A version that was retracted is left out, but for a data set with [`Action::Delete`], of which every version
    /// names a period to be taken back. Of a period a data set of SDMX-ML and SDMX-JSON should get one version.
    ///
    /// # Errors
    /// What the writer below says.
    pub fn series<'v>(
        &mut self,
        context: &SeriesContext<'_>,
        versions: impl IntoIterator<Item = &'v Version>,
    ) -> io::Result<()> {
        let id = context.id();
        if self.open.as_ref() != Some(&id) {
            let again = self.open.as_ref().is_some_and(|open| open.0 == id.0);
            self.end_series();
            if again && self.form.has_data_sets() {
                // A data set has a key once.
                self.form.end_data_set(&mut self.text);
                self.form.data_set(&mut self.text, self.action, self.flow);
            }
            self.form.series(&mut self.text, context);
            self.open = Some(id);
        }
        if self.detail.has_observations() {
            for version in versions {
                let is_stated = matches!(version.state, State::Stated { .. });
                if is_stated || self.action == Action::Delete {
                    self.form.observation(&mut self.text, version);
                    self.spill(PIECE)?;
                }
            }
        }
        self.spill(PIECE)
    }

    /// Ends the message and gives back what it was written to.
    ///
    /// # Errors
    /// What the writer below says.
    pub fn end(mut self) -> io::Result<W> {
        self.end_series();
        self.form.end_data_set(&mut self.text);
        self.form.end(&mut self.text);
        self.spill(1)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn end_series(&mut self) {
        if self.open.take().is_some() {
            self.form.end_series(&mut self.text);
        }
    }

    /// Writes out what there is, if it is as much.
    fn spill(&mut self, least: usize) -> io::Result<()> {
        if self.text.len() >= least {
            self.out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }
}

/// Appends a period as it is written.
fn put_period(out: &mut Vec<u8>, period: Period) {
    out.extend_from_slice(period.text().as_bytes());
}

#[cfg(test)]
mod tests;
