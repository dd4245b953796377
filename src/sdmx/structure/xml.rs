//! Structures as SDMX-ML 2.1.

use std::borrow::Cow;
use std::fmt::Write;

use quick_xml::escape::escape;

use super::{Actual, Artefact, CONCEPTS, Content, Head, Item, PROVIDERS, Texts, list_of};
use crate::model::{Attachment, AttributeId, Dimension};
use crate::sdmx::component::{AGENCY, Component, STRUCTURE, VERSION};
use crate::sdmx::query::Kind;

/// The media type of structures.
pub const MEDIA_TYPE: &str = "application/vnd.sdmx.structure+xml;version=2.1";
/// The media type of errors.
pub const ERROR_TYPE: &str = "application/xml";
const SPACES: &str = "xmlns:mes=\"http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message\" \
                      xmlns:str=\"http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure\" \
                      xmlns:com=\"http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common\"";

/// Appends formatted text. Memory has no errors to tell.
macro_rules! put {
    ($out:expr, $($text:tt)+) => {{ let _ = write!($out, $($text)+); }};
}

/// A text without what XML cannot have.
pub(super) fn text(text: &str) -> String {
    let is_no_xml =
        |c: char| c.is_control() && !matches!(c, '\n' | '\t') || matches!(c, '\u{fffe}' | '\u{ffff}');
    let clean: Cow<'_, str> =
        if text.contains(is_no_xml) { text.replace(is_no_xml, "\u{fffd}").into() } else { text.into() };
    escape(clean).into_owned()
}

/// A whole message.
#[must_use]
pub fn message(head: &Head, all: &[Artefact]) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mes:Structure {SPACES}>\n <mes:Header><mes:ID>"
    );
    put!(out, "{}</mes:ID><mes:Test>{}</mes:Test>", text(&head.id), head.is_test);
    put!(
        out,
        "<mes:Prepared>{}</mes:Prepared><mes:Sender id=\"{}\"/></mes:Header>\n",
        head.prepared,
        text(&head.sender)
    );
    out.push_str(" <mes:Structures>\n");
    let organisations = [Kind::AgencyScheme, Kind::DataProviderScheme];
    if all.iter().any(|one| organisations.contains(&one.kind)) {
        out.push_str("  <str:OrganisationSchemes>\n");
        for kind in organisations {
            all.iter().filter(|one| one.kind == kind).for_each(|one| artefact(&mut out, one));
        }
        out.push_str("  </str:OrganisationSchemes>\n");
    }
    for (kind, group) in [
        (Kind::Dataflow, "Dataflows"),
        (Kind::Codelist, "Codelists"),
        (Kind::ConceptScheme, "Concepts"),
        (Kind::DataStructure, "DataStructures"),
        (Kind::Constraint, "Constraints"),
        (Kind::ProvisionAgreement, "ProvisionAgreements"),
    ] {
        if all.iter().any(|one| one.kind == kind) {
            put!(out, "  <str:{group}>\n");
            all.iter().filter(|one| one.kind == kind).for_each(|one| artefact(&mut out, one));
            put!(out, "  </str:{group}>\n");
        }
    }
    out.push_str(" </mes:Structures>\n</mes:Structure>\n");
    out
}

/// A message that says why there is no other.
#[must_use]
pub fn error(code: u16, why: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mes:Error {SPACES}>\n <mes:ErrorMessage code=\"{code}\">\
         <com:Text xml:lang=\"en\">{}</com:Text></mes:ErrorMessage>\n</mes:Error>\n",
        text(why)
    )
}

