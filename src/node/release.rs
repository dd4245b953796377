//! Release: what was submitted goes to everyone who may have it, and to nobody else.
//!
//! For every agreement in force, and for the public one, each series is put to `policy`; what it shares is put into
//! the form in which it may leave, by `protect`, and compared with what was released there before, so that an entry
//! carries only what is new or changed.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::acts::ActName;
use super::acts::Done;
use super::engine::{Engine, NodeError};
use super::house::Submission;
use super::merge::{self, Merge};
use super::outcome::{self, Answered, Details, Told};
use super::plan::{Audience, Changed, Plan};
use super::protection::MAX_GUARDED;
use super::request::{Caller, ReleaseRequest};
use crate::feed::{AgreementId, Body, BodyBuilder, EntryKind, FeedId, HeadRef, Seq};
use crate::model::catalogue::DisclosureRule;
use crate::model::{Millis, Period, Record, Retraction, Series, SeriesKey};
use crate::protect::{self, Levels, Protected};
use crate::store::StoreError;
use crate::view::Row;

pub(super) mod lane;

/// Releases that are carried out together say at most so much, in observations: what is more goes alone.
const MAX_TOGETHER: u64 = 20_000;

/// A release that somebody asked for.
pub(super) type Wanted = (ReleaseRequest, Caller);

/// A release on its way: what was asked, what it has to say, and what becomes of it.
struct Draft {
    request: ReleaseRequest,
    caller: Caller,
    submissions: Vec<String>,
    /// The entries of the house feed that hold them.
    seqs: Vec<Seq>,
    source: Source,
    /// The protection levels of its sensitive totals.
    levels: Levels,
    /// One plan for each audience.
    plans: Vec<Plan>,
    /// By audience, what goes there.
    changed: Vec<Vec<Series>>,
    /// What it states of whose form depends on what else its audience holds: protection looks at it as a whole.
    guarded: BTreeSet<String>,
    refused: Option<NodeError>,
}

/// Where the series of a release come from.
enum Source {
    /// They are few enough to be held, and to go together with others.
    Held(Vec<Series>),
    /// They are read one by one, by a release that goes alone.
    Read,
}

impl Engine {
    /// Carries out one release.
    pub(super) fn release(
        &mut self,
        request: &ReleaseRequest,
        caller: &Caller,
    ) -> Result<Box<RawValue>, NodeError> {
        let mut wanted = VecDeque::from([(request.clone(), caller.clone())]);
        self.release_next(&mut wanted).and_then(|mut outcomes| outcomes.remove(0))
    }

    /// Carries out the releases at the front that can share one entry for each audience, so that a burst of small
    /// ones shares signatures and syncs; returns what became of each, at least one. Those that are left state
    /// something of the same series, and are compared with what is released now: commit before they come.
    ///
    /// # Errors
    /// [`NodeError`] when none of them could be carried out.
    pub(super) fn release_next(
        &mut self,
        wanted: &mut VecDeque<Wanted>,
    ) -> Result<Vec<Result<Box<RawValue>, NodeError>>, NodeError> {
        if wanted.iter().any(|(request, _)| !request.dry_run) {
            self.signer()?;
            self.may_append(&FeedId::new(self.us(), AgreementId::house()))?;
            self.may_release()?;
        }
        self.store.fold()?;
        let embargo = self.embargo_of(wanted.front().map(|(request, _)| request))?;
        let mut audiences = vec![AgreementId::public()];
        audiences.extend(self.house.book().in_force(self.now()).map(crate::policy::Agreement::id));
        let mut drafts = self.draft_next(wanted, &audiences);
        self.hold_behind_embargo(&audiences, &mut drafts);
        let bodies = self.plan_all(&audiences, &mut drafts)?;
        let heads = self.append_bodies(&audiences, bodies, embargo)?;
        let told: Vec<Told> = audiences
            .iter()
            .zip(heads)
            .map(|(agreement, head)| self.told(agreement, embargo).got(head))
            .collect();
        let (mut outcomes, mut acts) = (Vec::new(), Vec::new());
        for draft in drafts {
            if let Some(error) = draft.refused {
                outcomes.push(Err(error));
                continue;
            }
            let Draft {
                request: ReleaseRequest { dry_run, reason, .. }, submissions, plans, guarded, ..
            } = draft;
            let opens_at = embargo.map(|time| time.to_string());
            let released = outcome::released(&told, &plans, dry_run)?;
            let answered = Answered { submissions: &submissions, dry_run, released: &released };
            outcomes.push(Ok(outcome::raw(&answered)?));
            if !dry_run {
                draft.seqs.iter().for_each(|seq| self.submitted.forget(*seq));
                let details = Details { submissions, reason, released, guarded, opens_at };
                acts.push(Done { caller: draft.caller, details, documents: Vec::new() });
            }
        }
        self.done_together(ActName::Release, acts)?;
        Ok(outcomes)
    }

