//! An edition of a regional profile: what a member signs when it stands behind the sums of one moment.
//!
//! It stands in the member's own feed under the agreement, as a document of the kind `Profile` whose id is
//! `edition/NUMBER`, so that readers who know nothing of editions keep it and pass it over. Its bytes, coded as
//! [`crate::feed::codec`] says:
//!
//! ```text
//! version u8 (1) | agreement 32 | number u32 | digest 32 | computed at i64
//! members: [country: string | publisher 32 | reports: bool]                 in the order of countries
//! heads:   [publisher 32 | seq u64 | entry 32 | closed u64]                 in the order of publishers
//! sums:    [indicator, freq, basis, duration, unit, period: strings | total, male, female: option (mantissa i128, scale u8)]
//! ```
//!
//! Heads are the newest entries with figures of each member that the signer could read, and how many entries before
//! them it could not. Receipts, and editions themselves, move no head: so who holds the same figures signs the same heads.

use unicode_normalization::is_nfc;

use super::{BySex, Member, Profile};
use crate::crypto::Hash;
use crate::feed::codec::{self, CodecError, Decode, Encode};
use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::{Decimal, Millis, Period};

/// An edition as one member states it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Edition {
    version: u8,
    agreement: AgreementId,
    number: u32,
    digest: [u8; 32],
    computed_at: i64,
    members: Vec<MemberBytes>,
    heads: Vec<EditionHead>,
    sums: Vec<SumBytes>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
struct MemberBytes {
    country: String,
    publisher: PublisherId,
    reports: bool,
}

/// Up to where a member's figures are in an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct EditionHead {
    /// Whose.
    pub publisher: PublisherId,
    /// The newest entry with figures: its place.
    pub seq: u64,
    /// Its id.
    pub entry: EntryId,
    /// How many entries before it were closed to who signed.
    pub closed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
struct SumBytes {
    measure: [String; 5],
    period: String,
    /// Total, men, women.
    values: [Option<(i128, u8)>; 3],
}

/// A sum as an edition states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionSum<'a> {
    /// Of what.
    pub indicator: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// When.
    pub period: Period,
    /// How many.
    pub sum: BySex,
}

/// The version that this code writes and reads.
const VERSION: u8 = 1;
/// The most members, as an agreement has parties.
const MAX_MEMBERS: usize = 256;
/// The most sums that are stated: there are fewer core indicators. The digest is of all.
const MAX_SUMS: usize = 128;
/// The longest word, in bytes: a code of a list.
const MAX_WORD: usize = 64;
/// What the id of the document begins with.
const ID: &str = "edition/";

