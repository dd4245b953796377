//! Our own word on an edition.
//!
//! An edition is one text: who signs a number that others have signed joins what most of them signed, if this node
//! computes the same digest from what it holds, now or as of the entries that they signed. Otherwise nothing is signed,
//! unless the operator asks for what is computed here now.
//!
//! A large region takes long to compute, so that is done beside the node's loop, as of the heads with which a reader was
//! made. The loop signs it if all that it rests on stands there still.

use serde_json::{Value, json};

use super::Editions;
use crate::feed::{AgreementId, EntryKind};
use crate::insight::region::{Adoption, Basis, Edition, EditionHead, Member, Signed, Statement};
use crate::model::DocumentKind;
use crate::node::acts::ActName;
use crate::node::acts::document;
use crate::node::engine::{Engine, NodeError};
use crate::node::reader::{Group, Reader, Scope};
use crate::node::request::{Caller, RegionSign};
use crate::policy::{Agreement, Standing};

/// What this node would sign, computed from what it held at one moment.
#[derive(Debug)]
pub(in crate::node) struct Drafted {
    agreement: AgreementId,
    /// Whose figures.
    members: Vec<Member>,
    /// What was signed under this number before.
    before: Option<Adoption>,
    wanted: Result<Wanted, NodeError>,
}

/// What is to be signed.
#[derive(Debug)]
struct Wanted {
    edition: Edition,
    /// Whether it is of the entries that others have signed, and not of the newest.
    as_others: bool,
}

impl Engine {
    /// Signs the profile of an agreement as an edition: what was drafted beside the loop, or else, where there is no loop,
    /// what is drafted here.
    pub(in crate::node) fn region_sign(
        &mut self,
        sign: &RegionSign,
        drafted: Option<Drafted>,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let agreement = self.agreement_to_sign_for(&sign.agreement)?;
        let reader = self.reader(Scope::Government)?;
        let group = reader.group(&agreement.id().to_hex(), &[])?;
        let Some(editions) = &group.editions else { return Err(refused(NO_EDITIONS)) };
        let before = before(editions, sign.edition);
        let drafted = drafted.unwrap_or_else(|| reader.drafted(sign, (&group, editions)));
        let of_now = (drafted.agreement, &drafted.members, &drafted.before);
        if of_now != (group.agreement, &group.members, &before) {
            return Err(refused(MOVED));
        }
        let Wanted { edition, as_others } = drafted.wanted?;
        if !self.still_holds(&edition) {
            return Err(refused(MOVED));
        }
        let us = self.us();
        let own = before.as_ref().and_then(|one| one.signed_by(&us));
        let mut value = json!({
            "agreement": agreement.id().to_hex(),
            "title": agreement.text().title,
            "edition": edition.number(),
            "digest": edition.digest().to_hex(),
            "as_of": if as_others { "what others signed" } else { "now" },
            "reporting": edition.countries(true).collect::<Vec<_>>(),
            "missing": edition.countries(false).collect::<Vec<_>>(),
            "changed_from": own
                .map(|own| own.statement.edition.digest())
                .filter(|digest| *digest != edition.digest())
                .map(|digest| digest.to_hex()),
        });
        let mut statements = editions.statements.clone();
        if let Some(own) = own.filter(|own| own.statement.edition.digest() == edition.digest()) {
            value["signed"] = json!("before");
            value["entry"] = json!(own.statement.entry.to_hex());
        } else {
            let statement = self.release_edition(&agreement, edition, &value, caller)?;
            value["signed"] = json!("now");
            value["entry"] = json!(statement.entry.to_hex());
            statements.push(statement);
        }
        let after = editions.rule.editions(&statements).into_iter().find(|one| one.number == sign.edition);
        if let Some(after) = after {
            let same = after.digests.iter().find(|one| value["digest"] == one.digest.to_hex().as_str());
            value["signatures"] = json!(same.map_or(0, |one| one.signers.len()));
            value["needed"] = json!(after.needed);
            value["of"] = json!(after.of);
            value["adopted"] =
                json!(after.adopted().is_some_and(|one| value["digest"] == one.digest.to_hex().as_str()));
        }
        Ok(value)
    }

