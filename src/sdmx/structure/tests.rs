//! Messages of structures.
