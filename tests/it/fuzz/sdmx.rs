//! Messages of SDMX, as tables and as XML.

use corridor::intake::{self, Rules};
use corridor::model::{Record, Series};
use corridor::sdmx::data::{DataFormat, DataHead, Labels, Layout, Provenance};
use corridor::sdmx::query;

use super::written::{read_slowly, taken};
use crate::sdmx::{head, written};

type Examples = Vec<(String, Vec<u8>)>;

/// A file that begins like one of SDMX; what is taken of it is written as a message, which is the same figures.
pub(super) fn message(bytes: &[u8]) -> bool {
    let whole = taken(&mut &bytes[..], None);
    assert_eq!(whole, read_slowly(bytes), "a file that comes in small pieces is another file");
    let series = whole.0;
    for format in [DataFormat::Csv2, DataFormat::StructureSpecificXml] {
        if series.is_empty() {
            return false;
        }
        let again = written(&series, format, &head());
        // XML has no such characters.
        let is_lost = |one: &Series| format!("{one:?}").contains(['\u{fffe}', '\u{ffff}']);
        if format == DataFormat::StructureSpecificXml && series.iter().any(is_lost) {
            continue;
        }
        assert_eq!(taken(&mut again.as_slice(), None).0, series, "{format:?} tells other figures");
    }
    true
}

/// What the product writes of figures with all that may be said of them, and what others write.
pub(super) fn csv_examples() -> Examples {
    let flat = DataHead { provenance: Provenance::None, ..head() };
    let both = DataHead { labels: Labels::Both, provenance: Provenance::None, ..head() };
    let name = DataHead { labels: Labels::Name, provenance: Provenance::None, ..head() };
    let mut all = vec![
        example("second", DataFormat::Csv2, &head()),
        example("first", DataFormat::Csv1, &flat),
        example("labels-both", DataFormat::Csv2, &both),
        example("labels-name", DataFormat::Csv2, &name),
    ];
    let other = "STRUCTURE[|];STRUCTURE_ID;ACTION;SERIES_KEY;INDICATOR;REF_AREA;COUNTERPART_AREA;BASIS;TIME_PERIOD;\
                 OBS_VALUE;OBS_STATUS;COMMENT_OBS[];SOURCE_REF[en|fr]\ndataflow;ESP:X(1.0);M;k;MF_IMM_PREV;ESP;ITA;RES;\
                 2017-03;#N/A;Q;late;en:Register\n";
    all.push(("other".to_owned(), other.as_bytes().to_vec()));
    all
}

/// The same in both flavours of XML.
pub(super) fn xml_examples() -> Examples {
    let flat = DataHead { layout: Layout::Flat, provenance: Provenance::None, ..head() };
    let annotated = DataHead { provenance: Provenance::Annotated, ..head() };
    let mut all = vec![
        example("generic", DataFormat::GenericXml, &annotated),
        example("specific", DataFormat::StructureSpecificXml, &annotated),
        example("generic-flat", DataFormat::GenericXml, &flat),
        example("specific-flat", DataFormat::StructureSpecificXml, &flat),
    ];
    let (_, specific) = example("", DataFormat::StructureSpecificXml, &flat);
    let group = "<Group xsi:type=\"ns1:Sibling\" REF_AREA=\"ESP\" SOURCE_TYPE=\"REGISTER\"/>";
    let grouped = String::from_utf8_lossy(&specific).replacen("<Obs", &format!("{group}<Obs"), 1);
    all.push(("groups".to_owned(), grouped.into_bytes()));
    all
}

fn example(name: &str, format: DataFormat, head: &DataHead) -> (String, Vec<u8>) {
    (name.to_owned(), written(&figures(), format, head))
}

fn figures() -> Vec<Series> {
    let text = "REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,DURATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS,\
                EMBARGO_TIME,COMMENT_OBS,SOURCE_REF,UNIT_MULT\n\
                ESP,ITA,MF_IMM_PREV,RES,M_GE12,2017,22203,A,F,,,\"A, & <B>\",0\n\
                ESP,ITA,MF_IMM_PREV,RES,M_GE12,2018,12.50,P,E,2030-01-01,\"said \"\"late\"\"\",\"A, & <B>\",0\n\
                ESP,ITA,MF_IMM_PREV,RES,M_GE12,2019,,Q,C,,,\"A, & <B>\",0\n\
                ESP,PHL,MF_IMM_PREV,RES,M_GE12,2018-Q1,1.50,A,F,,,,3\n";
    let rules = Rules { country: Some("ESP"), ..Rules::default() };
    let mut report = intake::read(&mut text.as_bytes(), None, &rules);
    assert!(report.is_accepted(), "{:?}", report.findings);
    let series: Vec<Series> = report.take_series().collect();
    assert!(series.iter().all(|one| Record::Series(one.clone()).observations() > 0));
    series
}

/// An address of SDMX-REST, path and parameters: what is accepted has bounds, and is read the same way with its
/// characters percent-encoded.
pub(super) fn address(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    let Ok(asked) = query::parse(path, query) else { return false };
    assert!(text.len() <= query::MAX_ADDRESS + 1);
    let encoded: String = path
        .split('/')
        .map(|part| if part.contains('%') { part.to_owned() } else { encode(part) })
        .collect::<Vec<_>>()
        .join("/");
    if encoded.len() + query.map_or(0, str::len) <= query::MAX_ADDRESS {
        assert_eq!(query::parse(&encoded, query).as_ref(), Ok(&asked), "{encoded}");
    }
    true
}

fn encode(part: &str) -> String {
    part.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

/// What clients ask.
pub(super) fn address_examples() -> Examples {
    let all = [
        "dataflow/PHL/all/latest",
        "codelist/SDMX+CORRIDOR/all/all/F+M?references=parents",
        "datastructure/CORRIDOR/MIGPROFILE/latest?references=all&detail=referencepartial",
        "structure/dataflow/PHL/MIG/1.0.0/?detail=allcompletestubs",
        "structure/conceptscheme/PHL/CS/1.0+?references=codelist,dataflow",
        "data/PHL,MIG,1.0/A.PHL+ITA..RE_RECV/PHL?startPeriod=2023&endPeriod=2024-Q1&lastNObservations=1&detail=dataonly",
        "data/*/PHL/MIG/+/A.PHL.*.*?updatedAfter=2024-01-01T00%3A00%3A00Z&includeHistory=true",
        "data/dataflow/PHL/MIG/1.0.0?c%5BREF_AREA%5D=PHL,ITA&c%5BTIME_PERIOD%5D=ge%3A2020+le%3A2023&offset=3&limit=4\
         &dimensionAtObservation=AllDimensions&attributes=none&measures=all&sort=series_key",
        "data/MIG?c[OBS_VALUE]=gt:12.5&c[OBS_STATUS]=ne:A&c[SUBNAT]=sw:PH&asOf=2026-01-01",
        "availability/dataflow/PHL/MIG/1.0.0/*/SEX?references=all&mode=exact",
        "availability/dataflow/PHL/MIG/*/..ITA?mode=available",
        "data/dataflow/PHL,CAN/MS,RE/*?sort=REF_AREA:desc+TIME_PERIOD",
        "schema/dataflow/PHL/MIG?dimensionAtObservation=AllDimensions",
        "availableconstraint/PHL,MIG/A.PHL/all/REF_AREA?format=json",
        "schema/dataflow/PHL/MIG/1.0.0/",
    ];
    let named = |(at, text): (usize, &str)| (format!("address-{at:02}"), text.as_bytes().to_vec());
    all.into_iter().enumerate().map(named).collect()
}
