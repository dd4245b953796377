//! Drafts of mappings for real files, and for such as are no table.

use std::collections::BTreeMap;

use rust_xlsxwriter::Workbook;

use super::*;
use crate::intake::shipped;
use crate::model::{Decimal, Period};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn drafted(bytes: &[u8]) -> Sketch {
    sketch(&mut &*bytes, None).unwrap_or_else(|why| panic!("{why}"))
}

type Read = BTreeMap<(String, Period), Option<Decimal>>;

/// What a mapping reads of a file.
fn read(bytes: &[u8], mapping: &str, country: &str) -> Read {
    let mapping = Mapping::parse(mapping).unwrap_or_else(|error| panic!("{error}\n{mapping}"));
    let rules = Rules { country: Some(country), ..Rules::default() };
    let mut report = crate::intake::read(&mut &*bytes, Some(&mapping), &rules);
    assert!(report.is_accepted(), "{:#?}", report.findings);
    let mut read = Read::new();
    for series in report.take_series() {
        for observation in series.observations() {
            read.insert((series.key().to_string(), observation.period()), observation.value());
        }
    }
    read
}

/// The draft with its marked blanks filled, in order: each a text of the draft and what is put in its place.
fn filled(draft: &str, blanks: &[(&str, &str)]) -> String {
    let mut text = draft.to_owned();
    for (blank, with) in blanks {
        assert!(blank.contains(BLANK), "{blank} is no blank");
        assert!(text.contains(blank), "there is no {blank} in\n{text}");
        text = text.replacen(blank, with, 1);
    }
    text
}

/// A blank, and what is put in its place.
type Filled = (&'static str, &'static str);

const INDICATOR: &str = "INDICATOR = \"FILL_IN\"";
const BASIS: &str = "BASIS = \"FILL_IN\"";

#[test]
fn a_draft_with_its_blanks_filled_reads_what_the_shipped_mapping_reads() {
    let emigrants = (INDICATOR, "INDICATOR = \"EF_REGEMI\"");
    let cases: [(&str, &str, &str, &[Filled]); 6] = [
        ("phl_cfo_emigrant-1981-2020-Sex.csv", "cfo_sex", "PHL", &[emigrants, (BASIS, "BASIS = \"CIT\"")]),
        (
            "phl_cfo_emigrant-1981-2022-MajorCountry.csv",
            "cfo_major_countries",
            "PHL",
            &[emigrants, (BASIS, "BASIS = \"CIT\"")],
        ),
        (
            "undesa_ims2024_stock_od_sex.csv",
            "undesa_stock",
            "ESP",
            &[(INDICATOR, "INDICATOR = \"MS_FBORN\""), (BASIS, "BASIS = \"BIR\"")],
        ),
        (
            "wdi_remittances_received_paid.csv",
            "wdi_remittances",
            "PHL",
            &[
                (BASIS, "BASIS = \"_Z\""),
                ("{ INDICATOR = \"FILL_IN\" }", "{ INDICATOR = \"RE_RECV\" }"),
                ("{ INDICATOR = \"FILL_IN\" }", "{ INDICATOR = \"RE_PAID\" }"),
            ],
        ),
        (
            "wdi_BM.TRF.PWKR.CD.DT.csv",
            "wdi_remittances_paid",
            "PHL",
            &[(BASIS, "BASIS = \"_Z\""), (INDICATOR, "INDICATOR = \"RE_PAID\"")],
        ),
        (
            "phl_cfo_emigrant-1981-2020-Age.csv",
            "cfo_age",
            "PHL",
            &[
                emigrants,
                (BASIS, "BASIS = \"CIT\""),
                // The list of ages has no such group; the rows are left out by the one who completes the draft.
                ("# \"70 - Above\" = \"FILL_IN\"", ""),
                ("[attributes]", "[skip]\nAGE_GROUP = [\"70 - Above\"]\n\n[attributes]"),
            ],
        ),
    ];
    for (name, mapping, country, blanks) in cases {
        let bytes = file(&format!("tests/data/{name}"));
        let draft = drafted(&bytes).mapping;
        let blanks: Vec<(&str, &str)> = blanks.to_vec();
        let text = match blanks.iter().position(|(blank, _)| !blank.contains(BLANK)) {
            Some(at) => filled(&draft, &blanks[..at]).replacen(blanks[at].0, blanks[at].1, 1),
            None => filled(&draft, &blanks),
        };
        let wanted = read(&bytes, shipped::text(mapping).unwrap(), country);
        let got = read(&bytes, &text, country);
        assert!(!wanted.is_empty());
        let differ = wanted.iter().find(|(cell, value)| got.get(*cell) != Some(*value));
        assert_eq!(differ, None, "{name}: not read by\n{text}\n{:?}", got.iter().next());
        let more = got.keys().find(|cell| !wanted.contains_key(*cell));
        assert_eq!(more, None, "{name}: read by\n{text}");
    }
}

