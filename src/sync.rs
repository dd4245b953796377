//! Room: sync.
