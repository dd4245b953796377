//! A bulletin's release: into one crisis lane and nowhere else, all of it or nothing.

use std::borrow::Cow;

use serde_json::Value;

use super::{Draft, Source};
use crate::feed::{AgreementId, Body, EntryKind, FeedId, Seq};
use crate::model::{DocumentKind, Record, Series};
use crate::node::acts::document;
use crate::node::engine::{Engine, NodeError};
use crate::node::outcome::{self, Details};
use crate::node::plan::{Audience, Changed, Plan};
use crate::node::request::ReleaseRequest;
use crate::policy::Bulletin;
use crate::protect::{self, Levels};

/// Why a value of a bulletin changes, as the code list has it.
const CORRECTED: &str = "ERROR";

/// Where a bulletin goes, and of which submission it is.
pub(in crate::node) struct IntoLane {
    pub(in crate::node) lane: AgreementId,
    pub(in crate::node) bulletin: Bulletin,
    pub(in crate::node) submission: String,
    /// The entry of the house feed that holds its figures.
    pub(in crate::node) seqs: Vec<Seq>,
}

/// A bulletin that may go, in the form in which it may.
pub(in crate::node) struct LaneDraft {
    into: IntoLane,
    draft: Draft,
}

impl Engine {
    /// Puts a bulletin to policy and protection; it may go as a whole or not at all.
    ///
    /// # Errors
    /// [`NodeError`] saying what may not go, and why.
    pub(in crate::node) fn draft_into_lane(
        &mut self,
        into: IntoLane,
        series: Vec<Series>,
        levels: Levels,
    ) -> Result<LaneDraft, NodeError> {
        self.signer()?;
        self.may_append(&FeedId::new(self.us(), AgreementId::house()))?;
        self.may_append(&FeedId::new(self.us(), into.lane))?;
        self.may_release()?;
        let strictest = self.strictest_rule(&[into.lane]);
        let corrects = into.bulletin.correction.is_some();
        let mut draft = Draft {
            request: ReleaseRequest {
                reason: corrects.then(|| CORRECTED.to_owned()),
                ..ReleaseRequest::default()
            },
            caller: crate::node::daemon::the_node(),
            submissions: vec![into.submission.clone()],
            seqs: into.seqs.clone(),
            source: Source::Held(series),
            levels,
            plans: Vec::new(),
            changed: Vec::new(),
            guarded: std::collections::BTreeSet::new(),
            refused: None,
        };
        for one in draft.source.held() {
            if self.is_guarded(one, strictest) {
                draft.guarded.insert(one.key().indicator().to_owned());
            }
            protect::check_texts(one)
                .map_err(|breach| NodeError::Breach { audience: "everyone".to_owned(), breach })?;
        }
        // Only what is compared with, or held against, earlier figures waits for the view.
        if corrects || !draft.guarded.is_empty() {
            self.store.fold()?;
        }
        if draft.guarded.is_empty() {
            self.plan_open(into.lane, corrects, &mut draft)?;
        } else {
            self.recall(&draft.guarded.clone())?;
            self.plan_guarded(into.lane, &mut draft)?;
        }
        if let Some(error) = draft.refused.take() {
            return Err(error);
        }
        let plan = draft.plans.first().expect("a plan was made for the one audience");
        if let Some((key, why, _)) = plan.withheld_series.first() {
            return Err(NodeError::Refused(format!(
                "nothing of the bulletin goes out: {key}: {why}. Take this out of the table, or report it under another agreement"
            )));
        }
        if plan.series == 0 {
            return Err(NodeError::Refused(
                "nothing of the bulletin goes out: every figure of it is there already, or none may be shown"
                    .to_owned(),
            ));
        }
        Ok(LaneDraft { into, draft })
    }

    /// What of a bulletin goes when none of it needs protection.
    fn plan_open(&self, lane: AgreementId, corrects: bool, draft: &mut Draft) -> Result<(), NodeError> {
        let feed = FeedId::new(self.us(), lane);
        let before = corrects.then(|| self.store.derived().row_reader());
        let mut audience = Audience { house: &self.house, feed, before, now: self.now() };
        let (mut plan, mut going) = (Plan::default(), Vec::new());
        let reason = draft.request.reason.as_deref();
        for series in draft.source.held() {
            let Some(shared) = audience.share(series, &mut plan)?.map(Cow::into_owned) else { continue };
            match audience.change(&shared, &mut plan, reason)? {
                Changed::Nothing => {}
                Changed::All => going.push(shared),
                Changed::Part(part) => going.push(part),
            }
        }
        draft.plans.push(plan);
        draft.changed.push(going);
        Ok(())
    }

    /// Appends a bulletin to our feed under its lane; returns what the act of the release says.
    pub(in crate::node) fn append_into_lane(&mut self, draft: LaneDraft) -> Result<Value, NodeError> {
        let LaneDraft { into, mut draft } = draft;
        let mut records: Vec<Record> = draft.changed.remove(0).into_iter().map(Record::Series).collect();
        let id = &into.bulletin.id;
        let bytes = into.bulletin.to_bytes();
        records.extend(document(DocumentKind::Crisis, id, "bulletin", "application/octet-stream", &bytes)?);
        let head = self.append_body(into.lane, EntryKind::Release, Body::of(records)?)?;
        let told = [self.told(&into.lane, None).got(Some(head))];
        let released = outcome::released(&told, &draft.plans, false)?;
        let Draft { submissions, request, guarded, seqs, .. } = draft;
        seqs.iter().for_each(|seq| self.submitted.forget(*seq));
        let details = Details { submissions, reason: request.reason, released, guarded, opens_at: None };
        serde_json::to_value(&details).map_err(|error| NodeError::Refused(error.to_string()))
    }
}
