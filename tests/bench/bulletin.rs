//! Bulletins of a crisis: how long one takes to a member that is idle, and to one that fetches routine figures of the same
//! government meanwhile.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use corridor::node::Request;
use corridor::node::crisis::asked::DeclareRequest;
use corridor::node::crisis::{CrisisRequest, ReportRequest};
use corridor::node::request::{AgreementDraft, ScopeDraft, TermsDraft};
use serde_json::Value;

use crate::clock::now;
use crate::data::{COUNTRY, Source};
use crate::node::{Node, introduce};
use crate::play::PARTNER;
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "bulletin";
/// Bulletins to an idle member, after a few that are not counted.
const IDLE: usize = 200;
const WARM: usize = 20;
/// The most bulletins while routine figures come.
const BUSY: usize = 5_000;
/// Of whose people a bulletin tells.
const ORIGINS: [&str; 12] =
    ["BGD", "CHN", "EGY", "ETH", "GHA", "IND", "MAR", "NPL", "PAK", "PHL", "SDN", "VNM"];
/// What the arrangement is called.
const ARRANGEMENT: &str = "ARR";

/// Bulletins to an idle member, and while so many routine observations are fetched.
pub(crate) fn play(
    source: &Source,
    nodes: &(Node, Node),
    (root, routine): (&Path, usize),
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut a, mut b) = (nodes.0.copy(root)?, nodes.1.copy(root)?);
    a.start(&Request::Card)?;
    b.start(&Request::Card)?;
    introduce(&mut a, &mut b)?;
    declare(&mut a, &mut b)?;
    let mut number = 0;
    let (mut idle, mut busy) = (Vec::new(), Vec::new());
    for round in 0..WARM + IDLE {
        let time = one(&mut a, &mut b, &mut number)?;
        if round >= WARM {
            idle.push(time);
        }
    }
    // The member is told nothing while the figures are released, and then fetches all of them.
    let pause = |paused| Request::PartnerPause { partner: COUNTRY.to_owned(), paused };
    b.ask(&pause(true))?;
    let file = root.join("routine.csv");
    source.write(fs::File::create(&file)?, routine)?;
    a.submit_file(&file)?;
    fs::remove_file(&file)?;
    let released = a.release()?;
    ensure!(released == routine as u64, "{released} of {routine} observations were released");
    let published = a.published()?;
    b.ask(&pause(false))?;
    b.until_metric("corridor_sessions", 1)?;
    let start = now();
    while busy.len() < BUSY && !b.holds(&published)? {
        busy.push(one(&mut a, &mut b, &mut number)?);
    }
    let synced = start.elapsed();
    ensure!(!busy.is_empty(), "the figures came before the first bulletin");
    report.add("bulletin_rounds_busy", routine, busy.len() as f64, "1", Better::Higher);
    report.add(
        "bulletin_sync_beside",
        routine,
        routine as f64 / synced.as_secs_f64(),
        "obs/s",
        Better::Higher,
    );
    report.percentiles(("bulletin_idle_p50", "bulletin_idle_p99"), routine, idle);
    report.percentiles(("bulletin_busy_p50", "bulletin_busy_p99"), routine, busy);
    // What is large is not folded to the end for this.
    Ok(())
}

/// A crisis of both is in force.
fn declare(a: &mut Node, b: &mut Node) -> anyhow::Result<()> {
    a.ask(&Request::AgreementDraft(Box::new(AgreementDraft {
        title: ARRANGEMENT.to_owned(),
        with: vec![PARTNER.to_owned()],
        indicators: vec!["CR_*".to_owned()],
        any_counterpart: true,
        purpose: "PROTECT".to_owned(),
        retention_days: 1,
        scope: ScopeDraft { ceiling: "S2".to_owned(), ..ScopeDraft::default() },
        terms: TermsDraft { crisis_signatures: Some(1), crisis_days: 7, ..TermsDraft::default() },
        ..AgreementDraft::default()
    })))?;
    let agreement = || ARRANGEMENT.to_owned();
    a.ask(&Request::AgreementPropose { agreement: agreement() })?;
    let show = Request::AgreementShow { agreement: agreement() };
    b.until("the arrangement is there", |b| Ok(b.ask(&show).ok()))?;
    b.ask(&Request::AgreementSign { agreement: agreement() })?;
    let in_force = |value: &Value| value["standing"] == "in force";
    a.until("the arrangement is in force", |a| Ok(a.ask(&show).ok().filter(in_force)))?;
    let asked = DeclareRequest { area: COUNTRY.to_owned(), drill: true, ..DeclareRequest::default() };
    a.ask(&Request::Crisis(CrisisRequest::Declare(asked)))?;
    let lanes = Request::Crisis(CrisisRequest::List);
    b.until("the crisis lane is in force", |b| {
        Ok(b.ask(&lanes).ok().filter(|value| in_force(&value["lanes"][0])))
    })?;
    Ok(())
}

/// One bulletin, from the request until the member shows it.
fn one(a: &mut Node, b: &mut Node, number: &mut usize) -> anyhow::Result<Duration> {
    *number += 1;
    let mut table = "INDICATOR,COUNTERPART_AREA,OBS_VALUE\n".to_owned();
    for (cell, origin) in ORIGINS.iter().enumerate() {
        table += &format!("CR_BORDER,{origin},{}\n", 20 + cell);
    }
    let seconds = *number;
    let request = Request::Crisis(CrisisRequest::Report(ReportRequest {
        file: "bulletin.csv".to_owned(),
        bulletin: Some(format!("B-{number}")),
        observed: format!(
            "2026-01-{:02}T{:02}:{:02}:{:02}Z",
            1 + seconds / 86_400,
            seconds / 3_600 % 24,
            seconds / 60 % 60,
            seconds % 60
        ),
        ..ReportRequest::default()
    }));
    let show = Request::Crisis(CrisisRequest::Show { lane: None });
    let expected = *number;
    let start = now();
    let said = a.ask_with(&request, table.as_bytes())?;
    ensure!(said["accepted"] == true, "the bulletin was refused: {said}");
    b.until("the bulletin is there", |b| Ok((b.ask(&show)?["bulletins"] == expected).then_some(())))?;
    Ok(start.elapsed())
}
