//! Bad files: what a clerk is told, and that nothing is taken.

use super::*;

const HEADER: &str = "REF_AREA,COUNTERPART_AREA,INDICATOR,SEX,AGE,TIME_PERIOD,OBS_VALUE,OBS_STATUS";
const GOOD: &str = "ESP,ITA,MF_IMM_PREV,_T,_T,2016,100,A";

/// The finding for a row, which stands on line 3 of its file.
#[test]
fn every_fault_of_a_row_is_named_with_line_and_column() {
    for (row, said) in [
        (
            "ESP,ITA,MF_IMM_PREV,Female,_T,2017,1,A",
            "line 3, column SEX: code \"Female\" is not in its list; did you mean F (Female)?",
        ),
        (
            "ESP,Italy,MF_IMM_PREV,F,_T,2017,1,A",
            "line 3, column COUNTERPART_AREA: code \"Italy\" is not in its list; did you mean ITA (Italy)?",
        ),
        (
            "ESP,ITA,MF_IMM_PREF,F,_T,2017,1,A",
            "line 3, column INDICATOR: code \"MF_IMM_PREF\" is not in its list; did you mean MF_IMM_PREV (",
        ),
        (
            "ESP,ITA,MF_IMM_PREV,,_T,2017,1,A",
            "line 3, column SEX: the cell is empty: write the code, _T for a total",
        ),
        (
            "ITA,ESP,MF_IMM_PREV,F,_T,2017,1,A",
            "line 3, column REF_AREA: REF_AREA is ITA, but this node reports for ESP: remove the row",
        ),
        ("ESP,ITA,MF_IMM_PREV,F,_T,17,1,A", "line 3, column TIME_PERIOD: \"17\" refused"),
        (
            "ESP,ITA,MF_IMM_PREV,F,_T,2017,\"1,5\",A",
            "line 3, column OBS_VALUE: number \"1,5\" refused: no separators",
        ),
        (
            "ESP,ITA,MF_IMM_PREV,F,_T,2017,,",
            "line 3, column OBS_STATUS: OBS_STATUS A: there is no value; say why with O, M, L, H or Q",
        ),
        (
            "ESP,ITA,MF_IMM_PREV,F,_T,2017,1,Q",
            "line 3, column OBS_STATUS: OBS_STATUS Q: it means that the value is missing",
        ),
        ("ESP,ITA,MF_IMM_PREV,F,_T,2017,1,a", "line 3, column OBS_STATUS: code \"a\" is not in its list"),
        ("ESP,ITA,MF_IMM_PREV,F,_T,2017,-1,A", "line 3, column OBS_VALUE: -1 is below zero"),
        ("ESP,ITA,MF_IMM_PREV,F,_T,2017,1", "line 3: 7 fields, but the header has 8"),
        (
            "ESP,ITA,MF_IMM_PREV,_T,_T,2016,100,A",
            "line 3, column OBS_VALUE: TIME_PERIOD 2016 of series A.ESP.ITA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS stands on line 2 and again on line 3: keep one",
        ),
        (
            "ESP,ITA,MF_IMM_PREV,F,_T,2016,101,A",
            "line 3, column OBS_VALUE: 101 for SEX F in 2016 is more than the total 100 on line 2",
        ),
    ] {
        let report = tidy(&format!("{HEADER}\n{GOOD}\n{row}\n"));
        let errors = errors(&report);
        assert!(errors.len() == 1 && errors[0].starts_with(said), "{row}\n{errors:?}");
        assert!(report.series.is_empty() && report.observations == 0, "nothing of a bad file is taken");
    }
}

#[test]
fn all_wrong_codes_of_a_row_are_named_together() {
    let report = tidy(&format!("{HEADER}\nESP,ITAL,MF_IMM_PREV,X,Y0,2017,1,A\n"));
    let columns: Vec<_> = report.findings.iter().filter_map(|f| f.column.as_deref()).collect();
    assert_eq!(columns, ["COUNTERPART_AREA", "SEX", "AGE"]);
}

