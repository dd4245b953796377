//! What people of this government decided, folded from the house feed and from the partners' correspondence.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::cards::Cards;
use super::crisis::desk::Desk;
use super::levels;
use super::standby::Lead;
use super::tokens::Tokens;
use crate::crypto::Network;
use crate::feed::{
    AgreementId, Card, EntryKind, FeedId, Fork, Header, KeyNotice, Keyring, PublisherId, Resolution, Seq,
    SignedHeader,
};
use crate::model::{Document, DocumentKind, DocumentLabel, Millis, Record};
use crate::policy::{Agreement, AgreementText, Book, Consent, Erasure, SignedConsent, Why};
use crate::store::{Store, StoreError};

mod act;

use self::act::{Act, ActHead};

/// A ministry's submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its name here: `s` and its number.
    pub id: String,
    /// The entry of the house feed that holds its series.
    pub seq: Seq,
    /// The file's name.
    pub file: String,
    /// Number of observations.
    pub observations: u64,
    /// When.
    pub time: Millis,
    /// Whether it was released.
    pub released: bool,
    /// What it states figures of; nothing where that was not written down.
    pub indicators: Vec<String>,
    /// The entry of the house feed with the protection levels of its sensitive totals, if it has such.
    pub levels: Option<Seq>,
}

impl Submission {
    /// May it state figures of an indicator?
    pub fn may_state(&self, indicator: &str) -> bool {
        self.indicators.is_empty() || self.indicators.iter().any(|one| one == indicator)
    }
}

/// The house's state.
#[derive(Clone, Debug)]
pub struct House {
    us: PublisherId,
    network: Network,
    public: BTreeSet<String>,
    keyring: Arc<Keyring>,
    /// Every card that was ever accepted: what a former partner signed can still be verified.
    archive: Keyring,
    pub(super) cards: Cards,
    book: Book,
    submissions: BTreeMap<u64, Submission>,
    /// The submissions that were released, in the order of their releases, with the number of each release.
    releases: Vec<(u64, usize)>,
    /// How many releases there were.
    acts_of_release: usize,
    /// By agreement and place of an entry of ours, the number of the release that it is of.
    release_of: BTreeMap<(AgreementId, Seq), usize>,
    /// By partner, up to which entry it held a feed when it made its last bundle for us.
    bundled: BTreeMap<(PublisherId, FeedId), Seq>,
    /// Indicators of which something was released that needed protection, or submitted that will.
    guarded: BTreeSet<String>,
    paused: BTreeSet<PublisherId>,
    folded: BTreeMap<FeedId, Seq>,
    /// Entries of the house feed that this process has appended and that are not folded yet.
    expected: BTreeMap<Seq, Expected>,
    /// Words on agreements whose text is not here yet, or whose party's card is not; and whether each stands in an entry
    /// of its own party that counts.
    waiting: Vec<(SignedConsent, bool)>,
    forks: BTreeMap<(FeedId, Seq), Fork>,
    /// What publishers have resolved.
    resolutions: BTreeMap<(FeedId, Seq), Resolution>,
    /// How often publishers have resolved forks of each feed.
    resolved_times: BTreeMap<FeedId, u32>,
    /// Entries of ours that came back from partners, of which the house knows no exact values: first and last of an
    /// agreement's, and how many releases there were then.
    lost: Vec<(AgreementId, RangeInclusive<u64>, usize)>,
    /// Others' feeds whose payloads we have erased, and up to where.
    erased: BTreeMap<FeedId, Seq>,
    /// Keys to which others seal, by whose they are and the agreement under which they were told; ours too.
    sealing_keys: BTreeMap<(PublisherId, AgreementId), Vec<KeyNotice>>,
    /// Entries of ours under embargo, and until when; those that are open by now among them.
    embargoes: BTreeMap<(AgreementId, Seq), Millis>,
    /// Keys of entries under embargo that are kept for when it is over, by who gave them to us to hand on or told them
    /// us: the agreement, the place, the publisher's first digits, the document.
    openings: BTreeMap<(PublisherId, String), Vec<u8>>,
    /// Which of those we have handed on, and to whom.
    handed: BTreeSet<(PublisherId, String)>,
    /// By partner, the words on agreements that we have told it.
    told: BTreeSet<(PublisherId, Told)>,
    /// By recipient, what was erased of ours: by agreement, and by its last entry.
    confirmed: BTreeMap<(PublisherId, FeedId, u64), Erasure>,
    /// What opens our own view over HTTP.
    pub(super) tokens: Tokens,
    /// Which of our nodes writes our feeds.
    pub(super) lead: Lead,
    /// What was done about crises.
    pub(super) crisis: Desk,
}