impl Edition {
    /// The edition of a profile with this number, computed from these heads, which may come in any order.
    ///
    /// # Errors
    /// [`CodecError::Invalid`] when there can be no such edition.
    pub fn of(
        profile: &Profile,
        number: u32,
        mut heads: Vec<EditionHead>,
        time: Millis,
    ) -> Result<Self, CodecError> {
        heads.sort_unstable();
        let member = |member: &Member| MemberBytes {
            country: member.country.clone(),
            publisher: member.publisher,
            reports: profile.reporting.contains(&member.country),
        };
        let newest = profile.newest();
        let stated = profile.totals.iter().filter(|total| newest.contains(&(&total.measure, total.period)));
        let edition = Self {
            version: VERSION,
            agreement: profile.agreement,
            number,
            digest: profile.digest.0,
            computed_at: time.0,
            members: profile.members.iter().map(member).collect(),
            heads,
            sums: stated.take(MAX_SUMS).map(SumBytes::of).collect(),
        };
        edition.check().map_err(|why| CodecError::Invalid(why.to_owned()))?;
        Ok(edition)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`CodecError`] for other bytes, another version, and lists that are out of order or too long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let edition: Self = codec::decode(bytes)?;
        edition.check().map_err(|why| CodecError::Invalid(why.to_owned()))?;
        Ok(edition)
    }

    /// The id of the document that holds it.
    pub fn document_id(&self) -> String {
        format!("{ID}{}", self.number)
    }

    /// Whether a document with this id is an edition.
    pub fn is_id(id: &str) -> bool {
        id.starts_with(ID)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.version != VERSION {
            return Err("an edition of another version");
        }
        if self.number == 0 {
            return Err("editions count from 1");
        }
        let word = |text: &String| {
            (1..=MAX_WORD).contains(&text.len()) && is_nfc(text) && !text.chars().any(char::is_control)
        };
        let by_country = |pair: &[MemberBytes; 2]| pair[0].country < pair[1].country;
        if self.members.len() > MAX_MEMBERS
            || !self.members.iter().all(|member| word(&member.country))
            || !self.members.array_windows().all(by_country)
        {
            return Err("members are at most 256, each country once and in order");
        }
        let is_member = |head: &EditionHead| self.members.iter().any(|one| one.publisher == head.publisher);
        let by_publisher = |pair: &[EditionHead; 2]| pair[0].publisher < pair[1].publisher;
        if !self.heads.iter().all(is_member) || !self.heads.array_windows().all(by_publisher) {
            return Err("heads are of members, each once and in order");
        }
        let place = |sum: &SumBytes| (sum.measure.clone(), sum.period.clone());
        let in_order = self.sums.array_windows().all(|[one, next]| place(one) < place(next));
        let can_be = |sum: &SumBytes| sum.measure.iter().all(word) && sum.read().is_some();
        if self.sums.len() > MAX_SUMS || !in_order || !self.sums.iter().all(can_be) {
            return Err("sums are at most 128, each once and in order");
        }
        Ok(())
    }

    /// Of which agreement.
    pub fn agreement(&self) -> AgreementId {
        self.agreement
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The profile's digest.
    pub fn digest(&self) -> Hash {
        Hash(self.digest)
    }

    /// When who signed it computed it.
    pub fn computed_at(&self) -> Millis {
        Millis(self.computed_at)
    }

    /// The members, in the order of countries.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.members.iter().map(|one| Member { country: one.country.clone(), publisher: one.publisher })
    }

    /// The countries that state something, or those that do not.
    pub fn countries(&self, reporting: bool) -> impl Iterator<Item = &str> {
        self.members.iter().filter(move |one| one.reports == reporting).map(|one| one.country.as_str())
    }

    /// Up to where each member's figures are in it, in the order of publishers.
    pub fn heads(&self) -> &[EditionHead] {
        &self.heads
    }

    /// The newest sum of each measure, in their order.
    pub fn sums(&self) -> impl Iterator<Item = EditionSum<'_>> {
        self.sums.iter().filter_map(SumBytes::read)
    }

    /// What a recomputation depends on: equal where two members signed the same members and heads.
    pub fn basis(&self) -> Hash {
        Hash::of(&[&self.agreement.0, &codec::encode(&self.members), &codec::encode(&self.heads)])
    }
}

impl EditionHead {
    /// The feed that it is of.
    pub fn feed(&self, agreement: AgreementId) -> FeedId {
        FeedId::new(self.publisher, agreement)
    }

    /// Its place.
    pub fn seq(&self) -> Seq {
        Seq(self.seq)
    }
}

impl SumBytes {
    fn of(total: &super::Total) -> Self {
        let measure = &total.measure;
        let parts = [&measure.indicator, &measure.freq, &measure.basis, &measure.duration, &measure.unit];
        let sum = &total.sum;
        let number = |value: Option<Decimal>| value.map(|value| (value.mantissa(), value.scale()));
        Self {
            measure: parts.map(Clone::clone),
            period: total.period.to_string(),
            values: [sum.total, sum.male, sum.female].map(number),
        }
    }

    fn read(&self) -> Option<EditionSum<'_>> {
        let period = Period::parse(&self.period).ok().filter(|period| period.to_string() == self.period)?;
        let number = |value: Option<(i128, u8)>| match value {
            Some((mantissa, scale)) => Decimal::from_parts(mantissa, scale).ok().map(Some),
            None => Some(None),
        };
        let [total, male, female] = self.values;
        let sum = BySex { total: number(total)?, male: number(male)?, female: number(female)? };
        let [indicator, .., unit] = &self.measure;
        Some(EditionSum { indicator, unit, period, sum })
    }
}

#[cfg(test)]
mod tests;
