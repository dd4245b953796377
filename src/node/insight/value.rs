//! Analysis as JSON: decimals are strings, names are in `snake_case` and stay.

use serde_json::{Map, Value, json};

use crate::insight::diaspora::{Dated, Host};
use crate::insight::labour::Match;
use crate::insight::mirror::{
    self, Comparable, ComparablePair, Definition, Difference, FACTOR_SETS, Matched, Trend,
};
use crate::insight::quality::{Assessment, Report};
use crate::insight::region::{Coverage, Flow, Matrix, Measure, Profile, Total};
use crate::model::catalogue::{self, Breakdown, Mirror};
use crate::model::{Decimal, Period};

/// Corridors that are named as the largest.
const LARGEST: usize = 10;

/// Both ends of a corridor.
#[must_use]
pub fn mirror(matched: &Matched) -> Value {
    let compared = &matched.mirror;
    let summary = &compared.summary;
    let sides = (&matched.origin, &matched.destination);
    let on = |set| mirror::on_common_basis(&compared.pairs, sides, set);
    json!({
        "origin": compared.origin,
        "destination": compared.destination,
        "indicator": compared.indicator,
        "mirror_indicator": compared.mirror_indicator,
        "pairing": pairing(&compared.indicator),
        "key": matched.key.as_str(),
        "mirror_key": matched.mirror_key.as_str(),
        "pairs": compared.pairs.iter().map(pair).collect::<Vec<_>>(),
        "alone": compared.alone.iter().map(alone).collect::<Vec<_>>(),
        "missing": compared.missing(),
        "summary": {
            "pairs": summary.pairs,
            "mean_ratio": text(summary.mean_ratio),
            "min_ratio": text(summary.min_ratio),
            "max_ratio": text(summary.max_ratio),
            "flagged": summary.flagged,
            "only_origin": compared.only_origin,
            "only_destination": compared.only_destination,
        },
        "trend": compared.trend.as_ref().map(trend),
        "definitions": { "origin": definition(sides.0), "destination": definition(sides.1) },
        "differences": mirror::differences(sides.0, sides.1).iter().map(difference).collect::<Vec<_>>(),
        "comparable": FACTOR_SETS.iter().filter_map(on).map(|one| comparable(&one)).collect::<Vec<_>>(),
    })
}

fn pair(pair: &mirror::Pair) -> Value {
    json!({
        "time_period": pair.period.to_string(),
        "origin_value": pair.origin_value.to_string(),
        "destination_value": pair.destination_value.to_string(),
        "ratio": text(pair.ratio),
        "asymmetry": text(pair.asymmetry),
        "flagged": pair.flagged,
    })
}

fn alone(one: &mirror::Alone) -> Value {
    json!({
        "time_period": one.period.to_string(),
        "origin_value": text(one.origin_value),
        "destination_value": text(one.destination_value),
    })
}

fn trend(trend: &Trend) -> Value {
    json!({
        "earlier": trend.earlier.to_string(),
        "later": trend.later.to_string(),
        "direction": trend.direction.as_str(),
    })
}

fn definition(definition: &Definition) -> Value {
    let stated = definition.stated.iter().map(|(id, text)| (id.id().to_lowercase(), json!(text)));
    Value::Object(stated.collect::<Map<_, _>>())
}

fn difference(one: &Difference) -> Value {
    json!({
        "attribute": one.attribute.id().to_lowercase(),
        "origin": one.origin,
        "destination": one.destination,
    })
}

fn comparable(one: &Comparable) -> Value {
    let pair = |pair: &ComparablePair| {
        json!({
            "time_period": pair.period.to_string(),
            "origin_value": text(pair.origin_value),
            "destination_value": text(pair.destination_value),
            "asymmetry": text(pair.asymmetry),
            "explained": text(pair.explained),
        })
    };
    json!({
        "set": one.set.name,
        "source": one.set.source,
        "origin_factor": one.origin_factor.to_string(),
        "destination_factor": one.destination_factor.to_string(),
        "pairs": one.pairs.iter().map(pair).collect::<Vec<_>>(),
    })
}