#[test]
fn the_draft_of_every_real_file_is_a_mapping_with_a_preview() {
    let directory = format!("{}/tests/data", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "csv") {
            continue;
        }
        let sketch = drafted(&std::fs::read(&path).unwrap());
        assert!(Mapping::parse(&sketch.mapping).is_ok(), "{}", path.display());
        assert!(sketch.mapping.contains(BLANK));
        assert!(!sketch.preview.is_empty(), "{}: {:?}\n{}", path.display(), sketch.problems, sketch.mapping);
        for [key, period, value] in &sketch.preview {
            assert_eq!(key.split('.').count(), 14, "{key}");
            assert!(Period::parse(period).is_ok() && !value.is_empty(), "{}: {key} {period}", path.display());
        }
        count += 1;
    }
    assert!(count > 15, "{count}");
}

#[test]
fn words_of_three_languages_and_numbers_of_many_offices_are_known() {
    let text = "Tableau 3;;;;\n;;;;\nAnnée;Pays de naissance;Sexe;Groupe d'âge;Effectif\n\
        2019;Espagne;Hommes;15 à 64 ans;1 234,5\n2019;Espagne;Femmes;65 ans et plus;..\n\
        2019;Maroc;Ensemble;moins de 15 ans;12,5\n2019;Autres;Ensemble;Total;3,5\n;;;;\nSource : recensement;;;;\n";
    let sketch = drafted(text.as_bytes());
    let completed = filled(&sketch.mapping, &[(INDICATOR, "INDICATOR = \"MS_FBORN\"")]);
    assert!(completed.contains("BASIS = \"BIR\""), "{completed}");
    let read = read(text.as_bytes(), &completed, "FRA");
    let cell = |key: &str| read.get(&(key.to_owned(), Period::parse("2019").unwrap())).copied().flatten();
    for (key, value) in [
        ("A.FRA.ESP.MS_FBORN.BIR.M.Y15T64._T._T._T._T._T._T.PS", "1234.5"),
        ("A.FRA.MAR.MS_FBORN.BIR._T.Y0T14._T._T._T._T._T._T.PS", "12.5"),
        ("A.FRA._O.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS", "3.5"),
    ] {
        assert_eq!(cell(key), Some(Decimal::parse(value).unwrap()), "{key} of {read:?}\n{completed}");
    }
    assert_eq!(read.len(), 3);
}

#[test]
fn a_sheet_gets_a_draft_as_a_text_does() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("Notas").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "Cuadro 1").unwrap();
    for (column, name) in (0..).zip(["Año", "País de nacimiento", "Mujeres", "Hombres"]) {
        sheet.write_string(2, column, name).unwrap();
    }
    for (row, country) in (3..).zip(["Argentina", "Marruecos", "Turquia"]) {
        sheet.write_number(row, 0, 2020.0).unwrap().write_string(row, 1, country).unwrap();
        sheet.write_number(row, 2, 10.0).unwrap().write_number(row, 3, 20.0).unwrap();
    }
    let sketch = drafted(&workbook.save_to_buffer().unwrap());
    assert!(sketch.mapping.contains("skip_lines = 2"), "{}", sketch.mapping);
    let first = ["A.$COUNTRY.ARG.FILL_IN.BIR.F._._._._._._._._", "2020", "10"].map(str::to_owned);
    assert_eq!(sketch.preview.first(), Some(&first), "{}", sketch.mapping);
    assert_eq!(sketch.preview.len(), 6);
    // Written without its accent it is in no list, and known all the same.
    assert!(sketch.mapping.contains("\"Turquia\" = \"TUR\""), "{}", sketch.mapping);
}

#[test]
fn what_is_no_table_gets_no_draft_and_nothing_makes_it_panic() {
    for bytes in [
        &b""[..],
        b"one\ntwo\n",
        b"a,b\nc,d\n",
        b"<html>",
        b"\xff\xfea,b",
        b"PK\x03\x04",
        b"\0\0\0",
        b"\"\n,,,\n",
    ] {
        assert!(sketch(&mut &*bytes, None).is_err(), "{bytes:?}");
    }
    // A header that is hostile to what is written of it.
    let odd = "ye\"ar,\"a\\b\u{7}\",n\n2019,\"x\ny\",1\n2020,'''],5\n";
    let drafted = drafted(odd.as_bytes());
    assert!(Mapping::parse(&drafted.mapping).is_ok(), "{}", drafted.mapping);
}

#[test]
fn countries_beside_their_total_are_countries_and_what_is_hidden_is_told() {
    let table = "Land,Stelle,2019,2020\nPHL,a,\"40,307\",--\nCAN,b,..,5\nTOTAL,a,50000,7\nSource: BSA\n";
    let sketch = drafted(table.as_bytes());
    for wanted in ["COUNTERPART_AREA = \"Land\"", "\"TOTAL\" = \"_T\"", "# Not used: \"Stelle\""] {
        assert!(sketch.mapping.contains(wanted), "there is no {wanted} in\n{}", sketch.mapping);
    }
    let table = table.replace("Source: BSA\n", "");
    let blanks = [(INDICATOR, "INDICATOR = \"EF_REGEMI\""), (BASIS, "BASIS = \"CIT\"")];
    let read = read(table.as_bytes(), &filled(&drafted(table.as_bytes()).mapping, &blanks), "ESP");
    let hidden: Vec<_> = read.iter().filter(|(_, value)| value.is_none()).map(|(place, _)| place).collect();
    assert!(hidden.len() == 1 && hidden[0].0.starts_with("A.ESP.PHL."), "{read:?}");
}