fn artefact(out: &mut String, one: &Artefact) {
    let (element, item) = match one.kind {
        Kind::AgencyScheme => ("AgencyScheme", "Agency"),
        Kind::DataProviderScheme => ("DataProviderScheme", "DataProvider"),
        Kind::Dataflow => ("Dataflow", ""),
        Kind::DataStructure => ("DataStructure", ""),
        Kind::ConceptScheme => ("ConceptScheme", "Concept"),
        Kind::Codelist => ("Codelist", "Code"),
        Kind::ProvisionAgreement => ("ProvisionAgreement", ""),
        Kind::Constraint | Kind::Other => ("ContentConstraint", ""),
    };
    put!(out, "   <str:{element} id=\"{}\" agencyID=\"{}\"", text(&one.id), text(&one.agency));
    put!(out, " version=\"{}\" isFinal=\"{}\"", text(&one.version), has_fixed_content(one));
    put!(out, " urn=\"{}\"", text(&one.urn().replace("DataConstraint", "ContentConstraint")));
    match &one.content {
        Content::Stub => out.push_str(" isExternalReference=\"true\""),
        Content::Items(_, true) => out.push_str(" isPartial=\"true\""),
        Content::Actual(_) => out.push_str(" type=\"Actual\""),
        Content::Items(_, false) | Content::Flow | Content::Structure | Content::Provision => {}
    }
    out.push_str(">\n");
    if let Content::Actual(actual) = &one.content {
        metrics(out, actual);
    }
    names(out, &one.names);
    match &one.content {
        Content::Items(items, _) => items.iter().for_each(|one| self::item(out, item, one)),
        Content::Flow => {
            out.push_str("<str:Structure>");
            reference(out, (AGENCY, STRUCTURE, VERSION), ("DataStructure", "datastructure"));
            out.push_str("</str:Structure>");
        }
        Content::Structure => structure(out),
        Content::Provision => {
            out.push_str("<str:StructureUsage>");
            reference(out, (&one.agency, &one.id, &one.version), ("Dataflow", "datastructure"));
            put!(
                out,
                "</str:StructureUsage><str:DataProvider><Ref id=\"{}\" maintainableParentID=\"{PROVIDERS}\" \
                 maintainableParentVersion=\"{VERSION}\" agencyID=\"{}\" class=\"DataProvider\" package=\"base\"/>\
                 </str:DataProvider>",
                text(&one.agency),
                text(&one.agency)
            );
        }
        Content::Actual(actual) => self::actual(out, actual),
        Content::Stub => {}
    }
    put!(out, "\n   </str:{element}>\n");
}

/// Whether what it holds never changes under its version: lists of who publishes do.
fn has_fixed_content(one: &Artefact) -> bool {
    !matches!(one.kind, Kind::AgencyScheme | Kind::DataProviderScheme | Kind::Constraint | Kind::Other)
}

fn names(out: &mut String, names: &Texts) {
    for (language, name) in names {
        put!(out, "<com:Name xml:lang=\"{language}\">{}</com:Name>", text(name));
    }
}

fn item(out: &mut String, element: &str, one: &Item) {
    put!(out, "<str:{element} id=\"{}\">", text(&one.id));
    names(out, &one.names);
    if !one.description.is_empty() {
        put!(out, "<com:Description xml:lang=\"en\">{}</com:Description>", text(&one.description));
    }
    put!(out, "</str:{element}>\n");
}

/// A reference by agency, id and version, and by class and package.
fn reference(out: &mut String, (agency, id, version): (&str, &str, &str), (class, package): (&str, &str)) {
    put!(out, "<Ref id=\"{}\" agencyID=\"{}\" version=\"{version}\"", text(id), text(agency));
    put!(out, " class=\"{class}\" package=\"{package}\"/>");
}

fn concept(out: &mut String, id: &str) {
    put!(
        out,
        "<str:ConceptIdentity><Ref id=\"{id}\" maintainableParentID=\"{CONCEPTS}\" \
         maintainableParentVersion=\"{VERSION}\" agencyID=\"{AGENCY}\" class=\"Concept\" package=\"conceptscheme\"/>\
         </str:ConceptIdentity>"
    );
}

fn representation(out: &mut String, component: Component) {
    out.push_str("<str:LocalRepresentation>");
    match list_of(component) {
        Some((agency, id, version)) => {
            out.push_str("<str:Enumeration>");
            reference(out, (agency, id, version), ("Codelist", "codelist"));
            out.push_str("</str:Enumeration>");
        }
        None => put!(out, "<str:TextFormat textType=\"{}\"/>", text_type(component)),
    }
    out.push_str("</str:LocalRepresentation>");
}

