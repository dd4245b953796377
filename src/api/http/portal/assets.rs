//! The files that all pages share: style, script and sign. Their names hold a hash of what is in them, so they may
//! be kept for ever.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::picture;
use crate::crypto::Hash;

/// How pages look, and the pictures on them.
pub(super) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let text = [include_str!("../../../../config/portal/portal.css"), picture::STYLE].concat();
    Asset::new(text, "css", "text/css; charset=utf-8")
});

/// What is easier with script, and all goes without it.
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../../../../config/portal/portal.js").to_owned();
    Asset::new(text, "js", "text/javascript; charset=utf-8")
});

/// The sign of the portal.
pub(super) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../../../../config/portal/icon.svg").to_owned();
    Asset::new(text, "svg", "image/svg+xml")
});

/// A file that all pages share.
pub(in crate::api::http) struct Asset {
    name: String,
    text: String,
    kind: &'static str,
}

impl Asset {
    /// All of them.
    pub(in crate::api::http) fn all() -> [&'static Self; 3] {
        [&STYLE, &SCRIPT, &ICON]
    }

    /// Its name.
    pub(in crate::api::http) fn name(&self) -> &str {
        &self.name
    }

    /// The file as an answer.
    pub(super) fn response(&'static self) -> Response {
        let mut response = ([(header::CONTENT_TYPE, self.kind)], self.text.as_str()).into_response();
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
        response
    }

    fn new(text: String, ending: &str, kind: &'static str) -> Self {
        let name = format!("portal-{}.{ending}", &Hash::of(&[text.as_bytes()]).to_hex()[..16]);
        Self { name, text, kind }
    }
}