/// How the figures of both ends relate.
fn pairing(indicator: &str) -> &'static str {
    match catalogue::get(indicator).map(|one| &one.mirror) {
        Some(Mirror::Equal(_)) => "equal",
        Some(Mirror::Soft(_)) => "soft",
        Some(Mirror::Matching(_)) => "matching",
        Some(Mirror::AgencyTotals(_) | Mirror::None) | None => "none",
    }
}

/// Corridors whose ends lie furthest apart.
#[must_use]
pub fn widest(corridors: &[Matched]) -> Value {
    let one = |matched: &Matched| {
        let compared = &matched.mirror;
        let mut value = compared.pairs.last().map_or_else(|| json!({}), pair);
        value["origin"] = json!(compared.origin);
        value["destination"] = json!(compared.destination);
        value["indicator"] = json!(compared.indicator);
        value["mirror_indicator"] = json!(compared.mirror_indicator);
        value["pairs"] = json!(compared.summary.pairs);
        value["trend"] = json!(compared.trend.map(|trend| trend.direction.as_str()));
        value
    };
    json!({ "corridors": corridors.iter().map(one).collect::<Vec<_>>() })
}

/// A regional profile. The matrix is that of a period, or of the newest of each measure; the digest is of all.
#[must_use]
pub fn region(title: &str, profile: &Profile, (indicator, period): (Option<&str>, Option<Period>)) -> Value {
    let is_wanted = |measure: &Measure| indicator.is_none_or(|code| measure.indicator == code);
    let totals = profile.totals.iter().filter(|one| is_wanted(&one.measure));
    let mut measures: Vec<(&Measure, Period)> = profile.newest();
    if let Some(period) = period {
        measures.iter_mut().for_each(|one| one.1 = period);
    }
    measures.retain(|(measure, _)| is_wanted(measure));
    let matrices: Vec<&Matrix> =
        measures.iter().filter_map(|(measure, period)| profile.matrix(measure, *period)).collect();
    let cells = |of: fn(&Matrix) -> Vec<&Flow>| -> Vec<Value> {
        matrices.iter().flat_map(|matrix| of(matrix).into_iter().map(|one| flow(matrix, one))).collect()
    };
    let covered = profile.coverage.iter().filter(|one| !one.reporting.is_empty()).count();
    let one_coverage = |one: &Coverage| coverage(one, profile.members.len());
    json!({
        "agreement": profile.agreement.to_hex(),
        "title": title,
        "members": profile.members.iter().map(|member| &member.country).collect::<Vec<_>>(),
        "reporting": profile.reporting,
        "missing": profile.missing,
        "indicators": totals.map(total).collect::<Vec<_>>(),
        "core": { "covered": covered, "of": profile.coverage.len() },
        "coverage": profile.coverage.iter().map(one_coverage).collect::<Vec<_>>(),
        "matrix": cells(|matrix| matrix.flows.iter().collect()),
        "largest": cells(|matrix| matrix.largest(LARGEST)),
        "digest": profile.digest.to_hex(),
    })
}

fn total(total: &Total) -> Value {
    let mut value = json!({
        "time_period": total.period.to_string(),
        "total": text(total.sum.total),
        "male": text(total.sum.male),
        "female": text(total.sum.female),
        "cells": total.cells,
        "withheld": total.withheld,
        "reporting": total.reporting.len(),
        "known_share": text(total.known_share),
        "is_representative": total.is_representative,
        "is_comparable": total.is_comparable,
    });
    name(&mut value, &total.measure);
    value
}

fn flow(matrix: &Matrix, flow: &Flow) -> Value {
    let mut value = json!({
        "time_period": matrix.period.to_string(),
        "origin": &*flow.origin,
        "destination": &*flow.destination,
        "total": text(flow.value.total),
        "male": text(flow.value.male),
        "female": text(flow.value.female),
    });
    name(&mut value, &matrix.measure);
    value
}

fn name(value: &mut Value, measure: &Measure) {
    value["indicator"] = json!(measure.indicator);
    value["freq"] = json!(measure.freq);
    value["basis"] = json!(measure.basis);
    value["duration"] = json!(measure.duration);
    value["unit_measure"] = json!(measure.unit);
}

