//! `key …` and `card`: the life of keys. Here the national key is opened, and the next card made; the node takes it on.
//!
//! The national key never reaches the daemon: this process reads it, from the node's directory or from wherever it is
//! kept, signs, and hands the card over. A card that revokes a key says up to where its entries stand, so nothing may
//! be signed between asking for that and taking on the card: the node refuses such a card, and it is made again.

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::args::{CardArgs, Global, Key, National};
use super::{Outcome, ask, passphrase, print};
use crate::crypto::{Hash, NodeSigner, PublicKey, SecretKey};
use crate::feed::{AgreementId, Card, EntryId, NextCard, Reason, Revocation, Stand};
use crate::model::Millis;
use crate::node::home::term;
use crate::node::mandates::MADE_AGAIN;
use crate::node::{CardAct, Home, Request, clock};
use crate::store::keys::{self, KeyName, Passphrase};

mod words;

/// How often a card is made again because something was signed meanwhile.
const TRIES: u32 = 20;
/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// `key …`
///
/// # Errors
/// When a key is not here, its passphrase is another, or the node refuses.
pub fn run(global: &Global, key: Key) -> anyhow::Result<Outcome> {
    match key {
        Key::List => ask::simple(global, Request::KeyList),
        Key::Rotate { overlap, now, national } => rotate(global, overlap, now, &Keys::new(global, national)),
        Key::Revoke { node, reason, national } => {
            let reason = Reason::parse(&reason)
                .with_context(|| format!("{reason:?} is no reason: superseded, lost or compromised"))?;
            revoke(global, &node, reason, &Keys::new(global, national))
        }
        Key::Compromised { the_national: true, national, .. } => {
            eprintln!("{}", words::NATIONAL_STOLEN);
            succeed(global, None, &Keys::new(global, national))
        }
        Key::Compromised { node, since, national, .. } => {
            compromised(global, node, since, &Keys::new(global, national))
        }
        Key::Succeed { name, national } => succeed(global, name, &Keys::new(global, national)),
    }
}

/// `card`
///
/// # Errors
/// When there is no node, or the national key is needed and not here.
pub fn card(global: &Global, args: &CardArgs) -> anyhow::Result<Outcome> {
    let home = Home::open(&global.dir())?;
    let mut text = home.card().to_text();
    if !args.address.is_empty() {
        let national = Keys::new(global, args.national.clone()).national(home.card())?;
        let next = NextCard::after(home.card(), clock::now()).at(args.address.clone()).sign(&national)?;
        let told = issue(global, &next, CardAct::Addresses)?["told"].clone();
        eprintln!("A new card is issued; partners that are told of it by this node: {}", print::list(&told));
        text = next.to_text();
    }
    if global.json {
        print::value(&json!({ "card": text, "fingerprint": home.us().fingerprint() }), true)?;
    } else {
        print::text(&text)?;
    }
    Ok(Outcome::Done)
}

/// Where the national keys are, and what opens them.
pub(super) struct Keys {
    global: Global,
    place: National,
}

impl Keys {
    pub(super) fn new(global: &Global, place: National) -> Self {
        Self { global: global.clone(), place }
    }

    fn path(&self, name: KeyName) -> PathBuf {
        match &self.place.national {
            Some(dir) => dir.join(name.file_name()),
            None => name.path(&self.global.dir()),
        }
    }

    fn passphrase(&self) -> anyhow::Result<Passphrase> {
        passphrase::national(&self.global, self.place.national_passphrase_file.as_deref())
    }

    fn load(&self, name: KeyName) -> anyhow::Result<SecretKey> {
        let path = self.path(name);
        if !path.exists() {
            bail!(
                "{} is not here: this signs with a national key. Bring it, or say where it is with --national DIR",
                path.display()
            );
        }
        Ok(keys::load_file(&path, &self.passphrase()?)?)
    }

    /// The national key that signs our cards now. A succession that was interrupted after it counted is brought to
    /// its end: the files get their new names.
    pub(super) fn national(&self, card: &Card) -> anyhow::Result<SecretKey> {
        let wanted = card.body().national_key();
        if self.path(KeyName::AfterNextNational).exists() {
            let next = self.load(KeyName::NextNational)?;
            if next.public_key() == wanted {
                self.move_up(card)?;
                return Ok(next);
            }
        }
        let national = self.load(KeyName::National)?;
        if national.public_key() != wanted {
            bail!("{} is not the national key that our card names", self.path(KeyName::National).display());
        }
        Ok(national)
    }

