//! Cards, mandates and the keyring.
