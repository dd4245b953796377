//! What a figure of the common picture rests on, down to the entries that were signed.

use serde_json::{Value, json};

use super::show::{bulletin, figure};
use super::watermark;
use crate::insight::crisis::{Kind, Name, Report, origin_of};
use crate::model::{Dimension, Millis};
use crate::node::engine::{Engine, NodeError};
use crate::policy::Agreement;

/// The most bulletins, and the most cells of one, that an answer lists.
const MAX_LISTED: usize = 2_000;

impl Engine {
    pub(super) fn crisis_rests(&mut self, lane: Option<&str>, name: &str) -> Result<Value, NodeError> {
        let lane = self.lane(lane)?;
        let now = self.now();
        let tally = self.board(lane.id())?.tally();
        let basis = Name::parse(name).and_then(|name| tally.picture().basis(&name)).ok_or_else(|| {
            NodeError::NotFound(format!(
                "nobody has reported {name:?}; figures are called as totals/crossed, origins/PHL/known, publishers/TUN/crossed, \
                 places/TUN/TN-82/crossed, days/2011-03-02/home and needs/BGD/STRAND"
            ))
        })?;
        let mut value = headed(&lane, now, figure(basis, now));
        let mut rests: Vec<(&Report, i64)> =
            basis.parts.iter().filter_map(|(at, part)| Some((tally.report(*at)?, part.count))).collect();
        rests.sort_by_key(|(report, _)| std::cmp::Reverse((report.observed, report.signed)));
        value["figure"] = json!(name);
        value["left_out"] = json!(rests.len().saturating_sub(MAX_LISTED));
        let rows = rests.into_iter().take(MAX_LISTED).map(|(report, count)| {
            let mut row = bulletin(report, now);
            row["count"] = json!(count);
            row
        });
        value["rests"] = rows.collect();
        Ok(value)
    }

    pub(super) fn crisis_bulletin(
        &mut self,
        lane: Option<&str>,
        (publisher, id): (&str, &str),
    ) -> Result<Value, NodeError> {
        let lane = self.lane(lane)?;
        let area = lane.text().crisis.lane().map(|lane| lane.area.clone()).unwrap_or_default();
        let missing = || {
            NodeError::NotFound(format!(
                "there is no bulletin {id:?} of {publisher} here; `corridor crisis show` names the newest"
            ))
        };
        let (report, stated) = self.bulletin_stated(lane.id(), (publisher, id))?.ok_or_else(missing)?;
        let now = self.now();
        let mut value = headed(&lane, now, bulletin(&report, now));
        let corrections = report.corrections.iter();
        value["corrections"] =
            corrections.map(|(time, why)| json!({ "time": time.to_string(), "reason": why })).collect();
        value["closed_cells"] = json!(report.closed);
        value["left_out"] = json!(stated.len().saturating_sub(MAX_LISTED));
        let rows = stated.iter().take(MAX_LISTED).filter_map(|((key, period, count), (seq, entry))| {
            let kind = Kind::of(key.indicator())?;
            let told = |dimension: Dimension| Some(key.dimension(dimension)).filter(|code| *code != "_T");
            Some(json!({
                "key": key.as_str(),
                "period": period.to_string(),
                "kind": kind.id(),
                "origin": origin_of(kind, key, &area),
                "place": told(Dimension::Subnat),
                "need": told(Dimension::Reason),
                "sex": told(Dimension::Sex),
                "age": told(Dimension::Age),
                "count": count,
                "seq": seq.0,
                "entry": entry.to_hex(),
            }))
        });
        value["observations"] = rows.collect();
        Ok(value)
    }
}

/// An answer about a lane, with what stands over everything of it.
fn headed(lane: &Agreement, now: Millis, mut value: Value) -> Value {
    let terms = lane.text().crisis.lane();
    value["lane"] = json!(lane.id().to_hex());
    value["name"] = json!(terms.map(|lane| &lane.name));
    value["area"] = json!(terms.map(|lane| &lane.area));
    value["watermark"] = json!(terms.and_then(watermark));
    value["as_of"] = json!(now.to_string());
    value
}
