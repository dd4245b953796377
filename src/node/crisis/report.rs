//! A bulletin's way in: checked, kept in the house feed, and released into the lane at once, or as soon as enough duty
//! officers stand behind it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::asked::ReportRequest;
use super::declare::{LAWFUL_WAY, refused};
use super::desk::Waiting;
use super::watermark;
use super::words::{check_id, check_reason};
use crate::feed::{AgreementId, EntryKind, FeedId};
use crate::intake::Level;
use crate::model::{Millis, Series};
use crate::node::acts::ActName;
use crate::node::engine::{CLOCK_AHEAD, Engine, NodeError};
use crate::node::levels;
use crate::node::prepared::Figures;
use crate::node::release::lane::IntoLane;
use crate::node::request::Caller;
use crate::node::submissions::describe_report;
use crate::policy::{Agreement, Bulletin, Standing};
use crate::protect::Levels;

/// Where a bulletin goes, and what it says.
struct Desked {
    lane: AgreementId,
    bulletin: Bulletin,
    officers: BTreeSet<String>,
    submission: String,
}

impl Engine {
    pub(super) fn crisis_report(
        &mut self,
        asked: &ReportRequest,
        figures: Option<Figures>,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let lane = self.lane_to_report(asked.lane.as_deref())?;
        let bulletin = self.bulletin_of(&lane, asked)?;
        let figures = figures
            .ok_or_else(|| NodeError::Refused("the table did not come with the request".to_owned()))?;
        let mut value = describe_report(&figures.report);
        value["file"] = json!(asked.file);
        value["bulletin"] = json!(bulletin.id);
        if figures.body.is_none() || value["accepted"] != true {
            value["lawful_way"] = json!(LAWFUL_WAY);
            let details =
                json!({ "file": asked.file, "findings": figures.report.tally.all(), "code": "check" });
            self.refused(ActName::CrisisReport, caller, "the check found errors", details)?;
            return Ok(value);
        }
        let Figures { report, levels, body, held, indicators, hash, listing: _ } = figures;
        self.not_elsewhere(&lane, &bulletin, &held)?;
        let officers = BTreeSet::from([caller.who.clone()]);
        let number = self.next_submission();
        let submission = format!("s{number}");
        let desked = Desked { lane: lane.id(), bulletin, officers, submission };
        let enough = self.are_enough(&lane, &desked.officers);
        let body = body.ok_or_else(|| refused("the table holds no figure"))?;
        let place = self.store.place(FeedId::new(self.us(), AgreementId::house())).seq;
        let submitted = json!({
            "submission": desked.submission,
            "entry_seq": place.0,
            "file": asked.file,
            "file_sha256": hash.to_hex(),
            "rows": report.rows,
            "series": report.series,
            "observations": report.observations,
            "indicators": indicators,
        });
        // Nothing is written before it is known that it may go.
        let draft = self.draft_into_lane(desked.for_lane(&[place]), held, levels_of(&levels))?;
        self.append_body(AgreementId::house(), EntryKind::Submission, body)?;
        let mut acts = vec![(ActName::Submit, submitted, levels::document(&desked.submission, &levels)?)];
        if enough {
            let released = self.append_into_lane(draft)?;
            value["released"] = released["released"][0].clone();
            acts.push((ActName::Release, released, Vec::new()));
        }
        acts.push((ActName::CrisisReport, desked.said(enough), Vec::new()));
        self.done_in_order(acts, caller)?;
        self.describe_desked(&lane, &desked, enough, &mut value);
        Ok(value)
    }

