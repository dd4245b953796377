//! Sheets that were made, for the next picture: the world for good, its parts while there is room.
//!
//! Which part is shown depends on its countries alone, so a part is kept under their codes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::geo::world;
use super::outline::{Sheet, all, part};

/// Parts that are kept: the groups of countries that pages show at one time.
const MAX_PARTS: usize = 64;
/// Bytes of parts that are kept.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The whole world.
pub(super) fn whole() -> Arc<Sheet> {
    Arc::clone(WORLD.get_or_init(|| Arc::new(all())))
}

static WORLD: OnceLock<Arc<Sheet>> = OnceLock::new();

/// Whether the world is there.
#[cfg(test)]
pub(super) fn is_warm() -> bool {
    WORLD.get().is_some()
}

/// The part of the world in which these countries lie; the whole where they lie all over it, or are not known.
pub(super) fn around(codes: &[&str]) -> Arc<Sheet> {
    static PARTS: Mutex<Parts> = Mutex::new(Parts { all: VecDeque::new(), bytes: 0 });
    let lock = || PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = key(codes);
    if let Some(sheet) = lock().known(&key) {
        return sheet;
    }
    // Made outside of the lock: who asks for another part does not wait.
    let sheet = part(&key).map_or_else(whole, Arc::new);
    lock().keep(key, Arc::clone(&sheet));
    sheet
}

/// The codes that are known, each once and in order.
type Key = Vec<&'static str>;

fn key(codes: &[&str]) -> Key {
    let known = codes.iter().filter_map(|code| Some(*world().lands.get_key_value(*code)?.0));
    let mut key: Key = known.collect();
    key.sort_unstable();
    key.dedup();
    key
}

/// Parts with their codes, the one that was asked for last at the end, and their bytes.
struct Parts {
    all: VecDeque<(Key, Arc<Sheet>)>,
    bytes: usize,
}

impl Parts {
    fn known(&mut self, key: &[&str]) -> Option<Arc<Sheet>> {
        let at = self.all.iter().position(|(one, _)| *one == key)?;
        let part = self.all.remove(at)?;
        let sheet = Arc::clone(&part.1);
        self.all.push_back(part);
        Some(sheet)
    }

    fn keep(&mut self, key: Key, sheet: Arc<Sheet>) {
        // Another may have made it meanwhile.
        if self.known(&key).is_some() {
            return;
        }
        self.bytes += bytes(&sheet);
        self.all.push_back((key, sheet));
        while self.bytes > MAX_BYTES || self.all.len() > MAX_PARTS {
            let Some((_, gone)) = self.all.pop_front() else { return };
            self.bytes -= bytes(&gone);
        }
    }
}

/// What a sheet takes; the world takes nothing, since it is there anyway.
fn bytes(sheet: &Sheet) -> usize {
    if sheet.is_world { 0 } else { sheet.bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_made_once_whatever_the_order_of_its_countries() {
        let first = around(&["PHL", "IDN", "no such"]);
        assert!(Arc::ptr_eq(&first, &around(&["IDN", "PHL", "IDN"])));
        assert!(!Arc::ptr_eq(&first, &around(&["IDN", "MYS"])));
        assert!(Arc::ptr_eq(&whole(), &around(&["CAN", "PHL", "ITA"])), "all over the world is the world");
    }

    #[test]
    fn parts_have_room_for_so_many_and_for_so_many_bytes() {
        let sheet = |letters: usize| {
            let (lands, rest) = (std::collections::BTreeMap::new(), "x".repeat(letters));
            Arc::new(Sheet { height: 1.0, lands, rest, is_world: false })
        };
        let codes: Key = world().lands.keys().copied().collect();
        let mut parts = Parts { all: VecDeque::new(), bytes: 0 };
        for code in &codes[..MAX_PARTS + 1] {
            parts.keep(vec![code], sheet(1));
            assert!(parts.known(&[codes[0]]).is_some() && parts.all.len() <= MAX_PARTS, "{code}");
        }
        assert!(parts.known(&[codes[1]]).is_none(), "the one that was asked for longest ago is gone");
        for code in &codes[100..104] {
            parts.keep(vec![code], sheet(MAX_BYTES / 3));
        }
        assert!(parts.bytes <= MAX_BYTES && parts.all.len() == 3);
        assert_eq!(parts.bytes, parts.all.iter().map(|(_, sheet)| bytes(sheet)).sum::<usize>());
    }
}
