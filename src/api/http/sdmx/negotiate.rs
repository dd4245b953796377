//! In which form an answer goes: what the client accepts, by weight, against what there is.

use axum::http::{HeaderMap, header};

use crate::sdmx::data::{DataFormat, Labels};
use crate::sdmx::structure::{json, xml, xsd};

/// Media ranges that are read of a header.
const MAX_RANGES: usize = 50;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    StructureXml,
    StructureJson,
    Schema,
    Data(DataFormat),
}

impl Offer {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::StructureXml => xml::MEDIA_TYPE,
            Self::StructureJson => json::MEDIA_TYPE,
            Self::Schema => xsd::MEDIA_TYPE,
            Self::Data(format) => format.media_type(),
        }
    }

    /// A word for tags and addresses.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::StructureXml => "xml",
            Self::StructureJson => "json",
            Self::Schema => "xsd",
            Self::Data(format) => format.name(),
        }
    }

    /// The media type of everybody that is nearest.
    fn plain(self) -> &'static [&'static str] {
        match self {
            Self::StructureXml
            | Self::Schema
            | Self::Data(DataFormat::GenericXml | DataFormat::StructureSpecificXml) => {
                &["application/xml", "text/xml"]
            }
            Self::StructureJson | Self::Data(DataFormat::JsonData) => &["application/json"],
            Self::Data(DataFormat::Csv1 | DataFormat::Csv2) => &["text/csv", "application/csv"],
        }
    }
}

/// What the address says about the form.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish<'a> {
    /// The parameter `format`.
    pub(super) format: Option<&'a str>,
}

/// One range of `Accept`: type, parameters, weight in thousandths.
struct Range {
    kind: String,
    params: Vec<(String, String)>,
    weight: u16,
}

/// The form that is wanted most; of equals the one that is offered first.
pub(super) fn agree(headers: &HeaderMap, offers: &[Offer], wish: &Wish<'_>) -> Option<Offer> {
    if let Some(format) = wish.format {
        let is_named = |offer: &&Offer| offer.short() == format;
        let is_kind = |offer: &&Offer| offer.plain().iter().any(|kind| kind.ends_with(&format!("/{format}")));
        let range = read(format);
        let fits = |offer: &&Offer| range.as_ref().is_some_and(|range| fit(range, **offer).is_some());
        let named = offers.iter().find(is_named).or_else(|| offers.iter().find(is_kind));
        return named.or_else(|| offers.iter().find(fits)).copied();
    }
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return offers.first().copied();
    }
    // The most precise range that fits a form says how much it is wanted.
    let weigh = |offer: Offer| {
        let fits =
            ranges.iter().filter_map(|range| fit(range, offer).map(|precision| (precision, range.weight)));
        fits.max_by_key(|(precision, _)| *precision).map_or(0, |(_, weight)| weight)
    };
    let mut best: Option<(Offer, u16)> = None;
    for offer in offers {
        let weight = weigh(*offer);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((*offer, weight));
        }
    }
    best.map(|(offer, _)| offer)
}

/// How precisely a range names a form; nothing where it does not.
fn fit(range: &Range, offer: Offer) -> Option<u8> {
    let (kind, version) = offer.media_type().split_once(";version=").unwrap_or((offer.media_type(), ""));
    if range.kind == "*/*" {
        return Some(0);
    }
    if let Some(family) = range.kind.strip_suffix("/*") {
        let families = offer.plain().iter().copied().chain([kind]);
        return families.clone().any(|one| one.split('/').next() == Some(family)).then_some(1);
    }
    if offer.plain().contains(&range.kind.as_str()) {
        return Some(2);
    }
    if range.kind != kind {
        return None;
    }
    let mut precision = 3;
    for (name, value) in &range.params {
        match (name.as_str(), value.as_str()) {
            ("version", wanted) => {
                // `2.0` and `2.0.0` are the same.
                if wanted.trim_end_matches(".0") != version.trim_end_matches(".0") {
                    return None;
                }
                precision = 4;
            }
            ("labels", "id" | "both" | "name")
            | ("timeformat", "original")
            | ("keys", "none")
            | ("charset", "utf-8") => {}
            ("labels" | "timeformat" | "keys" | "charset", _) => return None,
            _ => {}
        }
    }
    Some(precision)
}

