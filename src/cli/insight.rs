//! `mirror`, `region`, `quality`, `labour`, `diaspora`: analysis as tables and sparklines.

use serde_json::{Value, json};

use super::args::Global;
use super::args::insight::{Diaspora, Labour, Mirror, Quality, Region};
use super::{Outcome, ask, print, spark};
use crate::node::{InsightRequest, RegionSign, Request};

mod editions;

/// `mirror`
///
/// # Errors
/// When the node refuses.
pub fn mirror(global: &Global, args: Mirror) -> anyhow::Result<Outcome> {
    if let Some(indicator) = args.widest {
        return widest(global, InsightRequest::Widest { indicator, limit: args.limit, public: false });
    }
    let (origin, destination) = (args.origin.unwrap_or_default(), args.destination.unwrap_or_default());
    let request = Request::Mirror { origin, destination, indicator: args.indicator, public: false };
    let value = ask::value(global, request)?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let mut pairs = list(&value["pairs"]);
    if pairs.is_empty() {
        return show_one_end(&value);
    }
    show_definitions(&value)?;
    let common = list(&value["comparable"]);
    for (at, pair) in pairs.iter_mut().enumerate() {
        pair["differs"] = json!(if pair["flagged"] == true { "by more than 25 %" } else { "" });
        for one in &common {
            let on_basis = &one["pairs"][at];
            let asymmetry = print::cell(&on_basis["asymmetry"]);
            pair[column(one)] = json!(asymmetry);
        }
    }
    let names: Vec<String> = common.iter().map(column).collect();
    let mut columns =
        vec!["time_period", "origin_value", "destination_value", "ratio", "asymmetry", "differs"];
    columns.extend(names.iter().map(String::as_str));
    print::table(&columns, &pairs)?;
    for (who, field) in
        [("origin", "origin_value"), ("destination", "destination_value"), ("asymmetry", "asymmetry")]
    {
        let name = if who == "asymmetry" { who.to_owned() } else { print::cell(&value[who]) };
        print::text(&format!("{name:<9} {}\n", spark::line(&numbers(&pairs, field))))?;
    }
    show_summary(&value)
}

/// The name of the column that shows a set of factors at work.
fn column(one: &Value) -> String {
    format!("asymmetry_on_{}_basis", print::cell(&one["set"]))
}

fn show_definitions(value: &Value) -> anyhow::Result<()> {
    let text = |field: &str| print::cell(&value[field]);
    print::text(&format!(
        "{} says {}, {} says {}\n",
        text("origin"),
        text("indicator"),
        text("destination"),
        text("mirror_indicator")
    ))?;
    match text("pairing").as_str() {
        "soft" => print::text("These are related populations: the ratio informs, they need not agree.\n")?,
        "matching" => print::text("These are two halves of a match: they are not the same figure.\n")?,
        _ => {}
    }
    let differences = list(&value["differences"]);
    if !differences.is_empty() {
        print::text("By what each counts; a difference of definitions is no error of either:\n")?;
        print::table(&["attribute", "origin", "destination"], &differences)?;
    }
    Ok(())
}

/// No period has both ends: what each reports, by what it counts, and how to see it.
fn show_one_end(value: &Value) -> anyhow::Result<Outcome> {
    let text = |field: &str| print::cell(&value[field]);
    let ends = [
        ("origin", "indicator", "key", &value["summary"]["only_origin"]),
        ("destination", "mirror_indicator", "mirror_key", &value["summary"]["only_destination"]),
    ];
    for (end, indicator, _, periods) in &ends {
        print::text(&format!("{} reports {} for {periods} periods\n", text(end), text(indicator)))?;
    }
    print::text("No period has both, so there is nothing to compare.\n")?;
    if let Some(missing) = value["missing"].as_str() {
        print::text(&format!("Of {}, the {missing}, no figure is held here.\n", text(missing)))?;
    }
    print::table(&["time_period", "origin_value", "destination_value"], &list(&value["alone"]))?;
    let differences = list(&value["differences"]);
    if !differences.is_empty() {
        print::table(&["attribute", "origin", "destination"], &differences)?;
    }
    for (_, indicator, key, periods) in ends {
        if periods.as_u64().is_some_and(|periods| periods > 0) {
            let corridor = text(key).split('.').take(3).collect::<Vec<_>>().join(".");
            print::text(&format!("see it: corridor get {} {corridor}\n", text(indicator)))?;
        }
    }
    Ok(Outcome::Done)
}

fn show_summary(value: &Value) -> anyhow::Result<Outcome> {
    let summary = &value["summary"];
    print::text(&format!(
        "{} pairs, ratio destination/origin: mean {}, {} to {}; {} differ by more than 25 %\n",
        summary["pairs"],
        print::cell(&summary["mean_ratio"]),
        print::cell(&summary["min_ratio"]),
        print::cell(&summary["max_ratio"]),
        summary["flagged"]
    ))?;
    if let Some(direction) = value["trend"]["direction"].as_str() {
        let [earlier, later] = ["earlier", "later"].map(|half| print::cell(&value["trend"][half]));
        print::text(&format!(
            "mean asymmetry {earlier} in the earlier half, {later} in the later: {direction}\n"
        ))?;
    }
    for one in list(&value["comparable"]) {
        print::text(&format!(
            "on a basis of twelve months of stay: origin x {}, destination x {} ({}); shown beside, stored nowhere\n",
            print::cell(&one["origin_factor"]),
            print::cell(&one["destination_factor"]),
            print::cell(&one["source"]),
        ))?;
    }
    Ok(Outcome::Done)
}

