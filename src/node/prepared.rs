//! A request before it reaches the engine: what comes with it is read and checked here, on whatever thread.

use std::collections::BTreeSet;
use std::io::Read;

use super::crisis::{CrisisRequest, ReportRequest, table};
use super::editions::Drafted;
use super::engine::NodeError;
use super::home::Home;
use super::payload::Hashed;
use super::request::Request;
use super::spool::Spool;
use crate::crypto::Hash;
use crate::feed::{Body, BodyBuilder};
use crate::intake;
use crate::model::{Millis, Record, Series};
use crate::protect::primary::Concentration;

/// A request with what was made of its payload before it reached the engine.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub request: Request,
    /// A submission's figures, read and checked.
    pub figures: Option<Figures>,
    /// A bundle's file.
    pub(super) bundle: Option<Spool>,
    /// The edition that is to be signed.
    pub(super) drafted: Option<Drafted>,
}

/// What became of the file of a submission.
#[derive(Debug)]
pub struct Figures {
    /// What was found in it; its series are in `body`.
    pub report: intake::Report,
    /// The protection levels of its sensitive totals.
    pub levels: Vec<intake::Level>,
    /// The series as an entry's content; none if the file was refused or is only checked.
    pub body: Option<Body>,
    /// The series themselves, if they are few.
    pub held: Vec<Series>,
    /// What they measure; nothing if that is too much to be written down.
    pub indicators: BTreeSet<String>,
    /// SHA-256 of the file.
    pub hash: Hash,
    /// Every finding, a line each, if they were asked for.
    pub(super) listing: Option<Spool>,
}

impl Prepared {
    /// Reads a request's payload to its end: the heavy part, which needs no engine.
    ///
    /// # Errors
    /// [`NodeError`] when a mapping is no mapping, or the payload breaks off.
    pub fn new(
        request: Request,
        payload: &mut (dyn Read + Send),
        (home, concentration): (&Home, Option<Concentration>),
    ) -> Result<Self, NodeError> {
        let submit = match &request {
            Request::Submit(submit) => submit,
            Request::Crisis(CrisisRequest::Report(report)) => {
                let figures = Figures::of_bulletin(report, payload, home.card().country(), concentration)?;
                return Ok(Self { figures: Some(figures), ..Self::of(request) });
            }
            Request::BundleImport { .. } => {
                let bundle = Some(Spool::fill(home.dir(), payload)?);
                return Ok(Self { bundle, ..Self::of(request) });
            }
            _ => {
                Hashed::new(payload).finish().map_err(NodeError::Payload)?;
                return Ok(Self::of(request));
            }
        };
        let (mut payload, country) = (Hashed::new(payload), home.card().country());
        let choice = match submit.mapping.as_deref() {
            None => Ok(intake::Choice::Tidy),
            Some("auto") => Ok(intake::Choice::Auto),
            Some(text) => intake::Mapping::parse(text).map(|m| intake::Choice::Mapping(Box::new(m))),
        };
        let choice = choice.map_err(|error| NodeError::Refused(error.to_string()))?;
        let wishes = intake::Wishes { choice, good_part: submit.good_part, sheet: submit.sheet.clone() };
        let rules = intake::Rules { country: (!country.is_empty()).then_some(country), concentration };
        let spool = submit.all_findings.then(|| Spool::create(home.dir())).transpose()?;
        let listing = spool.clone().map(intake::Listing::new);
        let report = intake::open(&mut payload, &wishes, &rules, listing);
        let hash = payload.finish().map_err(NodeError::Payload)?;
        let mut figures = Figures::of(report, hash, (submit.check_only, MAX_HELD_FILE))?;
        figures.listing = spool;
        Ok(Self { figures: Some(figures), ..Self::of(request) })
    }

    /// A request with which nothing comes.
    pub(super) fn of(request: Request) -> Self {
        Self { request, figures: None, bundle: None, drafted: None }
    }
}

impl Figures {
    /// What a report found, coded unless it is only checked; the series are held beside it if they are no more than this.
    fn of(
        mut report: intake::Report,
        hash: Hash,
        (check_only, most): (bool, u64),
    ) -> Result<Self, NodeError> {
        let (series, levels) = (report.take_series(), report.take_levels());
        if check_only || series.is_empty() {
            let (held, indicators) = (Vec::new(), BTreeSet::new());
            return Ok(Self { report, levels, body: None, held, indicators, hash, listing: None });
        }
        let few = report.observations <= most;
        let (mut body, mut held, mut indicators) = (BodyBuilder::new(), Vec::new(), BTreeSet::new());
        for one in series.map(Record::Series) {
            body.push(&one)?;
            let Record::Series(series) = one else { continue };
            if !indicators.contains(series.key().indicator()) {
                indicators.insert(series.key().indicator().to_owned());
            }
            if few {
                held.push(series);
            }
        }
        if indicators.len() > MAX_INDICATORS {
            indicators.clear();
        }
        Ok(Self { report, levels, body: Some(body.finish()?), held, indicators, hash, listing: None })
    }

    /// The figures of a bulletin's small table.
    fn of_bulletin(
        asked: &ReportRequest,
        payload: &mut (dyn Read + Send),
        country: &str,
        concentration: Option<Concentration>,
    ) -> Result<Self, NodeError> {
        let mut payload = Hashed::new(payload);
        let mut bytes = Vec::new();
        payload.by_ref().take(table::MAX_TABLE + 1).read_to_end(&mut bytes).map_err(NodeError::Payload)?;
        let hash = payload.finish().map_err(NodeError::Payload)?;
        let long =
            NodeError::Refused("a bulletin's table has at most 8 MiB: submit what is larger".to_owned());
        let text =
            String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= table::MAX_TABLE).ok_or(long)?;
        let whole = table::complete(&text, country, Millis::parse(&asked.observed)?)?;
        let rules = intake::Rules { country: (!country.is_empty()).then_some(country), concentration };
        let report = intake::read(&mut whole.as_bytes(), None, &rules);
        if report.observations > MAX_BULLETIN {
            return Err(NodeError::Refused(format!(
                "a bulletin has at most {MAX_BULLETIN} figures: report it in parts"
            )));
        }
        Self::of(report, hash, (false, MAX_BULLETIN))
    }
}

/// The most figures of a bulletin, which are all held in memory.
const MAX_BULLETIN: u64 = 50_000;
/// The most indicators of a submission that are written down with it: the catalogue has fewer.
const MAX_INDICATORS: usize = 100;
/// Up to so many observations the series of a file are held until they are released.
const MAX_HELD_FILE: u64 = 1000;