    /// Plans drafts for every audience; says what each gets.
    fn plan_all(
        &mut self,
        audiences: &[AgreementId],
        drafts: &mut [Draft],
    ) -> Result<Vec<Option<Body>>, NodeError> {
        if let [draft] = drafts {
            if matches!(draft.source, Source::Read) {
                match self.plan_large(audiences, draft) {
                    Ok(Some(bodies)) => return Ok(bodies),
                    Ok(None) => {}
                    Err(error) if error.is_fatal() => return Err(error),
                    Err(error) => draft.refused = Some(error),
                }
            }
            if !draft.guarded.is_empty() && draft.refused.is_none() {
                self.recall(&draft.guarded)?;
                for agreement in audiences {
                    self.plan_guarded(*agreement, draft)?;
                }
                return gather_bodies(drafts, audiences.len());
            }
        }
        for agreement in audiences {
            self.plan(*agreement, drafts)?;
        }
        gather_bodies(drafts, audiences.len())
    }

    /// Takes releases from the front as long as no two say something of the same series, or could tell something of
    /// each other.
    fn draft_next(&mut self, wanted: &mut VecDeque<Wanted>, audiences: &[AgreementId]) -> Vec<Draft> {
        let strictest = self.strictest_rule(audiences);
        let (mut drafts, mut keys, mut observations) = (Vec::<Draft>::new(), BTreeSet::new(), 0);
        while let Some((request, caller)) = wanted.pop_front() {
            // What waits, a look ahead, and what is large are for themselves.
            let alone = request.submission.is_none() || request.dry_run || request.at.is_some();
            if alone && !drafts.is_empty() {
                wanted.push_front((request, caller));
                break;
            }
            let draft = self.draft(request, caller, strictest);
            let held = draft.source.held();
            let large = matches!(draft.source, Source::Read) || !draft.guarded.is_empty();
            observations += held.iter().map(|series| series.observations().len() as u64).sum::<u64>();
            let collides = large || held.iter().any(|series| !keys.insert(series.key().clone()));
            if !drafts.is_empty() && (collides || observations > MAX_TOGETHER) {
                wanted.push_front((draft.request, draft.caller));
                break;
            }
            drafts.push(draft);
            if alone || large || observations > MAX_TOGETHER {
                break;
            }
        }
        drafts
    }

    fn draft(&self, request: ReleaseRequest, caller: Caller, strictest: Option<DisclosureRule>) -> Draft {
        let (mut submissions, mut seqs, mut levels) = (Vec::new(), Vec::new(), Levels::new());
        let mut read = || -> Result<Source, NodeError> {
            let chosen = self.chosen(&request)?;
            submissions.extend(chosen.iter().map(|one| one.id.clone()));
            seqs.extend(chosen.iter().map(|one| one.seq));
            levels = self.levels_of(&chosen)?;
            if chosen.iter().map(|one| one.observations).sum::<u64>() > MAX_TOGETHER {
                return Ok(Source::Read);
            }
            Ok(Source::Held(self.submitted(&seqs)?.collect::<Result<_, _>>()?))
        };
        let (source, mut refused) = match read() {
            Ok(source) => (source, None),
            Err(error) => (Source::Held(Vec::new()), Some(error)),
        };
        let mut guarded = BTreeSet::new();
        for series in source.held() {
            if self.is_guarded(series, strictest) {
                guarded.insert(series.key().indicator().to_owned());
            }
            if let (Err(breach), None) = (protect::check_texts(series), &refused) {
                refused = Some(NodeError::Breach { audience: "everyone".to_owned(), breach });
            }
        }
        let (plans, changed) = (Vec::new(), Vec::new());
        Draft { request, caller, submissions, seqs, source, levels, plans, changed, guarded, refused }
    }

