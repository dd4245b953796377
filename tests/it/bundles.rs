//! Two governments between whom there is no line at all: everything goes by files, back and forth.

use std::path::{Path, PathBuf};

use corridor::cli::demo::government::Government;
use serde_json::Value;

use crate::world::{BINARY, TITLE, ask, figures, text, values};

/// A government of which no daemon runs.
fn government(dir: &Path, country: &str) -> Government {
    Government::init(Path::new(BINARY), dir, country, country).expect("it is made")
}

/// Carries what one has for the other; says what came of it.
fn carry(from: &Government, to: &Government, stick: &Path) -> Value {
    ask(from, &["bundle", "export", "--to", to.country(), "--output", &text(stick)]);
    ask(to, &["bundle", "import", &text(stick)])
}

fn acknowledged(node: &Government) -> (u64, u64) {
    let partner = ask(node, &["status"])["partners"][0].clone();
    (partner["acknowledged"].as_u64().unwrap_or(0), partner["behind"].as_u64().unwrap_or(0))
}

#[test]
fn an_agreement_figures_and_receipts_travel_by_hand() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let (phl, can) = (government(dir.path(), "PHL"), government(dir.path(), "CAN"));
    let stick = |name: &str| -> PathBuf { dir.path().join(name) };
    for (one, other) in [(&phl, &can), (&can, &phl)] {
        ask(one, &["partner", "add", "--yes", &text(&other.card())]);
    }
    let draft = ["agreement", "draft", "--title", TITLE, "--with", "CAN", "--purpose", "STAT"];
    ask(&phl, &[&draft[..], &["--indicator", "EF_REGEMI"]].concat());
    ask(&phl, &["agreement", "propose", TITLE]);
    carry(&phl, &can, &stick("1"));
    ask(&can, &["agreement", "sign", TITLE]);
    carry(&can, &phl, &stick("2"));
    assert_eq!(ask(&phl, &["agreement", "show", TITLE])["standing"], "in force");

    // Figures go, one by one, so that there are several entries; receipts come back.
    for (number, year) in ["2011", "2012", "2013"].iter().enumerate() {
        let rows = [["PHL", "CAN", "EF_REGEMI", year, "4711"]];
        ask(&phl, &["submit", &figures(&stick(&format!("{number}.csv")), &rows)]);
        ask(&phl, &["release"]);
    }
    let came = carry(&phl, &can, &stick("3"));
    assert_eq!((&came["complete"], &came["broken"]), (&Value::Bool(true), &Value::Null), "{came}");
    assert_eq!(values(&can, &["EF_REGEMI"]), ["4711"; 3]);
    assert!(acknowledged(&phl).1 >= 3, "nothing is delivered before the receipt is back");
    carry(&can, &phl, &stick("4"));
    assert_eq!(acknowledged(&phl).1, 0);

    // Twice changes nothing; what is acknowledged does not go again.
    let again = ask(&can, &["bundle", "import", &text(&stick("3"))]);
    assert_eq!(again["entries"], 0, "{again}");
    let size = |name: &str| std::fs::metadata(stick(name)).expect("a bundle").len();
    ask(&phl, &["bundle", "export", "--to", "CAN", "--output", &text(&stick("5"))]);
    assert!(size("5") < size("3"), "{} and {}", size("5"), size("3"));
    for node in [&phl, &can] {
        assert_eq!(ask(node, &["doctor"])["healthy"], Value::Bool(true));
    }
}

#[test]
fn a_bundle_that_breaks_off_is_taken_up_again_and_a_foreign_one_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let countries = ["PHL", "CAN", "ESP"];
    let [phl, can, esp] = countries.map(|country| government(dir.path(), country));
    for other in [&can, &esp] {
        ask(&phl, &["partner", "add", "--yes", &text(&other.card())]);
        ask(other, &["partner", "add", "--yes", &text(&phl.card())]);
    }
    // Many blocks: each year of each counterpart is a series of its own.
    let codes = ["AUS", "BEL", "CHE", "DEU", "FRA", "GBR", "ITA", "JPN", "MEX", "NLD", "NOR", "SWE", "USA"];
    let mut rows = Vec::new();
    let years: Vec<String> = (1700..2000).map(|year: u16| year.to_string()).collect();
    for (number, (code, year)) in
        codes.iter().flat_map(|code| years.iter().map(move |y| (code, y))).enumerate()
    {
        rows.push((*code, year.as_str(), (number * 7_919 % 1_000_003).to_string()));
    }
    let rows: Vec<[&str; 5]> =
        rows.iter().map(|(code, year, value)| ["PHL", *code, "MS_FBORN", *year, value.as_str()]).collect();
    ask(&phl, &["submit", &figures(&dir.path().join("all.csv"), &rows)]);
    ask(&phl, &["release"]);
    let (whole, part) = (dir.path().join("whole"), dir.path().join("part"));
    ask(&phl, &["bundle", "export", "--to", "CAN", "--output", &text(&whole)]);

    // The stick was pulled out too early. What is on it counts, and no more is seen than is whole.
    let bytes = std::fs::read(&whole).expect("the bundle");
    std::fs::write(&part, &bytes[..bytes.len() * 2 / 3]).expect("it is written");
    let (status, said) = can.try_ask(&["bundle", "import", &text(&part)]).expect("it runs");
    assert!(status == 1 && said["broken"].as_str() == Some("the file breaks off"), "{status} {said}");
    assert!(values(&can, &["MS_FBORN"]).is_empty());
    let came = ask(&can, &["bundle", "import", &text(&whole)]);
    assert_eq!(came["complete"], Value::Bool(true), "{came}");
    assert_eq!(values(&can, &["MS_FBORN"]).len(), rows.len());

    // It was made for CAN; and a byte of a figure that was altered on the way is found.
    let (status, said) = esp.try_ask(&["bundle", "import", &text(&whole)]).expect("it runs");
    assert!(status == 1 && said.to_string().contains("this bundle is for"), "{said}");
    ask(&phl, &["bundle", "export", "--to", "ESP", "--output", &text(&whole)]);
    let mut bytes = std::fs::read(&whole).expect("the bundle");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&whole, bytes).expect("it is written");
    let (status, said) = esp.try_ask(&["bundle", "import", &text(&whole)]).expect("it runs");
    assert!(status == 1 && said["broken"].as_str() == Some("a frame is damaged"), "{status} {said}");
    assert!(values(&esp, &["MS_FBORN"]).is_empty());
}