    /// After a succession each file gets the name of what it is now; the former key keeps one of its own.
    fn move_up(&self, card: &Card) -> anyhow::Result<()> {
        let former = format!("former-national-{}.age", card.body().line.len() - 1);
        let (national, next) = (self.path(KeyName::National), self.path(KeyName::NextNational));
        let former = national.with_file_name(former);
        for (from, to) in
            [(&national, &former), (&next, &national), (&self.path(KeyName::AfterNextNational), &next)]
        {
            if from.exists() {
                std::fs::rename(from, to).with_context(|| format!("renaming {}", from.display()))?;
            }
        }
        Ok(())
    }
}

/// Hands a card to the node.
fn issue(global: &Global, card: &Card, act: CardAct) -> anyhow::Result<Value> {
    ask::value(global, Request::CardIssue { card: card.to_text(), act })
}

/// Makes a card that revokes keys, from what the node says would stand, until nothing was signed in between.
fn issue_revoking(
    global: &Global,
    nodes: &[(String, Reason)],
    since: Option<&str>,
    act: CardAct,
    make: &dyn Fn(NextCard) -> anyhow::Result<Card>,
) -> anyhow::Result<Value> {
    for _ in 0..TRIES {
        let home = Home::open(&global.dir())?;
        let now = clock::now();
        let (mut next, mut not_vouched) = (NextCard::after(home.card(), now), Vec::new());
        for (node, reason) in nodes {
            let request = Request::KeyPlaces { node: node.clone(), since: since.map(str::to_owned) };
            let places = ask::value(global, request)?;
            next = next.revoke(revocation(&places, now, *reason)?);
            not_vouched.extend(places["not_vouched"].as_array().cloned().unwrap_or_default());
        }
        match issue(global, &make(next)?, act) {
            Ok(mut value) => {
                value["not_vouched"] = json!(not_vouched);
                return Ok(value);
            }
            Err(error) if error.to_string().contains(MADE_AGAIN) => {}
            Err(error) => return Err(error),
        }
    }
    bail!("the node signs without a pause, so that no card fits: stop the daemon, and give the command again")
}

fn revocation(places: &Value, now: Millis, reason: Reason) -> anyhow::Result<Revocation> {
    let hash = |value: &Value| value.as_str().and_then(Hash::from_hex);
    let node = hash(&places["node"]).context("the node named no key")?;
    let stand = |row: &Value| {
        let agreement = AgreementId(hash(&row["agreement"])?.0);
        let number = |name: &str| row[name].as_u64();
        let (vouched, end, held) = (number("vouched")?, number("end")?, number("held")?);
        Some(Stand { agreement, vouched, end, held, head: EntryId(hash(&row["head"])?.0) })
    };
    let rows = places["stands"].as_array().context("the node named no feeds")?;
    let stands: Option<Vec<Stand>> = rows.iter().map(stand).collect();
    let mut stands = stands.context("the node named a feed that is none")?;
    stands.sort_by_key(|stand| stand.agreement);
    Ok(Revocation { node: node.0, at: now.0, reason, stands })
}

fn rotate(global: &Global, overlap: u32, now: bool, national: &Keys) -> anyhow::Result<Outcome> {
    let home = Home::open(&global.dir())?;
    let pending = home.next_key().filter(|next| is_mandated(home.card(), next));
    if pending.is_some() && !now {
        bail!(
            "the next node key is made and partners are being told of it: restart the daemon once `corridor key list` \
             waits for nobody, or give --now"
        );
    }
    let mut value = match pending {
        Some(_) => json!({}),
        None => prepare(global, &home, overlap, national)?,
    };
    if now {
        let switched = ask::value(global, Request::KeySwitch)?;
        value["node"] = switched["node"].clone();
        value["restart"] = switched["restart"].clone();
    }
    tell(global, &value, &words::rotated(&value, overlap, now))
}

