//! Every file as its publisher has it: recognised by its header, read without a hand's edit, and whole.
//!
//! Totals were worked out from the files with another tool, and those that a publisher states are theirs.

use std::fs::File;

use corridor::intake::shipped::{self, Head, Recognised};
use corridor::intake::{self, Choice, Report, Rules, Severity, Wishes};

/// A file, the mapping that it is recognised for, and what comes out: observations, warnings, and the sum of the values of one
/// indicator, sex, age, counterpart and period, empty for any.
struct Case {
    file: &'static str,
    mapping: &'static str,
    counts: (u64, usize),
    slice: [&'static str; 5],
    sum: &'static str,
}

const fn case(
    file: &'static str,
    mapping: &'static str,
    counts: (u64, usize),
    slice: [&'static str; 5],
    sum: &'static str,
) -> Case {
    Case { file, mapping, counts, slice, sum }
}

const CASES: &[Case] = &[
    case(
        "undesa_ims2024_stock_od_sex.csv",
        "undesa_stock",
        (153_296, 0),
        ["", "", "", "", "2024"],
        "304021813",
    ),
    case(
        "undesa_ims2019_od_total.csv",
        "undesa_matrix_2019",
        (81_559, 0),
        ["", "", "", "_T", "2019"],
        "271642105.00000000001",
    ),
    case(
        "eurostat_asylum_applicants_sex.csv",
        "eurostat_asylum_sex",
        (40_011, 0),
        ["", "", "", "", ""],
        "11056205",
    ),
    case(
        "eurostat_imm5prv_immigration_bilateral_total.csv",
        "eurostat_flows_bilateral",
        (14_483, 0),
        ["", "", "", "", ""],
        "65000197",
    ),
    case(
        "eurostat_sdmxcsv_asylum_applicants_total.csv",
        "eurostat_asylum",
        (1_080, 0),
        ["", "", "", "", ""],
        "12095450",
    ),
    case(
        "eurostat_sdmxcsv_migrants_refused_entry_at_the_border.csv",
        "eurostat_refused_entry",
        (317, 0),
        ["", "", "", "", ""],
        "2939120",
    ),
    case(
        "eurostat_sdmxcsv_migration_permits_issued.csv",
        "eurostat_permits",
        (376, 0),
        ["", "", "", "", ""],
        "35656518",
    ),
    case(
        "eurostat_sdmxcsv_temporary_protection_beneficiaries_monthly.csv",
        "eurostat_temporary_protection",
        (1_136, 0),
        ["", "", "", "", ""],
        "143799165",
    ),
    case("ircc_extracted_tfw.csv", "ircc_tfw_permits", (350, 0), ["", "", "", "", ""], "3982330"),
    case("phl_cfo_emigrant-1981-2020-Age.csv", "cfo_age", (520, 0), ["", "", "", "", ""], "2446127"),
    case(
        "phl_cfo_emigrant-1981-2020-AllCountries.csv",
        "cfo_countries",
        (7_000, 0),
        ["", "", "", "", ""],
        "2514766",
    ),
    case("phl_cfo_emigrant-1981-2020-Sex.csv", "cfo_sex", (80, 0), ["", "", "", "", ""], "2515729"),
    case(
        "phl_cfo_emigrant-1981-2022-MajorCountry.csv",
        "cfo_major_countries",
        (502, 0),
        ["", "", "", "_T", ""],
        "2573018",
    ),
    case("phl_cfo_emigrant-1988-2020-Educ.csv", "cfo_education", (297, 0), ["", "", "", "", ""], "2177920"),
    case(
        "unhcr_HDX_Demographics.csv",
        "unhcr_hdx_demographics",
        (7_185, 79),
        ["", "_T", "_T", "", ""],
        "49629247",
    ),
    case(
        "unhcr_demographics_sex_age_location.csv",
        "unhcr_demographics",
        (72_510, 201),
        ["", "_T", "_T", "", ""],
        "28461306",
    ),
    case(
        "unhcr_population_2000_2024_2025.csv",
        "unhcr_population",
        (15_552, 0),
        ["", "", "", "", "2024"],
        "30958200",
    ),
    case(
        "wdi_BM.TRF.PWKR.CD.DT.csv",
        "wdi_remittances_paid",
        (6_250, 0),
        ["", "", "", "", ""],
        "7711268297570.50760453239",
    ),
    case(
        "wdi_remittances_received_paid.csv",
        "wdi_remittances",
        (11_324, 0),
        ["RE_PAID", "", "", "", ""],
        "8777909583263",
    ),
];

fn import(file: &str, country: Option<&str>) -> Report {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut input = File::open(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let wishes = Wishes { choice: Choice::Auto, ..Wishes::default() };
    intake::open(&mut input, &wishes, &Rules { country, ..Rules::default() }, None)
}

/// The sum of the values of a slice.
fn sum(report: &mut Report, slice: [&str; 5]) -> String {
    let fits = |code: &str, wanted: &str| wanted.is_empty() || code == wanted;
    let mut sum = corridor::model::Decimal::ZERO.to_rust_decimal();
    for series in report.take_series() {
        let key = series.key();
        let codes = [key.indicator(), key.sex(), key.age(), key.counterpart_area()];
        if !codes.iter().zip(slice).all(|(code, wanted)| fits(code, wanted)) {
            continue;
        }
        for one in series.observations().iter().filter(|one| fits(&one.period().to_string(), slice[4])) {
            sum += one.value().map_or(Default::default(), |value| value.to_rust_decimal());
        }
    }
    sum.normalize().to_string()
}

#[test]
fn every_file_is_recognised_and_read_whole() {
    let mut wrong = Vec::new();
    for case in CASES {
        let mut report = import(case.file, None);
        let errors: Vec<String> = report
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .take(8)
            .map(ToString::to_string)
            .collect();
        let warnings = report.findings.iter().filter(|f| f.severity == Severity::Warning).count();
        let mapping = report.recognised.as_ref().map(|(name, _)| *name);
        let observations = report.observations;
        let sum = sum(&mut report, case.slice);
        if (mapping, (observations, warnings), sum.as_str()) != (Some(case.mapping), case.counts, case.sum) {
            wrong.push(format!(
                "{}: {mapping:?} {} rows, {observations}, {sum:?} {warnings} {errors:#?}",
                case.file, report.rows
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_mapping_that_comes_with_the_program_is_one() {
    for name in shipped::names() {
        let text = shipped::text(name).unwrap();
        let mapping = intake::Mapping::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(mapping.title().is_some(), "{name}");
    }
}

#[test]
fn a_header_that_several_mappings_fit_is_decided_by_the_country_or_not_at_all() {
    let both = include_bytes!("../../config/data/mirror_phl_can_1981_2013.csv");
    for (country, wanted) in [("PHL", "phl_can_origin"), ("CAN", "phl_can_destination")] {
        let Recognised::Mapping { name, why, .. } = shipped::recognise(Head::Text(both), Some(country))
        else {
            panic!("{country}: not recognised");
        };
        assert_eq!(name, wanted);
        assert!(why.contains("year"), "{why}");
    }
    let flows = include_bytes!("../../config/data/mirror_eurostat_flows_2010_2019.csv");
    let Recognised::Unclear(why) = shipped::recognise(Head::Text(flows), Some("ESP")) else {
        panic!("decided")
    };
    assert!(why.ends_with("one of eurostat_destination, eurostat_origin"), "{why}");
    for (unknown, said) in [("a,b\n1,2\n", "no mapping"), ("", "no mapping"), ("\n\n\"", "no mapping")] {
        let Recognised::Unclear(why) = shipped::recognise(Head::Text(unknown.as_bytes()), None) else {
            panic!("known")
        };
        assert!(why.starts_with(said), "{why}");
    }
    // A table of the Philippines at Italy's node is known, and not its own.
    let Recognised::Unclear(why) = shipped::recognise(Head::Text(both), Some("ITA")) else {
        panic!("decided")
    };
    assert!(
        why.contains("another country than ITA: phl_can_destination (CAN), phl_can_origin (PHL)"),
        "{why}"
    );
    let tidy = "FREQ,INDICATOR,TIME_PERIOD,OBS_VALUE\n";
    assert_eq!(shipped::recognise(Head::Text(tidy.as_bytes()), None), Recognised::Tidy);
}

#[test]
fn a_country_takes_its_own_rows_of_a_file_for_all() {
    let mut report = import("undesa_ims2024_stock_od_sex.csv", Some("ESP"));
    let left_out: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(left_out.len() == 1 && left_out[0].contains("another country than this node's"), "{left_out:?}");
    assert!(report.is_accepted());
    assert_eq!(report.observations, 768);
    assert!(report.take_series().all(|series| series.key().ref_area() == "ESP"));
}
