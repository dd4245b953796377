//! Corridor: governments exchange signed Migration Profile records, with no one in the middle.

pub mod crypto;
pub mod model;
pub mod feed;
pub mod policy;
pub mod intake;
pub mod view;
pub mod insight;
pub mod store;
pub mod sync;
pub mod wire;
pub mod net;
pub mod node;
pub mod api;
pub mod config;
pub mod cli;
