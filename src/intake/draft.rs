//! A series while its file is read: the key is checked, the observations still come in.

use std::borrow::Cow;

use crate::intake::Rules;
use crate::intake::finding::{Findings, Noted, explain};
use crate::intake::plan::{Origin, Plan};
use crate::model::catalogue::Sensitivity;
use crate::model::dimension::DIMENSIONS;
use crate::model::{
    Attachment, AttributeId, Attributes, Dimension, IndicatorCode, ModelError, Observation, Period, Series,
    SeriesKey, catalogue,
};

/// A series and the line of each of its observations.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) key: SeriesKey,
    pub(super) attributes: Vec<(AttributeId, String)>,
    /// Are persons or things counted, so that a value is never below zero?
    pub(super) counts: bool,
    pub(super) observations: Vec<(Observation, u64)>,
}

/// Units that count.
const COUNTED: [&str; 3] = ["PS", "COUNT", "POSTS"];

impl Draft {
    /// The series to send, with the attributes that can be worked out.
    pub(super) fn into_series(self) -> Result<Series, ModelError> {
        let observations: Vec<Observation> = self.observations.into_iter().map(|(o, _)| o).collect();
        let decimals = observations.iter().filter_map(Observation::value).map(|v| v.scale()).max();
        let core = catalogue::get(self.key.indicator());
        let usual = [
            (AttributeId::UnitMult, Some("0".to_owned())),
            (AttributeId::Decimals, Some(decimals.unwrap_or(0).to_string())),
            (AttributeId::SensClass, core.map(|i| i.sens.id().to_owned())),
            (AttributeId::DiscRule, core.map(|i| i.rule.id().to_owned())),
        ];
        let mut attributes = self.attributes;
        for (id, text) in usual {
            if attributes.iter().all(|(given, _)| *given != id) {
                attributes.extend(text.map(|text| (id, text)));
            }
        }
        Series::new(self.key, Attributes::new(Attachment::Series, attributes)?, observations)
    }
}

/// Reads the codes of a row and checks them together.
pub(super) struct Resolver<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rules: Rules<'a>,
    pub(super) findings: &'a mut Findings,
    pub(super) line: u64,
}

impl<'a> Resolver<'a> {
    /// The series of a row, or the first of the findings.
    pub(super) fn resolve(
        &mut self,
        row: &csv::ByteRecord,
        group: u16,
        period: Period,
    ) -> Result<Draft, Noted> {
        let parts = self.parts(row, group, period)?;
        let key = self.key(&parts.each_ref().map(AsRef::as_ref))?;
        if !period.matches_freq(key.freq()) {
            let error = ModelError::Frequency { period: period.to_string(), freq: key.freq().to_owned() };
            return Err(self.fault(Dimension::Freq, &error));
        }
        self.reporter(&key)?;
        self.unit(&key)?;
        let attributes = self.attributes(row, &key)?;
        let counts = COUNTED.contains(&key.unit_measure());
        Ok(Draft { key, attributes, counts, observations: Vec::new() })
    }

