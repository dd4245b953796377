//! Editions of a regional profile on its page: who signed which digest, and whether this node computes it too.

use maud::{Markup, html};

use crate::api::http::guard::Refusal;
use crate::api::http::portal::page::Source;
use crate::api::http::portal::pages::table;
use crate::insight::region::{Adoption, Profile, Signed, Signer};
use crate::model::{Decimal, catalogue};
use crate::node::Group;
use crate::node::insight::editions::{EditionsView, Recomputation};

/// The editions, the newest first; nothing where nobody can sign any.
pub(super) fn section(source: &Source<'_>, group: &Group, today: &Profile) -> Result<Markup, Refusal> {
    let words = source.words;
    let Some(known) = &group.editions else { return Ok(html! {}) };
    let view = source.reader.editions(group, today).map_err(|error| super::refusal(&error))?;
    let (needed, of) = (known.rule.needed as u64, known.rule.parties.len() as u64);
    Ok(html! {
        h2 id="editions" { (words.say("region.editions")) }
        p { (words.fill("region.editions_are", &[("needed", &words.count(needed)), ("all", &words.count(of))])) }
        @if view.editions.is_empty() { p { (words.say("region.editions_none")) } }
        @for one in &view.editions { (edition(source, one, &view)) }
    })
}

fn edition(source: &Source<'_>, one: &Adoption, view: &EditionsView) -> Markup {
    let words = source.words;
    let first = one.digests.first();
    let signed = first.map_or(0, |signed| signed.signers.len());
    let adopted = if one.adopted().is_some() { "region.adopted" } else { "region.not_adopted" };
    html! {
        h3 id={ "edition-" (one.number) } { (words.fill("region.edition", &[("number", &one.number.to_string())])) }
        p.finding {
            (words.fill("region.signed_of", &[("count", &words.count(signed as u64)), ("all", &words.count(one.of as u64))]))
            " " strong { (words.fill(adopted, &[("needed", &words.count(one.needed as u64))])) }
        }
        dl.facts {
            @if let Some(first) = first {
                dt { (words.say("region.digest")) } dd { code { (first.digest.to_hex()) } }
                dt { (words.say("region.today")) }
                dd { (words.say(if view.is_current(first) { "region.same_today" } else { "region.moved" })) }
                (sums(source, first))
            }
            dt { (words.say("region.not_signed")) }
            dd { (list(source, &one.not_signed)) }
        }
        (signers(source, one, view))
    }
}

/// The newest sums of the digest that most have signed, and who is missing in them.
fn sums(source: &Source<'_>, signed: &Signed) -> Markup {
    let words = source.words;
    let Some(first) = signed.signers.first().map(|signer| &signer.statement.edition) else { return html! {} };
    let missing: Vec<String> = first.countries(false).map(str::to_owned).collect();
    let number =
        |value: Option<Decimal>| value.map_or_else(|| "\u{2013}".to_owned(), |value| words.number(&value));
    html! {
        @for one in first.sums() {
            dt { (words.indicator(one.indicator)) ", " (one.period) }
            dd { strong { (number(one.sum.total)) } " " (catalogue::unit_name(one.unit, words.language())) }
        }
        dt { (words.say("region.missing")) } dd { (list(source, &missing)) }
    }
}

fn list(source: &Source<'_>, countries: &[String]) -> Markup {
    html! {
        @if countries.is_empty() { (source.words.say("word.none")) }
        @for (at, code) in countries.iter().enumerate() { @if at > 0 { ", " } (source.country(code)) }
    }
}

/// Who signed which digest, each party by its last word.
fn signers(source: &Source<'_>, one: &Adoption, view: &EditionsView) -> Markup {
    let words = source.words;
    let head = html! { tr {
        th scope="col" { (words.say("region.signed_by")) }
        th scope="col" { (words.say("region.signed_at")) }
        th scope="col" { (words.say("region.digest")) }
        th scope="col" { (words.say("region.recomputed")) }
    } };
    let rows = html! { @for signed in &one.digests { @for signer in &signed.signers { tr {
        th scope="row" { (source.country(&signer.country)) }
        td { (words.moment(signer.statement.time)) }
        td { code { (signed.digest.short()) } (before(source, signer)) }
        td { (words.say(match view.recomputation(signer) {
            Recomputation::Same => "region.recomputed_same",
            Recomputation::Another => "region.recomputed_another",
            Recomputation::Not(_) => "region.recomputed_not",
        })) }
    } } } };
    table(words.say("region.signed_by"), &head, &rows)
}

/// What a party had signed before its last word.
fn before(source: &Source<'_>, signer: &Signer) -> Markup {
    let before: Vec<String> = signer.before.iter().map(|digest| digest.short()).collect();
    html! { @if !before.is_empty() {
        " " small { (source.words.fill("region.changed_from", &[("digests", &before.join(", "))])) }
    } }
}
