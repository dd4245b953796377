//! What the colours of a picture mean, as a list in text that grows with the reader's font.

use maud::{Markup, PreEscaped, html};
use svg::node::element::{Rectangle, SVG};

use super::element::{clean, hatch};
use super::palette::{CHOSEN, CLASS_FILLS, FLOW_IN, FLOW_OUT};

/// One line of a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    /// A class of value, from 0.
    Class(usize),
    /// Zero, which is a value.
    Zero,
    /// No value.
    Missing,
    /// The country that is chosen.
    Chosen,
    /// A flow that leaves.
    Out,
    /// A flow that arrives.
    In,
}

/// A list of swatches with their words. `id` is unique on the page.
pub(crate) fn legend(id: &str, keys: &[(Key, String)]) -> Markup {
    html! {
        @if !keys.is_empty() {
            ul.pic-legend { @for (at, (key, label)) in keys.iter().enumerate() {
                li { (swatch(&format!("k-{}-{at}", clean(id).replace(' ', "-")), *key)) span { (clean(label)) } }
            } }
        }
    }
}

fn swatch(id: &str, key: Key) -> Markup {
    let hatched = format!("url(#{id})");
    let (class, fill) = match key {
        Key::Class(at) => {
            let at = at.min(CLASS_FILLS.len() - 1);
            (format!("q{at}"), CLASS_FILLS[at])
        }
        Key::Zero => ("paper".to_owned(), "#fff"),
        Key::Missing => ("none".to_owned(), hatched.as_str()),
        Key::Chosen => ("chosen".to_owned(), CHOSEN),
        Key::Out => ("out".to_owned(), FLOW_OUT),
        Key::In => ("in".to_owned(), FLOW_IN),
    };
    let square = Rectangle::new()
        .set("class", class)
        .set("x", 0.5)
        .set("y", 0.5)
        .set("width", 23)
        .set("height", 15)
        .set("fill", fill)
        .set("stroke", "#666")
        .set("stroke-width", 1);
    let mut svg = SVG::new()
        .set("class", "pic-key")
        .set("viewBox", "0 0 24 16")
        .set("width", 24)
        .set("height", 16)
        .set("aria-hidden", "true");
    if key == Key::Missing {
        svg = svg.add(hatch(id));
    }
    PreEscaped(svg.add(square).to_string())
}
