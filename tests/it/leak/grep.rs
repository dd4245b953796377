//! Searching bytes for what must not be in them: values in every form that a program might give them, keys, names of
//! agreements; in the bytes as they are, and in all that is found compressed in them.

use std::collections::BTreeSet;
use std::path::Path;

use corridor::feed::block::BlockReader;
use corridor::model::Record;
use corridor::view::Page;
use corridor::view::page::series_key;
use corridor::view::row::State;
use zstd::zstd_safe;

use super::figures::{Figures, INDICATORS, SMALLEST};

/// What every name of an agreement begins with; twelve hexadecimal digits follow.
pub(crate) const NAME: &str = "Accord-";
/// The first bytes of a zstd frame.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// More than any block or page has, in bytes.
const MAX_PLAIN: usize = 8 << 20;
/// The parts of a series key.
const DOTS: usize = 13;

/// What to search for.
pub(crate) struct Needles<'a>(pub(crate) &'a Figures);

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) values: BTreeSet<i64>,
    pub(crate) keys: BTreeSet<String>,
    pub(crate) names: BTreeSet<String>,
    /// How many bytes were searched, unpacked ones counted.
    pub(crate) searched: usize,
    /// How many compressed frames were looked into.
    pub(crate) opened: usize,
}

impl Needles<'_> {
    /// Searches all files below a directory.
    pub(crate) fn files(&self, dir: &Path, found: &mut Found) {
        for item in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = item.path();
            if path.is_dir() {
                self.files(&path, found);
            } else {
                self.bytes(&std::fs::read(&path).unwrap_or_default(), found);
            }
        }
    }

    /// Searches bytes, and what is compressed in them.
    pub(crate) fn bytes(&self, bytes: &[u8], found: &mut Found) {
        self.plain(bytes, found);
        let starts = bytes.windows(ZSTD.len()).enumerate().filter(|(_, window)| *window == ZSTD);
        for at in starts.map(|(at, _)| at).collect::<Vec<_>>() {
            let Ok(length) = zstd_safe::find_frame_compressed_size(&bytes[at..]) else { continue };
            let frame = &bytes[at..at + length];
            let size = zstd_safe::get_frame_content_size(frame).ok().flatten().unwrap_or(1 << 20);
            let size = usize::try_from(size).unwrap_or(MAX_PLAIN).min(MAX_PLAIN);
            let Ok(plain) = zstd::bulk::decompress(frame, size) else { continue };
            found.opened += 1;
            self.plain(&plain, found);
            // A block of columns has its coding before it.
            let coded = [&[2], frame].concat();
            if let Ok((block, records)) = BlockReader::default().read(&coded) {
                self.plain(block.bytes(), found);
                self.records(&records, found);
            }
            if let Ok(rows) = Page::from_bytes(plain).and_then(Page::into_rows) {
                for (row, piece) in rows {
                    found.keys.extend(series_key(&row.key).map(|key| key.to_string()));
                    for version in piece.versions() {
                        if let State::Stated { value: Some(value), .. } = &version.state {
                            self.value(value.mantissa(), found);
                        }
                    }
                }
            }
        }
    }

    /// Takes note of what records say.
    pub(crate) fn records(&self, records: &[Record], found: &mut Found) {
        for record in records {
            match record {
                Record::Series(series) => {
                    found.keys.insert(series.key().to_string());
                    for value in series.observations().iter().filter_map(|one| one.value()) {
                        self.value(value.mantissa(), found);
                    }
                }
                Record::Retraction(retraction) => {
                    found.keys.insert(retraction.key().to_string());
                }
                Record::Document(_) | Record::Receipt(_) => {}
            }
        }
    }

    fn value(&self, value: i128, found: &mut Found) {
        let value = i64::try_from(value).unwrap_or(0);
        if self.0.by_value.contains_key(&value) {
            found.values.insert(value);
        }
    }

    /// Numbers in eight bytes of either order, as they are and doubled as signed ones are; in seven bits a byte;
    /// in digits. Keys and names as text.
    fn plain(&self, bytes: &[u8], found: &mut Found) {
        found.searched += bytes.len();
        for window in bytes.array_windows::<8>() {
            let number = u64::from_le_bytes(*window);
            if number == 0 {
                continue;
            }
            self.number(number, found);
            self.number(number.swap_bytes(), found);
            if window[..5].iter().all(|byte| *byte >= 0x80) {
                self.number(seven_bits(window), found);
            }
        }
        // The last ones are shorter than a window.
        for start in bytes.len().saturating_sub(8)..bytes.len() {
            let mut window = [0; 8];
            window[..bytes.len() - start].copy_from_slice(&bytes[start..]);
            self.number(seven_bits(&window), found);
        }
        for run in bytes.split(|byte| !byte.is_ascii_digit()).filter(|run| run.len() == 13) {
            let text = str::from_utf8(run).unwrap_or_default();
            self.value(text.parse().unwrap_or(0), found);
        }
        self.texts(bytes, found);
    }

    fn number(&self, number: u64, found: &mut Found) {
        const LEAST: u64 = SMALLEST as u64;
        if number >> 45 == 0 && number >= LEAST {
            self.value(number.into(), found);
            if number.is_multiple_of(2) {
                self.value((number / 2).into(), found);
            }
        }
    }

    fn texts(&self, bytes: &[u8], found: &mut Found) {
        let of_key = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"._:-".contains(byte);
        let long =
            |run: &&[u8]| run.len() > 2 * DOTS && run.iter().filter(|byte| **byte == b'.').count() >= DOTS;
        for run in bytes.split(|byte| !of_key(byte)).filter(long) {
            let parts: Vec<&str> = str::from_utf8(run).unwrap_or_default().split('.').collect();
            for parts in parts.array_windows::<{ DOTS + 1 }>() {
                self.key(parts, found);
            }
        }
        self.names(bytes, found);
    }

    /// A key as it is written, or in the order of views; what stands before or after it may look like a part of it.
    fn key(&self, parts: &[&str; DOTS + 1], found: &mut Found) {
        let mut own = *parts;
        own[0] = &own[0][own[0].len().saturating_sub(1)..];
        let mut forms = vec![own];
        forms.extend(INDICATORS.iter().filter(|one| parts[0].ends_with(one.code)).map(|one| {
            let mut view = *parts;
            view[0] = one.code;
            OWN_ORDER.map(|at| view[at])
        }));
        for form in forms {
            let start = form[..DOTS].join(".");
            for end in 1..=form[DOTS].len() {
                let text = format!("{start}.{}", &form[DOTS][..end]);
                if self.0.by_key.contains_key(&text) {
                    found.keys.insert(text);
                }
            }
        }
    }

    fn names(&self, bytes: &[u8], found: &mut Found) {
        for (at, window) in bytes.windows(NAME.len()).enumerate() {
            let digits = bytes.get(at + NAME.len()..at + NAME.len() + 12).unwrap_or_default();
            // What stands half in compressed bytes is found whole in what they are of.
            if window == NAME.as_bytes() && digits.len() == 12 && digits.iter().all(u8::is_ascii_hexdigit) {
                found.names.insert(format!("{NAME}{}", String::from_utf8_lossy(digits)));
            }
        }
    }
}

/// The parts of a key in its own order, of one in the order of views.
const OWN_ORDER: [usize; DOTS + 1] = [3, 1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

fn seven_bits(bytes: &[u8; 8]) -> u64 {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return number;
        }
    }
    0
}
