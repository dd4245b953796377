//! The files that all pages share: one of style, one of script. Their names hold a hash of what is in them, so they may
//! be kept for ever.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::crypto::Hash;

/// How pages look.
pub(super) static STYLE: Asset = Asset {
    text: include_str!("../../../../config/portal/portal.css"),
    kind: "text/css; charset=utf-8",
    name: LazyLock::new(|| named(include_str!("../../../../config/portal/portal.css"), "css")),
};

/// What is easier with script, and all goes without it.
pub(super) static SCRIPT: Asset = Asset {
    text: include_str!("../../../../config/portal/portal.js"),
    kind: "text/javascript; charset=utf-8",
    name: LazyLock::new(|| named(include_str!("../../../../config/portal/portal.js"), "js")),
};

/// A file that all pages share.
pub(in crate::api::http) struct Asset {
    text: &'static str,
    kind: &'static str,
    name: LazyLock<String>,
}

impl Asset {
    /// All of them.
    pub(in crate::api::http) fn all() -> [&'static Self; 2] {
        [&STYLE, &SCRIPT]
    }

    /// Its name.
    pub(in crate::api::http) fn name(&self) -> &str {
        &self.name
    }

    /// The file as an answer.
    pub(super) fn response(&self) -> Response {
        let mut response = ([(header::CONTENT_TYPE, self.kind)], self.text).into_response();
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
        response
    }
}

fn named(text: &str, ending: &str) -> String {
    format!("portal-{}.{ending}", &Hash::of(&[text.as_bytes()]).to_hex()[..16])
}
