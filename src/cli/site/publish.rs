//! `publish-site`: makes the copy.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::figures::{Figures, Written};
use super::stage::Stage;
use super::target::Target;
use super::{card_of, evidence_of, lists, verify};
use crate::cli::args::{Global, PublishSite};
use crate::cli::{Outcome, ask, print};
use crate::model::{Dimension, SeriesKey};
use crate::node::site::{SiteHead, SitePage, SiteProof, SiteRequest};
use crate::node::{GetRequest, Request};

/// How often a copy is begun anew because figures were released meanwhile.
const TRIES: u32 = 3;
/// Said when they were.
pub(super) const MOVED: &str = "figures were released while the copy was made";

/// `publish-site`
///
/// # Errors
/// When the node refuses, or the folder is something else's or cannot be written. The old copy stands then.
pub(in crate::cli) fn run(global: &Global, args: &PublishSite) -> anyhow::Result<Outcome> {
    let target = Target::open(&args.folder)?;
    for _ in 0..TRIES {
        let made = make(global, &target, args).inspect_err(|_| target.give_up())?;
        let Some(summary) = made else {
            eprintln!("note: {MOVED}: it is made anew");
            continue;
        };
        target.put_in_place()?;
        print::value(&summary, global.json)?;
        return Ok(Outcome::Done);
    }
    target.give_up();
    bail!("{MOVED}, {TRIES} times: try again when it is quieter")
}

/// Makes a copy beside the old one; nothing when figures were released meanwhile.
fn make(global: &Global, target: &Target, args: &PublishSite) -> anyhow::Result<Option<Value>> {
    let dir = target.begin()?;
    let mut stage = Stage::new(dir, target.dir());
    let head = head(global)?;
    let names = cards(&mut stage, target.dir(), &head)?;
    let pages = if args.no_pages { 0 } else { pages(global, &mut stage)? };
    let written = figures(global, &mut stage, &names)?;
    if written.is_none() || self::head(global)? != head {
        return Ok(None);
    }
    let Written { wanted, observations } = written.context("it was looked at")?;
    let ids: BTreeMap<&str, &str> =
        head.sources.iter().map(|source| (source.name.as_str(), source.publisher.as_str())).collect();
    for ((name, seq), count) in &wanted {
        let publisher = ids.get(name.as_str()).context("every name has its publisher")?;
        if evidence(global, &mut stage, name, (publisher, *seq))? != *count {
            return Ok(None);
        }
    }
    let files = stage.list()?;
    let request = SiteRequest::Sign {
        list: files.list.to_hex(),
        files: files.files,
        bytes: files.bytes,
        sources: head.sources,
    };
    let signed = ask::value(global, Request::Site(request))?;
    stage.seal(signed["manifest"].as_str().context("the node did not sign")?)?;
    let mut summary = json!({
        "directory": target.dir(),
        "files": files.files,
        "bytes": files.bytes,
        "pages": pages,
        "observations": observations,
        "written": stage.written(),
    });
    if !args.no_verify {
        let report = verify::check(dir, None);
        if let Some(fault) = report.faults.first() {
            bail!("the copy that was made does not verify, and the old one stands: {fault}");
        }
        summary["citations"] = json!(report.citations);
    }
    Ok(Some(summary))
}

fn head(global: &Global) -> anyhow::Result<SiteHead> {
    let head = ask::value(global, Request::Site(SiteRequest::Head))?;
    serde_json::from_value(head).context("the node does not say what is public")
}

/// Writes the cards; by publisher, the name in paths and whether its card is that of the old copy.
fn cards(stage: &mut Stage, old: &Path, head: &SiteHead) -> anyhow::Result<BTreeMap<String, (String, bool)>> {
    let mut names = BTreeMap::new();
    for source in &head.sources {
        let path = card_of(&source.name);
        let before = lists::read_text(&old.join(&path), MAX_CARD).ok();
        stage.put(&path, source.card.as_bytes())?;
        let is_same = before.is_some_and(|before| before == source.card);
        names.insert(source.publisher.clone(), (source.name.clone(), is_same));
    }
    Ok(names)
}

/// Writes the pages; how many files.
fn pages(global: &Global, stage: &mut Stage) -> anyhow::Result<u64> {
    let (mut count, mut failed) = (0, Ok(()));
    ask::ask(global, Request::Site(SiteRequest::Pages), &mut |row| {
        failed = page(stage, row);
        count += 1;
        failed.is_ok()
    })?;
    failed.map(|()| count)
}

fn page(stage: &mut Stage, row: Value) -> anyhow::Result<()> {
    let SitePage { path, text } = serde_json::from_value(row).context("the node gave no page")?;
    if !lists::is_inside(&path) {
        bail!("{path:?} is no path of a page");
    }
    stage.put(&path, text.as_bytes())
}

/// The longest card, in bytes.
pub(super) const MAX_CARD: u64 = 256 << 10;

/// Writes the figures; nothing when somebody began to publish meanwhile.
fn figures(
    global: &Global,
    stage: &mut Stage,
    names: &BTreeMap<String, (String, bool)>,
) -> anyhow::Result<Option<Written>> {
    let (mut figures, mut failed) = (Figures::new(stage, names), Ok(()));
    let everything = GetRequest { flow: "MIGPROFILE".to_owned(), public: true, ..GetRequest::default() };
    ask::ask(global, Request::Series(everything), &mut |row| {
        failed = figures.take(row);
        failed.is_ok()
    })?;
    match failed {
        Err(error) if error.to_string() == MOVED => Ok(None),
        Err(error) => Err(error),
        Ok(()) => figures.finish().map(Some),
    }
}

/// Writes the evidence of one entry; how many series it is of.
fn evidence(
    global: &Global,
    stage: &mut Stage,
    name: &str,
    (publisher, seq): (&str, u64),
) -> anyhow::Result<u64> {
    let (mut count, mut failed) = (0, Ok(()));
    let request = SiteRequest::Evidence { publisher: publisher.to_owned(), seq };
    ask::ask(global, Request::Site(request), &mut |row| {
        failed = proof(stage, name, seq, row).map(|is_new| count += u64::from(is_new));
        failed.is_ok()
    })?;
    failed.map(|()| count)
}

/// Writes a proof; `false` if it was taken over from the old copy.
fn proof(stage: &mut Stage, name: &str, seq: u64, row: Value) -> anyhow::Result<bool> {
    let SiteProof { key, citation } = serde_json::from_value(row).context("the node gave no proof")?;
    let indicator = SeriesKey::parse(&key)?.dimension(Dimension::Indicator).to_owned();
    let path = format!("{}{seq}.json", evidence_of(name, &indicator, &key));
    if stage.has(&path) {
        return Ok(false);
    }
    stage.put(&path, citation.as_bytes())?;
    Ok(true)
}
