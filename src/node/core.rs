//! A node without its queues: an engine, its exchange with partners, and what one turn of the loop does with them.
//!
//! ```text
//!  requests, frames, ticks ─▶ handle (append, ask sync) ─▶ settle ─▶ what was asked may be answered
//!                                                            │
//!           commit: one fsync a file ◀──── again while something moved
//!           tell sync what is durable (it announces and pushes), sign receipts for what came
//! ```
//!
//! Then a step of folding, so that the view shows what came. It waits for nothing and starts nothing: the
//! [`super::Daemon`] drives it from its queues, a simulation from a list.

use std::collections::VecDeque;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Answer, Engine, NodeError};
use super::exchange::Exchange;
use super::metrics::{self, Counters, CrisisFigures};
use super::prepared::{Figures, Prepared};
use super::release::Wanted;
use super::request::{Caller, Request, SubmitRequest};
use crate::feed::{AgreementId, SignedHeader};
use crate::model::Millis;
use crate::net::{Carrier, NetEvent};
use crate::sync;

/// How many observations are folded, or written out, in one turn: some ten milliseconds.
const STEP: usize = 10_000;
/// The same while a crisis lane is open: no bulletin is to wait for more than about a millisecond of it.
const STEP_IN_CRISIS: usize = 250;

/// How often it is counted how crises stand: each second.
const LOOK: i64 = 1_000;

/// An engine and its exchange.
///
/// After [`Core::start`], each turn is any number of events and requests, then [`Core::settle`], then
/// [`Core::fold`]. Nothing counts, and nobody may be told of it, before it is settled.
pub struct Core {
    pub(super) engine: Engine,
    pub(super) exchange: Exchange,
    pub(super) counters: Counters,
    /// As of the last look at them.
    crisis: (Millis, CrisisFigures),
}

/// A submission that came, with what was made of its file.
pub(super) type Submitting = (SubmitRequest, Option<Figures>, Caller);

impl Core {
    /// Puts an exchange beside an engine; its commands go to `net`.
    ///
    /// # Errors
    /// [`NodeError`] when what is stored cannot be read.
    pub fn new(engine: Engine, config: sync::Config, net: Box<dyn Carrier>) -> Result<Self, NodeError> {
        let mut engine = engine;
        let exchange = Exchange::new(&mut engine, config, net)?;
        Ok(Self { engine, exchange, counters: Counters::default(), crisis: Default::default() })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Names the partners to the network: before the first turn.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub fn start(&mut self) -> Result<(), NodeError> {
        self.exchange.start(&mut self.engine)?;
        self.settle()
    }

    /// Something happened on the network.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub fn on_net(&mut self, event: NetEvent) -> Result<(), NodeError> {
        self.exchange.on_net(event, &mut self.engine)
    }

