//! A case: who is there, what they agree on, say and do, all of it by chance; every frame is judged when it is sent.

use std::collections::{BTreeMap, BTreeSet};

use corridor::feed::block::BlockReader;
use corridor::feed::{AgreementId, FeedId, Frame, FrameKind};
use corridor::model::{Record, Retraction};
use corridor::node::Request;
use corridor::node::request::{AgreementDraft, ReleaseRequest, SubmitRequest};
use corridor::sync::Message;
use corridor::wire;

use super::cast::{self, CAST, COUNTRIES, GOVERNMENTS};
use super::figures::{Figures, INDICATORS, SMALLEST};
use super::grep::{Found, Needles};
use super::ledger::{self, Audience, Deal, Ledger};
use super::world::{Sent, World};
use crate::simulation::sim::random::Random;

mod bundles;
mod drafts;

/// How many things happen in a case.
const STEPS: usize = 14;
/// The time between two of them, in milliseconds.
const PAUSE: i64 = 1000;

/// A file that was submitted: by whom, and its statements.
pub(crate) struct Submission {
    publisher: usize,
    name: String,
    statements: Vec<usize>,
}

/// What one government may have by what was rightly sent to it: value or key, and for which audience it was sent.
#[derive(Default)]
pub(crate) struct Rights {
    pub(crate) values: BTreeMap<i64, BTreeSet<Audience>>,
    pub(crate) keys: BTreeMap<String, BTreeSet<Audience>>,
}

pub(crate) struct Case {
    pub(crate) random: Random,
    pub(crate) world: World,
    pub(crate) ledger: Ledger,
    pub(crate) figures: Figures,
    pub(crate) submissions: Vec<Submission>,
    /// The governments that are there.
    pub(crate) governments: Vec<usize>,
    /// Pairs that may ever be connected.
    links: Vec<[usize; 2]>,
    pub(crate) rights: BTreeMap<usize, Rights>,
    /// All bytes that were sent to each.
    pub(crate) wire: BTreeMap<usize, Vec<u8>>,
    /// What went where it must not.
    pub(crate) leaks: BTreeSet<String>,
    /// Bundles that lie somewhere, each to be taken in when somebody comes by.
    bundles: Vec<bundles::Bundle>,
    /// Releases that were refused.
    pub(crate) refused: usize,
    print: bool,
}

impl Case {
    /// Governments with their cards exchanged, and nothing said yet.
    pub(crate) fn new(seed: u64, print: bool) -> Self {
        let mut random = Random::new(seed);
        let mut all: Vec<usize> = (0..CAST).collect();
        let count = 3 + random.below(4);
        while all.len() > count {
            // The one without a country is there in some of the cases.
            let gone = if random.chance(50) { all.len() - 1 } else { random.below(all.len()) };
            all.remove(gone);
        }
        let mut case = Self::of(random, all, print);
        for at in case.governments.clone() {
            let open = INDICATORS.iter().filter(|_| case.random.chance(20)).map(|one| one.code.to_owned());
            case.ledger.public.insert(at, open.collect());
        }
        case.world = World::new(&case.ledger.public);
        case.meet();
        case
    }

    /// These governments, who have not met.
    pub(crate) fn of(random: Random, all: Vec<usize>, print: bool) -> Self {
        let mut ledger = Ledger::default();
        for at in &all {
            ledger.public.insert(*at, BTreeSet::new());
            ledger.cards.insert(*at, BTreeSet::new());
        }
        let world = World::new(&ledger.public);
        Self {
            random,
            world,
            ledger,
            figures: Figures::default(),
            submissions: Vec::new(),
            governments: all,
            links: Vec::new(),
            rights: BTreeMap::new(),
            wire: BTreeMap::new(),
            leaks: BTreeSet::new(),
            bundles: Vec::new(),
            refused: 0,
            print,
        }
    }

    /// Governments accept each other's cards, most of them; and some of those are linked.
    fn meet(&mut self) {
        let all = self.governments.clone();
        for (number, one) in all.iter().enumerate() {
            for other in &all[number + 1..] {
                if self.random.chance(12) {
                    continue;
                }
                let linked = self.random.chance(75);
                self.acquaint([*one, *other], linked);
            }
        }
        for [one, other] in self.links.clone() {
            if self.random.chance(80) {
                self.world.connect(one, other);
            }
        }
        self.say(|case| format!("{:?} linked {:?}", case.names(&case.governments), case.links));
    }

