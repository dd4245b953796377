//! Real tables through the mappings of `config/mappings/`.

use super::*;

macro_rules! config {
    ($path:literal) => {
        include_str!(concat!("../../../config/", $path))
    };
}

const CORRIDOR: &str = config!("data/mirror_phl_can_1981_2013.csv");
const FLOWS: &str = config!("data/mirror_eurostat_flows_2010_2019.csv");
const STOCK: &str = config!("data/undesa_ims2024_stock_phl_can_ita_esp.csv");

fn mapped(file: &str, mapping: &str, country: &str) -> Taken {
    let mapping = Mapping::parse(mapping).unwrap_or_else(|e| panic!("{e}"));
    read(&mut file.as_bytes(), Some(&mapping), &Rules { country: Some(country), ..Rules::default() })
}

#[test]
fn both_sides_of_philippines_canada_have_33_years() {
    for (mapping, country, key, first) in [
        (
            config!("mappings/phl_can_origin.toml"),
            "PHL",
            "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS",
            "5226",
        ),
        (
            config!("mappings/phl_can_destination.toml"),
            "CAN",
            "A.CAN.PHL.MF_PERMSET.CIT._T._T._T._T._T._T._T._T.PS",
            "5921",
        ),
    ] {
        let report = mapped(CORRIDOR, mapping, country);
        assert_eq!(lines(&report), Vec::<String>::new());
        assert_eq!((report.rows, report.observations, report.series.len()), (33, 33, 1));
        assert_eq!(value(&report, key, "1981"), number(first));
    }
}

#[test]
fn another_country_cannot_submit_for_the_philippines() {
    let report = mapped(CORRIDOR, config!("mappings/phl_can_origin.toml"), "CAN");
    assert!(!report.is_accepted());
    let expected =
        "line 2: REF_AREA is PHL, but this node reports for CAN: remove the row (and on 32 more lines)";
    assert_eq!(lines(&report), [expected]);
}

#[test]
fn italy_and_spain_submit_their_sides_with_one_file_for_every_country() {
    let italy = mapped(FLOWS, config!("mappings/eurostat_origin.toml"), "ITA");
    let spain = mapped(FLOWS, config!("mappings/eurostat_destination.toml"), "ESP");
    assert_eq!((lines(&italy), lines(&spain)), (Vec::new(), Vec::new()));
    let key = "A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T.M_GE12._T.PS";
    assert_eq!(value(&italy, key, "2017"), number("7965"));
    assert_eq!(value(&spain, KEY, "2017"), number("22203"));
    assert!(italy.series.iter().all(|s| s.key().ref_area() == "ITA"));
    let expected = FLOWS.lines().filter(|l| l.contains(",ITA,") && !l.contains(",,"));
    let expected = expected.filter(|l| l.split(',').nth(1) == Some("ITA"));
    let reported = expected.filter(|l| l.split(',').nth(3) != Some("")).count() as u64;
    assert!(italy.observations >= reported && reported > 0, "{} {reported}", italy.observations);
}

#[test]
fn stocks_come_by_origin_and_sex() {
    let report = mapped(STOCK, config!("mappings/undesa_stock.toml"), "PHL");
    let others = "line 2: the row is of another country than this node's: left out (and on 5135 more lines)";
    assert_eq!(lines(&report), [others]);
    assert_eq!(report.observations, 160);
    let row = STOCK.lines().find(|l| l.starts_with("PHL,")).unwrap();
    let fields: Vec<&str> = row.split(',').collect();
    let sex = if fields[3] == "female" { "F" } else { "M" };
    let key = format!("A.PHL.{}.MS_FBORN.BIR.{sex}._T._T._T._T._T._T._T.PS", fields[1]);
    assert_eq!(value(&report, &key, fields[2]), number(fields[4]));
    for country in ["CAN", "ITA", "ESP"] {
        let report = mapped(STOCK, config!("mappings/undesa_stock.toml"), country);
        let all = lines(&report);
        assert!(all.len() == 1 && all[0].contains("another country than this node's"), "{country}: {all:?}");
        assert!(report.observations > 700, "{country}");
    }
}

