//! `crisis …`

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

use super::args::Global;
use super::args::crisis::{Crisis, Declare, Drill, Report};
use super::{Outcome, ask, print, submit};
use crate::api::control::Payload;
use crate::node::crisis::asked::DeclareRequest;
use crate::node::crisis::{CrisisRequest, ReportRequest, SAID};
use crate::node::{Request, clock};

/// `crisis …`
///
/// # Errors
/// When a file cannot be read or the node refuses.
pub fn run(global: &Global, crisis: Crisis) -> anyhow::Result<Outcome> {
    let request = match crisis {
        Crisis::Declare(asked) => CrisisRequest::Declare(declared(asked)),
        Crisis::Join { lane } => CrisisRequest::Join { lane },
        Crisis::List => return list(global),
        Crisis::Report(asked) => return report(global, asked),
        Crisis::Approve { bulletin, lane } => CrisisRequest::Approve { lane, bulletin },
        Crisis::Show { lane, figure: Some(figure), .. } => {
            return listed(global, CrisisRequest::Rests { lane, figure }, &RESTS);
        }
        Crisis::Show { lane, bulletin: Some(named), .. } => {
            let (publisher, bulletin) =
                named.split_once('/').context("write COUNTRY/ID, such as TUN/TUN-4")?;
            let (publisher, bulletin) = (publisher.to_owned(), bulletin.to_owned());
            return listed(global, CrisisRequest::Bulletin { lane, publisher, bulletin }, &STATED);
        }
        Crisis::Show { lane, format, .. } => return show(global, lane, format.is_some()),
        Crisis::End { lane, lessons } => CrisisRequest::End { lane, lessons },
        Crisis::Drill(asked) => return drill(global, asked),
    };
    ask::simple(global, Request::Crisis(request))
}

fn declared(asked: Declare) -> DeclareRequest {
    let Declare { agreement, area, name, days, drill } = asked;
    DeclareRequest { agreement, name, area, days, drill }
}

fn list(global: &Global) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::Crisis(CrisisRequest::List))?;
    match value["lanes"].as_array() {
        Some(rows) if !global.json && !rows.is_empty() => {
            print::table(&["name", "area", "standing", "signed", "members", "until", "watermark"], rows)?;
        }
        Some(_) | None => print::value(&value, global.json)?,
    }
    Ok(Outcome::Done)
}

fn report(global: &Global, asked: Report) -> anyhow::Result<Outcome> {
    let value = send(global, asked)?;
    if global.json {
        print::value(&value, true)?;
    } else {
        print_report(&value)?;
    }
    Ok(if value["accepted"] == true { Outcome::Done } else { Outcome::Refused })
}

fn send(global: &Global, asked: Report) -> anyhow::Result<Value> {
    let (file, (length, mut bytes)) = match &asked.file {
        Some(path) => {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            (name, submit::open(path).with_context(|| format!("reading {}", path.display()))?)
        }
        None => {
            let table = table(&asked.set)?;
            let bytes: Box<dyn std::io::Read + Send> = Box::new(std::io::Cursor::new(table.clone()));
            (SAID.to_owned(), (table.len() as u64, bytes))
        }
    };
    let observed = match (asked.observed, &asked.corrects) {
        (Some(observed), _) => observed,
        (None, Some(wrong)) => moment_of(global, asked.lane.clone(), wrong.clone())?,
        (None, None) => clock::now().to_string(),
    };
    let request = ReportRequest {
        lane: asked.lane,
        file,
        bulletin: asked.corrects.or(asked.bulletin),
        observed,
        place: asked.place,
        new_place: asked.new_place,
        correction: asked.reason,
    };
    let payload = Payload { length, bytes: &mut bytes };
    ask::value_of_file(global, Request::Crisis(CrisisRequest::Report(request)), payload)
}