    /// Two governments accept each other's cards, and may be connected from then on.
    pub(crate) fn acquaint(&mut self, pair: [usize; 2], linked: bool) {
        let [one, other] = pair;
        for (at, with) in [(one, other), (other, one)] {
            let card = GOVERNMENTS[with].card.to_text();
            self.ask(at, Request::PartnerAdd { card }, b"").expect("a card is accepted");
            self.ledger.cards.entry(at).or_default().insert(with);
        }
        self.ledger.now = self.world.now();
        if linked {
            self.links.push(pair);
        }
    }

    fn names(&self, all: &[usize]) -> Vec<&'static str> {
        all.iter().map(|at| cast::name(*at)).collect()
    }

    pub(crate) fn say(&self, line: impl FnOnce(&Self) -> String) {
        if self.print {
            println!("{:>8} {}", self.world.now() - cast::START, line(self));
        }
    }

    pub(crate) fn ask(
        &mut self,
        at: usize,
        request: Request,
        payload: &[u8],
    ) -> Result<serde_json::Value, String> {
        let answer = self.world.ask(at, request, payload);
        self.judge();
        answer
    }

    /// Lets chance do what it wants.
    pub(crate) fn play(&mut self) {
        for _ in 0..1 + self.random.below(3) {
            self.draft();
        }
        for _ in 0..STEPS {
            self.step();
            self.advance(PAUSE);
        }
    }

    pub(crate) fn advance(&mut self, millis: i64) {
        self.world.advance(millis);
        self.ledger.now = self.world.now();
        self.judge();
    }

    fn step(&mut self) {
        let at = *self.random.pick(&self.governments);
        match self.random.below(100) {
            0..8 => self.draft(),
            8..16 => self.amend(),
            16..40 => self.sign_all(),
            40..48 => self.end(),
            48..70 => self.release_new(at),
            70..76 => self.release_again(at),
            76..82 => self.toggle(),
            82..85 => self.restart(),
            85..89 => self.retract(),
            89..94 => self.carry(),
            _ => {
                let wait = self.random.between(1_000, 12_000);
                self.advance(wait);
            }
        }
        if self.random.chance(60) {
            self.quiet();
        } else {
            let frames = self.random.below(40);
            self.pump(frames);
        }
    }

    /// Everybody who has a proposal and is minded to sign does so.
    fn sign_all(&mut self) {
        for deal in 0..self.ledger.deals.len() {
            for at in self.governments.clone() {
                if self.random.chance(60) {
                    self.sign(at, deal);
                }
            }
            self.quiet();
        }
    }

    pub(crate) fn sign(&mut self, at: usize, deal: usize) {
        let agreement = self.ledger.deals[deal].id.to_hex();
        self.declare(at, Request::AgreementSign { agreement }, (deal, false));
    }

    /// A government says its word, and what it sends from then on is judged by that.
    fn declare(&mut self, at: usize, request: Request, (deal, ended): (usize, bool)) {
        if self.world.ask(at, request, b"").is_ok() {
            let does = if ended { "ends" } else { "signs" };
            self.say(|_| format!("{} {does} {deal}", cast::name(at)));
            self.ledger.say(at, deal, ended);
        }
        self.judge();
    }

    /// Somebody leaves an agreement: as a rule one that binds it and that lasts without it.
    fn end(&mut self) {
        if self.ledger.deals.is_empty() {
            return;
        }
        let usual = self.random.chance(80);
        let all =
            (0..self.ledger.deals.len()).flat_map(|deal| self.governments.iter().map(move |at| (*at, deal)));
        let some: Vec<(usize, usize)> =
            all.filter(|(at, deal)| !usual || self.ledger.lasts_without(*at, *deal)).collect();
        if some.is_empty() {
            return;
        }
        let (at, deal) = *self.random.pick(&some);
        self.leave(at, deal);
        self.go_on(deal);
    }

    /// After something has changed in an agreement its parties have something to say, as a rule when all have heard.
    fn go_on(&mut self, deal: usize) {
        if self.random.chance(80) {
            self.quiet();
        }
        for at in self.ledger.parties(deal) {
            match self.random.below(10) {
                0..3 => self.release_new(at),
                3..5 => self.release_again(at),
                _ => {}
            }
        }
    }

    pub(crate) fn leave(&mut self, at: usize, deal: usize) {
        let agreement = self.ledger.deals[deal].id.to_hex();
        self.declare(at, Request::AgreementEnd { agreement }, (deal, true));
    }

    fn release_new(&mut self, at: usize) {
        if COUNTRIES[at].is_empty() {
            return;
        }
        let (statements, text) = self.figures.file(&mut self.random, at);
        if !statements.is_empty() {
            self.submit(at, statements, &text);
            self.release(self.submissions.len() - 1);
        }
    }

    /// A ministry hands in a file.
    pub(crate) fn submit(&mut self, at: usize, statements: Vec<usize>, text: &str) {
        let request = SubmitRequest { file: "figures.csv".to_owned(), ..SubmitRequest::default() };
        let answer =
            self.ask(at, Request::Submit(request), text.as_bytes()).expect("a file can be submitted");
        let name = answer["submission"].as_str().unwrap_or_else(|| panic!("{text} is refused: {answer:#}"));
        let name = name.to_owned();
        self.submissions.push(Submission { publisher: at, name, statements });
    }

    /// A submission is released once more, to whom it may go by now.
    fn release_again(&mut self, at: usize) {
        let own = (0..self.submissions.len()).filter(|one| self.submissions[*one].publisher == at);
        let own: Vec<usize> = own.collect();
        if !own.is_empty() {
            let one = *self.random.pick(&own);
            self.release(one);
        }
    }

    pub(crate) fn release(&mut self, submission: usize) {
        let Submission { publisher, name, statements } = &self.submissions[submission];
        let (at, name, statements) = (*publisher, name.clone(), statements.clone());
        let reason = Some("UPDATE".to_owned());
        let request = ReleaseRequest { submission: Some(name.clone()), reason, dry_run: false, at: None };
        // What is allowed is noted before: its frames leave while it is released.
        self.ledger.release(at, &statements, &self.figures, false);
        let answer = self.ask(at, Request::Release(request), b"");
        self.say(|case| {
            let keys = |at: &usize| {
                let statement = &case.figures.statements[*at];
                let series = &case.figures.series[statement.series];
                format!("\n{:>18} {} {} = {}", "", series.key, statement.period(series.freq), statement.value)
            };
            let all: String = statements.iter().map(keys).collect();
            format!("{} releases {name}: {:?}{all}", cast::name(at), answer.as_ref().map(|_| ()))
        });
        self.refused += usize::from(answer.is_err());
        self.ledger.release(at, &statements, &self.figures, answer.is_ok());
    }

    /// A figure is taken back from all who have it, or one that nobody has.
    fn retract(&mut self) {
        if self.figures.statements.is_empty() {
            return;
        }
        let at = self.random.below(self.figures.statements.len());
        let statement = &self.figures.statements[at];
        let series = &self.figures.series[statement.series];
        let (publisher, key, period) = (series.publisher, series.key.clone(), statement.period(series.freq));
        let request =
            Request::Retract { key: key.clone(), periods: vec![period.clone()], reason: "wrong".to_owned() };
        let answer = self.ask(publisher, request, b"");
        let done = answer.map(|_| ());
        self.say(|_| format!("{} retracts {key} {period}: {done:?}", cast::name(publisher)));
    }

    /// A link comes or goes.
    fn toggle(&mut self) {
        if self.links.is_empty() {
            return;
        }
        let [one, other] = *self.random.pick(&self.links);
        if self.world.partners_of(one).contains(&other) {
            self.say(|_| format!("{} and {} are cut off", cast::name(one), cast::name(other)));
            self.world.disconnect(one, other);
        } else {
            self.say(|_| format!("{} and {} are connected", cast::name(one), cast::name(other)));
            self.world.connect(one, other);
        }
        self.judge();
    }

    fn restart(&mut self) {
        let at = *self.random.pick(&self.governments);
        self.say(|_| format!("{} restarts", cast::name(at)));
        self.world.stop(at);
        self.world.start(at);
        self.judge();
    }

    pub(crate) fn connect_all(&mut self) {
        for [one, other] in self.links.clone() {
            self.world.connect(one, other);
        }
        self.judge();
    }

    /// Hands over some of the frames that are on their way.
    pub(crate) fn pump(&mut self, frames: usize) {
        for _ in 0..frames {
            let Some((from, to)) = self.world.deliver(&mut self.random) else { return };
            self.ledger.passed(from, to);
            self.judge();
        }
    }

    /// Hands over frames until none is on its way.
    pub(crate) fn quiet(&mut self) {
        self.pump(usize::MAX);
        for [one, other] in self.world.pairs() {
            self.ledger.quiet(one, other);
            self.ledger.quiet(other, one);
        }
    }

    /// Looks at everything that was sent since the last time.
    fn judge(&mut self) {
        for Sent { from, to, bytes } in std::mem::take(&mut self.world.sent) {
            let message = wire::decode(&bytes).expect("an honest node sends messages");
            self.wire.entry(to).or_default().extend_from_slice(&bytes);
            let feeds: Vec<FeedId> = match &message {
                Message::Have { heads, .. } => heads.iter().map(|head| head.feed).collect(),
                Message::Header { feed, .. } | Message::Data { feed, .. } => vec![*feed],
                _ => Vec::new(),
            };
            for feed in feeds {
                if let Some(deal) = self.carried(from, to, feed) {
                    if let Message::Data { frames, .. } = &message {
                        self.sealed(to, (feed, deal), frames);
                    }
                    continue;
                }
                match self.audience(from, to, feed) {
                    Err(why) => self.leak(|_| format!("{from} speaks of feed {feed} to {to}: {why}")),
                    Ok(audience) => {
                        if let Message::Data { frames, .. } = &message {
                            self.data(to, (feed, audience), frames);
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn leak(&mut self, what: impl FnOnce(&Self) -> String) {
        let what = what(self);
        self.say(|_| format!("LEAK {what}"));
        self.leaks.insert(what);
    }

    /// For which audience a feed may go from one government to another; none for their own letters.
    fn audience(&self, from: usize, to: usize, feed: FeedId) -> Result<Option<Audience>, &'static str> {
        if feed.agreement == AgreementId::public() {
            return Ok(Some(Audience::Everybody));
        }
        if feed.agreement == AgreementId::correspondence(GOVERNMENTS[from].id, GOVERNMENTS[to].id) {
            return Ok(None);
        }
        let deal = self.ledger.deal_of(feed.agreement).ok_or("it is under no agreement")?;
        match self.ledger.may_serve(from, to, deal, true) {
            true => Ok(Some(Audience::Parties(deal))),
            // Of what it has written itself a government may be reminded; no figures go with that.
            false if feed.publisher == GOVERNMENTS[to].id => Ok(None),
            false => Err("no agreement opens it"),
        }
    }

    /// The deal under which a courier carries a feed between the two, if neither reads what it hands over.
    pub(super) fn carried(&self, from: usize, to: usize, feed: FeedId) -> Option<usize> {
        let deal = self.ledger.deal_of(feed.agreement)?;
        let publisher = GOVERNMENTS.iter().position(|one| one.id == feed.publisher)?;
        let opened = self.ledger.may_serve(from, to, deal, true);
        (!opened && self.ledger.may_carry((from, to), deal, publisher)).then_some(deal)
    }

    /// Judges frames that a courier gets or gives: no figure may stand in them open. Who reads them may have what its
    /// publisher has written for the deal.
    pub(super) fn sealed(&mut self, to: usize, (feed, deal): (FeedId, usize), mut frames: &[u8]) {
        let mut reader = BlockReader::default();
        while let Ok(Some(frame)) = Frame::read(frames) {
            frames = &frames[frame.bytes.len()..];
            match frame.kind {
                FrameKind::Block => {
                    let (_, records) = reader.read(frame.body).expect("a block of an honest node");
                    let figures =
                        |record: &Record| matches!(record, Record::Series(_) | Record::Retraction(_));
                    if records.iter().any(figures) {
                        self.leak(|_| {
                            format!("{to} is handed open figures of feed {feed} by way of a courier")
                        });
                    }
                }
                FrameKind::Sealed => {
                    let audience = Audience::Parties(deal);
                    if self.ledger.is_reader(deal, to) {
                        let written: Vec<usize> = self
                            .ledger
                            .written
                            .iter()
                            .filter(|way| way.1 == audience)
                            .map(|way| way.0)
                            .collect();
                        let rights = self.rights.entry(to).or_default();
                        for at in written {
                            let statement = &self.figures.statements[at];
                            let series = &self.figures.series[statement.series];
                            rights.keys.entry(series.key.clone()).or_default().insert(audience);
                            rights.values.entry(statement.value).or_default().insert(audience);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Judges frames of a feed, and takes note of what their receiver may have by them.
    fn data(&mut self, to: usize, (feed, audience): (FeedId, Option<Audience>), mut frames: &[u8]) {
        let mut reader = BlockReader::default();
        while let Ok(Some(frame)) = Frame::read(frames) {
            frames = &frames[frame.bytes.len()..];
            if frame.kind != FrameKind::Block {
                continue;
            }
            let (_, records) = reader.read(frame.body).expect("a block of an honest node");
            for record in records {
                match record {
                    Record::Series(series) => self.series(to, (feed, audience), &series),
                    Record::Retraction(retraction) => self.retraction(to, (feed, audience), &retraction),
                    Record::Document(_) | Record::Receipt(_) => {}
                }
            }
        }
    }

    fn series(
        &mut self,
        to: usize,
        (feed, audience): (FeedId, Option<Audience>),
        series: &corridor::model::Series,
    ) {
        let key = series.key().to_string();
        let of = self.figures.by_key.get(&key).copied();
        let (Some(audience), Some(number)) = (audience, of) else {
            return self.leak(|_| format!("series {key} stands in feed {feed}"));
        };
        for observation in series.observations() {
            let period = observation.period().to_string();
            let value = observation.value().map(|value| value.mantissa());
            let here = |at: &usize| {
                let statement = &self.figures.statements[*at];
                let is_it = value.is_none_or(|value| value == i128::from(statement.value));
                is_it
                    && statement.series == number
                    && statement.period(self.figures.series[number].freq) == period
            };
            let is_written = |at: &usize| self.ledger.written.contains(&(*at, audience));
            let large = value.and_then(|value| i64::try_from(value).ok()).filter(|value| *value >= SMALLEST);
            let found = match large {
                Some(value) => self.figures.by_value.get(&value).copied().filter(here),
                // Closed, or too small for anybody.
                None if value.is_some() => None,
                None => (0..self.figures.statements.len()).find(|at| here(at) && is_written(at)),
            };
            let Some(at) = found.filter(is_written) else {
                self.leak(|_| format!("{to} is sent {key} {period} = {value:?} for {audience:?}"));
                continue;
            };
            let rights = self.rights.entry(to).or_default();
            rights.keys.entry(key.clone()).or_default().insert(audience);
            if value.is_some() {
                let value = self.figures.statements[at].value;
                rights.values.entry(value).or_default().insert(audience);
            }
        }
    }

    /// What is taken back must have been given: else its key tells that it was there.
    fn retraction(
        &mut self,
        to: usize,
        (feed, audience): (FeedId, Option<Audience>),
        retraction: &Retraction,
    ) {
        let key = retraction.key().to_string();
        let number = self.figures.by_key.get(&key).copied();
        for period in retraction.periods() {
            let here = |(at, audience): (usize, Audience)| {
                let statement = &self.figures.statements[at];
                let freq = self.figures.series[statement.series].freq;
                Some(statement.series) == number
                    && statement.period(freq) == period.to_string()
                    && self.ledger.written.contains(&(at, audience))
            };
            let given = |audience| (0..self.figures.statements.len()).any(|at| here((at, audience)));
            match audience.filter(|audience| given(*audience)) {
                Some(audience) => {
                    let keys = &mut self.rights.entry(to).or_default().keys;
                    keys.entry(key.clone()).or_default().insert(audience);
                }
                None => {
                    self.leak(|_| format!("{to} is told that {key} {period} is retracted in feed {feed}"))
                }
            }
        }
    }

    /// What is found in everything that was sent to a government, byte by byte.
    pub(crate) fn wire_of(&self, at: usize) -> Found {
        let mut found = Found::default();
        if let Some(bytes) = self.wire.get(&at) {
            Needles(&self.figures).bytes(bytes, &mut found);
        }
        found
    }

    /// A draft is made, or refused.
    pub(crate) fn drafted(&mut self, at: usize, draft: AgreementDraft) -> Option<usize> {
        let earlier = draft.amends.as_ref().map(|amends| amends.agreement.clone());
        let earlier = earlier.and_then(|id| self.ledger.deals.iter().position(|deal| deal.id.to_hex() == id));
        let answer = self.ask(at, Request::AgreementDraft(Box::new(draft)), b"");
        let answer = answer.inspect_err(|why| self.say(|_| format!("no draft: {why}"))).ok()?;
        let id = answer["agreement"].as_str().and_then(AgreementId::from_hex).expect("a draft has an id");
        let text = self.world.engine(at).house().book().get(&id).expect("it is kept").text().clone();
        let deal = self.ledger.deals.len();
        self.ledger.deals.push(Deal { id, text, earlier });
        self.say(|case| {
            let text = ledger::describe(&case.ledger.deals[deal]);
            format!("{} drafts {deal}, amending {earlier:?}: {text}", cast::name(at))
        });
        self.sign(at, deal);
        Some(deal)
    }
}
