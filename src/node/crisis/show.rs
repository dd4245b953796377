//! The common picture as an answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::watermark;
use crate::insight::crisis::{Balance, Basis, Kind, Picture, Report};
use crate::model::Millis;
use crate::node::engine::{Engine, NodeError};

/// The newest corrections and bulletins that an answer names.
const MAX_NAMED: usize = 100;

impl Engine {
    pub(super) fn crisis_show(&mut self, name: Option<&str>) -> Result<Value, NodeError> {
        let lane = self.lane(name)?;
        let mut value = self.describe_lane(&lane);
        let lessons: BTreeMap<String, String> = self
            .house
            .crisis
            .lessons(&lane.id())
            .map(|(who, text)| (who.to_owned(), text.to_owned()))
            .collect();
        value["lessons"] = json!(lessons);
        value["summary"] = json!(self.house.crisis.summary(&lane.id()));
        value["erasures"] = self.lane_erasures(lane.id());
        let [hold, lack] = self.lane_receipts(&lane)?;
        value["acknowledged"] = json!(self.countries(&hold));
        value["unacknowledged"] = json!(self.countries(&lack));
        value["reporting_places"] = json!(self.reporting_places(&lane)?);
        let waiting = self.house.crisis.all_waiting(lane.id());
        value["waiting"] = waiting
            .map(|one| {
                json!({
                    "bulletin": one.bulletin.id,
                    "observed": one.bulletin.observed().to_string(),
                    "officers": one.officers,
                })
            })
            .collect();
        let now = self.now();
        value["as_of"] = json!(now.to_string());
        value["watermark"] = json!(lane.text().crisis.lane().and_then(watermark));
        let ahead = self
            .board(lane.id())?
            .ahead()
            .map(|(who, bulletin, to_come)| (who, bulletin.to_owned(), to_come));
        let ahead: Vec<_> = ahead.collect();
        value["ahead"] = ahead
            .into_iter()
            .map(|(who, bulletin, to_come)| {
                json!({ "publisher": self.country_of(&who), "bulletin": bulletin, "to_come": to_come })
            })
            .collect();
        let tally = self.board(lane.id())?.tally();
        describe(tally.picture(), now, &mut value);
        value["bulletins"] = json!(tally.len());
        value["closed_cells"] = json!(tally.newest().map(|report| report.closed).sum::<u64>());
        value["newest"] = tally.newest().take(MAX_NAMED).map(|report| bulletin(report, now)).collect();
        value["corrections"] = corrections(tally.newest());
        Ok(value)
    }
}

fn describe(picture: &Picture, now: Millis, value: &mut Value) {
    value["totals"] = balance(&picture.all, now);
    let origins = picture.origins.iter();
    value["origins"] = origins
        .map(|(origin, of)| {
            let mut row = balance(of, now);
            row["origin"] = json!(origin);
            row
        })
        .collect();
    let publishers = picture.publishers.iter();
    value["publishers"] = publishers
        .map(|((publisher, kind), basis)| {
            let mut row = figure(basis, now);
            (row["publisher"], row["kind"]) = (json!(publisher), json!(kind.id()));
            row
        })
        .collect();
    value["places"] = picture
        .places
        .iter()
        .map(|((publisher, place, kind), basis)| {
            let mut row = figure(basis, now);
            (row["publisher"], row["place"], row["kind"]) =
                (json!(publisher), json!(place), json!(kind.id()));
            row
        })
        .collect();
    let mut days: BTreeMap<String, Value> = BTreeMap::new();
    for ((day, kind), basis) in &picture.days {
        let row = days.entry(day.to_string()).or_insert_with(|| json!({ "day": day.to_string() }));
        row[kind.id()] = json!(basis.count);
    }
    value["days"] = days.into_values().collect();
    value["needs"] = picture
        .needs
        .iter()
        .map(|((origin, need), basis)| {
            let mut row = figure(basis, now);
            (row["origin"], row["need"]) = (json!(origin), json!(need));
            row
        })
        .collect();
    let duplicates = picture.duplicates.iter();
    value["duplicates"] = duplicates
        .map(|one| json!({ "bulletin": one.bulletin, "counted": one.counted, "left_out": one.left_out }))
        .collect();
}

fn balance(balance: &Balance, now: Millis) -> Value {
    let mut value = json!({ "unaccounted": balance.unaccounted() });
    for kind in [Kind::Known, Kind::Present, Kind::Crossed, Kind::Home] {
        value[kind.id()] = balance.counts.get(&kind).map_or(Value::Null, |basis| figure(basis, now));
    }
    value
}

/// A count with what it rests on and how old that is.
pub(super) fn figure(basis: &Basis, now: Millis) -> Value {
    let time = |time: Option<Millis>| time.map(|time| time.to_string());
    json!({
        "count": basis.count,
        "from": basis.publishers,
        "bulletins": basis.parts.len(),
        "oldest": time(basis.oldest),
        "newest": time(basis.newest),
        "age_seconds": basis.newest.map(|newest| now.0.saturating_sub(newest.0) / 1000),
    })
}

pub(super) fn bulletin(report: &Report, now: Millis) -> Value {
    json!({
        "publisher": report.publisher,
        "bulletin": report.bulletin,
        "observed": report.observed.to_string(),
        "signed": report.signed.to_string(),
        "age_seconds": now.0.saturating_sub(report.observed.0) / 1000,
        "place": report.place,
        "corrected": report.corrections.len(),
        "ahead": report.ahead,
    })
}

/// The newest corrections of all bulletins, with their reasons.
fn corrections<'a>(reports: impl Iterator<Item = &'a Report>) -> Value {
    let mut all: Vec<(Millis, &Report, &str)> = reports
        .flat_map(|report| report.corrections.iter().map(move |(time, why)| (*time, report, why.as_str())))
        .collect();
    all.sort_by_key(|(time, _, _)| std::cmp::Reverse(*time));
    all.into_iter()
        .take(MAX_NAMED)
        .map(|(time, report, why)| {
            json!({
                "publisher": report.publisher,
                "bulletin": report.bulletin,
                "time": time.to_string(),
                "reason": why,
            })
        })
        .collect()
}
