//! Messages of structures, and what comes with what.

use super::*;
use crate::sdmx::query::{Ask, parse};

fn holding() -> Holding {
    let held = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    let phl = ("Philippines <&>".to_owned(), held(&["MS_FBORN", "RE_RECV", "PHL:OWN"]));
    let ita = ("Italy".to_owned(), held(&["MS_FBORN"]));
    Holding { countries: BTreeMap::from([("PHL".to_owned(), phl), ("ITA".to_owned(), ita)]) }
}

fn answer(path: &str, query: &str) -> Vec<Artefact> {
    match parse(path, Some(query)) {
        Ok(Ask::Structure(asked)) => holding().answer(&asked),
        other => panic!("{other:?}"),
    }
}

fn ids(all: &[Artefact], kind: Kind) -> Vec<String> {
    all.iter().filter(|one| one.kind == kind).map(|one| format!("{}:{}", one.agency, one.id)).collect()
}

#[test]
fn flows_are_those_of_which_there_are_figures() {
    let all = answer("dataflow", "");
    assert_eq!(
        ids(&all, Kind::Dataflow),
        ["ITA:MIG", "ITA:MS", "PHL:MIG", "PHL:MS", "PHL:RE", "PHL:NAT", "CORRIDOR:MIGPROFILE"]
    );
    assert_eq!(all.len(), 7);
    assert!(answer("dataflow/PHL/LM", "").is_empty());
    assert!(answer("dataflow/ESP", "").is_empty());
}

#[test]
fn references_bring_what_is_named() {
    let all = answer("dataflow/PHL/RE", "references=all");
    assert_eq!(ids(&all, Kind::Dataflow), ["PHL:RE"]);
    assert_eq!(all[0].id, "RE", "what was asked for is first");
    assert_eq!(ids(&all, Kind::DataStructure), ["CORRIDOR:MIGPROFILE"]);
    assert_eq!(ids(&all, Kind::ConceptScheme), ["CORRIDOR:CS_MIGPROFILE"]);
    assert_eq!(ids(&all, Kind::ProvisionAgreement), ["PHL:RE"]);
    let lists = ids(&all, Kind::Codelist);
    assert!(
        lists.contains(&"SDMX:CL_SEX".to_owned()) && lists.contains(&"CORRIDOR:CL_MP_INDICATOR".to_owned())
    );
    for (references, kinds) in [
        ("none", 1),
        ("children", 2),
        ("parents", 2),
        ("parentsandsiblings", 3),
        ("datastructure", 2),
        ("descendants", 4),
    ] {
        let all = answer("dataflow/PHL/RE", &format!("references={references}"));
        let found: BTreeSet<Kind> = all.iter().map(|one| one.kind).collect();
        assert_eq!(found.len(), kinds, "{references}: {found:?}");
    }
    // Every list that the structure names is there.
    let all = answer("datastructure/CORRIDOR/MIGPROFILE", "references=descendants");
    let lists = ids(&all, Kind::Codelist);
    for (agency, id, _) in Component::all().filter_map(list_of) {
        assert!(lists.contains(&format!("{agency}:{id}")), "{agency}:{id}");
    }
}

#[test]
fn stubs_items_and_partial_lists_hold_less() {
    let all = answer("structure/dataflow/PHL/RE", "detail=referencestubs&references=all");
    assert!(matches!(all[0].content, Content::Flow));
    assert!(all[1..].iter().all(|one| matches!(one.content, Content::Stub | Content::Provision)));
    let all = answer("structure/dataflow/PHL/RE", "detail=referencepartial&references=all");
    let list = all.iter().find(|one| one.id == INDICATORS).expect("it comes with the flow");
    let Content::Items(items, true) = &list.content else { panic!("{list:?}") };
    assert_eq!(items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["RE_RECV"]);
    let all = answer("codelist/SDMX/CL_SEX/latest/F+M", "");
    assert!(matches!(&all[0].content, Content::Items(items, true) if items.len() == 2));
    assert!(answer("codelist/SDMX/CL_SEX/latest/NONE", "").is_empty());
}

#[test]
fn both_forms_tell_the_same_and_escape_what_they_must() {
    let all = answer("structure/*", "");
    let head = Head { id: "M1".to_owned(), prepared: Millis(0), sender: "PHL".to_owned(), is_test: true };
    let (xml, json) = (xml::message(&head, &all), json::message(&head, &all));
    assert!(xml.contains("Philippines &lt;&amp;&gt;: Remittances") && !xml.contains("<&>"));
    let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(value["data"]["dataflows"].as_array().map(Vec::len), Some(7));
    assert_eq!(xml.matches("<str:Dataflow ").count(), 7);
    assert!(json.find("2.0.0/sdmx-json-structure-schema.json").is_some_and(|at| at < 350));
    let dimensions =
        &value["data"]["dataStructures"][0]["dataStructureComponents"]["dimensionList"]["dimensions"];
    assert_eq!(dimensions.as_array().map(Vec::len), Some(14));
    let empty: serde_json::Value = serde_json::from_str(&json::message(&head, &[])).expect("it is JSON");
    assert_eq!(empty["data"]["dataflows"], serde_json::json!([]));
    assert!(
        xml::error(100, "<none>").contains("code=\"100\"")
            && xml::error(100, "<none>").contains("&lt;none&gt;")
    );
}
