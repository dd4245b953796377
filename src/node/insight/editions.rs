//! Editions of a regional profile as an answer: who signed which digest, and whether this node computes it too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::value::text;
use crate::crypto::Hash;
use crate::feed::{AgreementId, FeedId, Seq};
use crate::insight::region::{
    Adoption, Basis, Builder, Edition, EditionHead, Member, Profile, Signed, Signer,
};
use crate::model::SeriesPattern;
use crate::node::engine::NodeError;
use crate::node::reader::{Group, Reader};
use crate::view::Query;

/// Profiles that were computed again: by what they are made of, which does not change, their digests.
pub(in crate::node) type Recomputed = Arc<Mutex<BTreeMap<Hash, Hash>>>;

/// How many of these are kept.
const MAX_KEPT: usize = 1024;
/// How many profiles are computed again for one answer. Honest parties sign a few different heads of an edition.
const MAX_RECOMPUTED: usize = 32;

/// The editions of a group's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionsView {
    /// The newest first.
    pub editions: Vec<Adoption>,
    /// By what a statement is made of, the digest that is computed of it here.
    recomputed: BTreeMap<Hash, Hash>,
    /// The digest of today.
    today: Hash,
}

/// What this node computes of the entries that a member signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recomputation {
    /// The digest that was signed.
    Same,
    /// Another one.
    Another,
    /// Nothing, and why.
    Not(&'static str),
}

impl Recomputation {
    /// The word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Another => "another",
            Self::Not(_) => "not",
        }
    }
}

impl EditionsView {
    /// Whether today's entries give this digest.
    pub fn is_current(&self, signed: &Signed) -> bool {
        signed.digest == self.today
    }

    /// What this node computes of the entries that a member signed.
    pub fn recomputation(&self, signer: &Signer) -> Recomputation {
        let (edition, basis) = (&signer.statement.edition, signer.statement.basis);
        match (basis.why(), self.recomputed.get(&edition.basis())) {
            (Some(why), _) => Recomputation::Not(why),
            (None, None) => {
                Recomputation::Not("too many different entries were signed to compute all of them again")
            }
            (None, Some(digest)) if *digest == edition.digest() => Recomputation::Same,
            (None, Some(_)) => Recomputation::Another,
        }
    }

    /// Of a digest: computed here as of the entries of at least one who signed it, another for at least one, or not at
    /// all.
    pub fn recomputed(&self, signed: &Signed) -> Recomputation {
        let all: Vec<Recomputation> = signed.signers.iter().map(|one| self.recomputation(one)).collect();
        let found = |wanted: Recomputation| all.iter().copied().find(|one| *one == wanted);
        found(Recomputation::Another)
            .or_else(|| found(Recomputation::Same))
            .or_else(|| all.first().copied())
            .unwrap_or(Recomputation::Not("nobody has signed it"))
    }
}

impl Reader {
    /// The editions of a group's profile, of which `today` is the one that is computed now.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn editions(&self, group: &Group, today: &Profile) -> Result<EditionsView, NodeError> {
        let editions = group.editions.as_ref();
        let editions = editions.map(|known| known.rule.editions(&known.statements)).unwrap_or_default();
        let (mut recomputed, mut computed) = (BTreeMap::new(), 0);
        let signers = editions.iter().flat_map(|one| &one.digests).flat_map(|one| &one.signers);
        for statement in signers.map(|signer| &signer.statement).filter(|one| one.basis == Basis::Held) {
            let basis = statement.edition.basis();
            if recomputed.contains_key(&basis) {
                continue;
            }
            let known = self.kept().lock().unwrap_or_else(PoisonError::into_inner).get(&basis).copied();
            let digest = match known {
                Some(digest) => digest,
                None if computed == MAX_RECOMPUTED => continue,
                None => {
                    computed += 1;
                    self.region_as_of(&statement.edition)?.digest
                }
            };
            recomputed.insert(basis, digest);
            let mut kept = self.kept().lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(basis, digest);
        }
        Ok(EditionsView { editions, recomputed, today: today.digest })
    }

    /// The profile of an edition's members as of its heads.
    ///
    /// # Errors
    /// [`NodeError`] when the edition is of an agreement that is not of this scope, or the database is broken.
    pub(in crate::node) fn region_as_of(&self, edition: &Edition) -> Result<Profile, NodeError> {
        self.region_at(edition.agreement(), edition.members(), edition.heads())
    }

    /// The profile of these members as of these heads.
    ///
    /// # Errors
    /// [`NodeError`] when the agreement is not of this scope, or the database is broken.
    pub(in crate::node) fn region_at(
        &self,
        agreement: AgreementId,
        members: impl Iterator<Item = Member>,
        heads: &[EditionHead],
    ) -> Result<Profile, NodeError> {
        if !self.groups().iter().any(|one| one.agreement == agreement) {
            return Err(NodeError::NotFound("there is no such agreement here".to_owned()));
        }
        let heads: BTreeMap<FeedId, Seq> =
            heads.iter().map(|head| (head.feed(agreement), head.seq())).collect();
        let mut builder = Builder::new(agreement, members);
        let agreements = vec![agreement];
        let query =
            Query { agreements, heads: Some(Arc::new(heads)), ..Query::current(SeriesPattern::any()) };
        self.derived.query(&query, &mut |series| {
            builder.add(&series);
            true
        })?;
        Ok(builder.finish())
    }
}

