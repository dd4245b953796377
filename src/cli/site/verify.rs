//! `verify DIR`: checks a copy offline, file by file, and names what is not as it was signed.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::lists::{self, Blocks, Taker};
use super::locate::{Signed, locate};
use super::proof::{Good, Proofs};
use super::{BLOCKS, LIST, MANIFEST};
use crate::cli::args::Global;
use crate::cli::{Outcome, print};
use crate::crypto::Hash;
use crate::feed::site::{MAX_SITE, SiteFault};
use crate::feed::{Card, SiteManifest};

/// Faults that are named; more are counted.
pub(super) const MAX_FAULTS: usize = 100;
/// Digits of a manifest that are tried with other values, where it does not hold.
const MAX_DIGITS: usize = 3_000;
/// Folders within folders that are looked into.
const MAX_DEPTH: usize = 16;

/// Said of a folder without a manifest, which is written last.
const UNSIGNED: &str = "it is missing: the making of this copy was cut off, or the folder is none. Use the folder that \
                        publish-site named, or run it again";

/// Something that is not as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) file: String,
    /// Where in it, if that can be told.
    pub(super) place: String,
    pub(super) what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.place.is_empty() { "" } else { ", " };
        write!(f, "{}{comma}{}: {}", self.file, self.place, self.what)
    }
}

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) manifest: Option<SiteManifest>,
    pub(super) faults: Vec<Fault>,
    /// Faults beyond those that are named.
    pub(super) more: u64,
    pub(super) files: u64,
    pub(super) citations: u64,
    pub(super) figures: u64,
    pub(super) sdmx_figures: u64,
}

/// Checks the copy in a folder; with a card it must be of that government.
///
/// # Errors
/// When the answer cannot be written.
pub(in crate::cli) fn run(global: &Global, dir: &Path, card: Option<&Card>) -> anyhow::Result<Outcome> {
    fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let report = check(dir, card);
    let is_valid = report.faults.is_empty();
    print::value(&report.value(), global.json)?;
    if is_valid && card.is_none() && !global.json {
        eprintln!(
            "\nEvery file is as it was signed, and every figure is proven. That the key is the country's own, compare the \
             fingerprint with the government, or give the card that it handed to you: --card FILE"
        );
    }
    Ok(if is_valid { Outcome::Done } else { Outcome::Unproven })
}

/// Checks the copy in a folder.
pub(super) fn check(dir: &Path, card: Option<&Card>) -> Report {
    let mut report = Report::default();
    report.read_manifest(dir, card);
    let list = lists::read_lines(&dir.join(LIST));
    let blocks = lists::read_lines(&dir.join(BLOCKS));
    for (name, read) in [(LIST, &list), (BLOCKS, &blocks)] {
        if let Err(error) = read {
            report.add(name, "", error);
        }
    }
    let list = list.unwrap_or_default();
    let list = report.mended(dir, list);
    let (files, bad) = lists::read_list(&list);
    bad.iter().for_each(|(line, what)| report.add(LIST, &format!("line {line}"), what));
    let (blocks, bad) = lists::read_blocks(&blocks.unwrap_or_default());
    bad.iter().for_each(|(line, what)| report.add(BLOCKS, &format!("line {line}"), what));
    let good = report.check_files(dir, &files, &blocks);
    if files.contains_key(BLOCKS) && !good.contains_key(BLOCKS) && !report.names(BLOCKS) {
        report.add(BLOCKS, "", "it is not what was signed");
    }
    report.check_list(&list, &files);
    report.find_strangers(dir, &files);
    let sources = report.manifest.as_ref().map(|manifest| manifest.sources().to_vec());
    let proofs = Proofs { dir, listed: &files, files: &good, sources: sources.as_deref() };
    let publishers = proofs.citations(&mut report);
    proofs.figures(&publishers, &mut report);
    if report.faults.is_empty() && report.figures != report.sdmx_figures {
        let what = format!("{} figures, and {} as SDMX-CSV", report.figures, report.sdmx_figures);
        report.add("data", "", &what);
    }
    report
}

