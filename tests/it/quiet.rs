//! Panics that a test looks for are told with what made them, once, and not by the usual hook as well.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of threads whose panics nobody catches where they can be told: they are counted.
pub(crate) const WATCHED: &str = "watched";

static COUNTED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Lets panics of [`WATCHED`] threads be counted, and of quiet ones be silent.
pub(crate) fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() == Some(WATCHED) {
                COUNTED.fetch_add(1, Ordering::SeqCst);
            }
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}

/// How many panics the watched threads have had.
pub(crate) fn counted() -> u64 {
    COUNTED.load(Ordering::SeqCst)
}

/// Runs something; its panic is the error, in words.
pub(crate) fn quietly<T>(what: impl FnOnce() -> T) -> Result<T, String> {
    watch();
    let was = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(what));
    QUIET.set(was);
    result.map_err(|panic| said(panic.as_ref()))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}
