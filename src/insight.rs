//! Room: insight.
