//! Which measures were asked for, so that the others are not made.

use crate::report::GROWTH;

/// Beginnings of names; none: all.
#[derive(Default)]
pub(crate) struct Wanted(Vec<String>);

impl Wanted {
    /// Reads `import,sync,…`. Growth needs what it is the growth of.
    pub(crate) fn parse(text: &str) -> Self {
        let mut names: Vec<String> = text.split(',').map(str::to_owned).collect();
        for (growth, of) in GROWTH {
            if names.iter().any(|name| alike(growth, name)) {
                names.push(of.to_owned());
            }
        }
        Self(names)
    }

    /// Whether everything is wanted.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a measure whose name begins with one of these is wanted.
    pub(crate) fn any(&self, stems: &[&str]) -> bool {
        self.is_all() || stems.iter().any(|stem| self.0.iter().any(|name| alike(stem, name)))
    }

    /// Whether this very measure is wanted.
    pub(crate) fn has(&self, measure: &str) -> bool {
        self.is_all() || self.0.iter().any(|name| measure.starts_with(name.as_str()))
    }
}

/// Whether one begins with the other.
fn alike(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}