#[test]
fn years_as_columns_thousands_marks_and_missing_words() {
    let mapping = "missing = ['', '..']\nthousands = ','\nskip_lines = 1\n\
        [missing_status]\n'--' = 'Q'\n\
        [constants]\nINDICATOR = 'EF_REGEMI'\n\
        [columns]\nCOUNTERPART_AREA = 'COUNTRY'\n\
        [schemes]\nCOUNTERPART_AREA = 'name'\n\
        [skip]\nCOUNTRY = ['TOTAL']\n\
        [wide]\nprefix = 'Y'\n";
    let file = "Registered emigrants\nCOUNTRY,Y1981,Y1982,Y1983,note\n\
        CANADA,\"5,226\",..,--,x\nItalie,4,8,,\nTOTAL,1,1,1,\nSource: CFO\n";
    let report = mapped(file, mapping, "PHL");
    assert!(report.is_accepted(), "{:?}", lines(&report));
    assert_eq!(report.observations, 4);
    let key = "A.PHL.CAN.EF_REGEMI._Z._T._T._T._T._T._T._T._T.PS";
    assert_eq!(value(&report, key, "1981"), number("5226"));
    let last = report.series[0].observations().last().unwrap();
    assert_eq!((last.status(), last.value()), (ObsStatus::Suppressed, None));
    assert!(lines(&report).iter().any(|l| l.starts_with("line 6: one field alone")), "{:?}", lines(&report));
}

#[test]
fn two_values_for_one_cell_are_found_in_their_column() {
    let by_year = "[constants]\nINDICATOR = 'EF_REGEMI'\n[columns]\nCOUNTERPART_AREA = 'COUNTRY'\n[wide]\nprefix = 'Y'\n";
    let by_sex = "[constants]\nINDICATOR = 'EF_REGEMI'\n[columns]\nTIME_PERIOD = 'YEAR'\nCOUNTERPART_AREA = 'COUNTRY'\n\
        [[value]]\ncolumn = 'MALE'\nconstants = { SEX = 'M' }\n[[value]]\ncolumn = 'FEMALE'\nconstants = { SEX = 'F' }\n";
    for (mapping, file, said) in [
        (
            by_year,
            "COUNTRY,Y1981,Y1982\nCAN,1,2\nITA,3,4\nCAN,,5\n",
            "line 4, column Y1982: TIME_PERIOD 1982 of",
        ),
        (
            by_sex,
            "COUNTRY,YEAR,MALE,FEMALE\nCAN,1982,1,2\nITA,1982,3,4\nCAN,1982,,5\n",
            "line 4, column FEMALE: TIME_PERIOD 1982 of",
        ),
    ] {
        let mapping = format!("missing = ['']\n{mapping}");
        let report = mapped(file, &mapping, "PHL");
        assert!(errors(&report)[0].starts_with(said), "{:?}", lines(&report));
    }
}

#[test]
fn several_value_columns_have_codes_of_their_own() {
    let mapping = "[constants]\nINDICATOR = 'EF_REGEMI'\n[columns]\nTIME_PERIOD = 'YEAR'\n\
        [[value]]\ncolumn = 'MALE'\nconstants = { SEX = 'M' }\n\
        [[value]]\ncolumn = 'FEMALE'\nconstants = { SEX = 'F' }\n";
    let report = mapped("YEAR,MALE,FEMALE\n1981,20350,28517\n1982,21752,32201\n", mapping, "PHL");
    assert!(report.is_accepted(), "{:?}", lines(&report));
    assert_eq!((report.series.len(), report.observations), (2, 4));
    assert_eq!(value(&report, "A.PHL._T.EF_REGEMI._Z.F._T._T._T._T._T._T._T.PS", "1982"), number("32201"));
}

#[test]
fn areas_may_be_written_in_other_schemes() {
    for (scheme, word) in [("alpha2", "CA"), ("numeric", "124"), ("alpha3", "CAN"), ("name", "Canada")] {
        let mapping = format!(
            "[constants]\nINDICATOR = 'EF_REGEMI'\n[columns]\nCOUNTERPART_AREA = 'c'\nTIME_PERIOD = 'y'\n\
             OBS_VALUE = 'v'\n[schemes]\nCOUNTERPART_AREA = '{scheme}'\n"
        );
        let report = mapped(&format!("c,y,v\n{word},2017,1\n"), &mapping, "PHL");
        assert!(report.is_accepted(), "{scheme}: {:?}", lines(&report));
        assert_eq!(report.series[0].key().counterpart_area(), "CAN");
    }
}

