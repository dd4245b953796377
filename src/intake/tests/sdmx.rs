//! SDMX-CSV and SDMX-ML as others write them.

use super::*;
use crate::model::AttributeId;

const FEMALE: &str = "A.ESP.ITA.MF_IMM_PREV.RES.F._T._T._T._T._T.M_GE12._T.PS";

fn message(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<m:GenericData xmlns:m=\"m\" xmlns:g=\"g\">\n<m:Header>\
         <m:Structure structureID=\"S\" dimensionAtObservation=\"TIME_PERIOD\"/></m:Header>\n\
         <m:DataSet structureRef=\"S\">\n{body}\n</m:DataSet>\n</m:GenericData>\n"
    )
}

fn specific(body: &str) -> String {
    format!(
        "<m:StructureSpecificData xmlns:m=\"m\" xmlns:s=\"s\">\n<m:DataSet s:action=\"Replace\">\n{body}\n\
         </m:DataSet>\n</m:StructureSpecificData>\n"
    )
}

const KEY: &str = "FREQ=\"A\" REF_AREA=\"ESP\" COUNTERPART_AREA=\"ITA\" INDICATOR=\"MF_IMM_PREV\" BASIS=\"RES\" \
    AGE=\"_T\" EDUCATION_LEV=\"_T\" OCCUPATION=\"_T\" ACTIVITY=\"_T\" REASON=\"_T\" DURATION=\"M_GE12\" SUBNAT=\"_T\" \
    UNIT_MEASURE=\"PS\"";

fn generic_key() -> String {
    let values = KEY.split_ascii_whitespace().filter_map(|one| {
        let (id, value) = one.split_once('=')?;
        Some(format!("<g:Value id=\"{id}\" value={value}/>"))
    });
    values.collect()
}

#[test]
fn both_generations_and_all_labels_are_the_same_rows() {
    let plain = tidy(&format!(
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,DURATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n\
         {0},2017,22203,A\n{0},2018,,Q\n",
        "A,ESP,ITA,MF_IMM_PREV,RES,F,M_GE12"
    ));
    assert!(plain.is_accepted() && value(&plain, FEMALE, "2017").is_some(), "{:?}", lines(&plain));
    let columns =
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,DURATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS";
    let row = "A,ESP,ITA,MF_IMM_PREV,RES,F,M_GE12";
    let both = "A: Annual,ESP: Spain,ITA: Italy,MF_IMM_PREV: x: y,RES: Residence,F: Female,M_GE12: a year";
    let named = columns.split(',').map(|id| format!("{id}: The {id}")).collect::<Vec<_>>().join(",");
    let beside =
        columns.split(',').map(|id| format!("{id},{}", id.to_lowercase())).collect::<Vec<_>>().join(",");
    let names = row.split(',').map(|code| format!("{code},name of {code}")).collect::<Vec<_>>().join(",");
    for file in [
        format!("DATAFLOW,{columns}\nESP:X(1.0),{row},2017,22203,A\nESP:X(1.0),{row},2018,,Q\n"),
        format!("DATAFLOW,{columns}\nESP:X(1.0),{row},2017,22203,A\nESP:X(1.0),{row},2018,NaN,Q\n")
            .replace(',', ";"),
        format!("DATAFLOW,{named}\nx,{both},2017,22203,A: Normal\nx,{both},2018,,Q: Hidden\n"),
        format!(
            "STRUCTURE,STRUCTURE_ID,ACTION,{columns}\ndataflow,X,I,{row},2017,22203,A\ndataflow,X,M,{row},2018,NaN,Q\n"
        ),
        format!(
            "STRUCTURE[;],STRUCTURE_ID,SERIES_KEY,{columns}\nd,X,k,{row},2017,22203,A\nd,X,k,{row},2018,#N/A,Q\n"
        ),
        format!(
            "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,{beside}\nd,X,n,R,{names},2017,,22203,,A,Normal\n\
             d,X,n,,{names},2018,,NaN,,Q,Hidden\n"
        ),
    ] {
        let report = tidy(&file);
        assert_eq!(report.series, plain.series, "{file}\n{:?}", lines(&report));
    }
}

