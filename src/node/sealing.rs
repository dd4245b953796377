//! Sealing: the keys to which others seal for us, what we seal for them, and what came closed and is opened later.
//!
//! ```text
//!  a key a month ──▶ told in our feed of every agreement that names couriers ──▶ the others' house feeds
//!  a release under such an agreement ──▶ sealed to the newest key of each reader ──▶ couriers
//!  a reader tells a key that what it still lacks was not sealed to ──▶ an Opening, in our feed
//! ```
//!
//! The secrets lie in `keys/sealing`, locked by the node's key. An old one is destroyed when its time is over; what was
//! sealed to it and never opened is opened by an [`Opening`] to the next. Content keys of our own entries follow from
//! one secret, `keys/content`, so that the sealed form can be made again for a courier that comes late.

use std::sync::Arc;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::acts::ActName;
use super::acts::document;
use super::daemon::the_node;
use super::engine::{Engine, NodeError};
use crate::crypto::{ContentKey, Drawn, Hash, NodeSigner, SealingKey, SealingSecret, Suite};
use crate::feed::assembler::{Position, Seat};
use crate::feed::head::Place;
use crate::feed::{
    AgreementId, Assembler, Body, EntryKind, FeedId, Frame, FrameKind, KeyNotice, Opening, PublisherId,
    Sealer, Sealing, SealingKeys, Seq, SignedEntry, SignedHeader, seal,
};
use crate::model::{Document, DocumentKind, Millis, Record};
use crate::policy::{Agreement, Standing};
use crate::store::{StoreError, keys};

/// How sealing keys live, and what this node does as a courier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealingTerms {
    /// After how many milliseconds a new key takes the place of the one before.
    pub rotate: i64,
    /// For how many more the old secret is kept, for what is under way.
    pub keep: i64,
    /// How many bytes are carried of one publisher at most.
    pub quota: u64,
    /// How many milliseconds lie between two looks at what is carried: letting go of it writes files anew.
    pub tidy: i64,
}

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

impl Default for SealingTerms {
    fn default() -> Self {
        Self { rotate: 30 * DAY, keep: 35 * DAY, quota: 1 << 30, tidy: 60_000 }
    }
}

/// The name of the locked file.
const FILE: &str = "sealing";
/// Bytes that are read at a time to open what was closed.
const STEP: usize = 256 << 10;
/// Bytes in which the longest list of wrapped keys and hashes ends.
const SEALS: usize = 4 << 20;
/// How many keys of our own entries are held at a time: couriers ask for one entry after the other.
const KEYS_HELD: usize = 16;

/// The secrets to which others seal.
#[derive(Default)]
pub(super) struct Secrets {
    held: Vec<Held>,
    keys: Arc<SealingKeys>,
}

struct Held {
    secret: SealingSecret,
    term: (Millis, Millis),
}

impl Secrets {
    fn new(held: Vec<Held>) -> Self {
        let keys = Arc::new(SealingKeys::new(held.iter().map(|one| one.secret.clone())));
        Self { held, keys }
    }

    fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let seed = |hex: &str| Hash::from_hex(hex).map(|hash| Zeroizing::new(hash.0));
        let held = text.lines().map(|line| {
            let mut words = line.split(' ');
            let suite = Suite::from_id(words.next()?)?;
            let secret = SealingSecret::from_seed(suite, seed(words.next()?)?);
            let mut time = || words.next()?.parse().ok().map(Millis);
            Some(Held { secret, term: (time()?, time()?) })
        });
        Some(Self::new(held.collect::<Option<_>>()?))
    }

    fn write(&self) -> Zeroizing<String> {
        let hex = |seed: &Zeroizing<[u8; 32]>| Zeroizing::new(Hash(**seed).to_hex());
        let mut text = Zeroizing::new(String::new());
        for Held { secret, term } in &self.held {
            let line = Zeroizing::new(format!(
                "{} {} {} {}\n",
                secret.public().suite().id(),
                *hex(secret.seed()),
                term.0.0,
                term.1.0
            ));
            text.push_str(&line);
        }
        text
    }

    /// The key to which others are to seal now.
    fn newest(&self) -> Option<KeyNotice> {
        self.held.last().map(|one| KeyNotice::new(one.secret.public(), one.term))
    }
}