    /// The agreement, if we may sign editions of its profile now.
    fn agreement_to_sign_for(&self, name: &str) -> Result<Agreement, NodeError> {
        let agreement = self.agreement(name)?;
        let us = self.us();
        if agreement.is_lane() {
            return Err(refused(NO_EDITIONS));
        }
        if !agreement.text().binds(&us) {
            return Err(refused("this government is no party of the agreement: its parties sign editions"));
        }
        if !agreement.is_bound(&us) {
            return Err(refused(
                "this government is not bound by the agreement: it has not signed it, or has left it",
            ));
        }
        if self.house.book().standing(&agreement, self.now()) != Standing::InForce {
            return Err(refused("the agreement is not in force: editions are signed while it is"));
        }
        let pending =
            self.house.embargoes().find(|(under, _, opens)| *under == agreement.id() && *opens > self.now());
        if let Some((_, _, opens)) = pending {
            return Err(NodeError::Refused(format!(
                "figures of ours under this agreement are under embargo until {opens}: an edition would tell sums of them before; sign then"
            )));
        }
        Ok(agreement)
    }

    /// Puts our statement into our feed under the agreement.
    fn release_edition(
        &mut self,
        agreement: &Agreement,
        edition: Edition,
        said: &Value,
        caller: &Caller,
    ) -> Result<Statement, NodeError> {
        let (id, title) = (edition.document_id(), format!("Regional profile, edition {}", edition.number()));
        let bytes = edition.to_bytes();
        let records = document(DocumentKind::Profile, &id, &title, "application/octet-stream", &bytes)?;
        let time = self.now();
        let head = self.append(agreement.id(), EntryKind::Release, records)?;
        let mut details = said.clone();
        details["entry"] = json!(head.entry.to_hex());
        self.done(ActName::RegionSign, caller, details, Vec::new())?;
        let (by, edition) = (self.us(), std::sync::Arc::new(edition));
        Ok(Statement { by, seq: head.seq, entry: head.entry, time, edition, basis: Basis::Held })
    }
}

impl Reader {
    /// What this node would sign; nothing where the node itself says better why it signs nothing.
    pub(in crate::node) fn draft(&self, sign: &RegionSign) -> Option<Drafted> {
        let group = self.group(&sign.agreement, &[]).ok()?;
        let editions = group.editions.as_ref()?;
        Some(self.drafted(sign, (&group, editions)))
    }

    fn drafted(&self, sign: &RegionSign, (group, editions): (&Group, &Editions)) -> Drafted {
        let before = before(editions, sign.edition);
        let wanted = self.wanted(sign, (group, &editions.heads), before.as_ref());
        Drafted { agreement: group.agreement, members: group.members.clone(), before, wanted }
    }

    /// What is to be signed, after what others have signed.
    fn wanted(
        &self,
        sign: &RegionSign,
        (group, heads): (&Group, &[EditionHead]),
        before: Option<&Adoption>,
    ) -> Result<Wanted, NodeError> {
        let profile = self.region_at(group.agreement, group.members.iter().cloned(), heads)?;
        let of = |profile, heads| {
            Edition::of(profile, sign.edition, heads, self.now())
                .map_err(|error| NodeError::Refused(error.to_string()))
        };
        let now = of(&profile, heads.to_vec())?;
        let most = before.and_then(|one| one.digests.first());
        let Some(most) = most.filter(|most| !sign.anew && most.digest != now.digest()) else {
            return Ok(Wanted { edition: now, as_others: false });
        };
        for signer in most.signers.iter().filter(|one| one.statement.basis == Basis::Held) {
            let theirs = &signer.statement.edition;
            let again = self.region_as_of(theirs)?;
            if again.digest == most.digest {
                return Ok(Wanted { edition: of(&again, theirs.heads().to_vec())?, as_others: true });
            }
        }
        Err(differs(sign.edition, most, &now))
    }
}

/// What was signed under a number.
fn before(editions: &Editions, number: u32) -> Option<Adoption> {
    editions.rule.editions(&editions.statements).into_iter().find(|one| one.number == number)
}

const MOVED: &str = "the members, their entries or what they have signed changed while the profile was computed: nothing is \
                     signed. Sign again";

const NO_EDITIONS: &str = "editions are signed by the parties of an agreement that is no crisis lane";

fn refused(text: &str) -> NodeError {
    NodeError::Refused(text.to_owned())
}

/// Nothing is signed: this node does not compute what others have signed.
fn differs(number: u32, most: &Signed, now: &Edition) -> NodeError {
    let who: Vec<&str> = most.signers.iter().map(|signer| signer.country.as_str()).collect();
    let why: Vec<&str> = most.signers.iter().filter_map(|signer| signer.statement.basis.why()).collect();
    let why =
        why.first().copied().unwrap_or("as of the entries that they signed it computes another digest too");
    NodeError::Refused(format!(
        "edition {number} was signed by {} with the digest {}, and this node computes {} now ({why}). Wait until it holds the same \
         entries, sign the next number, or give --anew to sign what is computed here",
        who.join(", "),
        most.digest.to_hex(),
        now.digest().to_hex(),
    ))
}
