//! Stories.

pub(crate) mod figures;
