//! What an agreement lets out of what this node holds, counted series by series.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::codelist::Language;
use crate::model::{AttributeId, Period, SeriesKey, SeriesPattern, catalogue};
use crate::node::engine::{Engine, NodeError, Rows};
use crate::policy::{Book, Decision, Reason, Shape, Subject};
use crate::view::Query;

/// What becomes of one indicator's figures.
#[derive(Default)]
struct Line {
    series: u64,
    observations: u64,
    withheld: BTreeMap<Reason, u64>,
}

/// A series with all its periods, under whichever agreements it was released.
type Held = (SeriesKey, Option<catalogue::Sensitivity>, Vec<Period>);

impl Engine {
    /// A row for each indicator that we have released anything of, to whomever: how many series and observations would go out if the agreement
    /// were in force, and why the others would not. Counted outside the node's loop.
    pub(in crate::node) fn what_if(&mut self, name: &str) -> Result<Rows, NodeError> {
        let agreement = self.agreement(name)?;
        self.store.fold()?;
        let (us, derived) = (self.us(), self.store.derived().clone());
        let keyring = Arc::clone(self.house.keyring());
        Ok(Rows::new(move |each| {
            let query = Query { publishers: vec![us], ..Query::current(SeriesPattern::any()) };
            let (mut lines, mut at) = (BTreeMap::<String, Line>::new(), None::<Held>);
            let mut count = |held: Option<Held>| {
                let Some((key, stated, periods)) = held else { return };
                let subject = Subject { key: &key, stated, periods: &periods };
                let decision = Book::decide_by_text(agreement.text(), us, &subject, &keyring);
                lines.entry(key.indicator().to_owned()).or_default().add(decision, periods.len());
            };
            // The same series under several agreements comes in rows that follow each other.
            derived.query(&query, &mut |series| {
                if at.as_ref().is_none_or(|(key, _, _)| *key != series.key) {
                    let stated = series.attributes.get(AttributeId::SensClass);
                    let stated = stated.and_then(catalogue::Sensitivity::from_id);
                    count(at.replace((series.key.clone(), stated, Vec::new())));
                }
                if let Some((_, _, periods)) = &mut at {
                    periods.extend(series.stated().map(|(period, _, _)| period));
                    periods.sort_unstable();
                    periods.dedup();
                }
                true
            })?;
            count(at);
            lines.into_iter().all(|(indicator, line)| each(&line.row(&indicator).to_string()));
            Ok(())
        }))
    }
}

impl Line {
    fn add(&mut self, decision: Decision, periods: usize) {
        let (shared, why) = match decision {
            Decision::Share(Shape::Whole) => (periods, None),
            Decision::Share(Shape::Cut(kept)) => (kept.len(), Some(Reason::Period)),
            Decision::Withhold(why) => (0, Some(why)),
        };
        self.series += u64::from(shared > 0);
        self.observations += shared as u64;
        if let Some(why) = why {
            *self.withheld.entry(why).or_default() += (periods - shared) as u64;
        }
    }

    fn row(&self, indicator: &str) -> Value {
        let by = |name: fn(Reason) -> &'static str| -> BTreeMap<&'static str, u64> {
            self.withheld.iter().map(|(why, count)| (name(*why), *count)).collect()
        };
        let (words, codes) = (by(Reason::as_str), by(Reason::code));
        json!({
            "indicator": indicator,
            "name": catalogue::get(indicator).map(|known| known.name(Language::En)),
            "series": self.series,
            "observations": self.observations,
            "withheld": words,
            "withheld_codes": codes,
        })
    }
}