/// How many openings of entries under embargo are kept for others, so that nobody fills our memory.
const MAX_OPENINGS: usize = 4096;
/// How many sealing keys of one publisher are kept: the newest counts, those before it for what is under way.
const MAX_SEALING_KEYS: usize = 4;
/// A word on an agreement: which, whose, and whether it is the one that ends it.
type Told = (AgreementId, PublisherId, bool);

fn told(word: &SignedConsent) -> Told {
    (word.agreement(), word.party(), word.consent() == Consent::Ended)
}

/// The most erasures of others that are kept to be shown; all are in their feeds.
const MAX_ERASURES: usize = 4096;

/// An entry that need not be read back: when it was signed, and its documents in their order.
#[derive(Clone, Debug)]
struct Expected {
    header: SignedHeader,
    documents: Vec<Document>,
}

/// Where a document stands.
struct Stated<'a> {
    header: &'a Header,
    label: &'a DocumentLabel,
}

/// The most words that wait for their text: more than any honest partner sends ahead.
const MAX_WAITING: usize = 1024;

impl House {
    /// The state before anything was decided.
    pub fn new(own: &Card, public: BTreeSet<String>) -> Self {
        let mut keyring = Keyring::default();
        keyring.insert(own.clone());
        Self {
            us: own.publisher(),
            network: own.network().clone(),
            archive: keyring.clone(),
            keyring: Arc::new(keyring),
            book: Book::new(own.publisher(), public.clone()),
            public,
            cards: Cards::default(),
            submissions: BTreeMap::new(),
            releases: Vec::new(),
            acts_of_release: 0,
            release_of: BTreeMap::new(),
            guarded: BTreeSet::new(),
            bundled: BTreeMap::new(),
            paused: BTreeSet::new(),
            folded: BTreeMap::new(),
            expected: BTreeMap::new(),
            waiting: Vec::new(),
            forks: BTreeMap::new(),
            resolutions: BTreeMap::new(),
            resolved_times: BTreeMap::new(),
            lost: Vec::new(),
            erased: BTreeMap::new(),
            sealing_keys: BTreeMap::new(),
            told: BTreeSet::new(),
            embargoes: BTreeMap::new(),
            openings: BTreeMap::new(),
            handed: BTreeSet::new(),
            confirmed: BTreeMap::new(),
            tokens: Tokens::default(),
            lead: Lead::default(),
            crisis: Desk::default(),
        }
    }

    /// The same house before anything was folded, for when entries that were folded are here no longer.
    pub(super) fn anew(&self, own: &Card) -> Self {
        Self::new(own, self.public.clone())
    }

    /// Folds what is durable and new in the house feed and in all correspondence.
    ///
    /// # Errors
    /// [`StoreError`] when an entry cannot be read.
    pub fn catch_up(&mut self, store: &Store) -> Result<(), StoreError> {
        self.catch_up_feed(store, FeedId::new(self.us, AgreementId::house()))?;
        let partners: Vec<PublisherId> = self.partners().map(Card::publisher).collect();
        for partner in partners {
            let agreement = AgreementId::correspondence(self.us, partner);
            self.catch_up_feed(store, FeedId::new(self.us, agreement))?;
            self.catch_up_feed(store, FeedId::new(partner, agreement))?;
        }
        Ok(())
    }

    fn catch_up_feed(&mut self, store: &Store, feed: FeedId) -> Result<(), StoreError> {
        let Some(head) = store.durable(&feed) else { return Ok(()) };
        let mut seq = self.folded.get(&feed).copied().unwrap_or(Seq(0));
        while seq <= head.seq {
            let is_house = feed.agreement == AgreementId::house();
            let expected = if is_house { self.expected.remove(&seq) } else { None };
            let Expected { header, documents } = match expected {
                Some(own) => own,
                None => read_documents(store, &feed, seq)?,
            };
            if is_house {
                self.lead.signed(header.header().node, header.header().time);
            }
            // An entry's records are sorted, so the parts of a document stand together and in order.
            for parts in documents.chunk_by(|a, b| a.label() == b.label()) {
                if let Some(body) = Document::join(parts) {
                    self.take(&Stated { header: header.header(), label: parts[0].label() }, &body);
                }
            }
            seq = seq.next();
            self.folded.insert(feed, seq);
        }
        Ok(())
    }

