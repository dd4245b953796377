//! The pages of real daemons, read as a browser reads them: every link leads somewhere, every number is one of the API,
//! and nothing is on them that is not public.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use corridor::cli::demo::government::Government;
use serde_json::Value;

use crate::api::http::{get, json as answer_of, send};
use crate::world::{TITLE, World, ask, eventually, release, run, stdout, values};

/// What an agreement opens to its parties alone: values that stand nowhere else.
const HIDDEN: [[&str; 5]; 2] =
    [["PHL", "CAN", "EF_REGEMI", "2012", "15005"], ["PHL", "CAN", "EF_REGEMI", "2013", "19041"]];
/// What everybody may read.
const PUBLIC: [[&str; 5]; 3] = [
    ["PHL", "CAN", "MS_FBORN", "2015", "8805"],
    ["PHL", "CAN", "MS_FBORN", "2020", "9911"],
    ["PHL", "ITA", "MS_FBORN", "2020", "77"],
];
/// The largest page in bytes, and the most pages that this much data makes.
const MAX_PAGE: usize = 300_000;
const MAX_PAGES: usize = 2_000;

fn released() -> World {
    let world = World::agreed();
    release(&world.phl, &world.path("phl.csv"), &[&PUBLIC[..], &HIDDEN].concat());
    release(&world.can, &world.path("can.csv"), &[["CAN", "PHL", "MF_PERMSET", "2013", "29544"]]);
    eventually("PHL has CAN's figure", || values(&world.phl, &["MF_PERMSET"]) == ["29544"]);
    world
}

/// Every page that is reached by links, with its text; all else that links lead to is asked for too.
fn crawl(node: &Government, headers: &[&str]) -> BTreeMap<String, String> {
    let (mut pages, mut seen, mut open) =
        (BTreeMap::new(), BTreeSet::new(), VecDeque::from(["/en/".to_owned()]));
    while let Some(path) = open.pop_front() {
        let answer = send(node, "GET", &path, headers, b"");
        assert!(matches!(answer.status, 200 | 429), "{path}: {} {}", answer.status, answer.text());
        if !answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            continue;
        }
        assert!(answer.body.len() < MAX_PAGE, "{path} has {} bytes", answer.body.len());
        let text = answer.text();
        for link in text.split("href=\"").skip(1).chain(text.split("src=\"").skip(1)) {
            let link = link.split('"').next().unwrap_or_default().replace("&amp;", "&");
            assert!(link.starts_with('/') || link.starts_with('#'), "{path} leads outside: {link}");
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if !link.is_empty() && seen.insert(link.clone()) {
                open.push_back(link);
            }
        }
        pages.insert(path, text);
        assert!(pages.len() < MAX_PAGES, "pages without end");
    }
    pages
}

/// Numbers as a reader sees them, without what sets thousands apart.
fn plain(text: &str) -> String {
    text.replace([',', '\u{202f}'], "")
}

