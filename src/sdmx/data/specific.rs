//! SDMX-ML 2.1, structure-specific: components are XML attributes, so that a schema of the structure can check them.

use super::generic::flat_annotations;
use super::xml::{self, COMMON, MESSAGE, escaped, put};
use super::{Action, ArtefactRef, DataHead, Form, Layout, SeriesContext};
use crate::model::Dimension;
use crate::view::{State, Version};

/// Where what all structures share is declared.
const SPECIFIC: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific";

/// See the [module](self).
pub(super) struct SpecificForm {
    head: DataHead,
    action: Action,
    citation: String,
    /// Of a flat message: key and attributes of the series, and who states it.
    key: Vec<u8>,
    by: Vec<u8>,
}

impl SpecificForm {
    pub(super) fn new(head: &DataHead) -> Self {
        let (key, by) = (Vec::new(), Vec::new());
        Self { head: head.clone(), action: head.action, citation: String::new(), key, by }
    }

    /// The names of the spaces in which schemas of the structures declare their parts.
    fn namespaces(&self) -> Vec<String> {
        let (artefacts, are_flows) = self.head.artefacts();
        artefacts.iter().map(|artefact| namespace(artefact, are_flows, self.head.layout())).collect()
    }

    fn tells(&self) -> bool {
        self.head.annotates() && self.action != Action::Delete
    }

    fn has_attributes(&self) -> bool {
        self.head.detail.has_attributes() && self.action != Action::Delete
    }
}

impl Form for SpecificForm {
    fn begin(&mut self, out: &mut Vec<u8>) {
        let namespaces = self.namespaces();
        put!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mes:StructureSpecificData xmlns:mes=\"",
            MESSAGE
        );
        put!(out, "\" xmlns:com=\"", COMMON, "\" xmlns:ss=\"", SPECIFIC);
        for (at, namespace) in namespaces.iter().enumerate() {
            put!(out, "\" xmlns:ns", (at + 1).to_string(), "=\"");
            escaped(out, namespace);
        }
        put!(out, "\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n");
        xml::header(out, &self.head, &namespaces);
    }

    fn data_set(&mut self, out: &mut Vec<u8>, action: Action, flow: usize) {
        self.action = action;
        put!(out, " <mes:DataSet ss:dataScope=\"DataStructure\" xsi:type=\"ns", (flow + 1).to_string());
        put!(out, ":DataSetType\" ss:structureRef=\"", xml::structure_id(&self.head, flow));
        put!(out, "\" ss:action=\"", action.word(), "\">\n");
    }

    fn series(&mut self, out: &mut Vec<u8>, context: &SeriesContext<'_>) {
        self.citation = context.citation(&self.head.base);
        self.key.clear();
        for dimension in Dimension::ALL {
            attribute(&mut self.key, dimension.id(), context.key.dimension(dimension));
        }
        if self.has_attributes() {
            xml::said(&self.head, context.attributes, &mut |id, text| {
                attribute(&mut self.key, id.id(), text)
            });
        }
        if self.head.layout() == Layout::Flat {
            self.by.clear();
            xml::by(&mut self.by, context);
            return;
        }
        put!(out, "  <Series");
        out.extend_from_slice(&self.key);
        put!(out, ">");
        if self.tells() {
            xml::by(out, context);
        }
        put!(out, "\n");
    }

    fn observation(&mut self, out: &mut Vec<u8>, version: &Version) {
        let period = version.period.text();
        let is_flat = self.head.layout() == Layout::Flat;
        put!(out, "   <Obs");
        if is_flat {
            out.extend_from_slice(&self.key);
        }
        put!(out, " TIME_PERIOD=\"", period.as_str(), "\"");
        if self.action != Action::Delete {
            if let State::Stated { value: Some(number), .. } = &version.state {
                put!(out, " OBS_VALUE=\"", number.to_string(), "\"");
            }
            if self.has_attributes() {
                xml::own(&self.head, &version.state, &mut |id, text| attribute(out, id.id(), text));
            }
        }
        if !self.tells() {
            put!(out, "/>\n");
            return;
        }
        put!(out, ">");
        if is_flat {
            flat_annotations(out, &self.by, version, (&self.citation, period.as_str()));
        } else {
            xml::cited(out, &version.entry, &self.citation, period.as_str());
        }
        put!(out, "</Obs>\n");
    }

    fn end_series(&mut self, out: &mut Vec<u8>) {
        if self.head.layout() == Layout::Series {
            put!(out, "  </Series>\n");
        }
    }

    fn end_data_set(&mut self, out: &mut Vec<u8>) {
        put!(out, " </mes:DataSet>\n");
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        put!(out, "</mes:StructureSpecificData>\n");
    }

    fn has_data_sets(&self) -> bool {
        true
    }
}

/// The name of the space in which a schema of a flow or the data structure declares its parts.
#[must_use]
pub fn namespace(artefact: &ArtefactRef, is_flow: bool, layout: Layout) -> String {
    let class = if is_flow { "Dataflow" } else { "DataStructure" };
    let by = layout.dimension_at_observation();
    format!("urn:sdmx:org.sdmx.infomodel.datastructure.{class}={artefact}:ObsLevelDim:{by}")
}

fn attribute(out: &mut Vec<u8>, id: &str, text: &str) {
    put!(out, " ", id, "=\"");
    escaped(out, text);
    put!(out, "\"");
}
