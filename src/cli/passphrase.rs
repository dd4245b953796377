//! Where the passphrase comes from: a file, the service manager's credential, or the terminal.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, bail};
use zeroize::Zeroizing;

use super::args::Global;
use crate::store::keys::Passphrase;

/// The name of the systemd credential: `LoadCredential=corridor-passphrase:…`.
const CREDENTIAL: &str = "corridor-passphrase";

/// The passphrase of existing keys.
///
/// # Errors
/// When there is none to be had.
pub fn existing(global: &Global) -> anyhow::Result<Passphrase> {
    match from_file(global)? {
        Some(passphrase) => Ok(passphrase),
        None => ask("Passphrase of this node's keys: "),
    }
}

/// Whether it comes from a file or credential, so that a process can read it again.
pub fn can_be_read_again(global: &Global) -> bool {
    matches!(from_file(global), Ok(Some(_)))
}

/// The passphrase of the national keys: of their own file, or that of the node's keys.
///
/// # Errors
/// When there is none to be had.
pub fn national(global: &Global, file: Option<&std::path::Path>) -> anyhow::Result<Passphrase> {
    match file {
        Some(file) => Passphrase::from_file(file).context("reading the passphrase of the national key"),
        None => existing(global),
    }
}

/// A passphrase for new keys; asked for twice at a terminal.
///
/// # Errors
/// When there is none to be had, it is empty, or the two differ.
pub fn new(global: &Global) -> anyhow::Result<Passphrase> {
    let passphrase = match from_file(global)? {
        Some(passphrase) => passphrase,
        None => {
            let first = read("A passphrase for the new keys: ")?;
            if *first != *read("The same again: ")? {
                bail!("the two passphrases differ; nothing was made");
            }
            Passphrase::new(&first)
        }
    };
    if passphrase.is_empty() {
        bail!(
            "the passphrase is empty; choose one, or write a random one into a file: openssl rand -base64 24"
        );
    }
    Ok(passphrase)
}

fn from_file(global: &Global) -> anyhow::Result<Option<Passphrase>> {
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| PathBuf::from(dir).join(CREDENTIAL));
    let file = global.passphrase_file.clone().or_else(|| credential.filter(|file| file.exists()));
    file.map(|file| Passphrase::from_file(&file).context("reading the passphrase")).transpose()
}

fn ask(prompt: &str) -> anyhow::Result<Passphrase> {
    Ok(Passphrase::new(&read(prompt)?))
}

fn read(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "the keys need a passphrase and nobody is there to ask: give --passphrase-file FILE, or a systemd credential named {CREDENTIAL}"
        );
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).context("reading the passphrase from the terminal")
}