/// How far another's feed was looked through for what concerns sealing, and the first entry of it that is closed to us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) next: Seq,
    pub(super) closed: Option<Seq>,
}

/// What went wrong with what a publisher sealed or opened, for its list of faults.
pub(super) type SealFault = String;

impl Engine {
    /// The secrets, read when they are needed first.
    fn secrets(&mut self) -> Result<&mut Secrets, NodeError> {
        if self.secrets.is_none() {
            let signer = self.signer()?;
            let dir = self.home.dir().to_owned();
            let read = match keys::read_locked(&dir, FILE, signer.as_ref()) {
                Ok(Some(text)) => Secrets::read(&text),
                Ok(None) => None,
                Err(error @ StoreError::File { .. }) => {
                    // Nothing is lost: others seal to a new key, and what was sealed to the old ones is opened anew.
                    tracing::warn!(%error, "the sealing keys cannot be read and are made anew");
                    None
                }
                Err(error) => return Err(error.into()),
            };
            self.secrets = Some(read.unwrap_or_default());
        }
        self.secrets.as_mut().ok_or(NodeError::Locked)
    }

    /// Locks the secrets to which others seal with the key that signs from now on. Should the power fail before that is
    /// written down, they are made anew.
    pub(super) fn relock_sealing(&mut self, next: &dyn NodeSigner) -> Result<(), NodeError> {
        let dir = self.home.dir().to_owned();
        if self.signer().is_err() || !dir.join("keys").join(FILE).exists() {
            return Ok(());
        }
        let text = self.secrets()?.write();
        Ok(keys::write_locked(&dir, FILE, next, text.as_bytes())?)
    }

    /// The secret from which the content keys of our own entries follow.
    pub(super) fn content_secret(&mut self) -> Result<Zeroizing<[u8; 32]>, NodeError> {
        if self.content_secret.is_none() {
            self.content_secret = Some(keys::content_secret(self.home.dir())?);
        }
        self.content_secret.clone().ok_or(NodeError::Locked)
    }

    /// The secrets to which others seal for us; none while the node's key is locked.
    pub(super) fn sealing_secrets(&mut self) -> Result<Arc<SealingKeys>, NodeError> {
        let exists = self.home.dir().join("keys").join(FILE).exists();
        match self.signer() {
            Ok(_) if exists || self.secrets.is_some() => Ok(Arc::clone(&self.secrets()?.keys)),
            Ok(_) | Err(_) => Ok(Arc::default()),
        }
    }

    /// The agreements in force that name couriers and that we are a reader of.
    fn couriered(&self) -> Vec<AgreementId> {
        let (book, us, now) = (self.house.book(), self.us(), self.now());
        let ours = |one: &&Agreement| {
            one.reads(&us)
                && one.text().couriers().next().is_some()
                && book.standing(one, now) == Standing::InForce
        };
        book.agreements().filter(ours).map(Agreement::id).collect()
    }