/// When what a bulletin of ours says was observed: what corrects it is of that moment. Of one that is not there the node
/// says why, whatever the moment.
fn moment_of(global: &Global, lane: Option<String>, bulletin: String) -> anyhow::Result<String> {
    let status = ask::value(global, Request::Status)?;
    let publisher = status["country"].as_str().context("the node named no country")?.to_owned();
    let asked = CrisisRequest::Bulletin { lane, publisher, bulletin };
    let said = ask::value(global, Request::Crisis(asked)).unwrap_or_default();
    Ok(said["observed"].as_str().map_or_else(|| clock::now().to_string(), str::to_owned))
}

/// Figures said one by one, as a table: `INDICATOR:COUNTERPART[:PLACE[:NEED]]=COUNT`.
fn table(said: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut text = "INDICATOR,COUNTERPART_AREA,SUBNAT,REASON,OBS_VALUE\n".to_owned();
    for one in said {
        let wrong = || {
            format!("{one:?}: write CR_BORDER:XOB=120, with a place and a need CR_NEED:XOB:XA-01:STRAND=40")
        };
        let (what, count) = one.split_once('=').with_context(wrong)?;
        let mut parts = what.split(':');
        let indicator = parts.next().filter(|part| !part.is_empty()).with_context(wrong)?;
        let counterpart = parts.next().with_context(wrong)?;
        let place = match parts.next().filter(|part| !part.is_empty()) {
            // A place of the counterpart's has a colon of its own.
            Some("C") => format!("C:{}", parts.next().with_context(wrong)?),
            place => place.unwrap_or("_T").to_owned(),
        };
        let need = parts.next().filter(|part| !part.is_empty()).unwrap_or("_T");
        if parts.next().is_some() || count.contains([',', '"', '\n']) {
            bail!(wrong());
        }
        text += &format!("{indicator},{counterpart},{place},{need},{count}\n");
    }
    Ok(text.into_bytes())
}

fn print_report(value: &Value) -> anyhow::Result<()> {
    let said = |field: &str| value[field].as_str().unwrap_or("");
    let mut text = String::new();
    // What a statistician would want to have said beside the figures is no matter of minutes.
    let errors = value["findings"].as_array().into_iter().flatten().filter(|one| one["severity"] == "error");
    for finding in errors {
        text += &format!("error: {}\n", finding["text"].as_str().unwrap_or(""));
    }
    if let Some(watermark) = value["watermark"].as_str() {
        text += &format!("{watermark}\n");
    }
    let bulletin = said("bulletin");
    text += &match (value["accepted"] == true, value["waiting"] == true) {
        (true, false) => {
            format!("bulletin {bulletin}: {} figures released into {}\n", value["observations"], said("name"))
        }
        (true, true) => format!(
            "bulletin {bulletin}: checked and kept; it waits for {} duty officers, {} so far: corridor crisis approve {bulletin}\n",
            value["officers_needed"],
            value["officers"].as_array().map_or(0, Vec::len)
        ),
        (false, _) => {
            format!("bulletin {bulletin}: refused; nothing of it was kept.\n{}\n", said("lawful_way"))
        }
    };
    print::text(&text)
}

fn show(global: &Global, lane: Option<String>, as_csv: bool) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::Crisis(CrisisRequest::Show { lane }))?;
    if as_csv {
        print::text(&picture_csv(&value)?)?;
    } else if global.json {
        print::value(&value, true)?;
    } else {
        print_picture(&value)?;
    }
    Ok(Outcome::Done)
}

/// The list of an answer, and its columns.
type Listing = (&'static str, [&'static str; 6]);

/// What a figure rests on.
const RESTS: Listing = ("rests", ["publisher", "bulletin", "count", "place", "observed", "corrected"]);
/// What a bulletin states.
const STATED: Listing = ("observations", ["kind", "origin", "count", "key", "period", "seq"]);

fn listed(global: &Global, request: CrisisRequest, (field, columns): &Listing) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::Crisis(request))?;
    match value[*field].as_array() {
        Some(rows) if !global.json => {
            if let Some(watermark) = value["watermark"].as_str() {
                print::text(&format!("*** {watermark} ***\n"))?;
            }
            print::table(columns, rows)?;
        }
        Some(_) | None => print::value(&value, global.json)?,
    }
    Ok(Outcome::Done)
}

