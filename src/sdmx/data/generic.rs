//! SDMX-ML 2.1, generic: components stand as `Value` elements with their ids, so that no schema of the structure is needed.

use super::xml::{self, COMMON, MESSAGE, escaped, put};
use super::{Action, DataHead, Form, Layout, SeriesContext};
use crate::model::Dimension;
use crate::view::{State, Version};

/// Where generic data are declared.
const GENERIC: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic";

/// See the [module](self).
pub(super) struct GenericForm {
    head: DataHead,
    action: Action,
    citation: String,
    /// Of a flat message: the values of the series' key and of its attributes.
    key: Vec<u8>,
    said: Vec<u8>,
    /// Of a flat message: who states the series, before the end of the annotations.
    by: Vec<u8>,
}

impl GenericForm {
    pub(super) fn new(head: &DataHead) -> Self {
        Self {
            head: head.clone(),
            action: head.action,
            citation: String::new(),
            key: Vec::new(),
            said: Vec::new(),
            by: Vec::new(),
        }
    }

    fn tells(&self) -> bool {
        self.head.annotates() && self.action != Action::Delete
    }

    fn has_attributes(&self) -> bool {
        self.head.detail.has_attributes() && self.action != Action::Delete
    }
}

impl Form for GenericForm {
    fn begin(&mut self, out: &mut Vec<u8>) {
        put!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mes:GenericData xmlns:mes=\"", MESSAGE);
        put!(out, "\" xmlns:com=\"", COMMON, "\" xmlns:gen=\"", GENERIC, "\">\n");
        xml::header(out, &self.head, &[]);
    }

    fn data_set(&mut self, out: &mut Vec<u8>, action: Action, flow: usize) {
        self.action = action;
        let structure = xml::structure_id(&self.head, flow);
        put!(out, " <mes:DataSet structureRef=\"", structure, "\" action=\"", action.word(), "\">\n");
    }

    fn series(&mut self, out: &mut Vec<u8>, context: &SeriesContext<'_>) {
        self.citation = context.citation(&self.head.base);
        self.key.clear();
        for dimension in Dimension::ALL {
            value(&mut self.key, dimension.id(), context.key.dimension(dimension));
        }
        self.said.clear();
        if self.has_attributes() {
            xml::said(&self.head, context.attributes, &mut |id, text| value(&mut self.said, id.id(), text));
        }
        if self.head.layout() == Layout::Flat {
            self.by.clear();
            xml::by(&mut self.by, context);
            return;
        }
        put!(out, "  <gen:Series>");
        if self.tells() {
            xml::by(out, context);
        }
        put!(out, "<gen:SeriesKey>");
        out.extend_from_slice(&self.key);
        put!(out, "</gen:SeriesKey>");
        attributes(out, &self.said);
        put!(out, "\n");
    }

    fn observation(&mut self, out: &mut Vec<u8>, version: &Version) {
        let period = version.period.text();
        let is_flat = self.head.layout() == Layout::Flat;
        put!(out, "   <gen:Obs>");
        if self.tells() {
            if is_flat {
                flat_annotations(out, &self.by, version, (&self.citation, period.as_str()));
            } else {
                xml::cited(out, &version.entry, &self.citation, period.as_str());
            }
        }
        if is_flat {
            put!(out, "<gen:ObsKey>");
            out.extend_from_slice(&self.key);
            value(out, "TIME_PERIOD", period.as_str());
            put!(out, "</gen:ObsKey>");
        } else {
            put!(out, "<gen:ObsDimension id=\"TIME_PERIOD\" value=\"", period.as_str(), "\"/>");
        }
        if self.action != Action::Delete {
            if let State::Stated { value: Some(number), .. } = &version.state {
                put!(out, "<gen:ObsValue value=\"", number.to_string(), "\"/>");
            }
            if self.has_attributes() {
                let mut own = if is_flat { self.said.clone() } else { Vec::new() };
                xml::own(&self.head, &version.state, &mut |id, text| value(&mut own, id.id(), text));
                attributes(out, &own);
            }
        }
        put!(out, "</gen:Obs>\n");
    }

    fn end_series(&mut self, out: &mut Vec<u8>) {
        if self.head.layout() == Layout::Series {
            put!(out, "  </gen:Series>\n");
        }
    }

    fn end_data_set(&mut self, out: &mut Vec<u8>) {
        put!(out, " </mes:DataSet>\n");
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        put!(out, "</mes:GenericData>\n");
    }

    fn has_data_sets(&self) -> bool {
        true
    }
}

/// The annotations of the series and those of the observation as one list.
pub(super) fn flat_annotations(
    out: &mut Vec<u8>,
    by: &[u8],
    version: &Version,
    (citation, period): (&str, &str),
) {
    const END: &[u8] = b"</com:Annotations>";
    const START: &[u8] = b"<com:Annotations>";
    out.extend_from_slice(by.strip_suffix(END).unwrap_or(by));
    let mut own = Vec::new();
    xml::cited(&mut own, &version.entry, citation, period);
    out.extend_from_slice(own.strip_prefix(START).unwrap_or(&own));
}

fn value(out: &mut Vec<u8>, id: &str, text: &str) {
    put!(out, "<gen:Value id=\"", id, "\" value=\"");
    escaped(out, text);
    put!(out, "\"/>");
}

fn attributes(out: &mut Vec<u8>, values: &[u8]) {
    if !values.is_empty() {
        put!(out, "<gen:Attributes>");
        out.extend_from_slice(values);
        put!(out, "</gen:Attributes>");
    }
}
