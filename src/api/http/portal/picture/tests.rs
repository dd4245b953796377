//! Every picture, with figures as they come and with hostile ones: well-formed, escaped, finite, within bounds.

mod samples;

use maud::Markup;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::geo::world;
use super::project::{Bounds, area, clipped, equal_earth, thinned};
use super::*;

pub(super) const HOSTILE: &str = "</text><script>alert(\"1\")</script>&amp;' onload='x\u{0}\u{202e}\u{1b}é語";

/// Plain writing of numbers, as the samples have it.
pub(super) fn plain(value: f64) -> String {
    format!("{value}")
}

/// The names of all elements, after checks that hold for every picture.
pub(super) fn checked(markup: &Markup) -> Vec<String> {
    let text = format!("<body>{}</body>", markup.0);
    let mut reader = Reader::from_str(&text);
    let mut names = Vec::new();
    let mut ids = Vec::new();
    let mut depth = 0_i32;
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("not well-formed: {error}\n{text}"));
        let (element, step) = match &event {
            Event::Start(element) => (element, 1),
            Event::Empty(element) => (element, 0),
            Event::End(_) => {
                depth -= 1;
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        depth += step;
        names.push(element.name().as_ref().to_owned());
        for attribute in element.attributes() {
            let attribute = attribute.unwrap();
            let key = attribute.key.as_ref().to_owned();
            assert!(
                key != "style" && !key.starts_with("on"),
                "{key} is forbidden by the policy of the pages"
            );
            // What is measured is written in plain digits; words of the reader stand in other attributes.
            for number in ["NaN", "inf", "e+", "e-"] {
                let is_wrong = MEASURED.contains(&key.as_str()) && attribute.value.contains(number);
                assert!(!is_wrong, "{key} is {}", attribute.value);
            }
            if key == "id" {
                ids.push(attribute.value.to_string());
            }
        }
    }
    assert_eq!(depth, 0, "all elements are closed");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice");
    assert!(!names.iter().any(|name| name == "script" || name == "style" || name == "foreignObject"));
    for word in ["\u{0}", "\u{202e}"] {
        assert!(!text.contains(word), "{word:?} in a picture");
    }
    names
}

/// Attributes that hold numbers.
const MEASURED: [&str; 18] = [
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "width",
    "height",
    "viewBox",
    "points",
    "transform",
    "stroke-width",
    "font-size",
];

fn count(names: &[String], name: &str) -> usize {
    names.iter().filter(|n| *n == name).count()
}

#[test]
fn every_sample_is_well_formed_and_short() {
    for (name, markup) in samples::all() {
        checked(&markup);
        let bound = if name.starts_with("map") { 100_000 } else { 120_000 };
        assert!(markup.0.len() < bound, "{name}: {} bytes", markup.0.len());
        if let Ok(folder) = std::env::var("CORRIDOR_WRITE_PICTURES") {
            std::fs::write(format!("{folder}/{name}.html"), samples::page(name, &markup)).unwrap();
        }
    }
}

#[test]
fn text_from_outside_is_escaped_and_kept_readable() {
    for (name, markup) in samples::hostile() {
        let names = checked(&markup);
        assert!(!markup.0.contains("<script"), "{name}");
        assert!(markup.0.contains("&lt;script&gt;"), "{name}: the text is there, escaped");
        assert_eq!(count(&names, "script"), 0);
    }
}

#[test]
fn links_go_to_places_of_this_site_alone() {
    for (href, kept) in [
        ("/en/country/PHL", true),
        ("?country=PHL", true),
        ("#a", true),
        ("javascript:alert(1)", false),
        ("//elsewhere.example/", false),
        ("/\\elsewhere.example/", false),
        ("https://elsewhere.example/", false),
        ("", false),
    ] {
        let bar = Bar { name: "a", value: Some(1.0), text: "1", href: Some(href), chosen: false };
        let drawn = bars(&Bars { caption: samples::caption("x"), bars: &[bar] });
        assert_eq!(count(&checked(&drawn), "a") == 1, kept, "{href}");
    }
}

