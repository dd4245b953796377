//! `backup`, `restore`, `recover`, `fork`: what is done when something broke, or before it does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::args::Global;
use super::args::upkeep::{Backup, Fork, Recover, Restore};
use super::{Outcome, ask, passphrase, print};
use crate::feed::{ForkProof, Resolution};
use crate::node::{Home, Request, clock, restore};
use crate::store::backup::{self, BackupError, BackupManifest, Cut};
use crate::store::keys::{self, KeyName, Passphrase};

/// How often a backup is begun anew because erasure has written a file meanwhile.
const TRIES: usize = 5;

/// `backup`
///
/// # Errors
/// When the node refuses, or the file cannot be written or does not verify.
pub fn backup(global: &Global, args: &Backup) -> anyhow::Result<Outcome> {
    if let Some(file) = &args.verify {
        return verify(global, file);
    }
    let file = args.file.as_ref().context("name the file to write")?;
    if file.exists() {
        bail!("{} exists already: a backup is not written over another one", file.display());
    }
    let (home, passphrase) = (Home::open(&global.dir())?, passphrase::existing(global)?);
    // A backup under a mistyped passphrase would be of no use to anybody.
    home.node_key(&passphrase).context("the passphrase of the backup is that of the keys")?;
    let mut name = file.file_name().context("name the file to write")?.to_owned();
    name.push(".partial");
    let partial = file.with_file_name(name);
    let manifest =
        write(global, &home, &passphrase, &partial).inspect_err(|_| drop(fs::remove_file(&partial)))?;
    fs::rename(&partial, file).with_context(|| format!("naming {}", file.display()))?;
    let above = file.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(above)
        .and_then(|dir| dir.sync_all())
        .with_context(|| format!("syncing {}", above.display()))?;
    show(global, file, &manifest, "written, read back and verified")
}

/// Writes the backup and reads it back.
fn write(
    global: &Global,
    home: &Home,
    passphrase: &Passphrase,
    partial: &Path,
) -> anyhow::Result<BackupManifest> {
    for _ in 0..TRIES {
        let mut answer = ask::value(global, Request::Backup)?;
        let cut: Cut = serde_json::from_value(answer["cut"].take()).context("the node named no files")?;
        let of = restore::backup_of(home, answer["made_at"].as_i64().unwrap_or_default());
        match backup::write(home.dir(), &cut, &of, passphrase, partial) {
            Ok(written) => {
                let read = backup::verify(partial, passphrase).context("reading the backup back")?;
                if read != written {
                    bail!("the backup reads otherwise than it was written: look at the disk");
                }
                return Ok(read);
            }
            Err(BackupError::Moved(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("files were written anew all the while, as erasure does: try again")
}

fn verify(global: &Global, file: &Path) -> anyhow::Result<Outcome> {
    match backup::verify(file, &passphrase::existing(global)?) {
        Ok(manifest) => show(global, file, &manifest, "verified"),
        Err(error @ BackupError::Io(..)) => Err(error.into()),
        Err(error) => {
            print::value(&json!({ "valid": false, "reason": error.to_string() }), global.json)?;
            Ok(Outcome::Unproven)
        }
    }
}

fn show(global: &Global, file: &Path, manifest: &BackupManifest, done: &str) -> anyhow::Result<Outcome> {
    let bytes = fs::metadata(file).with_context(|| format!("reading {}", file.display()))?.len();
    let made = crate::model::Millis(manifest.made_at).to_string();
    let entries: u64 = manifest.lengths().map(|(_, length)| length).sum();
    if global.json {
        let value = json!({
            "valid": true, "file": file, "bytes": bytes, "made_at": made, "publisher": manifest.publisher,
            "network": manifest.network, "parts": manifest.parts.len(), "feeds": manifest.heads.len(), "entries": entries,
        });
        print::value(&value, true)?;
    } else {
        print::text(&format!(
            "{}: {done}; {bytes} bytes, {} feeds with {entries} entries as of {made}\n",
            file.display(),
            manifest.heads.len()
        ))?;
    }
    Ok(Outcome::Done)
}

/// `restore`
///
/// # Errors
/// When a node is there, or the backup does not hold.
pub fn restore(global: &Global, args: &Restore) -> anyhow::Result<Outcome> {
    let (dir, passphrase) = (global.dir(), passphrase::existing(global)?);
    let manifest = restore::restore(&args.file, &passphrase, &dir, clock::now())?;
    let made = crate::model::Millis(manifest.made_at).to_string();
    if global.json {
        let value =
            json!({ "dir": dir, "made_at": made, "feeds": manifest.heads.len(), "state": "recovery" });
        print::value(&value, true)?;
    } else {
        print::text(&format!("{} is restored as of {made} and in recovery.\n", dir.display()))?;
        print::text(
            "It signs nothing in its feeds until a partner has shown what it holds of them. Next:\n  corridor run\n  \
             corridor status      says what waits, and what may be missing\n",
        )?;
    }
    Ok(Outcome::Done)
}

/// `recover`
///
/// # Errors
/// When the node refuses.
pub fn recover(global: &Global, args: &Recover) -> anyhow::Result<Outcome> {
    if args.anyway {
        let value = ask::value(global, Request::RecoverOverride)?;
        if !global.json {
            eprintln!("warning: {}", print::cell(&value["warning"]));
        }
        print::value(&value, global.json)?;
        return Ok(Outcome::Done);
    }
    if args.old_copy {
        print::value(&ask::value(global, Request::RecoverOldCopy)?, global.json)?;
        return Ok(Outcome::Done);
    }
    let status = ask::value(global, Request::Status)?;
    let recovery = &status["recovery"];
    let shown = if recovery.is_null() {
        json!({ "recovery": "none: this node was never restored" })
    } else {
        recovery.clone()
    };
    print::value(&shown, global.json)?;
    Ok(if status["state"] == "recovery" { Outcome::Refused } else { Outcome::Done })
}

/// `fork …`
///
/// # Errors
/// When there is no such fork, the national key is not here, or the node refuses.
pub fn fork(global: &Global, fork: Fork) -> anyhow::Result<Outcome> {
    match fork {
        Fork::Resolve { feed, keep, reason, keys } => resolve(global, feed, &keep, &reason, keys),
    }
}

fn resolve(
    global: &Global,
    feed: String,
    keep: &str,
    reason: &str,
    keys: Option<PathBuf>,
) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::CiteFork { feed })?;
    let proof = ForkProof::from_text(value["proof"].as_str().unwrap_or_default())?;
    let (one, other) = proof.fork().headers();
    let is_kept = |id: &str| keep.len() >= 8 && id.starts_with(&keep.to_ascii_lowercase());
    let (kept, given_up) = match (is_kept(&one.id().to_hex()), is_kept(&other.id().to_hex())) {
        (true, false) => (one.id(), other.id()),
        (false, true) => (other.id(), one.id()),
        (_, _) => bail!("--keep names none of the two entries: it is {} or {}", one.id(), other.id()),
    };
    let path = match keys {
        Some(dir) => dir.join("national.age"),
        None => KeyName::National.path(&global.dir()),
    };
    let national = keys::load_file(&path, &passphrase::existing(global)?)
        .context("a resolution is signed by the national key: --keys DIR says where it is kept")?;
    let place = (proof.fork().feed(), proof.fork().seq());
    let said = (reason, clock::now());
    let resolution = Resolution::sign(place, (kept, given_up), said, proof.card().network(), &national)?;
    let hex: String = resolution.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let answer: Value = ask::value(global, Request::ForkResolve { resolution: hex })?;
    print::value(&answer, global.json)?;
    Ok(Outcome::Done)
}
