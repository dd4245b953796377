//! Pages as sled has them: compressed, found by a place in the view.

use std::cell::RefCell;

use super::StoreError;
use super::layout::PAGE;
use crate::view::Page;

/// A page's key and its value.
pub(super) type Packed = (sled::IVec, sled::IVec);

/// The most plain bytes of a page: far above what splitting leaves, and little enough for a damaged one.
const MAX_PAGE: usize = 8 << 20;
/// Pages are rewritten often: the fastest level of zstd gives most of the gain.
const LEVEL: i32 = 1;
/// Bytes before the compressed ones.
const HEAD: usize = 4;

thread_local! {
    // Their tables are larger than a page; making them takes longer than reading one.
    static UNPACK: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    static PACK: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

/// The page on which a place is.
pub(super) fn at(tree: &sled::Tree, mut place: Vec<u8>) -> Result<Option<Packed>, StoreError> {
    place.push(0);
    Ok(tree.get_lt(place)?.filter(|(key, _)| key.first() == Some(&PAGE)))
}

/// The page after the one with this key.
pub(super) fn after(tree: &sled::Tree, key: &[u8]) -> Result<Option<Packed>, StoreError> {
    Ok(tree.get_gt(key)?.filter(|(key, _)| key.first() == Some(&PAGE)))
}

/// A page from sled's value.
pub(super) fn open(value: &[u8]) -> Result<Page, StoreError> {
    let broken = |what: &dyn ToString| StoreError::Derived(what.to_string());
    let (length, packed) = value.split_first_chunk::<HEAD>().ok_or_else(|| broken(&"a page is too short"))?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > MAX_PAGE {
        return Err(broken(&"a page is too long"));
    }
    let mut plain = Vec::with_capacity(length);
    UNPACK
        .with_borrow_mut(|unpack| {
            let unpack = match unpack {
                Some(unpack) => unpack,
                none => none.insert(zstd::bulk::Decompressor::new()?),
            };
            unpack.decompress_to_buffer(packed, &mut plain)
        })
        .map_err(|error| broken(&error))?;
    Page::from_bytes(plain).map_err(|error| broken(&error))
}

/// The value in sled for a page's bytes.
pub(super) fn pack(plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(plain.len()).map_err(|error| StoreError::Derived(error.to_string()))?;
    let packed = PACK.with_borrow_mut(|pack| {
        let pack = match pack {
            Some(pack) => pack,
            none => none.insert(zstd::bulk::Compressor::new(LEVEL)?),
        };
        pack.compress(plain)
    });
    let packed = packed.map_err(|error| StoreError::Derived(error.to_string()))?;
    let mut value = Vec::with_capacity(HEAD + packed.len());
    value.extend_from_slice(&length.to_le_bytes());
    value.extend_from_slice(&packed);
    Ok(value)
}
