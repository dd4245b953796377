//! The daemon's loop: one thread, one closed enum of events, one commit for all that waited.
//!
//! ```text
//!  take all events that wait ─▶ one turn of the [`Core`] ─▶ answer those who asked
//! ```
//!
//! A turn ends with a step of folding. What is large is folded in many such steps with the network's turns between
//! them; questions to the view wait meanwhile, and everything that was asked behind them but for what concerns a crisis.

use std::collections::VecDeque;
use std::collections::vec_deque::IntoIter;
use std::iter::Peekable;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Duration, Instant, Interval, MissedTickBehavior, interval};

use super::answers;
use super::core::Core;
use super::editions::Drafted;
use super::engine::{Answer, Engine, NodeError};
use super::exchange;
use super::fault_kind::FaultKind;
use super::home::Home;
use super::inbox::Inbox;
use super::metrics::{Counters, Figures, Metric};
use super::notify::{Notice, Notices};
use super::payload::Payload;
use super::prepared::Prepared;
use super::reader::Scope;
use super::request::{Caller, Request};
use super::rest::Rest;
use crate::feed::HeadRef;
use crate::model::Millis;
use crate::net::{NetEvent, NetHandle};
use crate::protect::primary::Concentration;
use crate::store::Derived;
use crate::sync;

/// Requests that wait for the loop.
const MAX_REQUESTS: usize = 1024;
/// Network events that wait for the loop; a session's reader waits when they are so many.
pub const MAX_NET_EVENTS: usize = 1024;
/// How many events are handled between two commits: bounds how long an answer waits for others.
const BATCH: usize = 512;
/// How many frames that can wait are handled in a turn while a crisis lane is open: less than a millisecond.
const IN_CRISIS: usize = 1;
/// While a crisis lane is open so many bytes of frames that can wait share a commit: a disk that is slow to sync is left
/// to the bulletins. A tick, or anything else that is to be durable, commits too.
const UNSETTLED: usize = 512 << 10;
/// What every event counts in that beside its bytes: questions without a pause do not keep frames from being committed.
const EVENT: usize = 1 << 10;
/// How often time is told to the replication machine.
const TICK: Duration = Duration::from_millis(250);
/// How many requests are answered from the views in one batch before the network's turn.
const MAX_COMMANDS_PER_BATCH: usize = 512;

/// A request on its way to the loop.
struct Ask {
    prepared: Prepared,
    caller: Caller,
    reply: oneshot::Sender<Result<Answer, NodeError>>,
}

impl Ask {
    fn is_release(&self) -> bool {
        matches!(self.prepared.request, Request::Release(_))
    }

    /// It waits for no view, and so for nobody who does.
    fn is_crisis(&self) -> bool {
        matches!(self.prepared.request, Request::Crisis(_))
    }

    /// It concerns a crisis, and changes nothing.
    fn asks_of_crisis(&self) -> bool {
        self.is_crisis() && self.prepared.request.act().is_none()
    }

    fn is_submission(&self) -> bool {
        matches!(self.prepared.request, Request::Submit(_))
    }
}

/// A request and those of its kind that wait right behind it.
fn together(first: Ask, batch: &mut Peekable<IntoIter<Event>>, is_so: fn(&Ask) -> bool) -> Vec<Ask> {
    let mut asks = vec![first];
    while let Some(Event::Ask(next)) = batch.next_if(|event| matches!(event, Event::Ask(next) if is_so(next)))
    {
        asks.push(*next);
    }
    asks
}

/// An answer that is given once it is durable.
type Answered = (oneshot::Sender<Result<Answer, NodeError>>, Result<Answer, NodeError>);

/// Answers that are given once the standbys that are connected hold what they tell of, or this time is over.
struct Held {
    answers: Vec<Answered>,
    heads: Vec<HeadRef>,
    until: Millis,
}