#[test]
fn mappings_with_faults_are_refused_with_their_place() {
    let columns = "[columns]\nTIME_PERIOD = 'y'\nOBS_VALUE = 'v'\n";
    for (mapping, said) in [
        ("[columns\n".to_owned(), "mapping refused"),
        (format!("colour = 'red'\n{columns}"), "unknown field `colour`"),
        (
            format!("{columns}SEXX = 's'\n"),
            "[columns]: SEXX is not a name of the data structure; did you mean SEX?",
        ),
        (format!("{columns}SEX = 's'\n[constants]\nSEX = 'F'\n"), "[constants], SEX: it is also a column"),
        (format!("{columns}[constants]\nSOURCE_TYPE = 'x'\n"), "attributes have [attributes]"),
        (format!("{columns}[attributes]\nSOURCE_TYPE = 'X'\n"), "[attributes], SOURCE_TYPE"),
        (format!("{columns}[attributes]\nSEX = 'F'\n"), "dimensions have [constants]"),
        (format!("{columns}[missing_status]\n'--' = '?'\n"), "[missing_status], --"),
        (format!("{columns}[wide]\n"), "say where values are, once"),
        (format!("{columns}[schemes]\nSEX = 'alpha2'\n"), "only areas have schemes"),
        ("[columns]\nOBS_VALUE = 'v'\n".to_owned(), "TIME_PERIOD: name its column"),
        (format!("thousands = '.'\n{columns}"), "thousands: it must be one ASCII character"),
    ] {
        let error = Mapping::parse(&mapping).unwrap_err().to_string();
        assert!(error.contains(said), "{mapping}\n{error}");
    }
}

#[test]
fn a_mapping_that_does_not_fit_the_file_says_which_column() {
    let mapping = "[constants]\nINDICATOR='EF_REGEMI'\n[columns]\nTIME_PERIOD='year'\nOBS_VALUE='count'\n";
    let report = mapped("Year,count\n2017,1\n", mapping, "PHL");
    let expected =
        "line 1, column year: the mapping needs this column and the file has none; did you mean Year?";
    assert_eq!(lines(&report), [expected]);
    let wants_country = Mapping::parse(config!("mappings/eurostat_origin.toml")).unwrap();
    let report = read(&mut FLOWS.as_bytes(), Some(&wants_country), &Rules::default());
    assert!(lines(&report)[0].contains("$COUNTRY"), "{:?}", lines(&report));
}

/// Reads a file of which the good part is asked for, or not.
fn opened(text: &str, good_part: bool) -> Report {
    let wishes = crate::intake::Wishes { good_part, ..Default::default() };
    crate::intake::open(&mut text.as_bytes(), &wishes, &SPAIN, None)
}

#[test]
fn where_no_row_is_good_that_is_said() {
    let report =
        opened(&format!("{}\nESP,QQQ,MF_IMM_PREV,RES,M_GE12,2017,5\n", TIDY.lines().next().unwrap()), true);
    let said: Vec<String> = report.findings.iter().map(|f| f.message.clone()).collect();
    assert!(!report.is_accepted() && said.iter().any(|m| m.starts_with("no row is good")), "{said:?}");
    assert!(!said.iter().any(|m| m.contains("add rows")), "{said:?}");
    // That is shown however many rows were left out.
    let rows: String =
        (0..11_000).map(|n| format!("ESP,FRA,MF_IMM_PREV,RES,M_GE12,2017,many{n}\n")).collect();
    let report = opened(&format!("{}\n{rows}", TIDY.lines().next().unwrap()), true);
    let errors: Vec<_> = report.findings.iter().filter(|f| f.severity == Severity::Error).collect();
    assert!(errors.len() == 1 && errors[0].message.starts_with("no row is good"), "{errors:?}");
}

#[test]
fn the_good_part_is_taken_only_when_asked_for_and_says_what_it_left_out() {
    // Line 4 has a wrong code, line 5 no number; lines 6 and 7 are two values for one cell.
    let text = format!(
        "{TIDY}ESP,QQQ,MF_IMM_PREV,RES,M_GE12,2017,5\nESP,FRA,MF_IMM_PREV,RES,M_GE12,2017,many\n\
         ESP,DEU,MF_IMM_PREV,RES,M_GE12,2017,1\nESP,DEU,MF_IMM_PREV,RES,M_GE12,2017,2\n"
    );
    let whole = opened(&text, false);
    assert!(!whole.is_accepted() && whole.series == 0 && whole.left_out == 0);
    let mut good = opened(&text, true);
    assert!(good.is_accepted(), "{:?}", good.findings);
    assert_eq!((good.series, good.observations, good.left_out), (1, 2, 3));
    let left: Vec<u64> =
        good.findings.iter().filter(|f| f.severity == Severity::LeftOut).map(|f| f.line).collect();
    assert_eq!(left, [4, 5, 7]);
    let keys: Vec<String> = good.take_series().map(|s| s.key().to_string()).collect();
    assert_eq!(keys, [KEY]);
}