#[test]
fn headers_with_faults_are_refused() {
    for (header, said) in [
        (
            "INDICATOR,TIME_PERIOD,OBS_VALUE,SEXX",
            "line 1, column SEXX: it is not a name of the data structure; did you mean SEX?",
        ),
        ("INDICATOR,TIME_PERIOD", "line 1, column OBS_VALUE: the column is missing"),
        ("INDICATOR,TIME_PERIOD,OBS_VALUE,obs_value", "line 1, column obs_value: the column stands twice"),
        (
            "INDICATOR,TIME_PERIOD,OBS_VALUE,Passport No.",
            "line 1, column Passport No.: this column is about single persons",
        ),
        (
            "INDICATOR,TIME_PERIOD,OBS_VALUE,birth_date",
            "line 1, column birth_date: this column is about single persons",
        ),
        ("INDICATOR,TIME_PERIOD,OBS_VALUE,name", "line 1, column name: this column is about single persons"),
        ("", "line 1: the file is empty"),
        ("PK\u{3}\u{4}", "line 1: this is a workbook"),
        ("<html>", "line 1: this is a web page"),
        ("INDICATOR,TIME_PERIOD,OBS_VALUE", "line 1: the file has no value to take"),
    ] {
        let report = tidy(&format!("{header}\n"));
        assert!(errors(&report).iter().any(|l| l.starts_with(said)), "{header}\n{:?}", lines(&report));
        assert!(!report.is_accepted() && report.series.is_empty());
    }
}

#[test]
fn what_the_node_writes_around_figures_is_left_out_when_it_comes_back() {
    let header = "publisher,agreement,ref_area,indicator,time_period,obs_value,released_at,entry";
    let report = tidy(&format!("{header}\nab,cd,ESP,MF_IMM_PREV,2017,5,2026-01-01T00:00:00Z,ef\n"));
    assert!(report.is_accepted() && report.observations == 1, "{:?}", lines(&report));
    let left_out = report.findings.iter().filter(|f| f.message.contains("where a figure was read"));
    let columns: Vec<_> = left_out.filter_map(|f| f.column.as_deref()).collect();
    assert_eq!(columns, ["publisher", "agreement", "released_at", "entry"]);
}

#[test]
fn columns_about_persons_are_refused_even_where_a_mapping_leaves_them_out() {
    let mapping = "[constants]\nINDICATOR='MF_IMM_PREV'\n[columns]\nTIME_PERIOD='y'\nOBS_VALUE='v'\n";
    let mapping = Mapping::parse(mapping).unwrap();
    let report = read(&mut "y,v,surname\n2017,1,Diaz\n".as_bytes(), Some(&mapping), &SPAIN);
    assert!(lines(&report)[0].contains("no individual records"), "{:?}", lines(&report));
}

#[test]
fn units_frequencies_and_classes_must_be_those_of_the_indicator() {
    for (extra, code, said) in [
        (
            "UNIT_MEASURE",
            "PC",
            "line 2, column UNIT_MEASURE: UNIT_MEASURE is PC, but MF_IMM_PREV is given in PS",
        ),
        ("FREQ", "M", "line 2, column FREQ: TIME_PERIOD 2017 does not fit FREQ M"),
        ("SOURCE_TYPE", "GUESS", "line 2, column SOURCE_TYPE: code \"GUESS\" is not in its list"),
        ("REVISION", "-1", "line 2, column REVISION: \"-1\" is not a count of revisions"),
        ("CONF_STATUS", "E", "line 2, column OBS_VALUE: OBS_STATUS A: CONF_STATUS E needs EMBARGO_TIME"),
    ] {
        let text = format!("INDICATOR,TIME_PERIOD,OBS_VALUE,{extra}\nMF_IMM_PREV,2017,1,{code}\n");
        let report = tidy(&text);
        assert!(errors(&report)[0].starts_with(said), "{:?}", lines(&report));
    }
    let strict =
        crate::model::catalogue::all().iter().find(|i| i.sens > crate::model::catalogue::Sensitivity::S0);
    let strict = strict.unwrap();
    let text = format!("INDICATOR,TIME_PERIOD,OBS_VALUE,SENS_CLASS\n{},2017,1,S0\n", strict.code());
    assert!(errors(&tidy(&text))[0].contains("is weaker than"), "{:?}", lines(&tidy(&text)));
}

