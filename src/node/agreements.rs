//! Agreements: drafting, signing and ending them, and telling the parties.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::acts::ActName;
use super::acts::document;
use super::engine::{Engine, NodeError};
use super::request::{AgreementDraft, Caller};
use crate::feed::{AgreementId, EntryKind, PublisherId};
use crate::model::{DocumentKind, Record};
use crate::policy::{Agreement, AgreementText, Consent, Onward, SignedConsent, Standing};

mod describe;
mod draft;
mod what_if;

pub use describe::STANDINGS;
pub(super) use describe::standing_word;

impl Engine {
    pub(super) fn agreement_draft(
        &mut self,
        draft: &AgreementDraft,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let text = self.draft_text(draft)?;
        let agreement = Agreement::new(text, self.network());
        let details = json!({ "agreement": agreement.id().to_hex(), "title": agreement.text().title });
        self.done(ActName::AgreementDraft, caller, details, text_records(&agreement)?)?;
        Ok(self.explain_agreement(&agreement))
    }

    /// Signs one's own draft and tells all parties.
    pub(super) fn agreement_propose(&mut self, name: &str, caller: &Caller) -> Result<Value, NodeError> {
        self.agree(name, ActName::AgreementPropose, caller)
    }

    /// Signs an agreement and tells all parties.
    pub(super) fn agreement_sign(&mut self, name: &str, caller: &Caller) -> Result<Value, NodeError> {
        self.agree(name, ActName::AgreementSign, caller)
    }

    fn agree(&mut self, name: &str, act: ActName, caller: &Caller) -> Result<Value, NodeError> {
        let agreement = self.bound_agreement(name)?;
        if matches!(self.house.book().standing(&agreement, self.now()), Standing::Over { .. }) {
            return Err(NodeError::Refused("the agreement is over; draft a new one".to_owned()));
        }
        self.declare(&agreement, Consent::Agreed, act, caller)
    }

    pub(super) fn agreement_end(&mut self, name: &str, caller: &Caller) -> Result<Value, NodeError> {
        let agreement = self.bound_agreement(name)?;
        self.declare(&agreement, Consent::Ended, ActName::AgreementEnd, caller)
    }

    /// An agreement of which this government is a party: nobody else's word counts, and nobody else gives one.
    fn bound_agreement(&self, name: &str) -> Result<Agreement, NodeError> {
        let agreement = self.agreement(name)?;
        match agreement.text().binds(&self.us()) {
            true => Ok(agreement),
            false => Err(NodeError::Refused("this government is no party of the agreement".to_owned())),
        }
    }

    /// Writes our signed word on an agreement into the house feed and to every party that is a partner.
    pub(super) fn declare(
        &mut self,
        agreement: &Agreement,
        consent: Consent,
        act: ActName,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let signer = self.signer()?;
        let word = (consent, self.now());
        let signed = SignedConsent::sign(agreement.id(), self.us(), word, self.network(), signer.as_ref());
        let id = agreement.id().to_hex();
        let mut records = text_records(agreement)?;
        for before in self.opened_with(agreement) {
            records.extend(text_records(before)?);
        }
        records.extend(word_records(agreement, &signed)?);
        // What others have said of it, for those who are no partners of theirs yet or were told of nothing.
        let others = agreement.words().filter(|word| word.party() != self.us());
        for word in others {
            records.extend(word_records(agreement, word)?);
        }
        let us = self.us();
        let known: Vec<PublisherId> = self.house.partners().map(crate::feed::Card::publisher).collect();
        let (told, unknown): (Vec<PublisherId>, Vec<PublisherId>) =
            self.concerned(agreement).into_iter().partition(|party| known.contains(party));
        for party in &told {
            self.may_append(&crate::feed::FeedId::new(us, AgreementId::correspondence(us, *party)))?;
        }
        for party in &told {
            let feed = AgreementId::correspondence(us, *party);
            self.append(feed, EntryKind::Correspondence, records.clone())?;
        }
        let details = json!({ "agreement": id, "title": agreement.text().title });
        self.done(act, caller, details, records)?;
        let after = self.house.book().with_word(agreement, &signed);
        let mut value = self.describe_agreement(&after);
        value["told"] = json!(told.iter().map(|party| self.country_of(party)).collect::<Vec<_>>());
        value["not_told"] = json!(unknown.iter().map(|party| self.country_of(party)).collect::<Vec<_>>());
        Ok(value)
    }

    /// The agreements before an amendment that are open to who joins with it. Who joins must have their texts: by them
    /// it knows what it may ask for, and to what it holds what it gets.
    fn opened_with(&self, agreement: &Agreement) -> Vec<&Agreement> {
        let before = |text: &AgreementText| {
            let earlier = text.supersedes.and_then(|id| self.house.book().get(&id));
            earlier.filter(|earlier| earlier.text().onward == Onward::Group)
        };
        std::iter::successors(before(agreement.text()), |one| before(one.text())).collect()
    }

    /// Everybody but us to whom it matters: parties, couriers, readers outside, and the parties of what it amends, of
    /// whom some may leave.
    fn concerned(&self, agreement: &Agreement) -> BTreeSet<PublisherId> {
        let named = |text: &AgreementText| {
            let parties = text.parties.iter().map(|party| party.publisher);
            let lanes = text.lane_clause().map(|clause| clause.couriers).unwrap_or_default();
            parties.chain(lanes).chain(text.onward_readers().iter().copied()).collect::<Vec<_>>()
        };
        let earlier = agreement.text().supersedes.and_then(|id| self.house.book().get(&id));
        let mut all: BTreeSet<PublisherId> = named(agreement.text()).into_iter().collect();
        all.extend(earlier.into_iter().flat_map(|earlier| named(earlier.text())));
        all.remove(&self.us());
        all
    }

    pub(super) fn agreement_list(&self) -> Value {
        let list: Vec<Value> =
            self.house.book().agreements().map(|one| self.describe_agreement(one)).collect();
        json!({ "agreements": list })
    }

    pub(super) fn agreement_show(&self, name: &str) -> Result<Value, NodeError> {
        Ok(self.explain_agreement(&self.agreement(name)?))
    }

    /// An agreement by id, the start of it, or its title.
    pub(super) fn agreement(&self, name: &str) -> Result<Agreement, NodeError> {
        let fits = |agreement: &&Agreement| {
            agreement.text().title == name
                || name.len() >= 6 && agreement.id().to_hex().starts_with(&name.to_ascii_lowercase())
        };
        let mut found = self.house.book().agreements().filter(fits);
        match (found.next(), found.next()) {
            (Some(agreement), None) => Ok(agreement.clone()),
            (None, _) => Err(NodeError::NotFound(format!(
                "there is no agreement {name:?} here; `corridor agreement list` shows them"
            ))),
            (Some(_), Some(_)) => {
                Err(NodeError::Refused(format!("{name:?} fits several agreements; give the id")))
            }
        }
    }
}

fn text_records(agreement: &Agreement) -> Result<Vec<Record>, NodeError> {
    let (id, bytes) = (agreement.id().to_hex(), agreement.text().to_bytes());
    document(DocumentKind::AgreementText, &id, &agreement.text().title, "application/octet-stream", &bytes)
}

fn word_records(agreement: &Agreement, word: &SignedConsent) -> Result<Vec<Record>, NodeError> {
    let kind = match word.consent() {
        Consent::Agreed => DocumentKind::AgreementSignature,
        Consent::Ended => DocumentKind::AgreementEnd,
    };
    let id = format!("{}/{}", agreement.id().short(), word.party().to_hex());
    document(kind, &id, &agreement.text().title, "application/octet-stream", &word.to_bytes())
}
