//! All agreements that a node knows, and the decisions that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use super::agreement::{Agreement, Counterparts, ScopeRule, Standing};
use crate::feed::{AgreementId, Keyring, PublisherId};
use crate::model::catalogue::{self, Sensitivity};
use crate::model::{Millis, SeriesKey};

/// In what shape a series is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As the publisher holds it.
    Whole,
}

/// Why a series is not shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no such agreement, or it is not in force.
    NotInForce,
    /// No line of the scope names this indicator for this publisher.
    Indicator,
    /// The counterpart is none of the parties.
    Counterpart,
    /// The indicator's sensitivity class does not allow it to be public.
    Sensitivity,
    /// The operator has not opened the indicator to the public.
    NotOpened,
}

impl Reason {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotInForce => "the agreement is not in force",
            Self::Indicator => "the agreement's scope does not name the indicator",
            Self::Counterpart => "the counterpart is no party of the agreement",
            Self::Sensitivity => "the indicator's sensitivity class is never public",
            Self::NotOpened => {
                "the indicator is not opened to the public (release.public in the configuration)"
            }
        }
    }
}

/// The answer to whether a series goes into the feed of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It does, in this shape.
    Share(Shape),
    /// It does not.
    Withhold(Reason),
}

/// The agreements of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    us: Option<PublisherId>,
    written: BTreeMap<AgreementId, Agreement>,
    public: BTreeSet<String>,
}

impl Book {
    /// A node's book; `public` names the indicators that its operator has opened to everybody.
    pub fn new(us: PublisherId, public: BTreeSet<String>) -> Self {
        Self { us: Some(us), written: BTreeMap::new(), public }
    }

    /// Takes an agreement; one that is known stays as it is.
    pub fn insert(&mut self, agreement: Agreement) -> bool {
        let id = agreement.id();
        let new = !self.written.contains_key(&id);
        self.written.entry(id).or_insert(agreement);
        new
    }

    /// A written agreement.
    pub fn get(&self, id: &AgreementId) -> Option<&Agreement> {
        self.written.get(id)
    }

    /// A written agreement, to take a party's word.
    pub fn get_mut(&mut self, id: &AgreementId) -> Option<&mut Agreement> {
        self.written.get_mut(id)
    }

    /// All written agreements.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.written.values()
    }

    /// The agreements that are in force and bind us.
    pub fn in_force(&self, now: Millis) -> impl Iterator<Item = &Agreement> {
        let us = self.us;
        self.written.values().filter(move |agreement| {
            agreement.standing(now) == Standing::InForce
                && us.is_some_and(|us| agreement.text().parties.contains(&us))
        })
    }

    /// The agreements whose feeds a partner may read here: the public one, our correspondence with it, and those
    /// in force that bind both.
    pub fn readable(&self, partner: PublisherId, now: Millis) -> BTreeSet<AgreementId> {
        let mut readable = BTreeSet::from([AgreementId::public()]);
        readable.extend(self.us.map(|us| AgreementId::correspondence(us, partner)));
        let both = self.in_force(now).filter(|agreement| agreement.text().parties.contains(&partner));
        readable.extend(both.map(Agreement::id));
        readable
    }

    /// Whether our series goes into our feed under an agreement. What no rule names is withheld.
    pub fn decide(
        &self,
        agreement: &AgreementId,
        key: &SeriesKey,
        keyring: &Keyring,
        now: Millis,
    ) -> Decision {
        if *agreement == AgreementId::public() {
            return self.decide_public(key);
        }
        let binding = self.in_force(now).find(|known| known.id() == *agreement);
        let (Some(agreement), Some(us)) = (binding, self.us) else {
            return Decision::Withhold(Reason::NotInForce);
        };
        let names = |rule: &&ScopeRule| {
            (rule.publishers.is_empty() || rule.publishers.contains(&us))
                && rule.indicators.iter().any(|code| code == key.indicator())
        };
        let mut rules = agreement.text().scope.iter().filter(names).peekable();
        if rules.peek().is_none() {
            return Decision::Withhold(Reason::Indicator);
        }
        let is_party = |country: &str| {
            let card = agreement.text().parties.iter().filter_map(|party| keyring.get(party));
            card.into_iter().any(|card| card.country() == country)
        };
        let covers = |rule: &ScopeRule| match rule.counterparts {
            Counterparts::Any => true,
            Counterparts::Parties => is_party(key.counterpart_area()) && is_party(key.ref_area()),
        };
        if rules.any(covers) {
            Decision::Share(Shape::Whole)
        } else {
            Decision::Withhold(Reason::Counterpart)
        }
    }

    fn decide_public(&self, key: &SeriesKey) -> Decision {
        let open = catalogue::get(key.indicator()).is_none_or(|indicator| indicator.sens == Sensitivity::S0);
        if !open {
            Decision::Withhold(Reason::Sensitivity)
        } else if self.public.contains(key.indicator()) {
            Decision::Share(Shape::Whole)
        } else {
            Decision::Withhold(Reason::NotOpened)
        }
    }
}
