//! Series on their way out, one by one; what was given needs no memory any more.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::intake::codes::{Codes, Key};
use crate::intake::draft::{Draft, Periods};
use crate::intake::figure::{Aside, Figure};
use crate::intake::finding::Findings;
use crate::intake::resolver::Texts;
use crate::model::{
    Attachment, AttributeId, Attributes, Dimension, ModelError, Series, SeriesKey, catalogue,
};

/// Memory is given back when this many observations more are out: 6 MiB.
const GIVE_BACK: usize = 256 * 1024;

/// The series of an accepted file, sorted by key. They are made as they are asked for.
#[derive(Default)]
pub struct SeriesStream {
    codes: Codes,
    periods: Periods,
    aside: Aside,
    /// The keys that are left, with the place of their attributes; the next one is the last.
    keys: Vec<(Key, u32)>,
    attributes: Vec<Attributes>,
    /// The observations that are left, the next ones last.
    figures: Vec<Figure>,
    /// The key that was given last.
    last: Option<SeriesKey>,
}

impl SeriesStream {
    /// The series of a checked file, with the attributes that can be worked out; what is wrong with those, or
    /// missing, is noted.
    pub(super) fn new(draft: Draft, findings: &mut Findings) -> Self {
        let mut attributes = AttributeSets::default();
        let said = attributes.work_out(&draft, findings);
        let Draft { series, periods, mut figures, aside, levels: _, columns: _ } = draft;
        let mut keys: Vec<(Key, u32)> = series.index.into_keys().into_iter().zip(said).collect();
        keys.reverse();
        figures.reverse();
        Self { codes: series.codes, periods, aside, keys, attributes: attributes.list, figures, last: None }
    }

    /// How many series are left.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Is none left?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many observations are left.
    pub(super) const fn observations(&self) -> usize {
        self.figures.len()
    }

    /// For how many observations there is memory.
    #[cfg(test)]
    pub(super) const fn capacity(&self) -> usize {
        self.figures.capacity()
    }

    fn make(&mut self, key: &Key, attributes: u32) -> Result<Series, ModelError> {
        let parts = self.codes.parts(key);
        let key = self.last.as_ref().map_or_else(
            || SeriesKey::from_parts(&parts),
            |last| SeriesKey::from_parts_beside(last, &parts),
        )?;
        self.last = Some(key.clone());
        let Some(series) = self.figures.last().map(|figure| figure.series) else {
            return Series::new(key, Attributes::none(), Vec::new());
        };
        let own = self.figures.iter().rev().take_while(|figure| figure.series == series).count();
        let mut observations = Vec::with_capacity(own);
        for figure in self.figures.iter().rev().take(own) {
            observations.push(figure.unpack(self.periods.get(figure.period), &self.aside)?);
        }
        self.figures.truncate(self.figures.len() - own);
        if self.figures.capacity() - self.figures.len() >= GIVE_BACK {
            self.figures.shrink_to_fit();
        }
        Series::new(key, self.attributes[attributes as usize].clone(), observations)
    }
}

impl Iterator for SeriesStream {
    type Item = Series;

    fn next(&mut self) -> Option<Series> {
        let (key, attributes) = self.keys.pop()?;
        let made = self.make(&key, attributes);
        Some(made.expect("key, attributes and observations were all checked before the file was accepted"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl ExactSizeIterator for SeriesStream {}

impl fmt::Debug for SeriesStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeriesStream({} left)", self.len())
    }
}

/// The attributes of series: few sets for many series.
#[derive(Default)]
struct AttributeSets {
    list: Vec<Attributes>,
    places: HashMap<(u32, u16, u8), Result<u32, String>>,
}

impl AttributeSets {
    /// The place of each series' attributes.
    fn work_out(&mut self, draft: &Draft, findings: &mut Findings) -> Vec<u32> {
        let mut missing = BTreeSet::new();
        let list = &draft.series;
        let mut places = Vec::with_capacity(list.said.len());
        // No series is without observations, or there was an error.
        let all = draft.figures.chunk_by(|a, b| a.series == b.series);
        for ((key, said), figures) in list.index.keys().iter().zip(&list.said).zip(all) {
            let valued = figures.iter().filter(|figure| figure.has_value());
            let decimals = valued.map(Figure::scale).max().unwrap_or(0);
            let set = (*said, key[Dimension::Indicator.position()], decimals);
            let place = self.places.entry(set).or_insert_with(|| {
                let made = series_without_values(draft, key, *said, decimals);
                let made = made.map_err(|error| error.to_string())?;
                missing.extend(made.missing_attributes());
                let (_, attributes, _) = made.into_parts();
                self.list.push(attributes);
                u32::try_from(self.list.len() - 1).map_err(|error| error.to_string())
            });
            match place {
                Ok(place) => places.push(*place),
                Err(why) => {
                    let line = figures.first().map_or(1, Figure::line);
                    findings.error(line, None, why.clone());
                }
            }
        }
        if findings.errors() == 0 {
            for id in missing {
                let message = format!("{id} is missing: add a column or an [attributes] line");
                findings.warning(1, None, message);
            }
        }
        places
    }
}

fn series_without_values(draft: &Draft, key: &Key, said: u32, decimals: u8) -> Result<Series, ModelError> {
    let key = SeriesKey::from_parts(&draft.series.codes.parts(key))?;
    let texts = draft.series.texts[said as usize].clone();
    let attributes = with_usual(texts, key.indicator(), decimals);
    Series::new(key, Attributes::new(Attachment::Series, attributes)?, Vec::new())
}

/// The attributes with those that can be worked out.
fn with_usual(mut texts: Texts, indicator: &str, decimals: u8) -> Texts {
    let core = catalogue::get(indicator);
    let usual = [
        (AttributeId::UnitMult, Some("0".to_owned())),
        (AttributeId::Decimals, Some(decimals.to_string())),
        (AttributeId::SensClass, core.map(|i| i.sens.id().to_owned())),
        (AttributeId::DiscRule, core.map(|i| i.rule.id().to_owned())),
    ];
    for (id, text) in usual {
        if texts.iter().all(|(given, _)| *given != id) {
            texts.extend(text.map(|text| (id, text)));
        }
    }
    texts
}
