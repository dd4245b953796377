//! Bundles: what a partner would be told over a line, as one file for where there is none.
//!
//! Export says what a session with that partner would: the newest header of every feed that both may read, and the
//! entries that it is not known to hold. Import plays the session: the bundle stands in for the maker's node, with a
//! replication machine of its own that reads from the file. So what is taken in, in what order, and what is refused
//! are decided where they always are, and a bundle that comes twice, or in pieces, or late, changes nothing twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError, Rows};
use super::request::Caller;
use super::spool::Spool;
use crate::feed::assembler::Position;
use crate::feed::bundle::{self, Carried, Index, Manifest};
use crate::feed::head::Place;
use crate::feed::{AgreementId, Card, FeedId, HeadRef, PublisherId, Seq, SignedHeader};
use crate::model::Millis;
use crate::sync::{self, FeedState, Input, Message, Output, Replica, SessionId};

/// Bytes of frames that are read at a time, and the most of a section.
const SECTION: usize = 1 << 20;
/// Bytes of a bundle in one row of the answer; a multiple of three, so that the rows' texts can be joined.
const ROW: usize = 48 << 10;
/// The most feeds whose heads are written down when a bundle is taken in.
const MAX_HEADS: usize = 1000;

impl Engine {
    /// Makes a bundle for a partner, and writes that into the log.
    pub(super) fn bundle_handed_over(
        &mut self,
        to: &str,
        all: bool,
        caller: &Caller,
    ) -> Result<Rows, NodeError> {
        let rows = self.bundle_export(to, all)?;
        self.done(ActName::BundleExport, caller, json!({ "to": to, "all": all }), Vec::new())?;
        Ok(rows)
    }

    /// Makes a bundle for a partner: rows of base64, which one behind the other are the file. Without `all`, entries
    /// are left out that the partner has acknowledged, or was seen to hold by a bundle of its own.
    fn bundle_export(&mut self, to: &str, all: bool) -> Result<Rows, NodeError> {
        let (recipient, signer) = (self.partner(to)?.publisher(), self.signer()?);
        let mut carried = Vec::new();
        let readable = self.house().book().readable(recipient, self.now());
        // A courier gets what we have sealed.
        let by_courier = self.house().book().carried(recipient, self.now());
        let us = self.us();
        let is_sealed = |feed: &FeedId| by_courier.contains(&feed.agreement) && feed.publisher == us;
        let feeds: Vec<FeedId> =
            self.store.feeds().filter(|feed| readable.contains(&feed.agreement) || is_sealed(feed)).collect();
        for feed in feeds {
            let Some(head) = self.store.durable_header(&feed)? else { continue };
            let end = head.header().seq.next();
            // Its own entries it has, unless it asks for all.
            let held = if feed.publisher == recipient { end } else { self.known_of(recipient, &feed)? };
            carried.push(Carried { head, from: if all { Seq(0) } else { held.min(end) } });
        }
        let made = (self.home.card(), recipient);
        let manifest = Manifest::sign(made, self.now(), carried, self.network(), signer.as_ref());
        let spool = Spool::create(self.home.dir())?;
        let dir = self.home.dir().to_owned();
        let write = |bytes: &[u8]| spool.append(bytes).map_err(NodeError::io("writing a bundle in", &dir));
        write(&bundle::opening(&manifest))?;
        for (at, Carried { head, from }) in manifest.feeds().iter().enumerate() {
            let (feed, end) = (head.header().feed, head.header().seq);
            let mut position = Position { seq: *from, part: 0 };
            while position.seq <= end {
                // What was erased here is not there to be handed on; who lacks it gets it from others, or not at all.
                let read = match is_sealed(&feed) {
                    true => self.sealed_frames(&feed, position, SECTION),
                    false => self.store.read_frames(&feed, position, SECTION).map_err(NodeError::from),
                };
                let Ok((frames, next)) = read else { break };
                if frames.is_empty() {
                    break;
                }
                write(&bundle::section(at, frames.len()))?;
                write(&frames)?;
                position = next;
            }
        }
        write(&bundle::closing())?;
        rows(spool)
    }

    /// Up to which entry a partner is known to hold a feed: the first that it may lack.
    fn known_of(&self, partner: PublisherId, feed: &FeedId) -> Result<Seq, NodeError> {
        let receipts = self.store.derived().receipts(feed)?;
        // A receipt for what a thief has signed in the place of this one covers nothing.
        let covers = |seq| self.store.header(feed, seq).ok().map(|header| header.id());
        let receipted = receipts
            .iter()
            .find(|receipt| receipt.recipient == partner && covers(receipt.seq) == Some(receipt.entry));
        let receipted = receipted.map_or(Seq(0), |receipt| receipt.seq.next());
        Ok(receipted.max(self.house().bundled(&partner, feed).map_or(Seq(0), Seq::next)))
    }
}

fn rows(spool: Spool) -> Result<Rows, NodeError> {
    let failed = |source| NodeError::Payload(source);
    let length = spool.length().map_err(failed)?;
    Ok(Rows::new(move |each| {
        for offset in (0..length).step_by(ROW) {
            let some = usize::try_from(length - offset).unwrap_or(ROW).min(ROW);
            let text = BASE64.encode(spool.read_at(offset, some).map_err(failed)?);
            if !each(&format!("\"{text}\"")) {
                break;
            }
        }
        Ok(())
    }))
}

