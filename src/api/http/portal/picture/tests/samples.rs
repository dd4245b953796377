//! Pictures of real figures, and of hostile ones. With `CORRIDOR_WRITE_PICTURES` set to a folder they are written
//! there as pages, to be looked at.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::*;
use super::{HOSTILE, plain};

pub(super) fn caption(id: &str) -> Caption<'_> {
    Caption { id, title: "Foreign-born residents", description: "By country of birth, 2024." }
}

/// A page around one picture, with the style sheet.
pub(super) fn page(name: &str, markup: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (name) }
                style {
                    (PreEscaped(include_str!("../../../../../../config/portal/portal.css")))
                    (PreEscaped(STYLE))
                }
            }
            body { (markup) }
        }
    }
    .into_string()
}

/// Residents of Canada, by birth, 2024 (UN DESA, rounded), and the largest from the Philippines.
const STOCK: [(&str, &str, f64); 14] = [
    ("ITA", "Italy", 128_080.0),
    ("PHL", "Philippines", 719_580.0),
    ("IND", "India", 898_000.0),
    ("CHN", "China", 715_000.0),
    ("USA", "United States", 256_000.0),
    ("GBR", "United Kingdom", 464_000.0),
    ("NGA", "Nigeria", 106_000.0),
    ("JAM", "Jamaica", 140_000.0),
    ("FRA", "France", 109_000.0),
    ("BRB", "Barbados", 14_000.0),
    ("MLT", "Malta", 6_000.0),
    ("AUS", "Australia", 23_000.0),
    ("FJI", "Fiji", 24_000.0),
    ("BRA", "Brazil", 49_000.0),
];

fn shaded(caption: Caption<'_>, view: View<'_>) -> Markup {
    let classes = Classes::of(&STOCK.map(|(_, _, value)| value)).unwrap();
    let labels = STOCK.map(|(_, name, value)| format!("{name}: {value}"));
    let hrefs = STOCK.map(|(code, ..)| format!("/en/?country={code}"));
    let mut areas: Vec<Area<'_>> = STOCK
        .iter()
        .enumerate()
        .map(|(at, (code, _, value))| Area {
            code,
            label: &labels[at],
            href: Some(&hrefs[at]),
            shade: Shade::Class(classes.class(*value)),
        })
        .collect();
    areas.push(Area { code: "MEX", label: "Mexico: withheld", href: None, shade: Shade::Missing });
    areas.push(Area {
        code: "HTI",
        label: "Haiti: withheld",
        href: Some("/en/?country=HTI"),
        shade: Shade::Missing,
    });
    let mut keys: Vec<(Key, String)> = classes
        .ranges()
        .enumerate()
        .map(|(at, (from, to))| (Key::Class(at), format!("{from} to {to}")))
        .collect();
    keys.push((Key::Missing, "no value".into()));
    keys.push((Key::Chosen, "Canada".into()));
    map(&Map {
        caption,
        view,
        chosen: Some("CAN"),
        areas: &areas,
        flows: &[],
        number: &plain,
        unit: "",
        keys: &keys,
    })
}

