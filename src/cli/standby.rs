//! `standby …`: a second node of a government. The national key signs its mandate here, as it signs cards in `key`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;

use super::args::Global;
use super::args::National;
use super::args::standby::Standby;
use super::key::Keys;
use super::{Outcome, ask, passphrase, print};
use crate::feed::NextCard;
use crate::node::home::{StandbyRequest, join, term};
use crate::node::{Home, Request, clock};

/// `standby …`
///
/// # Errors
/// When a file is not what it should be, the national key is not here, or the node refuses.
pub fn run(global: &Global, standby: Standby) -> anyhow::Result<Outcome> {
    match standby {
        Standby::Add { request, output, national } => add(global, &request, &output, national),
        Standby::Join { grant } => take_grant(global, &grant),
        Standby::TakeOver { force } => take_over(global, force),
        Standby::HandOver { node } => hand_over(global, node),
        Standby::Show => ask::simple(global, Request::StandbyShow),
    }
}

fn add(global: &Global, request: &Path, output: &Path, national: National) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(request).with_context(|| format!("reading {}", request.display()))?;
    let request = StandbyRequest::from_text(&text)?;
    let home = Home::open(&global.dir())?;
    if request.network != *home.network() {
        bail!(
            "the standby is for network {}, this node is on {}",
            request.network.as_str(),
            home.network().as_str()
        );
    }
    let signer = home.node_key(&passphrase::existing(global)?)?;
    let now = clock::now();
    let known = home.card().nodes(now).any(|node| node == request.node);
    let card = if known {
        // The grant was lost: the mandate stands, and only the file is written again.
        home.card().clone()
    } else {
        let key = Keys::new(global, national).national(home.card())?;
        let mut addresses = home.card().body().addresses.clone();
        addresses.extend(
            request.addresses.iter().filter(|one| !home.card().body().addresses.contains(one)).cloned(),
        );
        let next = NextCard::after(home.card(), now).at(addresses).mandate(request.node, term(now), &key);
        let card = next.sign(&key)?;
        let (text, node) = (card.to_text(), request.node.to_hex());
        ask::value(global, Request::StandbyAdd { card: text, node })?;
        card
    };
    write_secret(output, &home.grant(&request, &card, &signer)?)
        .with_context(|| format!("writing {}", output.display()))?;
    let value =
        json!({ "standby": request.node.to_hex(), "grant": output, "fingerprint": home.us().fingerprint() });
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!("The standby is mandated, and partners are being told. Bring the grant to it, and there:");
        eprintln!("  corridor standby join {}", output.display());
    }
    Ok(Outcome::Done)
}

/// For its owner's eyes: what is wrapped in it opens with the standby's key alone, and there is no reason to show it.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn take_grant(global: &Global, grant: &Path) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(grant).with_context(|| format!("reading {}", grant.display()))?;
    let home = join(&global.dir(), &text, &passphrase::existing(global)?, clock::now())?;
    let value = json!({
        "country": home.card().country(),
        "publisher_id": home.us().to_hex(),
        "fingerprint": home.us().fingerprint(),
        "role": "standby",
    });
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!("Compare the fingerprint with that of the main node. Then: corridor run");
    }
    Ok(Outcome::Done)
}

fn take_over(global: &Global, force: bool) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::StandbyTakeOver { force })?;
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!(
            "This node leads. It releases as soon as partners have shown what they hold: `corridor status`."
        );
        eprintln!(
            "The other node steps down by itself when it comes back and reaches this one or a partner."
        );
    }
    Ok(Outcome::Done)
}

fn hand_over(global: &Global, node: Option<String>) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::StandbyHandOver { node })?;
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!("This node follows from now on.");
    }
    Ok(Outcome::Done)
}
