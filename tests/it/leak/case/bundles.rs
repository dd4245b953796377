//! What is carried by hand: bundles are made, lost, or taken in at once or much later.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use corridor::crypto::Network;
use corridor::feed::Keyring;
use corridor::feed::assembler::Position;
use corridor::feed::bundle::Index;
use corridor::node::Request;

use super::Case;
use crate::leak::cast::{self, GOVERNMENTS};

/// A bundle on its way.
pub(crate) struct Bundle {
    from: usize,
    to: usize,
    bytes: Vec<u8>,
}

impl Case {
    /// Somebody makes a bundle for a partner, or gets one that was made for it.
    pub(super) fn carry(&mut self) {
        if !self.bundles.is_empty() && self.random.chance(50) {
            let one = self.random.below(self.bundles.len());
            let bundle = self.bundles.swap_remove(one);
            self.take_in(&bundle);
            return;
        }
        let from = *self.random.pick(&self.governments);
        let known: Vec<usize> = self.ledger.cards[&from].iter().copied().collect();
        if known.is_empty() {
            return;
        }
        let to = *self.random.pick(&known);
        let bundle = self.bundle(from, to);
        if self.random.chance(50) {
            self.take_in(&bundle);
        }
        self.bundles.push(bundle);
    }

    /// Makes a bundle, and judges all that is in it.
    pub(crate) fn bundle(&mut self, from: usize, to: usize) -> Bundle {
        let all = self.random.chance(50);
        let request = Request::BundleExport { to: GOVERNMENTS[to].id.to_hex(), all };
        let rows = self.ask(from, request, b"").expect("a bundle is made");
        let texts = rows.as_array().into_iter().flatten().filter_map(|row| row.as_str());
        let bytes: Vec<u8> = texts.flat_map(|text| BASE64.decode(text).expect("rows of base64")).collect();
        self.say(|_| format!("{} makes a bundle for {}", cast::name(from), cast::name(to)));
        self.wire.entry(to).or_default().extend_from_slice(&bytes);
        let mut keyring = Keyring::default();
        keyring.insert(GOVERNMENTS[from].card.clone());
        let index = Index::read(bytes.as_slice(), &Network::main(), &keyring).expect("an honest bundle");
        for carried in index.manifest().feeds() {
            let feed = carried.head.header().feed;
            let (placed, _) = index.from(&feed, Position { seq: carried.from, part: 0 }, usize::MAX);
            let frame = |at: u64, length: u32| &bytes[at as usize..at as usize + length as usize];
            let frames: Vec<&[u8]> = placed.iter().map(|one| frame(one.offset, one.length)).collect();
            if let Some(deal) = self.carried(from, to, feed) {
                self.sealed(to, (feed, deal), &frames.concat());
                continue;
            }
            match self.audience(from, to, feed) {
                Err(why) => self.leak(|_| format!("{from} bundles feed {feed} for {to}: {why}")),
                Ok(audience) => self.data(to, (feed, audience), &frames.concat()),
            }
        }
        Bundle { from, to, bytes }
    }

    /// A bundle has come to whom it is for, maybe not for the first time.
    pub(crate) fn take_in(&mut self, bundle: &Bundle) {
        let Bundle { from, to, bytes } = bundle;
        self.ledger.passed(*from, *to);
        let request = Request::BundleImport { file: "bundle".to_owned() };
        let taken = self.ask(*to, request, bytes).expect("a bundle is taken in");
        self.say(|_| format!("{} takes in a bundle of {}: {taken}", cast::name(*to), cast::name(*from)));
        assert!(taken["broken"].is_null(), "an honest bundle is taken in to its end: {taken}");
    }
}
