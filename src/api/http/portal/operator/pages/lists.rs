//! Texts of agreements, as the node words them: headings, paragraphs and lists.

use maud::{Markup, html};

/// A text with `#` headings and `-` lists, in which an indented item belongs to the one before it. The first heading is
/// the page's own.
pub(super) fn text(text: &str) -> Markup {
    let mut blocks: Vec<Markup> = Vec::new();
    let mut items: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().chain([""]) {
        let inner = line.strip_prefix("  - ");
        if let (Some(inner), Some((_, below))) = (inner, items.last_mut()) {
            below.push(inner.to_owned());
            continue;
        }
        if let Some(item) = line.strip_prefix("- ") {
            items.push((item.to_owned(), Vec::new()));
            continue;
        }
        if !items.is_empty() {
            blocks.push(html! { ul { @for (item, below) in &items {
                li { (item) @if !below.is_empty() { ul { @for one in below { li { (one) } } } } }
            } } });
            items.clear();
        }
        match (line.strip_prefix("## "), line.strip_prefix("# ")) {
            (Some(heading), _) => blocks.push(html! { h3 { (heading) } }),
            (None, Some(_)) => {}
            (None, None) if line.trim().is_empty() => {}
            (None, None) => blocks.push(html! { p { (line) } }),
        }
    }
    html! { @for block in &blocks { (block) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_and_paragraphs_are_told_apart_and_escaped() {
        let page = text("# Title\n\nIn <force>.\n\n## Parties\n\n- A\n  - one\n  - two\n- B\n\nEnd.\n")
            .into_string();
        assert_eq!(
            page,
            "<p>In &lt;force&gt;.</p><h3>Parties</h3><ul><li>A<ul><li>one</li><li>two</li></ul></li><li>B</li></ul><p>End.</p>"
        );
    }
}
