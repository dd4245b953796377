//! A backup is all of a directory or nothing.

use super::*;
use crate::feed::testing::{Government, numbered_series};
use crate::feed::{HeadRef, Seq, head::Place};
use crate::store::keys::{self, KeyName};

fn passphrase() -> Passphrase {
    Passphrase::new("for a test of backups")
}

/// A directory with a key, a card, a small feed and a long one.
fn filled(dir: &Path) -> Store {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    keys::save(dir, KeyName::Node, &keys::generate().unwrap(), &passphrase()).unwrap();
    keys::rounding_secret(dir).unwrap();
    fs::write(dir.join("card.txt"), phl.card.to_text()).unwrap();
    let mut store = Store::open(dir, phl.publisher(), &Network::main(), 1 << 20).unwrap();
    for entry in phl.chain(3) {
        store.append_own(&entry).unwrap();
    }
    let long = esp.release(&Place::first(esp.feed()), (0..900).map(numbered_series).collect());
    store.append_own(&long).unwrap();
    store.commit().unwrap();
    store
}

fn of() -> BackupOf {
    BackupOf { publisher: Government::new("PHL", 1).publisher(), network: Network::main(), made_at: 7 }
}

#[test]
fn a_backup_comes_back_file_by_file_and_ends_at_the_cut() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = filled(dir.path());
    let cut = store.snapshot().unwrap();
    // What comes after the cut is not in the backup.
    let phl = Government::new("PHL", 1);
    store.append_own(&phl.chain(4)[3]).unwrap();
    store.commit().unwrap();
    let file = out.path().join("backup");
    let written = write(dir.path(), &cut, &of(), &passphrase(), &file).unwrap();
    assert_eq!(verify(&file, &passphrase()).unwrap(), written);
    let into = out.path().join("into");
    assert_eq!(unpack(&file, &passphrase(), &into).unwrap(), written);
    for name in ["card.txt", "format", "keys/node.age", "keys/rounding"] {
        assert_eq!(fs::read(into.join(name)).unwrap(), fs::read(dir.path().join(name)).unwrap(), "{name}");
    }
    let back = Store::open(&into, phl.publisher(), &Network::main(), 1 << 20).unwrap();
    assert!(back.repairs().is_empty(), "{:?}", back.repairs());
    assert_eq!(back.durable(&phl.feed()), Some(HeadRef::from(phl.chain(3)[2].header())));
    assert_eq!(written.lengths().map(|(_, length)| length).sum::<u64>(), 4);
}

#[test]
fn a_damaged_backup_is_refused_and_another_passphrase_opens_nothing() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = filled(dir.path());
    let file = out.path().join("backup");
    write(dir.path(), &store.snapshot().unwrap(), &of(), &passphrase(), &file).unwrap();
    let bytes = fs::read(&file).unwrap();
    for at in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        fs::write(&file, &altered).unwrap();
        assert!(matches!(verify(&file, &passphrase()), Err(BackupError::Damaged(_))), "byte {at}");
    }
    for length in [0, 40, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..length]).unwrap();
        assert!(verify(&file, &passphrase()).is_err(), "cut at {length}");
    }
    fs::write(&file, &bytes).unwrap();
    assert!(matches!(verify(&file, &Passphrase::new("another")), Err(BackupError::Sealed(_))));
}

#[test]
fn damage_on_the_disk_is_found_while_the_backup_is_read_back() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = filled(dir.path());
    let cut = store.snapshot().unwrap();
    let path = dir.path().join(&cut.files[0].name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let file = out.path().join("backup");
    write(dir.path(), &cut, &of(), &passphrase(), &file).unwrap();
    assert!(matches!(verify(&file, &passphrase()), Err(BackupError::Damaged(_))));
}

#[test]
fn a_file_that_erasure_has_written_anew_is_noticed() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = filled(dir.path());
    let cut = store.snapshot().unwrap();
    let esp = Government::new("ESP", 3);
    assert!(store.erase(&[(esp.feed(), Seq(0)..=Seq(0))]).unwrap());
    let file = out.path().join("backup");
    let error = write(dir.path(), &cut, &of(), &passphrase(), &file).unwrap_err();
    assert!(matches!(error, BackupError::Moved(_)), "{error}");
    write(dir.path(), &store.snapshot().unwrap(), &of(), &passphrase(), &file).unwrap();
    let into = out.path().join("into");
    unpack(&file, &passphrase(), &into).unwrap();
    let back = Store::open(&into, of().publisher, &Network::main(), 1 << 20).unwrap();
    assert_eq!(back.erased(&esp.feed()), [Seq(0)..=Seq(0)]);
}

#[test]
fn nothing_is_written_outside_the_directory() {
    for name in [
        "../card.txt",
        "/etc/passwd",
        "keys/../card.txt",
        "keys/a/b",
        "keys/.x",
        "feeds/x/y/000000000000.feed",
        "db/conf",
        "recovery",
        "",
    ] {
        assert_eq!(place_of(name), None, "{name}");
    }
    let id = "0".repeat(64);
    for name in [
        "card.txt".to_owned(),
        "keys/node.age".to_owned(),
        format!("feeds/{id}/{id}/000000000012.feed"),
        format!("feeds/{id}/{id}/erased"),
    ] {
        assert!(place_of(&name).is_some(), "{name}");
    }
}
