//! SDMX-ML data messages: 2.1 generic and structure-specific, with series or flat, and the data of 3.0 as far as it is the
//! same. Elements and attributes are known by their local names.
//!
//! An observation becomes a row with a column for every component of the data structure: its own values first, then those
//! of its series, of the groups that its key belongs to, and of the data set. The row's line is that of its tag.
//!
//! The file is read tag by tag. No tag may be longer than a row of a table, nor stand deeper than [`MAX_DEPTH`]; there are no
//! entities but the five of XML and numbers of characters, since a document type is refused.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::intake::batch::{Batch, Note};
use crate::intake::concept::{self, Concept};
use crate::intake::finding::Severity;
use crate::intake::rows::{Header, RowSource};
use crate::intake::sdmx_csv::{Form, Role};
use crate::intake::source::Source;
use crate::model::personal;

mod values;

use values::{Groups, SLOTS, Slots, Values, slot};

/// How deep tags may stand: data messages need 7, and texts of annotations a few more.
const MAX_DEPTH: usize = 32;

/// Bytes taken from the file at once.
const BUFFER: usize = 64 * 1024;

/// Structures that a header may name.
const MAX_STRUCTURES: usize = 100;

/// Names that are not of the data structure and are told; more are left out without a word.
const MAX_NAMES: usize = 50;

/// What the root of a message is called.
const GENERIC: [&str; 2] = ["GenericData", "GenericTimeSeriesData"];
const SPECIFIC: [&str; 2] = ["StructureSpecificData", "StructureSpecificTimeSeriesData"];
const OLD: [&str; 3] = ["CompactData", "UtilityData", "CrossSectionalData"];

const WEB_PAGE: &str = "this is a web page, not a table: save the table as CSV (UTF-8)";

/// Where a tag stands that says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Header,
    DataSet,
    Group,
    Series,
    Obs,
    /// `SeriesKey`, `GroupKey`, `ObsKey`: dimensions stand here.
    Key,
    /// `Attributes`, of whatever it stands in.
    Attributes,
    /// Whatever else: it is passed over with all that stands in it.
    Other,
}

/// The values of each level, and what the data set says of itself.
#[derive(Default)]
struct Levels {
    set: Values,
    group: Values,
    series: Values,
    obs: Values,
    /// What groups say of the series that is open.
    shared: Values,
    groups: Groups,
    is_series_known: bool,
}

/// A data message as rows.
pub(super) struct MlRows<'a> {
    xml: Reader<Lines<'a>>,
    buffer: Vec<u8>,
    open: Vec<Place>,
    is_generic: bool,
    levels: Levels,
    slots: Slots,
    /// Data structures of the header, and the dimension that observations are listed by.
    structures: Vec<(String, Option<usize>)>,
    /// Of the data set that is open.
    listed_by: Option<usize>,
    /// The line of the observation that is open.
    begun: u64,
    told: HashSet<String>,
    notes: Vec<Note>,
    ended: bool,
}