    fn chosen(&self, request: &ReleaseRequest) -> Result<Vec<&Submission>, NodeError> {
        let Some(id) = &request.submission else {
            let waiting: Vec<_> = self.house.submissions().filter(|one| !one.released).collect();
            if waiting.is_empty() {
                return Err(NodeError::Refused(
                    "nothing waits for release; name a submission to release it again under new agreements"
                        .to_owned(),
                ));
            }
            return Ok(waiting);
        };
        let one = self.house.submission(id).ok_or_else(|| {
            NodeError::NotFound(format!("there is no submission {id:?}; `corridor submissions` shows them"))
        })?;
        Ok(vec![one])
    }

    /// Adds to every draft its plan for one audience. Series are looked at in the order of the view, whichever
    /// release they are of, so that each of its pages is read once.
    fn plan(&self, agreement: AgreementId, drafts: &mut [Draft]) -> Result<(), NodeError> {
        let mut audience = self.audience(agreement);
        let mut order = Vec::new();
        for (number, draft) in drafts.iter_mut().enumerate() {
            draft.plans.push(Plan::default());
            draft.changed.push(Vec::new());
            let keys = draft.source.held().iter().enumerate();
            order.extend(keys.map(|(at, series)| (series.key().view_order_key(), number, at)));
        }
        order.sort_unstable();
        for (_, number, at) in order {
            let Draft { request, source, plans, changed, refused, .. } = &mut drafts[number];
            let (Some(plan), Some(changed), None) = (plans.last_mut(), changed.last_mut(), &refused) else {
                continue;
            };
            let series = &source.held()[at];
            match audience.compare(series, plan, request.reason.as_deref()) {
                Ok(Changed::Nothing) => {}
                Ok(Changed::All) => changed.push(series.clone()),
                Ok(Changed::Part(part)) => changed.push(part),
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => *refused = Some(error),
            }
        }
        for draft in drafts.iter_mut().filter(|draft| draft.request.dry_run) {
            draft.show();
        }
        Ok(())
    }

    /// Adds the plan of a draft for one audience whose form depends on what that audience holds.
    fn plan_guarded(&self, agreement: AgreementId, draft: &mut Draft) -> Result<(), NodeError> {
        let (mut audience, mut plan) = (self.audience(agreement), Plan::default());
        let Draft { request, source, levels, plans, changed, refused, .. } = draft;
        let mut shared = Vec::new();
        for series in source.held() {
            shared.extend(audience.share(series, &mut plan)?.map(Cow::into_owned));
        }
        let mut going = Vec::new();
        match self.protected(agreement, shared, (levels, source.held()), request.dry_run) {
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => *refused = Some(error),
            Ok(Protected { mut series, report }) => {
                series.sort_by_cached_key(|one| one.key().view_order_key());
                for one in series {
                    match audience.change(&one, &mut plan, request.reason.as_deref()) {
                        Ok(Changed::Nothing) => {}
                        Ok(Changed::All) => going.push(one),
                        Ok(Changed::Part(part)) => going.push(part),
                        Err(error) if error.is_fatal() => return Err(error),
                        Err(error) => *refused = Some(error),
                    }
                }
                plan.protect(report);
            }
        }
        plans.push(plan);
        changed.push(going);
        if draft.request.dry_run {
            draft.show();
        }
        Ok(())
    }

