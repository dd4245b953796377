//! The rules of the house that the compiler does not check. Each test is one rule; a fault says where it is and
//! what to do about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rooms, lowest first. A room names the rooms before it and no others.
const ROOMS: [&str; 17] = [
    "crypto", "model", "feed", "policy", "protect", "intake", "view", "insight", "store", "sync", "wire",
    "net", "node", "sdmx", "api", "config", "cli",
];
/// Rooms that stand side by side in the list and do not know each other.
const STRANGERS: [(&str, &str); 1] = [("sync", "store")];
/// Guests: a crate, and where it may be named (a room or one file).
const GUESTS: [(&str, &[&str]); 24] = [
    ("sled", &["store"]),
    ("libp2p", &["net"]),
    ("libp2p_stream", &["net"]),
    ("libp2p_gossipsub", &["net"]),
    ("axum", &["api"]),
    ("maud", &["api"]),
    ("tower_http", &["api"]),
    ("svg", &["api"]),
    ("utoipa", &["api"]),
    ("quick_xml", &["intake", "sdmx"]),
    ("calamine", &["intake"]),
    ("zip", &["intake"]),
    ("parquet", &["node"]),
    ("clap", &["cli", "src/main.rs"]),
    ("anyhow", &["cli", "src/main.rs"]),
    ("comfy_table", &["cli"]),
    ("tokio", &["net", "node", "api", "cli"]),
    ("bincode", &["src/feed/codec.rs"]),
    ("ed25519_dalek", &["crypto"]),
    ("sha2", &["crypto"]),
    ("hpke", &["crypto"]),
    ("chacha20poly1305", &["crypto"]),
    ("age", &["store"]),
    ("microlp", &["protect"]),
];
/// Rooms whose outcome depends on their input alone.
const PURE: [&str; 11] =
    ["crypto", "model", "feed", "policy", "protect", "intake", "view", "insight", "sync", "wire", "sdmx"];
/// What a pure room must not name.
const OUTSIDE: [&str; 9] =
    ["std::fs", "std::net", "std::thread", "SystemTime", "Instant", "tokio", "async fn", "mpsc", "getrandom"];
/// Pure rooms that may spread work over the processor's cores, which changes the time it takes and nothing else.
const PARALLEL: [&str; 2] = ["intake", "feed"];
/// Rooms where a new variant of an enum must be decided upon at every `match`.
const NO_WILDCARDS: [&str; 3] = ["sync", "policy", "feed"];
/// Lines of code, without blank lines, comments and inline test modules.
const MAX_LINES: usize = 600;
/// What may stand at the top of the repository beside dotfiles.
const TOP: [&str; 8] =
    ["Cargo.toml", "Cargo.lock", "src", "config", "tests", "scripts", "README.md", "LICENSE"];

/// A source file: as written, and with comments, text in quotes and inline test modules taken out line by line.
struct Source {
    path: String,
    raw: String,
    code: Vec<String>,
}

impl Source {
    fn new(path: &str, raw: &str) -> Self {
        let code = without_tests(without_comments(raw).lines().map(str::to_owned).collect());
        Self { path: path.to_owned(), raw: raw.to_owned(), code }
    }

    /// The room that the file belongs to, unless it is a test or the library's root.
    fn room(&self) -> Option<&'static str> {
        let inside = self.path.strip_prefix("src/")?;
        let is_test = inside.ends_with("/tests.rs") || inside.contains("/tests/");
        let first = inside.split('/').next()?.trim_end_matches(".rs");
        ROOMS.into_iter().find(|room| *room == first && !is_test)
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(at, line)| (at + 1, line.as_str()))
    }

    fn fault(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where `name` stands in `line` as a whole word.
fn mentions<'a>(line: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    line.match_indices(name)
        .map(|(at, _)| at)
        .filter(move |at| !line[..*at].ends_with(is_word) && !line[at + name.len()..].starts_with(is_word))
}

