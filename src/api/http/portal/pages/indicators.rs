//! The catalogue, by what a government makes policy of.

use maud::html;

use super::table;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::page::{Page, Source};
use crate::model::catalogue;

/// The page.
pub(super) fn page(source: &Source<'_>) -> Page {
    let words = source.words;
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("word.code")) }
        th.n scope="col" { (words.say("indicators.reporters")) }
        th.n scope="col" { (words.say("word.observations")) }
    } };
    let reporters =
        |code: &str| source.summary.held.values().filter(|held| held.contains(code)).count() as u64;
    Page {
        title: words.say("title.indicators").to_owned(),
        body: html! {
            p.lead { (words.say("indicators.lead")) }
            @for sector in catalogue::sectors() {
                @let of_it: Vec<_> = catalogue::all().iter().filter(|one| one.sectors().next() == Some(sector)).collect();
                @if !of_it.is_empty() {
                    @let name = catalogue::sector_name(sector, words.language());
                    h2 id=(sector) { (capital(name)) }
                    @let rows = html! { @for one in of_it { tr {
                        th scope="row" { a href=(source.href(&Address::Indicator(one.code().to_owned()))) { (one.name(words.language())) } }
                        td { span.code { (one.code()) } }
                        td.n { (words.count(reporters(one.code()))) }
                        td.n { (words.count(source.summary.indicators.get(one.code()).map_or(0, |tally| tally.observations))) }
                    } } };
                    (table(name, &head, &rows))
                }
            }
        },
    }
}

/// With a capital letter to begin with.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
