//! The regional page over HTTP: what a member's people read is what the sixteen have signed.

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;

use super::{TITLE, list, region};
use crate::api::http::{get, send};

/// The page and the answer of these members show these numbers and name who is missing; without a token there is neither.
pub(super) fn shown(
    some: &[&Government],
    numbers: &[&str],
    missing: &[&str],
    checks: &mut Checks,
) -> anyhow::Result<()> {
    for node in some {
        let country = node.country();
        let id =
            node.ask(&["agreement", "show", TITLE])?["agreement"].as_str().unwrap_or_default().to_owned();
        let name = format!("reader-of-{}", numbers.concat().replace(',', "-"));
        let made = node.ask(&["token", "create", &name, "--days", "1"])?;
        let bearer = format!("Authorization: Bearer {}", made["token"].as_str().unwrap_or_default());
        let path = format!("/en/region/{id}?indicator=MS_FBORN&period=2024");
        let page = send(node, "GET", &path, &[&bearer], b"");
        let text = page.text();
        let absent: Vec<&&str> = numbers.iter().filter(|number| !text.contains(**number)).collect();
        checks.is(
            &format!("the regional page at {country} shows {}", numbers.join(", ")),
            page.status == 200 && absent.is_empty(),
            &format!("status {}, without {absent:?}", page.status),
        );
        let named: Vec<&&str> = missing.iter().filter(|code| !named_missing(&text, code)).collect();
        let name = format!(
            "it names {} as missing",
            if missing.is_empty() { "nobody".into() } else { missing.join(", ") }
        );
        let nobody = missing.is_empty() && text.contains("<strong><a href=\"/en/country/");
        checks.is(&name, named.is_empty() && !nobody, &format!("{named:?} not"));
        let answer = send(node, "GET", &format!("/api/v1/region/{id}"), &[&bearer], b"").json();
        let same =
            answer["digest"] == region(node)["digest"] && list(&answer["missing"]).len() == missing.len();
        checks.is(
            &format!("the answer over HTTP at {country} is the profile"),
            same,
            &answer["missing"].to_string(),
        );
        let closed = [path, format!("/api/v1/region/{id}")].map(|path| get(node, &path).status);
        checks.is(
            &format!("without a token {country} shows no group"),
            closed == [404, 404],
            &format!("{closed:?}"),
        );
    }
    Ok(())
}

/// The page of a member shows these words of the first edition.
pub(super) fn edition(node: &Government, expected: [&str; 3], checks: &mut Checks) -> anyhow::Result<()> {
    let id = node.ask(&["agreement", "show", TITLE])?["agreement"].as_str().unwrap_or_default().to_owned();
    let made =
        node.ask(&["token", "create", &format!("reader-of-{}", expected.concat().len()), "--days", "1"])?;
    let bearer = format!("Authorization: Bearer {}", made["token"].as_str().unwrap_or_default());
    let page = send(node, "GET", &format!("/en/region/{id}"), &[&bearer], b"");
    let text = page.text();
    let part = text.split("id=\"edition-1\"").nth(1).unwrap_or_default();
    let absent: Vec<&&str> = expected.iter().filter(|words| !part.contains(**words)).collect();
    checks.is(
        &format!("the page of {} says of edition 1: {}", node.country(), expected.join(" ")),
        page.status == 200 && absent.is_empty(),
        &format!("status {}, without {absent:?}", page.status),
    );
    Ok(())
}

/// Whether a page's list of the missing has a country.
fn named_missing(page: &str, code: &str) -> bool {
    let mut strong = page.split("<strong>").skip(1).filter_map(|rest| rest.split("</strong>").next());
    strong.any(|part| part.contains(&format!("/country/{code}\"")))
}