    /// Sees to it that there is a key that is not too old, that it was told under each agreement that needs it, and that
    /// those whose time is over are destroyed. Says whether the secrets have changed.
    pub(super) fn tend_sealing_keys(&mut self) -> Result<bool, NodeError> {
        let agreements = self.couriered();
        if agreements.is_empty() || self.signer().is_err() {
            return Ok(false);
        }
        let (now, terms) = (self.now(), self.sealing);
        let (dir, signer) = (self.home.dir().to_owned(), self.signer()?);
        let secrets = self.secrets()?;
        let before = secrets.held.len();
        secrets.held.retain(|one| one.term.1 > now);
        let mut changed = secrets.held.len() != before;
        let due = |one: &Held| one.term.0.saturating_add(terms.rotate) <= now;
        if secrets.held.last().is_none_or(due) {
            let until = now.saturating_add(terms.rotate).saturating_add(terms.keep);
            let secret = SealingSecret::from_seed(Suite::X25519, keys::secret()?);
            secrets.held.push(Held { secret, term: (now, until) });
            changed = true;
        }
        if changed {
            keys::write_locked(&dir, FILE, signer.as_ref(), secrets.write().as_bytes())?;
            secrets.keys = Arc::new(SealingKeys::new(secrets.held.iter().map(|one| one.secret.clone())));
        }
        let Some(notice) = secrets.newest() else { return Ok(changed) };
        for agreement in agreements {
            self.tell_sealing_key(agreement, &notice)?;
        }
        Ok(changed)
    }

    fn tell_sealing_key(&mut self, agreement: AgreementId, notice: &KeyNotice) -> Result<(), NodeError> {
        let us = self.us();
        let told = self.house.sealing_keys(us, agreement).contains(notice);
        let feed = FeedId::new(us, agreement);
        if told || self.may_append(&feed).is_err() {
            return Ok(());
        }
        let records = key_records(us, agreement, notice)?;
        self.append(agreement, EntryKind::Sealing, records.clone())?;
        let details = json!({
            "agreement": agreement.to_hex(),
            "key": notice.key().id().to_hex(),
            "until": notice.term().1.to_string(),
        });
        self.done(ActName::SealingKey, &the_node(), details, records).map(|_| ())
    }

    /// The newest key of each reader of what we release under an agreement, and who has told none.
    pub(super) fn recipients(
        &self,
        agreement: &Agreement,
    ) -> (Vec<(PublisherId, SealingKey)>, Vec<PublisherId>) {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for reader in agreement.readers(&self.us()) {
            let known = self.house.sealing_keys(reader, agreement.id());
            match known.iter().rev().find(|notice| notice.term().1 > self.now()) {
                Some(notice) => with.push((reader, notice.key())),
                None => without.push(reader),
            }
        }
        (with, without)
    }

    /// To whom a release under an agreement would be sealed, and to whom it could not be; nothing when no courier carries
    /// it.
    pub(super) fn sealed_to(&self, agreement: &AgreementId, embargo: Option<Millis>) -> Option<Value> {
        let opens_at = embargo.map(|time| time.to_string());
        let carried = self.house.book().get(agreement).filter(|one| one.text().couriers().next().is_some());
        let Some(agreement) = carried else {
            return opens_at.map(|time| json!({ "opens_at": time }));
        };
        let (with, without) = self.recipients(agreement);
        let names = |all: &mut dyn Iterator<Item = PublisherId>| {
            all.map(|one| self.country_of(&one)).collect::<Vec<_>>()
        };
        Some(json!({
            "recipients": names(&mut with.iter().map(|(reader, _)| *reader)),
            "without_key": names(&mut without.into_iter()),
            "couriers": names(&mut agreement.text().couriers()),
            "opens_at": opens_at,
        }))
    }

    /// Signs an entry, with a sealed form if a courier is to carry its figures.
    pub(super) fn sign_entry(
        &mut self,
        body: Body,
        dated: (EntryKind, Millis),
        place: &Place,
        (signer, embargo): (&dyn NodeSigner, Option<Millis>),
    ) -> Result<SignedEntry, NodeError> {
        let agreement = self.house.book().get(&place.feed.agreement);
        let carried = agreement.is_some_and(|agreement| agreement.text().couriers().next().is_some());
        let figures = matches!(dated.0, EntryKind::Release | EntryKind::Retraction);
        if !(carried && figures) && embargo.is_none() {
            return Ok(body.sign(dated, place, self.network(), signer));
        }
        let with = agreement.map(|agreement| self.recipients(agreement).0).unwrap_or_default();
        let recipients: Vec<SealingKey> = with.into_iter().map(|(_, key)| key).collect();
        let network = self.network().clone();
        let drawn = Drawn::new(keys::secret()?);
        let secret = &self.content_secret()?;
        let sealer = Sealer { recipients: &recipients, secret, drawn, embargo };
        Ok(body.sign_sealed(sealer, dated, place, (&network, signer)))
    }

