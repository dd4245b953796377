//! Embargo: figures that are everywhere before anybody can read them, and are opened at one moment.
//!
//! ```text
//!  release --at T ──▶ a sealed entry without recipients, to everybody who will read it
//!              └────▶ its key, wrapped for the readers, to each courier, to be kept until T
//!  T ──▶ an Opening in our own feed: the key, wrapped or plain            (our node is up)
//!   └──▶ what the courier kept, from it to each reader                    (our node is down)
//! ```
//!
//! The entry lies closed in our own store too, so that nothing of it is shown, compared or cited before its time. Who
//! holds a key early is trusted for that alone: a reader opens nothing before its time, and a key that is not the right
//! one opens nothing at all.

use serde_json::json;

use super::acts::ActName;
use super::acts::document;
use super::daemon::the_node;
use super::engine::{Engine, NodeError};
use super::sealing::SealFault;
use crate::crypto::{ContentKey, Drawn, SealingKey};
use crate::feed::{AgreementId, Card, EntryKind, FeedId, Opening, PublisherId, Sealing, Seq, seal};
use crate::model::{DocumentKind, Millis, Record};
use crate::store::keys;

/// How many hexadecimal digits of a publisher stand in an opening's name.
const DIGITS: usize = 16;

impl Engine {
    /// Our entries that are under embargo still: under which agreement, where, and until when.
    pub(super) fn pending_embargoes(&self) -> Vec<(AgreementId, Seq, Millis)> {
        let is_closed = |(agreement, seq, _): &(AgreementId, Seq, Millis)| {
            let feed = FeedId::new(self.us(), *agreement);
            self.store.durable(&feed).is_some_and(|head| head.seq >= *seq)
                && self.store.key_of(&feed, *seq).is_none()
        };
        self.house.embargoes().filter(is_closed).collect()
    }

    /// Opens our own entries whose time has come, gives the keys of the others to couriers, and hands on what we keep for
    /// others.
    pub(super) fn tend_embargoes(&mut self) -> Result<(), NodeError> {
        if self.signer().is_err() {
            return Ok(());
        }
        for (agreement, seq, opens) in self.pending_embargoes() {
            if opens <= self.now() {
                self.lift(agreement, seq)?;
            } else {
                self.deposit(agreement, seq)?;
            }
        }
        self.hand_on_openings()
    }

    /// The key of one of our sealed entries.
    pub(super) fn key_of_own(&mut self, feed: FeedId, seq: Seq) -> Result<ContentKey, NodeError> {
        let content = self.store.header(&feed, seq)?.header().content;
        let root = self.content_secret()?;
        Ok(seal::content_key(&root, (feed, seq), (&content.record_root, &content.payload_hash)))
    }

    /// The readers' keys under an agreement that names couriers; nothing where nobody but readers has the entries.
    fn readers_keys(&self, agreement: &AgreementId) -> Option<Vec<SealingKey>> {
        let known = self.house.book().get(agreement)?;
        known.text().couriers().next()?;
        Some(self.recipients(known).0.into_iter().map(|(_, key)| key).collect())
    }

    fn opening(
        &mut self,
        feed: FeedId,
        (seq, at): (Seq, Seq),
        readers: Option<Vec<SealingKey>>,
    ) -> Result<Opening, NodeError> {
        let entries = [(seq, self.key_of_own(feed, seq)?)];
        let Some(readers) = readers else { return Ok(Opening::plain(&entries)) };
        let (under, mut drawn) = (ContentKey::new(*keys::secret()?), Drawn::new(keys::secret()?));
        Ok(Opening::new(&entries, &readers, (self.network(), (feed, at)), (&under, &mut drawn)))
    }

    /// Opens one of our entries whose time has come: here, and by an entry that tells its key.
    fn lift(&mut self, agreement: AgreementId, seq: Seq) -> Result<(), NodeError> {
        let feed = FeedId::new(self.us(), agreement);
        if self.may_append(&feed).is_err() {
            return Ok(());
        }
        let at = self.store.place(feed).seq;
        let readers = self.readers_keys(&agreement);
        let opening = self.opening(feed, (seq, at), readers)?;
        let id = name(&feed, seq);
        self.append(agreement, EntryKind::Sealing, opening_records(&id, &opening)?)?;
        let key = self.key_of_own(feed, seq)?;
        if let Some(fault) = self.open_entry(feed, seq, &key)? {
            return Err(NodeError::Refused(fault));
        }
        let details = json!({ "agreement": agreement.to_hex(), "seq": seq.0 });
        self.done(ActName::EmbargoOver, &the_node(), details, Vec::new()).map(|_| ())
    }

