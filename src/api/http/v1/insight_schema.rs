//! The documented forms of analysis. Decimals are exact and written as strings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the members of an agreement say together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    /// The agreement's id.
    agreement: String,
    /// What it is called; `public` for what everybody may read.
    title: String,
    /// Who could report.
    members: Vec<String>,
    /// Members that stated a value.
    reporting: Vec<String>,
    /// Members that did not: nothing is put in their place.
    missing: Vec<String>,
    /// Sums over pairs of members, or over members where an indicator has no counterpart.
    indicators: Vec<RegionTotal>,
    core: Core,
    /// For every core indicator.
    coverage: Vec<RegionCoverage>,
    /// Origins and destinations of a period.
    matrix: Vec<RegionFlow>,
    /// The ten largest corridors of each measure of the matrix.
    largest: Vec<RegionFlow>,
    /// SHA-256 of all sums and cells: equal at two nodes that hold the same entries.
    digest: String,
    /// What the parties have signed of it, the newest first; none under `public`.
    editions: Vec<RegionEdition>,
}

/// A numbered edition of the profile. What moves after it is adopted changes nothing of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionEdition {
    edition: u64,
    /// The digest that most have signed.
    digest: Option<String>,
    /// How many have.
    signed: u64,
    /// How many adopt it: as many as put the agreement in force.
    needed: u64,
    /// Of how many parties.
    of: u64,
    adopted: bool,
    /// Whether the profile of now has this digest.
    is_current: bool,
    /// Parties that have signed no digest.
    not_signed: Vec<String>,
    /// By digest, most signatures first.
    digests: Vec<RegionSigned>,
}

/// A digest of an edition, and who signed it. Sums, heads and countries are those of the first who did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionSigned {
    digest: String,
    signed: u64,
    is_current: bool,
    /// Whether this node computes it from the entries that were signed: `same`, `another`, or `not` computed.
    recomputed: String,
    reporting: Option<Vec<String>>,
    missing: Option<Vec<String>>,
    /// The newest sum of each measure.
    totals: Option<Vec<RegionEditionTotal>>,
    /// The newest entry with figures of each member.
    heads: Option<Vec<RegionHead>>,
    signers: Vec<RegionSigner>,
}

/// A sum as it was signed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionEditionTotal {
    indicator: String,
    unit_measure: String,
    time_period: String,
    total: Option<String>,
    male: Option<String>,
    female: Option<String>,
}

/// Up to where a member's figures are in an edition.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionHead {
    publisher: String,
    agreement: String,
    seq: u64,
    entry: String,
    /// Entries before it that were closed to who signed.
    closed: u64,
}

/// A party that signed, by its last word.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionSigner {
    country: String,
    publisher: String,
    time: String,
    computed_at: String,
    /// The entry of its feed that says so.
    seq: u64,
    entry: String,
    /// Other digests that it had signed for this edition before.
    changed_from: Vec<String>,
    /// Whether this node computes it from the entries that it signed: `same`, `another`, or `not` computed.
    recomputed: String,
    /// Why it is not computed again.
    why: Option<String>,
}

/// Core indicators that at least one member reports, of all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Core {
    covered: u64,
    of: u64,
}

/// A sum.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionTotal {
    indicator: String,
    time_period: String,
    /// Null where no cell has a value, or the sum is too long to be exact.
    total: Option<String>,
    male: Option<String>,
    female: Option<String>,
    freq: String,
    basis: String,
    duration: String,
    unit_measure: String,
    /// Cells in the sum.
    cells: u64,
    /// Cells that are stated without a value, as suppressed.
    withheld: u64,
    /// Members in the sum.
    reporting: u64,
    /// sum / (sum + last earlier values of the members that are missing here); null where one has none.
    known_share: Option<String>,
    /// Whether that is at least 0.800.
    is_representative: Option<bool>,
    /// Whether the same members are in it as in most sums of the measure: the others are no part of its course.
    is_comparable: bool,
}

/// How many members report a core indicator.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionCoverage {
    indicator: String,
    /// Who does.
    reporting: Vec<String>,
    /// How many these are.
    count: u64,
    /// Of how many.
    members: u64,
    newest: Option<String>,
}

/// From one member to another.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionFlow {
    indicator: String,
    time_period: String,
    origin: String,
    destination: String,
    total: Option<String>,
    male: Option<String>,
    female: Option<String>,
    freq: String,
    basis: String,
    duration: String,
    unit_measure: String,
}