    /// Time has passed: agreements may have begun or ended, and what was held under them may have to go.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub fn tick(&mut self) -> Result<(), NodeError> {
        self.engine.tick_keys()?;
        self.exchange.tick(&mut self.engine)?;
        self.engine.close_lanes()?;
        let begun = self.engine.erase_due()?;
        self.exchange.abandoned(begun, &mut self.engine)?;
        self.look_at_crises()
    }

    /// Counts how crises stand, once in a while.
    fn look_at_crises(&mut self) -> Result<(), NodeError> {
        let now = self.engine.clock().now();
        if !self.exchange.is_crisis() {
            self.crisis.1 = CrisisFigures::default();
        } else if !(0..LOOK).contains(&(now.0 - self.crisis.0.0)) {
            self.crisis = (now, self.engine.crisis_figures()?);
        }
        Ok(())
    }

    /// Carries out one request in a turn of its own.
    ///
    /// # Errors
    /// [`NodeError`] saying why not; when fatal the node must stop.
    pub fn ask(&mut self, prepared: Prepared, caller: &Caller) -> Result<Answer, NodeError> {
        if prepared.request.needs_view() {
            self.settle()?;
            while !self.fold()? {}
        }
        let answer = self.answer(prepared, caller);
        self.settle()?;
        self.fold()?;
        answer
    }

    pub(super) fn answer(&mut self, prepared: Prepared, caller: &Caller) -> Result<Answer, NodeError> {
        self.counters.requests += 1;
        match &prepared.request {
            Request::PartnerPing { partner } => {
                let card = self.engine.partner(partner)?;
                return Ok(Answer::Value(self.exchange.ping(&card)));
            }
            Request::RecoverOldCopy => {
                return self.exchange.recover_old_copy(caller, &mut self.engine).map(Answer::Value);
            }
            Request::StandbyShow => return Ok(Answer::Value(self.exchange.standby_show(&self.engine))),
            Request::StandbyTakeOver { force } => {
                return self.exchange.take_over(*force, caller, &mut self.engine).map(Answer::Value);
            }
            Request::StandbyHandOver { node } => {
                let node = node.clone();
                return self.exchange.hand_over(node.as_deref(), caller, &mut self.engine).map(Answer::Value);
            }
            Request::Peers => return Ok(Answer::Value(self.exchange.peers(&self.engine))),
            Request::Repair => {
                return Err(NodeError::Refused(
                    "a daemon runs here: stop it, repair, and start it again".into(),
                ));
            }
            Request::BundleImport { file } => {
                let file = file.clone();
                return self.take_bundle(prepared, &file, caller).map(Answer::Value);
            }
            // A bulletin is compared with those before it. What is only asked is answered from what is durable.
            request @ Request::Crisis(_) if request.act().is_some() => self.settle()?,
            _ => {}
        }
        let is_status = matches!(prepared.request, Request::Status);
        let is_doctor = matches!(prepared.request, Request::Doctor);
        let mut answer = self.engine.execute(prepared, caller)?;
        if is_status && let Answer::Value(value) = &mut answer {
            self.exchange.complete_status(value, &self.engine);
        }
        if is_doctor && let Answer::Value(value) = &mut answer {
            self.exchange.complete_doctor(value, &self.engine);
        }
        Ok(answer)
    }

    /// Takes in a bundle and writes it into the log of acts, also when it is refused.
    fn take_bundle(&mut self, prepared: Prepared, file: &str, caller: &Caller) -> Result<Value, NodeError> {
        self.engine.signer()?;
        self.engine.leads()?;
        let spool = prepared
            .bundle
            .ok_or_else(|| NodeError::Refused("the bundle did not come with the request".to_owned()))?;
        self.settle()?;
        match self.exchange.take_bundle(spool, &mut self.engine) {
            Err(error) if error.is_fatal() => Err(error),
            Err(error) => {
                self.engine.refused(ActName::BundleImport, caller, error.code(), json!({ "file": file }))?;
                Err(error)
            }
            Ok(mut value) => {
                value["file"] = json!(file);
                self.engine.done(ActName::BundleImport, caller, value.clone(), Vec::new())?;
                Ok(value)
            }
        }
    }

    /// Carries out releases that wait one behind the other: as many together as do not touch each other.
    pub(super) fn release(
        &mut self,
        mut wanted: VecDeque<Wanted>,
    ) -> Result<Vec<Result<Box<RawValue>, NodeError>>, NodeError> {
        self.counters.requests += wanted.len() as u64;
        let mut outcomes = Vec::new();
        while !wanted.is_empty() {
            // What was appended before must show in the view that they are compared with.
            self.settle()?;
            outcomes.extend(self.engine.execute_releases(&mut wanted)?);
        }
        Ok(outcomes)
    }

    /// Takes submissions that wait one behind the other.
    pub(super) fn submit(
        &mut self,
        all: Vec<Submitting>,
    ) -> Result<Vec<Result<Answer, NodeError>>, NodeError> {
        self.counters.requests += all.len() as u64;
        self.engine.execute_submissions(all)
    }

    /// Commits until nothing moves any more: what is durable may call for receipts, which must be durable too.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub fn settle(&mut self) -> Result<(), NodeError> {
        loop {
            let moved = self.engine.commit()?;
            if moved.is_empty() {
                let given_up = self.engine.give_up_outvoted()?;
                if !given_up.is_empty() {
                    self.exchange.set_back(given_up, &mut self.engine)?;
                    continue;
                }
                let resolved = self.engine.apply_resolutions()?;
                if resolved.is_empty() {
                    return Ok(());
                }
                self.exchange.reset(resolved, &mut self.engine)?;
                continue;
            }
            self.moved(moved)?;
        }
    }

    /// Makes what is urgent durable, once, and goes on from there; says whether anything moved. What it calls for, a receipt
    /// say, and all that can wait, is left to the next one or to [`Core::settle`].
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub(super) fn settle_urgent(&mut self) -> Result<bool, NodeError> {
        let (urgent, house) = (self.exchange.urgent(), AgreementId::house());
        let moved = self.engine.commit_of(|of| *of == house || urgent.contains(of))?;
        if moved.is_empty() {
            return Ok(false);
        }
        self.moved(moved)?;
        Ok(true)
    }

    fn moved(&mut self, moved: Vec<SignedHeader>) -> Result<(), NodeError> {
        self.counters.commits += 1;
        self.counters.heads_moved += moved.len() as u64;
        self.exchange.on_durable(moved, &mut self.engine)
    }

    /// A step towards a view that shows all that is durable; says whether it does.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub fn fold(&mut self) -> Result<bool, NodeError> {
        let step = self.step();
        let folded = self.engine.store_mut().fold_step(step)?;
        if folded && self.exchange.owes_receipts() {
            self.exchange.take_receipts(&mut self.engine)?;
            self.settle()?;
        }
        Ok(folded)
    }

    /// What is done when nothing else is: a step of writing the view out.
    pub(super) fn tidy(&mut self) -> Result<(), NodeError> {
        let step = self.step();
        let store = self.engine.store_mut();
        if store.is_folded() && store.needs_tidying() {
            store.tidy_step(step)?;
        }
        Ok(())
    }

    fn step(&self) -> usize {
        if self.exchange.is_crisis() { STEP_IN_CRISIS } else { STEP }
    }

    /// What is counted here; bytes are counted by the network.
    pub(super) fn counted(&self) -> (Counters, metrics::Figures) {
        (self.counters, metrics::Figures { crisis: self.crisis.1, ..self.exchange.figures() })
    }

    /// The orderly end: partners are told, the derived database is written out.
    ///
    /// # Errors
    /// [`NodeError`] when it cannot be written.
    pub fn finish(mut self) -> Result<(), NodeError> {
        self.settle()?;
        self.exchange.stop();
        // What is not folded by now is folded at the next start.
        while !self.engine.store_mut().tidy_step(STEP)? {}
        Ok(self.engine.store().derived().flush()?)
    }
}
