//! What every agreement must hold, before anybody signs it and whenever its bytes are read.

use unicode_normalization::is_nfc;

use super::{AgreementText, Onward, Role};
use crate::feed::{CodecError, PublisherId};
use crate::model::catalogue::{DisclosureRule, Sensitivity};
use crate::policy::purpose::PurposeError;
use crate::policy::scope::ScopeError;

/// The most parties, named readers and lines of a scope.
const MAX_LIST: usize = 256;
/// The longest text, in bytes.
pub(crate) const MAX_TEXT: usize = 4096;
/// The longest title, in bytes: it stands on the cover of documents.
const MAX_TITLE: usize = 300;
/// The longest crisis: after so many days it is none any more.
const MAX_CRISIS_DAYS: u32 = 366;

impl AgreementText {
    /// Checks what every agreement must hold.
    ///
    /// # Errors
    /// [`AgreementError`] saying which rule is broken.
    pub fn check(&self) -> Result<(), AgreementError> {
        self.check_parties()?;
        self.check_words()?;
        self.check_onward()?;
        if self.term.start >= self.term.end {
            return Err(AgreementError::Term);
        }
        self.check_crisis()?;
        if self.scope.is_empty() || self.scope.len() > MAX_LIST {
            return Err(ScopeError::Lines.into());
        }
        self.scope.iter().try_for_each(|rule| self.check_rule(rule))
    }

    fn check_parties(&self) -> Result<(), AgreementError> {
        let sorted = self.parties.is_sorted_by(|a, b| a.publisher < b.publisher);
        let bound = self.bound().count();
        if bound < 2 || !sorted || self.parties.len() > MAX_LIST {
            return Err(AgreementError::Parties);
        }
        if !self.parties.iter().any(|party| party.role.publishes()) {
            return Err(AgreementError::NoPublisher);
        }
        if self.quorum < 2 || self.quorum as usize > bound {
            return Err(AgreementError::Quorum { quorum: self.quorum, bound });
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), AgreementError> {
        let plain = |text: &str| text.len() <= MAX_TEXT && is_nfc(text) && !text.contains('\0');
        if self.title.is_empty() || self.title.len() > MAX_TITLE || !plain(&self.title) {
            return Err(AgreementError::Title);
        }
        if !plain(&self.purpose.description) {
            return Err(AgreementError::Description);
        }
        self.purpose.check()?;
        let rule = &self.disclosure_rule;
        if !rule.is_empty() && DisclosureRule::from_id(rule).is_none() {
            return Err(AgreementError::DisclosureRule(rule.chars().take(32).collect()));
        }
        Ok(())
    }

    fn check_onward(&self) -> Result<(), AgreementError> {
        let Onward::Named(named) = &self.onward else { return Ok(()) };
        let outside = |who: &PublisherId| self.role(who).is_none_or(|role| role == Role::Courier);
        let sorted = named.is_sorted_by(|a, b| a < b);
        if named.is_empty() || named.len() > MAX_LIST || !sorted || !named.iter().all(outside) {
            return Err(AgreementError::Onward);
        }
        Ok(())
    }

    fn check_crisis(&self) -> Result<(), AgreementError> {
        let Some(crisis) = self.crisis else { return Ok(()) };
        let enough = (1..=self.bound().count()).contains(&(crisis.signatures as usize));
        if !enough || !(1..=MAX_CRISIS_DAYS).contains(&crisis.days) {
            return Err(AgreementError::Crisis);
        }
        Ok(())
    }

    fn check_rule(&self, rule: &super::ScopeRule) -> Result<(), AgreementError> {
        rule.check()?;
        let publishes = |who: &PublisherId| self.role(who).is_some_and(Role::publishes);
        if !rule.publishers.iter().all(publishes) {
            return Err(ScopeError::Publisher.into());
        }
        if rule.ceiling() >= Sensitivity::S2 {
            if self.onward != Onward::Nobody {
                return Err(AgreementError::SensitiveOnward);
            }
            if self.retention == 0 {
                return Err(AgreementError::SensitiveForEver);
            }
        }
        Ok(())
    }
}

/// Why an agreement or a word on it is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum AgreementError {
    /// The bytes are none.
    #[error("the agreement is malformed: {0}")]
    Form(#[from] CodecError),
    /// The parties are not as they must be.
    #[error("an agreement needs at least two parties that are bound, each once, at most {MAX_LIST}")]
    Parties,
    /// All parties only read.
    #[error("an agreement needs a party that publishes: one of the roles origin, destination, member")]
    NoPublisher,
    /// The number of signatures cannot be reached, or binds nobody.
    #[error(
        "{quorum} signatures cannot put it in force: at least 2, at most the {bound} parties that are bound"
    )]
    Quorum {
        /// How many are asked for.
        quorum: u32,
        /// How many parties could sign.
        bound: usize,
    },
    /// The title is missing, too long or not NFC.
    #[error("an agreement needs a title, NFC and at most {MAX_TITLE} bytes long")]
    Title,
    /// The description of the purpose is too long or not NFC.
    #[error("the description of the purpose must be NFC and at most {MAX_TEXT} bytes long")]
    Description,
    /// The purpose is none that figures may be exchanged for.
    #[error(transparent)]
    Purpose(#[from] PurposeError),
    /// There is no such disclosure rule.
    #[error("there is no disclosure rule {0:?}: D0, DN, D5, D11, or nothing for each indicator's own")]
    DisclosureRule(String),
    /// The readers outside are not as they must be.
    #[error("onward sharing names nobody, somebody twice, a party, or more than {MAX_LIST}")]
    Onward,
    /// The term is empty.
    #[error("the agreement would end before it begins")]
    Term,
    /// The crisis clause cannot be used.
    #[error("a crisis is declared by 1 signature to all, for 1 to {MAX_CRISIS_DAYS} days")]
    Crisis,
    /// The scope is empty or names what is not there.
    #[error("the scope of the agreement: {0}")]
    Scope(#[from] ScopeError),
    /// Sensitive figures would be handed on.
    #[error("an agreement that opens S2 or S3 allows no onward sharing")]
    SensitiveOnward,
    /// Sensitive figures would be kept for ever.
    #[error("an agreement that opens S2 or S3 must say how long they may be kept")]
    SensitiveForEver,
    /// The party's signature does not verify, or its key is not mandated for agreements.
    #[error("the signature under the agreement does not verify")]
    Signature,
}
