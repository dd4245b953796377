//! Step 10's forger: a third state, which both have accepted as a partner, signs in the name of XAA.

use std::path::Path;
use std::time::Duration;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use corridor::cli::demo::rogue::{Seen, Wares, forged_entry, offer, own_entry};
use corridor::crypto::SecretKey;
use corridor::node::Home;
use corridor::store::keys::Passphrase;
use serde_json::Value;

use super::Pair;
use super::labour::Invented;
use crate::world::{BINARY, figures, text};

/// How long the forger tries where it will be asked.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it tries where it will not: a partner that wants something asks in a fraction of that.
const KNOCKING: Duration = Duration::from_secs(3);

/// The forger offers an entry that would follow XAA's newest one, of its public feed and of the one under the
/// agreement, to both.
pub(super) fn forge(invented: &Invented, dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA.10 A third key signs records in the name of XAA.");
    let Pair { one: xaa, other: xab, title, .. } = &invented.pair;
    xaa.ask(&["submit", &figures(&dir.join("open.csv"), &[["XAA", "XAB", "MS_FBORN", "2020", "4000"]])])?;
    xaa.ask(&["release"])?;
    let open = || xab.get(&["MS_FBORN", "--from", "XAA"]).unwrap_or_default();
    checks.eventually("XAB holds XAA's public figure", || open().len() == 1);

    let rogue = Government::init(Path::new(BINARY), dir, "XAC", "Third state")?;
    for node in [xaa, xab] {
        node.ask(&["partner", "add", "--yes", &text(&rogue.card())])?;
    }
    let home = Home::open(rogue.dir())?;
    let key = home.node_key(&Passphrase::from_file(&rogue.dir().join("passphrase"))?)?;
    let own = || own_entry(home.us(), &key);
    let before = heads(&[xaa, xab])?;

    let series = "A.XAA.XAB.LM_DEPLOY.CIT._T._T._T._T._T._T._T._T.PS";
    let agreed = Wares { forged: forged_entry(xaa, title, series, &key)?, own: own()? };
    for node in [xaa, xab] {
        let seen = offer(node, &key, &agreed, KNOCKING)?;
        checks.is(
            &format!("{} does not ask a stranger to the agreement for an entry under it", node.country()),
            seen == Seen { session: true, ..Seen::default() },
            &format!("{seen:?}"),
        );
    }
    in_public(&invented.pair, &key, own()?, checks)?;
    checks.is("no feed of XAA and XAB has changed at either", before == heads(&[xaa, xab])?, "one has");
    let forged: Vec<Value> = xab.get(&["MIGPROFILE", "--history", "--from", "XAA"])?;
    let taken = forged.iter().filter(|row| row["obs_value"] == "1").count();
    checks.is("no forged figure is at XAB", taken == 0, &format!("{taken} are"));
    for node in [xaa, xab] {
        node.ask(&["partner", "remove", "XAC"])?;
    }
    Ok(())
}

/// The public feed is open to the forger, too: it is asked for what it announces, and what it hands over is refused.
fn in_public(
    pair: &Pair,
    key: &SecretKey,
    own: corridor::feed::SignedEntry,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let (xaa, xab) = (&pair.one, &pair.other);
    let series = "A.XAA.XAB.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
    let wares = Wares { forged: forged_entry(xaa, "public", series, key)?, own };
    let seen = offer(xab, key, &wares, PATIENCE)?;
    checks.is("XAB declines the record that a third key signed", seen.declined, &format!("{seen:?}"));
    let faults = xab.ask(&["status"])?["faults"].to_string();
    checks.is("the fault is shown at XAB", faults.contains("XAC"), &faults);
    let seen = offer(xaa, key, &wares, KNOCKING)?;
    checks.is(
        "XAA asks nobody for entries of its own",
        seen.session && !seen.declined && !seen.ended,
        &format!("{seen:?}"),
    );
    let state = xaa.ask(&["status"])?["state"].clone();
    checks.equal("nor does a word that its feed is longer stop it", &state, "running");
    Ok(())
}

/// The heads of all feeds but the house feed at nodes.
fn heads(nodes: &[&Government]) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    for node in nodes {
        let feeds = node.ask(&["feeds"])?;
        for feed in feeds["feeds"].as_array().into_iter().flatten() {
            if feed["agreement_name"] != "house" {
                all.push(serde_json::json!([feed["publisher"], feed["agreement"], feed["head_hash"]]));
            }
        }
    }
    Ok(all)
}
