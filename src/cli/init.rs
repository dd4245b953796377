//! `init`: keys, card and configuration.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::json;

use super::args::{Global, Init};
use super::{Outcome, passphrase, print};
use crate::config::Config;
use crate::crypto::Network;
use crate::model::{Dimension, Known, codelist};
use crate::node::home::NewNode;
use crate::node::{Home, clock, home, restore};

/// `init`
///
/// # Errors
/// When an argument is not allowed, a node is there already, or nothing can be written.
pub fn run(global: &Global, init: Init) -> anyhow::Result<Outcome> {
    if let (true, Some(card), Some(keys)) = (init.recover, &init.card, &init.keys) {
        return recover(global, &init, (card, keys));
    }
    if init.standby {
        return standby(global, init);
    }
    let country = init.country.unwrap_or_default().to_ascii_uppercase();
    if !init.observer && !codelist::area().contains(&country) {
        let hint = Known::List(codelist::area()).hint(Dimension::RefArea.id(), &country);
        bail!("{country:?} is no ISO 3166-1 alpha-3 code such as PHL or CAN{hint}");
    }
    let network = Network::parse(&init.network)?;
    let named = |address: &&String| !address.contains("/0.0.0.0/") && !address.contains("/::/");
    let addresses = if init.address.is_empty() {
        init.listen.iter().filter(named).cloned().collect()
    } else {
        init.address
    };
    let passphrase = passphrase::new(global)?;
    let dir = global.dir();
    let new = NewNode {
        country,
        names: vec![("en".to_owned(), init.name.unwrap_or_default())],
        network,
        addresses,
    };
    let config = Config::initial_text(&init.listen, &init.http, &init.public);
    let home = Home::create(&dir, new, &passphrase, clock::now())?;
    let file = dir.join("corridor.toml");
    write_config(&file, &config).with_context(|| format!("writing {}", file.display()))?;
    let card = home.card();
    let value = json!({
        "dir": dir,
        "country": card.country(),
        "publisher_id": home.us().to_hex(),
        "fingerprint": home.us().fingerprint(),
        "card": dir.join("card.txt"),
        "config": file,
    });
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!();
        eprintln!("Keys, card and configuration are made. Next:");
        eprintln!(
            "  hand {} to your partners and read the fingerprint to them",
            dir.join("card.txt").display()
        );
        eprintln!(
            "  move keys/national.age and keys/next-national.age to a safe place offline: daily work needs neither"
        );
        eprintln!("  corridor run");
        if card.body().addresses.is_empty() {
            eprintln!(
                "The card names no address, so partners cannot dial this node; it dials them. To change that:"
            );
            eprintln!("  corridor card --address /dns/corridor.example.org/tcp/4001");
        }
    }
    Ok(Outcome::Done)
}

/// `init --standby`
fn standby(global: &Global, init: Init) -> anyhow::Result<Outcome> {
    let config = Config::initial_text(&init.listen, &init.http, &init.public);
    let (network, dir) = (Network::parse(&init.network)?, global.dir());
    let named = |address: &String| !address.contains("/0.0.0.0/") && !address.contains("/::/");
    let addresses = if init.address.is_empty() { init.listen } else { init.address };
    let addresses = addresses.into_iter().filter(named).collect();
    let request = Home::create_standby(&dir, (network, addresses), &passphrase::new(global)?)?;
    let file = dir.join("corridor.toml");
    write_config(&file, &config).with_context(|| format!("writing {}", file.display()))?;
    let path = dir.join(home::REQUEST_FILE);
    let value = json!({ "dir": dir, "node": request.node.to_hex(), "request": path, "config": file });
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!();
        eprintln!("The standby has a key and no mandate yet. Next:");
        eprintln!("  take {} to the main node, and there:", path.display());
        eprintln!("    corridor standby add {} --output grant.txt", home::REQUEST_FILE);
        eprintln!("  bring grant.txt back, and here:");
        eprintln!("    corridor standby join grant.txt");
        eprintln!("    corridor run");
    }
    Ok(Outcome::Done)
}

/// `init --recover`
fn recover(global: &Global, init: &Init, kept: (&Path, &Path)) -> anyhow::Result<Outcome> {
    let config = Config::initial_text(&init.listen, &init.http, &init.public);
    let dir = global.dir();
    let home = restore::recreate(kept, &config, &passphrase::existing(global)?, &dir, clock::now())?;
    let value = json!({
        "dir": dir,
        "country": home.card().country(),
        "publisher_id": home.us().to_hex(),
        "fingerprint": home.us().fingerprint(),
        "state": "recovery",
    });
    print::value(&value, global.json)?;
    if !global.json {
        eprintln!();
        eprintln!("The node is made anew from its keys, and in recovery. Next:");
        eprintln!("  corridor run");
        eprintln!("  corridor partner add CARD      for every partner: what it holds comes back from it");
        eprintln!("  corridor status                says what still waits");
    }
    Ok(Outcome::Done)
}

/// Secrets may be written there: nobody else reads it.
fn write_config(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
