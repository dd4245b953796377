//! Editions of a regional profile: computed, signed by the parties, adopted, and unchanged when figures move.

use corridor::cli::demo::government::Government;
use corridor::crypto::NodeSigner;
use corridor::feed::{AgreementId, EntryBuilder, EntryKind, FeedId};
use corridor::insight::region::{Builder, Edition, Member};
use corridor::model::{Document, DocumentKind, DocumentLabel, Record};
use corridor::node::Home;
use corridor::store::Store;
use corridor::store::keys::Passphrase;
use serde_json::{Value, json};

use crate::api::http::send;
use crate::world::{TITLE, World, ask, eventually, release, run, stdout, values};

const FROM_PHL: [[&str; 5]; 2] =
    [["PHL", "CAN", "EF_REGEMI", "2012", "100"], ["PHL", "CAN", "EF_REGEMI", "2013", "110"]];
const FROM_CAN: [[&str; 5]; 1] = [["CAN", "PHL", "MF_PERMSET", "2013", "120"]];
const MOVED: [[&str; 5]; 1] = [["PHL", "CAN", "EF_REGEMI", "2014", "130"]];

/// Two parties, both of whose signatures it takes, and both of which have reported.
fn reported() -> World {
    let world = World::agreed();
    release(&world.phl, &world.path("phl.csv"), &FROM_PHL);
    release(&world.can, &world.path("can.csv"), &FROM_CAN);
    eventually("both compute the same", || digest(&world.phl) == digest(&world.can));
    eventually("of both", || region(&world.phl)["missing"] == json!([]));
    world
}

fn region(node: &Government) -> Value {
    node.ask(&["region", TITLE]).unwrap_or_default()
}

fn digest(node: &Government) -> Value {
    region(node)["digest"].clone()
}

fn edition(node: &Government, number: u64) -> Value {
    let profile = region(node);
    let mut all = profile["editions"].as_array().into_iter().flatten();
    all.find(|one| one["edition"] == number).cloned().unwrap_or_default()
}

fn sign(node: &Government, more: &[&str]) -> Value {
    ask(node, &[&["region", TITLE, "--sign"], more].concat())
}

/// Who signed the digest at a place of the list, and how often this node has computed it too.
fn signers(edition: &Value, at: usize) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = edition["digests"][at]["signers"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| (text(&one["country"]), text(&one["recomputed"]))).collect()
}

fn both(recomputed: &str) -> Vec<(String, String)> {
    ["CAN", "PHL"].map(|country| (country.to_owned(), recomputed.to_owned())).to_vec()
}

/// What the log of acts says of editions: act and outcome.
fn acts(node: &Government) -> Vec<String> {
    let log = ask(node, &["audit"]);
    let all = log["acts"].as_array().cloned().unwrap_or_default();
    all.iter().filter(|act| act["act"] == "region sign").map(|act| act["outcome"].to_string()).collect()
}