#[test]
fn every_link_leads_somewhere_and_nothing_on_the_way_is_hidden() {
    let world = released();
    let pages = crawl(&world.phl, &[]);
    for language in ["en", "fr", "es"] {
        for page in [
            "countries",
            "country/PHL",
            "corridor/CAN/PHL",
            "regions",
            "region/public",
            "indicators",
            "indicator/MS_FBORN",
            "quality",
            "quality/PHL",
            "node",
        ] {
            assert!(pages.contains_key(&format!("/{language}/{page}")), "/{language}/{page} is not reached");
        }
    }
    let evidence = pages.keys().filter(|path| path.starts_with("/fr/evidence/")).count();
    assert!(evidence > 0, "numbers open their proofs");
    for (path, text) in &pages {
        for hidden in ["15005", "19041", "29544", "MF_PERMSET._", "EF_REGEMI._", TITLE] {
            assert!(!plain(text).contains(hidden), "{path} shows {hidden}");
        }
        assert_eq!(text.matches("<caption>").count(), text.matches("<table>").count(), "{path}");
        assert_eq!(text.matches("<h1>").count(), 1, "{path}");
        assert!(
            !text.contains("style=") && !text.contains("onclick"),
            "{path} needs what the policy forbids"
        );
        assert!(!text.contains(">?<"), "{path} lacks a message");
    }
    guessed(&world.phl);
    signed_in(&world.phl);

    // More under the agreement moves nothing that a stranger sees: no page, no tag, no link.
    let tag = |node| get(node, "/en/countries").header("etag").map(str::to_owned);
    let before = tag(&world.phl);
    release(&world.phl, &world.path("more.csv"), &[["PHL", "CAN", "EF_REGEMI", "2014", "17007"]]);
    eventually("CAN has it", || values(&world.can, &["EF_REGEMI"]).contains(&"17007".to_owned()));
    assert_eq!(tag(&world.phl), before);
    let after = crawl(&world.phl, &[]);
    for (path, was) in pages.iter().filter(|(path, _)| !path.ends_with("/node")) {
        assert_eq!(after.get(path), Some(was), "{path} tells that something happened");
    }
    assert_eq!(pages.len(), after.len(), "a page more or less");
}

/// Addresses that no link has: what is hidden is as absent as what does not exist.
fn guessed(node: &Government) {
    let key = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
    for (path, other) in [
        (format!("/en/evidence/PHL/{key}/2013"), format!("/en/evidence/PHL/{key}/1913")),
        (
            "/en/corridor/PHL/CAN?indicator=EF_REGEMI".to_owned(),
            "/en/corridor/PHL/CAN?indicator=EF_EMI_NEXT".to_owned(),
        ),
        ("/sheet/PHL/CAN/EF_REGEMI.xlsx".to_owned(), "/sheet/PHL/CAN/EF_EMI_NEXT.xlsx".to_owned()),
        ("/en/quality/CAN".to_owned(), "/en/quality/FRA".to_owned()),
        ("/en/country/CAN?sex=F".to_owned(), "/en/country/XAA?sex=F".to_owned()),
    ] {
        let (hidden, absent) = (get(node, &path), get(node, &other));
        assert_eq!(hidden.status, 404, "{path}");
        // The number of the request is in answers that are for programs.
        let [hidden, absent] = [hidden, absent].map(|answer| {
            let text = answer.text();
            (answer.status, text.split("\"request\"").next().unwrap_or_default().to_owned())
        });
        assert_eq!(hidden, absent, "{path} differs from {other}");
    }
}

/// With a token the same pages show what this government may read, and nobody may keep them.
fn signed_in(node: &Government) {
    let made = stdout(&run(node, &["token", "create", "adviser"]));
    let bearer = format!("Authorization: Bearer {}", made.lines().next().expect("a token"));
    let answer = send(node, "GET", "/en/corridor/PHL/CAN", &[&bearer], b"");
    let text = plain(&answer.text());
    assert!(text.contains("19041") && text.contains("29544"), "{text}");
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-store")));
    let again = plain(&get(node, "/en/corridor/PHL/CAN").text());
    assert!(!again.contains("19041"), "what one was shown is not kept for another");
}

/// A government explains its figure in the file that states it; both ends read that beside the numbers.
#[test]
fn an_explanation_stands_at_both_ends() {
    let world = released();
    let remark = "Registration at exit, <permanent> settlement only";
    let text = format!(
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE,COMMENT_OBS\n\
         A,PHL,CAN,EF_REGEMI,CIT,_T,2013,19041,D0,\"{remark}\"\n"
    );
    let file = world.path("remark.csv");
    std::fs::write(&file, text).expect("it can be written");
    ask(&world.phl, &["submit", &file.to_string_lossy()]);
    ask(&world.phl, &["release"]);
    let token = |node| stdout(&run(node, &["token", "create", "adviser"]));
    for node in [&world.phl, &world.can] {
        let bearer = format!("Authorization: Bearer {}", token(node).lines().next().expect("a token"));
        eventually("the explanation is on the page", || {
            let page = send(node, "GET", "/en/corridor/PHL/CAN?indicator=EF_REGEMI", &[&bearer], b"").text();
            page.contains("Registration at exit, &lt;permanent&gt; settlement only")
                && page.contains("19,041")
        });
    }
    assert!(!get(&world.can, "/en/corridor/PHL/CAN").text().contains("Registration"), "not for everybody");
}