/// Whether names are wanted beside codes, by the range that names this form.
pub(super) fn labels(headers: &HeaderMap, offer: Offer) -> Labels {
    let all = ranges(headers);
    let fits = all.iter().filter(|range| fit(range, offer).is_some_and(|precision| precision >= 3));
    let named = fits.flat_map(|range| &range.params).find(|(name, _)| name == "labels");
    match named.map(|(_, value)| value.as_str()) {
        Some("both") => Labels::Both,
        Some("name") => Labels::Name,
        _ => Labels::Id,
    }
}

/// Whether an error is better told in JSON.
pub(in crate::api::http) fn wants_json(headers: &HeaderMap) -> bool {
    let all = ranges(headers);
    all.iter().max_by_key(|range| range.weight).is_some_and(|range| {
        let first = all.iter().find(|one| one.weight == range.weight);
        first.is_some_and(|first| first.kind.ends_with("json"))
    })
}

fn ranges(headers: &HeaderMap) -> Vec<Range> {
    let all = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).take(MAX_RANGES).filter_map(read).collect()
}

fn read(text: &str) -> Option<Range> {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().filter(|kind| kind.contains('/'))?.to_ascii_lowercase();
    let (mut params, mut weight) = (Vec::new(), 1000);
    for part in parts {
        let Some((name, value)) = part.split_once('=') else { continue };
        let (name, value) =
            (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_ascii_lowercase());
        if name == "q" {
            weight = weight_of(&value)?;
        } else {
            params.push((name, value));
        }
    }
    Some(Range { kind, params, weight })
}

/// A weight in thousandths.
fn weight_of(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(part) || part.len() > 3 {
        return None;
    }
    let thousandths = format!("{part:0<3}").parse::<u16>().ok()?;
    Some(whole.parse::<u16>().ok()?.saturating_mul(1000).saturating_add(thousandths).min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: [Offer; 5] = [
        Offer::Data(DataFormat::GenericXml),
        Offer::Data(DataFormat::StructureSpecificXml),
        Offer::Data(DataFormat::Csv1),
        Offer::Data(DataFormat::Csv2),
        Offer::Data(DataFormat::JsonData),
    ];

    fn chosen(accept: &str, offers: &[Offer]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        agree(&headers, offers, &Wish::default()).map(Offer::short)
    }

    #[test]
    fn what_clients_send_gets_what_they_read() {
        for (accept, form) in [
            ("*/*", Some("generic-xml")),
            ("application/vnd.sdmx.structurespecificdata+xml;version=2.1", Some("xml")),
            ("application/vnd.sdmx.data+csv;version=2.0.0", Some("sdmx-csv")),
            ("application/vnd.sdmx.data+csv; version=1.0.0; labels=both", Some("sdmx-csv1")),
            ("application/vnd.sdmx.data+csv", Some("sdmx-csv1")),
            ("application/vnd.sdmx.data+json;version=2.0.0", Some("sdmx-json")),
            ("application/vnd.sdmx.data+json;version=1.0.0", None),
            ("text/html, application/json;q=0.5, text/csv;q=0.9", Some("sdmx-csv1")),
            ("application/*;q=0.1, text/csv;q=0.05", Some("generic-xml")),
            ("*/*, application/xml;q=0", Some("sdmx-csv1")),
            ("image/png", None),
            ("*/*;q=0", None),
            ("", Some("generic-xml")),
        ] {
            assert_eq!(chosen(accept, &DATA), form, "{accept}");
        }
        let structures = [Offer::StructureXml, Offer::StructureJson];
        for (accept, form) in [
            ("application/vnd.sdmx.structure+json;version=2.0.0", Some("json")),
            ("application/vnd.sdmx.structure+xml;version=2.1", Some("xml")),
            ("application/vnd.sdmx.structure+json;version=1.0", None),
            ("application/json", Some("json")),
        ] {
            assert_eq!(chosen(accept, &structures), form, "{accept}");
        }
    }

    #[test]
    fn the_address_is_stronger_than_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "text/csv".parse().unwrap());
        for (format, form) in [
            ("sdmx-json", Some("sdmx-json")),
            ("csv", Some("sdmx-csv1")),
            ("xml", Some("xml")),
            ("generic-xml", Some("generic-xml")),
            ("application/vnd.sdmx.data+csv;version=2.0.0", Some("sdmx-csv")),
            ("parquet", None),
        ] {
            let wish = Wish { format: Some(format) };
            assert_eq!(agree(&headers, &DATA, &wish).map(Offer::short), form, "{format}");
        }
    }
}
