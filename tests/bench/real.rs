//! Real figures and the figures of a crisis: the whole matrix of the United Nations, and a decade of daily counts.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use corridor::node::Request;

use crate::clock::timed;
use crate::data::COUNTRY;
use crate::node::{Node, introduce};
use crate::outside::wire_bytes;
use crate::report::{Better, Report};

/// What the names of the measures of the matrix begin with.
pub(crate) const MATRIX: &str = "undesa";
/// And those of the daily counts.
pub(crate) const DAILY: &str = "daily";

/// How the matrix is read: all of it by one that reports for nobody in particular, else the own rows.
pub(crate) const MAPPING: &str = include_str!("../../config/mappings/undesa_stock.toml");
/// Questions of each kind.
const QUESTIONS: usize = 200;
/// Days of a decade, on average.
const DAYS: usize = 3652;
/// Origins of the daily counts, each by sex.
const ORIGINS: [&str; 12] =
    ["BGD", "EGY", "ETH", "GHA", "IND", "IDN", "KEN", "NPL", "NGA", "PAK", "PHL", "LKA"];

/// Every destination by origin, year and sex, as the United Nations publish it: what an observation takes.
pub(crate) fn matrix(
    file: &Path,
    (partner, root): (&Node, &Path),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut a, mut b) = (Node::observer(root)?, partner.copy(root)?);
    a.start(&Request::Card)?;
    a.submit_mapped(file, MAPPING)?;
    let size = a.release()?;
    ensure!(size > 100_000, "the matrix has {size} observations only");
    b.start(&Request::Card)?;
    introduce(&mut a, &mut b)?;
    b.until_durable(&a)?;
    b.until("all is visible", |b| Ok((b.observations()? == size).then_some(())))?;
    let wire = wire_bytes(&[a.port(), b.port()])?;
    b.stop()?;
    a.stop()?;
    let mut add = |measure, bytes: f64| {
        report.add(measure, usize::try_from(size).unwrap_or(0), bytes / size as f64, "B/obs", Better::Lower);
    };
    add("undesa_wire", wire);
    add("undesa_disk_feeds", b.bytes_of("feeds"));
    add("undesa_disk_total", b.bytes_of("feeds") + b.bytes_of("db"));
    Ok(())
}

/// Arrivals at a border, each day of ten years, by origin and sex: one corridor's figures, all of them and one
/// series, over the socket and over HTTP.
pub(crate) fn daily(node: &Node, root: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut a = node.copy(root)?;
    a.start(&Request::Card)?;
    a.submit(&counts()?)?;
    let size = a.release()? as usize;
    a.observations()?;
    let series = |origin: &str| format!("D.{COUNTRY}.{origin}.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS");
    let corridor = |origin: &str| format!("D.{COUNTRY}.{origin}");
    for (name, key) in [
        (["daily_series_p50", "daily_series_p99"], &series as &dyn Fn(&str) -> String),
        (["daily_corridor_p50", "daily_corridor_p99"], &corridor),
    ] {
        let times = ask(|origin| Ok(a.get(&key(origin))?.len()))?;
        report.percentiles((name[0], name[1]), size, times);
    }
    let times = ask(|origin| a.observations_page(&series(origin)))?;
    report.percentiles(("daily_http_p50", "daily_http_p99"), size, times);
    a.stop()
}

fn ask(mut rows: impl FnMut(&str) -> anyhow::Result<usize>) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for origin in ORIGINS.into_iter().cycle().take(QUESTIONS) {
        let (found, time) = timed(|| rows(origin));
        ensure!(found? >= DAYS - 2, "days of {origin} are missing");
        times.push(time);
    }
    Ok(times)
}

/// A tidy file of them. Months have 28 to 31 days; the first of January 2015 is the first day.
fn counts() -> anyhow::Result<String> {
    let mut text =
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE\n".to_owned();
    for (number, origin) in ORIGINS.iter().enumerate() {
        for (day, date) in days().enumerate() {
            // Weeks and seasons, and a wave that comes and goes.
            let phase = (day + 37 * number) as f64;
            let wave = 400.0 * (phase / 58.0).sin().max(0.0) + 90.0 * (phase * 0.897_6).cos();
            let women = (520.0 + wave).max(0.0) as u64 + (day as u64 * 7 + number as u64 * 13) % 29;
            let men = (740.0 + 1.3 * wave).max(0.0) as u64 + (day as u64 * 11 + number as u64 * 5) % 41;
            for (sex, value) in [("_T", women + men), ("F", women), ("M", men)] {
                writeln!(text, "D,{COUNTRY},{origin},MS_FBORN,BIR,{sex},{date},{value},D0")?;
            }
        }
    }
    Ok(text)
}

fn days() -> impl Iterator<Item = String> {
    let leap = |year: u32| year.is_multiple_of(4);
    (2015..2025_u32).flat_map(move |year| {
        let february = if leap(year) { 29 } else { 28 };
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let months = (1..).zip(lengths);
        months.flat_map(move |(month, days)| (1..=days).map(move |day| format!("{year}-{month:02}-{day:02}")))
    })
}

/// What stands between the two ends of a page's list.
pub(crate) fn count_rows(page: &str) -> anyhow::Result<usize> {
    let rows = page.strip_prefix("{\"observations\":[").context("no list of observations")?;
    Ok(rows.lines().filter(|line| line.starts_with('{')).count())
}
