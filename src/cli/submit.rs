//! `submit`, `check`, `release`, `retract`: from a ministry's file to what partners may have.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use super::args::{Global, Release, Retract, Submit};
use super::{Outcome, ask, print};
use crate::api::control::Payload;
use crate::intake::{MAX_FINDINGS, shipped};
use crate::node::Request;
use crate::node::request::{ReleaseRequest, SubmitRequest};

/// `submit` and `check`
///
/// # Errors
/// When a file cannot be read or the node refuses.
pub fn submit(global: &Global, args: Submit, check_only: bool) -> anyhow::Result<Outcome> {
    let (length, mut bytes) = open(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let mapping = args.map.as_deref().map(mapping).transpose()?;
    let file = args.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let request = Request::Submit(SubmitRequest {
        file,
        mapping,
        sheet: args.sheet,
        good_part: args.good_part,
        all_findings: args.findings.is_some(),
        source: args.source,
        check_only,
    });
    let payload = Payload { length, bytes: &mut bytes };
    let value = match &args.findings {
        Some(path) => listed(global, (request, payload), path)?,
        None => ask::value_of_file(global, request, payload)?,
    };
    if global.json {
        print::value(&value, true)?;
    } else {
        print_report(&value, (args.findings.as_deref(), args.good_part))?;
    }
    Ok(if value["accepted"] == true { Outcome::Done } else { Outcome::Refused })
}

/// How long a file is, and its bytes. What is no file on a disk, as a pipe, is read first to know its length.
pub(super) fn open(path: &Path) -> io::Result<(u64, Box<dyn Read + Send>)> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_file() {
        return Ok((about.len(), Box::new(file)));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64, Box::new(Cursor::new(bytes))))
}

