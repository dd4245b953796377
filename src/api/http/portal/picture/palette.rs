//! Colours, and the style sheet that refines them.
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
pub(crate) const STYLE: &str = "\
.pic{display:block;width:100%;height:auto;max-width:100%;font-family:inherit;color:inherit}\
.pic text{fill:currentColor}\
.pic text.on0,.pic text.on1,.pic text.on2,.pic text.on3{fill:#1a1a1a}.pic text.on4,.pic text.on5{fill:#fff}\
.pic-spark{display:inline-block;width:6em;height:1.4em;vertical-align:middle;overflow:visible}\
.pic-narrow{display:none}\
.pic-map a:focus-visible{outline:none}\
.pic-map a:hover .area,.pic-map a:focus-visible .area,.pic-map a:hover .dot,.pic-map a:focus-visible .dot\
{stroke:#000;stroke-width:2;paint-order:normal}\
.pic-bars a:hover text,.pic-bars a:focus-visible text,.pic-heat a:focus-visible text{text-decoration:underline}\
.pic-heat a:focus-visible rect{stroke:#000;stroke-width:2}\
.pic .q0,.pic-key .q0{fill:#c6dbef}.pic .q1,.pic-key .q1{fill:#9ecae1}.pic .q2,.pic-key .q2{fill:#6baed6}\
.pic .q3,.pic-key .q3{fill:#4292c6}.pic .q4,.pic-key .q4{fill:#2171b5}.pic .q5,.pic-key .q5{fill:#084594}\
.pic-scroll{overflow-x:auto}.pic-heat{width:auto;max-width:none}\
.pic-bars{max-width:36rem}.pic-lines{max-width:48rem}\
.pic-legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;margin:.5rem 0;font-size:.875rem}\
.pic-legend li{display:flex;align-items:center;gap:.4rem}\
.pic-key{width:1.5em;height:1em;flex:none}\
@media(max-width:40rem){.pic-wide{display:none}.pic-narrow{display:block}.pic-map text{font-size:26px}}\
@media print{.pic-wide{display:block}.pic-narrow{display:none}.pic-map text{font-size:14px}}\
@media screen and (prefers-color-scheme:dark){\
.pic-map .sea{fill:#10151c}.pic .area,.pic-key .area{fill:#3a3f46;stroke:#10151c}\
.pic .q0,.pic-key .q0{fill:#1d2f42}.pic .q1,.pic-key .q1{fill:#23486b}.pic .q2,.pic-key .q2{fill:#2f6597}\
.pic .q3,.pic-key .q3{fill:#5290c4}.pic .q4,.pic-key .q4{fill:#8dbde6}.pic .q5,.pic-key .q5{fill:#d3e7fa}\
.pic text.on0,.pic text.on1,.pic text.on2{fill:#fff}.pic text.on3,.pic text.on4,.pic text.on5{fill:#111}\
.pic .chosen,.pic-key .chosen{fill:#f2c14e;stroke:#fff}\
.pic .out,.pic-key .out{fill:#c4aef5}.pic .in,.pic-key .in{fill:#ffb066}\
.pic .grid{stroke:#4a4a4a}.pic .axis{stroke:#aaa}.pic .hatch,.pic-key .hatch{stroke:#aaa}\
.pic .paper,.pic-key .paper{fill:#22262b}.pic .bar{fill:#6baed6}\
.pic-map a:hover .area,.pic-map a:focus-visible .area,.pic-map a:hover .dot,.pic-map a:focus-visible .dot,\
.pic-heat a:focus-visible rect{stroke:#fff}\
.pic .s0{color:#56b4e9}.pic .s1{color:#ff9a57}.pic .s2{color:#b3a6f0}\
.pic .s3{color:#e78ac0}.pic .s4{color:#bbb}.pic .s5{color:#ddaa33}}";