#[test]
fn what_is_left_out_takes_no_other_series_with_it() {
    // Series that come up with rows that are left out: first, between and last in the order of keys.
    let row = |area: &str, value: &str| format!("ESP,{area},MF_IMM_PREV,RES,M_GE12,2017,{value}\n");
    let areas = ["AUT", "DEU", "FRA", "ITA", "ROU"];
    for bad in 0..32 {
        let value = |at: usize| if bad & (1 << at) == 0 { format!("{}", at + 1) } else { "-1".to_owned() };
        let rows: String = areas.iter().enumerate().map(|(at, area)| row(area, &value(at))).collect();
        let header = TIDY.lines().next().unwrap();
        let mut report = opened(&format!("{header}\n{rows}"), true);
        let wanted: Vec<(String, Option<Decimal>)> = (0..areas.len())
            .filter(|at| bad & (1 << at) == 0)
            .map(|at| (areas[at].to_owned(), number(&value(at))))
            .collect();
        let taken: Vec<(String, Option<Decimal>)> = report
            .take_series()
            .map(|s| (s.key().counterpart_area().to_owned(), s.observations()[0].value()))
            .collect();
        assert_eq!(taken, wanted);
        assert_eq!(report.is_accepted(), report.series > 0, "{:?}", report.findings);
    }
}

#[test]
fn no_part_is_good_where_the_whole_cannot_be_trusted() {
    let unclosed =
        format!("{TIDY}ESP,\"FRA,MF_IMM_PREV,RES,M_GE12,2017,5\n{}", &TIDY[TIDY.find("ESP").unwrap()..]);
    let header = TIDY.replace("OBS_VALUE", "OBS_VALEU");
    let contradiction = "INDICATOR,SEX,TIME_PERIOD,OBS_VALUE\nMF_IMM_PREV,_T,2017,5\nMF_IMM_PREV,F,2017,6\n";
    for text in [unclosed.as_str(), &header, contradiction] {
        let report = opened(text, true);
        assert!(!report.is_accepted() && report.series == 0, "{:?}", report.findings);
    }
}

#[test]
fn tables_with_flags_split_columns_and_decimal_commas_are_read() {
    let mapping = "delimiter=\"\\t\"\nsplit=','\nflags='eurostat'\nmissing=['',':']\n[constants]\n\
                   INDICATOR='MF_IMM_PREV'\n[columns]\nREF_AREA='geo'\nCOUNTERPART_AREA='partner'\n[wide]\n\
                   [schemes]\nREF_AREA='alpha2'\nCOUNTERPART_AREA='alpha2'\n";
    let text = "partner,geo\\TIME_PERIOD\t2017 \t2018 \t2019 \nIT,ES\t22203 p\t: c\t:\nFR,ES\t7 bd\t\t8r\n";
    let report = mapped(text, mapping, "ESP");
    assert!(report.is_accepted(), "{:?}", lines(&report));
    let shown: Vec<String> = report
        .series
        .iter()
        .flat_map(|s| {
            let area = s.key().counterpart_area().to_owned();
            s.observations().iter().map(move |o| {
                let (flags, value) = (o.flags(), o.value().map_or("-".to_owned(), |v| v.to_string()));
                format!("{area} {} {value} {}{}{}", o.period(), flags.status, flags.conf, flags.revision)
            })
        })
        .collect();
    let expected = ["FRA 2017 7 BF0", "FRA 2019 8 AF1", "ITA 2017 22203 PF0", "ITA 2018 - QC0"];
    assert_eq!(shown, expected);
    let mapping = "delimiter=';'\nthousands='.'\ndecimal=','\n[constants]\nREF_AREA='ESP'\nCOUNTERPART_AREA='_T'\n\
                   INDICATOR='RE_PAID'\nBASIS='_Z'\n[columns]\nTIME_PERIOD='y'\nOBS_VALUE='v'\n";
    let key = "A.ESP._T.RE_PAID._Z._T._T._T._T._T._T._T._T.USD";
    let report = mapped("y;v\n2017;1.234.567,25\n", mapping, "ESP");
    assert_eq!(value(&report, key, "2017"), number("1234567.25"), "{:?}", lines(&report));
    let report = mapped("y;v\n2017;1.5\n", mapping, "ESP");
    assert!(errors(&report)[0].starts_with("line 2, column v: \"1.5\" is not written as the mapping says"));
}
