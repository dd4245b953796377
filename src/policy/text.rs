//! What governments sign: the text of an agreement, clause by clause, and its canonical bytes.
//!
//! The order of fields and variants below is the format, in the coding of [`crate::feed::codec`]; the golden vectors
//! pin it. A clause that is not made has one way to say so. [`AgreementText::check`] holds what every text must.

use std::collections::BTreeSet;

use super::crisis::Crisis;
use super::purpose::Purpose;
use super::scope::ScopeRule;
use crate::crypto::{Context, Hash, Network};
use crate::feed::codec::{self, Decode, Encode};
use crate::feed::{AgreementId, PublisherId};

mod check;

pub use check::AgreementError;

/// What a party is to an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Role {
    /// The country that people leave; publishes and reads.
    Origin,
    /// The country that people come to; publishes and reads.
    Destination,
    /// A member of a group; publishes and reads.
    Member,
    /// Reads and publishes nothing.
    Observer,
    /// Stores and forwards sealed entries that it cannot read. It neither signs nor counts.
    Courier,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [Self::Origin, Self::Destination, Self::Member, Self::Observer, Self::Courier];

    /// The word for it in commands and answers.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Destination => "destination",
            Self::Member => "member",
            Self::Observer => "observer",
            Self::Courier => "courier",
        }
    }

    /// The role of this word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// Whether it is bound, and so signs and reads.
    pub const fn is_bound(self) -> bool {
        !matches!(self, Self::Courier)
    }

    /// Whether it may publish under the agreement.
    pub const fn publishes(self) -> bool {
        matches!(self, Self::Origin | Self::Destination | Self::Member)
    }
}

/// Somebody that an agreement names, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Party {
    /// Who.
    pub publisher: PublisherId,
    /// As what.
    pub role: Role,
}

/// To whom what was received may be handed on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Onward {
    /// To nobody but the parties.
    Nobody,
    /// Also to these, who are no parties; sorted. Any party may serve them, and they publish nothing.
    Named(Vec<PublisherId>),
    /// Also to who joins the group later, by an amendment.
    Group,
    /// The figures may be published. The entries themselves are served to the parties only.
    Public,
}

/// From when until when it binds, UTC milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Term {
    /// The first moment.
    pub start: i64,
    /// The first moment after it; [`NO_END`] when it has none.
    pub end: i64,
}

/// The end of an agreement without one.
pub const NO_END: i64 = i64::MAX;

/// What governments sign. The bytes of this, and nothing else, are the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AgreementText {
    /// What it is called.
    pub title: String,
    /// Who is named, sorted by publisher; at least two of them bound.
    pub parties: Vec<Party>,
    /// What may be shared; what no line names is withheld.
    pub scope: Vec<ScopeRule>,
    /// What it may be used for.
    pub purpose: Purpose,
    /// To whom it may be handed on.
    pub onward: Onward,
    /// How long recipients may keep it after the agreement is over, in seconds; 0: as long as they need it.
    pub retention: u32,
    /// The disclosure rule that every publisher applies before release, a code of `CL_MP_DISC`; empty: each
    /// indicator's own.
    pub disclosure_rule: String,
    /// Whether a crisis lane may be declared, or that this is one.
    pub crisis: Crisis,
    /// From when until when it binds.
    pub term: Term,
    /// How many bound parties must sign before it is in force for those that have.
    pub quorum: u32,
    /// The agreement that it amends, and that is over once this one is in force.
    pub supersedes: Option<AgreementId>,
    /// When it was drafted, so that two agreements of the same words are two.
    pub drafted_at: i64,
}

impl AgreementText {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes and checks their rules.
    ///
    /// # Errors
    /// [`AgreementError`] saying which rule is broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        let text: Self = codec::decode(bytes)?;
        text.check()?;
        Ok(text)
    }

    /// The agreement's id on a network.
    pub fn id(&self, network: &Network) -> AgreementId {
        let bytes = self.to_bytes();
        AgreementId(Hash::of(&[&Context::Agreement.message(network, &bytes)]).0)
    }

    /// What somebody is to it.
    pub fn role(&self, publisher: &PublisherId) -> Option<Role> {
        let at = self.parties.binary_search_by(|party| party.publisher.cmp(publisher)).ok()?;
        Some(self.parties[at].role)
    }

    /// The parties that are bound: all but couriers.
    pub fn bound(&self) -> impl Iterator<Item = PublisherId> {
        self.parties.iter().filter(|party| party.role.is_bound()).map(|party| party.publisher)
    }

    /// Whether somebody is a bound party.
    pub fn binds(&self, publisher: &PublisherId) -> bool {
        self.role(publisher).is_some_and(Role::is_bound)
    }

    /// Who may carry sealed entries between the parties.
    pub fn couriers(&self) -> impl Iterator<Item = PublisherId> {
        self.parties.iter().filter(|party| party.role == Role::Courier).map(|party| party.publisher)
    }

    /// Who is no party and may read all the same.
    pub fn onward_readers(&self) -> &[PublisherId] {
        match &self.onward {
            Onward::Named(named) => named,
            Onward::Nobody | Onward::Group | Onward::Public => &[],
        }
    }

    /// Everybody who reads what is released under it, or will once they have signed.
    pub fn readers(&self) -> BTreeSet<PublisherId> {
        self.bound().chain(self.onward_readers().iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests;