/// The corridor of a destination that states women and men and no total, while its origin states nothing: what can be
/// taken away holds the figures, the other end is not said to differ, and every number opens its proof.
#[test]
fn a_total_of_women_and_men_is_taken_away_with_its_proofs() {
    let world = released();
    let text = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE,SOURCE_TYPE\n\
                A,PHL,CAN,MS_FBORN,BIR,F,2022,120015,D0,CENSUS\nA,PHL,CAN,MS_FBORN,BIR,M,2022,130025,D0,CENSUS\n\
                A,PHL,ESP,MS_FBORN,BIR,F,2022,1215,D0,CENSUS\nA,PHL,ESP,MS_FBORN,BIR,M,2022,1325,D0,CENSUS\n";
    let file = world.path("sexes.csv");
    std::fs::write(&file, text).expect("it can be written");
    ask(&world.phl, &["submit", &file.to_string_lossy()]);
    ask(&world.phl, &["release"]);
    let page = get(&world.phl, "/en/corridor/ESP/PHL").text();
    assert!(page.contains("2,540"), "the sum is shown: {page}");
    let links: Vec<String> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|link| link.split('"').next())
        .map(|l| l.replace("&amp;", "&"))
        .collect();
    for part in ["format=csv", "format=sdmx-csv"] {
        let link = links.iter().find(|link| link.contains(part)).expect("a download");
        let file = get(&world.phl, link).text();
        assert!(file.contains("1215") && file.contains("1325"), "{link}: {file}");
    }
    let proofs: Vec<String> = links
        .iter()
        .filter(|link| link.starts_with("/api/v1/citations/"))
        .map(|link| get(&world.phl, link).text())
        .collect();
    assert!(proofs.len() == 2 && proofs.iter().all(|proof| proof.contains("signature")), "{proofs:?}");
    assert!(page.contains("stated by one end") && !page.contains(">differs<"), "{page}");
    assert!(!page.contains('\u{25c6}'), "no mark is explained where there is none");

    let said = stdout(&run(&world.phl, &["mirror", "ESP", "PHL", "MS_FBORN"]));
    assert!(said.contains("PHL reports MS_FBORN for 1 periods"), "{said}");
    assert!(said.contains("see it: corridor get MS_FBORN A.PHL.ESP"), "{said}");
    assert!(!said.contains("mean"), "{said}");

    // A total of 2020 is stated, and women and men of 2022: each year is shown, and proven by what states it.
    let mixed = get(&world.phl, "/en/corridor/CAN/PHL").text();
    for shown in ["9,911</a>", "250,040"] {
        assert!(mixed.contains(shown), "{shown}: {mixed}");
    }
    assert!(mixed.contains("_T%2BF%2BM"), "the file holds all: {mixed}");
    let mirror = answer_of(&world.phl, "/api/v1/mirror?origin=CAN&destination=PHL&indicator=MS_FBORN");
    assert_eq!(mirror["summary"]["only_destination"], 3, "{mirror}");

    let region = get(&world.phl, "/en/region/public?members=CAN,PHL&indicator=MS_FBORN&period=2022").text();
    for (sex, value) in [("F", "120,015"), ("M", "130,025")] {
        let proof = format!("/en/evidence/PHL/A.PHL.CAN.MS_FBORN.BIR.{sex}._T._T._T._T._T._T._T.PS/2022");
        assert!(region.contains(&format!("href=\"{proof}\">{value}</a>")), "{sex}: {region}");
    }
}