/// Makes the next node key and the card that names it.
fn prepare(global: &Global, home: &Home, overlap: u32, national: &Keys) -> anyhow::Result<Value> {
    let key = national.national(home.card())?;
    let now = clock::now();
    let in_use = home.key_in_use(now).context("no node key is in use")?;
    let next = fresh_node_key(global, home)?;
    let until = Millis(now.0.saturating_add(i64::from(overlap) * DAY));
    let card = NextCard::after(home.card(), now)
        .until(&in_use, until, &key)
        .mandate(next, term(now), &key)
        .sign(&key)?;
    let mut value = issue(global, &card, CardAct::Rotate)?;
    value["next"] = json!(next.to_hex());
    Ok(value)
}

fn is_mandated(card: &Card, node: &PublicKey) -> bool {
    card.nodes(clock::now()).any(|one| one == *node)
}

/// The next node key, in the place of one that no card names: a command that broke off may have left it. After an error
/// nothing is removed, because the node may have taken on the card all the same.
fn fresh_node_key(global: &Global, home: &Home) -> anyhow::Result<PublicKey> {
    home.drop_next_key()?;
    Ok(home.make_next_key(&passphrase::existing(global)?)?)
}

fn revoke(global: &Global, node: &str, reason: Reason, national: &Keys) -> anyhow::Result<Outcome> {
    let home = Home::open(&global.dir())?;
    let places = ask::value(global, Request::KeyPlaces { node: node.to_owned(), since: None })?;
    if places["in_use"] == true {
        bail!(
            "this node key is in use: `corridor key rotate --now` puts another in its place first; \
             if it is stolen or lost, `corridor key compromised` does all of it"
        );
    }
    let key = national.national(home.card())?;
    let id = places["node"].as_str().unwrap_or_default().to_owned();
    let value = issue_revoking(global, &[(id, reason)], None, CardAct::Revoke, &|next| Ok(next.sign(&key)?))?;
    tell(global, &value, &words::revoked(&value))
}

fn compromised(
    global: &Global,
    node: Option<String>,
    since: Option<String>,
    national: &Keys,
) -> anyhow::Result<Outcome> {
    let home = Home::open(&global.dir())?;
    let key = national.national(home.card())?;
    let now = clock::now();
    let in_use = home.key_in_use(now).context("no node key is in use")?;
    let node = node.unwrap_or_else(|| in_use.to_hex());
    let places = ask::value(global, Request::KeyPlaces { node, since: since.clone() })?;
    let id = places["node"].as_str().unwrap_or_default().to_owned();
    let mut nodes = vec![(id, Reason::Compromised)];
    let is_in_use = places["in_use"] == true;
    if is_in_use && let Some(next) = home.next_key().filter(|next| is_mandated(home.card(), next)) {
        // It lay beside the stolen one.
        nodes.push((next.to_hex(), Reason::Compromised));
    }
    let next = if is_in_use { Some(fresh_node_key(global, &home)?) } else { None };
    let make = |card: NextCard| {
        let card = match next {
            Some(next) => card.mandate(next, term(now), &key),
            None => card,
        };
        Ok(card.sign(&key)?)
    };
    let value = issue_revoking(global, &nodes, since.as_deref(), CardAct::Compromised, &make)?;
    let card = home.dir().join("card.txt");
    tell(global, &value, &words::compromised(&value, &card))
}

fn succeed(global: &Global, name: Option<String>, national: &Keys) -> anyhow::Result<Outcome> {
    let home = Home::open(&global.dir())?;
    // Brings an interrupted succession to its end; the key itself may be gone.
    let _national = national.national(home.card());
    let (next, after) = (national.load(KeyName::NextNational)?, keys::generate()?);
    let path = national.path(KeyName::AfterNextNational);
    let _left_by_a_crash = std::fs::remove_file(&path);
    keys::save_to(&path, &after, &national.passphrase()?)?;
    let card = NextCard::after(home.card(), clock::now());
    let card = match &name {
        Some(name) => card.named(name),
        None => card,
    };
    let card = card.succeed(&next, &after.public_key()).and_then(|card| card.sign(&next));
    let card = card?;
    let value = issue(global, &card, CardAct::Succeed)?;
    national.move_up(&card)?;
    tell(global, &value, &words::succeeded(&value, &card, &home.dir().join("card.txt")))
}

fn tell(global: &Global, value: &Value, words: &str) -> anyhow::Result<Outcome> {
    if global.json {
        print::value(value, true)?;
    } else {
        print::text(words)?;
    }
    Ok(Outcome::Done)
}