    /// Frames of one of our own feeds as a courier may have them: what names figures is sealed.
    pub(super) fn sealed_frames(
        &mut self,
        feed: &FeedId,
        from: Position,
        limit: usize,
    ) -> Result<(Vec<u8>, Position), NodeError> {
        // A sealed frame is a little longer than an open one.
        let (open, next) = self.store.read_frames(feed, from, limit - limit / 8)?;
        let (mut frames, mut at, mut rest) = (Vec::new(), from, open.as_slice());
        let mut entry = match from.part {
            0 => None,
            _ => Some(self.store.header(feed, from.seq)?),
        };
        while let Ok(Some(frame)) = Frame::read(rest) {
            if frame.kind == FrameKind::Head {
                let header = SignedHeader::from_own_store(self.network(), frame.body);
                at = Position { seq: Seq(at.seq.0 + u64::from(at.part > 0)), part: 0 };
                entry = header.ok();
            }
            let Some(header) = entry.as_ref().map(SignedHeader::header) else { break };
            match header.sealing {
                Sealing::Open if matches!(header.kind, EntryKind::Receipt | EntryKind::Sealing) => {
                    frames.extend_from_slice(frame.bytes);
                }
                // What was signed before the agreement could have couriers: it is for the parties alone.
                Sealing::Open => break,
                Sealing::Sealed(sealed) => {
                    let seq = header.seq;
                    let before = 1 + u32::try_from(sealed.seal_frames()).unwrap_or(u32::MAX);
                    let Some(key) = self.sealed_under(feed, seq)? else { break };
                    let nth = at.part.saturating_sub(before);
                    seal::seal_frame(&key, (nth, sealed.frames), &frame, &mut frames);
                }
            }
            rest = &rest[frame.bytes.len()..];
            at.part += 1;
        }
        Ok((frames, if rest.is_empty() { next } else { at }))
    }

    /// The key under which one of our entries was sealed; none if the secret from which it followed is lost, as on a new
    /// disk: what we would make then is not what the header commits to, and a courier would take it for a forgery.
    fn sealed_under(&mut self, feed: &FeedId, seq: Seq) -> Result<Option<ContentKey>, NodeError> {
        if let Some((_, _, known)) = self.own_keys.iter().find(|one| (one.0, one.1) == (*feed, seq)) {
            return Ok(known.clone());
        }
        let key = self.key_of_own(*feed, seq)?;
        let Sealing::Sealed(sealed) = self.store.header(feed, seq)?.header().sealing else { return Ok(None) };
        let (bytes, _) = self.store.stored_frames(feed, Position { seq, part: 0 }, SEALS)?;
        let (mut seals, mut rest, mut fits) = (Vec::new(), bytes.as_slice(), false);
        while let Ok(Some(frame)) = Frame::read(rest) {
            rest = &rest[frame.bytes.len()..];
            match frame.kind {
                FrameKind::Head => {}
                FrameKind::Seal => seals.push(frame),
                _ => {
                    let mut first = Vec::new();
                    seal::seal_frame(&key, (0, sealed.frames), &frame, &mut first);
                    fits =
                        Frame::read(&first).ok().flatten().is_some_and(|one| seal::lists_first(&seals, &one));
                    break;
                }
            }
        }
        let known = fits.then_some(key);
        self.own_keys.truncate(KEYS_HELD - 1);
        self.own_keys.insert(0, (*feed, seq, known.clone()));
        Ok(known)
    }

