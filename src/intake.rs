//! Room: intake.
