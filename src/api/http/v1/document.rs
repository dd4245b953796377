//! The OpenAPI document, made from the types that answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::feeds::Nothing;
use super::params::Params;
use super::schema::Problem;
use super::{catalogue, changes, citations, crisis, feeds, insight, mirror, series};
use crate::api::http::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Corridor",
        description = "Signed Migration Profile figures of governments, as one government's node holds them. Without a \
                       token it shows what everybody may read. With an operator's token of this government \
                       (`corridor token create`) it shows what this government may read; a token that does not hold is \
                       refused. Decimals are strings. Answers carry an ETag; ask again with If-None-Match.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        routes::status, feeds::countries, catalogue::corridors, catalogue::indicators, catalogue::indicator,
        series::series, routes::observations, series::history, mirror::mirror, insight::widest, insight::region,
        insight::quality, insight::labour, insight::diaspora, crisis::lanes, crisis::picture, feeds::feeds, feeds::heads,
        citations::cite, citations::verify, changes::changes, openapi
    ),
    tags((name = "data", description = "Figures, and what there is to ask for"),
         (name = "feeds", description = "Signed sequences of entries, and what is new in them"),
         (name = "evidence", description = "Proofs that need no trust in this node"),
         (name = "node", description = "This node")),
    modifiers(&Token)
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An operator's token of this government: `corridor token create NAME`"))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "node",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub(super) async fn openapi(_nothing: Params<Nothing>) -> Response {
    Json(Document::openapi()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_can_go_wrong() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.len() >= 15, "{:?}", paths.keys());
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                for status in ["200", "4XX", "5XX"] {
                    assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
                }
                assert!(operation["operationId"].is_string() && operation["tags"][0].is_string(), "{path}");
            }
        }
    }
}
