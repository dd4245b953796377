//! Two governments with many agreements that meet again when nothing is new.

use std::path::Path;

use anyhow::ensure;
use corridor::node::Request;
use corridor::node::request::AgreementDraft;

use crate::data::COUNTRY;
use crate::node::{Node, introduce};
use crate::outside::wire_bytes;
use crate::play::PARTNER;
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "feeds_200";
/// Agreements between the two. Each makes two feeds: the publisher's with a release and the partner's with the
/// receipt for it.
const AGREEMENTS: usize = 100;
/// Feeds that both hold then, beside those for the correspondence.
const FEEDS: usize = 2 * AGREEMENTS;

/// Makes the agreements, releases under all of them, and lets the partner come back.
pub(crate) fn play(nodes: &(Node, Node), root: &Path, report: &mut Report) -> anyhow::Result<()> {
    let (mut a, mut b) = (nodes.0.copy(root)?, nodes.1.copy(root)?);
    a.start(&Request::Card)?;
    b.start(&Request::Card)?;
    introduce(&mut a, &mut b)?;
    for number in 0..AGREEMENTS {
        let draft = Request::AgreementDraft(Box::new(AgreementDraft {
            title: title(number),
            with: vec![PARTNER.to_owned()],
            indicators: vec!["MS_FBORN".to_owned()],
            purpose: "statistics".to_owned(),
            ..AgreementDraft::default()
        }));
        a.ask(&draft)?;
        a.ask(&Request::AgreementPropose { agreement: title(number) })?;
    }
    for number in 0..AGREEMENTS {
        let sign = Request::AgreementSign { agreement: title(number) };
        b.until("the proposal has come", |b| Ok(b.ask(&sign).ok()))?;
    }
    a.until("all agreements are in force", |a| {
        let list = a.ask(&Request::AgreementList)?;
        let all = list["agreements"].as_array().into_iter().flatten();
        Ok((all.filter(|one| one["standing"] == "in force").count() == AGREEMENTS).then_some(()))
    })?;
    a.submit(&format!(
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE\n\
         A,{COUNTRY},{PARTNER},MS_FBORN,BIR,_T,2020,171520,D0\n"
    ))?;
    a.release()?;
    a.until("all receipts are there", |a| Ok(nothing_owed(a)?.then_some(())))?;
    for node in [&mut a, &mut b] {
        node.until_metric("corridor_feeds", FEEDS as u64)?;
    }
    b.stop()?;
    b.start(&Request::Card)?;
    let listed = b.talk()?;
    let feeds = b.metric("corridor_feeds")? as usize;
    ensure!(feeds >= FEEDS, "the partner holds {feeds} feeds");
    report.add("feeds_200_held", FEEDS, feeds as f64, "feeds", Better::Lower);
    report.add("feeds_200_greeting", FEEDS, b.last_greeting()?, "ms", Better::Lower);
    report.add("feeds_200_listed", FEEDS, listed, "ms", Better::Lower);
    let (bytes_in, bytes_out) = b.traffic()?;
    report.add("feeds_200_bytes", FEEDS, bytes_in + bytes_out, "B", Better::Lower);
    report.add("feeds_200_wire_bytes", FEEDS, wire_bytes(&[a.port(), b.port()])?, "B", Better::Lower);
    a.stop()?;
    b.stop()
}

fn title(number: usize) -> String {
    format!("agreement {number}")
}

/// Whether the partner has acknowledged every release.
fn nothing_owed(a: &mut Node) -> anyhow::Result<bool> {
    let status = a.ask(&Request::Status)?;
    let partner = &status["partners"][0];
    Ok(partner["behind"] == 0 && partner["acknowledged"].as_u64() >= Some(AGREEMENTS as u64))
}