#[test]
fn the_projection_keeps_areas_and_has_the_published_edges() {
    let (x, _) = equal_earth((180.0, 0.0));
    let (_, y) = equal_earth((0.0, 90.0));
    assert!((x - 2.706_63).abs() < 1e-5 && (y - 1.317_36).abs() < 1e-5, "{x} {y}");
    let d = 1e-4_f64;
    for latitude in [-80.0, -45.0, -10.0, 0.0, 33.0, 60.0, 85.0] {
        let dx = equal_earth((10.0 + d, latitude)).0 - equal_earth((10.0, latitude)).0;
        let dy = equal_earth((10.0, latitude + d)).1 - equal_earth((10.0, latitude)).1;
        let on_globe = d.to_radians() * d.to_radians() * f64::to_radians(latitude).cos();
        assert!((dx * dy / on_globe - 1.0).abs() < 1e-3, "at {latitude}");
    }
}

#[test]
fn every_country_has_a_place_on_the_map() {
    let world = world();
    let iso = include_str!("../../../../../config/codelists/iso3166_1_en_fr_es_ar.csv");
    let missing: Vec<&str> = iso
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .filter(|code| *code != "ATA" && !world.lands.contains_key(code))
        .collect();
    // Of these the source has nothing, and nobody lives there.
    assert_eq!(missing, [] as [&str; 0]);
    for (code, (longitude, latitude)) in [
        ("PHL", (121.0, 16.0)),
        ("ITA", (12.0, 43.0)),
        ("CAN", (-100.0, 59.0)),
        ("FJI", (178.0, -18.0)),
        ("RUS", (96.0, 61.0)),
        ("USA", (-99.0, 39.0)),
        ("CYP", (33.2, 35.0)),
        ("XKX", (20.9, 42.6)),
    ] {
        let anchor = world.lands[code].anchor;
        assert!(
            (anchor.0 - longitude).abs() < 6.0 && (anchor.1 - latitude).abs() < 6.0,
            "{code}: {anchor:?}"
        );
    }
}

#[test]
fn parts_that_belong_to_a_country_are_joined_without_a_line() {
    let world = world();
    // Somalia's land is one ring, though the source has it in two shapes.
    let large = world.lands["SOM"].rings.iter().filter(|ring| area(&world.ring(ring)).abs() > 1.0).count();
    assert_eq!(large, 1);
}

#[test]
fn a_region_is_cut_out_and_its_small_states_are_seen() {
    let sheet = sheets::around(&["BRB", "LCA", "VCT", "GRD", "TTO", "JAM", "HTI"]);
    assert!(!sheet.is_world && sheet.lands.contains_key("BRB") && !sheet.lands.contains_key("ITA"));
    let pacific = sheets::around(&["FJI", "TON", "WSM", "KIR", "TUV", "VUT"]);
    assert!(!pacific.is_world, "a group on both sides of the 180th meridian lies together");
    for code in ["FJI", "TON", "WSM", "TUV", "VUT"] {
        let (x, y) = pacific.lands[code].anchor;
        assert!((0.0..=960.0).contains(&x) && (0.0..=pacific.height).contains(&y), "{code} {x} {y}");
    }
    let europe = sheets::around(&["DEU", "FRA", "ITA"]);
    for neighbour in ["ESP", "GBR", "POL", "TUN", "LIE", "AND", "MLT"] {
        assert!(europe.lands.contains_key(neighbour), "{neighbour} is in view too");
    }
    assert!(!europe.lands.contains_key("AUS") && !europe.lands.contains_key("BRA"));
    assert!(sheets::around(&["CAN", "PHL", "ITA", "ESP"]).is_world, "all over the world is the world");
    assert!(sheets::around(&[]).is_world && sheets::around(&["no", "such"]).is_world);
}

