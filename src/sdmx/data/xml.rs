//! What both flavours of SDMX-ML 2.1 data have in common: the header, names of spaces, texts, annotations.

use super::{ArtefactRef, DataHead, SeriesContext};
use crate::model::{AttributeId, Attributes};
use crate::sdmx::component::STRUCTURE;
use crate::view::{EntryRef, State};

/// Where the parts of a message are declared.
pub(super) const MESSAGE: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message";
pub(super) const COMMON: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common";

/// The kind of the annotations of this network.
const KIND: &str = "CORRIDOR";

/// Appends text between marks.
macro_rules! put {
    ($out:expr, $($text:expr),+ $(,)?) => {{ $($out.extend_from_slice($text.as_bytes());)+ }};
}
pub(super) use put;

/// Appends a text as it stands in an attribute or between tags, so that every character comes back.
pub(super) fn escaped(out: &mut Vec<u8>, text: &str) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let mark = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\n' => "&#10;",
            '\t' => "&#9;",
            '\r' => "&#13;",
            // XML has no such characters.
            '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
            _ => continue,
        };
        put!(out, text[plain..at], mark);
        plain = at + character.len_utf8();
    }
    put!(out, text[plain..]);
}

/// The header. `namespaces` are those of the structure-specific flavour, one for each structure.
pub(super) fn header(out: &mut Vec<u8>, head: &DataHead, namespaces: &[String]) {
    put!(out, " <mes:Header>\n  <mes:ID>");
    escaped(out, &head.id);
    put!(out, "</mes:ID>\n  <mes:Test>", head.is_test.to_string(), "</mes:Test>\n  <mes:Prepared>");
    put!(out, head.prepared.to_string(), "</mes:Prepared>\n  <mes:Sender id=\"");
    escaped(out, &head.sender);
    put!(out, "\"/>\n");
    let (artefacts, are_flows) = head.artefacts();
    for (at, artefact) in artefacts.iter().enumerate() {
        put!(out, "  <mes:Structure structureID=\"", structure_id(head, at), "\"");
        if let Some(namespace) = namespaces.get(at) {
            put!(out, " namespace=\"");
            escaped(out, namespace);
            put!(out, "\"");
        }
        put!(out, " dimensionAtObservation=\"", head.layout().dimension_at_observation(), "\">\n   ");
        let (around, class) =
            if are_flows { ("StructureUsage", "Dataflow") } else { ("Structure", "DataStructure") };
        put!(out, "<com:", around, ">");
        reference(out, artefact, class);
        put!(out, "</com:", around, ">\n  </mes:Structure>\n");
    }
    if head.tells_provenance() {
        put!(out, "  <mes:Source xml:lang=\"en\">Citation of an observation: ");
        escaped(out, &head.base);
        put!(out, "/api/v1/citations/REF_AREA/SERIES.KEY/TIME_PERIOD</mes:Source>\n");
    }
    put!(out, " </mes:Header>\n");
}

/// How the data sets of a message refer to its structure, or to one of several.
pub(super) fn structure_id(head: &DataHead, at: usize) -> String {
    if head.flows.len() > 1 { format!("{STRUCTURE}-{}", at + 1) } else { STRUCTURE.to_owned() }
}

fn reference(out: &mut Vec<u8>, artefact: &ArtefactRef, class: &str) {
    put!(out, "<Ref agencyID=\"");
    escaped(out, &artefact.agency);
    put!(out, "\" id=\"");
    escaped(out, &artefact.id);
    put!(out, "\" version=\"");
    escaped(out, &artefact.version);
    put!(out, "\" class=\"", class, "\" package=\"datastructure\"/>");
}

/// Who states the series under which agreement.
pub(super) fn by(out: &mut Vec<u8>, context: &SeriesContext<'_>) {
    put!(out, "<com:Annotations><com:Annotation id=\"PUBLISHER\"><com:AnnotationTitle>");
    escaped(out, &context.publisher_name());
    put!(out, "</com:AnnotationTitle><com:AnnotationType>", KIND, "</com:AnnotationType>");
    put!(out, "<com:AnnotationText xml:lang=\"en\">", context.publisher.to_hex());
    put!(out, "</com:AnnotationText></com:Annotation><com:Annotation id=\"AGREEMENT\"><com:AnnotationTitle>");
    escaped(out, context.agreement);
    put!(out, "</com:AnnotationTitle><com:AnnotationType>", KIND, "</com:AnnotationType>");
    put!(out, "</com:Annotation></com:Annotations>");
}

/// In which entry an observation stands, and where its citation is had.
pub(super) fn cited(out: &mut Vec<u8>, entry: &EntryRef, citation: &str, period: &str) {
    put!(out, "<com:Annotations><com:Annotation id=\"ENTRY\"><com:AnnotationTitle>", entry.id.to_hex());
    put!(out, "</com:AnnotationTitle><com:AnnotationType>", KIND, "</com:AnnotationType><com:AnnotationURL>");
    escaped(out, citation);
    put!(out, period, "</com:AnnotationURL><com:AnnotationText xml:lang=\"en\">", entry.time.to_string());
    put!(out, "</com:AnnotationText></com:Annotation></com:Annotations>");
}

/// Calls `each` with the attributes of an observation that a message tells.
pub(super) fn own(head: &DataHead, state: &State, each: &mut dyn FnMut(AttributeId, &str)) {
    let State::Stated { flags, attributes, .. } = state else { return };
    let mut letter = [0; 4];
    if head.tells(AttributeId::ObsStatus) {
        each(AttributeId::ObsStatus, flags.status.code().encode_utf8(&mut letter));
    }
    if head.tells(AttributeId::ConfStatus) {
        each(AttributeId::ConfStatus, flags.conf.code().encode_utf8(&mut letter));
    }
    if head.tells(AttributeId::Revision) {
        each(AttributeId::Revision, &flags.revision.to_string());
    }
    said(head, attributes, each);
}

/// Calls `each` with the attributes of a list that a message tells.
pub(super) fn said(head: &DataHead, attributes: &Attributes, each: &mut dyn FnMut(AttributeId, &str)) {
    attributes.iter().filter(|(id, _)| head.tells(*id)).for_each(|(id, text)| each(id, text));
}