    fn parts<'r>(
        &mut self,
        row: &'r csv::ByteRecord,
        group: u16,
        period: Period,
    ) -> Result<[Cow<'r, str>; DIMENSIONS], Noted>
    where
        'a: 'r,
    {
        let mut parts: [Cow<'r, str>; DIMENSIONS] = Default::default();
        let plan = self.plan;
        let mut bad = None;
        for dimension in Dimension::ALL {
            let own = plan.groups.get(usize::from(group)).into_iter().flatten();
            let given =
                own.filter(|(d, _)| *d == dimension).map(|(_, code)| Cow::Borrowed(code.as_str())).next();
            let code = match given {
                Some(code) => Some(code),
                None => match self.text(row, &plan.dimensions[dimension.position()]) {
                    Ok(code) => code,
                    Err(noted) => {
                        bad.get_or_insert(noted);
                        continue;
                    }
                },
            };
            let indicator = &*parts[Dimension::Indicator.position()];
            match code.or_else(|| usual(dimension, indicator, period)) {
                Some(code) => parts[dimension.position()] = code,
                None => {
                    let noted = self.fault(dimension, &ModelError::Missing { dimension: dimension.id() });
                    bad.get_or_insert(noted);
                }
            }
        }
        bad.map_or(Ok(parts), Err)
    }

    /// The code of an origin; none where the file does not speak of it.
    fn text<'r>(
        &mut self,
        row: &'r csv::ByteRecord,
        origin: &'r Origin,
    ) -> Result<Option<Cow<'r, str>>, Noted> {
        let column = match origin {
            Origin::Absent => return Ok(None),
            Origin::Constant(text) => return Ok(Some(Cow::Borrowed(text))),
            Origin::Column(column) => column,
        };
        let name = self.plan.name(column.at);
        let Ok(word) = str::from_utf8(row.get(column.at).unwrap_or_default()) else {
            let message = "the text is not UTF-8: save the file as CSV (UTF-8)".to_owned();
            return Err(self.findings.error(self.line, name, message));
        };
        Ok(Some(Cow::Borrowed(column.code(word.trim_ascii()))))
    }

    /// Notes every code that is not in its list.
    fn key(&mut self, parts: &[&str; DIMENSIONS]) -> Result<SeriesKey, Noted> {
        let error = match SeriesKey::from_parts(parts) {
            Ok(key) => return Ok(key),
            Err(error) => error,
        };
        let mut bad = None;
        for (dimension, code) in Dimension::ALL.into_iter().zip(parts) {
            let checked = match dimension.codelist() {
                Some(list) if !list.contains(code) => Err(list.unknown(dimension.id(), code)),
                None if dimension == Dimension::Indicator => IndicatorCode::parse(code).map(drop),
                Some(_) | None => Ok(()),
            };
            if let Err(error) = checked {
                let noted = self.fault(dimension, &error);
                bad.get_or_insert(noted);
            }
        }
        // What is left is the form of SUBNAT, which depends on the areas.
        Err(bad.unwrap_or_else(|| self.fault(Dimension::Subnat, &error)))
    }

    fn fault(&mut self, dimension: Dimension, error: &ModelError) -> Noted {
        let column = self.plan.column_of(&self.plan.dimensions[dimension.position()]);
        let blank = matches!(error, ModelError::UnknownCode { value, .. } if value.is_empty());
        let message = match (blank, error) {
            (true, _) => "the cell is empty: write the code, _T for a total".to_owned(),
            (false, ModelError::Missing { .. }) => {
                format!("{error}: add a column {}, or a constant in the mapping", dimension.id())
            }
            (false, _) => explain(error, column),
        };
        self.findings.error(self.line, column, message)
    }

    fn reporter(&mut self, key: &SeriesKey) -> Result<(), Noted> {
        match self.rules.country {
            Some(country) if country != key.ref_area() => {
                let column = self.plan.column_of(&self.plan.dimensions[Dimension::RefArea.position()]);
                let message = format!(
                    "REF_AREA is {}, but this node reports for {country}: remove the row",
                    key.ref_area()
                );
                Err(self.findings.error(self.line, column, message))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn unit(&mut self, key: &SeriesKey) -> Result<(), Noted> {
        let Some(core) = catalogue::get(key.indicator()).filter(|i| i.unit() != key.unit_measure()) else {
            return Ok(());
        };
        let column = self.plan.column_of(&self.plan.dimensions[Dimension::UnitMeasure.position()]);
        let message = format!(
            "UNIT_MEASURE is {}, but {} is given in {}: convert the values, or correct the code",
            key.unit_measure(),
            core.code(),
            core.unit()
        );
        Err(self.findings.error(self.line, column, message))
    }

    fn attributes(
        &mut self,
        row: &csv::ByteRecord,
        key: &SeriesKey,
    ) -> Result<Vec<(AttributeId, String)>, Noted> {
        let mut list = Vec::new();
        let plan = self.plan;
        for (id, origin) in &plan.attributes {
            let Some(text) = self.text(row, origin)?.filter(|t| !t.is_empty()) else { continue };
            let column = self.plan.column_of(origin);
            if let Err(error) = Attributes::new(Attachment::Series, [(*id, &text)]) {
                return Err(self.findings.error(self.line, column, explain(&error, column)));
            }
            let core = catalogue::get(key.indicator()).map(|i| i.sens);
            let given = Sensitivity::from_id(&text).filter(|_| *id == AttributeId::SensClass);
            if let (Some(core), Some(given)) = (core, given)
                && given < core
            {
                let message = format!(
                    "SENS_CLASS {} is weaker than the {} of {}: leave it out or raise it",
                    given.id(),
                    core.id(),
                    key.indicator()
                );
                return Err(self.findings.error(self.line, column, message));
            }
            list.push((*id, text.into_owned()));
        }
        Ok(list)
    }
}

/// The code of a dimension that the file does not speak of. The indicator stands before all that depend on it.
fn usual(dimension: Dimension, indicator: &str, period: Period) -> Option<Cow<'static, str>> {
    let code = match dimension {
        Dimension::RefArea | Dimension::Indicator => return None,
        Dimension::Freq => period.freq(),
        // An indicator that does not exist is the fault to tell of, not that nobody knows its unit.
        Dimension::UnitMeasure if IndicatorCode::parse(indicator).is_err() => "PS",
        Dimension::UnitMeasure => catalogue::get(indicator)?.unit(),
        Dimension::Basis => "_Z",
        _ => "_T",
    };
    Some(Cow::Borrowed(code))
}
