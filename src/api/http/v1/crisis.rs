//! `crisis`: lanes and the common picture, for those who read as this government and for nobody else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::crisis_schema::{Lanes, Picture};
use super::feeds::Nothing;
use super::insight::documented;
use super::params::{Params, Segments};
use super::schema::Problem;
use crate::api::Node;
use crate::api::http::access::Access;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, other_form};
use crate::node::crisis::CrisisRequest;
use crate::node::{Answer, Payload, Request, Scope};

/// The crisis lanes of this government. Without a token there are none. They change with the time: there is no `ETag`.
#[utoipa::path(
    get, path = "/api/v1/crisis", tag = "data",
    responses((status = 200, body = Lanes), (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn lanes<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
    _nothing: Params<Nothing>,
) -> Result<Response, Refusal> {
    match access.scope {
        Scope::Public => Ok(of_now(Lanes::default())),
        Scope::Government => answer::<Lanes, N>(&service, access, CrisisRequest::List).await,
    }
}

/// The common picture of a crisis: what is known of whom, from whom, and how old it is.
#[utoipa::path(
    get, path = "/api/v1/crisis/{lane}", tag = "data",
    params(("lane" = String, Path, description = "A lane's name, its id, or the start of it")),
    responses((status = 200, body = Picture), (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn picture<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
    Segments(lane): Segments<String>,
    _nothing: Params<Nothing>,
) -> Result<Response, Refusal> {
    match access.scope {
        Scope::Public => Err(Refusal::NOTHING),
        Scope::Government => {
            answer::<Picture, N>(&service, access, CrisisRequest::Show { lane: Some(lane) }).await
        }
    }
}

async fn answer<T: DeserializeOwned + Serialize, N: Node>(
    service: &Service<N>,
    access: Access,
    request: CrisisRequest,
) -> Result<Response, Refusal> {
    let _place = service.place()?;
    let value = match service.node.ask(Request::Crisis(request), Payload::none(), access.caller).await {
        Ok(Answer::Value(value)) => Ok(Arc::new(value)),
        Ok(Answer::Json(_) | Answer::Rows(_) | Answer::Reader(_)) => return Err(other_form()),
        Err(error) => Err(error),
    };
    Ok(of_now(documented::<T>(value)?))
}

/// What is so at this moment: nobody may keep it.
fn of_now<T: Serialize>(value: T) -> Response {
    let mut response = Json(value).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
