//! Feed files under torn writes, damage and restarts.
