//! Origins by destinations as a field of cells in classes. A cell without a value is hatched: it is not zero.

use maud::{Markup, html};
use svg::node::element::{Element, Group, Path, SVG, Text};

use super::element::{Caption, Role, clean, fit, frame, hatch, markup, named, short, text, width_of};
use super::legend::{Key, legend};
use super::palette::{CLASS_FILLS, CLASS_INKS, LAND};

/// More rows or columns than this are a table.
pub(super) const MAX_SIDE: usize = 40;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    /// A class of value, from 0.
    Class(usize),
    /// Zero, which is a value.
    Zero,
    /// No value.
    Missing,
    /// A country with itself: nothing is asked for.
    Diagonal,
}

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct HeatCell {
    pub(crate) cell: Cell,
    /// Short, inside of the cell: left out where it has no room.
    pub(crate) text: String,
    /// What is read and shown at the pointer: from, to, and the value or why there is none.
    pub(crate) label: String,
    pub(crate) href: Option<String>,
}

/// What a field shows.
pub(crate) struct Heat<'a> {
    pub(crate) caption: Caption<'a>,
    pub(crate) rows: &'a [&'a str],
    pub(crate) columns: &'a [&'a str],
    /// What the rows and the columns are.
    pub(crate) axes: (&'a str, &'a str),
    /// Row by row; what is not there counts as missing.
    pub(crate) cells: &'a [Vec<HeatCell>],
    pub(crate) keys: &'a [(Key, String)],
}

const FONT: f64 = 13.0;
const ROW: f64 = 30.0;
/// From this many columns on, cells are small squares without text.
const MANY: usize = 15;
const SMALL: f64 = 24.0;
const AXIS: f64 = 22.0;
/// Most room for the name of a row.
const NAMES: f64 = 150.0;
/// Columns are as wide as their cells' text, between these.
const COLUMN: (f64, f64) = (34.0, 76.0);

/// Measures of one field.
struct Grid {
    left: f64,
    top: f64,
    column: f64,
    row: f64,
    with_text: bool,
    slanted: bool,
}

/// Draws it, with its legend; wider than a telephone, it is scrolled in its own box.
pub(crate) fn heat(heat: &Heat<'_>) -> Markup {
    let rows = &heat.rows[..heat.rows.len().min(MAX_SIDE)];
    let columns = &heat.columns[..heat.columns.len().min(MAX_SIDE)];
    let grid = grid(heat, rows, columns);
    let hatched = heat.caption.part("h");
    let right = if grid.slanted { 60.0 } else { 4.0 };
    let width = grid.left + grid.column * columns.len().max(1) as f64 + right;
    let height = grid.top + grid.row * rows.len().max(1) as f64 + 4.0;
    let any_link = heat.cells.iter().flatten().any(|cell| cell.href.is_some());
    let role = if any_link { Role::Group } else { Role::Image };
    let svg =
        frame(&heat.caption, role, "pic-heat", (width, height)).set("font-size", FONT).add(hatch(&hatched));
    let svg = labels(svg, heat, (rows, columns), &grid);
    let places = (0..rows.len()).flat_map(|row| (0..columns.len()).map(move |column| (row, column)));
    let cells = places.map(|at| (at, heat.cells.get(at.0).and_then(|cells| cells.get(at.1))));
    let field = Group::new().set("stroke", "#b5b5b5");
    let field = cells.clone().fold(field, |group, (at, cell)| group.add(square(cell, at, &grid, &hatched)));
    let svg = svg.add(field);
    let svg = svg.add(contents(cells, &grid));
    html! {
        div.pic-scroll tabindex="0" role="region" aria-label=(clean(heat.caption.title)) { (markup(&svg)) }
        (legend(heat.caption.id, heat.keys))
    }
}

