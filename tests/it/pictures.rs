//! The map and the regional profile of real daemons: what is drawn is what was signed, and both members of a region see
//! the same profile.

use std::collections::BTreeMap;

use corridor::cli::demo::government::Government;

use crate::api::http::get;
use crate::world::{World, eventually, release, values};

/// Counted by the Philippines (UN DESA, by birth), and by Canada about the Philippines.
const AT_PHL: [[&str; 5]; 3] = [
    ["PHL", "CAN", "MS_FBORN", "2020", "9911"],
    ["PHL", "ITA", "MS_FBORN", "2020", "77"],
    ["PHL", "CAN", "MS_FBORN", "2015", "8805"],
];
const AT_CAN: [[&str; 5]; 2] =
    [["CAN", "PHL", "MS_FBORN", "2020", "634385"], ["CAN", "ITA", "MS_FBORN", "2020", "0"]];

fn released() -> World {
    let world = World::agreed();
    release(&world.phl, &world.path("phl.csv"), &AT_PHL);
    release(&world.can, &world.path("can.csv"), &AT_CAN);
    eventually("each holds the other's figures", || {
        values(&world.phl, &["MS_FBORN", "A.CAN"]).len() == 2
            && values(&world.can, &["MS_FBORN", "A.PHL"]).len() == 3
    });
    world
}

/// A page without what sets thousands apart.
fn page(node: &Government, path: &str) -> String {
    let answer = get(node, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert!(answer.body.len() < 300_000, "{path} has {} bytes", answer.body.len());
    answer.text().replace([',', '\u{202f}'], "")
}

/// The titles of what is drawn and linked, by where each leads; the map comes before the bars.
fn linked(page: &str) -> BTreeMap<String, String> {
    let mut links = BTreeMap::new();
    for rest in page.split("<a href=\"").skip(1) {
        let Some((href, rest)) = rest.split_once("\">\n<title>") else { continue };
        let title = rest.split_once("</title>").expect("a title ends").0;
        links.entry(href.to_owned()).or_insert_with(|| title.to_owned());
    }
    links
}

#[test]
fn the_map_and_the_region_show_what_was_signed() {
    let world = released();
    on_the_map(&world.phl);
    chosen(&world.phl);
    of_the_region(&world);
}

fn on_the_map(node: &Government) {
    let map = page(node, "/en/");
    assert!(map.contains("Philippines: corridors on the map"), "it starts with its own country: {map}");
    let links = linked(&map);
    let to_canada = "/en/corridor/PHL/CAN?indicator=MS_FBORN";
    let from_canada = "/en/corridor/CAN/PHL?indicator=MS_FBORN";
    // Canada is one place with two corridors: the larger leads.
    assert_eq!(
        links.get(to_canada).map(String::as_str),
        Some("Philippines → Canada: 634385; Canada → Philippines: 9911"),
        "{links:?}"
    );
    assert!(map.contains(from_canada), "the table has the other");
    assert_eq!(links.get("/en/country/PHL").map(String::as_str), Some("Profile: Philippines"), "{links:?}");
    // A band for each figure that is more than nothing; nothing of another year.
    assert_eq!(map.matches("class=\"in\" d=").count(), 2, "Canada and Italy to the Philippines");
    assert_eq!(map.matches("class=\"out\" d=").count(), 1, "the Philippines to Canada");
    assert!(!map.contains("8805"), "another year is not shown");
    let earlier = page(node, "/fr/?country=PHL&period=2015");
    assert!(earlier.contains("8805") && !earlier.contains("9911"), "{earlier}");
    let other = page(node, "/en/?country=PHL&period=1999");
    assert!(other.contains("Nothing is stated for 1999. Shown is 2020."), "{other}");
}

fn chosen(node: &Government) {
    let arrivals = page(node, "/es/?country=PHL&direction=in&indicator=MS_FBORN&sex=_T");
    assert!(arrivals.contains("9911") && !arrivals.contains("634385"), "{arrivals}");
    assert!(linked(&arrivals).contains_key("/es/corridor/ITA/PHL?indicator=MS_FBORN"));
    // Women are not stated by themselves.
    assert!(page(node, "/en/?country=PHL&sex=F").contains("Nothing is stated of this choice"));
    assert!(page(node, "/en/?country=FRA").contains("Nothing is stated of this choice"));
    for path in
        ["/en/?sex=X", "/en/?direction=up", "/en/?indicator=NOTHING", "/en/?country=QQQ", "/en/?more=1"]
    {
        assert_eq!(get(node, path).status, 404, "{path}");
    }
}

fn of_the_region(world: &World) {
    let path = "/en/region/public?members=PHL,CAN,ITA&indicator=MS_FBORN&period=2020";
    let (ours, theirs) = (page(&world.phl, path), page(&world.can, path));
    assert!(ours.contains("2 of 3 members report"), "{ours}");
    assert!(ours.contains("Italy: Do not report"), "who is missing is hatched on the map and named: {ours}");
    let links = linked(&ours);
    assert_eq!(
        links.get("/en/corridor/PHL/CAN?indicator=MS_FBORN").map(String::as_str),
        Some("Philippines → Canada: 634385")
    );
    // Nobody from Italy lives in Canada: that is stated. Who from Canada lives in Italy nobody says.
    assert_eq!(
        links.get("/en/corridor/ITA/CAN?indicator=MS_FBORN").map(String::as_str),
        Some("Italy → Canada: 0")
    );
    assert!(ours.contains("<title>Canada → Italy: no value</title>"), "{ours}");
    assert!(ours.contains("nothing is stated for this period: Italy"), "{ours}");
    let digest = |page: &str| {
        let code = page.rsplit("<code>").next().and_then(|rest| rest.split("</code>").next());
        code.expect("a digest").to_owned()
    };
    assert!(digest(&ours).len() == 64, "{}", digest(&ours));
    assert_eq!(digest(&ours), digest(&theirs), "both members see one profile");
}
