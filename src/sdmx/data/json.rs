//! SDMX-JSON 2.0 data: numbers that stand for codes, and the lists of codes behind the data, since only there they are
//! known.
//!
//! Memory grows with the codes that differ, and with the entries, not with the observations.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Action, ArtefactRef, DataHead, Form, Layout, SeriesContext};
use crate::model::{Attachment, AttributeId, Attributes, Dimension, Period};
use crate::sdmx::component::Component;
use crate::view::{State, Version};

/// Where the form of a message is declared.
const SCHEMA: &str = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/develop/data-message/tools/schemas/2.0.0/sdmx-json-data-schema.json";

/// See the [module](self).
pub(super) struct JsonForm {
    head: DataHead,
    action: Action,
    /// Of each data set, the flow that it is of.
    sets: Vec<usize>,
    is_first_series: bool,
    is_first_observation: bool,
    dimensions: [List; Dimension::ALL.len()],
    periods: List,
    attributes: HashMap<AttributeId, List>,
    annotations: Annotations,
    /// Of a flat message: the numbers of the series' key, its attributes, and who states it.
    key: String,
    said: Vec<Value>,
    by: [usize; 2],
}

/// Texts that are numbered as they come up.
#[derive(Default)]
struct List {
    texts: Vec<Box<str>>,
    places: HashMap<Box<str>, usize>,
}

