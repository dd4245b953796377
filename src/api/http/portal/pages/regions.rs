//! The groups whose figures can be read together: all who publish to everybody, and the parties of each agreement that the
//! reader may see.

use maud::html;

use super::table;
use crate::api::http::portal::address::{Address, RegionView};
use crate::api::http::portal::page::{Page, Source};
use crate::feed::AgreementId;

/// The page.
pub(super) fn page(source: &Source<'_>) -> Page {
    let words = source.words;
    let head = html! { tr {
        th scope="col" { (words.say("regions.group")) }
        th.n scope="col" { (words.say("regions.members")) }
        th scope="col" { (words.say("regions.who")) }
    } };
    let rows = html! { @for group in source.reader.groups() {
        @let is_public = group.agreement == AgreementId::public();
        @let agreement = if is_public { "public".to_owned() } else { group.agreement.to_hex() };
        @let mut names: Vec<String> = group.members.iter().map(|member| words.area(&member.country)).collect();
        @let () = names.sort();
        tr {
            th scope="row" { a href=(source.href(&Address::Region(RegionView { agreement, ..RegionView::default() }))) {
                @if is_public { (words.say("regions.everybody")) } @else { (group.title) }
            } }
            td.n { (words.count(group.members.len() as u64)) }
            td { (names.join(", ")) }
        }
    } };
    Page {
        title: words.say("title.regions").to_owned(),
        body: html! {
            p.lead { (words.say("regions.lead")) }
            (table(words.say("regions.caption"), &head, &rows))
        },
    }
}