    /// Gives each courier the key of an entry under embargo, wrapped for its readers, to be handed on when its time comes.
    fn deposit(&mut self, agreement: AgreementId, seq: Seq) -> Result<(), NodeError> {
        let feed = FeedId::new(self.us(), agreement);
        let id = name(&feed, seq);
        let couriers: Vec<PublisherId> = match self.house.book().get(&agreement) {
            Some(known) => known.text().couriers().collect(),
            None => Vec::new(),
        };
        let partners: Vec<PublisherId> = self.house.partners().map(Card::publisher).collect();
        for courier in couriers {
            let to = AgreementId::correspondence(self.us(), courier);
            let can = partners.contains(&courier) && self.may_append(&FeedId::new(self.us(), to)).is_ok();
            if !can || self.house.was_handed(courier, &id) || !self.deposited.insert((courier, id.clone())) {
                continue;
            }
            let readers = self.readers_keys(&agreement);
            let opening = self.opening(feed, (seq, seq), readers)?;
            self.append(to, EntryKind::Correspondence, opening_records(&id, &opening)?)?;
        }
        Ok(())
    }

    /// As a courier: hands on the openings that were given to us and whose time has come.
    fn hand_on_openings(&mut self) -> Result<(), NodeError> {
        let mut due = Vec::new();
        for (from, id, body) in self.house.openings() {
            let Some((agreement, seq)) = parse(id) else { continue };
            let feed = FeedId::new(*from, agreement);
            let Some(known) = self.house.book().get(&agreement).filter(|one| one.carries(&self.us())) else {
                continue;
            };
            // The header says when; before it is here nothing is known.
            let opens = self.store.header(&feed, seq).ok().map(|header| header.header().sealing);
            let Some(Sealing::Sealed(sealed)) = opens.filter(|_| name(&feed, seq) == id) else { continue };
            if sealed.opens > self.now().0 {
                continue;
            }
            let readers = known.readers(from).into_iter();
            let readers = readers.filter(|reader| {
                self.house.keyring().get(reader).is_some() && !self.house.was_handed(*reader, id)
            });
            due.extend(readers.map(|reader| (reader, id.to_owned(), body.to_vec())));
        }
        for (reader, id, body) in due {
            let to = AgreementId::correspondence(self.us(), reader);
            let can = self.may_append(&FeedId::new(self.us(), to)).is_ok();
            if !can || !self.deposited.insert((reader, id.clone())) {
                continue;
            }
            let records = document(DocumentKind::Opening, &id, "opening", "application/octet-stream", &body)?;
            self.append(to, EntryKind::Correspondence, records)?;
        }
        Ok(())
    }

    /// As a reader: opens what others have told us the keys of, once its time has come. Returns the feeds in which
    /// something was opened, and what is wrong with what was told.
    pub(super) fn take_openings(&mut self) -> Result<(Vec<FeedId>, Vec<SealFault>), NodeError> {
        let mut told = Vec::new();
        for (from, id, body) in self.house.openings() {
            if !self.tried.contains(&(*from, id.to_owned())) {
                told.push((*from, id.to_owned(), body.to_vec()));
            }
        }
        let (mut opened, mut faults) = (Vec::new(), Vec::new());
        for (from, id, body) in told {
            let Some((agreement, seq)) = parse(&id) else { continue };
            let named = |feed: &FeedId| feed.agreement == agreement && name(feed, seq) == id;
            let Some(feed) = self.store.feeds().find(named) else { continue };
            let Ok(header) = self.store.header(&feed, seq) else { continue };
            let Sealing::Sealed(sealed) = header.header().sealing else { continue };
            let carried = self.house.book().get(&agreement).is_none_or(|one| one.carries(&self.us()));
            if carried || sealed.opens > self.now().0 {
                continue;
            }
            self.tried.insert((from, id));
            let keys = self.sealing_secrets()?;
            let list = Opening::from_bytes(&body).ok();
            let list = list.and_then(|opening| opening.open(&keys, self.network(), (feed, seq)));
            let key = list.into_iter().flatten().find(|(at, _)| *at == seq).map(|(_, key)| key);
            let Some(key) = key else { continue };
            match self.open_entry(feed, seq, &key)? {
                Some(fault) => faults.push(fault),
                None => opened.push(feed),
            }
        }
        Ok((opened, faults))
    }
}

/// The name of an opening: the agreement, the place, and the beginning of whose entry it is.
fn name(feed: &FeedId, seq: Seq) -> String {
    format!("{}/{}/{}", feed.agreement.to_hex(), seq.0, &feed.publisher.to_hex()[..DIGITS])
}

fn parse(name: &str) -> Option<(AgreementId, Seq)> {
    let mut parts = name.split('/');
    Some((AgreementId::from_hex(parts.next()?)?, Seq(parts.next()?.parse().ok()?)))
}

fn opening_records(id: &str, opening: &Opening) -> Result<Vec<Record>, NodeError> {
    document(DocumentKind::Opening, id, "opening", "application/octet-stream", &opening.to_bytes())
}
