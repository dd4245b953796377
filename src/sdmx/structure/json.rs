//! Structures as SDMX-JSON 2.0.0.

use serde_json::{Map, Value, json};

use super::xml::{is_mandatory, text_type};
use super::{Actual, Artefact, CONCEPTS, Content, Head, Item, PROVIDERS, Texts, list_of, urn};
use crate::model::{Attachment, AttributeId, Dimension};
use crate::sdmx::component::{AGENCY, Component, STRUCTURE, VERSION};
use crate::sdmx::query::Kind;

/// The media type of structures.
pub const MEDIA_TYPE: &str = "application/vnd.sdmx.structure+json;version=2.0.0";
/// The media type of errors.
pub const ERROR_TYPE: &str = "application/json";
/// Where the form of a message is declared. It stands in the first 350 characters, by which readers know the form.
const SCHEMA: &str = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/develop/structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json";

/// A whole message.
#[must_use]
pub fn message(head: &Head, all: &[Artefact]) -> String {
    let mut data = Map::new();
    if all.is_empty() {
        // Readers of flows expect their list even where there is none.
        data.insert("dataflows".to_owned(), json!([]));
    }
    for one in all {
        let group = match one.kind {
            Kind::AgencyScheme => "agencySchemes",
            Kind::DataProviderScheme => "dataProviderSchemes",
            Kind::Dataflow => "dataflows",
            Kind::DataStructure => "dataStructures",
            Kind::ConceptScheme => "conceptSchemes",
            Kind::Codelist => "codelists",
            Kind::ProvisionAgreement => "provisionAgreements",
            Kind::Constraint | Kind::Other => "dataConstraints",
        };
        if let Value::Array(group) = data.entry(group).or_insert_with(|| json!([])) {
            group.push(artefact(one));
        }
    }
    let meta = json!({
        "schema": SCHEMA, "id": head.id, "test": head.is_test, "prepared": head.prepared.to_string(),
        "contentLanguages": ["en", "fr", "es"], "sender": { "id": head.sender },
    });
    json!({ "meta": meta, "data": data }).to_string()
}

/// A message that says why there is no other.
#[must_use]
pub fn error(code: u16, why: &str) -> String {
    json!({ "errors": [{ "code": code, "title": why }] }).to_string()
}

fn named(id: &str, names: &Texts) -> Map<String, Value> {
    let mut one = Map::new();
    one.insert("id".to_owned(), json!(id));
    let name = names.first().map_or(id, |(_, name)| name);
    one.insert("name".to_owned(), json!(name));
    if names.len() > 1 {
        let all: Map<String, Value> =
            names.iter().map(|(language, name)| ((*language).to_owned(), json!(name))).collect();
        one.insert("names".to_owned(), Value::Object(all));
    }
    one
}

fn artefact(one: &Artefact) -> Value {
    let mut out = named(&one.id, &one.names);
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("agencyID", json!(one.agency));
    put("version", json!(one.version));
    put("links", json!([{ "rel": "self", "urn": one.urn() }]));
    match &one.content {
        Content::Items(items, is_partial) => {
            let group = match one.kind {
                Kind::AgencyScheme => "agencies",
                Kind::DataProviderScheme => "dataProviders",
                Kind::ConceptScheme => "concepts",
                _ => "codes",
            };
            put("isPartial", json!(is_partial));
            put(group, items.iter().map(item).collect());
        }
        Content::Flow => put("structure", json!(urn(Kind::DataStructure, AGENCY, STRUCTURE, VERSION))),
        Content::Structure => put("dataStructureComponents", structure()),
        Content::Provision => {
            put("dataflow", json!(urn(Kind::Dataflow, &one.agency, &one.id, &one.version)));
            let provider = format!(
                "urn:sdmx:org.sdmx.infomodel.base.DataProvider={}:{PROVIDERS}({VERSION}).{}",
                one.agency, one.agency
            );
            put("dataProvider", json!(provider));
        }
        Content::Actual(actual) => self::actual(actual, &mut put),
        Content::Stub => put("isExternalReference", json!(true)),
    }
    Value::Object(out)
}

fn item(one: &Item) -> Value {
    let mut out = named(&one.id, &one.names);
    if !one.description.is_empty() {
        out.insert("description".to_owned(), json!(one.description));
    }
    Value::Object(out)
}

fn concept(id: &str) -> String {
    format!("urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:{CONCEPTS}({VERSION}).{id}")
}

fn representation(component: Component) -> Value {
    match list_of(component) {
        Some((agency, id, version)) => json!({
            "enumeration": urn(Kind::Codelist, agency, id, version),
            "enumerationFormat": { "dataType": "String" },
        }),
        None => json!({ "format": { "dataType": text_type(component) } }),
    }
}

fn structure() -> Value {
    let component = |one: Component| {
        json!({
            "id": one.id(), "conceptIdentity": concept(one.id()), "localRepresentation": representation(one),
        })
    };
    let dimensions: Vec<Value> = Dimension::ALL
        .into_iter()
        .enumerate()
        .map(|(at, dimension)| {
            let mut one = component(Component::Dimension(dimension));
            one["position"] = json!(at);
            one
        })
        .collect();
    let keys: Vec<&str> = Dimension::ALL.into_iter().map(Dimension::id).collect();
    let attributes: Vec<Value> = AttributeId::ALL
        .iter()
        .map(|attribute| {
            let mut one = component(Component::Attribute(*attribute));
            one["usage"] = json!(if is_mandatory(*attribute) { "mandatory" } else { "optional" });
            one["attributeRelationship"] = match attribute.attachment() {
                Attachment::Observation => json!({ "observation": {} }),
                Attachment::Series => json!({ "dimensions": keys }),
            };
            one
        })
        .collect();
    json!({
        "dimensionList": {
            "id": "DimensionDescriptor", "dimensions": dimensions, "timeDimension": component(Component::Time),
        },
        "attributeList": { "id": "AttributeDescriptor", "attributes": attributes },
        "measureList": { "id": "MeasureDescriptor", "measures": [component(Component::Value)] },
    })
}

fn actual(actual: &Actual, put: &mut dyn FnMut(&str, Value)) {
    let metric =
        |id: &str, count: u64| json!({ "id": id, "type": "sdmx_metrics", "title": count.to_string() });
    put(
        "annotations",
        json!([metric("obs_count", actual.observations), metric("series_count", actual.series)]),
    );
    put("role", json!("Actual"));
    let flow = urn(Kind::Dataflow, &actual.flow.0, &actual.flow.1, VERSION);
    put("constraintAttachment", json!({ "dataflows": [flow] }));
    let value = |code: &String| json!({ "value": code });
    let mut keys: Vec<Value> = actual
        .codes
        .iter()
        .map(|(id, codes)| json!({ "id": id, "values": codes.iter().map(value).collect::<Vec<_>>() }))
        .collect();
    if let Some((first, last)) = &actual.periods {
        let end = |period: &String| json!({ "period": period, "isInclusive": true });
        keys.push(json!({
            "id": "TIME_PERIOD", "timeRange": { "startPeriod": end(first), "endPeriod": end(last) },
        }));
    }
    if !keys.is_empty() {
        put("cubeRegions", json!([{ "isIncluded": true, "keyValues": keys }]));
    }
}