impl List {
    fn number(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.texts.push(text.into());
        self.places.insert(text.into(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    /// As the values of a component.
    fn values(&self, component: Component) -> Vec<Value> {
        let one = |text: &str| {
            let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'$' | b'-');
            if !text.is_empty() && text.bytes().all(is_id) {
                json!({ "id": text, "name": component.code_name(text).unwrap_or(text) })
            } else {
                json!({ "value": text })
            }
        };
        self.texts.iter().map(|text| one(text)).collect()
    }
}

/// Annotations of a message, each once.
#[derive(Default)]
struct Annotations(List);

impl Annotations {
    fn number(&mut self, id: &str, title: &str, text: &str) -> usize {
        self.0.number(&json!({ "id": id, "type": "CORRIDOR", "value": title, "text": text }).to_string())
    }
}

impl JsonForm {
    pub(super) fn new(head: &DataHead) -> Self {
        Self {
            head: head.clone(),
            action: head.action,
            sets: Vec::new(),
            is_first_series: true,
            is_first_observation: true,
            dimensions: Default::default(),
            periods: List::default(),
            attributes: HashMap::new(),
            annotations: Annotations::default(),
            key: String::new(),
            said: Vec::new(),
            by: [0; 2],
        }
    }

    fn is_flat(&self) -> bool {
        self.head.layout() == Layout::Flat
    }

    fn has_attributes(&self) -> bool {
        self.head.detail.has_attributes() && self.action != Action::Delete
    }

    fn tells(&self) -> bool {
        self.head.tells_provenance() && self.action != Action::Delete
    }

    /// The attributes that are attached there and told.
    fn told(&self, attachment: Attachment) -> std::vec::IntoIter<AttributeId> {
        let is_told = |id: &AttributeId| id.attachment() == attachment && self.head.tells(*id);
        AttributeId::ALL.iter().copied().filter(is_told).collect::<Vec<_>>().into_iter()
    }

    /// A value of an attribute: its number if it is coded, else itself.
    fn attribute(&mut self, id: AttributeId, text: Option<&str>) -> Value {
        match text {
            None => Value::Null,
            Some(text) if Component::Attribute(id).is_coded() => {
                json!(self.attributes.entry(id).or_default().number(text))
            }
            Some(text) => json!(text),
        }
    }

    /// The attributes of a series, in the order of the structure.
    fn series_attributes(&mut self, attributes: &Attributes) -> Vec<Value> {
        self.told(Attachment::Series).map(|id| self.attribute(id, attributes.get(id))).collect()
    }

    fn own_attributes(&mut self, state: &State) -> Vec<Value> {
        let State::Stated { flags, attributes, .. } = state else { return Vec::new() };
        let texts = |id: AttributeId| match id {
            AttributeId::ObsStatus => Some(flags.status.code().to_string()),
            AttributeId::ConfStatus => Some(flags.conf.code().to_string()),
            AttributeId::Revision => Some(flags.revision.to_string()),
            other => attributes.get(other).map(str::to_owned),
        };
        self.told(Attachment::Observation).map(|id| self.attribute(id, texts(id).as_deref())).collect()
    }

    /// Appends the values of an observation, in the order of the structure: measure, attributes, annotations.
    fn values(&mut self, out: &mut Vec<u8>, version: &Version) {
        if self.action == Action::Delete {
            out.extend_from_slice(b"[]");
            return;
        }
        out.push(b'[');
        match &version.state {
            // The text of a decimal is a number of JSON, with all its digits.
            State::Stated { value: Some(value), .. } => out.extend_from_slice(value.to_string().as_bytes()),
            State::Stated { value: None, .. } | State::Retracted { .. } => out.extend_from_slice(b"null"),
        }
        let mut more = Vec::new();
        if self.has_attributes() {
            more = self.own_attributes(&version.state);
            if self.is_flat() {
                more.extend(self.said.iter().cloned());
            }
        }
        if self.tells() {
            let (entry, time) = (version.entry.id.to_hex(), version.entry.time.to_string());
            more.push(json!(self.annotations.number("ENTRY", &entry, &time)));
            if self.is_flat() {
                more.extend(self.by.map(|place| json!(place)));
            }
        }
        for value in more {
            out.extend_from_slice(format!(",{value}").as_bytes());
        }
        out.push(b']');
    }

    /// The structures, one for each flow. All have the same components and lists of values.
    fn structures(&self) -> Vec<Value> {
        let common = self.components();
        let (artefacts, are_flows) = self.head.artefacts();
        let (word, class) = if are_flows { ("dataflow", "Dataflow") } else { ("structure", "DataStructure") };
        let one = |(at, artefact): (usize, &ArtefactRef)| {
            let urn = format!("urn:sdmx:org.sdmx.infomodel.datastructure.{class}={artefact}");
            let of = self.sets.iter().enumerate().filter(|(_, flow)| **flow == at);
            let mut structure = common.clone();
            structure["name"] = json!(artefact.name);
            structure["links"] = json!([{ "rel": word, "urn": urn }]);
            structure["dataSets"] = of.map(|(set, _)| set).collect();
            structure
        };
        artefacts.iter().enumerate().map(one).collect()
    }

    fn components(&self) -> Value {
        let dimension = |(position, component, list): (usize, Component, &List)| {
            let roles = if component == Component::Time { json!(["TIME_PERIOD"]) } else { json!([]) };
            json!({ "id": component.id(), "name": component.name(), "keyPosition": position, "roles": roles,
                    "values": list.values(component) })
        };
        let series = Dimension::ALL
            .into_iter()
            .map(|one| (one.position(), Component::Dimension(one), &self.dimensions[one.position()]));
        let time = (Dimension::ALL.len(), Component::Time, &self.periods);
        // A list of values has at least one: an empty message has no dimensions to list.
        let filled = |all: Vec<(usize, Component, &List)>| -> Vec<Value> {
            all.into_iter().filter(|(_, _, list)| !list.texts.is_empty()).map(dimension).collect()
        };
        let (series, observation) = if self.is_flat() {
            (Vec::new(), filled(series.chain([time]).collect()))
        } else {
            (filled(series.collect()), filled(vec![time]))
        };
        let mut attributes = json!({ "dataSet": [], "series": [], "observation": [] });
        if self.head.detail.has_attributes() {
            let said: Vec<Value> = self.told(Attachment::Series).map(|id| self.described(id)).collect();
            let own: Vec<Value> = self.told(Attachment::Observation).map(|id| self.described(id)).collect();
            if self.is_flat() {
                attributes["observation"] = own.into_iter().chain(said).collect();
            } else {
                attributes["series"] = said.into();
                attributes["observation"] = own.into();
            }
        }
        json!({
            "dimensions": { "dataSet": [], "series": series, "observation": observation },
            "measures": { "observation": [{ "id": "OBS_VALUE", "name": Component::Value.name() }] },
            "attributes": attributes,
            "annotations": self.annotations.0.texts.iter()
                .filter_map(|text| serde_json::from_str::<Value>(text).ok()).collect::<Vec<_>>(),
        })
    }

    fn described(&self, id: AttributeId) -> Value {
        let component = Component::Attribute(id);
        let keys = || Dimension::ALL.map(Dimension::id);
        let relationship = match id.attachment() {
            Attachment::Series => json!({ "dimensions": keys() }),
            Attachment::Observation => json!({ "observation": {} }),
        };
        let mut one = json!({ "id": component.id(), "name": component.name(), "relationship": relationship });
        let values = self.attributes.get(&id).filter(|list| !list.texts.is_empty());
        if let Some(list) = values {
            one["values"] = list.values(component).into();
        }
        one
    }

    fn comma(is_first: &mut bool, out: &mut Vec<u8>) {
        if !std::mem::take(is_first) {
            out.push(b',');
        }
        out.push(b'\n');
    }
}

impl Form for JsonForm {
    fn begin(&mut self, out: &mut Vec<u8>) {
        let meta = json!({
            "schema": SCHEMA,
            "id": self.head.id,
            "test": self.head.is_test,
            "prepared": self.head.prepared.to_string(),
            "contentLanguages": ["en"],
            "sender": { "id": self.head.sender },
        });
        out.extend_from_slice(format!("{{\"meta\":{meta},\n\"data\":{{\"dataSets\":[").as_bytes());
    }

    fn data_set(&mut self, out: &mut Vec<u8>, action: Action, flow: usize) {
        if !self.sets.is_empty() {
            out.push(b',');
        }
        self.sets.push(flow);
        self.action = action;
        (self.is_first_series, self.is_first_observation) = (true, true);
        let links = Value::Array(self.links());
        let what = if self.is_flat() { "observations" } else { "series" };
        let start = format!(
            "{{\"structure\":{flow},\"action\":\"{}\",\"links\":{links},\"{what}\":{{",
            action.word()
        );
        out.extend_from_slice(start.as_bytes());
    }

    fn series(&mut self, out: &mut Vec<u8>, context: &SeriesContext<'_>) {
        let numbers = Dimension::ALL
            .map(|one| self.dimensions[one.position()].number(context.key.dimension(one)).to_string());
        let key = numbers.join(":");
        let said =
            if self.has_attributes() { self.series_attributes(context.attributes) } else { Vec::new() };
        if self.tells() {
            let publisher = context.publisher.to_hex();
            self.by = [
                self.annotations.number("PUBLISHER", &context.publisher_name(), &publisher),
                self.annotations.number("AGREEMENT", context.agreement, context.agreement),
            ];
        }
        if self.is_flat() {
            (self.key, self.said) = (key, said);
            return;
        }
        Self::comma(&mut self.is_first_series, out);
        let mut own = json!({ "attributes": said });
        if self.tells() {
            own["annotations"] = json!(self.by);
        }
        let mut text = own.to_string();
        text.pop();
        out.extend_from_slice(format!("\"{key}\":{text},\"observations\":{{").as_bytes());
        self.is_first_observation = true;
    }

    fn observation(&mut self, out: &mut Vec<u8>, version: &Version) {
        let period = self.period(version.period);
        Self::comma(&mut self.is_first_observation, out);
        let key = if self.is_flat() { format!("{}:{period}", self.key) } else { period.to_string() };
        out.extend_from_slice(format!("\"{key}\":").as_bytes());
        self.values(out, version);
    }

    fn end_series(&mut self, out: &mut Vec<u8>) {
        if !self.is_flat() {
            out.extend_from_slice(b"}}");
        }
    }

    fn end_data_set(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"}}");
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let structures = Value::Array(self.structures());
        out.extend_from_slice(format!("],\n\"structures\":{structures}}}}}\n").as_bytes());
    }

    fn has_data_sets(&self) -> bool {
        true
    }
}

impl JsonForm {
    fn period(&mut self, period: Period) -> usize {
        self.periods.number(period.text().as_str())
    }

    /// What a data set refers to: its structure, and how the address of a citation is made.
    fn links(&self) -> Vec<Value> {
        let urn =
            format!("urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={}", ArtefactRef::structure());
        let mut links = vec![json!({ "rel": "describedby", "urn": urn })];
        if self.head.tells_provenance() {
            let href = format!("{}/api/v1/citations/PUBLISHER/SERIES_KEY/TIME_PERIOD", self.head.base);
            let title = json!({ "en": "Where the citation of an observation is had" });
            links.push(json!({ "rel": "related", "href": href, "titles": title }));
        }
        links
    }
}
