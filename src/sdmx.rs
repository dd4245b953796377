//! SDMX, the standard that statisticians' own tools read: messages made from what the views hold.
//!
//! What goes in: series as [`crate::view`] gives them, with the names of who states them. What comes out: bytes of
//! a message, written as they come, so that a message needs the memory of one series however long it is.
//!
//! | here | there |
//! |---|---|
//! | data structure `CORRIDOR:MIGPROFILE(1.0)` | the 14 dimensions of a key, the period, the value, the attributes |
//! | SDMX-CSV 1.0 and 2.0, SDMX-ML 2.1 generic and structure-specific, SDMX-JSON 2.0 | [`data::DataFormat`] |
//! | dataflows, code lists, concepts, who publishes, as SDMX-ML 2.1 and SDMX-JSON 2.0 | [`structure`] |
//! | addresses of SDMX-REST 1.5 and 2.x | [`query`] |
//!
//! What cannot travel in a format is told in [`data`]. The readers of the same formats are in [`crate::intake`]: what is
//! written here and read there gives the same records, byte for byte.
//!
//! What this room never does: open a socket or a file, ask the time, decide who may see what.
//!
//! Start reading at [`data::DataWriter`].

pub mod component;
pub mod data;
pub mod query;
pub mod structure;
