//! French and Spanish pages have no English words: those of the messages, of the node's closed sets of codes, and the
//! little words that stand in every English sentence, outside of what is marked as English.

use std::collections::{BTreeMap, BTreeSet};

use corridor::cli::demo::NETWORK;
use corridor::feed::Purpose;
use corridor::model::Dimension;
use corridor::node::{ActName, KeyState, NodeState, Role};
use corridor::policy::Reason;

use crate::api::http::send;
use crate::operator::{code, cookie, enter, reported};
use crate::world::{Figure, TITLE, World, ask, eventually, release, text};

/// Words of English sentences that are none in French or Spanish.
const LITTLE: [&str; 12] =
    ["the", "and", "with", "was", "were", "which", "from", "has", "have", "of", "until", "their"];
/// What people wrote, in whatever language.
const WRITTEN: [&str; 5] = [NETWORK, TITLE, "the <west> gate", "a digit too many & more", "the wrong column"];
/// What a new node opens to the public.
const OPENED: &str = "public = [\"MS_FBORN\"]";
/// The most pages of one language that are read.
const MAX_PAGES: usize = 400;

/// The messages of a language, without those that have places.
fn messages(tag: &str) -> BTreeMap<String, String> {
    let path = format!("{}/config/messages/{tag}.toml", env!("CARGO_MANIFEST_DIR"));
    let table: toml::Table = std::fs::read_to_string(path).expect("messages").parse().expect("TOML");
    let (mut all, mut open) = (BTreeMap::new(), vec![(String::new(), table)]);
    while let Some((before, table)) = open.pop() {
        for (name, value) in table {
            let name = format!("{before}.{name}");
            match value {
                toml::Value::Table(inner) => open.push((name, inner)),
                value => drop(all.insert(name, value.as_str().unwrap_or_default().to_owned())),
            }
        }
    }
    all
}

/// English phrases that a page in this language must not have.
fn telltales(tag: &str) -> BTreeSet<String> {
    let (english, own) = (messages("en"), messages(tag));
    let differ = english.iter().filter(|(name, text)| own[*name] != **text && !text.contains('{'));
    let mut all: BTreeSet<String> = differ.map(|(_, text)| text.to_lowercase()).collect();
    all.extend(ActName::ALL.iter().map(|act| act.as_str().to_owned()));
    all.extend(NodeState::ALL.map(|one| one.as_str().to_owned()));
    all.extend(KeyState::ALL.map(|one| one.as_str().to_owned()));
    all.extend(Role::ALL.map(|one| one.as_str().to_owned()));
    all.extend(Purpose::ALL.map(|one| one.as_str().to_owned()));
    all.extend(Reason::ALL.map(|one| one.as_str().to_owned()));
    all.extend(["in force", "proposed", "refused", "socket"].map(str::to_owned));
    // The program's own name, in every language.
    all.remove("corridor");
    let said: String = own.values().map(|text| format!(" {} ", words_of(text))).collect();
    all.into_iter().filter(|one| one.len() > 4 && !said.contains(&format!(" {} ", words_of(one)))).collect()
}

/// The words of a text in small letters, one space between two.
fn words_of(text: &str) -> String {
    let parts =
        text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The texts of a page that its reader takes to be in its language: between tags, and in the attributes that are read
/// aloud. Code, and what is marked as English, is left out.
fn texts(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<(String, bool)> = Vec::new();
    let plain = |text: &str| {
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    };
    for part in page.split('<').skip(1) {
        let Some((tag, after)) = part.split_once('>') else { continue };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default().to_owned();
        if tag.starts_with('/') {
            while open.pop().is_some_and(|(other, _)| other != name) {}
        } else if !tag.starts_with('!') {
            let hidden = open.last().is_some_and(|(_, hidden)| *hidden)
                || ["code", "pre", "script", "style"].contains(&name.as_str())
                || tag.contains(" lang=\"en\"");
            for attribute in ["title", "aria-label", "alt", "placeholder"] {
                let value =
                    tag.split_once(&format!(" {attribute}=\"")).and_then(|(_, rest)| rest.split_once('"'));
                found.extend(value.filter(|_| !hidden).map(|(value, _)| plain(value)));
            }
            let is_void =
                ["input", "br", "meta", "link", "img"].contains(&name.as_str()) || tag.ends_with('/');
            if !is_void {
                open.push((name, hidden));
            }
        }
        if !open.last().is_some_and(|(_, hidden)| *hidden) && !after.trim().is_empty() {
            found.push(plain(after.trim()));
        }
    }
    found
}

/// Whether a text has an English phrase, and which.
fn tells<'a>(text: &str, phrases: &'a BTreeSet<String>) -> Option<&'a str> {
    if WRITTEN.iter().any(|written| text.contains(written)) {
        return None;
    }
    let words = format!(" {} ", words_of(text));
    let is_said = |phrase: &str| words.contains(&format!(" {} ", words_of(phrase)));
    phrases
        .iter()
        .map(String::as_str)
        .chain(LITTLE)
        .find(|phrase| is_said(phrase))
        .map(|phrase| phrases.get(phrase).map_or("a little word of English sentences", String::as_str))
}

