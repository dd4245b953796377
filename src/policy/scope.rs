//! What one line of an agreement covers: a rule for every dimension of a series, and for its periods.

use crate::feed::PublisherId;
use crate::feed::codec::{Decode, Encode};
use crate::model::catalogue::{self, Breakdown, Sensitivity};
use crate::model::{Dimension, IndicatorCode, Known, Period, SeriesKey};

use super::book::Reason;

/// Which counterparts a rule covers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Counterparts {
    /// Only series about movements between the parties themselves.
    Parties,
    /// Series about any counterpart.
    Any,
    /// Series about these, by their code; sorted.
    Listed(Vec<String>),
}

/// How fine a dimension may be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Detail {
    /// Totals only.
    Totals,
    /// Totals, and these codes; sorted.
    Listed(Vec<String>),
    /// As fine as it is.
    All,
}

/// How fine the territory may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Subnational {
    /// The country as a whole.
    National,
    /// Its first-level parts (ISO 3166-2) too.
    Admin1,
    /// Those of the counterpart as well.
    Any,
}

/// Which periods, UTC milliseconds: those that lie in it whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Span {
    /// The first moment; [`Span::ALWAYS`] has none.
    pub from: i64,
    /// The first moment after it.
    pub until: i64,
}

/// One line of an agreement's scope.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ScopeRule {
    /// Whose statistics; sorted; empty for those of every party that publishes.
    pub publishers: Vec<PublisherId>,
    /// Which indicators: codes, or their beginnings with `*` after them; sorted; never empty.
    pub indicators: Vec<String>,
    /// Which counterparts.
    pub counterparts: Counterparts,
    /// By sex.
    pub sex: Detail,
    /// By age.
    pub age: Detail,
    /// By education, occupation, activity, reason and duration: allowed, or totals only.
    pub breakdowns: bool,
    /// By part of the territory.
    pub subnational: Subnational,
    /// Which periods.
    pub span: Span,
    /// Which frequencies, codes of `CL_FREQ`; sorted; empty for any.
    pub frequencies: Vec<String>,
    /// The highest sensitivity class that it opens, 0 to 3.
    pub ceiling: u8,
}

/// The most codes of a list.
const MAX_CODES: usize = 256;

impl Span {
    /// All periods.
    pub const ALWAYS: Self = Self { from: i64::MIN, until: i64::MAX };

    /// Whether a period lies in it whole.
    pub fn holds(&self, period: Period) -> bool {
        self.from <= period.start_millis() && period.end_millis() <= self.until
    }
}

impl Detail {
    fn allows(&self, code: &str) -> bool {
        is_total(code)
            || match self {
                Self::Totals => false,
                Self::Listed(codes) => codes.iter().any(|one| one == code),
                Self::All => true,
            }
    }
}

impl ScopeRule {
    /// A line on these indicators, as wide as a line is before it is narrowed: everything on movements between the
    /// parties up to S1.
    pub fn on(indicators: Vec<String>) -> Self {
        Self {
            publishers: Vec::new(),
            indicators,
            counterparts: Counterparts::Parties,
            sex: Detail::All,
            age: Detail::All,
            breakdowns: true,
            subnational: Subnational::Any,
            span: Span::ALWAYS,
            frequencies: Vec::new(),
            ceiling: 1,
        }
    }

    /// The highest sensitivity class that it opens.
    pub fn ceiling(&self) -> Sensitivity {
        Sensitivity::ALL.get(usize::from(self.ceiling)).copied().unwrap_or(Sensitivity::S0)
    }

    /// Whether it covers a publisher's series whatever the periods; if not, the first thing in which it does not.
    ///
    /// # Errors
    /// The [`Reason`].
    pub(super) fn covers(
        &self,
        publisher: &PublisherId,
        key: &SeriesKey,
        sensitivity: Sensitivity,
        is_party: &dyn Fn(&str) -> bool,
    ) -> Result<(), Reason> {
        let named = self.publishers.is_empty() || self.publishers.contains(publisher);
        let refuse = |holds: bool, reason| if holds { Ok(()) } else { Err(reason) };
        refuse(named && self.names(key.indicator()), Reason::Indicator)?;
        refuse(sensitivity <= self.ceiling(), Reason::Ceiling)?;
        refuse(self.takes_counterpart(key, is_party), Reason::Counterpart)?;
        refuse(self.takes_frequency(key.freq()), Reason::Frequency)?;
        refuse(self.sex.allows(key.dimension(Dimension::Sex)), Reason::Sex)?;
        refuse(self.age.allows(key.dimension(Dimension::Age)), Reason::Age)?;
        refuse(self.breakdowns || !is_broken_down(key), Reason::Breakdown)?;
        refuse(self.takes_place(key.dimension(Dimension::Subnat)), Reason::Subnational)
    }