/// The quality of what publishers report.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QualityReports {
    publishers: Vec<QualityReport>,
}

/// Of one publisher.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QualityReport {
    country: String,
    publisher: String,
    /// Core indicators with a value.
    reported: u64,
    /// Core indicators in all.
    core: u64,
    /// reported / core.
    coverage: Option<String>,
    /// Indicators whose next period is overdue.
    overdue: Vec<String>,
    /// Median over indicators of the days from the end of the newest period to now.
    median_age_days: Option<i64>,
    /// Core indicators without a value; where one publisher was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gaps: Option<Vec<QualityGap>>,
    /// Indicators, or the series of one; where one publisher was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    indicators: Option<Vec<QualityOf>>,
    /// Series beyond the thousand that are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
}

/// Why there is no figure.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QualityGap {
    indicator: String,
    /// `not_reported`, `not_collected`, `cannot_exist`, `suppressed` or `missing`.
    gap: String,
}

/// Of one indicator or series.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QualityOf {
    indicator: String,
    /// The series, where these were asked for.
    key: Option<String>,
    series: u64,
    observations: u64,
    first_period: String,
    last_period: String,
    accuracy: Accuracy,
    disaggregation: Disaggregation,
    /// Days from the end of the newest period to its first release.
    timeliness_days: i64,
    /// Days by which that is later than for the period before.
    punctuality_days: Option<i64>,
    /// When the next period is due: as late after its end as the newest one was.
    due: Option<String>,
    is_overdue: bool,
    relevance: Relevance,
    comparability: Comparability,
    revisions: Revisions,
}

/// Observations by what their status says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accuracy {
    normal: u64,
    estimated: u64,
    provisional: u64,
    unreliable: u64,
    unvalidated: u64,
    deviating: u64,
    withheld: u64,
    /// normal / all with a value.
    normal_share: Option<String>,
}

/// Breakdowns by the catalogue's letters.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Disaggregation {
    used: Vec<String>,
    possible: Vec<String>,
}

/// What it serves.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Relevance {
    /// Policy sectors; null for an indicator that is not in the catalogue.
    sectors: Option<Vec<String>>,
    counterparts: u64,
    /// Whether its publisher marks it as a national priority.
    is_priority: bool,
}

/// By what it can be compared.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Comparability {
    /// Series that state a definition.
    defined: u64,
    /// Different definitions among them.
    definitions: u64,
    breaks: u64,
    /// Newest periods in a row without a break between them.
    comparable_periods: u64,
}

/// What was revised.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revisions {
    revised: u64,
    /// Sum of |last - first| over the sum of |last|, of the values that were revised.
    mean_relative: Option<String>,
}

/// Corridors whose ends lie furthest apart, widest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Widest {
    corridors: Vec<WideCorridor>,
}

/// The newest period that both ends report.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WideCorridor {
    origin: String,
    destination: String,
    indicator: String,
    mirror_indicator: String,
    time_period: String,
    origin_value: String,
    destination_value: String,
    ratio: Option<String>,
    asymmetry: Option<String>,
    /// Whether the values differ by more than 25 %.
    flagged: bool,
    /// Periods that both ends report.
    pairs: u64,
    /// `narrowing`, `steady` or `widening`; null for fewer than four pairs.
    trend: Option<String>,
}

/// Posts and workers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Labour {
    origin: String,
    destination: String,
    rows: Vec<LabourRow>,
}

/// An occupation in an activity.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LabourRow {
    time_period: String,
    occupation: String,
    activity: String,
    /// Posts of the destination.
    demand: Option<String>,
    /// Persons of the origin.
    supply: Option<String>,
    /// The smaller of both.
    matched: Option<String>,
    /// Posts that remain.
    open: Option<String>,
    /// Persons that remain.
    surplus: Option<String>,
}

/// Citizens abroad.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Diaspora {
    country: String,
    hosts: Vec<Host>,
}

/// One host country.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    host: String,
    /// On the registers of their own country.
    registered: Option<Dated>,
    /// Residents as the host counts them.
    resident: Option<Dated>,
    /// registered / resident.
    share: Option<String>,
    /// Registered, by part of the host's territory.
    regions: Vec<HostRegion>,
}

/// The newest value.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dated {
    time_period: String,
    value: String,
}

/// A part of the host's territory.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HostRegion {
    subnat: String,
    time_period: String,
    value: String,
}
