//! `token …`: what opens this government's own view over HTTP.

use super::args::Global;
use super::args::token::Token;
use super::{Outcome, ask, print};
use crate::node::Request;

/// `token …`
///
/// # Errors
/// When the node refuses.
pub fn run(global: &Global, token: Token) -> anyhow::Result<Outcome> {
    match token {
        Token::Create { name, days } => create(global, name, days),
        Token::List => ask::simple(global, Request::TokenList),
        Token::Revoke { token } => ask::simple(global, Request::TokenRevoke { token }),
    }
}

fn create(global: &Global, name: String, days: u32) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::TokenCreate { name, days })?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    // The token alone goes to standard output, so that it can be piped into a file or a secret store.
    print::text(&format!("{}\n", print::cell(&value["token"])))?;
    eprintln!(
        "Token {} ({}) holds until {}. It is shown this once and kept nowhere: store it as you store a password.",
        print::cell(&value["name"]),
        print::cell(&value["id"]),
        print::cell(&value["expires_at"])
    );
    eprintln!("Send it as `Authorization: Bearer ...`, over TLS wherever it leaves this machine.");
    Ok(Outcome::Done)
}