/// The editions as JSON.
#[must_use]
pub(super) fn value(agreement: AgreementId, view: &EditionsView) -> Value {
    view.editions.iter().map(|one| edition((agreement, one), view)).collect()
}

fn edition((agreement, one): (AgreementId, &Adoption), view: &EditionsView) -> Value {
    let first = one.digests.first();
    json!({
        "edition": one.number,
        "digest": first.map(|signed| signed.digest.to_hex()),
        "signed": first.map_or(0, |signed| signed.signers.len()),
        "needed": one.needed,
        "of": one.of,
        "adopted": one.adopted().is_some(),
        "is_current": first.is_some_and(|signed| view.is_current(signed)),
        "not_signed": one.not_signed,
        "digests": one.digests.iter().map(|one| signed((agreement, one), view)).collect::<Vec<_>>(),
    })
}

fn signed((agreement, one): (AgreementId, &Signed), view: &EditionsView) -> Value {
    let first = one.signers.first().map(|signer| &signer.statement.edition);
    let countries = |reporting| first.map(|edition| edition.countries(reporting).collect::<Vec<_>>());
    let heads = first.map(|edition| {
        let head = |head: &EditionHead| {
            json!({
                "publisher": head.publisher.to_hex(),
                "agreement": agreement.to_hex(),
                "seq": head.seq,
                "entry": head.entry.to_hex(),
                "closed": head.closed,
            })
        };
        edition.heads().iter().map(head).collect::<Vec<_>>()
    });
    let sums = first.map(|edition| {
        let sum = |one: crate::insight::region::edition::EditionSum<'_>| {
            json!({
                "indicator": one.indicator,
                "unit_measure": one.unit,
                "time_period": one.period.to_string(),
                "total": text(one.sum.total),
                "male": text(one.sum.male),
                "female": text(one.sum.female),
            })
        };
        edition.sums().map(sum).collect::<Vec<_>>()
    });
    json!({
        "digest": one.digest.to_hex(),
        "signed": one.signers.len(),
        "is_current": view.is_current(one),
        "recomputed": view.recomputed(one).as_str(),
        "reporting": countries(true),
        "missing": countries(false),
        "totals": sums,
        "heads": heads,
        "signers": one.signers.iter().map(|signer| signer_value(signer, view)).collect::<Vec<_>>(),
    })
}

fn signer_value(signer: &Signer, view: &EditionsView) -> Value {
    let (statement, recomputation) = (&signer.statement, view.recomputation(signer));
    let why = match recomputation {
        Recomputation::Not(why) => Some(why),
        Recomputation::Same | Recomputation::Another => None,
    };
    json!({
        "country": signer.country,
        "publisher": statement.by.to_hex(),
        "time": statement.time.to_string(),
        "computed_at": statement.edition.computed_at().to_string(),
        "seq": statement.seq.0,
        "entry": statement.entry.to_hex(),
        "changed_from": signer.before.iter().map(|digest| digest.to_hex()).collect::<Vec<_>>(),
        "recomputed": recomputation.as_str(),
        "why": why,
    })
}
