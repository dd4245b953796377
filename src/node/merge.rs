//! Series of several submissions in one order.

use std::iter::Peekable;

use crate::model::{Record, Series, SeriesKey};
use crate::store::{Records, StoreError};

/// The series of one submission in the order of keys.
pub(super) type Source<'a> = Box<dyn Iterator<Item = Result<Series, StoreError>> + 'a>;

/// A submission that is read from the store.
pub(super) fn stored(records: Records) -> Source<'static> {
    Box::new(records.filter_map(series_of))
}

/// A submission that is held.
pub(super) fn held(series: &[Series]) -> Source<'_> {
    Box::new(series.iter().cloned().map(Ok))
}

/// Merges the series of submissions, each in the order of keys. Of a series that several of them state, values of
/// the later submission replace those of the earlier one for the same period. Holds one series of each.
pub(super) struct Merge<'a> {
    /// In the order of submission.
    sources: Vec<Peekable<Source<'a>>>,
}

impl<'a> Merge<'a> {
    /// Of submissions in the order in which they came.
    pub(super) fn new(sources: Vec<Source<'a>>) -> Self {
        Self { sources: sources.into_iter().map(Iterator::peekable).collect() }
    }

    fn read(&mut self) -> Result<Option<Series>, StoreError> {
        let mut least: Option<SeriesKey> = None;
        for source in &mut self.sources {
            match source.peek() {
                Some(Ok(series)) if least.as_ref().is_none_or(|least| series.key() < least) => {
                    least = Some(series.key().clone());
                }
                Some(Err(_)) => return source.next().transpose(),
                Some(Ok(_)) | None => {}
            }
        }
        let Some(least) = least else { return Ok(None) };
        let is_it = |next: &Result<Series, StoreError>| next.as_ref().is_ok_and(|next| *next.key() == least);
        let mut whole: Option<Series> = None;
        for source in &mut self.sources {
            // A long series may stand in several records.
            while let Some(Ok(next)) = source.next_if(is_it) {
                whole = Some(match whole {
                    None => next,
                    Some(before) => later_of_each(before, next),
                });
            }
        }
        Ok(whole)
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<Series, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn series_of(record: Result<Record, StoreError>) -> Option<Result<Series, StoreError>> {
    match record {
        Ok(Record::Series(series)) => Some(Ok(series)),
        Ok(Record::Retraction(_) | Record::Document(_) | Record::Receipt(_)) => None,
        Err(error) => Some(Err(error)),
    }
}

/// A series with the observations of both, for a period of both the later one.
fn later_of_each(before: Series, later: Series) -> Series {
    let (_, _, mut all) = before.into_parts();
    let (key, attributes, observations) = later.into_parts();
    all.extend(observations);
    // Stable: of equal periods the later one comes second, and first once all is turned round.
    all.sort_by_key(crate::model::Observation::period);
    all.reverse();
    all.dedup_by_key(|observation| observation.period());
    all.reverse();
    Series::new(key, attributes, all).expect("both series have this key, and each period is there once")
}