    pub(super) fn crisis_approve(
        &mut self,
        lane: Option<&str>,
        bulletin: &str,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let lane = self.lane_to_report(lane)?;
        let waiting = self.house.crisis.waiting(lane.id(), bulletin).cloned().ok_or_else(|| {
            NodeError::NotFound(format!(
                "no bulletin {bulletin:?} waits for a duty officer; `corridor crisis show` names those that do"
            ))
        })?;
        let Waiting { submission, bulletin, mut officers } = waiting;
        if !officers.insert(caller.who.clone()) {
            return Err(NodeError::Refused(format!(
                "{} stands behind it already: another duty officer must approve it",
                caller.who
            )));
        }
        if !self.is_on_duty(&caller.who) {
            return Err(NodeError::Refused(format!(
                "{} is no duty officer here (crisis.duty in the configuration)",
                caller.who
            )));
        }
        let enough = self.are_enough(&lane, &officers);
        let desked = Desked { lane: lane.id(), bulletin, officers, submission };
        let mut value = json!({ "bulletin": desked.bulletin.id });
        let mut acts = Vec::new();
        if enough {
            let kept = self.house.submission(&desked.submission).ok_or_else(|| {
                NodeError::NotFound(format!("there is no submission {}", desked.submission))
            })?;
            let (seqs, levels) = ([kept.seq], self.levels_of(&[kept])?);
            let series: Vec<Series> = self.submitted(&seqs)?.collect::<Result<_, _>>()?;
            self.not_elsewhere(&lane, &desked.bulletin, &series)?;
            let draft = self.draft_into_lane(desked.for_lane(&seqs), series, levels)?;
            let released = self.append_into_lane(draft)?;
            value["released"] = released["released"][0].clone();
            acts.push((ActName::Release, released, Vec::new()));
        }
        acts.push((ActName::CrisisApprove, desked.said(enough), Vec::new()));
        self.done_in_order(acts, caller)?;
        self.describe_desked(&lane, &desked, enough, &mut value);
        Ok(value)
    }

    /// A lane in force in which we publish.
    fn lane_to_report(&self, name: Option<&str>) -> Result<Agreement, NodeError> {
        let lane = self.lane(name)?;
        match self.house.book().standing(&lane, self.now()) {
            Standing::InForce if lane.publishes(&self.us()) => Ok(lane),
            Standing::InForce => {
                Err(NodeError::Refused("this government publishes nothing in the crisis lane".to_owned()))
            }
            Standing::Proposed { missing } => Err(NodeError::Refused(format!(
                "the crisis lane is not in force: one more of these must sign it with `corridor crisis join`: {}",
                self.countries(&missing).join(", ")
            ))),
            Standing::Ahead => Err(NodeError::Refused("the crisis lane has not begun".to_owned())),
            Standing::Over { since } => {
                Err(NodeError::Refused(format!("the crisis lane is over since {since}")))
            }
        }
    }

    /// The cover of what is asked for.
    fn bulletin_of(&mut self, lane: &Agreement, asked: &ReportRequest) -> Result<Bulletin, NodeError> {
        check_reason(asked.correction.as_deref())?;
        let place = self.place_of(lane, asked)?;
        let (us, country) = (self.us(), self.country_of(&self.us()));
        let number = self.house.crisis.numbered(&lane.id()) + 1;
        let given = asked.bulletin.clone();
        let bulletin = Bulletin {
            id: given.unwrap_or_else(|| format!("{country}-{number}")),
            observed_at: self.seen_at(&asked.observed)?.0,
            place,
            correction: asked.correction.clone(),
        };
        bulletin.check().map_err(refused)?;
        let board = self.board(lane.id())?;
        if !board.has(&bulletin.id) {
            check_id(&bulletin.id, &country)?;
        }
        let before = board.observed(us, &bulletin.id);
        let posted = before.is_some();
        let waits = self.house.crisis.waiting(lane.id(), &bulletin.id).is_some();
        match (&bulletin.correction, posted, waits) {
            (_, _, true) => Err(NodeError::Refused(format!(
                "bulletin {:?} waits for a duty officer: approve it first with `corridor crisis approve`",
                bulletin.id
            ))),
            (None, true, false) => Err(NodeError::Refused(format!(
                "bulletin {:?} was reported already: to correct it, say --corrects {0} and --reason, else give another id",
                bulletin.id
            ))),
            (Some(_), false, false) => Err(NodeError::Refused(format!(
                "there is no bulletin {:?} of this government to correct; `corridor crisis show` names them",
                bulletin.id
            ))),
            // Said of another moment, the figures would stand beside those that they correct, and both would count.
            (Some(_), true, false) if before != Some(bulletin.observed()) => {
                Err(NodeError::Refused(format!(
                    "bulletin {:?} was observed at {}: what corrects it is of that moment, say --observed {1}",
                    bulletin.id,
                    before.unwrap_or_default()
                )))
            }
            (_, _, false) => Ok(bulletin),
        }
    }

