//! The status page: plain HTML, no script, readable on a phone and by a screen reader.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::public::{Feed, Partner, Status};

const STYLE: &str = "\
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0}\
code,dd{overflow-wrap:anywhere}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}\
caption{text-align:left;padding-bottom:.25rem;color:#555}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
.training{background:#8a1c00;color:#fff;font-weight:700;padding:.6rem 1rem;margin:0 0 1rem}\
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}caption{color:#aaa}th,td{border-color:#444}}";

/// The page.
pub(super) fn page(status: &Status) -> String {
    let name = status.name.as_deref().unwrap_or("a Corridor node");
    let title =
        if status.country.is_empty() { name.to_owned() } else { format!("{}: {name}", status.country) };
    let training = status.is_training();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { @if training { "TRAINING - " } (title) " - Corridor" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if training {
                    p.training role="note" { "TRAINING: nothing here is real. Network " (status.network) "." }
                }
                main {
                    h1 { (title) }
                    (identity(status))
                    h2 { "Public feeds" }
                    (feeds(&status.feeds))
                    h2 { "Partners" }
                    (partners(&status.partners))
                    h2 { "Faults" }
                    (faults(status))
                }
            }
        }
    }
    .into_string()
}

fn identity(status: &Status) -> Markup {
    html! {
        dl {
            dt { "State" } dd { (status.state) }
            dt { "Network" } dd { (status.network) }
            dt { "Publisher" } dd { code { (status.publisher_id) } }
            dt { "Fingerprint" } dd { code { (status.fingerprint) } }
            @if let Some(node) = &status.node_id { dt { "Node" } dd { code { (node) } } }
        }
    }
}

fn feeds(feeds: &[Feed]) -> Markup {
    html! {
        @if feeds.is_empty() { p { "This node holds nothing that is public." } } @else {
            div.wide { table {
                caption { "Signed sequences of records that everybody may read" }
                thead { tr {
                    th scope="col" { "Country" } th scope="col" { "Publisher" }
                    th.n scope="col" { "Last entry" } th.n scope="col" { "Observations" }
                    th scope="col" { "Hash of the last entry" }
                } }
                tbody { @for feed in feeds { tr {
                    th scope="row" { (country(feed.country.as_deref())) }
                    td { code { (short(&feed.publisher)) } }
                    td.n { (feed.head_seq) } td.n { (feed.observations) }
                    td { code { (short(&feed.head_hash)) } }
                } } }
            } }
        }
    }
}

fn partners(partners: &[Partner]) -> Markup {
    html! {
        @if partners.is_empty() { p { "This node has no partners yet." } } @else {
            div.wide { table {
                caption { "Governments with which this one exchanges, and whether their nodes are connected" }
                thead { tr {
                    th scope="col" { "Country" } th scope="col" { "Publisher" } th scope="col" { "Connected" }
                } }
                tbody { @for partner in partners { tr {
                    th scope="row" { (country(partner.country.as_deref())) }
                    td { code { (short(&partner.publisher_id)) } }
                    td { @if partner.connected { "yes" } @else { "no" } }
                } } }
            } }
        }
    }
}

fn faults(status: &Status) -> Markup {
    html! {
        @if status.faults.is_empty() { p { "None." } } @else {
            p { "The operator sees what happened with " code { "corridor status" } "." }
            ul { @for fault in &status.faults { li { (moment(fault.time.as_ref())) } } }
        }
    }
}

/// Enough of a hash to compare two by eye.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect()
}

fn country(code: Option<&str>) -> &str {
    match code {
        Some(code) if !code.is_empty() => code,
        Some(_) | None => "-",
    }
}

fn moment(time: Option<&Value>) -> String {
    match time {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "at a time that is not known".to_owned(),
        Some(other) => other.to_string(),
    }
}
