//! What every picture is made of: the frame with its name, text that is safe, numbers that are short.

use maud::{Markup, PreEscaped};
use svg::node::element::{Definitions, Description, Element, Path, Pattern, Rectangle, SVG, Text, Title};
use svg::node::{Node, Value};

/// How a picture is called. `id` is unique on its page; the description says in a sentence what is to be seen.
#[derive(Clone, Copy)]
pub(crate) struct Caption<'a> {
    /// Begins with a letter; other characters than letters, digits and `-` are dropped.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
}

impl Caption<'_> {
    /// The id of a part of the picture.
    pub(super) fn part(&self, name: &str) -> String {
        let safe: String =
            self.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(MAX_ID).collect();
        format!("p-{safe}-{name}")
    }
}

/// Whether the parts inside of a picture are read one by one, as links are, or the whole is one image.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    Image,
    Group,
}

/// An empty picture of `width` by `height` units, with its name.
pub(super) fn frame(caption: &Caption<'_>, role: Role, class: &str, (width, height): (f64, f64)) -> SVG {
    let (title, description) = (caption.part("t"), caption.part("d"));
    let svg = SVG::new()
        .set("viewBox", format!("0 0 {} {}", short(width), short(height)))
        .set("class", format!("pic {class}"))
        .set("width", short(width))
        .set("height", short(height))
        .set("role", if role == Role::Image { "img" } else { "group" })
        .set("aria-labelledby", title.clone())
        .set("font-family", "system-ui,sans-serif")
        .set("font-size", 14)
        .set("fill", "currentColor")
        .add(Title::new(clean(caption.title)).set("id", title));
    if caption.description.is_empty() {
        return svg;
    }
    svg.set("aria-describedby", description.clone())
        .add(Description::new().set("id", description).add(svg::node::Text::new(clean(caption.description))))
}

pub(super) fn markup(svg: &SVG) -> Markup {
    PreEscaped(svg.to_string())
}

/// Longest text in a picture, in characters: names of countries are far below.
const MAX_TEXT: usize = 240;

/// Longest id.
const MAX_ID: usize = 40;

/// Text without characters that XML forbids and without marks that turn the direction of what follows. Escaping is
/// done by the element that it is put in.
pub(crate) fn clean(text: &str) -> String {
    let kept = |c: &char| {
        !matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
            && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    let spaced =
        text.chars().map(|c| if c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}' { ' ' } else { c });
    spaced.filter(kept).take(MAX_TEXT).collect()
}

/// Cuts to `width` units at the font's size, with an ellipsis where something was cut.
pub(super) fn fit(text: &str, width: f64, font: f64) -> String {
    let text = clean(text);
    let mut used = 0.0;
    for (at, c) in text.char_indices() {
        used += advance(c) * font;
        if used > width && at > 0 {
            let kept = text[..at].trim_end().to_owned();
            let mut kept: Vec<char> = kept.chars().collect();
            kept.pop();
            return kept.into_iter().collect::<String>().trim_end().to_owned() + "…";
        }
    }
    text
}

/// About how wide text is. Fonts differ between machines, so this leans to the wide side.
pub(super) fn width_of(text: &str, font: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * font
}

fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ' ' | '\u{a0}' | '\u{202f}' | '\'' | '('
        | ')' => 0.38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
        c if c.is_uppercase() => 0.72,
        c if (c as u32) < 0x2e80 => 0.6,
        _ => 1.05,
    }
}

/// One decimal, without what need not be written. What is not finite becomes 0, so that no picture breaks.
pub(super) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let tenths = (value.clamp(-1e7, 1e7) * 10.0).round();
    let text = format!("{}", tenths / 10.0);
    if text == "-0" { "0".to_owned() } else { text }
}

/// Text at a place.
pub(super) fn text(content: &str, (x, y): (f64, f64), anchor: &str) -> Text {
    Text::new(clean(content)).set("x", short(x)).set("y", short(y)).set("text-anchor", anchor)
}

/// Parts that are one thing, with its name, which is read and shown at the pointer; a link, where there is one. Only
/// places of this site are linked to.
pub(super) fn named(href: Option<&str>, label: &str, parts: Vec<Box<dyn Node>>) -> Element {
    let local = |href: &&str| {
        href.starts_with(['?', '#'])
            || href.starts_with('/') && !href.starts_with("//") && !href.contains('\\')
    };
    let mut element = match href.filter(local) {
        None => Element::new("g"),
        Some(href) => with(Element::new("a"), &[("href", &clean(href))]),
    };
    if !label.is_empty() {
        element.append(Title::new(clean(label)));
    }
    parts.into_iter().for_each(|part| element.append(part));
    element
}

/// The pattern for what has no value: different from every class, and from none.
pub(super) fn hatch(id: &str) -> Definitions {
    let pattern = Pattern::new()
        .set("id", id)
        .set("width", 6)
        .set("height", 6)
        .set("patternUnits", "userSpaceOnUse")
        .set("patternTransform", "rotate(45)")
        .add(Rectangle::new().set("class", "paper").set("width", 6).set("height", 6).set("fill", "#fff"))
        .add(
            Path::new()
                .set("class", "hatch")
                .set("d", "M0 0V6")
                .set("stroke", "#8a8a8a")
                .set("stroke-width", 2),
        );
    Definitions::new().add(pattern)
}

/// Sets several attributes at once.
pub(super) fn with<N: Node>(mut node: N, attributes: &[(&str, &str)]) -> N {
    for (name, value) in attributes {
        node.assign(*name, Value::from(*value));
    }
    node
}