    /// When something was observed. What is dated ahead would stand as the newest of its stock until that day comes.
    fn seen_at(&self, observed: &str) -> Result<Millis, NodeError> {
        let (seen, now) = (Millis::parse(observed)?, self.now());
        match seen > now.saturating_add(CLOCK_AHEAD) {
            false => Ok(seen),
            true => Err(NodeError::Refused(format!(
                "observed at {seen}, which lies ahead: it is {now} here. Say --observed as it was, or set this machine's clock"
            ))),
        }
    }

    /// No figure of a bulletin may stand in another one of ours: it would silently take its place.
    fn not_elsewhere(
        &mut self,
        lane: &Agreement,
        bulletin: &Bulletin,
        series: &[Series],
    ) -> Result<(), NodeError> {
        match self.board(lane.id())?.reported_elsewhere(&bulletin.id, series) {
            None => Ok(()),
            Some((key, period, other)) => Err(NodeError::Refused(format!(
                "{key} {period} was reported in bulletin {other:?}. If that was wrong, correct it with --corrects {other}. \
                 If this is another count, {} say with --observed when it was made",
                // Two points may count at the same second, but the words of a place keep no figures apart.
                match key.subnat() {
                    "_T" =>
                        "name the point where it was made within the figure (SUBNAT), as in CR_BORDER:XOB:XA-01=120, or",
                    _ => "",
                }
            ))),
        }
    }

    /// Whether somebody is a duty officer: the configuration names them, or leaves it to whoever may use this node.
    fn is_on_duty(&self, who: &str) -> bool {
        self.crisis.duty.is_empty() || self.crisis.duty.contains(who)
    }

    fn are_enough(&self, lane: &Agreement, officers: &BTreeSet<String>) -> bool {
        let needed = lane.text().crisis.lane().map_or(1, |lane| lane.terms.officers);
        officers.iter().filter(|who| self.is_on_duty(who)).count() >= needed as usize
    }

    fn describe_desked(&self, lane: &Agreement, desked: &Desked, enough: bool, value: &mut Value) {
        let terms = lane.text().crisis.lane();
        value["accepted"] = json!(true);
        value["lane"] = json!(lane.id().to_hex());
        value["name"] = json!(terms.map(|lane| &lane.name));
        value["watermark"] = json!(terms.and_then(watermark));
        value["submission"] = json!(desked.submission);
        value["observed"] = json!(desked.bulletin.observed().to_string());
        value["correction"] = json!(desked.bulletin.correction);
        value["officers"] = json!(desked.officers);
        value["officers_needed"] = json!(terms.map_or(1, |lane| lane.terms.officers));
        value["waiting"] = json!(!enough);
    }
}

impl Desked {
    fn for_lane(&self, seqs: &[crate::feed::Seq]) -> IntoLane {
        IntoLane {
            lane: self.lane,
            bulletin: self.bulletin.clone(),
            submission: self.submission.clone(),
            seqs: seqs.to_vec(),
        }
    }

    /// What the log says of it.
    fn said(&self, released: bool) -> Value {
        json!({
            "lane": self.lane.to_hex(),
            "bulletin": self.bulletin.id,
            "submission": self.submission,
            "observed_at": self.bulletin.observed_at,
            "place": self.bulletin.place,
            "correction": self.bulletin.correction,
            "officers": self.officers,
            "sent": released,
        })
    }
}

fn levels_of(levels: &[Level]) -> Levels {
    levels.iter().map(|level| ((level.key.clone(), level.period), level.level)).collect()
}