/// A bundle that stands in for its maker's node.
pub(super) struct Maker {
    index: Index,
    spool: Spool,
    replica: Replica,
    session: SessionId,
}

impl Maker {
    /// Opens a bundle that was made for us.
    pub(super) fn open(spool: Spool, engine: &Engine, session: SessionId) -> Result<Self, NodeError> {
        let keyring = Arc::clone(engine.house().keyring());
        let network = engine.home().network().clone();
        let refused = |error: bundle::BundleFault| NodeError::Refused(error.to_string());
        let index = Index::read(spool.reader(), &network, &keyring).map_err(refused)?;
        let (maker, us) = (index.manifest().maker(), engine.home().us());
        if maker == us || index.manifest().recipient() != us {
            let whom = engine.country_of(&index.manifest().recipient());
            return Err(NodeError::Refused(format!(
                "this bundle is for {whom}, and was made for nobody else"
            )));
        }
        let state = |one: &Carried| FeedState {
            place: Place::after(&HeadRef::from(&one.head)),
            partial: Vec::new(),
            newest: Some(one.head.clone()),
            fork: None,
            resolutions: Vec::new(),
        };
        let feeds = index.manifest().feeds().iter().map(state).collect();
        let replica = Replica::new(sync::Config::default(), network, maker, keyring, feeds);
        Ok(Self { index, spool, replica, session })
    }

    /// What the bundle says of itself.
    pub(super) fn manifest(&self) -> &Manifest {
        self.index.manifest()
    }

    /// The maker's newest card.
    pub(super) fn card(&self) -> &Card {
        self.index.manifest().card()
    }

    /// What is wrong with the file behind what can be taken in.
    pub(super) fn broken(&self) -> Option<&'static str> {
        self.index.broken()
    }

    /// We have come to it: what it says first.
    pub(super) fn greet(&mut self, us: PublisherId, now: Millis) -> Result<Vec<Message>, NodeError> {
        let all = self.manifest().feeds().iter();
        let agreements: BTreeSet<AgreementId> = all.map(|one| one.head.header().feed.agreement).collect();
        let (session, node) = (self.session, self.manifest().node());
        let outputs = self.replica.handle(Input::Opened { session, node, publisher: us, agreements }, now);
        self.carry_out(outputs, now)
    }

    /// What it answers to a message of ours.
    pub(super) fn hear(&mut self, message: Message, now: Millis) -> Result<Vec<Message>, NodeError> {
        let outputs = self.replica.handle(Input::Received { session: self.session, message }, now);
        self.carry_out(outputs, now)
    }

    fn carry_out(&mut self, outputs: Vec<Output>, now: Millis) -> Result<Vec<Message>, NodeError> {
        let (mut said, mut wanted) = (Vec::new(), std::collections::VecDeque::from(outputs));
        while let Some(output) = wanted.pop_front() {
            match output {
                // A file takes nothing in.
                Output::Send { message: Message::Want { .. }, .. } => {}
                Output::Send { message, .. } => said.push(message),
                Output::Read { session, feed, from, limit } => {
                    let (frames, next) = self.read(&feed, from, limit as usize)?;
                    let read = Input::Read { session, feed, from, next, frames };
                    wanted.extend(self.replica.handle(read, now));
                }
                Output::ReadHeader { session, feed, seq } => {
                    let header = self.head(&feed).filter(|head| head.header().seq == seq).cloned();
                    wanted.extend(self.replica.handle(Input::HeaderRead { session, feed, seq, header }, now));
                }
                // Nothing is urgent in a file.
                Output::ReadLatest { session, feed, from, .. } => {
                    let none = Input::LatestRead { session, feed, seq: from.seq, frames: Vec::new() };
                    wanted.extend(self.replica.handle(none, now));
                }
                Output::Close { .. }
                | Output::Append { .. }
                | Output::Latest { .. }
                | Output::Fork(_)
                | Output::Resolution(_)
                | Output::Event(_) => {}
            }
        }
        Ok(said)
    }

    fn head(&self, feed: &FeedId) -> Option<&SignedHeader> {
        self.manifest().feeds().iter().map(|one| &one.head).find(|head| head.header().feed == *feed)
    }

    fn read(&self, feed: &FeedId, from: Position, limit: usize) -> Result<(Vec<u8>, Position), NodeError> {
        let (placed, next) = self.index.from(feed, from, limit);
        let mut frames = Vec::new();
        for one in placed {
            let bytes = self.spool.read_at(one.offset, one.length as usize);
            frames.extend(bytes.map_err(NodeError::Payload)?);
        }
        Ok((frames, next))
    }

    /// What an act says of it: who made it when, and of which feeds the maker holds how much.
    pub(super) fn act(&self) -> Value {
        let heads: Vec<Value> = self
            .manifest()
            .feeds()
            .iter()
            .take(MAX_HEADS)
            .map(|one| {
                let header = one.head.header();
                json!({
                    "publisher": header.feed.publisher.to_hex(),
                    "agreement": header.feed.agreement.to_hex(),
                    "seq": header.seq.0,
                })
            })
            .collect();
        json!({ "publisher": self.manifest().maker().to_hex(), "made_at": self.manifest().made_at().to_string(), "heads": heads })
    }
}
