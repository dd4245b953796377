//! Colours as they are without a style sheet; `config/portal/picture.css` refines them by class.
//!
//! Six classes of one blue, after ColorBrewer's *Blues* (Brewer and Harrower, <https://colorbrewer2.org>), which stay
//! apart for colour-blind readers and in grey print. Series have their own hue, dash and mark each.

/// Land without a value in question.
pub(super) const LAND: &str = "#e4e2dd";
/// Where countries meet.
pub(super) const BORDER: &str = "#ffffff";
/// Classes, from the smallest to the largest.
pub(super) const CLASS_FILLS: [&str; super::CLASSES] =
    ["#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594"];
/// Text on a cell of each class: at least 4.5:1.
pub(super) const CLASS_INKS: [&str; super::CLASSES] =
    ["#1a1a1a", "#1a1a1a", "#1a1a1a", "#1a1a1a", "#ffffff", "#ffffff"];
/// The country that a page is about.
pub(super) const CHOSEN: &str = "#f2c14e";
/// A flow that leaves the chosen country, or any where none is chosen.
pub(super) const FLOW_OUT: &str = "#5e3c99";
/// A flow that arrives in the chosen country.
pub(super) const FLOW_IN: &str = "#b35806";
/// Lines of a grid.
pub(super) const GRID: &str = "#c9c9c9";
/// Series of a line chart: each at least 3:1 on white.
pub(super) const SERIES: [&str; super::lines::MAX_SERIES] =
    ["#0072b2", "#c44e00", "#332288", "#882255", "#666666", "#8a6d00"];
/// Strokes of the series, which tell them apart without colour.
pub(super) const DASHES: [&str; super::lines::MAX_SERIES] = ["none", "7 3", "2 3", "10 3 2 3", "4 2", "12 4"];

/// The rules for the classes of these pictures, for the style sheet of the pages.
pub(crate) const STYLE: &str = include_str!("../../../../../config/portal/picture.css");