fn widest(global: &Global, request: InsightRequest) -> anyhow::Result<Outcome> {
    let value = ask::one_row(global, Request::Insight(request))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let columns = [
        "origin",
        "destination",
        "time_period",
        "origin_value",
        "destination_value",
        "ratio",
        "asymmetry",
        "pairs",
        "trend",
    ];
    table_or(
        &columns,
        &list(&value["corridors"]),
        "of no corridor both ends have figures for one period here",
    )?;
    Ok(Outcome::Done)
}

/// A table; where it would be empty, why it is.
fn table_or(columns: &[&str], rows: &[Value], nothing: &str) -> anyhow::Result<()> {
    if rows.is_empty() { print::text(&format!("{nothing}\n")) } else { print::table(columns, rows) }
}

/// `region`
///
/// # Errors
/// When the node refuses.
pub fn region(global: &Global, args: Region) -> anyhow::Result<Outcome> {
    if let Some(edition) = args.sign {
        return editions::sign(global, RegionSign { agreement: args.agreement, edition, anew: args.anew });
    }
    let members = args.members.iter().map(|code| code.to_ascii_uppercase()).collect();
    let (agreement, indicator, period) = (args.agreement, args.indicator, args.period);
    let request = InsightRequest::Region { agreement, members, indicator, period, public: false };
    let value = ask::one_row(global, Request::Insight(request))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let [members, reporting] = ["members", "reporting"].map(|field| list(&value[field]).len());
    print::text(&format!(
        "{}: {reporting} of {members} members report, {} of {} core indicators\n",
        print::cell(&value["title"]),
        value["core"]["covered"],
        value["core"]["of"]
    ))?;
    let missing = print::list(&value["missing"]);
    if !missing.is_empty() {
        print::text(&format!("missing: {missing}; nothing is put in their place\n"))?;
    }
    show_totals(&list(&value["indicators"]))?;
    show_coverage(&list(&value["coverage"]))?;
    let largest = list(&value["largest"]);
    if !largest.is_empty() {
        print::text("\nlargest corridors\n")?;
        let columns = ["indicator", "time_period", "origin", "destination", "total", "male", "female"];
        print::table(&columns, &largest)?;
    }
    print::text(&format!(
        "digest {}\nMembers with the same entries have the same digest.\n",
        print::cell(&value["digest"])
    ))?;
    editions::show(&list(&value["editions"]))?;
    Ok(Outcome::Done)
}

fn show_totals(totals: &[Value]) -> anyhow::Result<()> {
    let columns = [
        "indicator",
        "time_period",
        "total",
        "male",
        "female",
        "reporting",
        "withheld",
        "known_share",
        "representative",
    ];
    let row = |total: &Value| {
        let mut row = total.clone();
        row["representative"] = json!(match total["is_representative"].as_bool() {
            Some(true) => "yes",
            Some(false) => "not representative",
            None => "not known",
        });
        row
    };
    print::table(&columns, &totals.iter().map(row).collect::<Vec<_>>())?;
    let measure =
        |row: &Value| ["indicator", "freq", "basis", "duration", "unit_measure"].map(|f| row[f].clone());
    for of_measure in totals.chunk_by(|a, b| measure(a) == measure(b)) {
        let of_same = |row: &Value| if row["is_comparable"] == true { row.clone() } else { json!({}) };
        let comparable: Vec<Value> = of_measure.iter().map(of_same).collect();
        let line = spark::line(&numbers(&comparable, "total"));
        let others = of_measure.iter().filter(|row| row["is_comparable"] != true && !row["total"].is_null());
        let others: Vec<String> = others.map(|row| print::cell(&row["time_period"])).collect();
        let note = match others.as_slice() {
            [] => String::new(),
            others => format!("   no bar for {}: other members are in these sums", others.join(", ")),
        };
        print::text(&format!("{:<14} {line}{note}\n", print::cell(&of_measure[0]["indicator"])))?;
    }
    Ok(())
}

fn show_coverage(coverage: &[Value]) -> anyhow::Result<()> {
    let is_covered = |one: &&Value| one["count"].as_u64() > Some(0);
    let row = |one: &Value| {
        json!({
            "core_indicator": one["indicator"],
            "members": format!("{} of {}", one["count"], one["members"]),
            "newest": one["newest"],
            "who": one["reporting"],
        })
    };
    print::text("\ncoverage\n")?;
    print::table(
        &["core_indicator", "members", "newest", "who"],
        &coverage.iter().filter(is_covered).map(row).collect::<Vec<_>>(),
    )?;
    let none: Vec<String> =
        coverage.iter().filter(|one| !is_covered(one)).map(|one| print::cell(&one["indicator"])).collect();
    if !none.is_empty() {
        print::text(&format!("reported by nobody: {}\n", none.join(", ")))?;
    }
    Ok(())
}