/// How often in a second a drill looks whether its bulletin has come.
const LOOKS: u64 = 4;

const KINDS: [&str; 4] = ["known", "present", "crossed", "home"];

/// The balances as a table: a line for each origin, and one for all.
fn picture_csv(value: &Value) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "origin",
        "known",
        "present",
        "crossed",
        "home",
        "unaccounted",
        "newest",
        "watermark",
    ])?;
    let mut total = value["totals"].clone();
    total["origin"] = "all".into();
    for row in value["origins"].as_array().into_iter().flatten().chain([&total]) {
        let mut fields = vec![print::cell(&row["origin"])];
        fields.extend(KINDS.map(|kind| print::cell(&row[kind]["count"])));
        fields.push(print::cell(&row["unaccounted"]));
        let newest = KINDS.iter().filter_map(|kind| row[*kind]["newest"].as_str()).max();
        fields.push(newest.unwrap_or("").to_owned());
        fields.push(print::cell(&value["watermark"]));
        writer.write_record(&fields)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn print_picture(value: &Value) -> anyhow::Result<()> {
    let said = |field: &str| print::cell(&value[field]);
    let mut text = String::new();
    if let Some(watermark) = value["watermark"].as_str() {
        text += &format!("*** {watermark} ***\n");
    }
    text += &format!(
        "{}: crisis in {}, {}, as of {}\n",
        said("name"),
        said("area"),
        said("standing"),
        said("as_of")
    );
    let waiting = value["waiting"].as_array().map_or(0, Vec::len);
    text += &format!(
        "{} bulletins, {} closed cells, {waiting} waiting for a duty officer\n\n",
        said("bulletins"),
        said("closed_cells")
    );
    for row in value["ahead"].as_array().into_iter().flatten() {
        text += &format!(
            "ahead of its history: {} of {}; entries still on their way: {}\n",
            print::cell(&row["bulletin"]),
            print::cell(&row["publisher"]),
            print::cell(&row["to_come"])
        );
    }
    print::text(&text)?;
    print_kept(value)?;
    let flat = |row: &Value| {
        let mut flat = serde_json::json!({ "origin": row["origin"], "unaccounted": row["unaccounted"] });
        for kind in KINDS {
            flat[kind] = row[kind]["count"].clone();
        }
        let ages = KINDS.iter().filter_map(|kind| row[*kind]["age_seconds"].as_i64());
        flat["minutes_old"] = ages.min().map_or(Value::Null, |age| (age / 60).into());
        flat
    };
    let mut total = value["totals"].clone();
    total["origin"] = "all".into();
    let rows: Vec<Value> =
        value["origins"].as_array().into_iter().flatten().chain([&total]).map(flat).collect();
    print::table(&["origin", "known", "present", "crossed", "home", "unaccounted", "minutes_old"], &rows)?;
    let tables: [(&str, &str, &[&str]); 5] = [
        ("needs", "\nin need\n", &["origin", "need", "count", "from", "newest"]),
        ("places", "\nby place\n", &["publisher", "place", "kind", "count", "newest"]),
        ("corrections", "\ncorrected\n", &["publisher", "bulletin", "reason", "time"]),
        ("duplicates", "\nreported twice, counted once\n", &["bulletin", "counted", "left_out"]),
        ("erasures", "\nerased, as members have signed\n", &["country", "feeds", "time"]),
    ];
    for (field, title, columns) in tables {
        if let Some(rows) = value[field].as_array().filter(|rows| !rows.is_empty()) {
            print::text(title)?;
            print::table(columns, rows)?;
        }
    }
    Ok(())
}

/// What stays of a lane that is over, before what is left of its detail.
fn print_kept(value: &Value) -> anyhow::Result<()> {
    let summary = &value["summary"];
    if summary.is_null() {
        return Ok(());
    }
    print::text("what stays: sums at the end of the crisis\n")?;
    let row = |who: &str, kind: &Value, count: &Value| serde_json::json!({ "publisher": who, "kind": kind, "count": count });
    let mut rows: Vec<Value> = summary["publishers"].as_array().cloned().unwrap_or_default();
    let totals = summary["totals"].as_object().into_iter().flatten();
    rows.extend(totals.map(|(kind, count)| row("all", &kind.as_str().into(), count)));
    print::table(&["publisher", "kind", "count"], &rows)?;
    for (who, text) in value["lessons"].as_object().into_iter().flatten() {
        print::text(&format!("what {who} has learnt: {}\n", print::cell(text)))?;
    }
    print::text("\nwhat is left of the detail; when it is erased, our own figures alone\n")
}

/// How a lane stands when all members have signed that they hold our bulletin, or so many seconds are over.
fn received(global: &Global, lane: &str, seconds: u64) -> anyhow::Result<Value> {
    for _ in 0..seconds.saturating_mul(LOOKS) {
        let picture = shown(global, lane)?;
        let some = |field: &str| picture[field].as_array().is_some_and(|all| !all.is_empty());
        // A bulletin that waits for a second officer goes nowhere.
        if !some("unacknowledged") || some("waiting") {
            return Ok(picture);
        }
        std::thread::sleep(Duration::from_secs(1) / u32::try_from(LOOKS)?);
    }
    shown(global, lane)
}

fn shown(global: &Global, lane: &str) -> anyhow::Result<Value> {
    ask::value(global, Request::Crisis(CrisisRequest::Show { lane: Some(lane.to_owned()) }))
}

/// `crisis drill`: the whole way, watermarked, with figures that nobody could take for real.
fn drill(global: &Global, asked: Drill) -> anyhow::Result<Outcome> {
    let steps = &mut std::io::stderr();
    let declare = DeclareRequest {
        agreement: asked.agreement,
        name: None,
        area: asked.area.clone(),
        days: Some(1),
        drill: true,
    };
    let lane = ask::value(global, Request::Crisis(CrisisRequest::Declare(declare)))?;
    let id = lane["lane"].as_str().context("the node named no lane")?.to_owned();
    writeln!(steps, "declared {}: {}", print::cell(&lane["name"]), print::cell(&lane["standing"]))?;
    let standing = || -> anyhow::Result<bool> { Ok(shown(global, &id)?["standing"] == "in force") };
    let mut waited = 0;
    while !standing()? {
        if waited == asked.wait {
            let end = CrisisRequest::End { lane: id, lessons: None };
            ask::value(global, Request::Crisis(end))?;
            bail!(
                "the drill did not come into force in {waited} s: nobody else has signed with `corridor crisis join`; it is ended"
            );
        }
        std::thread::sleep(Duration::from_secs(1));
        waited += 1;
    }
    let report = Report {
        file: None,
        set: vec!["CR_BORDER:_T=1".to_owned()],
        lane: Some(id.clone()),
        bulletin: None,
        observed: None,
        place: asked.area.to_ascii_uppercase(),
        new_place: false,
        corrects: None,
        reason: None,
    };
    let sent = send(global, report)?;
    writeln!(steps, "reported bulletin {}", print::cell(&sent["bulletin"]))?;
    let picture = received(global, &id, asked.wait.saturating_sub(waited))?;
    writeln!(steps, "received by {}", print::cell(&picture["acknowledged"]))?;
    let end = CrisisRequest::End { lane: id, lessons: None };
    let ended = ask::value(global, Request::Crisis(end))?;
    writeln!(steps, "ended: {}", print::cell(&ended["standing"]))?;
    let seen = picture["totals"]["crossed"]["count"] == 1 || sent["waiting"] == true;
    let value = serde_json::json!({
        "name": lane["name"], "watermark": picture["watermark"], "told": lane["told"], "not_told": lane["not_told"],
        "bulletin": sent["bulletin"], "waiting": sent["waiting"], "seen": seen, "standing": ended["standing"],
        "received": picture["acknowledged"], "not_received": picture["unacknowledged"],
    });
    print::value(&value, global.json)?;
    Ok(if seen { Outcome::Done } else { Outcome::Refused })
}
