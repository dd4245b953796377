//! Figures as Parquet, read back: single files, and a directory that grows run by run.

#![cfg(feature = "parquet")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use corridor::cli::demo::government::Government;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;

use crate::world::{BINARY, ask, figures, files, release, run, stderr, text};

const SHAPES: [[&str; 5]; 4] = [
    ["PHL", "ESP", "MS_FBORN", "2015", "12.50"],
    ["PHL", "ITA", "MS_FBORN", "2015", "100"],
    ["PHL", "ITA", "MS_FBORN", "2016", "200"],
    ["PHL", "CAN", "RE_RECV", "2016", "-3.123456789012"],
];

fn node(dir: &Path) -> Government {
    let mut node = Government::init(Path::new(BINARY), dir, "PHL", "Philippines").expect("init");
    let path = node.dir().join("corridor.toml");
    let settings = fs::read_to_string(&path).expect("it is there");
    let both = settings.replace("public = [\"MS_FBORN\"]", "public = [\"MS_FBORN\", \"RE_RECV\"]");
    assert_ne!(settings, both);
    fs::write(&path, both).expect("it can be written");
    node.start().expect("it starts");
    node
}

fn rows(path: &Path) -> Vec<BTreeMap<String, Field>> {
    let reader = SerializedFileReader::new(File::open(path).expect("it is there")).expect("Parquet");
    let row = |row: Result<Row, _>| {
        row.expect("a row").get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
    };
    reader.get_row_iter(None).expect("rows").map(row).collect()
}

fn words(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn a_file_has_every_column_of_every_row() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    release(&phl, &dir.path().join("phl.csv"), &SHAPES);
    let out = dir.path().join("all.parquet");
    let done = run(&phl, &["get", "MIGPROFILE", "--history", "--format", "parquet", "-o", &text(&out)]);
    assert!(done.status.success(), "{}", stderr(&done));
    let expected = phl.get(&["MIGPROFILE", "--history"]).expect("it answers");
    let found = rows(&out);
    assert_eq!((found.len(), expected.len()), (4, 4));
    for (found, expected) in found.iter().zip(&expected) {
        for (field, value) in expected.as_object().expect("an object") {
            match field.as_str() {
                "obs_value" => assert_eq!(words(&found["obs_value_exact"]), value.as_str().expect("a value")),
                "revision" => assert_eq!(words(&found["revision"]), value.to_string()),
                "released_at" => {}
                _ => assert_eq!(words(&found[field]), value.as_str().unwrap_or("null"), "{field}"),
            }
        }
    }
    let values: Vec<String> = found.iter().map(|row| words(&row["obs_value"])).collect();
    assert!(values.contains(&"12.5000000000".to_owned()), "{values:?}");
    assert_eq!(
        values.iter().filter(|value| *value == "null").count(),
        1,
        "more than ten decimals: {values:?}"
    );
    let piped = run(&phl, &["get", "MIGPROFILE", "--history", "--format", "parquet"]);
    assert_eq!(piped.stdout, fs::read(&out).expect("it is there"), "the same where there is no terminal");
}

/// What a directory says altogether: by key, period and entry, the exact value.
fn said(dir: &Path) -> Vec<[String; 5]> {
    let mut all = Vec::new();
    for path in files(dir, ".parquet") {
        let inside = text(path.strip_prefix(dir).expect("inside"));
        let indicator =
            inside.split("indicator=").nth(1).and_then(|rest| rest.split('/').next()).expect("a part");
        assert!(inside.starts_with("publisher=PHL/indicator="), "{inside}");
        all.extend(rows(&path).iter().map(|row| {
            assert!(!row.contains_key("indicator") && !row.contains_key("publisher"));
            let cell = |name: &str| words(&row[name]);
            [
                indicator.to_owned(),
                cell("counterpart_area"),
                cell("time_period"),
                cell("obs_value_exact"),
                cell("entry"),
            ]
        }));
    }
    all.sort();
    all
}

fn expected(node: &Government) -> Vec<[String; 5]> {
    let all = node.get(&["MIGPROFILE", "--history"]).expect("it answers");
    let cell = |row: &Value, name: &str| row[name].as_str().unwrap_or("null").to_owned();
    let columns = ["indicator", "counterpart_area", "time_period", "obs_value", "entry"];
    let mut all: Vec<_> = all.iter().map(|row| columns.map(|column| cell(row, column))).collect();
    all.sort();
    all
}

#[test]
fn a_directory_grows_by_what_is_new() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let phl = node(dir.path());
    release(&phl, &dir.path().join("phl.csv"), &SHAPES);
    let out = dir.path().join("export");
    let export = |more: &[&str]| ask(&phl, &[&["export", "--parquet", &text(&out)][..], more].concat());
    let first = export(&[]);
    assert_eq!((&first["rows_written"], &first["files_written"]), (&4.into(), &2.into()), "{first}");
    assert_eq!(said(&out), expected(&phl));
    let before = files(&out, ".parquet");
    assert_eq!(export(&[])["files_written"], 0, "nothing is new");

    // A correction and a new figure of one indicator: one file more, and the others stay as they are.
    let kept: Vec<_> =
        before.iter().map(|path| (path.clone(), fs::read(path).expect("it is there"))).collect();
    let more = [["PHL", "ITA", "MS_FBORN", "2016", "201"], ["PHL", "FRA", "MS_FBORN", "2016", "7"]];
    ask(&phl, &["submit", &figures(&dir.path().join("more.csv"), &more)]);
    ask(&phl, &["release", "--reason", "ERROR"]);
    let key = "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";
    ask(&phl, &["retract", key, "2015", "--reason", "counted twice"]);
    let second = export(&[]);
    assert_eq!((&second["rows_written"], &second["files_written"]), (&3.into(), &1.into()), "{second}");
    assert_eq!(said(&out), expected(&phl));
    assert!(kept.iter().all(|(path, bytes)| fs::read(path).ok().as_ref() == Some(bytes)));
    let retracted = files(&out, ".parquet")
        .iter()
        .flat_map(|path| rows(path))
        .any(|row| words(&row["retracted"]) == "counted twice" && row["obs_value"] == Field::Null);
    assert!(retracted);

    // What a killed run left behind is no part of it, and a public export needs a directory of its own.
    let stray = out.join("publisher=PHL/indicator=MS_FBORN/part-000009-000.parquet");
    fs::copy(&before[0], &stray).expect("it can be copied");
    fs::create_dir_all(out.join(".staging/publisher=PHL")).expect("it can be made");
    export(&[]);
    assert!(!stray.exists() && !out.join(".staging").exists());
    let (status, _) = phl.try_ask(&["export", "--parquet", &text(&out), "--public"]).expect("it runs");
    assert_eq!(status, 1);
    assert_eq!(export(&["--full"])["rows_written"], 7);
    assert_eq!(said(&out), expected(&phl));
    assert!(files(&out, ".parquet").iter().all(|path| !before.contains(path)), "all of them are new");

    let public = dir.path().join("public");
    let answer = ask(&phl, &["export", "--parquet", &text(&public), "--public"]);
    assert_eq!((said(&public), &answer["feeds"]), (expected(&phl), &1.into()), "all of it is public");
    let foreign = dir.path().join("foreign");
    fs::create_dir_all(&foreign).expect("it can be made");
    fs::write(foreign.join("thesis.doc"), "mine").expect("it can be written");
    let refused = run(&phl, &["export", "--parquet", &text(&foreign)]);
    assert!(!refused.status.success() && stderr(&refused).contains("thesis.doc"), "{}", stderr(&refused));
}
