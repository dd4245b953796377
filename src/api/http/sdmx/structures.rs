//! Structures: what data are made of, and which flows there are for this reader.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::negotiate::{Offer, Wish};
use super::select::{self, countries};
use super::{Failure, Question, structure_offers};
use crate::api::Node;
use crate::api::http::service::Service;
use crate::api::http::v1::{self, summary::Summary};
use crate::node::Reader;
use crate::sdmx::data::{Layout, namespace};
use crate::sdmx::query::{Context, Detail, Fault, Kind, Names, References, Schema, Structure, Versions};
use crate::sdmx::structure::{Holding, xsd};

/// The answer to a question for structures.
pub(super) async fn answer<N: Node>(
    question: Question,
    service: &Service<N>,
    asked: Structure,
) -> Result<Response, Failure> {
    let offers = structure_offers(asked.generation, &question.headers);
    let offer = question.agree(&offers, &Wish { format: asked.format.as_deref() })?;
    let summary = service.summaries.of(&question.reader).await?;
    let tag = question.tag(&summary.tag, offer);
    if let Some(known) = question.known(&tag) {
        return Ok(known);
    }
    let all = holding(&question.reader, &summary).answer(&asked);
    let is_open = asked.agencies.is_any() && asked.ids.is_any() && asked.items.is_any();
    if all.is_empty() && !is_open {
        return Err(Fault::nothing("there is no structure of this name here").into());
    }
    Ok(question.structures(&all, &tag, offer))
}

/// The schema that structure-specific data of a flow are valid by, or the structures that they follow.
pub(super) async fn schema<N: Node>(
    question: Question,
    service: &Service<N>,
    asked: Schema,
) -> Result<Response, Failure> {
    let target = asked.target;
    let flow = select::flow(&question.reader, &target)?;
    let [first, second] = structure_offers(target.generation, &question.headers);
    // A schema is what the word means; who wants structures says so.
    let offers = [Offer::Schema, first, second];
    let offer = question.agree(&offers, &Wish { format: target.format.as_deref() })?;
    let summary = service.summaries.of(&question.reader).await?;
    let tag = question.tag(&summary.tag, offer);
    if let Some(known) = question.known(&tag) {
        return Ok(known);
    }
    if offer == Offer::Schema {
        let is_flow = target.context != Context::DataStructure;
        let layout = if asked.is_flat { Layout::Flat } else { Layout::Series };
        let text = xsd::schema(&namespace(&flow.name(&question.reader), is_flow, layout), layout);
        let mut response = ([(header::CONTENT_TYPE, offer.media_type())], text).into_response();
        v1::mark(response.headers_mut(), &tag, &question.reader);
        return Ok(response);
    }
    let asked = of_flows([&flow], References::Descendants, Detail::ReferencePartial);
    let all = holding(&question.reader, &summary).answer(&asked);
    Ok(question.structures(&all, &tag, offer))
}

/// The question for the structure of flows.
pub(super) fn of_flows<'f>(
    flows: impl IntoIterator<Item = &'f select::Flow>,
    references: References,
    detail: Detail,
) -> Structure {
    let (agencies, ids) = flows.into_iter().map(|flow| (flow.agency.clone(), flow.id.clone())).unzip();
    Structure {
        generation: crate::sdmx::query::Generation::Second,
        kinds: vec![Kind::Dataflow],
        agencies: Names::These(agencies),
        ids: Names::These(ids),
        versions: Versions::Any,
        items: Names::Any,
        detail,
        references,
        format: None,
    }
}

/// What there is for a reader.
pub(super) fn holding(reader: &Reader, summary: &Summary) -> Holding {
    let of = |ids: Vec<crate::feed::PublisherId>| {
        ids.iter().filter_map(|id| summary.held.get(id)).flatten().cloned().collect()
    };
    let all = countries(reader).into_iter().map(|(code, name, ids)| (code, (name, of(ids))));
    Holding { countries: all.collect() }
}