fn coverage(one: &Coverage, members: usize) -> Value {
    json!({
        "indicator": one.indicator,
        "reporting": one.reporting,
        "count": one.reporting.len(),
        "members": members,
        "newest": one.newest.map(|period| period.to_string()),
    })
}

/// What is measured of a publisher; with every indicator, or in short.
#[must_use]
pub fn quality((country, publisher): &(String, String), report: &Report, in_full: bool) -> Value {
    let gaps = report.gaps.iter().map(|(code, gap)| json!({ "indicator": code, "gap": gap.as_str() }));
    let mut value = json!({
        "country": country,
        "publisher": publisher,
        "reported": report.reported,
        "core": report.core,
        "coverage": text(report.coverage),
        "overdue": report.overdue,
        "median_age_days": report.median_age_days,
    });
    if in_full {
        value["gaps"] = gaps.collect();
        value["indicators"] = report.assessments.iter().map(assessment).collect();
    }
    value
}

fn assessment(one: &Assessment) -> Value {
    let breakdowns = |all: &[Breakdown]| all.iter().map(|one| one.id()).collect::<Vec<_>>();
    let sectors = catalogue::get(&one.indicator).map(|core| core.sectors().collect::<Vec<_>>());
    json!({
        "indicator": one.indicator,
        "key": one.series.as_ref().map(|key| key.as_str()),
        "series": one.series_count,
        "observations": one.observations,
        "first_period": one.first_period.to_string(),
        "last_period": one.last_period.to_string(),
        "accuracy": {
            "normal": one.accuracy.normal,
            "estimated": one.accuracy.estimated,
            "provisional": one.accuracy.provisional,
            "unreliable": one.accuracy.unreliable,
            "unvalidated": one.accuracy.unvalidated,
            "deviating": one.accuracy.deviating,
            "withheld": one.accuracy.withheld,
            "normal_share": text(one.accuracy.normal_share),
        },
        "disaggregation": {
            "used": breakdowns(&one.breakdowns),
            "possible": breakdowns(&one.possible_breakdowns),
        },
        "timeliness_days": one.timeliness_days,
        "punctuality_days": one.punctuality_days,
        "due": one.due.map(|due| due.to_string()),
        "is_overdue": one.is_overdue,
        "relevance": {
            "sectors": sectors,
            "counterparts": one.counterparts,
            "is_priority": one.is_priority,
        },
        "comparability": {
            "defined": one.comparability.defined,
            "definitions": one.comparability.definitions,
            "breaks": one.comparability.breaks,
            "comparable_periods": one.comparability.comparable_periods,
        },
        "revisions": {
            "revised": one.revisions.revised,
            "mean_relative": text(one.revisions.mean_relative),
        },
    })
}

/// Posts and workers of a corridor.
#[must_use]
pub fn labour((origin, destination): (&str, &str), rows: &[Match]) -> Value {
    let row = |row: &Match| {
        json!({
            "time_period": row.period.to_string(),
            "occupation": row.occupation,
            "activity": row.activity,
            "demand": text(row.demand),
            "supply": text(row.supply),
            "matched": text(row.matched),
            "open": text(row.open),
            "surplus": text(row.surplus),
        })
    };
    json!({ "origin": origin, "destination": destination, "rows": rows.iter().map(row).collect::<Vec<_>>() })
}

/// Citizens abroad.
#[must_use]
pub fn diaspora(country: &str, hosts: &[Host]) -> Value {
    let dated = |dated: &Dated| json!({ "time_period": dated.0.to_string(), "value": dated.1.to_string() });
    let region = |(place, value): &(String, Dated)| {
        let mut value = dated(value);
        value["subnat"] = json!(place);
        value
    };
    let host = |host: &Host| {
        json!({
            "host": host.country,
            "registered": host.registered.as_ref().map(dated),
            "resident": host.resident.as_ref().map(dated),
            "share": text(host.share),
            "regions": host.regions.iter().map(region).collect::<Vec<_>>(),
        })
    };
    json!({ "country": country, "hosts": hosts.iter().map(host).collect::<Vec<_>>() })
}

pub(super) fn text(number: Option<Decimal>) -> Option<String> {
    number.map(|number| number.to_string())
}
