//! Three languages, SDMX-CSV, and a copy that a ministry puts on its own web server.

use std::path::Path;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use serde_json::json;

use super::KEY;
use crate::api::http::get;
use crate::site::{alter, duplicate};
use crate::world::text;

/// The same pages in each working language, with nothing that is fetched from elsewhere.
pub(super) fn languages(all: &[Government], checks: &mut Checks) {
    for node in all {
        for language in ["en", "fr", "es"] {
            let pages =
                ["", "country/ESP", "corridor/ITA/ESP"].map(|page| get(node, &format!("/{language}/{page}")));
            let said = pages
                .iter()
                .all(|page| page.status == 200 && page.text().contains(&format!("lang=\"{language}\"")));
            let own = pages.iter().all(|page| !page.text().contains("src=\"http"));
            let name = format!(
                "map, country and corridor in {language} at {}, all from the node itself",
                node.country()
            );
            checks.is(&name, said && own, &format!("{:?}", pages.map(|page| page.status)));
        }
    }
}

/// SDMX-CSV holds the values that the plain table holds.
pub(super) fn sdmx_csv(reader: &Government, checks: &mut Checks) {
    let column = |path: &str, name: &str| -> Vec<String> {
        let body = get(reader, path).text();
        let mut rows = csv::Reader::from_reader(body.as_bytes());
        let at = rows
            .headers()
            .ok()
            .and_then(|header| header.iter().position(|one| one.eq_ignore_ascii_case(name)));
        let values = rows.records().flatten().filter_map(|row| row.get(at?).map(str::to_owned));
        values.collect()
    };
    let sdmx = column(&format!("/sdmx/data/MIGPROFILE/{KEY}?format=sdmx-csv"), "OBS_VALUE");
    let plain = column(&format!("/api/v1/observations?flow=MS_FBORN&key={KEY}&format=csv"), "obs_value");
    checks.is(
        "SDMX-CSV has the same values as the table",
        sdmx == plain && sdmx.len() == 8,
        &format!("{sdmx:?}"),
    );
}

/// The copy verifies where it was taken, and one altered digit is named with its file.
pub(super) fn copied(all: &[Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nE.4 A ministry puts a copy of all figures on its own web server.");
    let (maker, elsewhere) = (&all[3], &all[0]);
    let (made, server) = (dir.join("made"), dir.join("server"));
    let summary = maker.ask(&["publish-site", &text(&made), "--no-pages"])?;
    println!(
        "  {} files, {} figures, {} citations",
        summary["files"], summary["observations"], summary["citations"]
    );
    duplicate(&made, &server);
    let card = text(&maker.card());
    let verify = || elsewhere.try_ask(&["verify", &text(&server), "--card", &card]);
    let (status, report) = verify()?;
    checks.is("the copy verifies with the card of who made it", status == 0, &report.to_string());
    checks.equal("figures that are proven in it", &report["figures"], summary["observations"].clone());
    let file = "data/ESP/MS_FBORN.csv";
    alter(&server.join(file));
    let (status, report) = verify()?;
    checks.equal("with one digit altered it ends with", &json!(status), 3);
    checks.equal("and names the file", &report["faults"][0]["file"], file);
    Ok(())
}