/// What the loop takes.
enum Event {
    Net(NetEvent),
    /// Frames that waited are to be handled.
    Waited,
    Ask(Box<Ask>),
    Tick,
    Stop,
    /// Nothing waits, and there is something to fold or to write out.
    Idle,
}

impl Event {
    /// Somebody changes something.
    fn acts(&self) -> bool {
        matches!(self, Self::Ask(ask) if ask.prepared.request.act().is_some())
    }
}

/// What other threads may see of the daemon without asking it.
#[derive(Debug, Default)]
struct Shared {
    /// As of the last turn of the loop.
    counted: Mutex<(Counters, Figures)>,
    not_ready: Mutex<Option<String>>,
    /// Questions that were answered beside the loop.
    beside: AtomicU64,
    /// Rises before anybody is told that something became durable.
    news: watch::Sender<u64>,
}

/// An answer that is on its way.
pub struct Pending(oneshot::Receiver<Result<Answer, NodeError>>);

impl Pending {
    /// An answer that is here.
    pub fn ready(answer: Result<Answer, NodeError>) -> Self {
        let (reply, pending) = oneshot::channel();
        // The other end is in our hands.
        let _taken = reply.send(answer);
        Self(pending)
    }

    /// Waits for it.
    ///
    /// # Errors
    /// [`NodeError`] saying why not.
    pub async fn answer(self) -> Result<Answer, NodeError> {
        self.0.await.map_err(|_| NodeError::Stopping)?
    }
}

/// The way to a running daemon; clones share it.
#[derive(Clone)]
pub struct NodeHandle {
    asks: mpsc::Sender<Ask>,
    home: Arc<Home>,
    concentration: Option<Concentration>,
    shared: Arc<Shared>,
    net: NetHandle,
    derived: Derived,
}

impl NodeHandle {
    /// Hands a request to the node and returns before it is answered: requests that one caller sends one after the
    /// other are carried out in this order, and those that wait together share their commit. A file that comes with
    /// the request is read and checked here, beside the loop.
    ///
    /// # Errors
    /// [`NodeError`] saying why not.
    pub async fn send(
        &self,
        request: Request,
        mut payload: Payload,
        caller: Caller,
    ) -> Result<Pending, NodeError> {
        if let Some(answer) = self.beside(&request) {
            return Ok(Pending::ready(answer));
        }
        let drafted = self.drafted(&request).await?;
        let (home, concentration) = (Arc::clone(&self.home), self.concentration);
        let is_whole = payload.is_whole();
        let prepare = move || Prepared::new(request, &mut payload, (&home, concentration));
        let prepared = if is_whole {
            prepare()?
        } else {
            let reading = tokio::task::spawn_blocking(prepare);
            reading.await.map_err(|_| NodeError::Stopping)??
        };
        self.hand_over(Prepared { drafted, ..prepared }, caller).await
    }

    async fn hand_over(&self, prepared: Prepared, caller: Caller) -> Result<Pending, NodeError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask { prepared, caller, reply }).await.map_err(|_| NodeError::Stopping)?;
        Ok(Pending(answer))
    }

    /// The edition that is to be signed, computed beside the loop.
    async fn drafted(&self, request: &Request) -> Result<Option<Drafted>, NodeError> {
        let Request::RegionSign(sign) = request else { return Ok(None) };
        let asked = Prepared::of(Request::Reader(Scope::Government));
        let Answer::Reader(reader) = self.hand_over(asked, the_node()).await?.answer().await? else {
            return Ok(None);
        };
        let sign = sign.clone();
        let drafting = tokio::task::spawn_blocking(move || reader.draft(&sign));
        drafting.await.map_err(|_| NodeError::Stopping)
    }

    /// The answer to a question to the view, while that shows all that was acknowledged: who reads waits for nobody
    /// who writes. Else, and where the house must be asked, the loop answers.
    fn beside(&self, request: &Request) -> Option<Result<Answer, NodeError>> {
        let Request::Get(get) = request else { return None };
        if get.from.is_some() || !self.derived.shows_all() {
            return None;
        }
        self.shared.beside.fetch_add(1, Ordering::Relaxed);
        Some(answers::rows(&self.derived, get, Vec::new()).map(Answer::Rows))
    }

    /// The counters and gauges as of the last turn of the loop; traffic as of now.
    pub fn metrics(&self) -> Vec<Metric> {
        let (mut counters, mut figures) = *self.shared.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counters.requests += self.shared.beside.load(Ordering::Relaxed);
        for peer in self.net.stats().peers.values() {
            figures.bytes_in += peer.bytes_in;
            figures.bytes_out += peer.bytes_out;
        }
        counters.metrics(figures)
    }

    /// A number that rises when anything may have become visible, to be compared and waited for. What was answered
    /// while it stood still is still so.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// Whether the node takes requests and holds to all it promises; if not, why.
    ///
    /// # Errors
    /// A text for the operator.
    pub fn is_ready(&self) -> Result<(), String> {
        match &*self.shared.not_ready.lock().unwrap_or_else(PoisonError::into_inner) {
            None if !self.asks.is_closed() => Ok(()),
            None => Err("the node is stopping".to_owned()),
            Some(reason) => Err(reason.clone()),
        }
    }
}

