//! The codes of a row, checked together, with everything that is wrong with them told.
//!
//! Slow and thorough: `keys` asks here only about what it has not seen to be right.

use std::borrow::Cow;

use crate::intake::Rules;
use crate::intake::batch::Row;
use crate::intake::finding::{Findings, Noted};
use crate::intake::plan::{Origin, Plan};
use crate::model::catalogue::Sensitivity;
use crate::model::dimension::DIMENSIONS;
use crate::model::{
    Attachment, AttributeId, Attributes, Dimension, IndicatorCode, ModelError, Period, SeriesKey, catalogue,
};

/// What is said of text in another encoding.
pub(super) const NOT_UTF8: &str = "the text is not UTF-8: save the file as CSV (UTF-8)";

/// Attributes of a series as the file gives them.
pub(super) type Texts = Vec<(AttributeId, String)>;

/// Reads the codes of a row and checks them together.
pub(super) struct Resolver<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rules: Rules<'a>,
    pub(super) findings: &'a mut Findings,
}

impl<'a> Resolver<'a> {
    /// The key and the attributes of a row's series, or the first of the findings.
    pub(super) fn resolve(
        &mut self,
        row: Row<'_>,
        group: u16,
        period: Period,
    ) -> Result<(SeriesKey, Texts), Noted> {
        let parts = self.parts(row, group, period)?;
        let key = self.key(row.line, &parts.each_ref().map(AsRef::as_ref))?;
        if !period.matches_freq(key.freq()) {
            let error = ModelError::Frequency { period: period.to_string(), freq: key.freq().to_owned() };
            return Err(self.fault(row.line, Dimension::Freq, &error));
        }
        self.reporter(row.line, &key)?;
        self.unit(row.line, &key)?;
        let texts = self.attributes(row, &key)?;
        Ok((key, texts))
    }

    fn parts<'r>(
        &mut self,
        row: Row<'r>,
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
            match code.or_else(|| usual(dimension, indicator, period).map(Cow::Borrowed)) {
                Some(code) => parts[dimension.position()] = code,
                None => {
                    let noted =
                        self.fault(row.line, dimension, &ModelError::Missing { dimension: dimension.id() });
                    bad.get_or_insert(noted);
                }
            }
        }
        bad.map_or(Ok(parts), Err)
    }

    /// The code of an origin; none where the file does not speak of it.
    fn text<'r>(&mut self, row: Row<'r>, origin: &'r Origin) -> Result<Option<Cow<'r, str>>, Noted> {
        let column = match origin {
            Origin::Absent => return Ok(None),
            Origin::Constant(text) => return Ok(Some(Cow::Borrowed(text))),
            Origin::Column(column) => column,
        };
        let name = self.plan.name(column.at);
        let Ok(word) = str::from_utf8(column.field(row)) else {
            let message = NOT_UTF8.to_owned();
            return Err(self.findings.error(row.line, name, message));
        };
        if let Some(why) = column.refuses(word) {
            return Err(self.findings.error(row.line, name, why));
        }
        Ok(Some(Cow::Borrowed(column.code(word))))
    }

    /// Notes every code that is not in its list.
    fn key(&mut self, line: u64, parts: &[&str; DIMENSIONS]) -> Result<SeriesKey, Noted> {
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
                let noted = self.fault(line, dimension, &error);
                bad.get_or_insert(noted);
            }
        }
        // What is left is the form of SUBNAT, which depends on the areas.
        Err(bad.unwrap_or_else(|| self.fault(line, Dimension::Subnat, &error)))
    }

    fn fault(&mut self, line: u64, dimension: Dimension, error: &ModelError) -> Noted {
        let column = self.plan.column_of(&self.plan.dimensions[dimension.position()]);
        let blank = matches!(error, ModelError::UnknownCode { value, .. } if value.is_empty());
        let message = match (blank, error) {
            (true, _) => "the cell is empty: write the code, _T for a total".to_owned(),
            (false, ModelError::Missing { .. }) => {
                format!("{error}: add a column {}, or a constant in the mapping", dimension.id())
            }
            (false, _) => self.findings.explain(error, column),
        };
        self.findings.error(line, column, message)
    }

    fn reporter(&mut self, line: u64, key: &SeriesKey) -> Result<(), Noted> {
        match self.rules.country {
            Some(country) if country != key.ref_area() => {
                let column = self.plan.column_of(&self.plan.dimensions[Dimension::RefArea.position()]);
                let message = format!(
                    "REF_AREA is {}, but this node reports for {country}: remove the row",
                    key.ref_area()
                );
                Err(self.findings.error(line, column, message))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn unit(&mut self, line: u64, key: &SeriesKey) -> Result<(), Noted> {
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
        Err(self.findings.error(line, column, message))
    }

    fn attributes(&mut self, row: Row<'_>, key: &SeriesKey) -> Result<Texts, Noted> {
        let mut list = Texts::new();
        let line = row.line;
        let plan = self.plan;
        for (id, origin) in &plan.attributes {
            let Some(text) = self.text(row, origin)?.filter(|t| !t.is_empty()) else { continue };
            let column = self.plan.column_of(origin);
            if let Err(error) = Attributes::new(Attachment::Series, [(*id, &text)]) {
                let message = self.findings.explain(&error, column);
                return Err(self.findings.error(line, column, message));
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
                return Err(self.findings.error(line, column, message));
            }
            list.push((*id, text.into_owned()));
        }
        Ok(list)
    }
}

/// The code of a dimension that the file does not speak of. The indicator stands before all that depend on it.
pub(super) fn usual(dimension: Dimension, indicator: &str, period: Period) -> Option<&'static str> {
    Some(match dimension {
        Dimension::RefArea | Dimension::Indicator => return None,
        Dimension::Freq => period.freq(),
        // An indicator that does not exist is the fault to tell of, not that nobody knows its unit.
        Dimension::UnitMeasure if IndicatorCode::parse(indicator).is_err() => "PS",
        Dimension::UnitMeasure => catalogue::get(indicator)?.unit(),
        Dimension::Basis => "_Z",
        _ => "_T",
    })
}