fn mapping(name: &str) -> anyhow::Result<String> {
    if name == "auto" {
        return Ok(name.to_owned());
    }
    if let Some(text) = shipped::text(name) {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = shipped::names().collect();
    match std::fs::read_to_string(name) {
        Ok(text) => Ok(text),
        Err(error) => bail!("reading the mapping {name}: {error}; built in are: {}", names.join(", ")),
    }
}

/// Asks, and writes every finding into a file while they come.
fn listed(global: &Global, (request, payload): (Request, Payload<'_>), path: &Path) -> anyhow::Result<Value> {
    let failed = || format!("writing the findings to {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(failed)?);
    let (mut written, mut report) = (Ok(()), None);
    ask::rows_of_file(global, request, payload, &mut |row| {
        match row {
            Value::String(line) if written.is_ok() => written = writeln!(file, "{line}"),
            Value::String(_) => {}
            last => report = Some(last),
        }
        true
    })?;
    written.and_then(|()| file.flush()).with_context(failed)?;
    report.context(ask::NO_ANSWER)
}

/// What is said of how many findings there are.
fn counted(value: &Value, listing: Option<&Path>) -> String {
    let count = |name: &str| value["found"][name].as_u64().unwrap_or(0);
    let all = count("errors") + count("left_out") + count("warnings");
    let shown = value["findings"].as_array().map_or(0, Vec::len);
    match listing {
        Some(path) if count("listed") == all => format!("all {all} findings are in {}\n", path.display()),
        Some(path) => format!(
            "{all} findings in all; the first {} of them are in {}, and its last lines count all\n",
            count("listed"),
            path.display()
        ),
        None if shown > MAX_FINDINGS => {
            format!("{all} findings in all; --findings FILE writes each into a file\n")
        }
        None => String::new(),
    }
}

fn print_report(value: &Value, (listing, good_part): (Option<&Path>, bool)) -> anyhow::Result<()> {
    let mut text = String::new();
    if let Some(name) = value["mapping"].as_str() {
        text += &format!("read with the mapping {name}: {}\n", value["mapping_why"].as_str().unwrap_or(""));
    }
    for finding in value["findings"].as_array().into_iter().flatten() {
        let word = |name: &str| finding[name].as_str().unwrap_or("");
        text += &format!("{}: {}\n", word("severity"), word("text"));
    }
    text += &counted(value, listing);
    let file = value["file"].as_str().unwrap_or("");
    let counts =
        format!("{} rows, {} series, {} observations", value["rows"], value["series"], value["observations"]);
    if let Some(left_out) = value["left_out"].as_u64().filter(|count| *count > 0) {
        let errors = if left_out == 1 { "1 error".to_owned() } else { format!("{left_out} errors") };
        text += &format!("{file}: {errors} left out what stands in the lines above, as was asked\n");
    }
    text += &match (value["accepted"] == true, value["submission"].as_str()) {
        (true, Some(id)) => {
            format!("{file}: {counts}, kept as submission {id}; `corridor release` hands it on\n")
        }
        (true, None) => format!("{file}: {counts}, no error\n"),
        (false, _) => {
            let part = if good_part { "" } else { ", or take what is right with --good-part" };
            format!(
                "{file}: refused; nothing of it was kept. Mend the lines above and submit it again{part}\n"
            )
        }
    };
    print::text(&text)
}

/// `release`
///
/// # Errors
/// When the node refuses.
pub fn release(global: &Global, args: Release) -> anyhow::Result<Outcome> {
    let Release { submission, reason, dry_run, at } = args;
    let request = ReleaseRequest { submission, reason, dry_run, at };
    let value = ask::value(global, Request::Release(request))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for one in value["released"].as_array().into_iter().flatten() {
        let title = one["title"].as_str().unwrap_or("");
        let verb = if value["dry_run"] == true { "would get" } else { "get" };
        text += &format!(
            "{title} ({}) {verb} {} series: {} new, {} revised, {} unchanged observations\n",
            print::list(&one["parties"]),
            one["series"],
            one["new"],
            one["revised"],
            one["unchanged"]
        );
        for (why, count) in one["withheld"].as_object().into_iter().flatten() {
            text += &format!("    withheld {count} observations: {why}\n");
        }
        text += &protected(&one["protection"]);
        text += &sealed(&one["sealed"]);
        text += &ahead(one);
    }
    print::text(&text)?;
    Ok(Outcome::Done)
}

/// To whom figures go sealed, for a courier to carry, and to whom they cannot yet.
fn sealed(one: &Value) -> String {
    let all = |name: &str| {
        one[name].as_array().is_some_and(|list| !list.is_empty()).then(|| print::list(&one[name]))
    };
    let mut text = String::new();
    if let Some(couriers) = all("couriers") {
        let recipients = all("recipients").unwrap_or_else(|| "nobody yet".to_owned());
        text += &format!("    carried by {couriers}, sealed to {recipients}\n");
    }
    if let Some(without) = all("without_key") {
        text += &format!(
            "    {without} has told no sealing key yet: it can open what a courier brings once it has, or gets it from us directly\n"
        );
    }
    if let Some(time) = one["opens_at"].as_str() {
        text += &format!("    under embargo: opens at {time}\n");
    }
    text
}

/// What a look ahead shows for one audience: each figure that would go, and each that would not or in another form.
fn ahead(one: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut lines = Vec::new();
    for series in one["withheld_series"].as_array().into_iter().flatten() {
        let Value::Number(count) = &series["observations"] else { continue };
        lines.push(format!("withheld  {} ({count}): {}", text(&series["key"]), text(&series["why"])));
    }
    let changed: HashMap<(String, String), &Value> = one["cells"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|cell| ((text(&cell["key"]), text(&cell["time_period"])), cell))
        .collect();
    for going in one["observations"].as_array().into_iter().flatten() {
        let place = (text(&going["key"]), text(&going["time_period"]));
        let value = going["obs_value"].as_str().map_or_else(|| text(&going["obs_status"]), str::to_owned);
        let why =
            changed.get(&place).map(|cell| format!("  {} ({})", text(&cell["outcome"]), text(&cell["rule"])));
        lines.push(format!("{}  {} = {value}{}", place.0, place.1, why.unwrap_or_default()));
    }
    let count = |name: &str| one[name].as_u64().unwrap_or(0);
    let shown = one["observations"].as_array().map(Vec::len);
    if let Some(more) = shown
        .and_then(|shown| (count("new") + count("revised")).checked_sub(shown as u64))
        .filter(|more| *more > 0)
    {
        lines.push(format!("… and {more} more observations"));
    }
    for cell in one["open_before"].as_array().into_iter().flatten() {
        let (key, period) = (text(&cell["key"]), text(&cell["time_period"]));
        lines.push(format!("{key}  {period}: small, and could be told before from what they hold of us"));
    }
    lines.iter().map(|line| format!("    {line}\n")).collect()
}

/// What became of figures that needed protection, in a line.
fn protected(said: &Value) -> String {
    let counts = [
        ("shown", "as they are"),
        ("zero", "zero"),
        ("rounded", "rounded"),
        ("suppressed", "suppressed"),
        ("complementary", "suppressed so that those cannot be worked out"),
        ("missing", "without value"),
    ];
    let some = counts.iter().filter(|(name, _)| said[*name].as_u64().is_some_and(|count| count > 0));
    let words: Vec<String> = some.map(|(name, words)| format!("{} {words}", said[*name])).collect();
    if words.is_empty() { String::new() } else { format!("    protected: {}\n", words.join(", ")) }
}

/// `retract`
///
/// # Errors
/// When the node refuses.
pub fn retract(global: &Global, args: Retract) -> anyhow::Result<Outcome> {
    ask::simple(global, Request::Retract { key: args.key, periods: args.periods, reason: args.reason })
}
