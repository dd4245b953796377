//! Every path and parameter of both clients, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::model::{AttributeId, Dimension};

fn asked(address: &str) -> Result<Ask, Fault> {
    let (path, query) = address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
    parse(path, query)
}

fn data(address: &str) -> Data {
    match asked(address) {
        Ok(Ask::Data(data)) => data,
        other => panic!("{address}: {other:?}"),
    }
}

fn structure(address: &str) -> Structure {
    match asked(address) {
        Ok(Ask::Structure(structure)) => structure,
        other => panic!("{address}: {other:?}"),
    }
}

fn these(names: &[&str]) -> Names {
    Names::These(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn structures_are_asked_for_as_clients_do() {
    use Kind::{AgencyScheme, Codelist, ConceptScheme, DataProviderScheme, DataStructure, Dataflow, Other};
    for (address, kind, agency, id, detail, references) in [
        ("dataflow/PHL/all/latest", Dataflow, "PHL", "", Detail::Full, References::None),
        ("dataflow/PHL/MIG/latest?references=all", Dataflow, "PHL", "MIG", Detail::Full, References::All),
        (
            "datastructure/PHL/DSD/latest?references=all",
            DataStructure,
            "PHL",
            "DSD",
            Detail::Full,
            References::All,
        ),
        ("codelist/PHL/CL_AREA/latest", Codelist, "PHL", "CL_AREA", Detail::Full, References::None),
        ("structure/dataflow/PHL/MIG/+", Dataflow, "PHL", "MIG", Detail::Full, References::None),
        (
            "structure/dataflow?detail=allcompletestubs",
            Dataflow,
            "",
            "",
            Detail::AllCompleteStubs,
            References::None,
        ),
        ("structure/dataflow/PHL/MIG/1.0.0/", Dataflow, "PHL", "MIG", Detail::Full, References::None),
        ("structure/codelist/PHL/CL_AREA/1.0.0/", Codelist, "PHL", "CL_AREA", Detail::Full, References::None),
        ("structure/valuelist/PHL/CL_AREA/1.0.0/", Other, "PHL", "CL_AREA", Detail::Full, References::None),
        (
            "structure/conceptscheme/PHL/CS/1.0.0?references=codelist",
            ConceptScheme,
            "PHL",
            "CS",
            Detail::Full,
            References::Kinds(vec![Codelist]),
        ),
        (
            "structure/datastructure/PHL/DSD/1.0.0?detail=referencepartial&references=descendants",
            DataStructure,
            "PHL",
            "DSD",
            Detail::ReferencePartial,
            References::Descendants,
        ),
        (
            "structure/dataflow/PHL/MIG/1.0.0?detail=referencepartial&references=parentsandsiblings",
            Dataflow,
            "PHL",
            "MIG",
            Detail::ReferencePartial,
            References::ParentsAndSiblings,
        ),
        ("structure/agencyscheme/PHL/", AgencyScheme, "PHL", "", Detail::Full, References::None),
        (
            "structure/dataproviderscheme/PHL?references=provisionagreement",
            DataProviderScheme,
            "PHL",
            "",
            Detail::Full,
            References::Kinds(vec![Kind::ProvisionAgreement]),
        ),
        ("structure/dataflow/%2A/%2A/%2A", Dataflow, "", "", Detail::Full, References::None),
        ("metadataflow/PHL/all/latest", Other, "PHL", "", Detail::Full, References::None),
    ] {
        let read = structure(address);
        let name = |name: &str| if name.is_empty() { Names::Any } else { these(&[name]) };
        assert_eq!(read.kinds, [kind], "{address}");
        assert_eq!((&read.agencies, &read.ids), (&name(agency), &name(id)), "{address}");
        assert_eq!((read.detail, read.references), (detail, references), "{address}");
        assert!(read.versions.take("1.0"), "{address}");
    }
    assert!(structure("structure/*/*/*/*").kinds.is_empty());
    assert_eq!(structure("codelist/SDMX+CORRIDOR/all/all/F+M").agencies, these(&["SDMX", "CORRIDOR"]));
    assert_eq!(structure("structure/codelist/*/*/*/F,M").items, these(&["F", "M"]));
}

#[test]
fn versions_are_compared_as_numbers() {
    for (text, version, taken) in [
        ("1.0", "1.0", true),
        ("1.0.0", "1.0", true),
        ("1", "1.0", true),
        ("1.0+", "1.0", true),
        ("1.1", "1.0", false),
        ("2+.0", "1.0", false),
        ("1+.0.0", "2.1", true),
        ("2.0,1.0", "1.0", true),
        ("~", "2.1", true),
        ("*", "2.1", true),
    ] {
        let versions = Versions::parse(text, Generation::Second).unwrap();
        assert_eq!(versions.take(version), taken, "{text} {version}");
    }
    assert!(Versions::parse("1.x", Generation::Second).is_err());
}

#[test]
fn data_are_asked_for_as_clients_do() {
    for (address, agency, id) in [
        ("data/MIG/SA", "", "MIG"),
        ("data/PHL,MIG/A.PHL..", "PHL", "MIG"),
        ("data/PHL,MIG,1.0/all/all", "PHL", "MIG"),
        (
            "data/MIG?startPeriod=2023&updatedAfter=2024-01-01T00%3A00%3A00Z&lastNObservations=1&detail=dataonly",
            "",
            "MIG",
        ),
        ("data/MIG?detail=serieskeysonly", "", "MIG"),
        ("data/*/PHL/MIG/+/A.PHL.*.*", "PHL", "MIG"),
        (
            "data/dataflow/PHL/MIG/1.0.0?c%5BREF_AREA%5D=PHL&c%5BTIME_PERIOD%5D=ge%3A2020&\
             dimensionAtObservation=AllDimensions",
            "PHL",
            "MIG",
        ),
        ("data/datastructure/CORRIDOR/MIGPROFILE", "CORRIDOR", "MIGPROFILE"),
        ("data", "", ""),
    ] {
        let read = data(address).target;
        let name = |name: &str| if name.is_empty() { Names::Any } else { these(&[name]) };
        assert_eq!((read.agencies, read.ids), (name(agency), name(id)), "{address}");
    }
    let read =
        data("data/MIG/A.PHL+ITA..RE_RECV/PHL?firstNObservations=2&includeHistory=True&offset=3&limit=4");
    assert_eq!(read.selection.keys[0].codes(Dimension::RefArea).len(), 2);
    assert_eq!((read.ends.first, read.history, read.offset, read.limit), (Some(2), true, 3, Some(4)));
    assert_eq!(read.selection.providers, ["PHL"]);
    assert_eq!(data("data/*/PHL/MIG/*/A.PHL,A.ITA.*").selection.keys.len(), 2);
    for (query, detail) in [
        ("", DataDetail::Full),
        ("attributes=none", DataDetail::DataOnly),
        ("attributes=none&measures=none", DataDetail::SeriesKeysOnly),
        ("measures=none", DataDetail::NoData),
        ("detail=nodata", DataDetail::NoData),
        ("attributes=series&measures=none", DataDetail::NoData),
        ("attributes=OBS_STATUS,UNIT_MULT", DataDetail::Full),
    ] {
        assert_eq!(data(&format!("data/MIG?{query}")).detail, detail, "{query}");
    }
    let attributes = |words: &str| data(&format!("data/MIG?attributes={words}")).attributes;
    let count = |words: &str| attributes(words).map(|all| all.len());
    for (words, known) in
        [("dsd", None), ("all,OBS_STATUS", None), ("none", None), ("none,UNIT_MULT", Some(1))]
    {
        assert_eq!(count(words), known, "{words}");
    }
    assert_eq!(attributes("OBS_STATUS"), Some([AttributeId::ObsStatus].into()));
    assert_eq!(count("series,obs"), Some(AttributeId::ALL.len()));
    assert!(data("data/MIG?sort=series_key%2BTIME_PERIOD%3Adesc").sort.is_newest_first());
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_number() {
    for (address, code) in [
        ("", 100),
        ("nonsense", 100),
        ("data/MIG?start=2020", 140),
        ("data/MIG?detail=full&detail=full", 140),
        ("data/MIG?detail=some", 140),
        ("data/MIG/A.B/all/more", 140),
        ("data/MIG/A.%26.B", 140),
        ("data/MIG?c[NONE]=A", 140),
        ("data/MIG?c[SEX]=", 140),
        ("data/MIG?c[TIME_PERIOD]=ge:yesterday", 140),
        ("data/MIG?c[OBS_VALUE]=ge:many", 140),
        ("data/MIG?startPeriod=20", 140),
        ("data/MIG?updatedAfter=now", 140),
        ("data/MIG?limit=-1", 140),
        ("data/MIG?attributes=OBS_STATUS,SEX", 140),
        ("data/MIG?attributes=obs&detail=full", 150),
        ("data/MIG?reportingYearStartDay=--07-01", 501),
        ("availability/dataflow/PHL/MIG?reportingYearStartDay=--07-01", 501),
        ("data/MIG?includeHistory=1", 140),
        ("data/MIG?dimensionAtObservation=SEX", 501),
        ("data/MIG?dimensionAtObservation=NONE", 140),
        ("data/MIG?sort=OBS_VALUE", 501),
        ("data/MIG?asOf=2020-01-01&includeHistory=true", 150),
        ("data/MIG?asOf=2020-01-01&updatedAfter=2021-01-01", 150),
        ("data/%ZZ", 140),
        ("data/%FF", 140),
        ("dataflow/PHL/MIG/latest/x/y", 140),
        ("dataflow/PHL?references=nobody", 140),
        ("structure/nothing", 140),
        ("dataflow/P%20L", 140),
        ("schema/MIG", 140),
        ("availability/MIG/all/all/NONE", 140),
        ("registration/id/1", 501),
        ("dataflow?asOf=2020-01-01", 501),
    ] {
        assert_eq!(asked(address).unwrap_err().code, code, "{address}");
    }
    assert_eq!(asked(&"a".repeat(MAX_ADDRESS + 1)).unwrap_err().code, 130);
    let keys = vec!["A"; 101].join(",");
    assert_eq!(asked(&format!("data/*/PHL/MIG/*/{keys}")).unwrap_err().code, 130);
}

mod filters {
    use super::super::Filter;
    use crate::feed::{EntryId, Seq};
    use crate::model::{Attributes, Decimal, Flags, Millis, Period, SeriesKey};
    use crate::view::{EntryRef, State, Version};

    fn version(period: &str, value: &str) -> Version {
        let observation = crate::model::Observation::reported(
            Period::parse(period).unwrap(),
            Decimal::parse(value).unwrap(),
        );
        let entry = EntryRef { seq: Seq(1), time: Millis(0), id: EntryId([7; 32]) };
        let flags: Flags = observation.flags();
        let state = State::Stated { value: observation.value(), flags, attributes: Attributes::none() };
        Version { period: observation.period(), entry, state }
    }

    #[test]
    fn operators_mean_what_the_standard_says() {
        let key = SeriesKey::parse("A.PHL.ITA.RE_RECV.CIT._T._T._T._T._T._T._T._T.USD").unwrap();
        for (id, text, holds) in [
            ("REF_AREA", "PHL", true),
            ("REF_AREA", "ITA,PHL", true),
            ("REF_AREA", "ne:PHL", false),
            ("REF_AREA", "ne:ITA+ne:ESP", true),
            ("REF_AREA", "co:H", true),
            ("REF_AREA", "nc:H", false),
            ("REF_AREA", "sw:PH+ew:L", true),
            ("REF_AREA", "gt:PHK", true),
            ("REF_AREA", "lt:PHL", false),
            ("DEF_ID", "ne:x", true),
            ("DEF_ID", "x", false),
        ] {
            let filter = Filter::parse(id, text).unwrap();
            assert!(filter.is_of_series());
            assert_eq!(filter.takes_series(&key, &Attributes::none()), holds, "{id} {text}");
        }
        for (id, text, period, holds) in [
            ("TIME_PERIOD", "2020", "2020-05", true),
            ("TIME_PERIOD", "2020-05", "2020", false),
            ("TIME_PERIOD", "ge:2020", "2020-01", true),
            ("TIME_PERIOD", "le:2020", "2020-12", true),
            ("TIME_PERIOD", "gt:2020", "2020-12", false),
            ("TIME_PERIOD", "lt:2020", "2019-12-31", true),
            ("TIME_PERIOD", "ge:2020+le:2021,2030", "2030", true),
            ("TIME_PERIOD", "ge:2020+le:2021,2030", "2025", false),
            ("TIME_PERIOD", "sw:202", "2025", true),
            ("OBS_VALUE", "ge:12.5", "2020", true),
            ("OBS_VALUE", "12.5", "2020", true),
            ("OBS_VALUE", "gt:12.50", "2020", false),
            ("OBS_STATUS", "A", "2020", true),
            ("CONF_STATUS", "C", "2020", false),
        ] {
            let filter = Filter::parse(id, text).unwrap();
            assert!(!filter.is_of_series());
            assert_eq!(filter.takes(&version(period, "12.50")), holds, "{id} {text} {period}");
        }
    }
}

proptest! {
    #[test]
    fn no_address_makes_it_fall(path in "[ -~é]{0,60}", query in proptest::option::of("[ -~é]{0,80}")) {
        let _ = parse(&path, query.as_deref());
    }

    #[test]
    fn no_question_of_a_known_kind_makes_it_fall(
        kind in "(data|availability|availableconstraint|structure|schema|dataflow|codelist)",
        rest in "(/[A-Z*+~,.%0-9]{0,12}){0,7}",
        query in "((c%5B[A-Z_]{1,9}%5D|c\\[TIME_PERIOD\\]|detail|references|startPeriod|limit|sort)=[a-z:+,A-Z0-9%]{0,12}&){0,4}",
    ) {
        let _ = parse(&format!("{kind}{rest}"), Some(&query));
    }
}