pub(super) fn flows(flows: &[Flow<'_>], unit: &str) -> Markup {
    let keys = [(Key::In, "to Canada".to_owned()), (Key::Out, "from Canada".to_owned())];
    map(&Map {
        caption: caption("f"),
        view: View::World,
        chosen: Some("CAN"),
        areas: &[],
        flows,
        number: &plain,
        unit,
        keys: &keys,
    })
}

fn arrivals() -> Markup {
    let labels = STOCK.map(|(_, name, value)| format!("{name} to Canada: {value}"));
    let mut all: Vec<Flow<'_>> = STOCK
        .iter()
        .zip(&labels)
        .map(|((code, _, value), label)| Flow {
            is_return: false,
            from: code,
            to: "CAN",
            value: *value,
            label,
            href: Some("/en/"),
        })
        .collect();
    all.push(Flow {
        is_return: false,
        from: "CAN",
        to: "USA",
        value: 820_000.0,
        label: "Canada to the United States: 820000",
        href: None,
    });
    all.push(Flow {
        is_return: false,
        from: "CAN",
        to: "ITA",
        value: 30_000.0,
        label: "Canada to Italy: 30000",
        href: None,
    });
    flows(&all, "Persons born in one country and living in another")
}

/// Residents by birth on the other side of the Pacific, 2024 (UN DESA, rounded).
fn pacific() -> Markup {
    const OVER: [(&str, &str, f64); 7] = [
        ("CHN", "USA", 2_489_000.0),
        ("PHL", "USA", 2_264_000.0),
        ("VNM", "USA", 1_435_000.0),
        ("PHL", "CAN", 836_000.0),
        ("USA", "JPN", 63_000.0),
        ("CAN", "AUS", 57_000.0),
        ("AUS", "CAN", 27_000.0),
    ];
    let labels = OVER.map(|(from, to, value)| format!("{from} to {to}: {value}"));
    let all = OVER.iter().zip(&labels);
    let all: Vec<Flow<'_>> = all
        .map(|((from, to, value), label)| Flow {
            from,
            to,
            value: *value,
            label,
            href: None,
            is_return: false,
        })
        .collect();
    flows(&all, "Persons born in one country and living in another")
}

fn region(id: &str, codes: &[&str]) -> Markup {
    let pairs: Vec<Flow<'_>> = codes
        .iter()
        .enumerate()
        .flat_map(|(a, from)| codes.iter().enumerate().map(move |(b, to)| (a, b, *from, *to)))
        .filter(|(a, b, ..)| a != b && (a * 7 + b * 3) % 4 == 0)
        .map(|(a, b, from, to)| Flow {
            is_return: false,
            from,
            to,
            value: (1000 * (a + 1) * (b + 2)) as f64,
            label: "flow",
            href: None,
        })
        .collect();
    let areas: Vec<Area<'_>> = codes
        .iter()
        .enumerate()
        .map(|(at, code)| Area { code, label: code, href: Some("/en/"), shade: Shade::Class(at % 6) })
        .collect();
    map(&Map {
        caption: caption(id),
        view: View::Around(codes),
        chosen: None,
        areas: &areas,
        flows: &pairs,
        number: &plain,
        unit: "Persons",
        keys: &[],
    })
}

pub(super) fn one_line(points: &[(i32, Point<'_>)]) -> Markup {
    let series = [Series { name: "Canada says", points }];
    lines(&Lines { caption: caption("l"), series: &series, unit: "Persons", number: &plain, shaded: false })
}

/// People who moved from the Philippines to Canada by both counts, 2004 to 2013.
fn mirror() -> Markup {
    let left = [
        (2004, 14_133.0),
        (2005, 15_794.0),
        (2006, 13_230.0),
        (2007, 15_638.0),
        (2008, 19_388.0),
        (2009, 23_700.0),
        (2010, 27_302.0),
        (2011, 28_196.0),
        (2012, 27_330.0),
        (2013, 19_041.0),
    ];
    let right = [
        (2004, 14_004.0),
        (2005, 18_139.0),
        (2006, 18_400.0),
        (2007, 19_837.0),
        (2008, 24_888.0),
        (2009, 28_573.0),
        (2011, 36_765.0),
        (2012, 34_317.0),
        (2013, 29_544.0),
    ];
    let left: Vec<_> = left.into_iter().map(|(y, v)| (y, Point::Value(v))).collect();
    let mut right: Vec<_> = right.into_iter().map(|(y, v)| (y, Point::Value(v))).collect();
    right.push((2010, Point::Gap("withheld")));
    let series = [
        Series { name: "Philippines: emigrants", points: &left },
        Series { name: "Canada: immigrants", points: &right },
    ];
    lines(&Lines {
        caption: caption("m"),
        series: &series,
        unit: "Persons a year",
        number: &grouped,
        shaded: true,
    })
}

/// Thousands apart by a narrow space.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digit.is_ascii_digit() {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

fn six() -> Markup {
    let all: Vec<Vec<(i32, Point<'_>)>> = (0..6)
        .map(|s| {
            (0..8)
                .map(|y| (1990 + 5 * y, Point::Value(f64::from((s + 2) * 100_000 + y * 20_000 * (s + 1)))))
                .collect()
        })
        .collect();
    let names = [
        "Philippines",
        "Côte d’Ivoire",
        "Bosnia and Herzegovina",
        "Italy",
        "Spain",
        "Total of all countries",
    ];
    let series: Vec<Series<'_>> =
        names.iter().zip(&all).map(|(name, points)| Series { name, points }).collect();
    lines(&Lines { caption: caption("s"), series: &series, unit: "Persons", number: &grouped, shaded: false })
}

fn ranking() -> Markup {
    let texts = STOCK.map(|(_, _, value)| grouped(value));
    let mut rows: Vec<Bar<'_>> = STOCK
        .iter()
        .zip(&texts)
        .map(|((code, name, value), text)| Bar {
            name,
            value: Some(*value),
            text,
            href: Some("/en/"),
            chosen: *code == "PHL",
        })
        .collect();
    rows.push(Bar {
        name: "Saint Vincent and the Grenadines",
        value: None,
        text: "withheld",
        href: None,
        chosen: false,
    });
    rows.push(Bar { name: "Tuvalu", value: Some(0.0), text: "0", href: None, chosen: false });
    bars(&Bars { caption: caption("b"), bars: &rows })
}

fn field(id: &str, names: &[&str]) -> Markup {
    let cells: Vec<Vec<HeatCell>> = (0..names.len())
        .map(|row| {
            (0..names.len())
                .map(|column| {
                    let value = (row * 13 + column * 7) % 11;
                    let (cell, text) = match value {
                        _ if row == column => (Cell::Diagonal, String::new()),
                        0 => (Cell::Zero, "0".to_owned()),
                        1 => (Cell::Missing, String::new()),
                        v => (Cell::Class(v % 6), grouped((v * v * 1_234) as f64)),
                    };
                    let label = format!("{} to {}: {text}", names[row], names[column]);
                    HeatCell { cell, text, label, href: (row != column).then(|| "/en/".to_owned()) }
                })
                .collect()
        })
        .collect();
    let keys: Vec<(Key, String)> = (0..6)
        .map(|at| (Key::Class(at), format!("class {at}")))
        .chain([(Key::Zero, "0".into()), (Key::Missing, "no value".into())])
        .collect();
    heat(&Heat {
        caption: caption(id),
        rows: names,
        columns: names,
        axes: ("Origin", "Destination"),
        cells: &cells,
        keys: &keys,
    })
}

fn inline() -> Markup {
    let rising = [Some(1.0), Some(2.0), Some(1.8), None, Some(3.0), Some(4.0)];
    html! {
        p { "Philippines in Canada " (spark(&Spark { label: "from 1 to 4", points: &rising })) " 719 580" }
        p { "one " (spark(&Spark { label: "one", points: &[Some(4.0)] })) " none " (spark(&Spark { label: "none", points: &[] })) }
    }
}

/// All samples; the map of classes first.
pub(super) fn all() -> Vec<(&'static str, Markup)> {
    let agreement = ["Philippines", "Canada", "Italy", "Spain"];
    let eu: Vec<&str> = "AUT BEL BGR CYP CZE DEU DNK EST ESP FIN FRA GRC HRV HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROU SWE SVN SVK"
        .split(' ')
        .collect();
    vec![
        ("map-world", shaded(caption("w"), View::World)),
        ("map-flows", arrivals()),
        ("map-over", pacific()),
        (
            "map-caribbean",
            region(
                "c",
                &[
                    "BRB", "LCA", "VCT", "GRD", "TTO", "JAM", "HTI", "DMA", "ATG", "KNA", "BHS", "GUY",
                    "SUR", "BLZ",
                ],
            ),
        ),
        ("map-asean", region("a", &["PHL", "IDN", "MYS", "THA", "VNM", "MMR", "LAO", "KHM", "SGP", "BRN"])),
        ("map-eu", region("e", &eu)),
        ("map-pacific", region("p", &["FJI", "TON", "WSM", "KIR", "TUV", "VUT", "NZL"])),
        ("lines-mirror", mirror()),
        ("lines-six", six()),
        ("lines-empty", one_line(&[])),
        ("lines-one", one_line(&[(2020, Point::Value(5.0))])),
        ("bars", ranking()),
        ("bars-empty", bars(&Bars { caption: caption("be"), bars: &[] })),
        (
            "columns",
            by_day(
                caption("d"),
                ("02-", "People"),
                &[Some(1_204.0), Some(6_015.0), None, Some(915.0), Some(5.0)],
            ),
        ),
        ("columns-empty", by_day(caption("de"), ("", ""), &[])),
        ("columns-many", by_day(caption("dm"), ("02-", "People"), &[Some(41.0); 100])),
        ("heat-four", field("h", &agreement)),
        ("heat-eu", field("hh", &eu)),
        ("spark", inline()),
    ]
}

/// Counts of two kinds, the second of which was told of every other day.
pub(super) fn by_day(caption: Caption<'_>, (name, unit): (&str, &str), counts: &[Option<f64>]) -> Markup {
    let day = |(at, count): (usize, &Option<f64>)| Day {
        name: format!("{name}{at}"),
        mark: format!("{name}{at}"),
        counts: vec![*count, count.filter(|_| at % 2 == 0).map(|count| count / 2.0)],
    };
    let days: Vec<Day> = counts.iter().enumerate().map(day).collect();
    columns(&Columns { caption, kinds: &[name, "Came home"], days: &days, unit, number: &grouped })
}

/// Every picture with a name that tries to get out of its place.
pub(super) fn hostile() -> Vec<(&'static str, Markup)> {
    let caption = Caption { id: HOSTILE, title: HOSTILE, description: HOSTILE };
    let points = [(2020, Point::Gap(HOSTILE)), (2021, Point::Value(1.0))];
    let series = [Series { name: HOSTILE, points: &points }];
    let bar = Bar {
        name: HOSTILE,
        value: Some(1.0),
        text: HOSTILE,
        href: Some("/en/?a='\"><script>"),
        chosen: true,
    };
    let cells =
        [vec![HeatCell { cell: Cell::Class(99), text: HOSTILE.into(), label: HOSTILE.into(), href: None }]];
    let keys = [(Key::Class(99), HOSTILE.to_owned()), (Key::Missing, HOSTILE.to_owned())];
    let area = Area { code: "PHL", label: HOSTILE, href: Some("/en/"), shade: Shade::Class(99) };
    let flow = Flow {
        is_return: false,
        from: "PHL",
        to: "CAN",
        value: 1.0,
        label: HOSTILE,
        href: Some("/en/?a='\"><script>"),
    };
    let write = |_: f64| HOSTILE.to_owned();
    vec![
        ("lines", lines(&Lines { caption, series: &series, unit: HOSTILE, number: &write, shaded: true })),
        ("bars", bars(&Bars { caption, bars: &[bar] })),
        ("columns", by_day(caption, (HOSTILE, HOSTILE), &[Some(f64::INFINITY), Some(1e300), None])),
        (
            "heat",
            heat(&Heat {
                caption,
                rows: &[HOSTILE],
                columns: &[HOSTILE],
                axes: (HOSTILE, HOSTILE),
                cells: &cells,
                keys: &keys,
            }),
        ),
        ("spark", spark(&Spark { label: HOSTILE, points: &[Some(1.0)] })),
        (
            "map",
            map(&Map {
                caption,
                view: View::World,
                chosen: Some(HOSTILE),
                areas: &[area],
                flows: &[flow],
                number: &write,
                unit: HOSTILE,
                keys: &keys,
            }),
        ),
    ]
}
