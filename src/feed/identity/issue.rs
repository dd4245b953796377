//! Making the next card of a government from the one that counts.

use super::{Card, CardBody, CardError, Mandate, Purpose, Revocation, SignedMandate};
use crate::crypto::{Network, NodeSigner, PublicKey};
use crate::model::Millis;

/// A card in the making: what is not changed stays as it was.
#[derive(Clone, Debug)]
pub struct NextCard {
    body: CardBody,
    network: Network,
}

impl NextCard {
    /// Begins with what a card says; the next one is later, also by a clock that was set back.
    pub fn after(card: &Card, now: Millis) -> Self {
        let mut body = card.body().clone();
        body.issued_at = now.0.max(body.issued_at.saturating_add(1));
        Self { body, network: card.network().clone() }
    }

    /// Where the nodes listen.
    #[must_use]
    pub fn at(mut self, addresses: Vec<String>) -> Self {
        self.body.addresses = addresses;
        self
    }

    /// The name in English.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.body.names.retain(|(lang, _)| lang != "en");
        self.body.names.push(("en".to_owned(), name.to_owned()));
        self.body.names.sort();
        self
    }

    /// A mandate for all purposes for one more node key.
    #[must_use]
    pub fn mandate(mut self, node: PublicKey, term: (Millis, Millis), national: &dyn NodeSigner) -> Self {
        let mandate = Mandate::new(national.public_key(), node, &Purpose::ALL, term);
        self.body.mandates.push(mandate.sign(&self.network, national));
        self
    }

    /// Lets the mandates of a node key end at this time, if they would end later.
    #[must_use]
    pub fn until(mut self, node: &PublicKey, until: Millis, national: &dyn NodeSigner) -> Self {
        for one in self.body.mandates.iter_mut().filter(|one| one.node() == *node) {
            *one = renew(one, until.0.min(one.term().1.0), &self.network, national);
        }
        self
    }

    /// Revokes a node key. An earlier revocation of it stays where it was stricter.
    #[must_use]
    pub fn revoke(mut self, mut revocation: Revocation) -> Self {
        if let Some(at) = self.body.revocations.iter().position(|one| one.node == revocation.node) {
            let earlier = self.body.revocations.swap_remove(at);
            for stand in &mut revocation.stands {
                let (before, vouched) = (earlier.stand(stand.agreement), stand.vouched);
                if before.end <= stand.end {
                    *stand = before;
                }
                stand.vouched = vouched.min(before.vouched).min(stand.end);
            }
            revocation.at = revocation.at.min(earlier.at);
        }
        self.body.revocations.push(revocation);
        self.body.revocations.sort_by_key(|one| one.node);
        self
    }

    /// Lets the announced national key succeed, and announces the one after it. It signs all mandates again.
    ///
    /// # Errors
    /// [`CardError::Successor`] when another key was announced.
    pub fn succeed(mut self, successor: &dyn NodeSigner, next: &PublicKey) -> Result<Self, CardError> {
        let since = Millis(self.body.issued_at);
        let last = self.body.line.last().ok_or(CardError::Line)?;
        let step = last.succeed(successor, next, since, &self.network)?;
        self.body.line.push(step);
        for one in &mut self.body.mandates {
            *one = renew(one, one.term().1.0, &self.network, successor);
        }
        Ok(self)
    }

    /// Signs it with the national key.
    ///
    /// # Errors
    /// [`CardError`] when it breaks a rule that its readers would refuse it for.
    pub fn sign(self, national: &dyn NodeSigner) -> Result<Card, CardError> {
        Card::sign(self.body, &self.network, national)
    }
}

fn renew(one: &SignedMandate, until: i64, network: &Network, national: &dyn NodeSigner) -> SignedMandate {
    one.renewed(national.public_key(), Millis(until)).sign(network, national)
}