    /// Plans a release that is not held: each series is read once, compared for every audience and coded at once.
    /// One that turns out to need protection is held from then on, and nothing is planned yet.
    fn plan_large(
        &self,
        audiences: &[AgreementId],
        draft: &mut Draft,
    ) -> Result<Option<Vec<Option<Body>>>, NodeError> {
        let strictest = self.strictest_rule(audiences);
        let mut sides: Vec<(Audience<'_>, Plan, BodyBuilder)> = audiences
            .iter()
            .map(|agreement| (self.audience(*agreement), Plan::default(), BodyBuilder::new()))
            .collect();
        let reason = draft.request.reason.as_deref();
        let mut guards = false;
        for series in self.submitted(&draft.seqs)? {
            let record = Record::Series(series?);
            let Record::Series(series) = &record else { continue };
            if let Err(breach) = protect::check_texts(series) {
                return Err(NodeError::Breach { audience: "everyone".to_owned(), breach });
            }
            guards |= self.is_guarded(series, strictest);
            if guards {
                break;
            }
            for (audience, plan, body) in &mut sides {
                match audience.compare(series, plan, reason)? {
                    Changed::Nothing => {}
                    Changed::All if draft.request.dry_run => plan.show(series),
                    Changed::Part(part) if draft.request.dry_run => plan.show(&part),
                    Changed::All => body.push(&record)?,
                    Changed::Part(part) => body.push(&Record::Series(part))?,
                }
            }
        }
        if guards {
            drop(sides);
            return self.hold(draft, strictest).map(|()| None);
        }
        let mut bodies = Vec::new();
        for (_, plan, body) in sides {
            let some = plan.series > 0 && !draft.request.dry_run;
            bodies.push(some.then(|| body.finish()).transpose()?);
            draft.plans.push(plan);
            draft.changed.push(Vec::new());
        }
        Ok(Some(bodies))
    }

    /// Reads a large release into memory, because its figures are looked at together.
    fn hold(&self, draft: &mut Draft, strictest: Option<DisclosureRule>) -> Result<(), NodeError> {
        let (mut all, mut observations) = (Vec::new(), 0);
        for series in self.submitted(&draft.seqs)? {
            let series = series?;
            if self.is_guarded(&series, strictest) {
                draft.guarded.insert(series.key().indicator().to_owned());
            }
            observations += series.observations().len() as u64;
            if observations > MAX_GUARDED {
                return Err(NodeError::Refused(format!(
                    "figures that need protection are looked at together, at most {MAX_GUARDED} at a time: submit \
                     and release them in parts, by period"
                )));
            }
            protect::check_texts(&series)
                .map_err(|breach| NodeError::Breach { audience: "everyone".to_owned(), breach })?;
            all.push(series);
        }
        draft.source = Source::Held(all);
        Ok(())
    }

    fn audience(&self, agreement: AgreementId) -> Audience<'_> {
        let feed = FeedId::new(self.us(), agreement);
        let before = self.store.newest(&feed).map(|_| self.store.derived().row_reader());
        Audience { house: &self.house, feed, before, now: self.now() }
    }

    /// The series of submissions in the order of keys; of one that several of them state, the later one's values.
    pub(super) fn submitted(
        &self,
        submissions: &[Seq],
    ) -> Result<impl Iterator<Item = Result<Series, StoreError>>, NodeError> {
        let feed = FeedId::new(self.us(), AgreementId::house());
        let source = |seq: &Seq| match self.submitted.series(*seq) {
            Some(series) => Ok(merge::held(series)),
            None => self.store.records(&feed, *seq).map(merge::stored),
        };
        Ok(Merge::new(submissions.iter().map(source).collect::<Result<_, _>>()?))
    }

    /// Appends an entry for each audience that gets something.
    fn append_bodies(
        &mut self,
        audiences: &[AgreementId],
        bodies: Vec<Option<Body>>,
        embargo: Option<Millis>,
    ) -> Result<Vec<Option<HeadRef>>, NodeError> {
        // Before the first is appended, it is known that none of the others will be refused.
        for (agreement, body) in audiences.iter().zip(&bodies) {
            if body.is_some() {
                self.may_append(&FeedId::new(self.us(), *agreement))?;
            }
        }
        let append = |(agreement, body): (&AgreementId, Option<Body>)| {
            body.map(|body| match embargo {
                Some(time) => self.append_under_embargo(*agreement, body, time),
                None => self.append_body(*agreement, EntryKind::Release, body),
            })
            .transpose()
        };
        audiences.iter().zip(bodies).map(append).collect()
    }

    /// Until when a release is to be under embargo.
    fn embargo_of(&self, request: Option<&ReleaseRequest>) -> Result<Option<Millis>, NodeError> {
        let Some(text) = request.and_then(|request| request.at.as_deref()) else { return Ok(None) };
        let time = Millis::parse(text)?;
        if time <= self.now() {
            return Err(NodeError::Refused(format!("--at {text} is over: leave it out to release now")));
        }
        Ok(Some(time))
    }

