//! SDMX-CSV 1.0 and 2.0: a row for each observation, the same in all but its first columns.
//!
//! Columns are those of the data structure in its order. Behind them stand those of [`CUSTOM`], which the standard leaves
//! to whoever writes.

use super::{Action, DataHead, Detail, Form, Labels, SeriesContext, put_period};
use crate::feed::EntryId;
use crate::model::{Attachment, AttributeId, Attributes, Dimension};
use crate::sdmx::component::Component;
use crate::sdmx::data::ArtefactRef;
use crate::view::{EntryRef, State, Version};

/// Columns beside the data structure: who states it, under which agreement, when and in which entry it was released, and
/// where the citation is had.
pub const CUSTOM: [&str; 5] = ["PUBLISHER", "AGREEMENT", "RELEASED_AT", "ENTRY", "CITATION"];

/// What SDMX-CSV calls a value that is missing on purpose.
const NAN: &[u8] = b"NaN";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// 1.0, of SDMX 2.1.
    First,
    /// 2.0, of SDMX 3.0.
    Second,
}

/// What stands in a row behind the value.
enum Part {
    /// Attributes of the series, one after the other: a place in `said`.
    Said(usize),
    /// An attribute of the observation.
    Own(AttributeId),
}

/// See the [module](self).
pub(super) struct CsvForm {
    generation: Generation,
    /// What rows may be of, whether these are flows, and what they are of now.
    artefacts: (Vec<ArtefactRef>, bool),
    flow: usize,
    detail: Detail,
    labels: Labels,
    provenance: bool,
    base: String,
    action: Action,
    parts: Vec<Part>,
    runs: Vec<Vec<AttributeId>>,
    /// Of the series that is open: what its rows begin with, what its attributes are, who states it, its citation.
    prefix: Vec<u8>,
    said: Vec<Vec<u8>>,
    by: Vec<u8>,
    citation: String,
    /// What is said of the last entry.
    entry: Option<(EntryId, Vec<u8>)>,
}

impl CsvForm {
    pub(super) fn new(generation: Generation, head: &DataHead) -> Self {
        let labels = match (generation, head.labels) {
            (Generation::First, Labels::Name) => Labels::Both,
            (_, labels) => labels,
        };
        let (mut parts, mut runs) = (Vec::new(), Vec::<Vec<AttributeId>>::new());
        for id in AttributeId::ALL.iter().copied().filter(|id| head.tells(*id)) {
            match (id.attachment(), parts.last()) {
                (Attachment::Observation, _) if head.detail.has_observations() => parts.push(Part::Own(id)),
                (Attachment::Observation, _) => {}
                (Attachment::Series, Some(Part::Said(run))) => runs[*run].push(id),
                (Attachment::Series, _) => {
                    parts.push(Part::Said(runs.len()));
                    runs.push(vec![id]);
                }
            }
        }
        Self {
            generation,
            artefacts: head.artefacts(),
            flow: 0,
            detail: head.detail,
            labels,
            provenance: head.tells_provenance(),
            base: head.base.clone(),
            action: head.action,
            parts,
            said: vec![Vec::new(); runs.len()],
            runs,
            prefix: Vec::new(),
            by: Vec::new(),
            citation: String::new(),
            entry: None,
        }
    }

    /// Whether there are columns of time and value. The first generation always has them.
    fn has_values(&self) -> bool {
        self.detail.has_observations() || self.generation == Generation::First
    }

    fn header_cell(&self, out: &mut Vec<u8>, component: Component) {
        out.push(b',');
        match self.labels {
            Labels::Id => out.extend_from_slice(component.id().as_bytes()),
            Labels::Both => quoted(out, &format!("{}: {}", component.id(), component.name())),
            Labels::Name => {
                out.extend_from_slice(component.id().as_bytes());
                out.push(b',');
                quoted(out, component.name());
            }
        }
    }

    /// A cell with its label.
    fn cell(&self, out: &mut Vec<u8>, component: Component, text: &str) {
        out.push(b',');
        let label = match self.labels {
            Labels::Id => None,
            Labels::Both | Labels::Name => component.code_name(text),
        };
        match (self.labels, label) {
            (Labels::Both, Some(label)) => quoted(out, &format!("{text}: {label}")),
            (Labels::Id | Labels::Both | Labels::Name, _) => quoted(out, text),
        }
        if self.labels == Labels::Name {
            out.push(b',');
            quoted(out, label.unwrap_or_default());
        }
    }

    /// The end of a cell that has no code.
    fn no_label(&self, out: &mut Vec<u8>) {
        if self.labels == Labels::Name {
            out.push(b',');
        }
    }

    /// The first columns: what the row is about.
    fn lead(&self, out: &mut Vec<u8>) {
        let (artefacts, are_flows) = &self.artefacts;
        let about = &artefacts[self.flow];
        if self.generation == Generation::Second {
            let kind: &[u8] = if *are_flows { b"dataflow," } else { b"datastructure," };
            out.extend_from_slice(kind);
        }
        match self.labels {
            Labels::Id => quoted(out, &about.to_string()),
            Labels::Both => quoted(out, &format!("{about}: {}", about.name)),
            Labels::Name => {
                quoted(out, &about.to_string());
                out.push(b',');
                quoted(out, &about.name);
            }
        }
        if self.generation == Generation::Second {
            out.push(b',');
            out.push(self.action.letter() as u8);
        }
    }

