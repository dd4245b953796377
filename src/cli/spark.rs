//! Sparklines: a series of numbers as one word of a terminal's line.

/// The bars, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The longest line; of longer series the newest part is drawn.
const MAX_WIDTH: usize = 60;

/// A bar for each number, scaled from zero to the largest, so that heights can be compared; a blank where there is no
/// number. Only for the eye: the numbers beside it are exact.
pub(super) fn line(numbers: &[Option<f64>]) -> String {
    let shown = &numbers[numbers.len().saturating_sub(MAX_WIDTH)..];
    let largest = shown.iter().flatten().copied().fold(0.0, f64::max);
    let bar = |number: &Option<f64>| match number {
        None => ' ',
        Some(_) if largest <= 0.0 => BARS[0],
        Some(number) => BARS[height(number / largest)],
    };
    shown.iter().map(bar).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product is between 0 and 7: it is held there"
)]
fn height(share: f64) -> usize {
    (share * 7.0).round().clamp(0.0, 7.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_rise_from_zero_to_the_largest() {
        assert_eq!(line(&[Some(0.0), Some(3.5), Some(7.0)]), "▁▅█");
        assert_eq!(line(&[Some(1.0), None, Some(1.0)]), "█ █");
        assert_eq!(line(&[Some(0.0), Some(-2.0)]), "▁▁");
        assert_eq!(line(&[]), "");
        assert_eq!(line(&vec![Some(1.0); 100]).chars().count(), MAX_WIDTH);
    }
}
