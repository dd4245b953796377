//! The mappings that come with the program, and which of them a file is for.

use crate::intake::concept::Concept;
use crate::intake::mapping::Mapping;
use crate::intake::plan;

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../config/mappings/", $name, ".toml")))),+]
    };
}

/// The mappings, by name.
const SHIPPED: [(&str, &str); 23] = shipped![
    "cfo_age",
    "cfo_countries",
    "cfo_education",
    "cfo_major_countries",
    "cfo_sex",
    "eurostat_asylum",
    "eurostat_asylum_sex",
    "eurostat_destination",
    "eurostat_flows_bilateral",
    "eurostat_origin",
    "eurostat_permits",
    "eurostat_refused_entry",
    "eurostat_temporary_protection",
    "ircc_tfw_permits",
    "phl_can_destination",
    "phl_can_origin",
    "undesa_matrix_2019",
    "undesa_stock",
    "unhcr_demographics",
    "unhcr_hdx_demographics",
    "unhcr_population",
    "wdi_remittances",
    "wdi_remittances_paid",
];

/// The names of the mappings that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of a mapping that comes with the program.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What a file is for, told from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// The header has the names of the data structure: no mapping is needed.
    Tidy,
    /// One mapping fits.
    Mapping {
        /// Its name.
        name: &'static str,
        /// The mapping.
        mapping: Box<Mapping>,
        /// Why it is this one.
        why: String,
    },
    /// None fits, or several do; what to do.
    Unclear(String),
}

/// The beginning of a file.
#[derive(Debug, Clone, Copy)]
pub enum Head<'a> {
    /// The first bytes of a text.
    Text(&'a [u8]),
    /// The first rows of a sheet, with their lines.
    Rows(&'a [(u64, Vec<String>)]),
}

/// Which mapping a file is for: every column that it needs is in the header, and it is about this country.
#[must_use]
pub fn recognise(head: Head<'_>, country: Option<&str>) -> Recognised {
    let first = rows(head, None, 0);
    let is_name = |wanted: &str| first[0].iter().any(|name| name.eq_ignore_ascii_case(wanted));
    if ["INDICATOR", "TIME_PERIOD", "OBS_VALUE"].into_iter().all(is_name) {
        return Recognised::Tidy;
    }
    let mut fitting = Vec::new();
    for (name, text) in SHIPPED {
        let Ok(mapping) = Mapping::parse(text) else { continue };
        if let Some(why) = fits(&mapping, head, country) {
            fitting.push((name, mapping, why));
        }
    }
    if fitting.len() == 1
        && let Some((name, mapping, why)) = fitting.pop()
    {
        return Recognised::Mapping { name, mapping: Box::new(mapping), why };
    }
    if fitting.is_empty() {
        if let Some(why) = of_others(head, country) {
            return Recognised::Unclear(why);
        }
        let known: Vec<&str> = names().collect();
        return Recognised::Unclear(format!(
            "no mapping that comes with the program is for this header: `corridor map FILE` drafts one, which you \
             complete and name with --map; or choose one of {}",
            known.join(", ")
        ));
    }
    let several: Vec<&str> = fitting.iter().map(|(name, ..)| *name).collect();
    Recognised::Unclear(format!(
        "several mappings are for this header, and say different things: choose with --map NAME, one of {}",
        several.join(", ")
    ))
}

/// The header is known, but its figures are another country's; what to do.
fn of_others(head: Head<'_>, country: Option<&str>) -> Option<String> {
    let country = country?;
    let mut said: Vec<String> = Vec::new();
    for (name, text) in SHIPPED {
        let Ok(mapping) = Mapping::parse(text) else { continue };
        if let (Some(reporter), Some(_)) = (mapping.reporter(), fits(&mapping, head, None)) {
            said.push(format!("{name} ({reporter})"));
        }
    }
    (!said.is_empty()).then(|| {
        format!(
            "this header is for a mapping of another country than {country}: {}. A node states its own country's              figures; `corridor map FILE` drafts a mapping if they are",
            said.join(", ")
        )
    })
}

/// The header and the first row; each empty if there is none.
fn rows(head: Head<'_>, delimiter: Option<char>, skip: u32) -> [Vec<String>; 2] {
    let mut rest = match head {
        Head::Text(bytes) => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
        Head::Rows(rows) => {
            let mut rows = rows.iter().filter(|(line, _)| *line > u64::from(skip));
            let fields =
                |(_, row): &(u64, Vec<String>)| row.iter().map(|text| text.trim().to_owned()).collect();
            return [(), ()].map(|()| rows.next().map(fields).unwrap_or_default());
        }
    };
    for _ in 0..skip {
        let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
        rest = &rest[end..];
    }
    let line = rest.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |d: u8| line.iter().filter(|b| **b == d).count();
    let most = [b'\t', b';', b','].into_iter().max_by_key(|d| count(*d)).unwrap_or(b',');
    let delimiter = delimiter.and_then(|c| u8::try_from(c).ok()).unwrap_or(most);
    let mut csv = csv::ReaderBuilder::new();
    csv.has_headers(false).flexible(true).delimiter(delimiter);
    let mut read = csv.from_reader(rest).into_byte_records();
    [(), ()].map(|()| {
        let row = read.next().and_then(Result::ok).unwrap_or_default();
        row.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect()
    })
}

/// Why the mapping is for the file; none if it is not.
fn fits(mapping: &Mapping, head: Head<'_>, country: Option<&str>) -> Option<String> {
    let given = Some(mapping.file.delimiter.unwrap_or(','));
    let [header, first] = rows(head, given, mapping.file.skip_lines);
    let needed: Vec<&str> = mapping.needed().collect();
    let place = |name: &str| header.iter().position(|found| found == name);
    if !needed.iter().all(|name| place(name).is_some()) {
        return None;
    }
    for (name, begins) in &mapping.file.recognise {
        if !first.get(place(name)?)?.starts_with(begins.as_str()) {
            return None;
        }
    }
    if let (Some(reporter), Some(country)) = (mapping.reporter(), country)
        && reporter != country
    {
        return None;
    }
    let wide = mapping.file.wide.is_some().then(|| plan::wide_columns(mapping, &header));
    match wide {
        None => Some(format!("its header has {}", needed.join(", "))),
        Some(Some(columns)) if columns > 0 => {
            let kind = mapping.across.map_or(Concept::Period.id(), |d| d.id());
            Some(format!("its header has {}, and {columns} columns of {kind}", needed.join(", ")))
        }
        Some(_) => None,
    }
}