#[test]
fn what_cannot_be_taken_of_a_table_is_told_with_line_and_column() {
    let row = "A,ESP,ITA,MF_IMM_PREV,RES,F,M_GE12,2017,1";
    let columns = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,DURATION,TIME_PERIOD,OBS_VALUE";
    for (file, said) in [
        (
            format!("STRUCTURE,STRUCTURE_ID,ACTION,{columns}\nd,X,D,{row}\n"),
            "line 2, column ACTION: ACTION D takes back what was released",
        ),
        (format!("STRUCTURE,STRUCTURE_ID,ACTION,{columns}\nd,X,Z,{row}\n"), "line 2, column ACTION: it is no action"),
        (
            format!("STRUCTURE[;],STRUCTURE_ID,{columns},SOURCE_REF[en;fr]\nd,X,{row},en:a;fr:b\n"),
            "line 2, column SOURCE_REF: the cell has several languages",
        ),
        (
            format!("STRUCTURE[;],STRUCTURE_ID,{columns},COMMENT_OBS[]\nd,X,{row},a;b\n"),
            "line 2, column COMMENT_OBS: the cell has several values",
        ),
        (format!("DATAFLOW,{columns},PASSPORT_NO\nX,{row},1\n"), "line 1, column PASSPORT_NO: "),
        (
            "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,freq,Time frequency,citizen,Country,geo,Where,TIME_PERIOD,Time,\
             OBS_VALUE,Value\ndataflow,ESTAT:X(1.0),n,A,Annual,AF,Afghanistan,AT,Austria,2015,,1,\n"
                .to_owned(),
            "line 1, column INDICATOR: the column is missing",
        ),
    ] {
        let report = tidy(&file);
        let found = errors(&report);
        assert!(found.iter().any(|one| one.starts_with(said)), "{said}\n{found:?}");
        assert!(report.series.is_empty());
    }
    let custom = tidy(&format!("DATAFLOW,{columns},MY_OWN,COMMENT_OBS\nX,{row},z,  two  blanks \n"));
    assert_eq!(lines(&custom)[0].split(':').next(), Some("line 1, column MY_OWN"));
    let observation = &custom.series[0].observations()[0];
    assert_eq!(observation.attributes().get(AttributeId::CommentObs), Some("  two  blanks "));
    let languages =
        tidy(&format!("STRUCTURE[;],STRUCTURE_ID,{columns},SOURCE_REF[en;fr]\nd,X,{row},en:Register: 2\n"));
    assert_eq!(languages.series[0].attributes().get(AttributeId::SourceRef), Some("Register: 2"));
}