    /// Takes note of an entry of the house feed that was appended, so that it need not be read back once it is
    /// durable. It counts then, and not before.
    pub(super) fn expect(&mut self, entry: &SignedHeader, documents: Vec<Document>) {
        self.expected.insert(entry.header().seq, Expected { header: entry.clone(), documents });
    }

    fn take(&mut self, stated: &Stated<'_>, body: &[u8]) {
        let (&Header { feed, seq, time, .. }, label) = (stated.header, stated.label);
        let own = feed.agreement == AgreementId::house();
        match label.kind() {
            DocumentKind::Act if own => self.take_act(body, time),
            // It stands behind the act, whose kind comes before its own.
            DocumentKind::ProtectionLevels if own => self.take_levels(label.id(), seq, body),
            DocumentKind::Card => self.take_card(feed, seq, body),
            DocumentKind::AgreementText => {
                if let Ok(text) = AgreementText::from_bytes(body) {
                    self.book.insert(Agreement::new(text, &self.network));
                    self.settle_waiting();
                }
            }
            DocumentKind::Opening if !own => {
                let id = label.id().to_owned();
                if feed.publisher == self.us {
                    self.handed.insert((self.correspondent(&feed.agreement), id));
                } else if self.openings.len() < MAX_OPENINGS {
                    self.openings.insert((feed.publisher, id), body.to_vec());
                }
            }
            DocumentKind::SealingKey if own => self.take_sealing_key(label.id(), body),
            DocumentKind::AgreementSignature | DocumentKind::AgreementEnd => {
                if let Ok(consent) = SignedConsent::from_bytes(body) {
                    if !own && feed.publisher == self.us {
                        let partner = self.correspondent(&feed.agreement);
                        self.told.insert((partner, told(&consent)));
                    }
                    let said_by = feed.publisher == consent.party() && self.keyring.vouches(stated.header);
                    self.waiting.push((consent, own || said_by));
                    self.settle_waiting();
                    self.waiting.truncate(MAX_WAITING);
                }
            }
            DocumentKind::Erasure => {
                if let Ok(erasure) = Erasure::from_bytes(body) {
                    self.take_erasure(feed, erasure, own);
                }
            }
            DocumentKind::Crisis => {
                let who = self.keyring.get(&feed.publisher).map(Card::country).unwrap_or_default().to_owned();
                self.crisis.take_document(label.id(), who, body);
            }
            DocumentKind::ForkResolution => self.take_resolution(body),
            // Kinds that the house's state does not depend on.
            _ => {}
        }
    }

    /// The partner with whom we correspond in this way; ourselves when it is none.
    fn correspondent(&self, agreement: &AgreementId) -> PublisherId {
        let mut partners = self.partners().map(Card::publisher);
        partners.find(|one| AgreementId::correspondence(self.us, *one) == *agreement).unwrap_or(self.us)
    }

    /// Whether we have told a partner somebody's word on an agreement.
    pub(super) fn was_told(&self, partner: PublisherId, word: &SignedConsent) -> bool {
        self.told.contains(&(partner, told(word)))
    }

    /// Entries of ours that were released under embargo, and until when.
    pub(super) fn embargoes(&self) -> impl Iterator<Item = (AgreementId, Seq, Millis)> {
        self.embargoes.iter().map(|((agreement, seq), opens)| (*agreement, *seq, *opens))
    }

    /// Openings of entries under embargo that partners have given us, by who gave them and their names.
    pub(super) fn openings(&self) -> impl Iterator<Item = (&PublisherId, &str, &[u8])> {
        self.openings.iter().map(|((from, id), body)| (from, id.as_str(), body.as_slice()))
    }

    /// Whether we have handed an opening on to a partner.
    pub(super) fn was_handed(&self, partner: PublisherId, id: &str) -> bool {
        self.handed.contains(&(partner, id.to_owned()))
    }

    fn take_sealing_key(&mut self, id: &str, body: &[u8]) {
        let whose = id.split_at_checked(64).and_then(|(publisher, agreement)| {
            Some((PublisherId::from_hex(publisher)?, AgreementId::from_hex(agreement)?))
        });
        let (Some(whose), Ok(notice)) = (whose, KeyNotice::from_bytes(body)) else { return };
        let known = self.sealing_keys.entry(whose).or_default();
        if !known.contains(&notice) {
            known.push(notice);
        }
        if known.len() > MAX_SEALING_KEYS {
            known.remove(0);
        }
    }

