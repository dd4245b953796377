//! Where a file is not what was signed: to the byte if one byte was altered, else to the blocks that differ.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::lists::BLOCK;
use crate::crypto::{Hash, Hasher};

/// What was signed of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    pub(super) hash: &'a Hash,
    pub(super) size: u64,
    /// Eight digits for each block.
    pub(super) blocks: &'a str,
}

/// A place in a file, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `line 3, byte 120`.
    pub(super) place: String,
    /// What stands there, and what was signed if that can be told.
    pub(super) what: String,
}

/// A block that differs.
struct Differing {
    /// Number of bytes before it.
    start: u64,
    /// The line that it begins in, and how many bytes of that line stand before it.
    line: (u64, u64),
    bytes: Vec<u8>,
    sum: u32,
}

/// Finds where the file differs from what was signed of it. `None` when its blocks are those that were signed: then what
/// is written down of it was altered.
///
/// # Errors
/// When it cannot be read.
pub(super) fn locate(path: &Path, signed: Signed<'_>) -> std::io::Result<Option<Place>> {
    let (found, size, count) = differing(path, signed)?;
    let Some(first) = found else {
        let what = format!("it is {size} bytes long, {} were signed", signed.size);
        return Ok((size != signed.size).then(|| Place { place: format!("byte {size}"), what }));
    };
    if size != signed.size {
        let what = format!("from here on it differs; it is {size} bytes long, {} were signed", signed.size);
        return Ok(Some(Place { place: place_of(&first, 0), what }));
    }
    if count == 1
        && let Some((at, was)) = altered_byte(path, &first, signed.hash)?
    {
        let what = format!("{} stands where {} was signed", shown(first.bytes[at]), shown(was));
        return Ok(Some(Place { place: place_of(&first, at), what }));
    }
    let end = first.start + first.bytes.len() as u64;
    let more = if count > 1 { format!(", and {} other places", count - 1) } else { String::new() };
    let what = format!("something up to byte {end} is not what was signed{more}");
    Ok(Some(Place { place: place_of(&first, 0), what }))
}

/// The first block that differs, the file's length, and how many blocks differ.
fn differing(path: &Path, signed: Signed<'_>) -> std::io::Result<(Option<Differing>, u64, usize)> {
    let mut file = BufReader::new(File::open(path)?);
    let mut sums = signed.blocks.as_bytes().chunks(8);
    let (mut first, mut count, mut start, mut line) = (None, 0, 0_u64, (1_u64, 0_u64));
    loop {
        let mut bytes = Vec::with_capacity(BLOCK);
        Read::by_ref(&mut file).take(BLOCK as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok((first, start, count));
        }
        let sum = sums.next().and_then(|text| std::str::from_utf8(text).ok());
        let sum = sum.and_then(|text| u32::from_str_radix(text, 16).ok());
        let length = bytes.len() as u64;
        let next = line_after(line, &bytes);
        if sum != Some(crc32fast::hash(&bytes)) {
            count += 1;
            let sum = sum.unwrap_or_default();
            first = first.or(Some(Differing { start, line, bytes, sum }));
        }
        (start, line) = (start + length, next);
    }
}

/// The line behind some bytes, and how many bytes of it have gone by.
fn line_after((line, column): (u64, u64), bytes: &[u8]) -> (u64, u64) {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => (line + ends, (bytes.len() - last - 1) as u64),
        None => (line, column + bytes.len() as u64),
    }
}

/// The one byte whose alteration explains block and file, and what it was. Every byte is tried with every value: the
/// checksum names few, and the hash of the whole file decides.
fn altered_byte(path: &Path, block: &Differing, hash: &Hash) -> std::io::Result<Option<(usize, u8)>> {
    let mut bytes = block.bytes.clone();
    for at in 0..bytes.len() {
        let is = bytes[at];
        for was in (0..=u8::MAX).filter(|was| *was != is) {
            bytes[at] = was;
            if crc32fast::hash(&bytes) == block.sum && hash_with(path, block.start, &bytes)? == *hash {
                return Ok(Some((at, was)));
            }
        }
        bytes[at] = is;
    }
    Ok(None)
}

/// The hash that the file would have with these bytes at this place.
fn hash_with(path: &Path, start: u64, bytes: &[u8]) -> std::io::Result<Hash> {
    let (mut file, mut hasher) = (BufReader::new(File::open(path)?), Hasher::default());
    let copy = |mut part: std::io::Take<&mut BufReader<File>>, hasher: &mut Hasher| {
        let mut buffer = vec![0; 64 * 1_024];
        loop {
            match part.read(&mut buffer)? {
                0 => return Ok::<(), std::io::Error>(()),
                read => hasher.update(&buffer[..read]),
            }
        }
    };
    copy(Read::by_ref(&mut file).take(start), &mut hasher)?;
    hasher.update(bytes);
    std::io::copy(&mut Read::by_ref(&mut file).take(bytes.len() as u64), &mut std::io::sink())?;
    copy(Read::by_ref(&mut file).take(u64::MAX), &mut hasher)?;
    Ok(hasher.finish())
}

fn place_of(block: &Differing, at: usize) -> String {
    let (line, column) = line_after(block.line, &block.bytes[..at]);
    format!("line {line}, column {}, byte {}", column + 1, block.start + at as u64)
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("'{}'", char::from(byte)) } else { format!("the byte {byte}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::site::lists::Taker;

    fn check(signed: &[u8], now: &[u8]) -> Option<Place> {
        let listed = Taker::of(signed).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), now).unwrap();
        let signed = Signed { hash: &listed.hash, size: listed.size, blocks: &listed.blocks };
        locate(file.path(), signed).unwrap()
    }

    fn text() -> Vec<u8> {
        (0..400).flat_map(|line| format!("ITA,PHL,{line},{}\n", line * 7_919).into_bytes()).collect()
    }

    #[test]
    fn one_altered_byte_is_named_with_what_it_was() {
        let signed = text();
        for at in [0, 1, 1_023, 1_024, 3_000, signed.len() - 1] {
            let mut now = signed.clone();
            now[at] = if now[at] == b'9' { b'8' } else { b'9' };
            let line = signed[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let place = check(&signed, &now).unwrap();
            assert!(place.place.starts_with(&format!("line {line}, column ")), "{place:?}");
            assert!(place.place.ends_with(&format!(", byte {at}")), "{place:?}");
            assert_eq!(
                place.what,
                format!("{} stands where {} was signed", shown(now[at]), shown(signed[at]))
            );
        }
    }

    #[test]
    fn more_than_one_byte_is_named_by_block_and_a_length_by_where_it_begins_to_differ() {
        let signed = text();
        let mut now = signed.clone();
        now[2_050..2_060].fill(b'#');
        let place = check(&signed, &now).unwrap();
        assert!(place.place.ends_with("byte 2048") && place.what.contains("up to byte 3072"), "{place:?}");
        now[5_000] = b'#';
        assert!(check(&signed, &now).unwrap().what.ends_with("and 1 other places"));
        now.remove(1_500);
        assert!(check(&signed, &now).unwrap().place.ends_with("byte 1024"));
        let place = check(&signed, &signed[..2_048]).unwrap();
        assert_eq!((place.place.as_str(), place.what.contains("2048 bytes long")), ("byte 2048", true));
        assert_eq!(check(&signed, &signed), None);
    }
}