/// A node that runs.
pub struct Daemon {
    core: Core,
    asks: mpsc::Receiver<Ask>,
    net_events: mpsc::Receiver<NetEvent>,
    stop: watch::Receiver<bool>,
    shared: Arc<Shared>,
    /// Requests that wait until the view shows all that is durable, and those behind them.
    parked: VecDeque<Box<Ask>>,
    /// How many feeds had moved when it was told last.
    told: u64,
    held: VecDeque<Held>,
    inbox: Inbox,
    /// Bytes of frames that were handled and not committed yet.
    unsettled: usize,
    /// Whether this turn is left to a crisis: nothing that can wait is handled in it.
    hurries: bool,
    rest: Rest,
    notices: Notices,
}

impl Daemon {
    /// Puts the loop around an engine and a network. It ends when `stop` becomes true.
    ///
    /// # Errors
    /// [`NodeError`] when what is stored cannot be read.
    pub fn new(
        engine: Engine,
        config: sync::Config,
        net: NetHandle,
        net_events: mpsc::Receiver<NetEvent>,
        stop: watch::Receiver<bool>,
    ) -> Result<(Self, NodeHandle), NodeError> {
        let (sender, asks) = mpsc::channel(MAX_REQUESTS);
        let (home, concentration) = (Arc::new(engine.home().clone()), engine.rules.concentration);
        let shared = Arc::new(Shared::default());
        let derived = engine.store().derived().clone();
        let core = Core::new(engine, config, Box::new(net.clone()))?;
        let handle =
            NodeHandle { asks: sender, home, concentration, shared: Arc::clone(&shared), net, derived };
        Ok((
            Self {
                core,
                asks,
                net_events,
                stop,
                shared,
                parked: VecDeque::new(),
                told: 0,
                held: VecDeque::new(),
                inbox: Inbox::default(),
                unsettled: 0,
                hurries: false,
                rest: Rest::default(),
                notices: Notices::default(),
            },
            handle,
        ))
    }

    /// Tells of crisis lanes by this way when they begin and when they are over.
    #[must_use]
    pub fn with_notices(mut self, to: mpsc::Sender<Notice>) -> Self {
        self.notices = Notices::by(to);
        self
    }