#[test]
fn women_and_men_that_do_not_make_the_total_are_a_warning() {
    let row = |sex: &str, value: u32| format!("ESP,ITA,MF_IMM_PREV,{sex},_T,2017,{value},A\n");
    let text = format!("{HEADER}\n{}{}{}", row("_T", 100), row("F", 60), row("M", 30));
    let report = tidy(&text);
    assert!(report.is_accepted());
    let expected = "line 2, column OBS_VALUE: SEX F and M make 90 in 2017, the total says 100: correct one, or report _U";
    assert!(lines(&report).contains(&expected.to_owned()), "{:?}", lines(&report));
    let complete = tidy(&format!("{text}{}", row("_U", 10)));
    assert!(!lines(&complete).iter().any(|l| l.contains("make")), "{:?}", lines(&complete));
}

#[test]
fn one_fault_on_many_lines_is_one_finding() {
    let rows: String = (1900..2000).map(|y| format!("ESP,ITA,MF_IMM_PREV,X,_T,{y},1,A\n")).collect();
    let report = tidy(&format!("{HEADER}\n{rows}"));
    assert_eq!(report.findings.len(), 1);
    assert!(lines(&report)[0].ends_with("(and on 99 more lines)"), "{:?}", lines(&report));
}

#[test]
fn many_faults_are_cut_and_counted_and_still_refuse_the_file() {
    let rows: String = (0..350).map(|n| format!("ESP,ITA,MF_IMM_PREV,F,_T,{},x{n},A\n", 1900 + n)).collect();
    let report = tidy(&format!("{HEADER}\n{rows}"));
    assert_eq!(report.findings.len(), MAX_FINDINGS + 1);
    assert!(lines(&report)[MAX_FINDINGS].contains("… and 150 more"), "{:?}", lines(&report)[MAX_FINDINGS]);
    let more: String = (0..20_000).map(|n| format!("ESP,ITA,MF_IMM_PREV,F,_T,2017,x{n},A\n")).collect();
    let report = tidy(&format!("{HEADER}\n{more}"));
    assert!(!report.is_accepted() && report.rows == 20_000, "a file is read to its end");
    assert!(lines(&report)[MAX_FINDINGS].contains("… and 19800 more"), "{:?}", lines(&report)[MAX_FINDINGS]);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for end in ["\n", "\r\n", "\r"] {
        let header = "INDICATOR,TIME_PERIOD,OBS_VALUE,COMMENT_OBS";
        let text = format!(
            "{header}\nMF_IMM_PREV,2016,1,\"two\nlines\"\n\n\nMF_IMM_PREV,2017,x,\nMF_IMM_PREV,2018,y,"
        );
        let report = tidy(&text.replace('\n', end));
        let lines: Vec<u64> = report.findings.iter().map(|f| f.line).collect();
        assert_eq!(lines, [6, 7], "{end:?}");
    }
}

#[test]
fn a_quotation_mark_that_swallows_rows_is_told_and_a_note_of_several_lines_is_none() {
    let header = "INDICATOR,COUNTERPART_AREA,TIME_PERIOD,OBS_VALUE,COMMENT_OBS";
    let row = |year: u32, note: &str| format!("MF_IMM_PREV,ITA,{year},1,{note}\n");
    // Never closed, and closed by the next one, which was to open another.
    for notes in [["", "\"open", "", ""], ["", "\"open", "", "\"new\""]] {
        let rows: String = (2015..).zip(notes).map(|(year, note)| row(year, note)).collect();
        let report = tidy(&format!("{header}\n{rows}"));
        assert!(errors(&report)[0].starts_with("line 3: a quotation mark is opened"), "{:?}", lines(&report));
        assert!(report.series.is_empty());
    }
    let prose = "\"Counted in Rome, Milan, Turin,\n1,000,000 in Genoa,Bari,Pisa,Lucca,Siena, and others\"";
    let report = tidy(&format!("{header}\n{}{}", row(2015, prose), row(2016, "")));
    assert!(report.is_accepted() && report.rows == 2, "{:?}", lines(&report));
}

#[test]
fn rows_of_one_series_with_different_texts_are_refused() {
    let text = "INDICATOR,TIME_PERIOD,OBS_VALUE,SOURCE_TYPE\nMF_IMM_PREV,2016,1,REGISTER\nMF_IMM_PREV,2017,1,CENSUS\n";
    let report = tidy(text);
    assert!(
        errors(&report)[0].starts_with("line 3, column SOURCE_TYPE: series A.ESP"),
        "{:?}",
        lines(&report)
    );
}