#[test]
fn a_flow_goes_the_short_way_over_the_edge_of_the_world() {
    for (from, to, over) in [
        ("PHL", "USA", true),
        ("JPN", "USA", true),
        ("CHN", "USA", true),
        ("AUS", "CAN", true),
        ("FJI", "CAN", true),
        ("USA", "PHL", true),
        ("PHL", "CAN", true),
        ("PHL", "ITA", false),
        ("CAN", "ITA", false),
        ("IND", "USA", false),
        ("BRA", "CHN", false),
    ] {
        let label = format!("{from} to {to}");
        let drawn = samples::flows(
            &[Flow { from, to, value: 9.0, label: &label, href: Some("/en/"), is_return: false }],
            "",
        );
        let names = checked(&drawn);
        let all = drawn.0.split("class=\"flows\"").nth(1).expect("flows are drawn");
        let (flow, _) = all.split_once("</g>").expect("the group ends");
        let path = flow.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a ribbon");
        let ends = sheets::whole();
        let (start, end) = (ends.lands[from].anchor, ends.lands[to].anchor);
        // Both copies are one thing with one name, out of the keyboard's way.
        assert_eq!((flow.matches("<title>").count(), flow.matches("<path").count()), (1, 1), "{label}");
        assert_eq!((count(&names, "clipPath"), flow.contains("tabindex=\"-1\"")), (usize::from(over), true));
        // The tip is the place that the second of a ribbon's three steps leads to.
        let tips: Vec<f64> = path.split('Q').skip(1).step_by(2).map(|step| number(step, 2)).collect();
        let wanted = if over {
            let width = outline::WIDTH.copysign(start.0 - end.0);
            vec![end.0 + width, end.0]
        } else {
            vec![end.0]
        };
        assert_eq!(tips.len(), wanted.len(), "{label}: {path}");
        for (tip, wanted) in tips.iter().zip(wanted) {
            assert!((tip - wanted).abs() < 0.11, "{label}: {tip}, not {wanted}");
        }
    }
}

/// A number of many in a path's step.
fn number(step: &str, at: usize) -> f64 {
    step.split([' ', 'A', 'Q', 'Z']).nth(at).and_then(|text| text.parse().ok()).expect("a number")
}

#[test]
fn zero_no_value_and_the_country_itself_are_three_things() {
    let cell = |cell, text: &str| HeatCell { cell, text: text.into(), label: "l".into(), href: None };
    let cells = [vec![cell(Cell::Zero, "0"), cell(Cell::Missing, ""), cell(Cell::Diagonal, "")]];
    let drawn = heat(&Heat {
        caption: samples::caption("z"),
        rows: &["A"],
        columns: &["B", "C", "A"],
        axes: ("from", "to"),
        cells: &cells,
        keys: &[],
    });
    checked(&drawn);
    for (class, fill) in [("paper", "#fff"), ("missing", "url(#p-z-h)"), ("land diagonal", "#e4e2dd")] {
        let path = drawn.0.split(&format!("<path class=\"{class}\"")).nth(1).expect(class);
        assert!(path.split('>').next().unwrap().contains(&format!("fill=\"{fill}\"")), "{class}");
    }
}

#[test]
fn the_largest_bar_comes_first_and_what_has_no_value_last() {
    let bar = |name, value| Bar { name, value, text: "t", href: None, chosen: false };
    let rows = [bar("none", None), bar("small", Some(1.0)), bar("less", Some(-3.0)), bar("large", Some(9.0))];
    let drawn = bars(&Bars { caption: samples::caption("b"), bars: &rows }).0;
    let at = |name: &str| drawn.find(&format!(">{name}: t<")).expect(name);
    assert!(at("large") < at("small") && at("small") < at("less") && at("less") < at("none"));
}

#[test]
fn a_line_breaks_where_there_is_no_value() {
    let points = [
        (2000, Point::Value(1.0)),
        (2001, Point::Value(2.0)),
        (2002, Point::Gap("withheld")),
        (2003, Point::Value(3.0)),
    ];
    let drawn = samples::one_line(&points);
    checked(&drawn);
    let wide = drawn.0.split("pic-narrow").next().unwrap();
    let path = wide.split("stroke-dasharray").next().unwrap().rsplit("d=\"").next().unwrap();
    assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
    assert!(wide.contains("2002: withheld"));
}

