//! The parts of a workbook, measured: how large they really are, and what the reader of sheets would take at its word.

use std::io::{self, BufReader, Cursor, Read, Write};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;
use zip::read::ZipFile;

/// Parts of an archive: a workbook has some dozens.
const MAX_PARTS: usize = 10_000;

/// Bytes of all parts unpacked: a full sheet, and as much again.
const MAX_UNPACKED: u64 = 1024 * 1024 * 1024;

/// Bytes of the part with the texts of all cells, which is held in memory.
const MAX_TEXTS: u64 = 128 * 1024 * 1024;

/// Bytes of the parts that say what the workbook is made of, which are held in memory.
const MAX_MADE_OF: u64 = 16 * 1024 * 1024;

/// Bytes of a cell's text at least, with its tags: so many texts a part may claim.
const TEXT_BYTES: u64 = 5;

/// What was learnt on the way.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The program that wrote the file worked no formula out.
    pub(super) is_stale: bool,
}

type Archive<'b> = ZipArchive<Cursor<&'b [u8]>>;

/// Unpacks every part, and keeps nothing of it.
///
/// # Errors
/// Why the file is no workbook, or cannot be read in bounded memory and time.
pub(super) fn measure(bytes: &[u8]) -> Result<Parts, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken(&e))?;
    if archive.len() > MAX_PARTS {
        return Err(format!("the archive has more than {MAX_PARTS} parts: a workbook has some dozens"));
    }
    if let Some(why) = kind(&archive) {
        return Err(why.to_owned());
    }
    let (mut parts, mut left) = (Parts::default(), MAX_UNPACKED);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|e| broken(&e))?;
        let name = part.name().map_err(|e| broken(&e))?.to_ascii_lowercase().replace('\\', "/");
        let most = most(&name).min(left);
        if part.size() > most {
            return Err(too_large(&name));
        }
        let size = if name.ends_with("workbook.xml") {
            let mut text = Vec::new();
            let size = count(&mut part, most, &mut text)?;
            parts.is_stale |= is_stale(&text);
            size
        } else {
            count(&mut part, most, &mut io::sink())?
        };
        drop(part);
        if size > most {
            return Err(too_large(&name));
        }
        left -= size;
        if name.ends_with("sharedstrings.xml") {
            texts(&mut archive, at, size)?;
        }
    }
    Ok(parts)
}

/// Why an archive is not a workbook.
fn kind(archive: &Archive<'_>) -> Option<&'static str> {
    let has = |wanted: &str| archive.file_names().flatten().any(|name| name.eq_ignore_ascii_case(wanted));
    if has("content.xml") && has("mimetype") {
        return Some("this is an OpenDocument file, as .ods: save it as XLSX, or its sheet as CSV (UTF-8)");
    }
    if has("xl/workbook.bin") {
        return Some("this is a binary workbook, .xlsb: save it as XLSX, or its sheet as CSV (UTF-8)");
    }
    if !has("[Content_Types].xml") {
        return Some("this is an archive and no workbook: unpack it, and submit the file that is in it");
    }
    if has("word/document.xml") || has("ppt/presentation.xml") {
        return Some("this is a document and no workbook: put its table into a sheet, and save that as XLSX");
    }
    None
}

/// Bytes that a part of this name may have.
fn most(name: &str) -> u64 {
    if name.ends_with("sharedstrings.xml") {
        return MAX_TEXTS;
    }
    let of_the_whole = ["workbook.xml", "styles.xml", "[content_types].xml", ".rels"];
    if of_the_whole.iter().any(|end| name.ends_with(end)) || name.contains("/theme/") {
        return MAX_MADE_OF;
    }
    MAX_UNPACKED
}

/// How many bytes a part really has; one more than it may, if it has more.
fn count(part: &mut impl Read, most: u64, into: &mut impl Write) -> Result<u64, String> {
    let counted = io::copy(&mut part.take(most + 1), into);
    counted.map_err(|e| format!("the workbook is damaged: {e}; send it again"))
}

/// Programs that write sheets and work no formula out put 0 for its value, and ask whoever opens the file to do it.
fn is_stale(text: &[u8]) -> bool {
    let asks = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    asks(b"fullCalcOnLoad=\"1\"") || asks(b"fullCalcOnLoad=\"true\"")
}

/// Room is made for as many texts as a part claims to have, so it may not claim more than its bytes can hold.
fn texts(archive: &mut Archive<'_>, at: usize, size: u64) -> Result<(), String> {
    let part: ZipFile<'_, _> = archive.by_index(at).map_err(|e| broken(&e))?;
    let mut xml = Reader::from_reader(BufReader::new(part));
    // As the reader of sheets has it, so that both see the same tag.
    let config = xml.config_mut();
    config.check_end_names = false;
    config.check_comments = false;
    config.expand_empty_elements = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) if tag.local_name().as_ref() == "sst" => {
                for attribute in tag.attributes().with_checks(false) {
                    let Ok(attribute) = attribute else { return Err(super::ODD.to_owned()) };
                    let claimed = attribute.value.trim_ascii();
                    let is_count = attribute.key.as_ref().ends_with("uniqueCount");
                    if is_count && claimed.parse::<u64>().is_ok_and(|n| n > size / TEXT_BYTES) {
                        return Err(
                            "the workbook claims more texts than it has bytes: it is damaged".to_owned()
                        );
                    }
                }
                return Ok(());
            }
            Ok(Event::Eof) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}

fn too_large(name: &str) -> String {
    format!(
        "the workbook unpacks to more than a sheet has, at {}: save the sheet as CSV (UTF-8)",
        super::cell::short(name, super::MAX_NAME)
    )
}

fn broken(error: &zip::result::ZipError) -> String {
    format!("the workbook is damaged: {error}; send it again, or save its sheet as CSV (UTF-8)")
}