/// Public figures, withdrawn ones, a crisis with a correction, a refused file: something on every page.
fn full() -> World {
    let world = World::prepared(|phl, can| {
        for node in [phl, can] {
            let path = node.dir().join("corridor.toml");
            let own = std::fs::read_to_string(&path).expect("its settings");
            let both = own.replace(OPENED, "public = [\"MS_FBORN\", \"EF_REGEMI\", \"MF_PERMSET\"]");
            assert_ne!(own, both, "nothing is opened to the public: {own}");
            std::fs::write(&path, both).expect("it can be written");
        }
    });
    let (phl, can) = (&world.phl, &world.can);
    let leave: [Figure<'_>; 2] =
        [["PHL", "CAN", "EF_REGEMI", "2020", "812"], ["PHL", "CAN", "EF_REGEMI", "2021", "12345"]];
    release(phl, &world.path("phl.csv"), &leave);
    release(can, &world.path("can.csv"), &[["CAN", "PHL", "MF_PERMSET", "2020", "1204"]]);
    let bad = world.path("bad.csv");
    std::fs::write(&bad, "FREQ,REF_AREA\nA,PHL\n").expect("written");
    assert!(phl.try_ask(&["submit", &text(&bad)]).is_ok_and(|(status, _)| status != 0), "it is refused");
    eventually("both have both counts", || {
        [phl, can].iter().all(|node| {
            let all = node.ask(&["mirror", "PHL", "CAN", "EF_REGEMI"]);
            all.is_ok_and(|all| all["summary"]["pairs"] == 1)
        })
    });
    let rows = phl.get(&["EF_REGEMI"]).expect("its figures");
    let steps =
        Dimension::ALL.iter().map(|one| rows[0][one.id().to_lowercase()].as_str().unwrap_or_default());
    let key = steps.collect::<Vec<_>>().join(".");
    ask(phl, &["retract", &key, "2021", "--reason", "the wrong column"]);
    reported(phl, can);
    world
}

#[test]
fn pages_in_french_and_spanish_have_no_english_words() {
    let world = full();
    let node = &world.phl;
    let signed = cookie(&enter(node, &code(node)));
    for tag in ["fr", "es"] {
        let phrases = telltales(tag);
        assert!(phrases.len() > 300, "{}", phrases.len());
        let (mut wrong, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![format!("/{tag}/"), format!("/{tag}/operator"), format!("/{tag}/nothing")];
        while let Some(path) = open.pop().filter(|_| seen.len() < MAX_PAGES) {
            if !seen.insert(path.clone()) {
                continue;
            }
            for headers in [&[][..], &[signed.as_str()]] {
                let answer = send(node, "GET", &path, headers, b"");
                if !answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
                    continue;
                }
                let page = answer.text();
                if path.contains("/operator/agreements/") && !headers.is_empty() {
                    let parties = if tag == "fr" { "<h3>Parties</h3>" } else { "<h3>Partes</h3>" };
                    assert!(page.contains(parties), "{path} is not in words: {page}");
                }
                for text in texts(&page) {
                    wrong.extend(
                        tells(&text, &phrases).map(|phrase| format!("{path}: {phrase:?} in {text:?}")),
                    );
                }
                let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split(['"', '#']).next());
                open.extend(
                    links
                        .filter(|link| link.starts_with(&format!("/{tag}/")))
                        .map(|link| link.replace("&amp;", "&")),
                );
            }
        }
        for part in [
            "/operator/audit",
            "/operator/health",
            "/operator/faults",
            "/rests/",
            "/proof/",
            "/evidence/",
            "/corridor/",
        ] {
            assert!(seen.iter().any(|path| path.contains(part)), "{part} in {seen:?}");
        }
        assert!(
            wrong.is_empty(),
            "{} on {} pages:\n{}",
            wrong.len(),
            seen.len(),
            Vec::from_iter(wrong).join("\n")
        );
    }
}

#[test]
fn a_copy_of_the_pages_has_no_english_words_either() {
    let world = full();
    let dir = world.path("site");
    ask(&world.phl, &["publish-site", &text(&dir)]);
    for tag in ["fr", "es"] {
        let phrases = telltales(tag);
        let (mut open, mut seen) = (vec![dir.join(tag)], 0);
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(
                    std::fs::read_dir(&path).expect("a folder").map(|item| item.expect("an item").path()),
                );
                continue;
            }
            let page = std::fs::read_to_string(&path).expect("a page");
            seen += 1;
            for text in texts(&page) {
                assert_eq!(tells(&text, &phrases), None, "{} says {text:?}", path.display());
            }
        }
        assert!(seen > 20, "{seen} pages in {tag}");
    }
}

#[test]
fn an_english_word_is_found_where_nobody_says_that_it_is_english() {
    let phrases = telltales("fr");
    let seen = |page: &str| texts(page).iter().any(|text| tells(text, &phrases).is_some());
    for page in
        ["<p>in force</p>", "<td>partner add</td>", "<a title=\"Agreements\">x</a>", "<p>la fin of it</p>"]
    {
        assert!(seen(page), "{page}");
    }
    for page in
        ["<p>en vigueur</p>", "<p><span lang=\"en\">in force</span></p>", "<p><code>partner add</code></p>"]
    {
        assert!(!seen(page), "{page}");
    }
}