    /// Takes note of the keys that another tells in an entry, and opens what it opens. Returns what is wrong with it.
    pub(super) fn take_sealing(&mut self, feed: FeedId, seq: Seq) -> Result<Vec<SealFault>, NodeError> {
        let (mut faults, mut documents) = (Vec::new(), Vec::new());
        self.store.read_records(&feed, seq, &mut |record| {
            if let Record::Document(document) = record {
                documents.push(document);
            }
        })?;
        for parts in documents.chunk_by(|a, b| a.label() == b.label()) {
            let Some(body) = Document::join(parts) else { continue };
            match parts[0].label().kind() {
                DocumentKind::SealingKey => self.learn_key(feed, &body)?,
                DocumentKind::Opening => faults.extend(self.take_opening((feed, seq), &body)?),
                _ => {}
            }
        }
        Ok(faults)
    }

    fn learn_key(&mut self, feed: FeedId, body: &[u8]) -> Result<(), NodeError> {
        let Ok(notice) = KeyNotice::from_bytes(body) else { return Ok(()) };
        let known = self.house.sealing_keys(feed.publisher, feed.agreement).contains(&notice);
        if known || self.learnt.contains(&notice.key().id()) {
            return Ok(());
        }
        self.learnt.insert(notice.key().id());
        let records = key_records(feed.publisher, feed.agreement, &notice)?;
        let details = json!({
            "publisher": feed.publisher.to_hex(),
            "country": self.country_of(&feed.publisher),
            "agreement": feed.agreement.to_hex(),
            "key": notice.key().id().to_hex(),
            "until": notice.term().1.to_string(),
        });
        self.done(ActName::SealingKey, &the_node(), details, records)?;
        self.open_to(feed.publisher, feed.agreement, &notice.key())
    }

