//! Crises: lanes are declared, bulletins go in at once, and everybody sees one picture.
//!
//! ```text
//!  declare ─▶ the lane's text and our signature to every member ─▶ enough have signed ─▶ in force at all of them
//!  report ──▶ checked ─▶ enough duty officers? ─▶ policy, protect ─▶ our feed under the lane ─▶ every member
//!  show ────▶ bulletins of all feeds of the lane, read from the entries ─▶ `insight::crisis` ─▶ the picture
//!  end ─────▶ over ─▶ summary kept here ─▶ retention ─▶ erased, and confirmed to who declared it
//! ```
//!
//! A lane is an agreement, see `policy::crisis`, so that all of exchange, couriers, receipts and erasure is that of any
//! agreement. What is here is the way in for people who have minutes. Bulletins waiting for officers, closed lanes and
//! lessons are acts of the house feed, which `desk` folds.
//!
//! Start reading at `asked`, then `report`.

use serde_json::{Value, json};

use super::agreements::standing_word;
use super::engine::{Engine, NodeError};
use super::prepared::Figures;
use super::request::Caller;
use crate::policy::{Agreement, Lane, Standing};

pub mod asked;
mod basis;
pub mod board;
mod declare;
pub mod desk;
mod ending;
mod figures;
mod report;
mod show;
pub mod table;
mod words;

pub use asked::{CrisisRequest, ReportRequest, SAID};
pub use words::{CrisisTerms, is_place};

impl Engine {
    /// Carries out what is asked of crises.
    pub(super) fn crisis(
        &mut self,
        request: CrisisRequest,
        figures: Option<Figures>,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        match request {
            CrisisRequest::Declare(declare) => self.crisis_declare(&declare, caller),
            CrisisRequest::Join { lane } => self.crisis_join(&lane, caller),
            CrisisRequest::List => self.crisis_list(),
            CrisisRequest::Report(report) => self.crisis_report(&report, figures, caller),
            CrisisRequest::Approve { lane, bulletin } => {
                self.crisis_approve(lane.as_deref(), &bulletin, caller)
            }
            CrisisRequest::Show { lane } => self.crisis_show(lane.as_deref()),
            CrisisRequest::Rests { lane, figure } => self.crisis_rests(lane.as_deref(), &figure),
            CrisisRequest::Bulletin { lane, publisher, bulletin } => {
                self.crisis_bulletin(lane.as_deref(), (&publisher, &bulletin))
            }
            CrisisRequest::End { lane, lessons } => self.crisis_end(&lane, lessons.as_deref(), caller),
        }
    }

    /// A lane by name, id, the start of it, or title; without one, the only one that is in force.
    fn lane(&self, name: Option<&str>) -> Result<Agreement, NodeError> {
        let book = self.house.book();
        let Some(name) = name else {
            let mut open = self.open_lanes();
            return match (open.next(), open.next()) {
                (Some(one), None) => Ok(one.clone()),
                (None, _) => Err(NodeError::NotFound(
                    "no crisis lane is in force here; `corridor crisis list` shows all, `corridor crisis declare` begins one"
                        .to_owned(),
                )),
                (Some(_), Some(_)) => Err(NodeError::Refused(
                    "several crisis lanes are in force: name one with --lane; `corridor crisis list` shows them"
                        .to_owned(),
                )),
            };
        };
        let called = |one: &&Agreement| {
            one.text().crisis.lane().is_some_and(|lane| lane.name.eq_ignore_ascii_case(name))
                || one.text().title == name
                || name.len() >= 6 && one.id().to_hex().starts_with(&name.to_ascii_lowercase())
        };
        let found: Vec<&Agreement> = book.lanes().filter(called).collect();
        let open = |one: &&&Agreement| !matches!(book.standing(one, self.now()), Standing::Over { .. });
        // A name may be used again once the lane that had it is over.
        match (found.as_slice(), found.iter().filter(open).count()) {
            ([one], _) => Ok((*one).clone()),
            ([], _) => Err(NodeError::NotFound(format!(
                "there is no crisis lane {name:?} here; `corridor crisis list` shows them"
            ))),
            (several, 1) => {
                Ok((**several.iter().find(open).expect("one of them was counted as open")).clone())
            }
            (_, _) => Err(NodeError::Refused(format!("{name:?} fits several crisis lanes; give the id"))),
        }
    }

    /// The lanes that are in force here.
    pub(super) fn open_lanes(&self) -> impl Iterator<Item = &Agreement> {
        let (book, now) = (self.house.book(), self.now());
        book.lanes().filter(move |lane| book.standing(lane, now) == Standing::InForce)
    }

    fn crisis_list(&self) -> Result<Value, NodeError> {
        let lanes = self.house.book().lanes().map(|lane| self.describe_lane(lane));
        Ok(json!({ "lanes": lanes.collect::<Vec<_>>() }))
    }

    /// A lane in a few fields, as `status` and the list have it.
    pub(super) fn describe_lane(&self, agreement: &Agreement) -> Value {
        let text = agreement.text();
        let Some(lane) = text.crisis.lane() else { return Value::Null };
        let standing = self.house.book().standing(agreement, self.now());
        let (over, missing) = match &standing {
            Standing::Over { since } => (Some(since.to_string()), Vec::new()),
            Standing::Proposed { missing } => (None, self.countries(missing)),
            Standing::Ahead | Standing::InForce => (None, Vec::new()),
        };
        let signed: Vec<_> = agreement.signed().map(|(party, _)| party).collect();
        let members: Vec<_> = text.bound().collect();
        json!({
            "lane": agreement.id().to_hex(),
            "name": lane.name,
            "area": lane.area,
            "drill": lane.drill,
            "watermark": watermark(lane),
            "under": self.agreement_name(&lane.under),
            "standing": standing_word(&standing),
            "signed": self.countries(&signed),
            "signatures_needed": text.quorum,
            "may_sign": missing,
            "members": self.countries(&members),
            "couriers": self.countries(&text.couriers().collect::<Vec<_>>()),
            "since": agreement.in_force_since().map(|since| since.to_string()),
            "until": crate::model::Millis(text.term.end).to_string(),
            "over_since": over,
            "erase_at": self.house.book().erase_at(agreement, self.us(), self.now()).map(|at| at.to_string()),
        })
    }

    /// The lanes that are in force, and those that wait for a signature, as `status` shows them.
    pub(super) fn crisis_status(&self) -> Value {
        let (book, now) = (self.house.book(), self.now());
        let alive = |one: &&Agreement| !matches!(book.standing(one, now), Standing::Over { .. });
        book.lanes().filter(alive).map(|lane| self.describe_lane(lane)).collect()
    }
}

/// What stands over everything that an exercise shows.
fn watermark(lane: &Lane) -> Option<&'static str> {
    lane.drill.then_some("EXERCISE: no real crisis, no real figures")
}
