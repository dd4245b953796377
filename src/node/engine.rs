//! A node's directory, opened: answers requests and writes what they decide into feeds.
//!
//! Nothing counts before [`Engine::commit`]: the caller answers its people after that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::acts::ActName;
use super::clock::Clock;
use super::crisis::CrisisTerms;
use super::crisis::board::Boards;
use super::editions::Shelves;
use super::home::Home;
use super::house::House;
use super::insight::editions::Recomputed;
use super::mandates::{Issued, NextKey};
use super::prepared::{Figures, Prepared};
use super::reader::{Reader, Scope};
use super::recovery::Recovery;
use super::release::Wanted;
use super::request::{Caller, Request, SubmitRequest};
use super::sealing::{Look, SealingTerms, Secrets};
use super::sign_in::SignIns;
use super::standby::{Role, Standing};
use super::submissions::Submitted;
use super::truth::Truths;
use crate::crypto::{ContentKey, Hash, Network, NodeSigner, PublicKey};
use crate::feed::{
    AgreementId, Body, Card, EntryId, EntryKind, FeedId, HeadRef, PublisherId, Seq, SignedHeader,
};
use crate::model::{Document, Millis, Record};
use crate::protect::{self, RoundingKey};
use crate::store::{RecoveryMark, Store, keys};
use crate::sync::Recovering;

mod error;

pub use self::error::NodeError;

/// What an engine needs to know beside its directory.
#[derive(Clone, Debug)]
pub struct Options {
    /// Indicators that are opened to everybody.
    pub public: BTreeSet<String>,
    /// Memory of the derived database, in bytes.
    pub cache: u64,
    /// What every release is held to, beside what agreements ask for.
    pub rules: protect::Rules,
    /// How sealing keys live, and how much is carried for others.
    pub sealing: SealingTerms,
    /// Partners whose nodes carry connections for us, by country or the beginning of their publisher id.
    pub relays: BTreeSet<String>,
    /// Who reports in a crisis, and from where.
    pub crisis: CrisisTerms,
    /// What the node goes by.
    pub clock: Clock,
}

impl Options {
    /// A clock and what else is usual, with a cache of a megabyte: nothing is public, and nobody carries connections for us.
    pub fn usual(clock: Clock) -> Self {
        Self {
            public: BTreeSet::new(),
            cache: 1 << 20,
            rules: protect::Rules::default(),
            sealing: SealingTerms::default(),
            relays: BTreeSet::new(),
            crisis: CrisisTerms::default(),
            clock,
        }
    }
}

/// An answer.
pub enum Answer {
    /// One value.
    Value(Value),
    /// One value that is JSON already.
    Json(Box<RawValue>),
    /// Many, one by one.
    Rows(Rows),
    /// The views, for whoever asks them beside the loop.
    Reader(Reader),
}