/// A government takes a figure back; everybody reads that it did and why, and nobody the value.
#[test]
fn what_is_withdrawn_is_told_without_its_value() {
    // So long that no hash shows it by chance.
    const VALUE: &str = "731905582417";
    let world = released();
    release(&world.phl, &world.path("more.csv"), &[["PHL", "CAN", "MS_FBORN", "2021", VALUE]]);
    let at = "/en/corridor/CAN/PHL";
    eventually("the partner shows it", || plain(&get(&world.can, at).text()).contains(VALUE));
    let page = get(&world.can, at).text();
    let link =
        page.split("href=\"").find(|link| link.starts_with("/en/evidence/PHL/") && link.contains("/2021\""));
    let proof = link.and_then(|link| link.split('"').next()).expect("a link to its proof");
    let key = proof.split('/').nth(4).expect("a key");
    assert!(get(&world.can, proof).text().contains(VALUE), "it stands there before");
    ask(&world.phl, &["retract", key, "2021", "--reason", "Counted <twice>"]);
    eventually("the partner has heard of it", || {
        get(&world.can, at).text().contains("Counted &lt;twice&gt;")
    });
    for node in [&world.phl, &world.can] {
        for (path, title) in [
            ("/en/country/PHL", "Withdrawn"),
            ("/fr/country/PHL", "Chiffres retirés"),
            ("/es/corridor/CAN/PHL", "Cifras retiradas"),
            (proof, "This figure was withdrawn on"),
        ] {
            eventually("the page tells it", || get(node, path).text().contains("Counted &lt;twice&gt;"));
            let page = get(node, path);
            assert_eq!(page.status, 200, "{path}");
            assert!(page.text().contains(title), "{path}: {}", page.text());
            assert!(!plain(&page.text()).contains(VALUE), "{path} still has the value");
        }
        let other = proof.replace("/2021", "/2015");
        assert!(get(node, &other).text().contains("8805"), "the other period stays");
        assert_eq!(get(node, &proof.replace("/2021", "/2019")).status, 404);
    }
}

#[test]
fn numbers_on_pages_are_those_of_the_api() {
    let world = released();
    let made = stdout(&run(&world.phl, &["token", "create", "adviser"]));
    let bearer = format!("Authorization: Bearer {}", made.lines().next().expect("a token"));
    let mirror = send(
        &world.phl,
        "GET",
        "/api/v1/mirror?origin=PHL&destination=CAN&indicator=EF_REGEMI",
        &[&bearer],
        b"",
    )
    .json();
    let page = send(&world.phl, "GET", "/es/corridor/PHL/CAN?indicator=EF_REGEMI", &[&bearer], b"").text();
    let pair = &mirror["pairs"][0];
    let text = |value: &Value| value.as_str().expect("a number").replace('.', ",");
    for number in [&pair["ratio"], &pair["asymmetry"], &pair["origin_value"], &pair["destination_value"]] {
        assert!(page.replace('\u{202f}', "").contains(&text(number)), "{number} is not on the page: {page}");
    }

    let proof = "/fr/evidence/PHL/A.PHL.CAN.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS/2020";
    let page = get(&world.phl, proof).text();
    let status = answer_of(&world.phl, "/api/v1/status");
    for wanted in [
        "9911",
        status["fingerprint"].as_str().expect("digits"),
        status["publisher_id"].as_str().expect("an id"),
        "La preuve tient",
    ] {
        assert!(page.contains(wanted), "{wanted} is not on the page: {page}");
    }
    let tag = get(&world.phl, proof).header("etag").expect("a tag").to_owned();
    assert_eq!(send(&world.phl, "GET", proof, &[&format!("If-None-Match: {tag}")], b"").status, 304);
    let sheet = get(&world.phl, "/sheet/CAN/PHL/MS_FBORN.xlsx");
    assert!(sheet.status == 200 && sheet.body.starts_with(b"PK"), "{}", sheet.status);
    let status = ask(&world.phl, &["status"]);
    assert!(page.contains("EXERCICE") == (status["network"] != "main"), "practice is marked");
}