    fn value(&self, out: &mut Vec<u8>, state: &State) {
        match state {
            State::Stated { value: Some(value), .. } => out.extend_from_slice(value.to_string().as_bytes()),
            State::Stated { value: None, .. } if self.generation == Generation::Second => {
                out.extend_from_slice(NAN);
            }
            State::Stated { value: None, .. } | State::Retracted { .. } => {}
        }
        self.no_label(out);
    }

    fn attribute(&self, out: &mut Vec<u8>, id: AttributeId, state: &State) {
        let component = Component::Attribute(id);
        let State::Stated { flags, attributes, .. } = state else { return self.cell(out, component, "") };
        let mut letter = [0; 4];
        match id {
            AttributeId::ObsStatus => {
                self.cell(out, component, flags.status.code().encode_utf8(&mut letter));
            }
            AttributeId::ConfStatus => {
                self.cell(out, component, flags.conf.code().encode_utf8(&mut letter));
            }
            AttributeId::Revision if flags.revision == 0 => self.cell(out, component, "0"),
            AttributeId::Revision => self.cell(out, component, &flags.revision.to_string()),
            other => self.cell(out, component, attributes.get(other).unwrap_or_default()),
        }
    }

    fn entry(&mut self, out: &mut Vec<u8>, entry: &EntryRef) {
        if self.entry.as_ref().is_none_or(|(id, _)| *id != entry.id) {
            self.entry = Some((entry.id, format!(",{},{}", entry.time, entry.id.to_hex()).into_bytes()));
        }
        out.extend_from_slice(self.entry.as_ref().map_or(&[], |(_, text)| text));
    }

    fn said(&mut self, attributes: &Attributes) {
        let mut said = std::mem::take(&mut self.said);
        for (text, run) in said.iter_mut().zip(&self.runs) {
            text.clear();
            for id in run {
                let value = attributes.get(*id).unwrap_or_default();
                self.cell(text, Component::Attribute(*id), value);
            }
        }
        self.said = said;
    }
}

impl Form for CsvForm {
    fn begin(&mut self, out: &mut Vec<u8>) {
        match (self.generation, self.labels) {
            (Generation::First, _) => out.extend_from_slice(b"DATAFLOW"),
            (Generation::Second, Labels::Name) => {
                out.extend_from_slice(b"STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION");
            }
            (Generation::Second, Labels::Id | Labels::Both) => {
                out.extend_from_slice(b"STRUCTURE,STRUCTURE_ID,ACTION");
            }
        }
        for dimension in Dimension::ALL {
            self.header_cell(out, Component::Dimension(dimension));
        }
        if self.has_values() {
            self.header_cell(out, Component::Time);
            self.header_cell(out, Component::Value);
        }
        for part in &self.parts {
            match part {
                Part::Own(id) => self.header_cell(out, Component::Attribute(*id)),
                Part::Said(run) => {
                    self.runs[*run].iter().for_each(|id| self.header_cell(out, Component::Attribute(*id)));
                }
            }
        }
        if self.provenance {
            for name in CUSTOM {
                out.push(b',');
                out.extend_from_slice(name.as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn data_set(&mut self, _out: &mut Vec<u8>, action: Action, flow: usize) {
        (self.action, self.flow) = (action, flow.min(self.artefacts.0.len() - 1));
    }

    fn series(&mut self, out: &mut Vec<u8>, context: &SeriesContext<'_>) {
        let mut prefix = std::mem::take(&mut self.prefix);
        prefix.clear();
        self.lead(&mut prefix);
        for dimension in Dimension::ALL {
            self.cell(&mut prefix, Component::Dimension(dimension), context.key.dimension(dimension));
        }
        self.prefix = prefix;
        let is_delete = self.action == Action::Delete;
        let none = Attributes::none();
        self.said(if is_delete { &none } else { context.attributes });
        if self.provenance {
            self.by.clear();
            for text in [context.publisher_name().as_str(), context.agreement] {
                self.by.push(b',');
                quoted(&mut self.by, text);
            }
            self.citation = context.citation(&self.base);
        }
        if !self.detail.has_observations() {
            out.extend_from_slice(&self.prefix);
            if self.has_values() {
                out.extend_from_slice(b",,");
            }
            self.said.iter().for_each(|said| out.extend_from_slice(said));
            out.extend_from_slice(b"\r\n");
        }
    }

    fn observation(&mut self, out: &mut Vec<u8>, version: &Version) {
        let gone = State::Retracted { reason: String::new() };
        let state = if self.action == Action::Delete { &gone } else { &version.state };
        out.extend_from_slice(&self.prefix);
        out.push(b',');
        put_period(out, version.period);
        self.no_label(out);
        out.push(b',');
        self.value(out, state);
        for part in &self.parts {
            match part {
                Part::Said(run) => out.extend_from_slice(&self.said[*run]),
                Part::Own(id) => self.attribute(out, *id, state),
            }
        }
        if self.provenance {
            out.extend_from_slice(&self.by);
            self.entry(out, &version.entry);
            out.push(b',');
            out.extend_from_slice(self.citation.as_bytes());
            put_period(out, version.period);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn end_series(&mut self, _out: &mut Vec<u8>) {}

    fn end_data_set(&mut self, _out: &mut Vec<u8>) {}

    fn end(&mut self, _out: &mut Vec<u8>) {}

    fn has_data_sets(&self) -> bool {
        false
    }
}

/// A field as RFC 4180 has it.
fn quoted(out: &mut Vec<u8>, text: &str) {
    if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