/// Replaces comments by blanks and what stands in quotes by `~`; lines stay where they are.
fn without_comments(text: &str) -> String {
    let (mut rest, mut out) = (text, String::with_capacity(text.len()));
    while let Some(first) = rest.chars().next() {
        let (length, blank) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), Some(' ')),
            '/' if rest.starts_with("/*") => (block_comment(rest), Some(' ')),
            '"' => (1 + closing_quote(&rest[1..], '"'), Some('~')),
            'r' if !out.ends_with(is_word) || out.ends_with('b') => {
                raw_string(rest).map_or((1, None), |n| (n, Some('~')))
            }
            '\'' => char_literal(rest).map_or((1, None), |n| (n, Some('~'))),
            other => (other.len_utf8(), None),
        };
        let (piece, after) = rest.split_at(length);
        match blank {
            Some(blank) => out.extend(piece.chars().map(|c| if c.is_whitespace() { c } else { blank })),
            None => out.push_str(piece),
        }
        rest = after;
    }
    out
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let step = &text.as_bytes()[at..];
        if step.starts_with(b"/*") {
            depth += 1;
            at += 1;
        } else if step.starts_with(b"*/") {
            depth -= 1;
            at += 1;
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Length up to and with the quote that ends the literal.
fn closing_quote(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let body = text[1..].trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(text.len() - 1 - body.len()));
    let start = text.len() - body.len() + 1;
    body.starts_with('"').then(|| text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// Length of a character literal, or nothing where the quote begins a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let mut chars = text[1..].chars();
    let (first, second) = (chars.next()?, chars.next()?);
    (first == '\\' || second == '\'').then(|| 1 + closing_quote(&text[1..], '\''))
}

/// Blanks `#[cfg(test)] mod … { … }` as rustfmt lays it out.
fn without_tests(mut lines: Vec<String>) -> Vec<String> {
    let mut inside = false;
    for at in 0..lines.len() {
        let opens = lines[at].trim_end() == "#[cfg(test)]"
            && lines.get(at + 1).is_some_and(|next| next.starts_with("mod ") && next.contains('{'));
        let closes = inside && lines[at].trim_end() == "}";
        inside |= opens;
        if inside {
            lines[at].clear();
        }
        inside &= !closes;
    }
    lines
}

/// The names that follow `crate::` in the file, with the line where each stands; groups in braces are opened.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let text = source.code.join("\n");
    let mut found = Vec::new();
    for at in mentions(&text, "crate") {
        let Some(path) = text[at + 5..].trim_start().strip_prefix("::") else { continue };
        let (start, grouped) = match path.trim_start().strip_prefix('{') {
            Some(group) => (text.len() - group.len(), true),
            None => (0, false),
        };
        let line = |offset: usize| text[..offset].matches('\n').count() + 1;
        if !grouped {
            let path = path.trim_start();
            found.push((line(at), path.chars().take_while(|c| is_word(*c)).collect()));
            continue;
        }
        let (mut depth, mut fresh) = (0_usize, true);
        for (offset, c) in text[start..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                c if depth == 0 && fresh && is_word(c) => {
                    let name = text[start + offset..].chars().take_while(|c| is_word(*c)).collect();
                    found.push((line(start + offset), name));
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn imports_go_down(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let place = |name: &str| ROOMS.iter().position(|other| *other == name);
    let allowed = |name: &str| place(name) <= place(room) && !STRANGERS.contains(&(room, name));
    let up = |(line, name): (usize, String)| {
        (!allowed(&name)).then(|| {
            let order = ROOMS.join(", ");
            let what = format!(
                "`{room}` must not know `{name}`: imports go down the list {order}, and `store` and `sync` do not \
                 know each other; move what is needed into a lower room, or hand it in as a value"
            );
            source.fault(line, &what)
        })
    };
    crate_paths(source).into_iter().filter_map(up).collect()
}

fn opens_with_its_purpose(source: &Source) -> Vec<String> {
    let what = "the file must open with `//!` and say what it is for";
    if source.raw.starts_with("//!") { Vec::new() } else { vec![source.fault(1, what)] }
}

fn stays_short(source: &Source) -> Vec<String> {
    let count = source.code.iter().filter(|line| !line.trim().is_empty()).count();
    let what =
        format!("{count} lines of code, at most {MAX_LINES} are readable; give a part a file of its own");
    if count <= MAX_LINES { Vec::new() } else { vec![source.fault(1, &what)] }
}

/// Whether the crate is named at `at`: at the head of a path or of an import, not as a field or a module of ours.
fn names_crate(line: &str, at: usize, name: &str) -> bool {
    let (before, after) = (line[..at].trim_end(), line[at + name.len()..].trim_start());
    let head =
        !before.ends_with('.') && (!before.ends_with("::") || before.trim_end_matches("::").is_empty());
    head && (after.starts_with("::") && !after.starts_with("::<") || before.ends_with("use"))
}

fn guests_stay_in_their_rooms(source: &Source) -> Vec<String> {
    let Some(home) = source.room().or_else(|| source.path.starts_with("src/m").then_some("main")) else {
        return Vec::new();
    };
    let welcome = |places: &[&str]| places.iter().any(|place| *place == home || *place == source.path);
    let mut faults = Vec::new();
    for (line, text) in source.lines() {
        for (guest, places) in GUESTS.iter().filter(|(_, places)| !welcome(places)) {
            if mentions(text, guest).any(|at| names_crate(text, at, guest)) {
                let what =
                    format!("`{guest}` may be named in {} only; go through its types", places.join(", "));
                faults.push(source.fault(line, &what));
            }
        }
    }
    faults
}

fn pure_rooms_touch_nothing(source: &Source) -> Vec<String> {
    let Some(room) = source.room().filter(|room| PURE.contains(room)) else { return Vec::new() };
    let scope = |rest: &str| PARALLEL.contains(&room) && rest.starts_with("std::thread::scope");
    let mut faults = Vec::new();
    for (line, text) in source.lines() {
        let grouped = |name: &&&str| {
            let group = text.split_once("std::{").map(|(_, group)| group);
            name.strip_prefix("std::")
                .zip(group)
                .is_some_and(|(name, group)| mentions(group, name).next().is_some())
        };
        let plain = |name: &&&str| mentions(text, name).any(|at| !scope(&text[at..]));
        for name in OUTSIDE.iter().filter(|name| plain(name) || grouped(name)) {
            let what = format!(
                "`{name}` in `{room}`, a room without clock, randomness, disk, socket, `async` or channel; let the \
                 node do it and hand the outcome in as a value"
            );
            faults.push(source.fault(line, &what));
        }
    }
    faults
}

fn nothing_is_left_for_later(path: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not hold the words.
    let words = [["TO", "DO"], ["FIX", "ME"], ["to", "do!"], ["unimpl", "emented!"], ["db", "g!"]]
        .map(|w| w.concat());
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let left = |word: &&String| {
            line.match_indices(word.as_str()).any(|(at, _)| {
                !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word)
            })
        };
        if let Some(word) = words.iter().find(left) {
            faults.push(format!("{path}:{}: {word} must not stay; do it now or leave it out", at + 1));
        }
    }
    faults
}

fn every_variant_is_decided(source: &Source) -> Vec<String> {
    if !source.room().is_some_and(|room| NO_WILDCARDS.contains(&room)) {
        return Vec::new();
    }
    let raw: Vec<&str> = source.raw.lines().collect();
    let excused = |line: usize| line >= 2 && raw[line - 2].trim_start().starts_with("// The library's");
    let wild = |text: &str| {
        mentions(text, "_").any(|at| {
            let (before, after) = (text[..at].trim_end(), text[at + 1..].trim_start());
            let starts = before.is_empty() || before.ends_with(['{', ',', '|', '}']);
            starts && (after.starts_with("=>") || after.starts_with("if "))
        })
    };
    let what = "`_ =>` hides a variant that is added later; name the variants (for an enum of a library, put a \
                comment in the line above that starts with `// The library's`)";
    source
        .lines()
        .filter(|(line, text)| wild(text) && !excused(*line))
        .map(|(line, _)| source.fault(line, what))
        .collect()
}

fn top_level_is_known(tracked: &str) -> Vec<String> {
    let tops = tracked.lines().map(|path| path.trim_matches('"').split('/').next().unwrap_or_default());
    let mut unknown: Vec<&str> = tops.filter(|top| !top.starts_with('.') && !TOP.contains(top)).collect();
    unknown.dedup();
    let what = format!("does not belong at the top level, which holds dotfiles and {} only", TOP.join(", "));
    unknown.into_iter().map(|top| format!("{top}:1: {what}")).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder, as path from the root and text; files that are no text are passed over.
fn files_under(folder: &str) -> Vec<(String, String)> {
    let (mut found, mut open): (Vec<_>, Vec<PathBuf>) = (Vec::new(), vec![root().join(folder)]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the folder can be read");
            open.extend(entries.map(|entry| entry.expect("the folder can be listed").path()));
        } else if let Ok(text) = fs::read_to_string(&path) {
            let name = path.strip_prefix(root()).expect("the path begins at the root");
            found.push((name.display().to_string(), text));
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let files = ["src", "tests"].into_iter().flat_map(files_under);
    files.filter(|(path, _)| path.ends_with(".rs")).map(|(path, text)| Source::new(&path, &text)).collect()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn assert_rule(rule: fn(&Source) -> Vec<String>) {
    assert_none(&sources().iter().flat_map(rule).collect::<Vec<_>>());
}

#[test]
fn imports_between_rooms_go_down_the_list() {
    assert_rule(imports_go_down);
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_rule(opens_with_its_purpose);
}

#[test]
fn no_file_is_too_long_to_read() {
    assert_rule(stays_short);
}

#[test]
fn outside_crates_are_named_in_their_rooms_only() {
    assert_rule(guests_stay_in_their_rooms);
}

#[test]
fn rooms_without_io_name_nothing_of_the_outside() {
    assert_rule(pure_rooms_touch_nothing);
}

#[test]
fn matches_in_sync_policy_and_feed_name_every_variant() {
    assert_rule(every_variant_is_decided);
}

#[test]
fn no_work_is_left_behind_in_a_comment() {
    let written = |path: &str| {
        [".rs", ".py", ".sh"].iter().any(|end| path.ends_with(end)) || path.starts_with("scripts/")
    };
    let files = ["src", "tests", "scripts"].into_iter().flat_map(files_under);
    assert_none(
        &files
            .filter(|(path, _)| written(path))
            .flat_map(|(path, text)| nothing_is_left_for_later(&path, &text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_top_level_holds_what_a_reader_expects() {
    match Command::new("git").arg("-C").arg(root()).arg("ls-files").output() {
        Ok(listed) if listed.status.success() => {
            assert_none(&top_level_is_known(&String::from_utf8_lossy(&listed.stdout)))
        }
        Ok(_) | Err(_) => eprintln!("SKIP top level: git does not list the files here"),
    }
}

/// Each rule on snippets that keep it and that break it, with the line of the fault.
#[test]
fn the_rules_find_what_breaks_them_and_nothing_else() {
    type Rule = fn(&Source) -> Vec<String>;
    let long = "let x = 1;\n".repeat(MAX_LINES + 1);
    let cases: &[(Rule, &str, &str, Option<usize>)] = &[
        (imports_go_down, "src/feed/a.rs", "use crate::crypto::Hash;", None),
        (imports_go_down, "src/feed/a.rs", "\nuse crate::store::Store;", Some(2)),
        (imports_go_down, "src/feed.rs", "use crate::{\n crypto::{self, Hash},\n view,\n};", Some(3)),
        (imports_go_down, "src/sync/a.rs", "fn f() { crate::store::open() }", Some(1)),
        (imports_go_down, "src/store/a.rs", "use crate::sync::Output;", Some(1)),
        (imports_go_down, "src/feed/a.rs", "//! See [`crate::node`].\n/* crate::cli */ // crate::api", None),
        (imports_go_down, "src/feed/a.rs", "const A: &str = \"crate::node\";", None),
        (imports_go_down, "src/feed/a/tests.rs", "use crate::node::Node;", None),
        (
            imports_go_down,
            "src/feed/a.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::node;\n}\nuse crate::api;",
            Some(5),
        ),
        (opens_with_its_purpose, "src/a.rs", "//! What.\n", None),
        (opens_with_its_purpose, "src/a.rs", "use std::fmt;\n", Some(1)),
        (stays_short, "src/a.rs", "// only\n\n", None),
        (stays_short, "src/a.rs", &long, Some(1)),
        (guests_stay_in_their_rooms, "src/view.rs", "let db = sled::open(path);", Some(1)),
        (guests_stay_in_their_rooms, "src/store/a.rs", "let db = sled::open(path);", None),
        (guests_stay_in_their_rooms, "src/model.rs", "use age;", Some(1)),
        (guests_stay_in_their_rooms, "src/model.rs", "let age = row.age; model::age::parse(age)", None),
        (guests_stay_in_their_rooms, "src/feed/id.rs", "use bincode::Encode;", Some(1)),
        (guests_stay_in_their_rooms, "src/feed/codec.rs", "use bincode::Encode;", None),
        (guests_stay_in_their_rooms, "src/main.rs", "fn main() -> anyhow::Result<()> {}", None),
        (guests_stay_in_their_rooms, "src/main.rs", "#[tokio::main]", Some(1)),
        (pure_rooms_touch_nothing, "src/wire.rs", "use std::time::Instant;", Some(1)),
        (pure_rooms_touch_nothing, "src/view.rs", "use std::{fmt, fs};", Some(1)),
        (pure_rooms_touch_nothing, "src/sync/a.rs", "std::thread::scope(|s| {});", Some(1)),
        (pure_rooms_touch_nothing, "src/intake.rs", "std::thread::scope(|s| {});", None),
        (pure_rooms_touch_nothing, "src/intake.rs", "std::thread::spawn(f);", Some(1)),
        (pure_rooms_touch_nothing, "src/store.rs", "use std::fs;", None),
        (every_variant_is_decided, "src/sync.rs", "match a {\n    A => 1,\n    _ => 2,\n}", Some(3)),
        (every_variant_is_decided, "src/sync.rs", "match a { A => 1, _ if b => 2 }", Some(1)),
        (
            every_variant_is_decided,
            "src/sync.rs",
            "match a { Some(_) => 1, (_, _) => 2, A { .. } | B(..) => 3 }",
            None,
        ),
        (
            every_variant_is_decided,
            "src/feed.rs",
            "    // The library's other cases are damage.\n    _ => 2,",
            None,
        ),
        (every_variant_is_decided, "src/view.rs", "_ => 2,", None),
    ];
    for (rule, path, text, line) in cases {
        let faults = rule(&Source::new(path, text));
        let place = line.map(|line| format!("{path}:{line}: "));
        match &place {
            Some(place) => {
                assert!(faults.len() == 1 && faults[0].starts_with(place), "{place}{text:?}: {faults:?}")
            }
            None => assert!(faults.is_empty(), "{path} {text:?}: {faults:?}"),
        }
    }
    let later = format!("fn a() {{}}\n// {}{}: more\n", "TO", "DO");
    assert_eq!(nothing_is_left_for_later("a.rs", &later).len(), 1);
    assert_eq!(nothing_is_left_for_later("a.rs", "mastodon, autodoc, todos").len(), 0);
    assert_eq!(top_level_is_known("src/lib.rs\n.ci/run\nnotes/a.md\nnotes/b.md\nREADME.md").len(), 1);
}

#[test]
fn quotes_and_comments_are_told_from_code() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("f(\"// \\\" x\") // y", "f(~~~ ~~ ~~)     "),
        ("r#\"a\"b\"# c", "~~~~~~~~ c"),
        ("fn f<'a>(x: &'a str) { 'x' }", "fn f<'a>(x: &'a str) { ~~~ }"),
        ("'\"' '\\'' b", "~~~ ~~~~ b"),
    ];
    for (text, code) in cases {
        assert_eq!(without_comments(text), code, "{text}");
    }
}