    /// Tells a reader, under a key of its own, the keys of our sealed entries that it has not acknowledged.
    fn open_to(
        &mut self,
        reader: PublisherId,
        agreement: AgreementId,
        key: &SealingKey,
    ) -> Result<(), NodeError> {
        let feed = FeedId::new(self.us(), agreement);
        let reads =
            self.house.book().get(&agreement).is_some_and(|one| one.readers(&self.us()).contains(&reader));
        let Some(head) = self.store.durable(&feed).filter(|_| reads && self.may_append(&feed).is_ok()) else {
            return Ok(());
        };
        let receipts = self.store.derived().receipts(&feed)?;
        let held = receipts.iter().find(|receipt| receipt.recipient == reader);
        let first = held.map_or(Seq(0), |receipt| receipt.seq.next());
        let mut entries = Vec::new();
        for seq in (first.0..=head.seq.0).take(seal::MAX_OPENED) {
            let header = self.store.header(&feed, Seq(seq))?;
            let content = header.header().content;
            let is_due = match header.header().sealing {
                Sealing::Open => false,
                Sealing::Sealed(sealed) => sealed.opens <= self.now().0,
            };
            if is_due {
                let secret = &self.content_secret()?;
                let roots = (&content.record_root, &content.payload_hash);
                entries.push((Seq(seq), seal::content_key(secret, (feed, Seq(seq)), roots)));
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let at = (feed, self.store.place(feed).seq);
        let (under, mut drawn) = (ContentKey::new(*keys::secret()?), Drawn::new(keys::secret()?));
        let recipients = std::slice::from_ref(key);
        let opening = Opening::new(&entries, recipients, (self.network(), at), (&under, &mut drawn));
        let id = key.id().to_hex();
        let records =
            document(DocumentKind::Opening, &id, "opening", "application/octet-stream", &opening.to_bytes())?;
        self.append(agreement, EntryKind::Sealing, records).map(|_| ())
    }

    fn take_opening(&mut self, at: (FeedId, Seq), body: &[u8]) -> Result<Vec<SealFault>, NodeError> {
        let Ok(opening) = Opening::from_bytes(body) else {
            return Ok(vec![format!("entry {} of feed {}: an opening that cannot be read", at.1, at.0)]);
        };
        let keys = self.sealing_secrets()?;
        let Some(opened) = opening.open(&keys, self.network(), at) else { return Ok(Vec::new()) };
        let mut faults = Vec::new();
        for (seq, key) in opened.into_iter().take(seal::MAX_OPENED).filter(|(seq, _)| *seq < at.1) {
            faults.extend(self.open_entry(at.0, seq, &key)?);
        }
        Ok(faults)
    }

    /// Opens an entry that is held closed, if the key is right and what is in it is what its header says.
    pub(super) fn open_entry(
        &mut self,
        feed: FeedId,
        seq: Seq,
        key: &ContentKey,
    ) -> Result<Option<SealFault>, NodeError> {
        let erased = self.store.erased(&feed).iter().any(|places| places.contains(&seq));
        if erased || !self.store.is_closed(&feed, seq)? {
            return Ok(None);
        }
        let header = self.store.header(&feed, seq)?;
        let place = Place { feed, seq, backlink: header.header().backlink };
        let mut assembler = Assembler::new(self.network().clone(), place).seated(Seat::Holder(key.clone()));
        let keyring = self.house.archive().clone();
        let mut at = Position { seq, part: 0 };
        loop {
            let (bytes, next) = self.store.stored_frames(&feed, at, STEP)?;
            let mut rest = bytes.as_slice();
            while let Ok(Some(frame)) = Frame::read(rest) {
                match assembler.accept(&keyring, &frame) {
                    Ok(verified) if verified.completes() => {
                        self.store.open_sealed(&feed, seq, key)?;
                        return Ok(None);
                    }
                    Ok(_) => {}
                    Err(fault) => {
                        return Ok(Some(format!("entry {seq} of feed {feed} was sealed to us: {fault}")));
                    }
                }
                rest = &rest[frame.bytes.len()..];
            }
            if bytes.is_empty() || next.seq != seq {
                return Ok(Some(format!("entry {seq} of feed {feed} was sealed to us, and is not whole")));
            }
            at = next;
        }
    }

    /// How many entries of another's feed are here sealed and closed to us. A courier can open none and is not asked.
    pub(super) fn closed_of(&self, feed: &FeedId) -> Result<u64, NodeError> {
        let carried = self.house.book().get(&feed.agreement).is_some_and(|one| one.carries(&self.us()));
        let Some(head) = self.store.durable(feed).filter(|_| !carried && feed.publisher != self.us()) else {
            return Ok(0);
        };
        // Before the first that is known to be closed all is open; what nobody has looked at is looked at here.
        let from = match self.looked.get(feed) {
            Some(Look { next, closed: None }) => *next,
            Some(Look { closed: Some(seq), .. }) => *seq,
            None => Seq(0),
        };
        let mut closed = 0;
        for seq in from.0..=head.seq.0 {
            closed += u64::from(self.store.is_closed(feed, Seq(seq))?);
        }
        Ok(closed)
    }

    /// Whether an entry that is here is closed to us.
    pub(super) fn is_closed(&self, header: &SignedHeader) -> Result<bool, NodeError> {
        let header = header.header();
        Ok(header.sealing != Sealing::Open && self.store.is_closed(&header.feed, header.seq)?)
    }
}

/// A sealing key as a document; its id, two ids one behind the other, says whose it is and under which agreement it was told.
fn key_records(
    publisher: PublisherId,
    agreement: AgreementId,
    notice: &KeyNotice,
) -> Result<Vec<Record>, NodeError> {
    let id = format!("{}{}", publisher.to_hex(), agreement.to_hex());
    document(DocumentKind::SealingKey, &id, "sealing key", "application/octet-stream", &notice.to_bytes())
}