fn grid(heat: &Heat<'_>, rows: &[&str], columns: &[&str]) -> Grid {
    let widest = |texts: &[&str]| texts.iter().map(|t| width_of(&clean(t), FONT)).fold(0.0, f64::max);
    let inside = heat.cells.iter().flatten().map(|c| width_of(&clean(&c.text), FONT)).fold(0.0, f64::max);
    let with_text = columns.len() < MANY;
    let column = if with_text { (inside + 10.0).clamp(COLUMN.0, COLUMN.1) } else { SMALL };
    let row = if with_text { ROW } else { SMALL };
    let names = widest(columns);
    let slanted = names > column - 4.0;
    let top = AXIS + if slanted { (names.min(NAMES) * 0.72 + 16.0).max(22.0) } else { 22.0 };
    let left = widest(rows).clamp(width_of(&clean(heat.axes.0), FONT).min(NAMES), NAMES) + 10.0;
    Grid { left, top, column, row, with_text, slanted }
}

fn labels(svg: SVG, heat: &Heat<'_>, (rows, columns): (&[&str], &[&str]), grid: &Grid) -> SVG {
    let bold = |text: Text| text.set("font-weight", 600);
    let room = grid.column * columns.len().max(1) as f64 + 60.0;
    let svg = svg
        .add(bold(text(&fit(heat.axes.0, grid.left, FONT), (0.0, grid.top - 8.0), "start")))
        .add(bold(text(&fit(heat.axes.1, room, FONT), (grid.left, 14.0), "start")));
    let svg = rows.iter().enumerate().fold(svg, |svg, (at, name)| {
        let y = grid.top + grid.row * (at as f64 + 0.5) + 4.5;
        let name = text(&fit(name, NAMES, FONT), (grid.left - 8.0, y), "end");
        svg.add(name)
    });
    columns.iter().enumerate().fold(svg, |svg, (at, name)| {
        let (x, y) = (grid.left + grid.column * (at as f64 + 0.5), grid.top - 7.0);
        let anchor = if grid.slanted { "start" } else { "middle" };
        let name = text(&fit(name, NAMES, FONT), (x, y), anchor);
        let turn = format!("rotate(-45 {} {})", short(x), short(y));
        svg.add(if grid.slanted { name.set("transform", turn) } else { name })
    })
}

fn square(cell: Option<&HeatCell>, (row, column): (usize, usize), grid: &Grid, hatched: &str) -> Element {
    let (x, y) = (grid.left + grid.column * column as f64, grid.top + grid.row * row as f64);
    let hatched = format!("url(#{hatched})");
    let at = |at: usize| at.min(CLASS_FILLS.len() - 1);
    let (class, fill) = match cell.map_or(Cell::Missing, |cell| cell.cell) {
        Cell::Class(class) => (format!("q{}", at(class)), CLASS_FILLS[at(class)]),
        Cell::Zero => ("paper".to_owned(), "#fff"),
        Cell::Missing => ("missing".to_owned(), hatched.as_str()),
        Cell::Diagonal => ("area diagonal".to_owned(), LAND),
    };
    let (width, height) = (short(grid.column - 1.0), short(grid.row - 1.0));
    let shape = Path::new()
        .set("d", format!("M{} {}h{width}v{height}h-{width}z", short(x + 0.5), short(y + 0.5)))
        .set("fill", fill);
    let label = cell.map_or("", |cell| cell.label.as_str());
    named(cell.and_then(|cell| cell.href.as_deref()), label, vec![shape.set("class", class).into()])
}

/// What stands in the cells: for the eye, as the cells themselves are read with their whole label.
fn contents<'a>(cells: impl Iterator<Item = ((usize, usize), Option<&'a HeatCell>)>, grid: &Grid) -> Group {
    let group = Group::new().set("aria-hidden", "true").set("pointer-events", "none");
    cells.fold(group, |group, ((row, column), cell)| {
        let Some(cell) = cell.filter(|cell| grid.with_text || cell.cell == Cell::Zero) else { return group };
        let content = clean(&cell.text);
        if content.is_empty() || width_of(&content, FONT) > grid.column {
            return group;
        }
        let place =
            (grid.left + grid.column * (column as f64 + 0.5), grid.top + grid.row * (row as f64 + 0.5) + 4.5);
        let content = text(&content, place, "middle");
        group.add(match cell.cell {
            Cell::Class(at) => {
                let at = at.min(CLASS_INKS.len() - 1);
                content.set("class", format!("on{at}")).set("fill", CLASS_INKS[at])
            }
            Cell::Zero | Cell::Missing | Cell::Diagonal => content,
        })
    })
}
