//! Series as a view holds them, for tests.

use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::{
    Attachment, AttributeId, Attributes, Decimal, Flags, Millis, ObsStatus, Period, SeriesKey,
};
use crate::view::{EntryRef, SeriesView, State, Version};

/// The agreement of all series here.
pub(super) const AGREEMENT: AgreementId = AgreementId([7; 32]);

/// A publisher by a number.
pub(super) fn publisher(number: u8) -> PublisherId {
    PublisherId([number; 32])
}

/// A decimal.
pub(super) fn number(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// A period.
pub(super) fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// A version: period, value or a status without one, and the day of 2026 on which it was released.
pub(super) fn version(time_period: &str, value: &str, day: i64) -> Version {
    let new_year = Millis::parse("2026-01-01").unwrap();
    let (value, status) = match value.chars().next() {
        Some(code) if code.is_ascii_uppercase() => {
            let (status, value) = value.split_at(1);
            ((!value.is_empty()).then(|| number(value)), ObsStatus::parse(status).unwrap())
        }
        _ => (Some(number(value)), ObsStatus::Normal),
    };
    let flags = Flags { status, ..Flags::default() };
    let entry = EntryRef {
        seq: Seq(u64::try_from(day).unwrap()),
        time: new_year.saturating_add(day * 86_400_000),
        id: EntryId::NONE,
    };
    Version {
        period: period(time_period),
        entry,
        state: State::Stated { value, flags, attributes: Attributes::none() },
    }
}

/// A series of a publisher under [`AGREEMENT`], all of it released on one day.
pub(super) fn series(by: u8, key: &str, values: &[(&str, &str)]) -> SeriesView {
    versions(by, key, values.iter().map(|(period, value)| version(period, value, 0)).collect())
}

/// A series of a publisher under [`AGREEMENT`].
pub(super) fn versions(by: u8, key: &str, versions: Vec<Version>) -> SeriesView {
    SeriesView {
        key: SeriesKey::parse(key).unwrap(),
        feed: FeedId::new(publisher(by), AGREEMENT),
        attributes: Attributes::none(),
        versions,
    }
}

/// The series with attributes.
pub(super) fn with(mut series: SeriesView, attributes: &[(AttributeId, &str)]) -> SeriesView {
    series.attributes = Attributes::new(Attachment::Series, attributes.iter().copied()).unwrap();
    series
}