#[test]
fn every_flavour_of_xml_is_the_same_observation() {
    let own = "<g:Attributes><g:Value id=\"OBS_STATUS\" value=\"E\"/><g:Value id=\"COMMENT_OBS\" value=\"a &lt; b&#10;c\"/></g:Attributes>";
    let series = "<g:Attributes><g:Value id=\"UNIT_MULT\" value=\"0\"/></g:Attributes>";
    let key = generic_key();
    let group = format!(
        "<g:Group type=\"Sibling\"><g:GroupKey><g:Value id=\"SEX\" value=\"F\"/></g:GroupKey>{series}</g:Group>"
    );
    let other = "<g:Group><g:GroupKey><g:Value id=\"SEX\" value=\"M\"/></g:GroupKey><g:Attributes>\
                 <g:Value id=\"UNIT_MULT\" value=\"6\"/></g:Attributes></g:Group>";
    let sex = "<g:Value id=\"SEX\" value=\"F\"/>";
    let time = "TIME_PERIOD=\"2017\" OBS_VALUE=\"12.50\" OBS_STATUS=\"E\" COMMENT_OBS=\"a &lt; b&#xA;c\"";
    let files = [
        message(&format!(
            "<g:Series><g:SeriesKey>{key}{sex}</g:SeriesKey>{series}<g:Obs><g:ObsDimension value=\"2017\"/>\
             <g:ObsValue value=\"12.50\"/>{own}</g:Obs></g:Series>"
        )),
        message(&format!(
            "{other}{group}<g:Series><g:SeriesKey>{key}{sex}</g:SeriesKey><g:Obs><g:ObsDimension id=\"TIME_PERIOD\" \
             value=\"2017\"/><g:ObsValue value=\"12.50\"/>{own}</g:Obs></g:Series>"
        )),
        message(&format!(
            "{series}<g:Obs><g:ObsKey>{key}{sex}<g:Value id=\"TIME_PERIOD\" value=\"2017\"/></g:ObsKey>\
             <g:ObsValue value=\"12.50\"/>{own}</g:Obs>"
        )),
        message(&format!(
            "<g:Series><g:SeriesKey>{key}<g:Value id=\"TIME_PERIOD\" value=\"2017\"/></g:SeriesKey>{series}<g:Obs>\
             <g:ObsDimension value=\"F\"/><g:ObsValue value=\"12.50\"/>{own}</g:Obs></g:Series>"
        ))
        .replace("dimensionAtObservation=\"TIME_PERIOD\"", "dimensionAtObservation=\"SEX\""),
        specific(&format!("<Series {KEY} SEX=\"F\" UNIT_MULT=\"0\">\n<Obs {time}/></Series>")),
        specific(&format!("<Group s:type=\"x\" SEX=\"F\" UNIT_MULT=\"0\"/><Obs {KEY} SEX=\"F\" {time}><Note/></Obs>")),
        specific(&format!("<Obs {KEY} SEX=\"F\" {time}/>"))
            .replace("s:action", "UNIT_MULT=\"0\" s:action")
            .replace("StructureSpecificData", "StructureSpecificTimeSeriesData"),
    ];
    let first = tidy(&files[0]);
    assert_eq!(first.series.len(), 1, "{:?}", lines(&first));
    let observation = &first.series[0].observations()[0];
    assert_eq!(observation.value().map(|value| value.to_string()).as_deref(), Some("12.50"));
    assert_eq!(observation.attributes().get(AttributeId::CommentObs), Some("a < b\nc"));
    assert_eq!(first.series[0].key().as_str(), FEMALE);
    for file in &files {
        let report = tidy(file);
        assert_eq!(report.series, first.series, "{file}\n{:?}", lines(&report));
    }
}

