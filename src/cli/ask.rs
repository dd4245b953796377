//! The way to the node: the running daemon by its socket, or else the store itself.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;

use super::args::{Global, Partner};
use super::{Outcome, passphrase, print};
use crate::api::control::{Client, Payload};
use crate::api::http::site::pages_of;
use crate::config::Config;
use crate::feed::Card;
use crate::net::Nowhere;
use crate::node::clock::Clock;
use crate::node::prepared::Prepared;
use crate::node::site::SiteRequest;
use crate::node::{Answer, Caller, Core, Engine, Home, NextKey, NodeError, Options, Request, home};
use crate::sync;

/// Asks, and hands rows on as they come.
///
/// # Errors
/// When the node refuses or cannot be opened.
pub fn ask(
    global: &Global,
    request: Request,
    on_row: &mut dyn FnMut(Value) -> bool,
) -> anyhow::Result<Option<Value>> {
    send(global, request, Payload { length: 0, bytes: &mut std::io::empty() }, on_row)
}

fn send(
    global: &Global,
    request: Request,
    payload: Payload<'_>,
    on_row: &mut dyn FnMut(Value) -> bool,
) -> anyhow::Result<Option<Value>> {
    let socket = home::socket(&global.dir());
    if let Some(mut client) =
        Client::connect(&socket).with_context(|| format!("connecting to {}", socket.display()))?
    {
        return Ok(client.call(&request, Some(payload), on_row)?);
    }
    ask_here(global, request, payload, on_row)
}

/// Opens the store and answers the request in this process.
fn ask_here(
    global: &Global,
    request: Request,
    payload: Payload<'_>,
    on_row: &mut dyn FnMut(Value) -> bool,
) -> anyhow::Result<Option<Value>> {
    let home = Home::open(&global.dir())?;
    let config = load_config(&home, &[])?;
    let signer = match request.act() {
        Some(_) => Some(Arc::new(home.node_key(&passphrase::existing(global)?)?) as Arc<_>),
        None => None,
    };
    let options = Options {
        public: config.public(),
        cache: config.cache(),
        rules: config.rules(),
        sealing: config.sealing(),
        relays: config.relays(),
        crisis: config.crisis(),
        clock: Clock::system(),
    };
    let is_bundle = matches!(request, Request::BundleImport { .. });
    let prepared = Prepared::new(request, payload.bytes, (&home, options.rules.concentration))?;
    let acts = signer.is_some();
    let mut engine = Engine::open(home, &options, signer)?;
    if acts {
        let (dir, passphrase) = (global.dir(), passphrase::existing(global)?);
        engine = engine.with_next_key(Some(Arc::new(move || Home::open(&dir)?.next_node_key(&passphrase))));
        engine.switch_if_due()?;
    }
    for repair in engine.store().repairs() {
        eprintln!("note: {repair}");
    }
    let caller = Caller { who: user(), from: "terminal".to_owned() };
    if is_bundle {
        // It is taken in as if its maker's node were connected: with all that an exchange does.
        let mut core = Core::new(engine, sync::Config::default(), Box::new(Nowhere))?;
        core.start()?;
        let answer = core.ask(prepared, &caller);
        core.finish()?;
        let Answer::Value(value) = answer? else { return Ok(None) };
        return Ok(Some(value));
    }
    let answer = if prepared.request == Request::Site(SiteRequest::Pages) {
        pages(&mut engine)
    } else {
        engine.execute(prepared, &caller)
    };
    // Also a refused act is written into the log.
    engine.commit()?;
    match answer? {
        Answer::Value(value) => Ok(Some(value)),
        Answer::Json(text) => Ok(Some(serde_json::from_str(text.get())?)),
        Answer::Reader(_) => Ok(None),
        Answer::Rows(rows) => {
            let mut broken = Ok(());
            rows.each(&mut |row| match serde_json::from_str(row) {
                Ok(row) => on_row(row),
                Err(error) => {
                    broken = Err(error);
                    false
                }
            })?;
            Ok(broken.map(|()| None)?)
        }
    }
}

