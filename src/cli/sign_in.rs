//! `sign-in`: a link that opens the operator's pages in a browser, once.

use anyhow::bail;

use super::args::Global;
use super::args::sign_in::SignIn;
use super::{Outcome, ask, print};
use crate::node::{Request, SignInRequest};

/// `sign-in`
///
/// # Errors
/// When no daemon serves pages, or `--at` is no address of pages.
pub fn run(global: &Global, args: &SignIn) -> anyhow::Result<Outcome> {
    if args.end {
        return ask::simple(global, Request::SignIn(SignInRequest::End));
    }
    let base = args.at.as_deref().map(base).transpose()?.map(str::to_owned);
    let mut value = ask::value(global, Request::SignIn(SignInRequest::Link))?;
    let base = base.unwrap_or_else(|| format!("http://{}", print::cell(&value["address"])));
    value["url"] = format!("{base}/sign-in?code={}", print::cell(&value["code"])).into();
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    // The link alone goes to standard output, so that it can be handed to a browser.
    print::text(&format!("{}\n", print::cell(&value["url"])))?;
    eprintln!(
        "It signs in {} and is used once, until {}. Whoever opens it first is signed in: hand it to nobody.",
        print::cell(&value["who"]),
        print::cell(&value["expires_at"])
    );
    eprintln!(
        "If a proxy writes down addresses, open {base}/sign-in and paste what stands behind `code=` there."
    );
    Ok(Outcome::Done)
}

/// An address of pages without the slash at its end.
fn base(text: &str) -> anyhow::Result<&str> {
    let is_one = text.starts_with("https://") || text.starts_with("http://");
    if !is_one || text.contains(['?', '#', ' ']) {
        bail!("--at {text:?} is no address of pages: give one such as https://migration.example.gov");
    }
    Ok(text.trim_end_matches('/'))
}