type EachRow<'a> = &'a mut dyn FnMut(&str) -> bool;
type Source = Box<dyn Fn(EachRow<'_>) -> Result<(), NodeError> + Send>;

/// A long answer that is made row by row, outside the node's loop. Each row is the text of one JSON value.
pub struct Rows(Source);

impl Rows {
    /// Rows that this function makes; it stops when it is told `false`, and may be asked to begin anew.
    pub fn new(source: impl Fn(EachRow<'_>) -> Result<(), NodeError> + Send + 'static) -> Self {
        Self(Box::new(source))
    }

    /// Calls `each` with every row until it returns `false`. Blocks while it reads.
    ///
    /// # Errors
    /// [`NodeError`] when the rows cannot be read.
    pub fn each(&self, each: EachRow<'_>) -> Result<(), NodeError> {
        (self.0)(each)
    }
}

/// An opened node.
pub struct Engine {
    pub(super) home: Home,
    pub(super) store: Store,
    pub(super) house: House,
    signer: Option<Arc<dyn NodeSigner>>,
    clock: Clock,
    /// Own feeds of which a partner holds more than we do: nothing is appended to them.
    pub(super) frozen: BTreeSet<FeedId>,
    /// What was submitted and not yet released, as far as it is held.
    pub(super) submitted: Submitted,
    /// Others' feeds that were looked through for figures to erase, up to here, and hold none.
    pub(super) without_figures: BTreeMap<FeedId, Seq>,
    /// The exact values of figures that left in another form.
    pub(super) truths: Truths,
    /// What every release is held to, beside what agreements ask for.
    pub(super) rules: protect::Rules,
    /// How sealing keys live, and how much is carried for others.
    pub(super) sealing: SealingTerms,
    /// Partners whose nodes carry connections for us, by country or the beginning of their publisher id.
    relays: BTreeSet<String>,
    /// The secrets of sealing, once they were needed.
    pub(super) secrets: Option<Secrets>,
    /// The secret from which the content keys of our own entries follow, once it was needed.
    pub(super) content_secret: Option<Zeroizing<[u8; 32]>>,
    /// Keys of our own sealed entries that were asked for last; none where we cannot make it any more.
    pub(super) own_keys: Vec<(FeedId, Seq, Option<ContentKey>)>,
    /// Sealing keys that were written into the house feed since the start.
    pub(super) learnt: BTreeSet<Hash>,
    /// How far others' feeds were looked through for what concerns sealing.
    pub(super) looked: BTreeMap<FeedId, Look>,
    /// Openings that were handed on since the start, and to whom; they count in the house's own list once they are durable.
    pub(super) deposited: BTreeSet<(PublisherId, String)>,
    /// Openings that were tried since the start, and from whom.
    pub(super) tried: BTreeSet<(PublisherId, String)>,
    /// Up to where feeds that were carried are let go of.
    pub(super) let_go: BTreeMap<FeedId, Seq>,
    /// Partners whose cards have changed: what is held of them is to be looked through.
    pub(super) review: BTreeSet<PublisherId>,
    /// Feeds of partners that a thief has written to, and from where our copy is to be given up.
    pub(super) unsettled: BTreeMap<FeedId, Seq>,
    /// A card of ours that counts once what was appended with it is durable.
    pub(super) issued: Option<Issued>,
    /// Opens the next node key; none where nobody is there to type a passphrase.
    pub(super) next_key: Option<NextKey>,
    /// Whether another node key signs than the one that this process is reached under.
    pub(super) restart: bool,
    /// Whether own feeds may lack entries.
    pub(super) recovery: Recovery,
    /// Whether this node writes our feeds.
    pub(super) standing: Standing,
    /// Our feeds of which the node that leads holds another entry than we, and from where.
    pub(super) outvoted: BTreeMap<FeedId, Seq>,
    /// Which resolutions of forks are done: by place, the entry that stands.
    pub(super) applied: BTreeMap<(FeedId, Seq), EntryId>,
    /// Indicators that are opened to everybody.
    pub(super) public: BTreeSet<String>,
    /// The bulletins of crisis lanes.
    pub(super) boards: Boards,
    /// The editions of regional profiles.
    pub(super) shelves: Shelves,
    /// Digests of profiles that were computed again.
    pub(super) recomputed: Recomputed,
    /// Who reports in a crisis, and from where.
    pub(super) crisis: CrisisTerms,
    /// Who is signed in to the pages.
    pub(super) sign_ins: SignIns,
}

impl Engine {
    /// Opens a directory. Without a signer it answers questions and refuses acts.
    ///
    /// # Errors
    /// [`NodeError`] when the store cannot be opened.
    pub fn open(
        home: Home,
        options: &Options,
        signer: Option<Arc<dyn NodeSigner>>,
    ) -> Result<Self, NodeError> {
        let store = Store::open(home.dir(), home.us(), home.network(), options.cache)?;
        let mut house = House::new(home.card(), options.public.clone());
        house.catch_up(&store)?;
        let recovery = Recovery::new(RecoveryMark::load(home.dir())?);
        // A feed of our own that is forked is not made longer.
        let forked = house.forked_feeds().into_iter().filter(|feed| house.fork(feed).is_some());
        let frozen = forked.filter(|feed| feed.publisher == home.us()).collect();
        let revoked = |card: &&Card| !card.body().revocations.is_empty();
        let review = house.partners().filter(revoked).map(Card::publisher).collect();
        let mut engine = Self {
            home,
            store,
            house,
            signer,
            clock: options.clock.clone(),
            frozen,
            submitted: Submitted::default(),
            without_figures: BTreeMap::new(),
            truths: Truths::default(),
            rules: options.rules.clone(),
            sealing: options.sealing,
            relays: options.relays.clone(),
            secrets: None,
            content_secret: None,
            own_keys: Vec::new(),
            learnt: BTreeSet::new(),
            looked: BTreeMap::new(),
            deposited: BTreeSet::new(),
            tried: BTreeSet::new(),
            let_go: BTreeMap::new(),
            review,
            unsettled: BTreeMap::new(),
            issued: None,
            next_key: None,
            restart: false,
            recovery,
            standing: Standing::default(),
            outvoted: BTreeMap::new(),
            applied: BTreeMap::new(),
            public: options.public.clone(),
            boards: Boards::default(),
            shelves: Shelves::default(),
            recomputed: Recomputed::default(),
            crisis: options.crisis.clone(),
            sign_ins: SignIns::default(),
        };
        engine.adopt_own_card()?;
        engine.find_role()?;
        if let Ok(signer) = engine.signer() {
            engine.home.note_key(signer.public_key())?;
            engine.apply_resolutions()?;
        }
        Ok(engine)
    }

    /// Lets the engine open the next node key by itself, when it is to sign.
    #[must_use]
    pub fn with_next_key(mut self, next_key: Option<NextKey>) -> Self {
        self.next_key = next_key;
        self
    }

    pub(super) fn sign_with(&mut self, signer: Arc<dyn NodeSigner>) -> Result<(), NodeError> {
        self.relock_sealing(signer.as_ref())?;
        self.signer = Some(signer);
        Ok(())
    }

    /// Whether the node's key is here.
    pub(super) fn may_sign(&self) -> bool {
        self.signer.is_some()
    }

    /// Whether this is the key that this node signs with.
    pub(super) fn is_node_key(&self, node: &PublicKey) -> bool {
        self.signer.as_ref().is_some_and(|signer| signer.public_key() == *node)
    }

    /// Which of our feeds may lack entries.
    pub(super) fn recovering(&self) -> Recovering {
        let follows = self.role() != Role::Leads;
        Recovering { follows, ..self.recovery.recovering(self.us()) }
    }

    /// The directory and card.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Partners whose nodes carry connections for us.
    pub(super) fn relays(&self) -> &BTreeSet<String> {
        &self.relays
    }

    /// What is stored.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What is stored, to append what verified.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// What was decided.
    pub fn house(&self) -> &House {
        &self.house
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The node's time.
    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(super) fn network(&self) -> &Network {
        self.home.network()
    }

    pub(super) fn us(&self) -> PublisherId {
        self.home.us()
    }

    /// The secret of rounding; made when it is needed first.
    pub(super) fn rounding_key(&self) -> Result<RoundingKey, NodeError> {
        Ok(RoundingKey::new(keys::rounding_secret(self.home.dir())?))
    }

    pub(super) fn signer(&self) -> Result<Arc<dyn NodeSigner>, NodeError> {
        self.signer.clone().ok_or(NodeError::Locked)
    }

    /// Carries a request out; an act is written to the log with its outcome, also when it is refused.
    ///
    /// # Errors
    /// [`NodeError`] saying why not.
    pub fn execute(&mut self, prepared: Prepared, caller: &Caller) -> Result<Answer, NodeError> {
        let act = prepared.request.act();
        if act.is_some() {
            self.signer()?;
            if !prepared.request.is_upkeep() {
                self.leads()?;
            }
        }
        let result = self.dispatch(prepared, caller);
        if let (Some(act), Err(error)) = (act, &result)
            && !error.is_fatal()
        {
            self.refused(act, caller, error.code(), json!({}))?;
        }
        result
    }

    /// Carries out releases from the front, as [`Engine::release_next`] does, and writes refused ones into the log.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub(super) fn execute_releases(
        &mut self,
        wanted: &mut VecDeque<Wanted>,
    ) -> Result<Vec<Result<Box<RawValue>, NodeError>>, NodeError> {
        let all: Vec<Wanted> = wanted.iter().cloned().collect();
        let outcomes = match self.release_next(wanted) {
            Ok(outcomes) => outcomes,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                // Whichever of them it was: none is carried out, and who asked may ask again.
                wanted.clear();
                let text = error.to_string();
                all.iter().map(|_| Err(NodeError::Refused(text.clone()))).collect()
            }
        };
        for (outcome, (request, caller)) in outcomes.iter().zip(&all) {
            let Err(error) = outcome else { continue };
            let logged = match request.dry_run {
                true => Ok(()),
                false => self.refused(ActName::Release, caller, error.code(), json!({})).map(|_| ()),
            };
            // A house feed that takes nothing more is a reason to refuse, not to stop.
            logged.or_else(|error| if error.is_fatal() { Err(error) } else { Ok(()) })?;
        }
        Ok(outcomes)
    }

    /// Carries out submissions that wait one behind the other, and writes their acts into one entry.
    ///
    /// # Errors
    /// [`NodeError`] when the node must stop.
    pub(super) fn execute_submissions(
        &mut self,
        all: Vec<(SubmitRequest, Option<Figures>, Caller)>,
    ) -> Result<Vec<Result<Answer, NodeError>>, NodeError> {
        let (mut outcomes, mut acts) = (Vec::new(), Vec::new());
        for (submit, figures, caller) in all {
            let taken =
                self.signer().and_then(|_| self.take_submission(&submit, figures, &caller, &mut acts));
            match taken {
                Err(error) if error.is_fatal() => return Err(error),
                taken => outcomes.push(taken),
            }
        }
        match self.done_together(ActName::Submit, acts) {
            Err(error) if error.is_fatal() => Err(error),
            // Without its act a submission is not there: nobody is told that it is.
            Err(error) => {
                let text = error.to_string();
                Ok(outcomes.into_iter().map(|_| Err(NodeError::Refused(text.clone()))).collect())
            }
            Ok(()) => Ok(outcomes),
        }
    }

    fn dispatch(&mut self, prepared: Prepared, caller: &Caller) -> Result<Answer, NodeError> {
        let Prepared { request, figures, bundle: _, drafted } = prepared;
        let value = match request {
            Request::Status => self.status()?,
            Request::Feeds => self.feeds()?,
            Request::Peers => json!({ "peers": [] }),
            Request::Card => json!({ "card": self.home.card().to_text() }),
            Request::KeyList => self.key_list()?,
            Request::KeyPlaces { node, since } => self.key_places(&node, since.as_deref())?,
            Request::CardIssue { card, act } => self.card_issue(&card, act.name(), caller)?,
            Request::KeySwitch => self.key_switch(caller)?,
            Request::PartnerAdd { card } => self.partner_add(&card, caller)?,
            Request::PartnerList => self.partner_list(),
            Request::PartnerShow { partner } => self.partner_show(&partner)?,
            Request::PartnerRemove { partner } => self.partner_remove(&partner, caller)?,
            Request::PartnerPause { partner, paused } => self.partner_pause(&partner, paused, caller)?,
            Request::AgreementDraft(draft) => self.agreement_draft(&draft, caller)?,
            Request::AgreementPropose { agreement } => self.agreement_propose(&agreement, caller)?,
            Request::AgreementSign { agreement } => self.agreement_sign(&agreement, caller)?,
            Request::AgreementList => self.agreement_list(),
            Request::AgreementShow { agreement } => self.agreement_show(&agreement)?,
            Request::AgreementWhatIf { agreement } => return self.what_if(&agreement).map(Answer::Rows),
            Request::AgreementEnd { agreement } => self.agreement_end(&agreement, caller)?,
            Request::Submit(submit) => return self.submit(&submit, figures, caller),
            Request::Crisis(crisis) => self.crisis(crisis, figures, caller)?,
            Request::BundleExport { to, all } => {
                return self.bundle_handed_over(&to, all, caller).map(Answer::Rows);
            }
            // These are for the exchange, which answers them where there is one.
            Request::PartnerPing { .. } | Request::BundleImport { .. } | Request::RecoverOldCopy => {
                return Err(NodeError::Refused(
                    "this is done by a daemon: `corridor run`, then ask it".into(),
                ));
            }
            Request::Submissions => self.submission_list(),
            Request::Release(release) => return self.release(&release, caller).map(Answer::Json),
            Request::RegionSign(sign) => self.region_sign(&sign, drafted, caller)?,
            Request::Retract { key, periods, reason } => self.retract(&key, &periods, &reason, caller)?,
            Request::Get(get) => return self.get(&get).map(Answer::Rows),
            request @ (Request::StandbyShow
            | Request::StandbyAdd { .. }
            | Request::StandbyTakeOver { .. }
            | Request::StandbyHandOver { .. }) => self.standby(request, caller)?,
            request @ (Request::Admit(_)
            | Request::TokenCreate { .. }
            | Request::TokenList
            | Request::TokenRevoke { .. }) => self.tokens(request, caller)?,
            Request::SignIn(asked) => self.sign_in(asked, caller)?,
            Request::Mirror { origin, destination, indicator, public } => {
                self.mirror((&origin, &destination), indicator.as_deref(), Scope::of(public))?
            }
            Request::Audit { verify } => self.audit(verify)?,
            Request::Cite { key, period, from } => self.cite(&key, &period, from.as_deref())?,
            request @ (Request::Reader(_)
            | Request::Series(_)
            | Request::Insight(_)
            | Request::Site(_)
            | Request::Prove { .. }
            | Request::Changes { .. }
            | Request::Export { .. }) => return self.for_readers(request, caller),
            Request::CiteFork { feed } => self.cite_fork(&feed)?,
            Request::ForkResolve { resolution } => self.fork_resolve(&resolution, caller)?,
            Request::RecoverOverride => self.recover_override(caller)?,
            Request::Repair => self.mend(caller)?,
            Request::Backup => self.backup_cut(caller)?,
            Request::Rebuild => self.rebuild(caller)?,
            Request::Doctor => self.doctor()?,
        };
        Ok(Answer::Value(value))
    }

    /// Makes everything appended so far durable and folds what was decided; returns the newest durable headers
    /// of the feeds that moved.
    ///
    /// # Errors
    /// [`NodeError`]; when fatal the node must stop.
    pub fn commit(&mut self) -> Result<Vec<SignedHeader>, NodeError> {
        let moved = self.store.commit()?;
        self.follow(&moved)?;
        self.commit_recovery()?;
        Ok(moved)
    }

    /// The same for the feeds of wanted agreements alone.
    ///
    /// # Errors
    /// As [`Engine::commit`].
    pub(super) fn commit_of(
        &mut self,
        wanted: impl Fn(&AgreementId) -> bool,
    ) -> Result<Vec<SignedHeader>, NodeError> {
        let moved = self.store.commit_of(wanted)?;
        self.follow(&moved)?;
        Ok(moved)
    }

    /// Folds what these durable entries decide.
    fn follow(&mut self, moved: &[SignedHeader]) -> Result<(), NodeError> {
        if !moved.is_empty() {
            self.house.catch_up(&self.store)?;
            self.finish_issue()?;
            self.adopt_own_card()?;
            self.follow_role()?;
        }
        Ok(())
    }

    /// Signs an entry with these records and appends it to our feed under an agreement.
    pub(super) fn append(
        &mut self,
        agreement: AgreementId,
        kind: EntryKind,
        records: Vec<Record>,
    ) -> Result<HeadRef, NodeError> {
        let acts = if agreement == AgreementId::house() { documents(&records) } else { Vec::new() };
        self.append_said(agreement, (kind, None), Body::of(records)?, acts)
    }

    /// Signs an entry with this content and appends it to our feed under an agreement.
    pub(super) fn append_body(
        &mut self,
        agreement: AgreementId,
        kind: EntryKind,
        body: Body,
    ) -> Result<HeadRef, NodeError> {
        self.append_said(agreement, (kind, None), body, Vec::new())
    }

    /// Signs a release that opens at this time, and appends it sealed to our feed under an agreement.
    pub(super) fn append_under_embargo(
        &mut self,
        agreement: AgreementId,
        body: Body,
        opens: Millis,
    ) -> Result<HeadRef, NodeError> {
        self.append_said(agreement, (EntryKind::Release, Some(opens)), body, Vec::new())
    }

    /// As [`Engine::append_body`], with the documents of an entry of the house feed.
    fn append_said(
        &mut self,
        agreement: AgreementId,
        (kind, embargo): (EntryKind, Option<Millis>),
        body: Body,
        documents: Vec<Document>,
    ) -> Result<HeadRef, NodeError> {
        let feed = FeedId::new(self.us(), agreement);
        self.may_append(&feed)?;
        let place = self.store.place(feed);
        // A clock that was set back must not date an entry before the one that it follows.
        let last = self.store.newest(&feed).map_or(Millis(0), |newest| newest.header().time);
        let (now, time) = (self.now(), self.now().max(last));
        if time.saturating_add(-CLOCK_AHEAD) > now {
            tracing::warn!(%feed, %time, "our clock was ahead when the newest entry was signed: what follows it is dated the same, and partners hold it until then");
        }
        let signer = self.signer()?;
        if self.home.card().revocation(&signer.public_key()).is_some() {
            return Err(NodeError::Refused(REVOKED.to_owned()));
        }
        let entry = self.sign_entry(body, (kind, time), &place, (signer.as_ref(), embargo))?;
        self.store.append_own(&entry)?;
        if agreement == AgreementId::house() {
            self.house.expect(entry.header(), documents);
        }
        Ok(HeadRef::from(entry.header()))
    }

    /// Whether one of our feeds may become longer.
    pub(super) fn may_append(&self, feed: &FeedId) -> Result<(), NodeError> {
        self.leads()?;
        if self.is_recovering(feed) && self.house.fork(feed).is_none() {
            return Err(NodeError::Recovering(self.recovery_text(feed)));
        }
        if !self.frozen.contains(feed) {
            return self.is_mandated();
        }
        let name = self.agreement_name(&feed.agreement);
        Err(NodeError::Refused(format!(
            "our feed {name:?} is forked, or another node of ours has continued it: signing now would make it worse. \
             `corridor feeds` shows forks; `corridor fork resolve` says which entry stands"
        )))
    }

    /// Whether our key has a mandate at this time. What is signed without one no partner ever takes, nor what follows it:
    /// a clock that is years wrong for a moment must not end a feed.
    fn is_mandated(&self) -> Result<(), NodeError> {
        let (Some(signer), now) = (&self.signer, self.now()) else { return Ok(()) };
        let key = signer.public_key();
        let issued = self.issued.iter().map(Issued::card);
        if issued.chain([self.home.card()]).any(|card| card.nodes(now).any(|node| node == key)) {
            return Ok(());
        }
        Err(NodeError::Refused(format!(
            "the clock of this machine shows {now}, when no mandate of the card lets this node sign: set the clock, or issue a mandate"
        )))
    }

    /// A partner by country code, publisher id or the start of it.
    pub(super) fn partner(&self, text: &str) -> Result<Card, NodeError> {
        let fits = |card: &&Card| {
            card.country().eq_ignore_ascii_case(text)
                || text.len() >= 8 && card.publisher().to_hex().starts_with(&text.to_ascii_lowercase())
        };
        let mut found = self.house.partners().filter(fits);
        match (found.next(), found.next()) {
            (Some(card), None) => Ok(card.clone()),
            (None, _) => Err(NodeError::NotFound(format!(
                "there is no partner {text:?}; `corridor partner list` shows them, `corridor partner add` accepts one"
            ))),
            (Some(_), Some(_)) => Err(NodeError::Refused(format!(
                "{text:?} fits several partners; give more of the publisher id"
            ))),
        }
    }

    /// A publisher's country code, or the start of its id.
    pub(super) fn country_of(&self, publisher: &PublisherId) -> String {
        let card = self.house.keyring().get(publisher);
        card.map(|card| card.country().to_owned())
            .filter(|code| !code.is_empty())
            .unwrap_or_else(|| publisher.short())
    }

    /// What an agreement is called.
    pub(super) fn agreement_name(&self, id: &AgreementId) -> String {
        if *id == AgreementId::public() {
            return "public".to_owned();
        }
        if *id == AgreementId::house() {
            return "house".to_owned();
        }
        if let Some(agreement) = self.house.book().get(id) {
            return agreement.text().title.clone();
        }
        self.correspondent(id).map_or_else(|| id.short(), |country| format!("correspondence {country}"))
    }

    /// With whom an agreement is a correspondence, if it is one.
    pub(super) fn correspondent(&self, id: &AgreementId) -> Option<&str> {
        let with = |card: &&Card| AgreementId::correspondence(self.us(), card.publisher()) == *id;
        self.house.partners().find(with).map(Card::country)
    }

    /// Next free place of the house feed, so that an act can name an entry that is appended before it.
    pub(super) fn house_seq(&self) -> Seq {
        self.store.place(FeedId::new(self.us(), AgreementId::house())).seq
    }
}

const REVOKED: &str = "the node key in keys/node.age is revoked, and what it signs counts for nothing: if keys/node-next.age is \
     there, restart the daemon; else `corridor key compromised` makes a new one";
/// From when on partners hold an entry that is dated in the future, by default: ten minutes, in milliseconds.
pub(super) const CLOCK_AHEAD: i64 = 600_000;

/// The documents among records, in the order in which an entry has them.
fn documents(records: &[Record]) -> Vec<Document> {
    let mut documents: Vec<&Record> = records.iter().collect();
    documents.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let document = |record: &Record| match record {
        Record::Document(document) => Some(document.clone()),
        Record::Series(_) | Record::Retraction(_) | Record::Receipt(_) => None,
    };
    documents.into_iter().filter_map(document).collect()
}
