//! The rules that settings keep, and how they become the rooms' own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::layer::{Layers, SECRET};
use super::section::Net;
use super::{Config, ConfigError, LogFormat, LogSettings, SyncSettings};
use crate::api::http::{EmptyResult, Manner};
use crate::model::codelist::Language;
use crate::model::{ConfStatus, Dimension, IndicatorCode, Known, codelist};
use crate::net::{NetConfig, RelayLimits};
use crate::node::SealingTerms;
use crate::node::crisis::{CrisisTerms, is_place};
use crate::node::notify::NotifyTerms;
use crate::protect::Places;
use crate::protect::primary::{Concentration, NoRule};

/// A frame on the wire with the message around it must fit into the window, or nothing could ever be sent.
const WINDOW_MIN: u64 = 128 * 1_024;
/// Less and the database rereads every page it writes.
const CACHE_MIN: u64 = 1 << 20;
/// More often costs traffic on lines that are paid by the byte, and helps nobody.
const HEARTBEAT_MIN: Duration = Duration::from_secs(1);
/// A clock that is wrong by more is broken, and its entries should be looked at.
const FUTURE_MAX: Duration = Duration::from_secs(86_400);
/// A circuit that lives shorter would be made anew all the time; longer, and libp2p cannot say how long.
const CIRCUIT_MIN: Duration = Duration::from_secs(60);
const CIRCUIT_MAX: Duration = Duration::from_secs(365 * 86_400);
/// A key that lives shorter could not reach anybody before it is over.
const SEALING_MIN: Duration = Duration::from_secs(1);
/// What runs longer is not telling people any more.
const NOTIFY_MAX: Duration = Duration::from_secs(3_600);
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Settings that keep the rules.
pub(super) fn check(layers: &Layers) -> Result<Config, ConfigError> {
    Ok(Config {
        net: net(layers)?,
        relays: relays(layers)?,
        sync: sync(layers)?,
        cache: cache(layers)?,
        http: http(layers)?,
        manner: Manner { empty: empty_result(layers)?, language: language(layers)? },
        public: public(layers)?,
        suppressed_as: suppressed_as(layers)?,
        concentration: concentration(layers)?,
        places: places(layers)?,
        sealing: sealing(layers)?,
        crisis: crisis(layers)?,
        notify: notify(layers)?,
        log: log(layers)?,
    })
}

fn crisis(layers: &Layers) -> Result<CrisisTerms, ConfigError> {
    let crisis = &layers.sections.crisis;
    if crisis.duty.iter().any(|who| who.trim().is_empty()) {
        return Err(layers.refuse("crisis.duty", "holds an empty name: name users of this machine"));
    }
    if let Some(wrong) = crisis.places.iter().find(|place| !is_place(place)) {
        let reason = format!(
            "holds {wrong:?}: a reporting place is told in 1 to 80 bytes on one line, and tells of no person"
        );
        return Err(layers.refuse("crisis.places", reason));
    }
    let known = |all: &[String]| all.iter().cloned().collect();
    Ok(CrisisTerms { duty: known(&crisis.duty), places: known(&crisis.places) })
}

fn notify(layers: &Layers) -> Result<NotifyTerms, ConfigError> {
    let notify = &layers.sections.notify;
    if notify.timeout.0.is_zero() || notify.timeout.0 > NOTIFY_MAX {
        return Err(
            layers.refuse("notify.timeout", "must lie between 1ms and 1h: the next notice waits for it")
        );
    }
    // It is run without a search in the directory where the daemon happened to start.
    if notify.command.first().is_some_and(|program| !program.starts_with('/')) {
        let reason = "must begin with the whole path of a program, such as /usr/local/bin/tell-duty";
        return Err(layers.refuse("notify.command", reason));
    }
    Ok(NotifyTerms { command: notify.command.clone(), timeout: notify.timeout.0 })
}

fn sealing(layers: &Layers) -> Result<SealingTerms, ConfigError> {
    let (sealing, courier) = (&layers.sections.sealing, &layers.sections.courier);
    for (key, span) in [("sealing.rotate", sealing.rotate), ("sealing.keep", sealing.keep)] {
        if span.0 < SEALING_MIN {
            return Err(layers.refuse(key, "is shorter than a second: every key is told to every partner"));
        }
    }
    let millis = |span: super::quantity::Span| i64::try_from(span.0.as_millis()).unwrap_or(i64::MAX);
    Ok(SealingTerms {
        rotate: millis(sealing.rotate),
        keep: millis(sealing.keep),
        quota: courier.quota.0,
        tidy: millis(courier.tidy),
    })
}