impl<'a> MlRows<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        let mut xml = Reader::from_reader(Lines::new(source));
        xml.config_mut().expand_empty_elements = true;
        Self {
            xml,
            buffer: Vec::new(),
            open: Vec::new(),
            is_generic: false,
            levels: Levels::default(),
            slots: Slots::default(),
            structures: Vec::new(),
            listed_by: None,
            begun: 1,
            told: HashSet::new(),
            notes: Vec::new(),
            ended: false,
        }
    }

    /// Reads on by one tag or text; says whether an observation is complete.
    fn next(&mut self) -> Result<bool, (u64, String)> {
        let line = self.xml.get_ref().line;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let step = match self.xml.read_event_into(&mut buffer) {
            Ok(event) => step(event),
            Err(error) => Err(refusal(&error)),
        };
        self.xml.get_mut().source.row_done();
        let complete = step.and_then(|step| match step {
            Step::Start(tag) => self.open(&tag, line).map(|()| false),
            Step::End => self.close(),
            Step::Nothing => Ok(false),
            Step::Over if self.open.is_empty() => {
                self.ended = true;
                Ok(false)
            }
            Step::Over => Err("the file breaks off: send it whole".to_owned()),
        });
        self.buffer = buffer;
        complete.map_err(|why| (line, why))
    }

    /// A tag begins.
    fn open(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        let place = self.place(tag)?;
        if place == Place::Obs {
            self.begun = line;
        }
        self.start(tag, place, line)?;
        self.open.push(place);
        Ok(())
    }

    /// What a tag is, by where it stands.
    fn place(&mut self, tag: &BytesStart<'_>) -> Result<Place, String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("tags stand deeper than {MAX_DEPTH}: this is no data message"));
        }
        let name = tag.local_name();
        let name: &str = name.as_ref();
        let Some(above) = self.open.last().copied() else { return self.root(name) };
        Ok(match (above, name) {
            (Place::Root, "Header") => Place::Header,
            (Place::Root, "DataSet") => Place::DataSet,
            (Place::DataSet, "Group") => Place::Group,
            (Place::DataSet, "Series") => Place::Series,
            (Place::DataSet | Place::Series, "Obs") => Place::Obs,
            (Place::Group, "GroupKey") | (Place::Series, "SeriesKey") | (Place::Obs, "ObsKey") => Place::Key,
            (Place::DataSet | Place::Group | Place::Series | Place::Obs, "Attributes") => Place::Attributes,
            _ => Place::Other,
        })
    }

    fn root(&mut self, name: &str) -> Result<Place, String> {
        self.is_generic = GENERIC.contains(&name);
        if self.is_generic || SPECIFIC.contains(&name) {
            return Ok(Place::Root);
        }
        Err(if OLD.contains(&name) {
            "this is SDMX-ML 2.0: export it as SDMX-ML 2.1, or as SDMX-CSV".to_owned()
        } else if name == "Structure" {
            "this is a message of structures, without figures: send the data message".to_owned()
        } else if name.eq_ignore_ascii_case("html") {
            WEB_PAGE.to_owned()
        } else {
            "this is XML, but no data message of SDMX: save the table as CSV (UTF-8)".to_owned()
        })
    }

    /// Takes what a tag says.
    fn start(&mut self, tag: &BytesStart<'_>, place: Place, line: u64) -> Result<(), String> {
        match place {
            Place::DataSet => {
                self.levels = Levels::default();
                self.data_set(tag)?;
            }
            Place::Group => self.levels.group.clear(),
            Place::Series => {
                self.levels.series.clear();
                self.levels.is_series_known = false;
            }
            Place::Obs => self.levels.obs.clear(),
            Place::Other => return self.value(tag, line),
            Place::Root | Place::Header | Place::Key | Place::Attributes => return Ok(()),
        }
        if !self.is_generic {
            for attribute in tag.attributes() {
                let attribute = attribute.map_err(|error| format!("the tag cannot be read: {error}"))?;
                if attribute.key.prefix().is_none() && attribute.key.as_ref() != "xmlns" {
                    let name: &str = attribute.key.as_ref();
                    let text = plain(&attribute.value)?;
                    self.put(place, (name, false), &text, line);
                }
            }
        }
        Ok(())
    }

    /// A data set, by the structure that it refers to.
    fn data_set(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        if text_of(tag, "action")?.is_some_and(|action| action == "Delete") {
            return Err("the data set takes back what was released (action Delete): use `corridor retract`"
                .to_owned());
        }
        let of = text_of(tag, "structureRef")?;
        let named = self.structures.iter().find(|(id, _)| Some(id) == of.as_ref());
        let usual = slot(Concept::Period);
        self.listed_by = named.or_else(|| self.structures.first()).map_or(Some(usual), |(_, by)| *by);
        Ok(())
    }

    /// `Structure` of the header, `Value`, `ObsDimension`, `ObsValue`.
    fn value(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        let name = tag.local_name();
        let above = self.open.last().copied().unwrap_or(Place::Other);
        match (above, name.as_ref()) {
            (Place::Header, "Structure") => {
                let by = text_of(tag, "dimensionAtObservation")?;
                let by = by.map_or(Some(slot(Concept::Period)), |by| self.slots.of(&by));
                if self.structures.len() < MAX_STRUCTURES {
                    self.structures.push((text_of(tag, "structureID")?.unwrap_or_default(), by));
                }
            }
            (Place::Key | Place::Attributes, "Value") => {
                let level = self.open.iter().rev().nth(1).copied().unwrap_or(Place::Other);
                let (Some(id), Some(text)) = (text_of(tag, "id")?, text_of(tag, "value")?) else {
                    return Err("a Value has no id or no value: write both".to_owned());
                };
                self.put(level, (&id, above == Place::Key), &text, line);
            }
            (Place::Obs, "ObsDimension") => {
                let text = text_of(tag, "value")?.unwrap_or_default();
                match (text_of(tag, "id")?, self.listed_by) {
                    (Some(id), _) => self.put(Place::Obs, (&id, true), &text, line),
                    (None, Some(by)) => self.levels.obs.set(by, &text),
                    (None, None) => {}
                }
            }
            (Place::Obs, "ObsValue") => {
                let text = text_of(tag, "value")?.unwrap_or_default();
                self.levels.obs.set(slot(Concept::Value), &text);
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes a value of a component.
    fn put(&mut self, level: Place, (name, is_dimension): (&str, bool), text: &str, line: u64) {
        let Some(at) = self.slots.of(name) else { return self.unknown(name, is_dimension, line) };
        match level {
            Place::DataSet => self.levels.set.set(at, text),
            Place::Group => self.levels.group.set(at, text),
            Place::Series => self.levels.series.set(at, text),
            Place::Obs => self.levels.obs.set(at, text),
            Place::Root | Place::Header | Place::Key | Place::Attributes | Place::Other => {}
        }
    }

    fn unknown(&mut self, name: &str, is_dimension: bool, line: u64) {
        if self.told.len() >= MAX_NAMES || !self.told.insert(name.to_owned()) {
            return;
        }
        let near = concept::hint(Concept::suggest(name));
        let (severity, message) = if personal::is_column(name, true) {
            (Severity::Error, personal::REASON.to_owned())
        } else if is_dimension {
            let message =
                format!("it is not a dimension of the data structure{near}; export by its dimensions");
            (Severity::Error, message)
        } else {
            (Severity::Warning, format!("it is not a name of the data structure{near}; it is left out"))
        };
        self.notes.push(Note { severity, line, column: Some(name.to_owned()), message });
    }

    /// A tag ends; says whether an observation is complete.
    fn close(&mut self) -> Result<bool, String> {
        match self.open.pop() {
            Some(Place::Group) => self.levels.groups.add(&self.levels.group)?,
            // An observation beside series has none of them.
            Some(Place::Series) => self.levels.series.clear(),
            Some(Place::Obs) => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    /// Appends the observation that is complete.
    fn push(&mut self, batch: &mut Batch) {
        let levels = &mut self.levels;
        if !levels.groups.is_empty() {
            // Of a flat message every observation has a key of its own.
            let is_flat = self.open.last() == Some(&Place::DataSet);
            if is_flat || !levels.is_series_known {
                levels.groups.of([&levels.obs, &levels.series], &mut levels.shared);
                levels.is_series_known = true;
            }
        }
        let order = [&levels.obs, &levels.series, &levels.shared, &levels.set];
        let field = |at: usize| order.iter().find_map(|values| values.get(at)).unwrap_or_default();
        batch.push_fields((0..SLOTS).map(field), self.begun);
    }
}

impl RowSource for MlRows<'_> {
    fn header(&mut self) -> Result<Option<Header>, (u64, String)> {
        // Whether it is a message at all is known by its first tag.
        while self.open.is_empty() && !self.ended {
            self.next()?;
        }
        if self.ended {
            return Ok(None);
        }
        let mut names = csv::ByteRecord::new();
        let mut roles = Vec::new();
        for concept in Concept::all() {
            names.push_field(concept.id().as_bytes());
            let form = Form::of(concept);
            // Names never stand beside codes here.
            roles.push(Role::Named(if form == Form::Code { Form::Table } else { form }));
        }
        Ok(Some(Header { names, line: 1, roles: Some(roles), is_sheet: false }))
    }

    fn fill(&mut self, batch: &mut Batch) {
        batch.clear();
        while !batch.is_full() && !self.ended {
            match self.next() {
                Ok(true) => self.push(batch),
                Ok(false) => {}
                Err(fault) => {
                    self.ended = true;
                    batch.notes.append(&mut self.notes);
                    return batch.end = Some(Err(fault));
                }
            }
        }
        batch.notes.append(&mut self.notes);
        if self.ended {
            batch.end = Some(Ok(()));
        }
    }
}

/// What an event of the reader below is to a message.
enum Step<'b> {
    Start(BytesStart<'b>),
    End,
    Nothing,
    Over,
}

fn step(event: Event<'_>) -> Result<Step<'_>, String> {
    Ok(match event {
        Event::Start(tag) | Event::Empty(tag) => Step::Start(tag),
        Event::End(_) => Step::End,
        Event::Eof => Step::Over,
        Event::DocType(kind) if kind.trim_ascii_start().to_ascii_lowercase().starts_with("html") => {
            return Err(WEB_PAGE.to_owned());
        }
        Event::DocType(_) => return Err("the file has a document type (<!DOCTYPE): remove it".to_owned()),
        Event::Decl(declared) => match declared.encoding() {
            Some(Ok(name)) if !["utf-8", "us-ascii"].contains(&&*name.to_ascii_lowercase()) => {
                return Err(format!("the text is {name}: save the file as UTF-8"));
            }
            Some(_) | None => Step::Nothing,
        },
        Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::GeneralRef(_) => {
            Step::Nothing
        }
    })
}

/// The text of an attribute without a prefix, or with any.
fn text_of(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| format!("the tag cannot be read: {error}"))?;
        if attribute.key.local_name().as_ref() == name {
            return plain(&attribute.value).map(Some);
        }
    }
    Ok(None)
}

/// A text as it is meant: line ends and tabs that are not written as numbers are blanks.
fn plain(raw: &str) -> Result<String, String> {
    let blank = raw.contains(['\n', '\t', '\r']).then(|| raw.replace(['\n', '\t', '\r'], " "));
    let raw = blank.as_deref().unwrap_or(raw);
    if !raw.contains('&') {
        return Ok(raw.to_owned());
    }
    let text = quick_xml::escape::unescape(raw).map_err(|error| format!("a text cannot be read: {error}"))?;
    Ok(text.into_owned())
}

fn refusal(error: &quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            "a tag or a text is longer than 256 KiB: a quotation mark is probably not closed; close it"
                .to_owned()
        }
        quick_xml::Error::Io(error) => format!("the file cannot be read on: {error}"),
        quick_xml::Error::Encoding(_) => "the text is not UTF-8: save the file as UTF-8".to_owned(),
        other => format!("this is no XML: {other}"),
    }
}

/// A source that counts lines.
struct Lines<'a> {
    source: Source<'a>,
    buffer: Vec<u8>,
    given: usize,
    filled: usize,
    /// The line of the next byte, from 1.
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(source: Source<'a>) -> Self {
        Self { source, buffer: vec![0; BUFFER], given: 0, filled: 0, line: 1 }
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = self.fill_buf()?;
        let count = some.len().min(buffer.len());
        buffer[..count].copy_from_slice(&some[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Lines<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given == self.filled {
            self.filled = self.source.read(&mut self.buffer)?;
            self.given = 0;
        }
        Ok(&self.buffer[self.given..self.filled])
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.buffer[self.given..self.given + amount];
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.given += amount;
    }
}
