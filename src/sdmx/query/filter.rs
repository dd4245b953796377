//! Conditions on components: `c[DIM]=A,B`, `c[TIME_PERIOD]=ge:2020+le:2023`.
//!
//! A comma means or, `+` means and, which binds closer. A period is compared with the time that another one takes:
//! `ge:2020` begins in 2020 or later, `le:2020` has ended by the end of 2020, `2020` lies within it.

use std::cmp::Ordering;

use super::Fault;
use crate::model::{AttributeId, Attributes, Decimal, Dimension, Period, SeriesKey};
use crate::sdmx::component::Component;
use crate::view::{State, Version};

/// Alternatives of one filter, and conditions of all filters, at most.
pub const MAX_CONDITIONS: usize = 1_000;

/// How a component's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equals.
    Eq,
    /// Does not equal.
    Ne,
    /// Is less.
    Lt,
    /// Is less or equal.
    Le,
    /// Is greater.
    Gt,
    /// Is greater or equal.
    Ge,
    /// Contains.
    Co,
    /// Does not contain.
    Nc,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
}

impl Operator {
    const WORDS: [(&'static str, Self); 10] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("lt", Self::Lt),
        ("le", Self::Le),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("co", Self::Co),
        ("nc", Self::Nc),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
    ];

    fn of_text(self, own: &str, wanted: &str) -> bool {
        match self {
            Self::Co => own.contains(wanted),
            Self::Nc => !own.contains(wanted),
            Self::Sw => own.starts_with(wanted),
            Self::Ew => own.ends_with(wanted),
            Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => self.of_order(own.cmp(wanted)),
        }
    }

    fn of_order(self, order: Ordering) -> bool {
        match self {
            Self::Eq | Self::Co | Self::Sw | Self::Ew => order.is_eq(),
            Self::Ne | Self::Nc => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }

    fn of_period(self, own: Period, wanted: Period, text: &str) -> bool {
        // A moment has no length, and lies in the second that it begins.
        let end = |period: Period| period.end_millis().max(period.start_millis() + 1);
        let (own_end, wanted_end) = (end(own), end(wanted));
        let within = own.start_millis() >= wanted.start_millis() && own_end <= wanted_end;
        match self {
            Self::Eq => within,
            Self::Ne => !within,
            Self::Lt => own.start_millis() < wanted.start_millis(),
            Self::Le => own_end <= wanted_end,
            Self::Gt => own.start_millis() >= wanted_end,
            Self::Ge => own.start_millis() >= wanted.start_millis(),
            Self::Co | Self::Nc | Self::Sw | Self::Ew => self.of_text(own.text().as_str(), text),
        }
    }
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Text(String),
    Period(Period, String),
    Number(Decimal),
}

#[derive(Debug, Clone, PartialEq)]
struct Condition {
    operator: Operator,
    wanted: Wanted,
}

/// A condition on one component.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    component: Component,
    /// One of these groups must hold, each in all its parts.
    any: Vec<Vec<Condition>>,
}

impl Filter {
    /// Reads the value of `c[ID]`.
    ///
    /// # Errors
    /// [`Fault`] for a component that does not exist, an empty value, or one that is none of the component's.
    pub fn parse(id: &str, text: &str) -> Result<Self, Fault> {
        let Some(component) = Component::all().find(|one| one.id() == id) else {
            let id: String = id.chars().take(40).collect();
            return Err(Fault::syntax(format!("c[{id}]: the data structure has no component of this name")));
        };
        let mut any = Vec::new();
        let mut count = 0;
        for group in text.split(',') {
            let mut all = Vec::new();
            for one in group.split('+') {
                count += 1;
                if count > MAX_CONDITIONS {
                    return Err(Fault::too_large(format!("c[{id}] has more than {MAX_CONDITIONS} values")));
                }
                all.push(condition(component, one)?);
            }
            any.push(all);
        }
        Ok(Self { component, any })
    }

    /// That a period begins then or later, or has ended by then.
    ///
    /// # Errors
    /// [`Fault`] for what is no period.
    pub fn period(operator: Operator, text: &str) -> Result<Self, Fault> {
        let wanted = wanted(Component::Time, operator, text)?;
        Ok(Self { component: Component::Time, any: vec![vec![Condition { operator, wanted }]] })
    }

    /// The codes of a dimension that are taken, where it is plainly asked for codes.
    #[must_use]
    pub fn codes(&self) -> Option<(Dimension, Vec<&str>)> {
        let Component::Dimension(dimension) = self.component else { return None };
        let codes: Option<Vec<&str>> = self.any.iter().map(|group| only(group)).collect();
        codes.map(|codes| (dimension, codes))
    }

    /// The dimension that it is about; none where it is about the time, the value or an attribute.
    #[must_use]
    pub fn dimension(&self) -> Option<Dimension> {
        match self.component {
            Component::Dimension(dimension) => Some(dimension),
            Component::Time | Component::Value | Component::Attribute(_) => None,
        }
    }