fn net(layers: &Layers) -> Result<NetConfig, ConfigError> {
    let net = &layers.sections.net;
    if let Some(wrong) = net.listen.iter().find(|address| !address.starts_with('/')) {
        let reason = format!("holds {wrong:?}, which is no multiaddress: write it as /ip4/0.0.0.0/tcp/4001");
        return Err(layers.refuse("net.listen", reason));
    }
    for (key, zero) in zeros(net) {
        if zero {
            return Err(layers.refuse(key, "must not be zero"));
        }
    }
    let (min, max) = (net.reconnect_min, net.reconnect_max);
    if min.0 > max.0 && layers.is_set("net.reconnect_min") {
        return Err(
            layers.refuse("net.reconnect_min", format!("is {min}, longer than net.reconnect_max, {max}"))
        );
    }
    if min.0 > max.0 {
        return Err(
            layers.refuse("net.reconnect_max", format!("is {max}, shorter than net.reconnect_min, {min}"))
        );
    }
    Ok(NetConfig {
        listen: net.listen.clone(),
        idle_timeout: net.idle_timeout.0,
        dial_timeout: net.dial_timeout.0,
        reconnect_min: net.reconnect_min.0,
        reconnect_max: net.reconnect_max.0,
        max_pending_incoming: net.max_pending_incoming,
        max_established: net.max_established,
        per_ip_attempts_per_minute: net.per_ip_attempts_per_minute,
        outbound_queue: net.outbound_queue,
        serve_public: net.serve_public,
        relay: relay(layers)?,
        hole_punching: net.hole_punching,
        ..NetConfig::default()
    })
}

fn relay(layers: &Layers) -> Result<Option<RelayLimits>, ConfigError> {
    let relay = &layers.sections.relay;
    let zeros = [
        ("relay.circuits", relay.circuits == 0),
        ("relay.circuits_per_partner", relay.circuits_per_partner == 0),
        ("relay.circuit_bytes", relay.circuit_bytes.0 == 0),
    ];
    if let Some((key, _)) = zeros.into_iter().find(|(_, zero)| *zero) {
        return Err(layers.refuse(key, "must not be zero; serve = false carries nothing"));
    }
    let time = relay.circuit_time;
    if time.0 < CIRCUIT_MIN || time.0 > CIRCUIT_MAX {
        return Err(layers.refuse("relay.circuit_time", format!("is {time}: write 1min to 365d")));
    }
    Ok(relay.serve.then_some(RelayLimits {
        circuits: relay.circuits,
        circuits_per_partner: relay.circuits_per_partner,
        circuit_time: time.0,
        circuit_bytes: relay.circuit_bytes.0,
    }))
}