    /// While something under embargo is on its way to an audience, nothing else of what needs protection goes there: it
    /// could not be held against figures that nobody may look at yet.
    fn hold_behind_embargo(&self, audiences: &[AgreementId], drafts: &mut [Draft]) {
        let pending = self.pending_embargoes();
        let first = pending.iter().find(|(agreement, _, _)| audiences.contains(agreement));
        let Some((agreement, _, opens)) = first else { return };
        for draft in drafts.iter_mut().filter(|draft| !draft.guarded.is_empty() && draft.refused.is_none()) {
            draft.refused = Some(NodeError::Refused(format!(
                "figures under embargo until {opens} are on their way to {:?}, and figures that need protection are held \
                 against all that an audience has: release these after that",
                self.agreement_name(agreement)
            )));
        }
    }

    fn told(&self, agreement: &AgreementId, embargo: Option<Millis>) -> Told {
        let (title, id) = (self.agreement_name(agreement), agreement.to_hex());
        let parties = match self.house.book().get(agreement) {
            Some(known) => known.text().readers().iter().map(|reader| self.country_of(reader)).collect(),
            None => vec!["everyone".to_owned()],
        };
        Told { agreement: id, title, parties, entry: None, sealed: self.sealed_to(agreement, embargo) }
    }

    pub(super) fn retract(
        &mut self,
        key: &str,
        periods: &[String],
        reason: &str,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let key = SeriesKey::parse(key)?;
        let periods: Vec<Period> =
            periods.iter().map(|text| Period::parse(text)).collect::<Result<_, _>>()?;
        self.may_release()?;
        self.store.fold()?;
        let us = self.us();
        let feeds: Vec<FeedId> = self.store.feeds().filter(|feed| feed.publisher == us).collect();
        let mut retracted = Vec::new();
        for feed in feeds {
            let row = self.store.derived().row_reader().row(&key.view_order_key(), feed)?;
            let stated = stated_periods(row.as_ref());
            let wanted: Vec<Period> =
                stated.into_iter().filter(|period| periods.is_empty() || periods.contains(period)).collect();
            if wanted.is_empty() {
                continue;
            }
            let count = wanted.len();
            let retraction = Retraction::new(key.clone(), wanted, reason)?;
            let head =
                self.append(feed.agreement, EntryKind::Retraction, vec![Record::Retraction(retraction)])?;
            let name = self.agreement_name(&feed.agreement);
            retracted.push(json!({ "agreement": name, "periods": count, "entry": head.entry.to_hex(), "seq": head.seq.0 }));
        }
        if retracted.is_empty() {
            return Err(NodeError::NotFound(format!(
                "nothing of {key} for these periods was released by this node"
            )));
        }
        let details = json!({ "key": key.as_str(), "reason": reason, "retracted": retracted });
        self.done(ActName::Retract, caller, details.clone(), Vec::new())?;
        Ok(details)
    }
}

/// What goes to each audience of all drafts that are not refused and no mere look ahead.
fn gather_bodies(drafts: &mut [Draft], audiences: usize) -> Result<Vec<Option<Body>>, NodeError> {
    let going = |draft: &&mut Draft| draft.refused.is_none() && !draft.request.dry_run;
    let mut entries: Vec<Vec<Record>> = vec![Vec::new(); audiences];
    for draft in drafts.iter_mut().filter(going) {
        for (records, changed) in entries.iter_mut().zip(&mut draft.changed) {
            records.extend(std::mem::take(changed).into_iter().map(Record::Series));
        }
    }
    let body = |records: Vec<Record>| (!records.is_empty()).then(|| Body::of(records)).transpose();
    Ok(entries.into_iter().map(body).collect::<Result<_, _>>()?)
}

impl Draft {
    /// Shows what would go to the last audience that was planned.
    fn show(&mut self) {
        if let (Some(plan), Some(changed)) = (self.plans.last_mut(), self.changed.last()) {
            changed.iter().for_each(|series| plan.show(series));
        }
    }
}

impl Source {
    fn held(&self) -> &[Series] {
        match self {
            Self::Held(series) => series,
            Self::Read => &[],
        }
    }
}

fn stated_periods(row: Option<&Row>) -> Vec<Period> {
    let Some(row) = row else { return Vec::new() };
    let current = crate::view::Moment::Current.select(row);
    current.iter().map(|version| version.period).collect()
}