/// `quality`
///
/// # Errors
/// When the node refuses.
pub fn quality(global: &Global, args: Quality) -> anyhow::Result<Outcome> {
    let in_full = args.country.is_some();
    let request = InsightRequest::Quality { country: args.country, indicator: args.indicator, public: false };
    let value = ask::one_row(global, Request::Insight(request))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let publishers = list(&value["publishers"]);
    let columns = ["country", "reported", "core", "coverage", "median_age_days", "overdue"];
    print::table(&columns, &publishers)?;
    if !in_full {
        return Ok(Outcome::Done);
    }
    for publisher in &publishers {
        show_quality(publisher)?;
    }
    Ok(Outcome::Done)
}

fn show_quality(publisher: &Value) -> anyhow::Result<()> {
    let row = |one: &Value| {
        json!({
            "indicator": if one["key"].is_null() { &one["indicator"] } else { &one["key"] },
            "series": one["series"],
            "observations": one["observations"],
            "periods": format!("{} to {}", print::cell(&one["first_period"]), print::cell(&one["last_period"])),
            "normal": one["accuracy"]["normal_share"],
            "withheld": one["accuracy"]["withheld"],
            "breakdowns": format!(
                "{} of {}",
                list(&one["disaggregation"]["used"]).len(),
                list(&one["disaggregation"]["possible"]).len()
            ),
            "days_after": one["timeliness_days"],
            "days_later_than_before": one["punctuality_days"],
            "due": due(one),
            "breaks": one["comparability"]["breaks"],
            "revised": one["revisions"]["revised"],
            "by": one["revisions"]["mean_relative"],
        })
    };
    let columns = [
        "indicator",
        "series",
        "observations",
        "periods",
        "normal",
        "withheld",
        "breakdowns",
        "days_after",
        "days_later_than_before",
        "due",
        "breaks",
        "revised",
        "by",
    ];
    let all = list(&publisher["indicators"]);
    print::table(&columns, &all.iter().map(row).collect::<Vec<_>>())?;
    let left_out = publisher["left_out"].as_u64().unwrap_or_default();
    if left_out > 0 {
        print::text(&format!("{left_out} more series are not listed\n"))?;
    }
    let mut by_gap: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for gap in list(&publisher["gaps"]) {
        by_gap.entry(print::cell(&gap["gap"])).or_default().push(print::cell(&gap["indicator"]));
    }
    for (gap, indicators) in by_gap {
        print::text(&format!("{}: {}\n", gap.replace('_', " "), indicators.join(", ")))?;
    }
    Ok(())
}

/// When the next period is due, in days.
fn due(one: &Value) -> String {
    let day = print::cell(&one["due"]).chars().take(10).collect::<String>();
    if one["is_overdue"] == true { format!("{day} overdue") } else { day }
}

/// `labour`
///
/// # Errors
/// When the node refuses.
pub fn labour(global: &Global, args: Labour) -> anyhow::Result<Outcome> {
    let (origin, destination) = (args.origin, args.destination);
    let request = InsightRequest::Labour { origin, destination, public: false };
    let value = ask::one_row(global, Request::Insight(request))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    print::text(&format!(
        "posts that {} offers, persons that {} has\n",
        print::cell(&value["destination"]),
        print::cell(&value["origin"])
    ))?;
    let columns = ["time_period", "occupation", "activity", "demand", "supply", "matched", "open", "surplus"];
    let nothing = "neither LM_DEMAND of the one nor LM_SUPPLY of the other is held here";
    table_or(&columns, &list(&value["rows"]), nothing)?;
    Ok(Outcome::Done)
}

/// `diaspora`
///
/// # Errors
/// When the node refuses.
pub fn diaspora(global: &Global, args: Diaspora) -> anyhow::Result<Outcome> {
    let request = InsightRequest::Diaspora { country: args.country, public: false };
    let value = ask::one_row(global, Request::Insight(request))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let dated = |dated: &Value| match dated {
        Value::Null => String::new(),
        dated => format!("{} ({})", print::cell(&dated["value"]), print::cell(&dated["time_period"])),
    };
    let row = |host: &Value| {
        let regions: Vec<String> = list(&host["regions"])
            .iter()
            .map(|region| format!("{} {}", print::cell(&region["subnat"]), print::cell(&region["value"])))
            .collect();
        json!({
            "host": host["host"],
            "registered": dated(&host["registered"]),
            "resident": dated(&host["resident"]),
            "share": host["share"],
            "regions": regions.join(", "),
        })
    };
    let rows: Vec<Value> = list(&value["hosts"]).iter().map(row).collect();
    let nothing = "neither ES_CIT_REG of it nor MS_FCIT of a host is held here";
    table_or(&["host", "registered", "resident", "share", "regions"], &rows, nothing)?;
    Ok(Outcome::Done)
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// Decimals as numbers for the eye.
fn numbers(rows: &[Value], field: &str) -> Vec<Option<f64>> {
    rows.iter().map(|row| row[field].as_str().and_then(|text| text.parse().ok())).collect()
}
