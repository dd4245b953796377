//! Who has signed which edition of a regional profile, and whether it is adopted.
//!
//! An edition is adopted once as many parties have signed the same digest as it takes to put the agreement in force. Of
//! several statements of one party on one edition the last counts, and those before are shown as changed. What moves
//! afterwards, the figures and the digest of today, changes nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Member;
use super::edition::Edition;
use crate::crypto::Hash;
use crate::feed::{AgreementId, EntryId, PublisherId, Seq};
use crate::model::Millis;

/// A statement, and where it stands in its party's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Who signed it.
    pub by: PublisherId,
    /// Its place.
    pub seq: Seq,
    /// The entry that holds it.
    pub entry: EntryId,
    /// When that was signed.
    pub time: Millis,
    /// What it says.
    pub edition: Arc<Edition>,
    /// Whether this node can compute it again.
    pub basis: Basis,
}

/// Whether the entries from which a profile was computed are here as they were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// All of them are.
    Held,
    /// Another entry stands in a place, or none yet.
    NotHeld,
    /// Some are sealed, and no key to them is here.
    Closed,
    /// Some were sealed to who signed it.
    ClosedThere,
    /// The payload of some is erased.
    Erased,
    /// It counts members that the agreement does not have.
    OtherMembers,
}

impl Basis {
    /// Why it is not computed again, in words; nothing if it is.
    pub const fn why(self) -> Option<&'static str> {
        match self {
            Self::Held => None,
            Self::NotHeld => Some("entries that it is made of are not held here"),
            Self::Closed => Some("entries that it is made of are sealed to this node"),
            Self::ClosedThere => Some("entries were sealed to who signed it"),
            Self::Erased => Some("entries that it is made of are erased"),
            Self::OtherMembers => Some("it counts members that the agreement does not have"),
        }
    }
}

/// Who may sign editions of an agreement's profile, and how many it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The agreement.
    pub agreement: AgreementId,
    /// How many signatures adopt an edition.
    pub needed: usize,
    /// Who may sign: the parties that are bound by its text, in the order of countries.
    pub parties: Vec<Member>,
    /// Of these who has signed the agreement, and until when it is bound if it has left.
    pub bound: BTreeMap<PublisherId, Option<Millis>>,
}

/// An edition as far as its statements are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// Its number.
    pub number: u32,
    /// How many signatures adopt it.
    pub needed: usize,
    /// Of how many parties.
    pub of: usize,
    /// By digest: the one with most signatures first, of equal ones the least.
    pub digests: Vec<Signed>,
    /// Parties that have not signed it, by country.
    pub not_signed: Vec<String>,
}

/// A digest, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The digest.
    pub digest: Hash,
    /// Who, in the order of countries.
    pub signers: Vec<Signer>,
}

/// A party that signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Its country.
    pub country: String,
    /// Its statement that counts.
    pub statement: Statement,
    /// Other digests that it had signed for this edition before, the oldest first.
    pub before: Vec<Hash>,
}

impl Rule {
    /// Whether a statement counts: it is of this agreement, and who signed it was bound by it then.
    pub fn takes(&self, statement: &Statement) -> bool {
        let is_party = self.parties.iter().any(|party| party.publisher == statement.by);
        let bound = self.bound.get(&statement.by);
        let was_bound = bound.is_some_and(|until| until.is_none_or(|until| statement.time < until));
        statement.edition.agreement() == self.agreement && is_party && was_bound
    }

    /// All editions for which there is a statement that counts, the newest first.
    pub fn editions<'a>(&self, statements: impl IntoIterator<Item = &'a Statement>) -> Vec<Adoption> {
        // By edition and party, in the order of the party's feed.
        let mut said: BTreeMap<u32, BTreeMap<PublisherId, Vec<&Statement>>> = BTreeMap::new();
        for one in statements.into_iter().filter(|one| self.takes(one)) {
            said.entry(one.edition.number()).or_default().entry(one.by).or_default().push(one);
        }
        said.into_iter().rev().map(|(number, by_party)| self.edition(number, by_party)).collect()
    }

    fn edition(&self, number: u32, mut said: BTreeMap<PublisherId, Vec<&Statement>>) -> Adoption {
        let mut digests: BTreeMap<Hash, Vec<Signer>> = BTreeMap::new();
        let mut not_signed = Vec::new();
        for party in &self.parties {
            let Some(mut statements) = said.remove(&party.publisher) else {
                not_signed.push(party.country.clone());
                continue;
            };
            statements.sort_by_key(|one| one.seq);
            let Some(last) = statements.last() else { continue };
            let mut seen = BTreeSet::from([last.edition.digest()]);
            let all = statements.iter().map(|one| one.edition.digest());
            let before = all.filter(|digest| seen.insert(*digest)).collect();
            let signer = Signer { country: party.country.clone(), statement: (*last).clone(), before };
            digests.entry(last.edition.digest()).or_default().push(signer);
        }
        let mut digests: Vec<Signed> =
            digests.into_iter().map(|(digest, signers)| Signed { digest, signers }).collect();
        digests.sort_by_key(|one| std::cmp::Reverse(one.signers.len()));
        Adoption { number, needed: self.needed, of: self.parties.len(), digests, not_signed }
    }
}

impl Adoption {
    /// The digest that enough have signed; none while too few have, or as many have signed another.
    pub fn adopted(&self) -> Option<&Signed> {
        let first = self.digests.first().filter(|one| one.signers.len() >= self.needed.max(1))?;
        let next = self.digests.get(1).map_or(0, |one| one.signers.len());
        (next < first.signers.len()).then_some(first)
    }

    /// What a party has signed last.
    pub fn signed_by(&self, party: &PublisherId) -> Option<&Signer> {
        self.digests.iter().flat_map(|one| &one.signers).find(|one| one.statement.by == *party)
    }
}

#[cfg(test)]
mod tests;
