//! What every agreement must hold, before anybody signs it and whenever its bytes are read.

use unicode_normalization::is_nfc;

use super::{AgreementText, Onward, Role, ScopeRule};
use crate::feed::{CodecError, PublisherId};
use crate::model::catalogue::{DisclosureRule, Sensitivity};
use crate::policy::crisis::MAX_DAYS;
use crate::policy::purpose::PurposeError;
use crate::policy::scope::ScopeError;

/// The most parties, named readers and lines of a scope.
const MAX_LIST: usize = 256;
/// The longest text, in bytes.
pub(crate) const MAX_TEXT: usize = 4096;
/// The longest title, in bytes: it stands on the cover of documents.
const MAX_TITLE: usize = 300;

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
        self.crisis.check(self)?;
        self.check_scope(&self.scope, &self.onward, self.retention)
    }

    /// Checks the lines of a scope under which figures are handed on and kept like this.
    pub(crate) fn check_scope(
        &self,
        scope: &[ScopeRule],
        onward: &Onward,
        retention: u32,
    ) -> Result<(), AgreementError> {
        if scope.is_empty() || scope.len() > MAX_LIST {
            return Err(ScopeError::Lines.into());
        }
        scope.iter().try_for_each(|rule| self.check_rule(rule, onward, retention))
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
        let least = if self.crisis.lane().is_some() { 1 } else { 2 };
        if self.quorum < least || self.quorum as usize > bound {
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

    fn check_rule(&self, rule: &ScopeRule, onward: &Onward, retention: u32) -> Result<(), AgreementError> {
        rule.check()?;
        let publishes = |who: &PublisherId| self.role(who).is_some_and(Role::publishes);
        if !rule.publishers.iter().all(publishes) {
            return Err(ScopeError::Publisher.into());
        }
        if rule.ceiling() >= Sensitivity::S2 {
            if *onward != Onward::Nobody {
                return Err(AgreementError::SensitiveOnward);
            }
            if retention == 0 {
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
    #[error("a crisis is declared by 1 signature to all, for 1 to {MAX_DAYS} days")]
    Crisis,
    /// The agreement has no clause for crises.
    #[error("no crisis can be declared under the agreement: it has no crisis clause")]
    NoCrisis,
    /// The crisis would be longer than agreed.
    #[error("a crisis is declared for 1 to {0} days under the agreement")]
    TooLong(u32),
    /// Those who may declare a crisis are not as they must be.
    #[error(
        "who may declare a crisis is a party that publishes, each once, and at least as many as must sign"
    )]
    Activators,
    /// The couriers of lanes are not as they must be.
    #[error("the couriers of crisis lanes are named once each, and are no bound parties")]
    LaneCouriers,
    /// Too few or too many officers.
    #[error("a bulletin needs 1 to 5 duty officers")]
    Officers,
    /// A weaker rule that cannot be agreed.
    #[error(
        "{0:?} cannot be held to a weaker rule: name indicators of the catalogue below class S3, each once, with D0, DN, \
         D5 or D11"
    )]
    Lowered(String),
    /// The name of a lane.
    #[error("a crisis has a short name of letters, digits, - _ and ., such as LC-1")]
    LaneName,
    /// The area of a lane.
    #[error("there is no area {0:?}: a crisis is in a country or area of the code list")]
    LaneArea(String),
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