#[test]
fn what_cannot_be_taken_of_xml_is_told_with_line_and_column() {
    let good = format!("<Series {KEY} SEX=\"F\">\n<Obs TIME_PERIOD=\"2017\" OBS_VALUE=\"1\"/>\n</Series>");
    let deep = "<a>".repeat(40);
    let endless = format!("<Obs X=\"{}", "y".repeat(2 * MAX_ROW_BYTES));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    for (file, said) in [
        (specific(&good.replace("\"2017\"", "\"17\"")), "line 4, column TIME_PERIOD: "),
        (specific(&good.replace("\"F\"", "\"X\"")), "line 4, column SEX: "),
        (specific(&good.replace(" SEX=\"F\"", "")), "line 4, column SEX: the cell is empty"),
        (
            specific(&good.replace("OBS_VALUE=\"1\"", "OBS_VALUE=\"1\" PASSPORT_NO=\"1\"")),
            "line 4, column PASSPORT_NO: ",
        ),
        (specific(&good).replace("Replace", "Delete"), "line 2: the data set takes back"),
        (
            message(&format!(
                "<g:Series><g:SeriesKey>{}<g:Value id=\"GEO\" value=\"A\"/></g:SeriesKey></g:Series>",
                generic_key()
            )),
            "line 5, column GEO: it is not a dimension",
        ),
        (
            message("<g:Series><g:SeriesKey><g:Value id=\"SEX\"/></g:SeriesKey></g:Series>"),
            "line 5: a Value has no id or no value",
        ),
        (
            specific(&good).replace("<m:Structure", &format!("{bomb}<m:Structure")),
            "line 1: the file has a document type",
        ),
        (specific(&good.replace("\"F\"", "\"&a;\"")), "line 3: a text cannot be read"),
        (specific(&deep), "line 3: tags stand deeper than 32"),
        (specific(&endless), "line 3: a tag or a text is longer than 256 KiB"),
        (specific(&good).replace("</m:DataSet>", ""), "line 7: this is no XML"),
        (specific(&good)[..200].to_owned(), "line 3: "),
        (
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a/>".to_owned(),
            "line 1: the text is ISO-8859-1",
        ),
        ("<Structure/>".to_owned(), "line 1: this is a message of structures"),
        ("<c:CompactData/>".to_owned(), "line 1: this is SDMX-ML 2.0"),
        ("<!doctype HTML>\n<html/>".to_owned(), "line 1: this is a web page"),
        ("<html/>".to_owned(), "line 1: this is a web page"),
        ("<x/>".to_owned(), "line 1: this is XML, but no data message"),
        (specific(""), "line 1: the file has no value to take"),
    ] {
        let report = tidy(&file);
        let found = errors(&report);
        assert!(found.iter().any(|one| one.starts_with(said)), "{said}\n{found:?}");
        assert!(report.series.is_empty());
    }
    let odd = tidy(&specific(&good.replace("OBS_VALUE", "TITLE=\"x\" OBS_VALUE")));
    assert!(odd.is_accepted());
    assert!(lines(&odd).iter().any(|one| one.starts_with("line 4, column TITLE: ")), "{:?}", lines(&odd));
    let latin = [specific(&good).into_bytes(), b"<!-- \xe9 -->".to_vec()].concat();
    let latin = read(&mut latin.as_slice(), None, &SPAIN);
    assert!(errors(&latin)[0].contains("not UTF-8"), "{:?}", errors(&latin));
    let mapping = Mapping::parse("[columns]\nOBS_VALUE = \"a\"\nTIME_PERIOD = \"b\"\n").unwrap();
    let mapped = read(&mut specific(&good).as_bytes(), Some(&mapping), &SPAIN);
    assert!(errors(&mapped)[0].starts_with("line 1: this is XML: a mapping is for tables"));
}

#[test]
fn a_value_that_is_not_there_needs_its_reason_in_every_format() {
    let row = |value: &str, status: &str| {
        specific(&format!("<Obs {KEY} SEX=\"F\" TIME_PERIOD=\"2017\"{value} OBS_STATUS=\"{status}\"/>"))
    };
    for value in ["", " OBS_VALUE=\"NaN\"", " OBS_VALUE=\"\""] {
        let report = tidy(&row(value, "Q"));
        assert!(report.is_accepted() && report.series[0].observations()[0].value().is_none());
        let report = tidy(&row(value, "A"));
        assert!(errors(&report)[0].contains("there is no value"), "{:?}", errors(&report));
    }
}

#[test]
fn a_comment_that_begins_as_a_formula_stays_what_was_stated() {
    let columns =
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,DURATION,TIME_PERIOD,OBS_VALUE,COMMENT_OBS";
    let row = "A,ESP,ITA,MF_IMM_PREV,RES,F,M_GE12,2017,1,=1+2";
    let sdmx = tidy(&format!("DATAFLOW,{columns}\nESP:X(1.0),{row}\n"));
    assert!(sdmx.is_accepted(), "{:?}", lines(&sdmx));
    let stated = sdmx.series.iter().flat_map(|one| one.observations());
    let comments: Vec<_> = stated.filter_map(|one| one.attributes().get(AttributeId::CommentObs)).collect();
    assert_eq!(comments, ["=1+2"]);
    // In a table that a person keeps in a sheet it is a formula that was not worked out.
    let table = tidy(&format!("{columns}\n{row}\n"));
    assert!(!table.is_accepted() && lines(&table)[0].contains("column COMMENT_OBS: \"=1+2\" is a formula"));
}