/// The standard's word for what a component without a list holds.
pub(super) fn text_type(component: Component) -> &'static str {
    match component {
        Component::Time => "ObservationalTimePeriod",
        Component::Value | Component::Attribute(AttributeId::PreBreakValue) => "Decimal",
        Component::Attribute(AttributeId::Revision) => "Integer",
        Component::Dimension(_) | Component::Attribute(_) => "String",
    }
}

fn structure(out: &mut String) {
    out.push_str("<str:DataStructureComponents>\n<str:DimensionList id=\"DimensionDescriptor\">\n");
    for (at, dimension) in Dimension::ALL.into_iter().enumerate() {
        put!(out, "<str:Dimension id=\"{}\" position=\"{}\">", dimension.id(), at + 1);
        concept(out, dimension.id());
        representation(out, Component::Dimension(dimension));
        out.push_str("</str:Dimension>\n");
    }
    let time = Component::Time;
    put!(out, "<str:TimeDimension id=\"{}\" position=\"{}\">", time.id(), Dimension::ALL.len() + 1);
    concept(out, time.id());
    representation(out, time);
    out.push_str(
        "</str:TimeDimension>\n</str:DimensionList>\n<str:AttributeList id=\"AttributeDescriptor\">\n",
    );
    for attribute in AttributeId::ALL.iter().copied() {
        let status = if is_mandatory(attribute) { "Mandatory" } else { "Conditional" };
        put!(out, "<str:Attribute id=\"{}\" assignmentStatus=\"{status}\">", attribute.id());
        concept(out, attribute.id());
        representation(out, Component::Attribute(attribute));
        out.push_str("<str:AttributeRelationship>");
        match attribute.attachment() {
            Attachment::Observation => {
                put!(out, "<str:PrimaryMeasure><Ref id=\"{}\"/></str:PrimaryMeasure>", Component::Value.id());
            }
            Attachment::Series => {
                for dimension in Dimension::ALL {
                    put!(out, "<str:Dimension><Ref id=\"{}\"/></str:Dimension>", dimension.id());
                }
            }
        }
        out.push_str("</str:AttributeRelationship></str:Attribute>\n");
    }
    let value = Component::Value;
    put!(
        out,
        "</str:AttributeList>\n<str:MeasureList id=\"MeasureDescriptor\"><str:PrimaryMeasure id=\"{}\">",
        value.id()
    );
    concept(out, value.id());
    representation(out, value);
    out.push_str("</str:PrimaryMeasure></str:MeasureList>\n</str:DataStructureComponents>");
}

/// Whether every observation has it.
pub(super) fn is_mandatory(attribute: AttributeId) -> bool {
    matches!(attribute, AttributeId::ObsStatus | AttributeId::ConfStatus)
}

fn metrics(out: &mut String, actual: &Actual) {
    out.push_str("<com:Annotations>");
    for (id, count) in [("obs_count", actual.observations), ("series_count", actual.series)] {
        put!(out, "<com:Annotation id=\"{id}\"><com:AnnotationTitle>{count}</com:AnnotationTitle>");
        out.push_str("<com:AnnotationType>sdmx_metrics</com:AnnotationType></com:Annotation>");
    }
    out.push_str("</com:Annotations>");
}

fn actual(out: &mut String, actual: &Actual) {
    out.push_str("<str:ConstraintAttachment><str:Dataflow>");
    reference(out, (&actual.flow.0, &actual.flow.1, VERSION), ("Dataflow", "datastructure"));
    out.push_str("</str:Dataflow></str:ConstraintAttachment><str:CubeRegion include=\"true\">");
    for (id, codes) in &actual.codes {
        put!(out, "<com:KeyValue id=\"{id}\">");
        for code in codes {
            put!(out, "<com:Value>{}</com:Value>", text(code));
        }
        out.push_str("</com:KeyValue>");
    }
    if let Some((first, last)) = &actual.periods {
        put!(
            out,
            "<com:KeyValue id=\"TIME_PERIOD\"><com:TimeRange><com:StartPeriod isInclusive=\"true\">{first}"
        );
        put!(out, "</com:StartPeriod><com:EndPeriod isInclusive=\"true\">{last}</com:EndPeriod>");
        out.push_str("</com:TimeRange></com:KeyValue>");
    }
    out.push_str("</str:CubeRegion>");
}
