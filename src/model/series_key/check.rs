//! Every code of a key against its list.

use crate::model::dimension::DIMENSIONS;
use crate::model::{Dimension, Known, ModelError, codelist, indicator, text};

/// Checks all codes in key order; the first wrong one is the error.
pub(super) fn all(parts: &[&str; DIMENSIONS]) -> Result<(), ModelError> {
    Dimension::ALL.into_iter().try_for_each(|dimension| one(dimension, parts))
}

/// Checks what differs from the codes of a key that was checked. A code is right or wrong by itself, but for a place:
/// it lies in the reporter or the counterpart, so it is checked again when one of these is another.
pub(super) fn beside(known: &[&str; DIMENSIONS], parts: &[&str; DIMENSIONS]) -> Result<(), ModelError> {
    let differs = |dimension: Dimension| known[dimension.position()] != parts[dimension.position()];
    let moved = differs(Dimension::RefArea) || differs(Dimension::CounterpartArea);
    Dimension::ALL
        .into_iter()
        .filter(|dimension| differs(*dimension) || (moved && *dimension == Dimension::Subnat))
        .try_for_each(|dimension| one(dimension, parts))
}

fn one(dimension: Dimension, parts: &[&str; DIMENSIONS]) -> Result<(), ModelError> {
    let code = parts[dimension.position()];
    match dimension {
        Dimension::Indicator => indicator::check(code),
        Dimension::Subnat => place(code, parts),
        _ => listed(dimension, code),
    }
}

fn listed(dimension: Dimension, code: &str) -> Result<(), ModelError> {
    match dimension.codelist() {
        Some(list) if !list.contains(code) => Err(list.unknown(dimension.id(), code)),
        _ => Ok(()),
    }
}

/// An ISO 3166-2 code of the reporter, or of the counterpart after `C:`; or `_T`, `_U`, `_Z`.
fn place(code: &str, parts: &[&str; DIMENSIONS]) -> Result<(), ModelError> {
    if matches!(code, "_T" | "_U" | "_Z") {
        return Ok(());
    }
    let (country, local) = match code.strip_prefix("C:") {
        Some(local) => (parts[Dimension::CounterpartArea.position()], local),
        None => (parts[Dimension::RefArea.position()], code),
    };
    if codelist::place_prefix(local).is_some_and(|prefix| is_prefix_of(prefix, country)) {
        return Ok(());
    }
    let known = Known::Places(codelist::alpha2(country));
    Err(ModelError::UnknownCode { dimension: "SUBNAT", value: text::shorten(code), known })
}

/// A country's places begin with its alpha-2 code; user-assigned areas have none and take `XA` to `XZ`.
fn is_prefix_of(prefix: &str, country: &str) -> bool {
    match codelist::alpha2(country) {
        Some(alpha2) => alpha2 == prefix,
        None => matches!(prefix.as_bytes(), [b'X', b'A'..=b'Z']) && country.starts_with('X'),
    }
}