#[test]
fn an_edition_is_adopted_when_enough_have_signed_it_and_stays_when_figures_move() {
    let world = reported();
    let (phl, can) = (&world.phl, &world.can);
    let then = digest(phl);
    let said = sign(phl, &["1"]);
    assert_eq!((&said["signed"], &said["digest"]), (&json!("now"), &then), "{said}");
    let counted = json!([said["signatures"], said["needed"], said["of"], said["adopted"]]);
    assert_eq!(counted, json!([1, 2, 2, false]));
    eventually("CAN sees one of two", || edition(can, 1)["signed"] == 1);
    assert_eq!(edition(can, 1)["not_signed"], json!(["CAN"]));
    assert_eq!(digest(can), then, "a signature is no figure");

    let said = sign(can, &["1"]);
    assert_eq!((&said["adopted"], &said["as_of"]), (&json!(true), &json!("now")), "{said}");
    eventually("both show it as adopted", || [phl, can].iter().all(|one| edition(one, 1)["adopted"] == true));
    let adopted = edition(can, 1);
    assert_eq!(adopted, edition(phl, 1), "every byte of it is the same at both");
    assert_eq!((&adopted["digest"], &adopted["is_current"]), (&then, &json!(true)));
    assert_eq!(signers(&adopted, 0), both("same"), "{adopted}");
    assert_eq!(adopted["digests"][0]["totals"][0]["total"], "110");

    // Figures move; what was signed does not.
    release(phl, &world.path("more.csv"), &MOVED);
    eventually("CAN has them too", || digest(can) != then && digest(can) == digest(phl));
    let after = edition(can, 1);
    assert_eq!(
        (&after["digest"], &after["adopted"], &after["is_current"]),
        (&then, &json!(true), &json!(false))
    );
    assert_eq!(signers(&after, 0), both("same"), "it is computed again as of the entries that were signed");
    for field in ["signers", "totals", "heads", "reporting", "missing"] {
        assert_eq!(after["digests"][0][field], adopted["digests"][0][field], "{field}");
    }
    let again = sign(can, &["1"]);
    assert_eq!((&again["signed"], &again["digest"]), (&json!("before"), &then), "{again}");

    sign(phl, &["2"]);
    eventually("the next edition is another", || edition(can, 2)["signed"] == 1);
    assert_eq!(edition(can, 2)["is_current"], true);
    assert_eq!(edition(can, 2)["adopted"], false);
    assert_eq!(acts(phl), ["\"done\"", "\"done\""]);
    let shown = stdout(&run(can, &["region", TITLE]));
    for expected in
        ["2 of 2, adopted", "1 of 2, 2 adopt it", "of the same entries, the same digest", "another digest"]
    {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    shown_over_http(can, then.as_str().expect("a digest"));
}

/// The page in three languages and the answer, for who has a token.
fn shown_over_http(node: &Government, digest: &str) {
    let id = ask(node, &["agreement", "show", TITLE])["agreement"].as_str().expect("an id").to_owned();
    let token = ask(node, &["token", "create", "reader", "--days", "1"])["token"].clone();
    let bearer = format!("Authorization: Bearer {}", token.as_str().expect("a token"));
    let answer = send(node, "GET", &format!("/api/v1/region/{id}"), &[&bearer], b"").json();
    assert_eq!(answer["editions"], region(node)["editions"]);
    for (language, words) in [
        ("en", ["Signed by 2 of 2:", "<strong>adopted</strong>", "today's give another digest"]),
        ("fr", ["Signée par 2 sur 2", "<strong>adoptée</strong>", "donnent un autre condensé"]),
        ("es", ["Firmada por 2 de 2:", "<strong>adoptada</strong>", "los de hoy dan otro resumen"]),
    ] {
        let page = send(node, "GET", &format!("/{language}/region/{id}"), &[&bearer], b"");
        let text = page.text();
        assert_eq!(page.status, 200, "{text}");
        for expected in words.into_iter().chain([digest]) {
            assert!(text.contains(expected), "{language}: {expected}");
        }
    }
    let public = send(node, "GET", "/en/region/public", &[], b"").text();
    assert!(!public.contains("id=\"editions\""), "nobody signs what everybody may read");
}

#[test]
fn a_party_changes_its_word_and_joins_what_others_have_signed() {
    let world = reported();
    let (phl, can) = (&world.phl, &world.can);
    let then = sign(phl, &["1"])["digest"].clone();
    eventually("CAN sees it", || edition(can, 1)["signed"] == 1);
    release(phl, &world.path("more.csv"), &MOVED);
    eventually("CAN has more", || values(can, &["EF_REGEMI"]).len() == 3);
    let now = digest(can);
    assert_ne!(now, then);

    // Who comes late signs what was signed: this node computes it too, as of those entries.
    let said = sign(can, &["1"]);
    assert_eq!((&said["digest"], &said["as_of"]), (&then, &json!("what others signed")), "{said}");
    eventually("it is adopted", || edition(phl, 1)["adopted"] == true);

    // Another word under the same number counts in place of the first, and is shown as a change.
    let said = sign(phl, &["1", "--anew"]);
    assert_eq!((&said["digest"], &said["changed_from"]), (&now, &then), "{said}");
    eventually("CAN sees two digests", || edition(can, 1)["digests"].as_array().map(Vec::len) == Some(2));
    let split = edition(can, 1);
    assert_eq!((&split["adopted"], &split["signed"]), (&json!(false), &json!(1)), "{split}");
    let of = |digest: &Value| {
        let all = split["digests"].as_array().expect("digests");
        all.iter().find(|one| one["digest"] == *digest).expect("it is there")["signers"][0].clone()
    };
    assert_eq!((&of(&now)["country"], &of(&now)["changed_from"]), (&json!("PHL"), &json!([then])));
    assert_eq!((&of(&then)["country"], &of(&then)["changed_from"]), (&json!("CAN"), &json!([])));

    sign(can, &["1", "--anew"]);
    eventually("it is adopted with the other digest", || {
        let one = edition(phl, 1);
        one["adopted"] == true && one["digest"] == now
    });
    assert_eq!(signers(&edition(phl, 1), 0), both("same"));
}

#[test]
fn nothing_is_signed_that_is_not_computed_here_or_of_no_agreement() {
    let mut world = reported();
    let said = |args: &[&str]| {
        let (status, said) = world.phl.try_ask(args).expect("it answers");
        assert_eq!(status, 1, "{args:?}: {said}");
        said.to_string()
    };
    assert!(said(&["region", "public", "--sign", "1"]).contains("there is no agreement"));
    said(&["region", "no such agreement", "--sign", "1"]);
    for usage in [&["region", TITLE, "--sign", "0"][..], &["region", TITLE, "--anew"]] {
        assert_eq!(run(&world.phl, usage).status.code(), Some(2), "{usage:?}");
    }
    assert!(acts(&world.phl).iter().any(|outcome| outcome.contains("refused")));

    // Statements that PHL's own program would never sign: of entries that nobody has, and of another agreement.
    world.phl.stop();
    sign_blindly(&world.phl);
    world.phl.start().expect("it starts again");
    eventually("CAN has the statement", || edition(&world.can, 1)["signed"] == 1);
    let one = edition(&world.can, 1);
    let signer = &one["digests"][0]["signers"][0];
    assert_eq!((&signer["country"], &signer["recomputed"]), (&json!("PHL"), &json!("another")), "{one}");
    assert_eq!(edition(&world.can, 2), Value::Null, "what is said of another agreement counts nowhere");
    let (status, refused) = world.can.try_ask(&["region", TITLE, "--sign", "1"]).expect("it answers");
    assert!(status == 1 && refused.to_string().contains("another digest"), "{refused}");
    let said = sign(&world.can, &["1", "--anew"]);
    assert_eq!((&said["signatures"], &said["digest"]), (&json!(1), &digest(&world.can)), "{said}");
    assert_eq!(edition(&world.can, 1)["adopted"], false);

    ask(&world.can, &["agreement", "end", TITLE]);
    let (status, refused) = world.can.try_ask(&["region", TITLE, "--sign", "3"]).expect("it answers");
    assert!(status == 1 && refused.to_string().contains("has left it"), "{refused}");
}

/// What is sealed until later is in no edition before: who released it waits, and others sign what they can read.
#[test]
fn figures_under_embargo_are_in_no_edition_before_it_is_over() {
    let world = reported();
    let (phl, can) = (&world.phl, &world.can);
    let then = digest(phl);
    let rows = [["CAN", "PHL", "MF_PERMSET", "2014", "99"]];
    ask(can, &["submit", &crate::world::figures(&world.path("later.csv"), &rows)]);
    ask(can, &["release", "--at", "2099-01-01"]);
    let (status, refused) = can.try_ask(&["region", TITLE, "--sign", "1"]).expect("it answers");
    assert!(status == 1 && refused.to_string().contains("under embargo until 2099-01-01"), "{refused}");
    eventually("PHL has the sealed entry", || {
        let feeds = ask(phl, &["feeds"]);
        let all = feeds["feeds"].as_array().cloned().unwrap_or_default();
        all.iter().any(|feed| feed["country"] == "CAN" && feed["closed"] == 1)
    });
    let said = sign(phl, &["1"]);
    assert_eq!(said["digest"], then, "{said}");
    let one = edition(phl, 1);
    assert_eq!(signers(&one, 0), [("PHL".to_owned(), "same".to_owned())], "{one}");
    let closed =
        one["digests"][0]["heads"].as_array().expect("heads").iter().map(|head| head["closed"].clone());
    assert_eq!(closed.collect::<Vec<_>>(), [0, 0], "it ends before what is sealed");
}

/// Signs, with a stopped node's key, edition 1 with a digest of no entries, and edition 2 as of another agreement.
fn sign_blindly(node: &Government) {
    let home = Home::open(node.dir()).expect("a node");
    let passphrase = Passphrase::from_file(&node.dir().join("passphrase")).expect("a passphrase");
    let key = home.node_key(&passphrase).expect("a key");
    let signer: &dyn NodeSigner = &key;
    let mut store = Store::open(node.dir(), home.us(), home.network(), 1 << 20).expect("a store");
    let is_ours = |feed: &FeedId| feed.publisher == home.us() && feed.agreement != AgreementId::public();
    let house = FeedId::new(home.us(), AgreementId::house());
    let time = store.newest(&house).expect("there are acts").header().time;
    // Of its feeds the one under the agreement is where figures are.
    let figures = |feed: &FeedId| {
        let head = store.durable(feed)?;
        let kind = |seq| store.header(feed, corridor::feed::Seq(seq)).ok().map(|one| one.header().kind);
        (0..=head.seq.0).any(|seq| kind(seq) == Some(EntryKind::Release)).then_some(*feed)
    };
    let feed = store.feeds().filter(is_ours).find_map(|feed| figures(&feed)).expect("it has released");
    let other = store.feeds().find(|one| one.publisher != home.us()).expect("it has a partner").publisher;
    let members = [("PHL", home.us()), ("CAN", other)];
    let members = members.map(|(country, publisher)| Member { country: country.to_owned(), publisher });
    for (number, agreement) in [(1, feed.agreement), (2, AgreementId([9; 32]))] {
        let profile = Builder::new(agreement, members.clone()).finish();
        let edition = Edition::of(&profile, number, Vec::new(), time).expect("an edition");
        let mut bytes = edition.to_bytes();
        if number == 1 {
            // Behind the version, the agreement and the number.
            bytes[34] ^= 1;
        }
        let id = edition.document_id();
        let label =
            DocumentLabel::new(DocumentKind::Profile, &id, "", "An edition", "text/plain").expect("a label");
        let records = Document::split(&label, &bytes).expect("parts").into_iter().map(Record::Document);
        let builder = EntryBuilder::new(EntryKind::Release, records.collect());
        let entry = builder.sign(&store.place(feed), time, home.network(), signer).expect("an entry");
        store.append_own(&entry).expect("it is appended");
    }
    store.commit().expect("it is durable");
}