    /// Is it about periods?
    #[must_use]
    pub fn is_of_time(&self) -> bool {
        self.component == Component::Time
    }

    /// Does it say something about whole series?
    #[must_use]
    pub fn is_of_series(&self) -> bool {
        match self.component {
            Component::Dimension(_) => true,
            Component::Time | Component::Value => false,
            Component::Attribute(id) => id.attachment() == crate::model::Attachment::Series,
        }
    }

    /// Does a series fulfil it?
    #[must_use]
    pub fn takes_series(&self, key: &SeriesKey, attributes: &Attributes) -> bool {
        match self.component {
            Component::Dimension(dimension) => self.holds(Some(key.dimension(dimension)), None),
            Component::Attribute(id) => self.holds(attributes.get(id), None),
            Component::Time | Component::Value => true,
        }
    }

    /// Does an observation fulfil it? What was taken back has a period alone.
    #[must_use]
    pub fn takes(&self, version: &Version) -> bool {
        if self.component == Component::Time {
            return self.holds(None, Some(version.period));
        }
        let State::Stated { value, flags, attributes } = &version.state else { return true };
        match self.component {
            Component::Value => value.as_ref().is_some_and(|value| self.holds_number(value)),
            Component::Attribute(AttributeId::ObsStatus) => {
                self.holds(Some(flags.status.code().encode_utf8(&mut [0; 4])), None)
            }
            Component::Attribute(AttributeId::ConfStatus) => {
                self.holds(Some(flags.conf.code().encode_utf8(&mut [0; 4])), None)
            }
            Component::Attribute(AttributeId::Revision) => {
                self.holds(Some(&flags.revision.to_string()), None)
            }
            Component::Attribute(id) => self.holds(attributes.get(id), None),
            Component::Dimension(_) | Component::Time => true,
        }
    }

    fn holds(&self, own: Option<&str>, period: Option<Period>) -> bool {
        let one = |condition: &Condition| match (&condition.wanted, own, period) {
            (Wanted::Period(wanted, text), _, Some(own)) => condition.operator.of_period(own, *wanted, text),
            (Wanted::Text(wanted), _, Some(own)) => condition.operator.of_text(own.text().as_str(), wanted),
            (Wanted::Text(wanted), Some(own), None) => condition.operator.of_text(own, wanted),
            // What is not said differs from everything.
            (_, None, None) => matches!(condition.operator, Operator::Ne | Operator::Nc),
            (Wanted::Period(..) | Wanted::Number(_), ..) => false,
        };
        self.any.iter().any(|all| all.iter().all(one))
    }

    fn holds_number(&self, own: &Decimal) -> bool {
        let one = |condition: &Condition| match &condition.wanted {
            Wanted::Number(wanted) => condition.operator.of_order(if own.same_value(wanted) {
                Ordering::Equal
            } else {
                own.cmp(wanted)
            }),
            Wanted::Text(wanted) => condition.operator.of_text(&own.to_string(), wanted),
            Wanted::Period(..) => false,
        };
        self.any.iter().any(|all| all.iter().all(one))
    }
}

/// The code that a group of conditions takes, where it is no more than that.
fn only(group: &[Condition]) -> Option<&str> {
    match group {
        [one] => one.code(),
        _ => None,
    }
}

impl Condition {
    fn code(&self) -> Option<&str> {
        match (&self.wanted, self.operator) {
            (Wanted::Text(code), Operator::Eq) => Some(code),
            _ => None,
        }
    }
}

fn condition(component: Component, text: &str) -> Result<Condition, Fault> {
    let known = text.split_once(':').and_then(|(word, rest)| {
        Operator::WORDS.iter().find(|(known, _)| *known == word).map(|(_, operator)| (*operator, rest))
    });
    let (operator, value) = known.unwrap_or((Operator::Eq, text));
    Ok(Condition { operator, wanted: wanted(component, operator, value)? })
}

fn wanted(component: Component, operator: Operator, text: &str) -> Result<Wanted, Fault> {
    if text.is_empty() {
        return Err(Fault::syntax(format!("c[{}] has an empty value", component.id())));
    }
    let is_text = matches!(operator, Operator::Co | Operator::Nc | Operator::Sw | Operator::Ew);
    let wrong = |error: &dyn std::fmt::Display| Fault::syntax(format!("{}: {error}", component.id()));
    match component {
        _ if is_text => Ok(Wanted::Text(text.to_owned())),
        Component::Time => Period::parse(text)
            .map(|period| Wanted::Period(period, text.to_owned()))
            .map_err(|error| wrong(&error)),
        Component::Value => Decimal::parse(text).map(Wanted::Number).map_err(|error| wrong(&error)),
        Component::Dimension(_) | Component::Attribute(_) => Ok(Wanted::Text(text.to_owned())),
    }
}
