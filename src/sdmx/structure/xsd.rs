//! The schema of structure-specific data in SDMX-ML 2.1: what a message of [`crate::sdmx::data::DataFormat::StructureSpecificXml`]
//! is valid by, together with the schemas of the standard.
//!
//! It declares the types that the standard leaves to a structure: a data set, its series and its observations, with an XML
//! attribute for each component. Dimensions have the codes of their lists; indicators that are a country's own, and places
//! within a country, are of a form instead of a list, and so is their type.

use std::fmt::Write;

use super::xml::{text, text_type};
use crate::model::codelist::CodeList;
use crate::model::{Attachment, AttributeId, Dimension, catalogue};
use crate::sdmx::component::Component;
use crate::sdmx::data::Layout;

/// The media type of schemas.
pub const MEDIA_TYPE: &str = "application/vnd.sdmx.schema+xml;version=2.1";

const COMMON: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common";
const SPECIFIC: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific";
/// The form of an indicator that is a country's own.
const NATIONAL: &str = "[A-Z]{3}:[A-Z][A-Z0-9_]*";

/// Appends formatted text. Memory has no errors to tell.
macro_rules! put {
    ($out:expr, $($text:tt)+) => {{ let _ = write!($out, $($text)+); }};
}

/// The schema whose types are in this space, see [`crate::sdmx::data::namespace`]; observations in series or for
/// themselves.
#[must_use]
pub fn schema(namespace: &str, layout: Layout) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let space = text(namespace);
    put!(
        out,
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"{space}\" xmlns:ss=\"{SPECIFIC}\""
    );
    put!(out, " xmlns:com=\"{COMMON}\" targetNamespace=\"{space}\" elementFormDefault=\"unqualified\"");
    out.push_str(" attributeFormDefault=\"unqualified\">\n");
    put!(out, " <xs:import namespace=\"{COMMON}\" schemaLocation=\"SDMXCommon.xsd\"/>\n");
    put!(out, " <xs:import namespace=\"{SPECIFIC}\" schemaLocation=\"SDMXDataStructureSpecific.xsd\"/>\n");
    data_set(&mut out, layout);
    if layout == Layout::Series {
        series(&mut out);
    }
    observation(&mut out, layout);
    for component in Component::all() {
        values(&mut out, component);
    }
    out.push_str("</xs:schema>\n");
    out
}

/// Opens a type that narrows one of the standard's.
fn open(out: &mut String, name: &str, base: &str) {
    put!(
        out,
        " <xs:complexType name=\"{name}\">\n  <xs:complexContent><xs:restriction base=\"ss:{base}\">\n"
    );
    out.push_str("   <xs:sequence>\n    <xs:element ref=\"com:Annotations\" minOccurs=\"0\"/>\n");
}

const CLOSE: &str = "  </xs:restriction></xs:complexContent>\n </xs:complexType>\n";

fn data_set(out: &mut String, layout: Layout) {
    open(out, "DataSetType", "DataSetType");
    out.push_str("    <xs:element name=\"DataProvider\" type=\"com:DataProviderReferenceType\" form=\"unqualified\" minOccurs=\"0\"/>\n");
    let (element, kind) = match layout {
        Layout::Series => ("Series", "SeriesType"),
        Layout::Flat => ("Obs", "ObsType"),
    };
    put!(
        out,
        "    <xs:choice minOccurs=\"0\"><xs:element name=\"{element}\" type=\"{kind}\" form=\"unqualified\""
    );
    out.push_str(" maxOccurs=\"unbounded\"/></xs:choice>\n   </xs:sequence>\n");
    out.push_str("   <xs:attribute name=\"REPORTING_YEAR_START_DAY\" use=\"prohibited\"/>\n");
    out.push_str(CLOSE);
}

fn series(out: &mut String) {
    open(out, "SeriesType", "SeriesType");
    out.push_str("    <xs:element name=\"Obs\" type=\"ObsType\" form=\"unqualified\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>\n");
    out.push_str("   </xs:sequence>\n");
    of_series(out);
    out.push_str("   <xs:attribute name=\"TIME_PERIOD\" use=\"prohibited\"/>\n");
    out.push_str("   <xs:attribute name=\"REPORTING_YEAR_START_DAY\" use=\"prohibited\"/>\n");
    out.push_str(CLOSE);
}

/// The dimensions and the attributes of a series.
fn of_series(out: &mut String) {
    for dimension in Dimension::ALL {
        attribute(out, Component::Dimension(dimension), true);
    }
    for id in AttributeId::ALL.iter().filter(|id| id.attachment() == Attachment::Series) {
        attribute(out, Component::Attribute(*id), false);
    }
}

fn observation(out: &mut String, layout: Layout) {
    open(out, "ObsType", "ObsType");
    out.push_str("   </xs:sequence>\n");
    if layout == Layout::Flat {
        of_series(out);
    }
    attribute(out, Component::Time, true);
    attribute(out, Component::Value, false);
    // Whoever asks for values alone, or is told what is taken back, gets no attributes: so none must be there.
    for id in AttributeId::ALL.iter().filter(|id| id.attachment() == Attachment::Observation) {
        attribute(out, Component::Attribute(*id), false);
    }
    out.push_str("   <xs:attribute name=\"type\" use=\"prohibited\"/>\n");
    out.push_str("   <xs:attribute name=\"REPORTING_YEAR_START_DAY\" use=\"prohibited\"/>\n");
    out.push_str(CLOSE);
}

fn attribute(out: &mut String, component: Component, is_required: bool) {
    let id = component.id();
    let kind = match component {
        Component::Time => "com:ObservationalTimePeriodType".to_owned(),
        Component::Value | Component::Dimension(_) | Component::Attribute(_) => format!("{id}.Type"),
    };
    let needed = if is_required { "required" } else { "optional" };
    put!(out, "   <xs:attribute name=\"{id}\" type=\"{kind}\" use=\"{needed}\"/>\n");
}

/// The type of a component's values.
fn values(out: &mut String, component: Component) {
    let id = component.id();
    if component == Component::Time {
        return;
    }
    put!(out, " <xs:simpleType name=\"{id}.Type\">");
    match (component, component.codelist()) {
        (Component::Dimension(Dimension::Indicator), _) => {
            out.push_str("<xs:union><xs:simpleType>");
            codes(out, catalogue::all().iter().map(catalogue::Indicator::code));
            put!(out, "</xs:simpleType><xs:simpleType><xs:restriction base=\"xs:string\">");
            put!(out, "<xs:pattern value=\"{NATIONAL}\"/></xs:restriction></xs:simpleType></xs:union>");
        }
        (_, Some(list)) => codes(out, CodeList::codes(list).iter().map(|code| code.id())),
        (_, None) => {
            let base = match text_type(component) {
                "Decimal" => "decimal",
                "Integer" => "integer",
                _ => "string",
            };
            put!(out, "<xs:restriction base=\"xs:{base}\"/>");
        }
    }
    out.push_str("</xs:simpleType>\n");
}

fn codes<'a>(out: &mut String, codes: impl Iterator<Item = &'a str>) {
    out.push_str("<xs:restriction base=\"xs:string\">\n");
    for code in codes {
        put!(out, "  <xs:enumeration value=\"{}\"/>\n", text(code));
    }
    out.push_str(" </xs:restriction>");
}