    /// Whether it names an indicator.
    pub fn names(&self, indicator: &str) -> bool {
        self.indicators.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(stem) => indicator.starts_with(stem),
            None => pattern == indicator,
        })
    }

    fn takes_counterpart(&self, key: &SeriesKey, is_party: &dyn Fn(&str) -> bool) -> bool {
        match &self.counterparts {
            Counterparts::Any => true,
            Counterparts::Parties => is_party(key.counterpart_area()) && is_party(key.ref_area()),
            Counterparts::Listed(areas) => areas.iter().any(|area| area == key.counterpart_area()),
        }
    }

    fn takes_frequency(&self, freq: &str) -> bool {
        self.frequencies.is_empty() || self.frequencies.iter().any(|one| one == freq)
    }

    fn takes_place(&self, place: &str) -> bool {
        match self.subnational {
            Subnational::Any => true,
            Subnational::Admin1 => !place.starts_with("C:"),
            Subnational::National => is_total(place),
        }
    }

    /// Checks what every line must hold by itself.
    ///
    /// # Errors
    /// [`ScopeError`] saying which rule is broken.
    pub(super) fn check(&self) -> Result<(), ScopeError> {
        if self.indicators.is_empty() || !is_list(&self.indicators) {
            return Err(ScopeError::Indicators);
        }
        self.indicators.iter().try_for_each(|pattern| check_pattern(pattern))?;
        if !self.publishers.is_sorted_by(|a, b| a < b) {
            return Err(ScopeError::Publisher);
        }
        if let Counterparts::Listed(areas) = &self.counterparts {
            check_codes("counterparts", areas, Dimension::CounterpartArea)?;
        }
        for (name, detail, of) in [("sex", &self.sex, Dimension::Sex), ("age", &self.age, Dimension::Age)] {
            if let Detail::Listed(codes) = detail {
                check_codes(name, codes, of)?;
            }
        }
        if !self.frequencies.is_empty() {
            check_codes("frequencies", &self.frequencies, Dimension::Freq)?;
        }
        if self.span.from >= self.span.until {
            return Err(ScopeError::Span);
        }
        if usize::from(self.ceiling) >= Sensitivity::ALL.len() {
            return Err(ScopeError::Ceiling(self.ceiling));
        }
        Ok(())
    }
}

/// A code that adds nothing: the total, or that there is nothing to tell apart.
fn is_total(code: &str) -> bool {
    matches!(code, "_T" | "_Z")
}

/// Whether a series is split in a dimension beside sex, age and territory. A code that only completes the definition,
/// because the indicator has no such breakdown (as the twelve months of a stay), splits nothing.
fn is_broken_down(key: &SeriesKey) -> bool {
    let dims = catalogue::get(key.indicator()).map(|indicator| indicator.dims.as_slice());
    let splits = |breakdowns: &[Breakdown]| {
        dims.is_none_or(|dims| breakdowns.iter().any(|breakdown| dims.contains(breakdown)))
    };
    let within: [(Dimension, &[Breakdown]); 5] = [
        (Dimension::EducationLev, &[Breakdown::Education]),
        (Dimension::Occupation, &[Breakdown::Occupation]),
        (Dimension::Activity, &[Breakdown::Industry]),
        (Dimension::Reason, &[Breakdown::Reason, Breakdown::Need]),
        (Dimension::Duration, &[Breakdown::Duration]),
    ];
    within
        .into_iter()
        .any(|(dimension, breakdowns)| !is_total(key.dimension(dimension)) && splits(breakdowns))
}

fn is_list(codes: &[String]) -> bool {
    codes.len() <= MAX_CODES && codes.is_sorted_by(|a, b| a < b)
}

fn check_codes(what: &'static str, codes: &[String], dimension: Dimension) -> Result<(), ScopeError> {
    if codes.is_empty() || !is_list(codes) {
        return Err(ScopeError::List(what));
    }
    let unknown = codes.iter().find(|code| !dimension.codelist().is_some_and(|list| list.contains(code)));
    unknown.map_or(Ok(()), |code| Err(ScopeError::Code(what, dimension, code.chars().take(32).collect())))
}

fn check_pattern(pattern: &str) -> Result<(), ScopeError> {
    let wrong = || ScopeError::Pattern(pattern.chars().take(64).collect());
    match pattern.strip_suffix('*') {
        Some(stem) => {
            let plain =
                |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_:".contains(&byte);
            let well_formed = stem.len() <= 64 && stem.bytes().all(plain);
            if well_formed { Ok(()) } else { Err(wrong()) }
        }
        None => IndicatorCode::parse(pattern)
            .map(|_| ())
            .map_err(|error| ScopeError::Indicator(error.to_string())),
    }
}

/// What may have been meant by a code that is none.
fn near(dimension: Dimension, code: &str) -> String {
    dimension.codelist().map_or_else(String::new, |list| Known::List(list).hint(dimension.id(), code))
}

/// Why a line of a scope is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ScopeError {
    /// No line, or too many.
    #[error("it has no line, or more than 256")]
    Lines,
    /// No indicators, or not in order.
    #[error("a line must name indicators, sorted, each once, at most {MAX_CODES}")]
    Indicators,
    /// There is no such indicator.
    #[error("{0}")]
    Indicator(String),
    /// Not the beginning of any code.
    #[error("{0:?} is no indicator and no beginning of one with * after it")]
    Pattern(String),
    /// A list of codes is empty, too long or not in order.
    #[error("the list of {0} is empty, not sorted, or longer than {MAX_CODES}")]
    List(&'static str),
    /// There is no such code.
    #[error("{0}: there is no code {2:?}{hint}", hint = near(*.1, .2))]
    Code(&'static str, Dimension, String),
    /// A line names somebody who publishes nothing under the agreement.
    #[error("a line names a publisher that is no party, does not publish, or is not in order")]
    Publisher,
    /// No period fits.
    #[error("its periods end before they begin")]
    Span,
    /// There is no such class.
    #[error("there is no sensitivity class S{0}: S0 to S3")]
    Ceiling(u8),
}
