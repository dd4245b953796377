//! `countries`, `feeds`, `heads`: who publishes, and what is held of whom.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::params::{Params, publishers};
use super::schema::{Counts, Problem};
use super::views::{Views, tag};
use crate::api::Node;
use crate::api::http::guard::Refusal;
use crate::api::http::service::Service;
use crate::model::codelist::{self, Language};
use crate::node::{FeedHead, PublisherName, Reader};

/// No parameter is taken.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Who publishes here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Countries {
    countries: Vec<Country>,
}

/// A government with a feed here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Country {
    /// ISO 3166-1 alpha-3, as its card claims; null for an observer or where its card is not held.
    country: Option<String>,
    /// The country's names.
    names: Names,
    /// The institution's name, as its card has it.
    name: Option<String>,
    /// Its identity: 64 hexadecimal digits.
    publisher: String,
    /// Whether it is the one whose node answers.
    is_this_node: bool,
    /// Feeds of it that are held.
    feeds: u64,
    #[serde(flatten)]
    counts: Counts,
}

/// Names in the working languages; null where there is none.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Names {
    pub(super) en: Option<String>,
    pub(super) fr: Option<String>,
    pub(super) es: Option<String>,
}

/// The feeds that are held.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Feeds {
    feeds: Vec<Feed>,
}

/// One publisher's signed sequence of entries under one agreement.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Feed {
    publisher: String,
    country: Option<String>,
    name: Option<String>,
    agreement: String,
    /// The agreement's title; `public` for what everybody may read.
    agreement_name: String,
    /// The place of the newest entry, counted from 0.
    head_seq: u64,
    /// Its id: 64 hexadecimal digits.
    head_hash: String,
    /// When its publisher signed it.
    released_at: String,
    /// Observations in it, with all their versions.
    observations: u64,
}

/// Where each feed ends: two nodes with equal digests answer equally.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Heads {
    /// Stands for all heads together; also the `ETag` of every answer.
    digest: String,
    heads: Vec<Head>,
}

/// Where a feed ends.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Head {
    publisher: String,
    agreement: String,
    seq: u64,
    entry: String,
    released_at: String,
}

/// Who publishes here, with counts.
#[utoipa::path(
    get, path = "/api/v1/countries", tag = "data",
    responses((status = 200, body = Countries), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn countries<N: Node>(
    State(service): State<Service<N>>,
    _nothing: Params<Nothing>,
    mut views: Views,
) -> Result<Response, Refusal> {
    let summary = views.counted(&service).await?;
    views.answer(|reader| {
        let country = |(id, name): (_, Option<&PublisherName>)| {
            let code = name.map(|name| name.country.clone()).filter(|code| !code.is_empty());
            Country {
                names: code.as_deref().map(names).unwrap_or_default(),
                country: code,
                name: name.map(|name| name.name.clone()),
                publisher: crate::feed::PublisherId::to_hex(id),
                is_this_node: id == reader.us(),
                feeds: reader.heads().iter().filter(|head| head.feed.publisher == id).count() as u64,
                counts: Counts::of(summary.publishers.get(&id)),
            }
        };
        Ok(Countries { countries: publishers(reader).map(country).collect() })
    })
}

/// The feeds that are held here.
#[utoipa::path(
    get, path = "/api/v1/feeds", tag = "feeds",
    responses((status = 200, body = Feeds), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn feeds(_nothing: Params<Nothing>, views: Views) -> Result<Response, Refusal> {
    views.answer(|reader| Ok(Feeds { feeds: reader.heads().iter().map(|head| feed(reader, head)).collect() }))
}

/// Where each feed ends.
#[utoipa::path(
    get, path = "/api/v1/heads", tag = "feeds",
    responses((status = 200, body = Heads), (status = 304, description = "as known by If-None-Match"),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn heads(_nothing: Params<Nothing>, views: Views) -> Result<Response, Refusal> {
    views.answer(|reader| {
        let heads = reader.heads().iter().map(|head| Head {
            publisher: head.feed.publisher.to_hex(),
            agreement: head.feed.agreement.to_hex(),
            seq: head.seq.0,
            entry: head.entry.to_hex(),
            released_at: head.time.to_string(),
        });
        let digest = tag(reader).trim_start_matches("W/").trim_matches('"').to_owned();
        Ok(Heads { digest, heads: heads.collect() })
    })
}

fn feed(reader: &Reader, head: &FeedHead) -> Feed {
    let name = reader.publishers().get(&head.feed.publisher);
    Feed {
        publisher: head.feed.publisher.to_hex(),
        country: name.map(|name| name.country.clone()).filter(|code| !code.is_empty()),
        name: name.map(|name| name.name.clone()),
        agreement: head.feed.agreement.to_hex(),
        agreement_name: head.agreement.clone(),
        head_seq: head.seq.0,
        head_hash: head.entry.to_hex(),
        released_at: head.time.to_string(),
        observations: head.observations,
    }
}

/// A country's names.
fn names(code: &str) -> Names {
    let code = codelist::area().get(code);
    let name = |language| code.and_then(|code| code.name_in(language)).map(str::to_owned);
    Names { en: name(Language::En), fr: name(Language::Fr), es: name(Language::Es) }
}
