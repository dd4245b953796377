//! What stands behind the question mark, each once, and only what is known.

use std::collections::BTreeSet;

use super::filter::{Filter, Operator};
use super::path::decoded;
use super::sort::Sort;
use super::{DataDetail, Detail, Fault, Generation, Kind, References};
use crate::model::{Attachment, AttributeId, Millis};

/// Parameters at most.
const MAX_PARAMS: usize = 100;

/// Parameters by name, in the order in which they stand.
#[derive(Debug, Default)]
pub struct Params {
    all: Vec<(String, String)>,
}

impl Params {
    /// Reads them. `+` is itself: in this standard it means and.
    ///
    /// # Errors
    /// [`Fault`] for broken encoding, or a parameter that stands there twice.
    pub fn read(query: &str) -> Result<Self, Fault> {
        let mut all: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if all.iter().any(|(known, _)| *known == name) {
                return Err(Fault::syntax(format!("`{}` stands there twice", short(&name))));
            }
            all.push((name, value));
        }
        if all.len() > MAX_PARAMS {
            return Err(Fault::too_large(format!("there are more than {MAX_PARAMS} parameters")));
        }
        Ok(Self { all })
    }

    /// Takes a parameter out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.all.iter().position(|(known, _)| known == name)?;
        Some(self.all.remove(at).1)
    }

    /// Nothing may be left.
    pub(super) fn end(self, known: &str) -> Result<(), Fault> {
        match self.all.first() {
            None => Ok(()),
            Some((name, _)) => Err(Fault::syntax(format!(
                "`{}` is no parameter of such a question, which has {known}",
                short(name)
            ))),
        }
    }

    pub(super) fn format(&mut self) -> Option<String> {
        self.take("format")
    }

    /// The conditions on components and periods.
    pub(super) fn filters(&mut self) -> Result<Vec<Filter>, Fault> {
        let is_filter = |(name, _): &(String, String)| name.starts_with("c[") && name.ends_with(']');
        let (filters, rest) = std::mem::take(&mut self.all).into_iter().partition(is_filter);
        self.all = rest;
        let filters: Vec<(String, String)> = filters;
        let mut read = filters
            .iter()
            .map(|(name, value)| Filter::parse(&name[2..name.len() - 1], value))
            .collect::<Result<Vec<_>, _>>()?;
        for (name, operator) in [("startPeriod", Operator::Ge), ("endPeriod", Operator::Le)] {
            if let Some(text) = self.take(name) {
                let of_param =
                    |fault: Fault| Fault { message: format!("`{name}`: {}", fault.message), ..fault };
                read.push(Filter::period(operator, &text).map_err(of_param)?);
            }
        }
        Ok(read)
    }

    pub(super) fn moment(&mut self, name: &str) -> Result<Option<Millis>, Fault> {
        let Some(text) = self.take(name) else { return Ok(None) };
        // The standard lets a time be without its zone, and a web server's own time is that of UTC here.
        let read = Millis::parse(&text).or_else(|_| Millis::parse(&format!("{text}Z")));
        read.map(Some).map_err(|_| {
            Fault::syntax(format!("`{name}` is a time such as 2026-01-31T12:00:00Z, not {:?}", short(&text)))
        })
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let read = is_number.then(|| text.parse().ok()).flatten();
        read.map(Some)
            .ok_or_else(|| Fault::syntax(format!("`{name}` is a whole number, not {:?}", short(&text))))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        // Clients in Python write their own words.
        match self.take(name).as_deref() {
            None | Some("false" | "False") => Ok(false),
            Some("true" | "True") => Ok(true),
            Some(_) => Err(Fault::syntax(format!("`{name}` is true or false"))),
        }
    }

    /// On which day years of the reporting calendar begin: none but the first of January.
    pub(super) fn year_start(&mut self) -> Result<(), Fault> {
        if self.take("reportingYearStartDay").is_some_and(|day| day != "--01-01") {
            return Err(Fault::unsupported("`reportingYearStartDay`: years begin on --01-01 here"));
        }
        Ok(())
    }

    /// Whether each observation has its whole key.
    pub(super) fn is_flat(&mut self) -> Result<bool, Fault> {
        match self.take("dimensionAtObservation").as_deref() {
            None | Some("TIME_PERIOD") => Ok(false),
            Some("AllDimensions") => Ok(true),
            Some(other) if crate::model::Dimension::from_id(other).is_some() => Err(Fault::unsupported(
                "`dimensionAtObservation`: observations are listed by TIME_PERIOD or AllDimensions here",
            )),
            Some(_) => Err(Fault::syntax("`dimensionAtObservation` is TIME_PERIOD or AllDimensions")),
        }
    }

    /// How much of the data, and which attributes; nothing for all: `detail` of the first generation, `attributes` and
    /// `measures` of the second.
    pub(super) fn data_detail(&mut self) -> Result<(DataDetail, Option<BTreeSet<AttributeId>>), Fault> {
        let (detail, attributes) = (self.take("detail"), self.take("attributes"));
        let measures = self.take("measures");
        if detail.is_some() && (attributes.is_some() || measures.is_some()) {
            return Err(Fault::semantic("ask by `detail`, or by `attributes` and `measures`"));
        }
        let detail = match detail.as_deref() {
            None => None,
            Some("full") => Some(DataDetail::Full),
            Some("dataonly") => Some(DataDetail::DataOnly),
            Some("serieskeysonly") => Some(DataDetail::SeriesKeysOnly),
            Some("nodata") => Some(DataDetail::NoData),
            Some(_) => {
                return Err(Fault::syntax("`detail` of data is full, dataonly, serieskeysonly or nodata"));
            }
        };
        let named = attributes.map_or(Ok(None), |text| named(&text))?;
        let with_attributes = named.as_ref().is_none_or(|named| !named.is_empty());
        let with_values = match measures.as_deref() {
            None | Some("all" | "OBS_VALUE") => true,
            Some("none") => false,
            Some(_) => return Err(Fault::syntax("`measures` is all, none or OBS_VALUE")),
        };
        let detail = detail.unwrap_or(match (with_attributes, with_values) {
            (true, true) => DataDetail::Full,
            (false, true) => DataDetail::DataOnly,
            (true, false) => DataDetail::NoData,
            (false, false) => DataDetail::SeriesKeysOnly,
        });
        Ok((detail, named.filter(|named| !named.is_empty())))
    }

    pub(super) fn sort(&mut self) -> Result<Sort, Fault> {
        self.take("sort").map_or_else(|| Ok(Sort::default()), |text| Sort::parse(&text))
    }

    pub(super) fn structure_detail(&mut self) -> Result<Detail, Fault> {
        Ok(match self.take("detail").as_deref() {
            None | Some("full") => Detail::Full,
            Some("allstubs") => Detail::AllStubs,
            Some("referencestubs") => Detail::ReferenceStubs,
            Some("allcompletestubs") => Detail::AllCompleteStubs,
            Some("referencecompletestubs") => Detail::ReferenceCompleteStubs,
            Some("referencepartial") => Detail::ReferencePartial,
            Some("raw") => Detail::Raw,
            Some(_) => {
                return Err(Fault::syntax(
                    "`detail` of structures is full, allstubs, referencestubs, allcompletestubs, \
                     referencecompletestubs, referencepartial or raw",
                ));
            }
        })
    }

    pub(super) fn references(&mut self, generation: Generation) -> Result<References, Fault> {
        let Some(text) = self.take("references") else { return Ok(References::None) };
        Ok(match text.as_str() {
            "none" => References::None,
            "parents" => References::Parents,
            "parentsandsiblings" => References::ParentsAndSiblings,
            "ancestors" => References::Ancestors,
            "children" => References::Children,
            "descendants" => References::Descendants,
            "all" => References::All,
            other => {
                let between = if generation == Generation::First { '+' } else { ',' };
                let mut kinds = Vec::new();
                for word in other.split(between) {
                    let known = Kind::of_word(word).ok_or_else(|| {
                        Fault::syntax(
                            "`references` is none, parents, parentsandsiblings, ancestors, children, descendants, all \
                             or kinds of structure",
                        )
                    })?;
                    kinds.extend_from_slice(known);
                }
                References::Kinds(kinds)
            }
        })
    }
}

/// The attributes that words stand for; nothing for all.
fn named(text: &str) -> Result<Option<BTreeSet<AttributeId>>, Fault> {
    let attached = |attachment: Attachment| {
        AttributeId::ALL.iter().copied().filter(move |id| id.attachment() == attachment)
    };
    let mut all = BTreeSet::new();
    for word in text.split(',') {
        match word {
            "dsd" | "all" => return Ok(None),
            // Data sets have none of their own here, nor is there reference metadata.
            "none" | "msd" | "dataset" => {}
            "series" => all.extend(attached(Attachment::Series)),
            "obs" => all.extend(attached(Attachment::Observation)),
            id => {
                all.insert(AttributeId::from_id(id).ok_or_else(|| {
                    Fault::syntax(format!(
                        "`attributes`: {:?} is no attribute: write dsd, series, obs, none, or ids with commas between \
                         them",
                        short(id)
                    ))
                })?);
            }
        }
    }
    Ok(Some(all))
}

/// The beginning of a text that came from a stranger.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).filter(|c| !c.is_control()).collect()
}