/// The one digit whose alteration explains that a manifest does not hold, and what it was: every digit is tried with every
/// value, and the signature decides.
fn altered_digit(text: &str) -> Option<(usize, u8)> {
    let digits = || text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
    if digits().count() > MAX_DIGITS {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for (at, is) in digits() {
        for was in (b'0'..=b'9').filter(|was| *was != is) {
            bytes[at] = was;
            if std::str::from_utf8(&bytes).is_ok_and(|text| SiteManifest::from_text(text).is_ok()) {
                return Some((at, was));
            }
        }
        bytes[at] = is;
    }
    None
}

/// The text in which one digit of these bytes is another one, so that it has this hash; and where.
fn with_other_digit(text: &str, (start, length): (usize, usize), hash: &Hash) -> Option<(String, usize)> {
    let mut bytes = text.as_bytes().to_vec();
    for at in (start..start + length).filter(|at| text.as_bytes()[*at].is_ascii_digit()) {
        let is = bytes[at];
        for was in (b'0'..=b'9').filter(|was| *was != is) {
            bytes[at] = was;
            if Hash::of(&[&bytes]) == *hash {
                return String::from_utf8(bytes).ok().map(|text| (text, at));
            }
        }
        bytes[at] = is;
    }
    None
}

impl Report {
    fn read_manifest(&mut self, dir: &Path, card: Option<&Card>) {
        let text = match lists::read_text(&dir.join(MANIFEST), MAX_SITE as u64) {
            Ok(text) => text,
            Err(_) if !dir.join(MANIFEST).exists() => return self.add(MANIFEST, "", UNSIGNED),
            Err(error) => return self.add(MANIFEST, "", &error),
        };
        match SiteManifest::from_text(&text) {
            Ok(manifest) => {
                if card.is_some_and(|card| card.publisher() != manifest.card().publisher()) {
                    let what = "the copy is of another government than the card that was given";
                    self.add(MANIFEST, "", what);
                }
                self.manifest = Some(manifest);
            }
            Err(fault @ SiteFault::Text { at }) => {
                let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
                self.add(MANIFEST, &format!("line {line}, byte {at}"), &fault.to_string());
            }
            Err(fault) => match altered_digit(&text) {
                Some((at, was)) => {
                    let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
                    let what = format!("'{}' stands where '{}' was signed", &text[at..=at], char::from(was));
                    self.add(MANIFEST, &format!("line {line}, byte {at}"), &what);
                }
                None => self.add(MANIFEST, "", &fault.to_string()),
            },
        }
    }

    /// The list as it was signed, if one digit of one line was altered so that the line names a file that is not there:
    /// then that is the fault, and not what follows from it.
    fn mended(&mut self, dir: &Path, list: String) -> String {
        let Some(signed) = self.manifest.as_ref().map(|manifest| manifest.files().list) else { return list };
        if Hash::of(&[list.as_bytes()]) == signed {
            return list;
        }
        let mut start = 0;
        for (number, line) in list.split_inclusive('\n').enumerate() {
            let is_there = |path: &str| dir.join(path).exists();
            let names_nothing = line.trim_end().split_once("  ").is_none_or(|(_, path)| !is_there(path));
            if names_nothing && let Some((mended, at)) = with_other_digit(&list, (start, line.len()), &signed)
            {
                let what = format!("'{}' stands where '{}' was signed", &list[at..=at], &mended[at..=at]);
                self.add(LIST, &format!("line {}, column {}, byte {at}", number + 1, at - start + 1), &what);
                return mended;
            }
            start += line.len();
        }
        list
    }

    /// Reads every file that is listed; those that are as they were listed.
    fn check_files(&mut self, dir: &Path, files: &Good, blocks: &Blocks) -> Good {
        let mut good = Good::new();
        for (path, (hash, line)) in files {
            self.files += 1;
            let file = dir.join(path);
            match fs::symlink_metadata(&file) {
                Ok(found) if found.is_file() => {}
                Ok(_) => {
                    self.add(path, "", "it is no plain file");
                    continue;
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    self.add(path, "", "the file is missing");
                    continue;
                }
                Err(error) => {
                    self.add(path, "", &error.to_string());
                    continue;
                }
            }
            match File::open(&file).and_then(Taker::of) {
                Ok(found) if found.hash == *hash => {
                    good.insert(path.clone(), (*hash, *line));
                    let listed = blocks.get(path);
                    let is_same =
                        listed.is_some_and(|(size, sums, _)| *size == found.size && *sums == found.blocks);
                    if !is_same && path != BLOCKS {
                        let place = listed.map_or(String::new(), |(.., line)| format!("line {line}"));
                        let what = format!("it does not say what {path} is, which is as it was signed");
                        self.add(BLOCKS, &place, &what);
                    }
                }
                Ok(_) => self.name_fault(&file, (path, hash, *line), blocks.get(path)),
                Err(error) => self.add(path, "", &error.to_string()),
            }
        }
        good
    }

    /// A file that is not what the list says: where.
    fn name_fault(
        &mut self,
        file: &Path,
        (path, hash, line): (&str, &Hash, usize),
        listed: Option<&(u64, String, usize)>,
    ) {
        let Some((size, sums, _)) = listed else {
            // Which line of it says something else than a file that is good is found with that file.
            if path != BLOCKS {
                self.add(path, "", "it is not what was signed");
            }
            return;
        };
        match locate(file, Signed { hash, size: *size, blocks: sums }) {
            Ok(Some(found)) => self.add(path, &found.place, &found.what),
            Ok(None) => {
                let what = format!("it is not the hash of {path}, which is as {BLOCKS} says");
                self.add(LIST, &format!("line {line}"), &what);
            }
            Err(error) => self.add(path, "", &error.to_string()),
        }
    }

    /// Whether a fault of this file is named.
    fn names(&self, file: &str) -> bool {
        self.faults.iter().any(|fault| fault.file == file)
    }

    /// Whether the list is the one that was signed.
    fn check_list(&mut self, text: &str, files: &Good) {
        let Some(signed) = self.manifest.as_ref().map(SiteManifest::files) else { return };
        if Hash::of(&[text.as_bytes()]) != signed.list && !self.names(LIST) {
            self.add(LIST, "", "it is not the list that the manifest signs");
        }
        if files.len() as u64 != signed.files {
            let what = format!("it names {} files, {} were signed", files.len(), signed.files);
            self.add(LIST, "", &what);
        }
    }

    /// What lies in the folder and was not listed.
    fn find_strangers(&mut self, dir: &Path, files: &Good) {
        let mut open = vec![(String::new(), 0)];
        while let Some((at, depth)) = open.pop() {
            let items = match fs::read_dir(dir.join(&at)) {
                Ok(items) => items,
                Err(error) => {
                    self.add(&at, "", &error.to_string());
                    continue;
                }
            };
            for item in items.flatten() {
                let name = item.file_name().to_string_lossy().into_owned();
                let path = if at.is_empty() { name } else { format!("{at}/{name}") };
                let is_folder = item.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && depth < MAX_DEPTH {
                    open.push((path, depth + 1));
                } else if path != MANIFEST && path != LIST && !files.contains_key(&path) {
                    self.add(&path, "", "it is not of the copy: it was added");
                }
            }
        }
    }

    fn value(&self) -> Value {
        let faults: Vec<Value> = self
            .faults
            .iter()
            .map(|fault| json!({ "file": fault.file, "place": fault.place, "what": fault.what }))
            .collect();
        if let Some(first) = self.faults.first() {
            let mut value = json!({ "valid": false, "reason": first.to_string(), "faults": faults });
            if self.more > 0 {
                value["more_faults"] = json!(self.more);
            }
            return value;
        }
        let Some(manifest) = &self.manifest else { return json!({ "valid": false }) };
        json!({
            "valid": true,
            "publisher": manifest.card().publisher().to_hex(),
            "country": manifest.card().country(),
            "network": manifest.card().network().as_str(),
            "fingerprint": manifest.card().publisher().fingerprint(),
            "made_at": manifest.made_at().to_string(),
            "files": self.files,
            "bytes": manifest.files().bytes,
            "citations": self.citations,
            "figures": self.figures,
            "sources": manifest.sources().len(),
        })
    }
}