/// The public pages as files, from an opened store.
fn pages(engine: &mut Engine) -> Result<Answer, NodeError> {
    match (engine.public_reader()?, engine.state()?) {
        (Answer::Reader(reader), Answer::Value(status)) => pages_of(reader, status).map(Answer::Rows),
        (_, _) => Err(NodeError::Refused("the node does not say what its pages are made of".to_owned())),
    }
}

/// How a daemon opens the next node key when it is to sign: the passphrase is read again, if it can be.
pub fn next_key(global: &Global) -> Option<NextKey> {
    let open = |global: &Global| {
        let passphrase =
            passphrase::existing(global).map_err(|error| NodeError::Refused(error.to_string()))?;
        Home::open(&global.dir())?.next_node_key(&passphrase)
    };
    let global = global.clone();
    passphrase::can_be_read_again(&global).then(|| Arc::new(move || open(&global)) as NextKey)
}

/// The configuration of a node's directory.
///
/// # Errors
/// When a key is unknown or a value is not allowed.
pub fn load_config(home: &Home, overrides: &[(&str, &str, String)]) -> anyhow::Result<Config> {
    let file = home.dir().join("corridor.toml");
    let file = file.exists().then_some(file);
    Config::load(file.as_deref(), std::env::vars(), overrides).context("reading the configuration")
}

fn user() -> String {
    std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "unknown".to_owned())
}

/// Asks for one value.
///
/// # Errors
/// As [`ask`].
pub fn value(global: &Global, request: Request) -> anyhow::Result<Value> {
    ask(global, request, &mut |_| true)?.context(NO_ANSWER)
}

/// Asks for one value that the node makes beside its loop.
///
/// # Errors
/// As [`ask`].
pub fn one_row(global: &Global, request: Request) -> anyhow::Result<Value> {
    let mut answer = None;
    ask(global, request, &mut |row| {
        answer = Some(row);
        true
    })?;
    answer.context(NO_ANSWER)
}

/// Asks for one value with a request that a file goes with.
///
/// # Errors
/// As [`ask`].
pub fn value_of_file(global: &Global, request: Request, file: Payload<'_>) -> anyhow::Result<Value> {
    send(global, request, file, &mut |_| true)?.context(NO_ANSWER)
}

/// Asks for rows with a request that a file goes with.
///
/// # Errors
/// As [`ask`].
pub fn rows_of_file(
    global: &Global,
    request: Request,
    file: Payload<'_>,
    on_row: &mut dyn FnMut(Value) -> bool,
) -> anyhow::Result<()> {
    send(global, request, file, on_row).map(drop)
}

/// What is said when the node gave none.
pub const NO_ANSWER: &str = "the node gave no answer";

/// Asks for one value and prints it.
///
/// # Errors
/// As [`ask`].
pub fn simple(global: &Global, request: Request) -> anyhow::Result<Outcome> {
    let value = value(global, request)?;
    print::value(&value, global.json)?;
    Ok(Outcome::Done)
}

/// `partner …`
///
/// # Errors
/// As [`ask`].
pub fn partner(global: &Global, partner: Partner) -> anyhow::Result<Outcome> {
    let request = match partner {
        Partner::Add { file, yes } => return partner_add(global, &file, yes),
        Partner::List => Request::PartnerList,
        Partner::Show { partner } => Request::PartnerShow { partner },
        Partner::Ping { partner } => Request::PartnerPing { partner },
        Partner::Pause { partner, resume } => Request::PartnerPause { partner, paused: !resume },
        Partner::Remove { partner } => Request::PartnerRemove { partner },
    };
    simple(global, request)
}

fn partner_add(global: &Global, file: &std::path::Path, yes: bool) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let card = Card::from_text(&text).with_context(|| file.display().to_string())?;
    if !yes {
        let country = if card.country().is_empty() { "an observer" } else { card.country() };
        eprintln!(
            "The card says that it is of {country}, {:?}, on network {}.",
            card.name("en"),
            card.network().as_str()
        );
        eprintln!("Its fingerprint is   {}", card.publisher().fingerprint());
        if !std::io::stdin().is_terminal() {
            bail!(
                "compare the fingerprint with the government itself, by telephone or in person, then repeat with --yes"
            );
        }
        eprint!("Does the government itself, over another way, say the same fingerprint? Type yes: ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            bail!("the card was not accepted");
        }
    }
    simple(global, Request::PartnerAdd { card: text })
}
