//! Precedence, errors that name key and place, and a documented file that tells the truth.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use toml::{Table, Value};

use super::initial::NODE;
use super::quantity::{Size, Span};
use super::section::Sections;
use super::{Config, ConfigError, LogFormat};

/// Settings of a file with this text, these variables and these flags.
fn load(file: &str, env: &[(&str, &str)], flags: &[(&str, &str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("node.toml");
    fs::write(&path, file).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let flags: Vec<_> =
        flags.iter().map(|(section, key, value)| (*section, *key, (*value).to_owned())).collect();
    Config::load(Some(&path), env, &flags)
}

/// The documented file with every setting made.
fn uncommented() -> String {
    let is_setting = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
    let lines =
        NODE.lines().map(|line| line.strip_prefix('#').filter(|rest| is_setting(rest)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_documented_file_is_the_defaults_and_names_every_key() {
    let documented: Table = uncommented().parse().unwrap();
    let defaults = Table::try_from(Sections::default()).unwrap();
    let keys = |table: &Table| -> BTreeSet<String> {
        let sections = table.iter().map(|(section, keys)| (section, keys.as_table().unwrap()));
        sections.flat_map(|(section, keys)| keys.keys().map(move |key| format!("{section}.{key}"))).collect()
    };
    assert_eq!(keys(&documented), keys(&defaults));
    assert_eq!(documented, defaults);
    assert_eq!(load(&uncommented(), &[], &[]).unwrap(), Config::default());
    assert_eq!(load(NODE, &[], &[]).unwrap(), Config::default());
}

#[test]
fn every_documented_key_has_a_comment_before_it() {
    let lines: Vec<&str> = NODE.lines().collect();
    for pair in lines.windows(2) {
        let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
        if is_setting(pair[1]) {
            assert!(pair[0].starts_with('#'), "no comment before {}", pair[1]);
        }
    }
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    const FILE: &str = "[net]\ndial_timeout = \"20s\"";
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str, &'a str)], u64);
    let cases: [Case<'_>; 4] = [
        ("", &[], &[], 30),
        (FILE, &[], &[], 20),
        (FILE, &[("CORRIDOR_NET_DIAL_TIMEOUT", "10s")], &[], 10),
        (FILE, &[("CORRIDOR_NET_DIAL_TIMEOUT", "10s")], &[("net", "dial_timeout", "5s")], 5),
    ];
    for (file, env, flags, seconds) in cases {
        let config = load(file, env, flags).unwrap();
        assert_eq!(config.net().dial_timeout, Duration::from_secs(seconds), "{file} {env:?} {flags:?}");
    }
}

#[test]
fn variables_are_toml_or_text_as_it_stands() {
    let listen = |value: &str| load("", &[("CORRIDOR_NET_LISTEN", value)], &[]).unwrap().net().listen;
    assert_eq!(listen("/ip4/1.2.3.4/tcp/1"), ["/ip4/1.2.3.4/tcp/1"]);
    assert_eq!(listen("/ip4/1.2.3.4/tcp/1, /ip6/::1/tcp/2"), ["/ip4/1.2.3.4/tcp/1", "/ip6/::1/tcp/2"]);
    assert_eq!(listen(r#"["/ip4/1.2.3.4/tcp/1"]"#), ["/ip4/1.2.3.4/tcp/1"]);
    assert!(listen("").is_empty());

    let env = [
        ("CORRIDOR_HTTP_LISTEN", ""),
        ("CORRIDOR_LOG_FORMAT", "\"json\""),
        ("CORRIDOR_LOG_LEVEL", "debug"),
        ("CORRIDOR_NET_SERVE_PUBLIC", "true"),
        ("CORRIDOR_NET_MAX_ESTABLISHED", "7"),
        ("CORRIDOR_SYNC_WINDOW", "2MiB"),
        ("CORRIDOR_DIR", "/elsewhere"),
        ("CORRIDOR_CONFIG", "/elsewhere/node.toml"),
        ("CORRIDOR_PASSPHRASE_FILE", "/elsewhere/secret"),
        ("HOME", "/root"),
    ];
    let config = load("", &env, &[]).unwrap();
    assert_eq!((config.http(), config.log().format, config.log().level), (None, LogFormat::Json, "debug"));
    assert!(config.net().serve_public);
    assert_eq!((config.net().max_established, config.sync().window), (7, 2 << 20));
}

#[test]
fn public_indicators_are_codes_of_the_model() {
    let code = crate::model::catalogue::all()[0].code().to_owned();
    let config = load("", &[("CORRIDOR_RELEASE_PUBLIC", &code)], &[]).unwrap();
    assert_eq!(config.public(), BTreeSet::from([code]));
}

#[test]
fn errors_name_the_key_and_where_it_was_set() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 15] = [
        (
            "[net]\nlisten_on = []",
            &[],
            &["node.toml", "no setting net.listen_on", "[net] has dial_timeout, "],
        ),
        (
            "[nett]\nlisten = []",
            &[],
            &["node.toml", "no setting nett", "the sections are courier, crisis, http, log, net"],
        ),
        ("listen = []", &[], &["node.toml", "no setting listen", "the sections are"]),
        ("net = 1", &[], &["no setting net", "[net] is a section"]),
        ("[net", &[], &["node.toml", "not TOML", "line 1"]),
        ("", &[("CORRIDOR_NET_SPEED", "1")], &["environment variable CORRIDOR_NET_SPEED", "net.speed"]),
        (
            "",
            &[("CORRIDOR_NET", "1"), ("CORRIDOR_NET_NOTHING", "1")],
            &["environment variable CORRIDOR_NET_NOTHING", "net.nothing"],
        ),
        ("[net]\ndial_timeout = 30", &[], &["node.toml", "net.dial_timeout", "ms, s, min, h or d"]),
        ("[store]\ncache = \"64 MB\"", &[], &["store.cache", "B, KiB, MiB or GiB"]),
        ("", &[("CORRIDOR_NET_OUTBOUND_QUEUE", "many")], &["net.outbound_queue", "\"many\" is no integer"]),
        ("[net]\nmax_established = -1", &[], &["net.max_established", "not allowed"]),
        ("[net]\nreconnect_min = \"1h\"", &[], &["node.toml: net.reconnect_min is 1h", "5min"]),
        ("[net]\nreconnect_max = \"1ms\"", &[], &["node.toml: net.reconnect_max is 1ms", "1s"]),
        ("[net]\nlisten = [\"0.0.0.0:4001\"]", &[], &["net.listen", "no multiaddress"]),
        ("[release]\npublic = [\"no code\"]", &[], &["release.public", "no code"]),
    ];
    for (file, env, parts) in cases {
        let error = load(file, env, &[]).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{file:?} {env:?}: {error:?} lacks {part:?}");
        }
    }
    let rules = [
        ("http", "listen", "8080"),
        ("http", "empty_result", "500"),
        ("http", "language", "\"de\""),
        ("log", "format", "xml"),
        ("log", "level", "loud"),
        ("net", "outbound_queue", "0"),
        ("store", "cache", "1 KiB"),
        ("sync", "future_tolerance", "2d"),
        ("sync", "heartbeat", "10ms"),
        ("sync", "window", "64 KiB"),
    ];
    for (section, key, value) in rules {
        let error = load("", &[], &[(section, key, value)]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("command line: {section}.{key} ")), "{error}");
    }
}

#[test]
fn the_rule_of_concentration_is_read_and_never_shown() {
    let set = |text: &str| format!("[protection]\nconcentration = {text}");
    assert_eq!(Config::default().rules().concentration, None);
    assert_eq!(load(&set("\" \""), &[], &[]).unwrap().rules().concentration, None);
    for text in ["p=13.57", "n=2,k=86.42", "p=13.57,q=86.42"] {
        let config = load(&set(&format!("\"{text}\"")), &[], &[]).unwrap();
        assert_eq!(config.rules().concentration, Some(text.parse().unwrap()));
        let variable = load("", &[("CORRIDOR_PROTECTION_CONCENTRATION", text)], &[]).unwrap();
        assert_eq!(variable, config);
        let shown = format!("{config:?}");
        assert!(!shown.contains("13.57") && !shown.contains("86.42"), "{shown}");
    }
    let wrong = "'p=135.79'|'k=135.79,n=2'|135.79|['p=135.79']|p=135.79|'p=135.79|'p=' 135.79|135.79 135.79";
    for text in wrong.split('|') {
        let error = load(&set(text), &[], &[]).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("node.toml") && !shown.contains("135.79"), "{text}: {shown}");
    }
    let error = load("", &[("CORRIDOR_PROTECTION_CONCENTRATION", "135.79")], &[]).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("CORRIDOR_PROTECTION_CONCENTRATION") && !shown.contains("135.79"), "{shown}");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let missing = std::path::Path::new("/nowhere/node.toml");
    let error = Config::load(Some(missing), std::iter::empty(), &[]).unwrap_err().to_string();
    assert!(error.contains("/nowhere/node.toml"), "{error}");
}

#[test]
fn quantities_are_written_as_they_are_read() {
    for text in ["0s", "1ms", "1500ms", "30s", "90s", "10min", "1h", "2d"] {
        assert_eq!(Span::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Span::parse("5m"), Span::parse(" 5 min "));
    for text in ["0 B", "1 B", "1023 B", "64 KiB", "8 MiB", "1 GiB"] {
        assert_eq!(Size::parse(text).unwrap().to_string(), text);
    }
    for wrong in
        ["", "s", "-1s", "1.5s", "1", "1 S", "1s1s", "99999999999999999999s", "18446744073709551615d"]
    {
        assert!(Span::parse(wrong).is_err(), "{wrong}");
    }
    for wrong in ["", "1", "1 MB", "1 mib", "18446744073709551615 GiB"] {
        assert!(Size::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_new_nodes_file_has_its_addresses_and_all_comments() {
    let listen = ["/ip4/127.0.0.1/tcp/9".to_owned(), "/ip6/::1/tcp/9".to_owned()];
    let text = Config::initial_text(&listen, "127.0.0.1:9090", &["MF_IMM_PREV".to_owned()]);
    let config = load(&text, &[], &[]).unwrap();
    assert_eq!(config.net().listen, listen);
    assert_eq!(config.http(), Some("127.0.0.1:9090".parse().unwrap()));
    assert_eq!(config.public(), BTreeSet::from(["MF_IMM_PREV".to_owned()]));
    assert_eq!(text.lines().count(), NODE.lines().count());

    let odd = Config::initial_text(&[], "a\"b\nc", &[]);
    let table: Table = odd.parse().unwrap();
    assert_eq!(table["http"]["listen"], Value::String("a\"b\nc".to_owned()));
    assert_eq!(load(&Config::initial_text(&[], "", &[]), &[], &[]).unwrap().http(), None);
}
