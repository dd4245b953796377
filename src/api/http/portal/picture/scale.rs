//! From values to places and classes.

/// How many classes of value there are at most.
pub(crate) const CLASSES: usize = 6;

/// Marks of an axis from 0 or below to the largest value or above, at 1, 2 or 5 times a power of ten.
pub(super) fn ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let (low, high) = (tame(low).min(0.0), tame(high).max(0.0));
    let span = if high > low { high - low } else { 1.0 };
    let raw = span / about.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= raw * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) =
        ((low / step - 1e-9).ceil().min((low / step).floor()), (high.max(low + span) / step - 1e-9).ceil());
    let count = ((last - first) as usize).min(MAX_TICKS);
    (0..=count).map(|at| (first + at as f64) * step).collect()
}

/// More marks than this no axis has room for.
const MAX_TICKS: usize = 20;

/// A number that can be drawn: finite and not so large that differences vanish.
pub(super) fn tame(value: f64) -> f64 {
    if value.is_finite() { value.clamp(-1e15, 1e15) } else { 0.0 }
}

/// Places a value between two ends of a range on paper.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

impl Scale {
    pub(super) fn at(&self, value: f64) -> f64 {
        let span = self.from.1 - self.from.0;
        if span == 0.0 || !span.is_finite() {
            return (self.to.0 + self.to.1) / 2.0;
        }
        self.to.0 + (tame(value) - self.from.0) / span * (self.to.1 - self.to.0)
    }
}

/// Classes of equal count, their bounds rounded to two figures so that a legend can be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Classes {
    /// The least value of each class, rising; the first is the least of all.
    pub(crate) from: Vec<f64>,
    /// The largest value.
    pub(crate) to: f64,
}

impl Classes {
    /// Over the values that are finite; `None` where there are none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).map(tame).collect();
        sorted.sort_by(f64::total_cmp);
        let (least, largest) = (*sorted.first()?, *sorted.last()?);
        let mut from = vec![least];
        for at in 1..CLASSES {
            let bound = rounded(sorted[at * sorted.len() / CLASSES]);
            let previous = from[from.len() - 1];
            if bound > previous && bound <= largest {
                from.push(bound);
            }
        }
        Some(Self { from, to: largest })
    }

    /// The class of a value.
    pub(crate) fn class(&self, value: f64) -> usize {
        self.from.iter().skip(1).filter(|bound| value >= **bound).count()
    }

    /// Least and largest of each class; the largest is where the next begins.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (f64, f64)> {
        let ends = self.from.iter().skip(1).copied().chain([self.to]);
        self.from.iter().copied().zip(ends)
    }
}

/// Two significant figures.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powf(value.abs().log10().floor() - 1.0);
    if unit >= 1.0 { (value / unit).round() * unit } else { (value / unit).round() / (1.0 / unit).round() }
}
