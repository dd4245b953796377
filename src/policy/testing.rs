//! Texts and parties for the tests of this room.

use super::{
    Agreement, AgreementText, Consent, Crisis, Onward, Party, Purpose, PurposeCode, Role, ScopeRule,
    SignedConsent, Term,
};
use crate::crypto::Network;
use crate::feed::Keyring;
use crate::feed::testing::{FROM, Government, NOW, UNTIL};
use crate::model::Millis;

/// Governments of these countries.
pub(super) fn governments<const N: usize>(countries: [&str; N]) -> [Government; N] {
    let mut seed = 1;
    countries.map(|country| {
        seed += 2;
        Government::new(country, seed)
    })
}

/// All their cards.
pub(super) fn keyring(all: &[Government]) -> Keyring {
    let mut keyring = Keyring::default();
    all.iter().for_each(|one| assert!(keyring.insert(one.card.clone())));
    keyring
}

/// A plain text between governments, all of them members, on these indicators.
pub(super) fn text(parties: &[&Government], indicators: &[&str]) -> AgreementText {
    let party = |one: &&Government| Party { publisher: one.publisher(), role: Role::Member };
    let mut parties: Vec<Party> = parties.iter().map(party).collect();
    parties.sort_by_key(|party| party.publisher);
    AgreementText {
        title: "A corridor".to_owned(),
        quorum: parties.len() as u32,
        parties,
        scope: vec![ScopeRule::on(indicators.iter().map(|code| (*code).to_owned()).collect())],
        purpose: Purpose { code: PurposeCode::Stat, description: String::new() },
        onward: Onward::Nobody,
        retention: 1000,
        disclosure_rule: String::new(),
        crisis: Crisis::Nothing,
        term: Term { start: FROM.0, end: UNTIL.0 },
        supersedes: None,
        drafted_at: FROM.0,
    }
}

/// A party's word at a time.
pub(super) fn word(agreement: &Agreement, of: &Government, consent: Consent, time: Millis) -> SignedConsent {
    SignedConsent::sign(agreement.id(), of.publisher(), (consent, time), &Network::main(), &of.node)
}

/// An agreement that these have signed.
pub(super) fn signed(text: AgreementText, by: &[&Government]) -> Agreement {
    signed_at(text, by, NOW)
}

/// An agreement that these have signed at a time.
pub(super) fn signed_at(text: AgreementText, by: &[&Government], time: Millis) -> Agreement {
    let mut agreement = Agreement::new(text, &Network::main());
    for one in by {
        assert!(agreement.take(&word(&agreement, one, Consent::Agreed, time)));
    }
    agreement
}