    /// The keys that a publisher has told under an agreement, the newest last.
    pub(super) fn sealing_keys(&self, publisher: PublisherId, agreement: AgreementId) -> &[KeyNotice] {
        self.sealing_keys.get(&(publisher, agreement)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Our own erasure of another's entries, or a partner's word that it has erased ours.
    fn take_erasure(&mut self, feed: FeedId, erasure: Erasure, own: bool) {
        if own {
            if erasure.why == Why::Retention {
                self.erased.insert(erasure.feed(), erasure.last());
            }
        } else if feed.publisher != self.us && self.is_told_of(&erasure) {
            self.confirmed.insert((feed.publisher, erasure.feed(), erasure.last), erasure);
            if self.confirmed.len() > MAX_ERASURES {
                self.confirmed.pop_first();
            }
        }
    }

    /// Whether an erasure is ours to know of: it is of our own entries, or of a crisis lane that we have declared.
    fn is_told_of(&self, erasure: &Erasure) -> bool {
        let lane = self.book.get(&erasure.agreement).filter(|agreement| agreement.is_lane());
        let declared = lane.is_some_and(|lane| lane.signed().any(|(party, _)| party == self.us));
        erasure.publisher == self.us || declared
    }

    /// Takes the words whose agreement and card are here.
    fn settle_waiting(&mut self) {
        let keyring = Arc::clone(&self.keyring);
        let (book, network) = (&mut self.book, &self.network);
        self.waiting.retain(|(consent, placed)| {
            let settles = book.get(&consent.agreement()).is_some()
                && consent.verify(network, &keyring, *placed).is_ok();
            if settles {
                book.take(consent);
            }
            !settles
        });
    }

    /// A card: one that was accepted or issued here, or one in the correspondence of its own government.
    fn take_card(&mut self, feed: FeedId, seq: Seq, body: &[u8]) {
        let Ok(card) = Card::from_bytes(body) else { return };
        let (own, ours) = (feed.agreement == AgreementId::house(), card.publisher() == self.us);
        let taken = match (own, ours) {
            (true, true) => self.cards.issued(&card),
            (true, false) => self.cards.recorded(&card),
            (false, true) if feed.publisher == self.us => self.cards.told(feed.agreement, seq, &card),
            (false, false) if feed.publisher == card.publisher() => {
                self.cards.received(&card, &self.keyring, &self.network)
            }
            (false, _) => false,
        };
        if taken {
            self.take_new_card(card);
        }
    }

    /// A partner's card that has come otherwise than in its correspondence.
    pub(super) fn receive_card(&mut self, card: &Card) {
        if self.cards.received(card, &self.keyring, &self.network) {
            self.take_new_card(card.clone());
        }
    }

    fn take_new_card(&mut self, card: Card) {
        self.archive.insert(card.clone());
        Arc::make_mut(&mut self.keyring).insert(card);
        // A proof of a fork counts as long as both keys might sign.
        self.forks.retain(|_, fork| fork.holds(&self.archive));
        self.settle_waiting();
    }

    fn take_act(&mut self, body: &[u8], time: Millis) {
        let Ok(act) = serde_json::from_slice::<Act<'_>>(body) else { return };
        if act.outcome != "done" {
            return;
        }
        let publisher = || PublisherId::from_hex(&act.publisher);
        match &*act.act {
            "partner remove" => {
                if let Some(publisher) = publisher().filter(|publisher| *publisher != self.us) {
                    Arc::make_mut(&mut self.keyring).remove(&publisher);
                    self.paused.remove(&publisher);
                }
            }
            "partner pause" => {
                if let Some(publisher) = publisher() {
                    if act.paused {
                        self.paused.insert(publisher);
                    } else {
                        self.paused.remove(&publisher);
                    }
                }
            }
            "submit" => self.take_submission(&act, time),
            "fork" => self.take_fork(&act),
            "standby add" | "standby hand over" => self.lead.take(&act.act, &act.node, time),
            "token create" | "token revoke" => self.tokens.take(body, time),
            "crisis report" | "crisis approve" | "crisis closed" => self.crisis.take(body),
            "partner card refused" => self.cards.refused_before(&act.card),
            "recovered" => {
                if let (Some(agreement), Some(last)) = (AgreementId::from_hex(&act.agreement), act.last) {
                    self.lost.push((agreement, act.first..=last, self.acts_of_release));
                    let embargoes = act.embargoes.iter().filter_map(|one| {
                        Some(((agreement, Seq(one.seq)), Millis::parse(&one.opens_at).ok()?))
                    });
                    self.embargoes.extend(embargoes);
                    self.guarded.extend(act.guarded.iter().map(|indicator| indicator.clone().into_owned()));
                }
            }
            "bundle import" => {
                let heads = act.heads.iter().filter_map(ActHead::read);
                let (Some(partner), heads) = (publisher(), heads.collect::<Vec<_>>()) else { return };
                self.bundled.extend(heads.into_iter().map(|(feed, seq)| ((partner, feed), seq)));
            }
            "release" => {
                for number in act.submissions.iter().filter_map(|id| submission_number(id)) {
                    if let Some(submission) = self.submissions.get_mut(&number) {
                        submission.released = true;
                        self.releases.push((number, self.acts_of_release));
                    }
                }
                if let Ok(opens) = Millis::parse(&act.opens_at) {
                    let parts = act.released.iter();
                    self.embargoes.extend(parts.filter_map(|part| {
                        Some(((AgreementId::from_hex(&part.agreement)?, Seq(part.seq?)), opens))
                    }));
                }
                let entries = act
                    .released
                    .iter()
                    .filter_map(|part| Some((AgreementId::from_hex(&part.agreement)?, Seq(part.seq?))));
                self.release_of.extend(entries.map(|entry| (entry, self.acts_of_release)));
                self.acts_of_release += 1;
                self.guarded.extend(act.guarded.iter().map(|indicator| indicator.clone().into_owned()));
            }
            // Other acts are there to be read, not to be folded.
            _ => {}
        }
    }

    fn take_submission(&mut self, act: &Act<'_>, time: Millis) {
        let (Some(number), Some(seq)) = (submission_number(&act.submission), act.entry_seq) else { return };
        let submission = Submission {
            id: act.submission.to_string(),
            seq: Seq(seq),
            file: act.file.to_string(),
            observations: act.observations,
            time,
            released: false,
            indicators: act.indicators.iter().map(|one| one.clone().into_owned()).collect(),
            levels: None,
        };
        self.submissions.insert(number, submission);
    }

    fn take_levels(&mut self, submission: &str, seq: Seq, body: &[u8]) {
        let number = submission_number(submission);
        let Some(submission) = number.and_then(|number| self.submissions.get_mut(&number)) else { return };
        submission.levels = Some(seq);
        // What cannot be read is no level; the release that needs it is refused.
        for level in levels::parse(body).unwrap_or_default() {
            if !self.guarded.contains(level.key.indicator()) {
                self.guarded.insert(level.key.indicator().to_owned());
            }
        }
    }

    fn take_fork(&mut self, act: &Act<'_>) {
        let header = |text: &str| {
            let bytes = super::forks::from_hex(text)?;
            SignedHeader::from_bytes(&self.network, &bytes).ok()
        };
        if let (Some(one), Some(other)) = (header(&act.one), header(&act.other))
            && let Some(fork) = Fork::of(one, other, &self.keyring)
        {
            self.forks.insert((fork.feed(), fork.seq()), fork);
        }
    }

    fn take_resolution(&mut self, body: &[u8]) {
        let Ok(resolution) = Resolution::from_bytes(body) else { return };
        let place = (resolution.feed(), resolution.seq());
        let counts = self.resolutions.get(&place).is_none_or(|known| resolution.replaces(known));
        if counts && resolution.verify(&self.network, &self.archive) {
            *self.resolved_times.entry(place.0).or_default() += 1;
            self.resolutions.insert(place, resolution);
        }
    }

    /// The proof that a feed is forked, if its publisher has not resolved that.
    pub fn fork(&self, feed: &FeedId) -> Option<Box<Fork>> {
        let open = |fork: &&Fork| fork.feed() == *feed && self.resolution(feed, fork.seq()).is_none();
        self.forks().find(open).cloned().map(Box::new)
    }

    /// All forks that were ever proven.
    pub fn forks(&self) -> impl Iterator<Item = &Fork> {
        self.forks.values()
    }

    /// All that publishers have resolved.
    pub fn resolutions(&self) -> impl Iterator<Item = &Resolution> {
        self.resolutions.values()
    }

    /// How often the publisher of a feed has resolved forks of it.
    pub fn resolved_times(&self, feed: &FeedId) -> u32 {
        self.resolved_times.get(feed).copied().unwrap_or(0)
    }

    /// What the publisher of a feed has resolved of a place.
    pub fn resolution(&self, feed: &FeedId, seq: Seq) -> Option<&Resolution> {
        self.resolutions.get(&(*feed, seq))
    }

    /// The feeds of which a fork is proven or resolved.
    pub fn forked_feeds(&self) -> BTreeSet<FeedId> {
        self.forks.keys().chain(self.resolutions.keys()).map(|(feed, _)| *feed).collect()
    }

    /// If an entry of ours came back from a partner, and the house knows no exact values of it: how many releases there
    /// were when it came.
    pub fn lost(&self, agreement: AgreementId, seq: Seq) -> Option<usize> {
        let of = |(one, places, _): &&(AgreementId, RangeInclusive<u64>, usize)| {
            *one == agreement && places.contains(&seq.0)
        };
        if self.release_of(agreement, seq).is_some() {
            return None;
        }
        self.lost.iter().find(of).map(|(_, _, releases)| *releases)
    }

    /// Up to which entry we have erased another's feed because its retention is over.
    pub fn erased(&self, feed: &FeedId) -> Option<Seq> {
        self.erased.get(feed).copied()
    }

    /// Who has confirmed to have erased what of ours, or of crisis lanes that we have declared.
    pub fn confirmed_erasures(&self) -> impl Iterator<Item = (&PublisherId, &Erasure)> {
        self.confirmed.iter().map(|((recipient, _, _), erasure)| (recipient, erasure))
    }

    /// The cards that were accepted, and our own.
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// All cards that were ever accepted, to verify what is stored; not to exchange with.
    pub fn archive(&self) -> &Keyring {
        &self.archive
    }

    /// The agreements.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The submissions, oldest first.
    pub fn submissions(&self) -> impl Iterator<Item = &Submission> {
        self.submissions.values()
    }

    /// The submissions that were released, in the order of their releases, each with the number of its release; one that
    /// was released again comes again.
    pub fn released(&self) -> impl Iterator<Item = (usize, &Submission)> {
        self.releases.iter().filter_map(|(number, release)| Some((*release, self.submissions.get(number)?)))
    }

    /// Which release an entry of ours is of, counted from 0 and as [`House::released`] counts.
    pub fn release_of(&self, agreement: AgreementId, seq: Seq) -> Option<usize> {
        self.release_of.get(&(agreement, seq)).copied()
    }

    /// Up to which entry a partner held a feed when it made its last bundle for us.
    pub fn bundled(&self, partner: &PublisherId, feed: &FeedId) -> Option<Seq> {
        self.bundled.get(&(*partner, *feed)).copied()
    }

    /// Whether something was released of an indicator that needed protection, or was submitted and will need it.
    pub fn is_guarded(&self, indicator: &str) -> bool {
        self.guarded.contains(indicator)
    }

    /// A submission by its name.
    pub fn submission(&self, id: &str) -> Option<&Submission> {
        self.submissions.get(&submission_number(id)?)
    }

    /// The number of the last submission; 0 before the first.
    pub fn last_submission(&self) -> u64 {
        self.submissions.keys().next_back().copied().unwrap_or(0)
    }

    /// Whether the operator has stopped talking to a partner.
    pub fn is_paused(&self, partner: &PublisherId) -> bool {
        self.paused.contains(partner)
    }

    /// The partners' cards.
    pub fn partners(&self) -> impl Iterator<Item = &Card> {
        let us = self.us;
        self.keyring.cards().filter(move |card| card.publisher() != us)
    }
}

/// An entry with its documents, if it says something to the house.
fn read_documents(store: &Store, feed: &FeedId, seq: Seq) -> Result<Expected, StoreError> {
    let header = store.header(feed, seq)?;
    let mut documents = Vec::new();
    if matches!(header.header().kind, EntryKind::Act | EntryKind::Correspondence) {
        store.read_records(feed, seq, &mut |record| {
            if let Record::Document(document) = record {
                documents.push(document);
            }
        })?;
    }
    Ok(Expected { header, documents })
}

fn submission_number(id: &str) -> Option<u64> {
    id.strip_prefix('s')?.parse().ok()
}
