//! `publish-site`, and `verify` of what it wrote: a copy of everything public as a folder of plain files, which a ministry
//! puts on its own web server and anybody can check without a node.
//!
//! ```text
//!  corridor-site.json       who made the copy, when, of which entries; signs the hash of the list
//!  SHA256SUMS               the list: every other file with its hash, as `sha256sum -c` reads it
//!  blocks.txt               every file's length and the checksum of each KiB, so that a fault can be named by place
//!  cards/PHL.txt            the card of each government that publishes
//!  data/PHL/MF_EMI.csv      its figures that count now, as `corridor get --format csv` has them
//!  data/PHL/MF_EMI.sdmx.csv the same as SDMX-CSV 2.0
//!  evidence/PHL/MF_EMI/….json  a citation for each series and entry that states it
//!  en/ fr/ es/ assets/      the pages of the portal, linked with each other
//! ```
//!
//! The folder is written beside the old one and takes its place at once, when it is whole; what has not changed is the
//! same file as before. Only what everybody may read can get in: nothing here asks for another scope.
//! Start reading at [`publish()`], then [`verify()`].

mod figures;
mod lists;
mod locate;
mod proof;
mod publish;
mod stage;
mod target;
mod verify;

use crate::node::site::{escaped, evidence_of};
pub(super) use publish::run as publish;
pub(super) use verify::run as verify;

/// The manifest's name.
const MANIFEST: &str = "corridor-site.json";
/// The list's name.
const LIST: &str = "SHA256SUMS";
/// The name of the file with checksums of blocks.
const BLOCKS: &str = "blocks.txt";
/// The most files of a copy.
const MAX_FILES: usize = 1_000_000;
/// The longest list, or file of checksums, that is read, in bytes.
const MAX_LIST: u64 = 512 << 20;

/// Where the figures of a publisher and indicator lie: the path without its ending.
fn data_of(name: &str, indicator: &str) -> String {
    format!("data/{name}/{}", escaped(indicator))
}

/// Where a publisher's card lies.
fn card_of(name: &str) -> String {
    format!("cards/{name}.txt")
}