/// Whether this is the beginning of a publisher's id, long enough to mean one partner.
fn is_publisher(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn relays(layers: &Layers) -> Result<BTreeSet<String>, ConfigError> {
    let codes = layers.sections.net.relays.iter();
    codes
        .map(|code| match codelist::area().contains(code) || is_publisher(code) {
            true => Ok(code.clone()),
            false => {
                let hint = Known::List(codelist::area()).hint(Dimension::RefArea.id(), code);
                let reason = format!(
                    "holds {code:?}: write partners by ISO 3166-1 alpha-3, as in ITA, or by the beginning of their publisher id{hint}"
                );
                Err(layers.refuse("net.relays", reason))
            }
        })
        .collect()
}

/// Settings with which nothing would work if they were zero, and whether they are.
fn zeros(net: &Net) -> [(&'static str, bool); 8] {
    [
        ("net.idle_timeout", net.idle_timeout.0.is_zero()),
        ("net.dial_timeout", net.dial_timeout.0.is_zero()),
        ("net.reconnect_min", net.reconnect_min.0.is_zero()),
        ("net.reconnect_max", net.reconnect_max.0.is_zero()),
        ("net.max_pending_incoming", net.max_pending_incoming == 0),
        ("net.max_established", net.max_established == 0),
        ("net.per_ip_attempts_per_minute", net.per_ip_attempts_per_minute == 0),
        ("net.outbound_queue", net.outbound_queue == 0),
    ]
}

fn sync(layers: &Layers) -> Result<SyncSettings, ConfigError> {
    let sync = &layers.sections.sync;
    if sync.heartbeat.0 < HEARTBEAT_MIN {
        return Err(layers.refuse("sync.heartbeat", format!("is {}, below 1s", sync.heartbeat)));
    }
    if sync.window.0 < WINDOW_MIN {
        return Err(layers.refuse("sync.window", format!("is {}, below 128 KiB", sync.window)));
    }
    if sync.future_tolerance.0 > FUTURE_MAX {
        return Err(layers.refuse("sync.future_tolerance", format!("is {}, above 1d", sync.future_tolerance)));
    }
    Ok(SyncSettings {
        heartbeat: sync.heartbeat.0,
        window: sync.window.0,
        future_tolerance: sync.future_tolerance.0,
    })
}

fn cache(layers: &Layers) -> Result<u64, ConfigError> {
    let cache = layers.sections.store.cache;
    if cache.0 < CACHE_MIN {
        return Err(layers.refuse("store.cache", format!("is {cache}, below 1 MiB")));
    }
    Ok(cache.0)
}

fn http(layers: &Layers) -> Result<Option<SocketAddr>, ConfigError> {
    let listen = layers.sections.http.listen.trim();
    if listen.is_empty() {
        return Ok(None);
    }
    listen.parse().map(Some).map_err(|_| {
        let reason = format!("is {listen:?}: write ADDRESS:PORT, as in 127.0.0.1:8080, or \"\" for none");
        layers.refuse("http.listen", reason)
    })
}

fn empty_result(layers: &Layers) -> Result<EmptyResult, ConfigError> {
    let status = layers.sections.http.empty_result;
    EmptyResult::of_status(status).ok_or_else(|| {
        let reason = format!("is {status}: write 200 (an empty message), 204 (nothing) or 404 (an error)");
        layers.refuse("http.empty_result", reason)
    })
}

fn language(layers: &Layers) -> Result<Language, ConfigError> {
    let tag = layers.sections.http.language.as_str();
    let known = Language::from_tag(tag).filter(|language| Language::WORKING.contains(language));
    known.ok_or_else(|| layers.refuse("http.language", format!("is {tag:?}: write \"en\", \"fr\" or \"es\"")))
}

fn public(layers: &Layers) -> Result<BTreeSet<String>, ConfigError> {
    let codes = layers.sections.release.public.iter();
    codes
        .map(|code| match IndicatorCode::parse(code) {
            Ok(code) => Ok(code.as_str().to_owned()),
            Err(error) => Err(layers.refuse("release.public", format!("holds {code:?}: {error}"))),
        })
        .collect()
}

fn suppressed_as(layers: &Layers) -> Result<ConfStatus, ConfigError> {
    let code = &layers.sections.protection.suppressed_as;
    // What says why a figure is closed tells which ones are small.
    let told = [ConfStatus::Confidential, ConfStatus::NotForPublication];
    told.into_iter().find(|status| code.chars().eq([status.code()])).ok_or_else(|| {
        let reason = format!("is {code:?}: write C (confidential) or N (not for publication)");
        layers.refuse("protection.suppressed_as", reason)
    })
}

fn concentration(layers: &Layers) -> Result<Option<Concentration>, ConfigError> {
    let text = &layers.sections.protection.concentration;
    if text.trim().is_empty() {
        return Ok(None);
    }
    // What stands there is a secret: the error says what is right, and not what is wrong.
    let no_rule =
        |why: NoRule| layers.refuse(SECRET, format!("is no rule of concentration: {why}; \"\" for none"));
    text.parse().map(Some).map_err(no_rule)
}

fn places(layers: &Layers) -> Result<Places, ConfigError> {
    let pairs = layers.sections.protection.below_first_level.iter().map(|text| {
        let halves = text.split_once('=').map(|(place, unit)| (place.trim(), unit.trim()));
        match halves.filter(|(place, unit)| place.contains('-') && unit.contains('-')) {
            Some((place, unit)) => Ok((place.to_owned(), unit.to_owned())),
            None => {
                let reason =
                    format!("holds {text:?}: write PLACE=UNIT in codes of ISO 3166-2, as in ES-M=ES-MD");
                Err(layers.refuse("protection.below_first_level", reason))
            }
        }
    });
    Ok(Places::new(pairs.collect::<Result<Vec<_>, _>>()?))
}

fn log(layers: &Layers) -> Result<LogSettings, ConfigError> {
    let log = &layers.sections.log;
    let format = match log.format.as_str() {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        other => return Err(layers.refuse("log.format", format!("is {other:?}: write text or json"))),
    };
    let Some(level) = LEVELS.into_iter().find(|level| *level == log.level) else {
        let reason = format!("is {:?}: write one of {}", log.level, LEVELS.join(", "));
        return Err(layers.refuse("log.level", reason));
    };
    Ok(LogSettings { format, level })
}
