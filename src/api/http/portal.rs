//! The portal: pages for people, drawn on the server.

#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "what the pages draw with"))]
mod picture;