    /// Runs until it is told to stop.
    ///
    /// # Errors
    /// [`NodeError`] when a write failed: the node must not go on then.
    pub async fn run(mut self) -> Result<(), NodeError> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.core.start()?;
        loop {
            let first = self.next(&mut ticks).await;
            let batch = self.batch(first);
            // What came can wait, and the loop rests.
            if batch.is_empty() {
                continue;
            }
            let (begun, waits) = (Instant::now(), self.works_at_what_waits(&batch));
            let go_on = self.turn(batch)?;
            match waits {
                true => self.rest.worked(begun),
                false if !self.core.exchange.is_crisis() => self.rest = Rest::default(),
                false => {}
            }
            if !go_on {
                self.core.finish()?;
                tracing::info!("stopped");
                return Ok(());
            }
        }
    }

    /// The first of what waits. Time goes before all that people and partners bring, who may never pause.
    async fn next(&mut self, ticks: &mut Interval) -> Event {
        let store = self.core.engine.store();
        let idle_work = !store.is_folded() || store.needs_tidying() || !self.parked.is_empty();
        let rest = &self.rest;
        let idle = async {
            tokio::task::yield_now().await;
            rest.over().await;
        };
        tokio::select! {
            biased;
            _ = self.stop.changed() => Event::Stop,
            _ = ticks.tick() => Event::Tick,
            Some(ask) = self.asks.recv(), if self.parked.len() < MAX_REQUESTS => Event::Ask(Box::new(ask)),
            Some(event) = self.net_events.recv(), if self.inbox.has_room() => Event::Net(event),
            () = rest.over(), if !self.inbox.is_empty() => Event::Waited,
            () = idle, if idle_work => Event::Idle,
        }
    }

    /// All events that wait, up to a bound.
    fn batch(&mut self, first: Event) -> VecDeque<Event> {
        let mut batch = VecDeque::new();
        if self.core.engine.store().is_folded() {
            batch.extend(self.parked.drain(..).map(Event::Ask));
        }
        match first {
            Event::Net(event) => self.inbox.put(event, self.core.exchange.urgent()),
            Event::Waited => {}
            first => batch.push_back(first),
        }
        while batch.len() < MAX_COMMANDS_PER_BATCH
            && let Ok(ask) = self.asks.try_recv()
        {
            batch.push_back(Event::Ask(Box::new(ask)));
        }
        while self.inbox.has_room()
            && let Ok(event) = self.net_events.try_recv()
        {
            self.inbox.put(event, self.core.exchange.urgent());
        }
        let is_crisis = self.core.exchange.is_crisis();
        let is_asked = |event: &Event| matches!(event, Event::Ask(ask) if ask.is_crisis());
        // Not twice one after the other, so that what can wait does not wait for ever; it waits while the loop rests.
        let may_hurry = !self.hurries || !self.rest.is_over();
        self.hurries = is_crisis && may_hurry && (self.inbox.is_urgent() || batch.iter().any(is_asked));
        let taken = match is_crisis {
            true if self.hurries => self.inbox.take_frames(0),
            true if self.rest.is_over() => self.inbox.take_frames(IN_CRISIS),
            true => self.inbox.take_frames(0),
            false => self.inbox.take(BATCH),
        };
        batch.extend(taken.into_iter().map(Event::Net));
        batch
    }

    /// Handles a batch and commits; says whether to go on.
    fn turn(&mut self, batch: VecDeque<Event>) -> Result<bool, NodeError> {
        let (mut answers, mut go_on, mut acted, mut looks) = (Vec::new(), true, false, false);
        if self.may_put_off(&batch) {
            self.put_off(batch)?;
            return Ok(true);
        }
        let (is_all_urgent, told, mut questions) = (self.is_all_urgent(&batch), self.told, Vec::new());
        let mut batch = batch.into_iter().peekable();
        while let Some(event) = batch.next() {
            if event.acts() {
                self.answer(&mut questions)?;
            }
            match event {
                Event::Net(event) => self.core.on_net(event)?,
                Event::Tick => {
                    looks = true;
                    self.core.tick()?;
                }
                Event::Stop => go_on = false,
                Event::Waited => {}
                Event::Idle => self.core.tidy()?,
                Event::Ask(ask) if self.hurries && ask.asks_of_crisis() => questions.push(*ask),
                Event::Ask(ask)
                    if !ask.is_crisis() && (!self.parked.is_empty() || self.must_wait(&ask)?) =>
                {
                    self.parked.push_back(ask);
                }
                Event::Ask(ask) if ask.is_release() => {
                    let asks = together(*ask, &mut batch, Ask::is_release);
                    self.release(asks, &mut answers)?;
                }
                Event::Ask(ask) if ask.is_submission() => {
                    let asks = together(*ask, &mut batch, Ask::is_submission);
                    self.submit(asks, &mut answers)?;
                }
                Event::Ask(ask) => {
                    if acted && ask.asks_of_crisis() {
                        self.core.settle_urgent()?;
                    }
                    acted |= ask.prepared.request.act().is_some();
                    let answer = self.core.answer(ask.prepared, &ask.caller);
                    match answer {
                        Err(error) if error.is_fatal() => return Err(error),
                        answer => answers.push((ask.reply, answer)),
                    }
                }
            }
        }
        self.answer(&mut questions)?;
        if is_all_urgent {
            while self.core.settle_urgent()? {}
        } else {
            self.core.settle()?;
            self.unsettled = 0;
        }
        let moved = self.core.counters.heads_moved != told;
        self.tell(acted);
        self.give(answers, moved, go_on);
        if looks || acted {
            self.notices.look(&self.core.engine);
        }
        if !self.hurries {
            self.core.fold()?;
        }
        self.publish();
        Ok(go_on)
    }

    /// Whether a turn is to work at what can wait while a crisis lane is open.
    fn works_at_what_waits(&self, batch: &VecDeque<Event>) -> bool {
        let waits = |event: &Event| match event {
            Event::Net(event) => Inbox::may_wait(event, self.core.exchange.urgent()),
            Event::Idle => true,
            Event::Ask(_) | Event::Waited | Event::Tick | Event::Stop => false,
        };
        self.core.exchange.is_crisis() && !self.hurries && batch.iter().any(waits)
    }

    /// Whether a turn is left to a crisis and brings nothing but frames of it and questions about it: then what can
    /// wait need not be durable at its end.
    fn is_all_urgent(&self, batch: &VecDeque<Event>) -> bool {
        let is_urgent = |event: &Event| match event {
            Event::Net(event) => Inbox::is_urgent_frame(event, self.core.exchange.urgent()),
            Event::Ask(ask) => ask.asks_of_crisis(),
            Event::Waited => true,
            Event::Tick | Event::Stop | Event::Idle => false,
        };
        self.hurries && batch.iter().all(is_urgent)
    }

    /// Who asks how a crisis stands is told of what has just come, before any receipt is signed.
    fn answer(&mut self, questions: &mut Vec<Ask>) -> Result<(), NodeError> {
        if questions.is_empty() {
            return Ok(());
        }
        self.core.settle_urgent()?;
        self.tell(false);
        questions.drain(..).try_for_each(|ask| self.reply(ask))
    }

    /// Answers at once.
    fn reply(&mut self, ask: Ask) -> Result<(), NodeError> {
        let answer = self.core.answer(ask.prepared, &ask.caller);
        match answer {
            Err(error) if error.is_fatal() => Err(error),
            // Who asked may have gone away.
            answer => {
                let _gone = ask.reply.send(answer);
                Ok(())
            }
        }
    }

    /// Whether a batch is nothing but frames that can wait and questions about crises, and may share a later one's
    /// commit: of what such a question is answered from nothing is among those frames.
    fn may_put_off(&self, batch: &VecDeque<Event>) -> bool {
        let waits = |event: &Event| match event {
            Event::Net(event) => Inbox::may_wait(event, self.core.exchange.urgent()),
            Event::Ask(ask) => ask.asks_of_crisis(),
            Event::Waited => true,
            Event::Tick | Event::Stop | Event::Idle => false,
        };
        let few = self.unsettled < UNSETTLED && !batch.is_empty();
        few && self.core.exchange.is_crisis() && batch.iter().all(waits)
    }

    /// Handles a batch that shares a later one's commit.
    fn put_off(&mut self, batch: VecDeque<Event>) -> Result<(), NodeError> {
        for event in batch {
            self.unsettled += EVENT;
            match event {
                Event::Net(event) => {
                    self.unsettled += Inbox::length(&event);
                    self.core.on_net(event)?;
                }
                Event::Ask(ask) => self.reply(*ask)?,
                Event::Waited | Event::Tick | Event::Stop | Event::Idle => {}
            }
        }
        Ok(())
    }

    /// Whether a request asks for the view, and that is further behind than one step.
    fn must_wait(&mut self, ask: &Ask) -> Result<bool, NodeError> {
        if !ask.prepared.request.needs_view() {
            return Ok(false);
        }
        self.core.settle()?;
        self.core.fold()?;
        Ok(!self.core.engine.store().is_folded())
    }

    /// Carries out releases that wait one behind the other: as many together as do not touch each other.
    fn release(&mut self, asks: Vec<Ask>, answers: &mut Vec<Answered>) -> Result<(), NodeError> {
        let (mut wanted, mut replies) = (VecDeque::new(), Vec::new());
        for ask in asks {
            if let Request::Release(request) = ask.prepared.request {
                wanted.push_back((request, ask.caller));
                replies.push(ask.reply);
            }
        }
        let outcomes = self.core.release(wanted)?.into_iter().map(|outcome| outcome.map(Answer::Json));
        answers.extend(replies.into_iter().zip(outcomes));
        Ok(())
    }

    /// Takes submissions that wait one behind the other.
    fn submit(&mut self, asks: Vec<Ask>, answers: &mut Vec<Answered>) -> Result<(), NodeError> {
        let (mut all, mut replies) = (Vec::new(), Vec::new());
        for ask in asks {
            if let Request::Submit(submit) = ask.prepared.request {
                all.push((submit, ask.prepared.figures, ask.caller));
                replies.push(ask.reply);
            }
        }
        let outcomes = self.core.submit(all)?;
        answers.extend(replies.into_iter().zip(outcomes));
        Ok(())
    }

    /// Gives answers, the ones that tell of something new once our standbys hold it: so nothing that was acknowledged is
    /// missing where one of them takes over.
    fn give(&mut self, answers: Vec<Answered>, moved: bool, go_on: bool) {
        let Core { engine, exchange, .. } = &self.core;
        let now = engine.clock().now();
        let heads = if moved && !answers.is_empty() { exchange.to_be_held(engine) } else { Vec::new() };
        let until = if heads.is_empty() { now } else { now.saturating_add(exchange::HELD) };
        self.held.push_back(Held { answers, heads, until });
        while let Some(first) = self.held.pop_front() {
            let is_due = !go_on || first.until <= now || first.until.0 > now.0.saturating_add(exchange::HELD);
            if !is_due && !exchange.is_held(&first.heads, engine) {
                self.held.push_front(first);
                return;
            }
            for (reply, answer) in first.answers {
                // Who asked may have gone away; what was decided stands all the same.
                let _gone = reply.send(answer);
            }
        }
    }

    /// Says that something may have become visible.
    fn tell(&mut self, acted: bool) {
        let moved = self.core.counters.heads_moved;
        if acted || moved != self.told {
            self.told = moved;
            self.shared.news.send_modify(|news| *news = news.wrapping_add(1));
        }
    }

    fn publish(&self) {
        *self.shared.counted.lock().unwrap_or_else(PoisonError::into_inner) = self.core.counted();
        *self.shared.not_ready.lock().unwrap_or_else(PoisonError::into_inner) =
            self.core.exchange.not_ready();
    }
}

/// What the operator sees of a fault.
pub(super) fn fault_row(time: Option<Millis>, kind: FaultKind, what: &str) -> Value {
    json!({ "time": time.map(|time| time.to_string()), "code": kind.code(), "what": what })
}

/// The node itself, as the one who acts.
pub(super) fn the_node() -> Caller {
    Caller { who: "node".to_owned(), from: "network".to_owned() }
}

#[cfg(test)]
mod tests;