#[test]
fn a_day_has_columns_for_what_is_said_of_it_and_the_last_days_are_drawn() {
    let wide = |counts: &[Option<f64>]| {
        let drawn = samples::by_day(samples::caption("d"), ("Day ", "People"), counts);
        checked(&drawn);
        drawn.0.split("pic-narrow").next().unwrap().to_owned()
    };
    let drawn = wide(&[Some(10.0), None, Some(4.0), Some(0.0)]);
    let titles: Vec<&str> =
        drawn.split("<title>").skip(1).map(|rest| rest.split("</title>").next().unwrap()).collect();
    assert_eq!(
        titles,
        ["Day 0, Day : 10", "Day 0, Came home: 5", "Day 2, Day : 4", "Day 2, Came home: 2", "Day 3, Day : 0"]
    );
    // The height of a column is its share of the axis, from the foot of the chart.
    let height = |title: &str| {
        let before = drawn.split(title).next().unwrap().rsplit("<rect").next().unwrap();
        let value = before.split("height=\"").nth(1).unwrap().split('"').next().unwrap();
        value.parse::<f64>().unwrap()
    };
    assert!((height("Day 0, Day : 10") - 230.0).abs() < 0.1, "{drawn}");
    assert!((height("Day 2, Day : 4") - 92.0).abs() < 0.1 && height("Day 3, Day : 0") == 0.0, "{drawn}");
    let many = wide(&[Some(1.0); MAX_DAYS + 8]);
    assert!(
        !many.contains("Day 7, ")
            && many.contains("Day 8, ")
            && many.contains(&format!("Day {}, ", MAX_DAYS + 7))
    );
}

#[test]
fn classes_hold_about_as_many_values_each() {
    let values: Vec<f64> = (1..=600).map(f64::from).collect();
    let classes = Classes::of(&values).unwrap();
    assert_eq!(classes.from, [1.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
    assert_eq!(
        (classes.class(1.0), classes.class(99.0), classes.class(100.0), classes.class(600.0)),
        (0, 0, 1, 5)
    );
    assert_eq!(classes.ranges().last(), Some((500.0, 600.0)));
    assert_eq!(Classes::of(&[]), None);
    assert_eq!(Classes::of(&[f64::NAN]), None);
    assert_eq!(Classes::of(&[5.0, 5.0]).unwrap().from, [5.0]);
}

#[test]
fn a_map_is_the_same_each_time_and_its_links_are_named() {
    let (name, first) = samples::all().remove(0);
    assert_eq!(first.0, samples::all().remove(0).1.0, "{name}");
    assert!(first.0.contains("<title>Italy: 128080</title>"), "{name} names what it links to");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1e6..1e6_f64,
        Just(0.0),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        Just(f64::NEG_INFINITY)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn whatever_comes_is_drawn_within_the_rules(
        values in proptest::collection::vec(any_value(), 0..30),
        years in proptest::collection::vec(any::<i32>(), 0..30),
        name in ".{0,60}",
    ) {
        let points: Vec<(i32, Point<'_>)> =
            years.iter().zip(&values).map(|(y, v)| (*y, if *v == 0.0 { Point::Gap(&name) } else { Point::Value(*v) })).collect();
        checked(&samples::one_line(&points));
        let options: Vec<Option<f64>> = values.iter().map(|v| Some(*v)).collect();
        checked(&spark(&Spark { label: &name, points: &options }));
        checked(&samples::by_day(Caption { id: &name, title: &name, description: &name }, (&name, &name), &options));
        let rows: Vec<Bar<'_>> = values
            .iter()
            .map(|v| Bar { name: &name, value: Some(*v), text: &name, href: None, chosen: false })
            .collect();
        checked(&bars(&Bars { caption: Caption { id: &name, title: &name, description: &name }, bars: &rows }));
        let classes = Classes::of(&values);
        for value in values.iter().filter(|v| v.is_finite()) {
            prop_assert!(classes.as_ref().unwrap().class(*value) < CLASSES);
        }
        let codes = ["PHL", "CAN", "ITA", "KIR", "XXX"];
        let flows: Vec<Flow<'_>> = values
            .iter()
            .enumerate()
            .map(|(at, v)| Flow { is_return: false, from: codes[at % 5], to: codes[(at + 1) % 5], value: *v, label: &name, href: None })
            .collect();
        checked(&samples::flows(&flows, &name));
    }

    #[test]
    fn a_ring_that_is_cut_lies_in_the_box(ring in proptest::collection::vec((-50.0..50.0_f64, -50.0..50.0_f64), 3..20)) {
        let bounds = Bounds { west: -10.0, north: -10.0, east: 10.0, south: 10.0 };
        for place in clipped(ring.clone(), &bounds) {
            prop_assert!(place.0.abs() < 10.0 + 1e-6 && place.1.abs() < 10.0 + 1e-6);
        }
        let thin = thinned(&ring, 1.0);
        prop_assert_eq!((thin.first(), thin.last()), (ring.first(), ring.last()));
    }
}
