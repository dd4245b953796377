//! Who crossed and who came home by day: columns, and the table that says the same. Those who are known or present are a
//! stock and have no day.

use maud::{Markup, html};
use serde_json::Value;

use super::count;
use super::drawn::drawable;
use crate::api::http::portal::operator::pages::{Facts, Form, cell};
use crate::api::http::portal::pages::{saved, table};
use crate::api::http::portal::picture::{self, Caption, Columns, Day, MAX_DAYS};
use crate::model::{Period, PeriodKind};

/// What is counted by day.
const FLOWS: [&str; 2] = ["crossed", "home"];

/// The picture and the table.
pub(super) fn all(facts: &Facts<'_>, lane: &str, rows: &[Value]) -> Markup {
    if rows.is_empty() {
        return html! { p { (facts.words.say("word.none")) } };
    }
    html! { (drawn(facts, rows)) (listed(facts, lane, rows)) }
}

fn listed(facts: &Facts<'_>, lane: &str, rows: &[Value]) -> Markup {
    let say = |name: &str| facts.say(&format!("crisis.{name}"));
    let head = html! { tr { th scope="col" { (facts.say("field.day")) } @for kind in FLOWS { th.n scope="col" { (say(kind)) } } } };
    let named = |row: &Value, kind: &str| format!("days/{}/{kind}", row["day"].as_str().unwrap_or_default());
    let body = html! { @for row in rows { tr {
        th.id scope="row" { (cell(facts, &row["day"], Form::Text)) } @for kind in FLOWS { td.n { (count(facts, (lane, &named(row, kind)), &row[kind])) } }
    } } };
    table(say("days"), &head, &body)
}

fn drawn(facts: &Facts<'_>, rows: &[Value]) -> Markup {
    let words = facts.words;
    let kinds = FLOWS.map(|kind| facts.say(&format!("crisis.{kind}")));
    let days = in_a_row(rows);
    let number = |value: f64| words.axis(value);
    let drawn = picture::columns(&Columns {
        caption: Caption {
            id: "days",
            title: facts.say("crisis.days_drawn"),
            description: facts.say("crisis.days_text"),
        },
        kinds: &kinds,
        days: &days,
        unit: facts.say("crisis.people"),
        number: &number,
    });
    saved(words, &drawn, facts.say("crisis.days_drawn"))
}

/// The last days as a picture has them: each of the calendar has its place, whether or not anything is said of it.
fn in_a_row(rows: &[Value]) -> Vec<Day> {
    let day_of =
        |row: &Value| Period::parse(row["day"].as_str()?).ok().filter(|day| day.kind() == PeriodKind::Day);
    let told: Vec<(i64, &Value)> =
        rows.iter().filter_map(|row| Some((day_of(row)?.ordinal(), row))).collect();
    let Some(last) = told.iter().map(|(day, _)| *day).max() else { return Vec::new() };
    let most = i64::try_from(MAX_DAYS).unwrap_or(i64::MAX);
    let first = told.iter().map(|(day, _)| *day).filter(|day| last - day < most).min().unwrap_or(last);
    let named = (first..=last)
        .filter_map(|day| Some((day, Period::from_ordinal(PeriodKind::Day, day).ok()?.to_string())));
    named
        .map(|(day, name)| {
            let row = told.iter().find(|(known, _)| *known == day).map(|(_, row)| *row);
            Day {
                mark: name.get(name.len().saturating_sub(5)..).unwrap_or(&name).to_owned(),
                name,
                counts: FLOWS.map(|kind| Some(drawable(row?[kind].as_i64()?))).to_vec(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_which_nothing_is_said_has_its_place_and_old_ones_are_left_to_the_table() {
        let rows = [
            serde_json::json!({ "day": "2011-03-01", "crossed": 1 }),
            serde_json::json!({ "day": "2026-02-27", "crossed": 7, "home": 0 }),
            serde_json::json!({ "day": "2026-03-01", "home": 5 }),
        ];
        let days = in_a_row(&rows);
        let said: Vec<_> =
            days.iter().map(|day| (day.name.as_str(), day.mark.as_str(), day.counts.clone())).collect();
        assert_eq!(
            said,
            [
                ("2026-02-27", "02-27", vec![Some(7.0), Some(0.0)]),
                ("2026-02-28", "02-28", vec![None, None]),
                ("2026-03-01", "03-01", vec![None, Some(5.0)]),
            ]
        );
        assert!(in_a_row(&[serde_json::json!({ "day": "no day" })]).is_empty());
    }
}
