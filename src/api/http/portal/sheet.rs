//! Both ends of a corridor as a sheet, for those who work in Excel.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use tokio::task;

use super::figures::Line;
use super::pages::corridor::Ends;
use super::words::Words;
use crate::api::Node;
use crate::api::http::access::Access;
use crate::api::http::guard::Refusal;
use crate::api::http::service::Service;
use crate::model::codelist::Language;
use crate::model::{AttributeId, Period};

/// What a sheet is called among the kinds of files.
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// A number that Excel can hold without loss: fifteen digits.
const EXACT: u64 = 1_000_000_000_000_000;

/// `/sheet/{origin}/{destination}/{indicator}.xlsx`, in English unless `?language=` asks for another language.
pub(super) async fn sheet<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
    Path((origin, destination, file)): Path<(String, String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Refusal> {
    let indicator = file.strip_suffix(".xlsx").ok_or(Refusal::NOT_FOUND)?;
    let language = query.get("language").and_then(|tag| Language::from_tag(tag));
    let words = Words::new(language.unwrap_or(Language::En));
    let place = service.place()?;
    let reader = service.reader(&access).await?;
    let summary = service.summaries.of(&reader).await?;
    if !summary.corridors.contains_key(&(origin.clone(), destination.clone())) {
        return Err(Refusal::NOTHING);
    }
    let bytes = task::block_in_place(|| {
        let ends = Ends::of(&reader, (&origin, &destination), Some(indicator))?;
        written(&ends, words, reader.is_training()).map_err(|error| {
            tracing::error!(%error, "a sheet cannot be written");
            Refusal::FAILED
        })
    })?;
    drop(place);
    let name = format!("attachment; filename=\"corridor-{origin}-{destination}-{}.xlsx\"", plain(indicator));
    Ok(([(header::CONTENT_TYPE, KIND.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response())
}

fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' })
        .collect()
}

fn written(ends: &Ends, words: Words, is_training: bool) -> Result<Vec<u8>, XlsxError> {
    let compared = &ends.matched.mirror;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(words.say("sheet.figures"))?;
    let bold = Format::new().set_bold();
    let titles = ["TIME_PERIOD", &compared.origin, "OBS_STATUS", &compared.destination, "OBS_STATUS"];
    for (column, title) in (0..).zip(titles) {
        sheet.write_with_format(0, column, title, &bold)?;
    }
    for (row, period) in (1..).zip(ends.periods()) {
        sheet.write(row, 0, period.to_string())?;
        for (column, line) in [(1, &ends.origin), (3, &ends.destination)] {
            put(sheet, (row, column), line.as_ref(), period)?;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    let about = book.add_worksheet().set_name(words.say("sheet.about"))?;
    let mut lines = vec![
        [words.say("map.origin").to_owned(), words.area(&compared.origin), ends.matched.key.to_string()],
        [
            words.say("map.destination").to_owned(),
            words.area(&compared.destination),
            ends.matched.mirror_key.to_string(),
        ],
        [
            words.say("word.indicators").to_owned(),
            compared.indicator.clone(),
            compared.mirror_indicator.clone(),
        ],
    ];
    if is_training {
        lines.insert(
            0,
            [words.say("frame.training").to_owned(), words.say("frame.practice").to_owned(), String::new()],
        );
    }
    let sides = (&ends.matched.origin, &ends.matched.destination);
    for id in AttributeId::ALL {
        let texts = [sides.0, sides.1].map(|side| side.get(*id).unwrap_or_default().to_owned());
        if texts.iter().any(|text| !text.is_empty()) {
            let [origin, destination] = texts;
            lines.push([id.id().to_owned(), origin, destination]);
        }
    }
    for (row, cells) in (0..).zip(&lines) {
        for (column, cell) in (0..).zip(cells) {
            about.write(row, column, cell.as_str())?;
        }
    }
    book.save_to_buffer()
}

/// A value as a number where a sheet holds it exactly, else as text; and its status.
fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    line: Option<&Line>,
    period: Period,
) -> Result<(), XlsxError> {
    let Some(figure) = line.and_then(|line| line.figures.get(&period)) else { return Ok(()) };
    if let Some(value) = figure.value {
        let text = value.to_string();
        match text.parse::<f64>() {
            Ok(number) if value.mantissa().unsigned_abs() < u128::from(EXACT) => {
                sheet.write(row, column, number)?
            }
            _ => sheet.write(row, column, text)?,
        };
    }
    sheet.write(row, column + 1, figure.status.code().to_string())?;
    Ok(())
}
