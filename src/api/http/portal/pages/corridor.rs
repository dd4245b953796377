//! Both ends of a corridor side by side: what each government counted, by which definition, and how far apart they lie.
//! Neither is called wrong: they count the same people by different rules.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{drawable, figure, table, withdrawn};
use crate::api::http::guard::Refusal;
use crate::api::http::portal::address::Address;
use crate::api::http::portal::figures::{self, Figure, Line};
use crate::api::http::portal::page::{Download, Page, Source};
use crate::api::http::portal::picture::{Caption, Lines, Point, Series, lines};
use crate::api::http::service::failed;
use crate::insight::mirror::{self, FACTOR_SETS, Matched};
use crate::model::{AttributeId, Dimension, ObsStatus, Period, PeriodKind, SeriesPattern, catalogue};
use crate::node::{NodeError, Reader};

/// A corridor as its two ends state it.
pub(in crate::api::http) struct Ends {
    /// How they compare.
    pub(in crate::api::http) matched: Matched,
    /// What the origin states, if anything.
    pub(in crate::api::http) origin: Option<Line>,
    /// What the destination states, if anything.
    pub(in crate::api::http) destination: Option<Line>,
}

impl Ends {
    /// Both ends of a pair of indicators; of none in particular, the first that both have, else the first that one has.
    ///
    /// # Errors
    /// [`Refusal`] when nothing is held, or the database is broken.
    pub(in crate::api::http) fn of(
        reader: &Reader,
        ends: (&str, &str),
        indicator: Option<&str>,
    ) -> Result<Self, Refusal> {
        let matched = match reader.mirror(ends, indicator) {
            Ok(matched) => matched,
            Err(NodeError::NotFound(_) | NodeError::Refused(_)) => return Err(Refusal::NOTHING),
            Err(error) => return Err(failed(&error)),
        };
        let (origin, destination) =
            (figures::whole(reader, &matched.key)?, figures::whole(reader, &matched.mirror_key)?);
        Ok(Self { matched, origin, destination })
    }

    /// Every period of which either end says something.
    pub(in crate::api::http) fn periods(&self) -> BTreeSet<Period> {
        let of = |line: &Option<Line>| {
            line.iter().flat_map(|line| line.figures.keys().copied()).collect::<Vec<_>>()
        };
        of(&self.origin).into_iter().chain(of(&self.destination)).collect()
    }
}

/// The page.
pub(super) fn page(
    source: &Source<'_>,
    (origin, destination): (&str, &str),
    indicator: Option<&str>,
) -> Result<Page, Refusal> {
    let words = source.words;
    let ends = (origin.to_owned(), destination.to_owned());
    let known =
        source.summary.corridors.get(&ends).map(|corridor| corridor.indicators.clone()).unwrap_or_default();
    if known.is_empty() {
        return Err(Refusal::NOTHING);
    }
    let names = (words.area(origin), words.area(destination));
    let both = match Ends::of(source.reader, (origin, destination), indicator) {
        Ok(both) => Some(both),
        Err(refusal) if refusal.status != Refusal::NOTHING.status => return Err(refusal),
        // What has no mirror stands in the list below.
        Err(_) if indicator.is_none_or(|code| known.contains(code)) => None,
        Err(refusal) => return Err(refusal),
    };
    let body = html! {
        p.lead { (words.fill("corridor.lead", &[("origin", &names.0), ("destination", &names.1)])) }
        p {
            (source.country(origin)) " \u{b7} " (source.country(destination))
            @if source.summary.corridors.contains_key(&(ends.1.clone(), ends.0.clone())) {
                @let back = Address::Corridor { origin: ends.1.clone(), destination: ends.0.clone(), indicator: None };
                " \u{b7} " a href=(source.href(&back)) { (words.say("corridor.other_way")) }
            }
        }
        (choice(source, &ends, &known, both.as_ref()))
        @if let Some(both) = &both {
            h2 id="mirror" { (words.indicator(&both.matched.mirror.indicator)) " | " (words.indicator(&both.matched.mirror.mirror_indicator)) }
            (summary(source, both))
            (chart(source, &names, both))
            (values(source, &names, both))
            (remarks(source, &names, both))
            (definitions(source, &names, both))
            (comparable(source, &names, both))
            (downloads(source, &ends, both))
        }
        (everything(source, &ends)?)
        (taken_back(source, &ends)?)
    };
    let title = words.fill("title.corridor", &[("origin", &names.0), ("destination", &names.1)]);
    Ok(Page { title, body })
}

/// The pairs of indicators that there are figures of.
fn choice(
    source: &Source<'_>,
    ends: &(String, String),
    known: &BTreeSet<String>,
    shown: Option<&Ends>,
) -> Markup {
    let words = source.words;
    let pairs: BTreeSet<_> = known.iter().filter_map(|code| mirror::pair_of(code)).collect();
    html! { @if pairs.len() > 1 { nav.choice aria-label=(words.say("word.indicators")) { ul {
        @for (ours, theirs) in pairs {
            @let is_here = shown.is_some_and(|both| both.matched.mirror.indicator == ours && both.matched.mirror.mirror_indicator == theirs);
            @let address = Address::Corridor { origin: ends.0.clone(), destination: ends.1.clone(), indicator: Some(ours.to_owned()) };
            li { a href=(source.href(&address)) aria-current=[is_here.then_some("true")] {
                (words.indicator(ours)) " | " (words.indicator(theirs))
            } }
        }
    } } } }
}

/// How far apart both ends lie, in a few words.
fn summary(source: &Source<'_>, both: &Ends) -> Markup {
    let words = source.words;
    let compared = &both.matched.mirror;
    let of_it = &compared.summary;
    let newest = compared.pairs.last();
    html! {
        @if let Some(pair) = newest {
            p.finding {
                (words.fill("corridor.newest", &[("period", &pair.period.to_string())])) " "
                @if let Some(asymmetry) = &pair.asymmetry { (words.fill("corridor.asymmetry_is", &[("value", &words.number(asymmetry))])) }
            }
            dl.facts {
                dt { (words.say("corridor.pairs")) } dd { (words.count(of_it.pairs as u64)) }
                @if let (Some(mean), Some(min), Some(max)) = (of_it.mean_ratio, of_it.min_ratio, of_it.max_ratio) {
                    dt { (words.say("corridor.ratio")) }
                    dd { (words.fill("corridor.ratio_is", &[("mean", &words.number(&mean)), ("min", &words.number(&min)), ("max", &words.number(&max))])) }
                }
                dt { (words.say("corridor.flagged")) }
                dd { (words.fill("word.of", &[("count", &words.count(of_it.flagged as u64)), ("all", &words.count(of_it.pairs as u64))])) }
                @if let Some(trend) = &compared.trend {
                    dt { (words.say("corridor.trend")) }
                    dd { (words.say(match trend.direction {
                        mirror::Direction::Narrowing => "corridor.narrowing",
                        mirror::Direction::Steady => "corridor.steady",
                        mirror::Direction::Widening => "corridor.widening",
                    })) }
                }
            }
        } @else { p.finding { (words.say("corridor.one_side")) } }
    }
}

/// Both ends as lines; a period without a value is a gap, with its reason.
fn chart(source: &Source<'_>, names: &(String, String), both: &Ends) -> Markup {
    let words = source.words;
    let points = |line: &Option<Line>| -> Vec<(i32, Point<'static>)> {
        let yearly = line
            .iter()
            .flat_map(|line| &line.figures)
            .filter(|(period, _)| period.kind() == PeriodKind::Year);
        let point = |(period, figure): (&Period, &Figure)| {
            let year = i32::try_from(period.year()).ok()?;
            let gap = Point::Gap(words.status(&figure.status.code().to_string()));
            Some((year, figure.value.and_then(drawable).map_or(gap, Point::Value)))
        };
        yearly.filter_map(point).collect()
    };
    let (origin, destination) = (points(&both.origin), points(&both.destination));
    let said = [(&names.0, &origin), (&names.1, &destination)];
    let says: Vec<(String, &Vec<_>)> = said
        .into_iter()
        .filter(|(_, points)| points.len() > 1)
        .map(|(name, points)| (words.fill("corridor.says", &[("country", name)]), points))
        .collect();
    if says.is_empty() {
        return html! {};
    }
    let series: Vec<Series<'_>> = says.iter().map(|(name, points)| Series { name, points }).collect();
    let unit = catalogue::unit_name(both.matched.key.dimension(Dimension::UnitMeasure), words.language());
    let title = format!("{} \u{2192} {}", names.0, names.1);
    let drawn = lines(&Lines {
        caption: Caption { id: "mirror-chart", title: &title, description: words.say("corridor.chart") },
        series: &series,
        unit,
        number: &|value| words.axis(value),
        shaded: series.len() == 2,
    });
    figure(source, &drawn, words.say("corridor.chart"))
}

fn values(source: &Source<'_>, names: &(String, String), both: &Ends) -> Markup {
    let words = source.words;
    let pairs: BTreeMap<Period, &mirror::Pair> =
        both.matched.mirror.pairs.iter().map(|pair| (pair.period, pair)).collect();
    let head = html! { tr {
        th scope="col" { (words.say("word.period")) }
        th.n scope="col" { (words.fill("corridor.says", &[("country", &names.0)])) }
        th.n scope="col" { (words.fill("corridor.says", &[("country", &names.1)])) }
        th.n scope="col" { (words.say("corridor.ratio")) }
        th.n scope="col" { (words.say("corridor.asymmetry")) }
    } };
    let rows = html! { @for period in both.periods().into_iter().rev() { tr {
        th scope="row" { (period) }
        (cell(source, both.origin.as_ref(), period))
        (cell(source, both.destination.as_ref(), period))
        @let pair = pairs.get(&period);
        td.n { (pair.and_then(|pair| pair.ratio).map_or_else(|| "\u{2013}".to_owned(), |ratio| words.number(&ratio))) }
        td.n { @if let Some(asymmetry) = pair.and_then(|pair| pair.asymmetry) {
            (words.number(&asymmetry)) @if pair.is_some_and(|pair| pair.flagged) { " " span.mark title=(words.say("corridor.flag")) { "\u{25c6}" } }
        } @else { "\u{2013}" } }
    } } };
    let unit = catalogue::unit_name(both.matched.key.dimension(Dimension::UnitMeasure), words.language());
    html! {
        (table(&words.fill("corridor.caption", &[("unit", unit)]), &head, &rows))
        @if !pairs.is_empty() {
            p.note { "\u{25c6} " (words.say("corridor.flag")) " " (words.say("corridor.formula")) }
        }
    }
}

/// What one end says of a period: the value, that there is none and why, or nothing.
fn cell(source: &Source<'_>, line: Option<&Line>, period: Period) -> Markup {
    let figure = line.and_then(|line| Some((line, line.figures.get(&period)?)));
    let Some((line, figure)) = figure else { return html! { td.n { "\u{2013}" } } };
    html! { td.n { (stated(source, line, period, figure)) } }
}

/// A statement with what its status says.
pub(super) fn stated(source: &Source<'_>, line: &Line, period: Period, figure: &Figure) -> Markup {
    let words = source.words;
    let code = figure.status.code().to_string();
    let name = words.status(&code);
    html! {
        @if let Some(value) = figure.value { (source.figure(&value, line, period)) } @else { span.gap { (name) } }
        @if figure.value.is_some() && figure.status != ObsStatus::Normal { " " abbr title=(name) { (code) } }
        @if figure.revision > 0 { " " abbr title=(words.fill("word.revised", &[("count", &words.count(u64::from(figure.revision)))])) { "r" (figure.revision) } }
    }
}

/// What either government remarks on its figures, in its own words: signed with the figure that it explains.
fn remarks(source: &Source<'_>, names: &(String, String), both: &Ends) -> Markup {
    let words = source.words;
    let of = |line: &Option<Line>| line.as_ref().map(|line| line.remarks.clone()).unwrap_or_default();
    let sides = [(&names.0, of(&both.origin)), (&names.1, of(&both.destination))];
    html! { @if sides.iter().any(|(_, remarks)| !remarks.is_empty()) {
        h2 id="remarks" { (words.say("corridor.remarks")) }
        @for (name, remarks) in &sides { @if !remarks.is_empty() {
            h3 { (words.fill("corridor.explains", &[("country", name)])) }
            dl.facts { @for (period, remark) in remarks.iter().rev() { dt { (period) } dd { (remark) } } }
        } }
    } }
}

fn definitions(source: &Source<'_>, names: &(String, String), both: &Ends) -> Markup {
    let words = source.words;
    let sides = (&both.matched.origin, &both.matched.destination);
    let differ: BTreeSet<AttributeId> =
        mirror::differences(sides.0, sides.1).into_iter().map(|one| one.attribute).collect();
    let said = [&sides.0.stated, &sides.1.stated].into_iter().flatten().map(|(id, _)| *id);
    let all: BTreeSet<AttributeId> = said.collect();
    let head = html! { tr {
        th scope="col" { (words.say("corridor.what")) }
        th scope="col" { (names.0) } th scope="col" { (names.1) }
        th scope="col" { (words.say("corridor.same")) }
    } };
    let rows = html! {
        tr {
            th scope="row" { (words.say("word.indicator")) }
            @for code in [&both.matched.mirror.indicator, &both.matched.mirror.mirror_indicator] {
                td { a href=(source.href(&Address::Indicator(code.clone()))) { (words.indicator(code)) } }
            }
            td { (words.say("corridor.mirror_of")) }
        }
        @for id in &all { tr {
            th scope="row" { (words.attribute(*id)) }
            @for side in [sides.0, sides.1] { td { (side.get(*id).map_or_else(|| "\u{2013}".to_owned(), |text| value_of(source, *id, text))) } }
            td { (words.say(match (sides.0.get(*id), sides.1.get(*id)) {
                (Some(_), Some(_)) if differ.contains(id) => "corridor.differs",
                (Some(_), Some(_)) => "corridor.alike",
                _ => "corridor.one_states",
            })) }
        } }
    };
    html! {
        h2 id="definitions" { (words.say("corridor.definitions")) }
        @if both.origin.is_some() && both.destination.is_some() { p { (words.say("corridor.neutral")) } }
        (table(words.say("corridor.definitions"), &head, &rows))
    }
}

/// The text of an attribute, in words where it is a code.
fn value_of(source: &Source<'_>, id: AttributeId, text: &str) -> String {
    if id == AttributeId::MinStayMonths && text == "60" {
        return source.words.say("corridor.permanent").to_owned();
    }
    id.codelist().map_or_else(|| text.to_owned(), |list| source.words.code(list, text))
}

/// What a known difference alone would make of the figures, beside what was reported.
fn comparable(source: &Source<'_>, names: &(String, String), both: &Ends) -> Markup {
    let words = source.words;
    let sides = (&both.matched.origin, &both.matched.destination);
    let sets: Vec<_> = FACTOR_SETS
        .iter()
        .filter_map(|set| mirror::on_common_basis(&both.matched.mirror.pairs, sides, set))
        .collect();
    let shown = |value: Option<crate::model::Decimal>| {
        value.map_or_else(|| "\u{2013}".to_owned(), |value| words.number(&value))
    };
    html! { @if !sets.is_empty() {
        h2 id="comparable" { (words.say("corridor.comparable")) }
        p { (words.say("corridor.comparable_lead")) }
        @for one in &sets { details {
            summary { (one.set.name) }
            p.note { (one.set.source) }
            @let head = html! { tr {
                th scope="col" { (words.say("word.period")) }
                th.n scope="col" { (names.0) " \u{d7} " (words.number(&one.origin_factor)) }
                th.n scope="col" { (names.1) " \u{d7} " (words.number(&one.destination_factor)) }
                th.n scope="col" { (words.say("corridor.asymmetry")) }
                th.n scope="col" { (words.say("corridor.explained")) }
            } };
            @let rows = html! { @for pair in one.pairs.iter().rev() { tr {
                th scope="row" { (pair.period) }
                td.n { (shown(pair.origin_value)) } td.n { (shown(pair.destination_value)) }
                td.n { (shown(pair.asymmetry)) } td.n { (shown(pair.explained)) }
            } } };
            (table(words.say("corridor.comparable"), &head, &rows))
        } }
    } }
}

fn downloads(source: &Source<'_>, ends: &(String, String), both: &Ends) -> Markup {
    let words = source.words;
    let compared = &both.matched.mirror;
    let sides = [
        (&ends.0, &compared.indicator, &both.origin),
        (&ends.1, &compared.mirror_indicator, &both.destination),
    ];
    let sheet = Download::Sheet { origin: &ends.0, destination: &ends.1, indicator: &compared.indicator };
    html! {
        @if let Some(href) = source.download(&sheet) {
            h2 id="download" { (words.say("word.download")) }
            ul {
                li { a href=(href) { (words.say("corridor.sheet")) } }
                @for (country, indicator, line) in sides { @if let Some(line) = line {
                    @let csv = Download::Csv { indicator, key: line.asked() };
                    @let sdmx = Download::SdmxCsv { key: line.asked() };
                    @if let (Some(csv), Some(sdmx)) = (source.download(&csv), source.download(&sdmx)) {
                        li {
                            (words.area(country)) ": " a href=(csv) { "CSV" } ", " a href=(sdmx) { "SDMX-CSV" }
                            (citations(source, country, line))
                        }
                    }
                } }
            }
        }
    }
}

/// The citations of the newest figure: one, or that of women and that of men.
fn citations(source: &Source<'_>, country: &str, line: &Line) -> Markup {
    let words = source.words;
    let Some((period, _)) = line.newest() else { return html! {} };
    let keys = line.stated(period);
    let period = period.to_string();
    html! { @for key in keys {
        @let file = Download::Citation { country, key: key.as_str(), period: &period };
        @if let Some(href) = source.download(&file) {
            ", " a href=(href) download {
                (words.fill("corridor.citation", &[("period", &period)]))
                @match key.dimension(Dimension::Sex) {
                    "F" => { ", " (words.say("word.women")) }
                    "M" => { ", " (words.say("word.men")) }
                    _ => {}
                }
            }
        }
    } }
}

/// What either end withdrew of what it had reported of the other.
fn taken_back(source: &Source<'_>, ends: &(String, String)) -> Result<Markup, Refusal> {
    let mut all = Vec::new();
    for (here, there) in [(&ends.0, &ends.1), (&ends.1, &ends.0)] {
        let pattern =
            SeriesPattern::any().with(Dimension::RefArea, here).with(Dimension::CounterpartArea, there);
        let of_it = figures::withdrawn(source.reader, pattern)?;
        all.extend(
            of_it.into_iter().filter(|one| super::country::ends(one.key.indicator(), here, there) == *ends),
        );
    }
    Ok(withdrawn(source, all.iter(), all.len() as u64))
}

/// The newest figure of each indicator that either end reports of the other.
fn everything(source: &Source<'_>, ends: &(String, String)) -> Result<Markup, Refusal> {
    let words = source.words;
    let mut rows = Vec::new();
    for (here, there) in [(&ends.0, &ends.1), (&ends.1, &ends.0)] {
        let pattern =
            SeriesPattern::any().with(Dimension::RefArea, here).with(Dimension::CounterpartArea, there);
        for line in figures::headlines(source.reader, pattern, "_T")? {
            if super::country::ends(line.key.indicator(), here, there) == *ends
                && let Some((period, value)) = line.newest()
            {
                rows.push((line, period, value));
            }
        }
    }
    let head = html! { tr {
        th scope="col" { (words.say("word.indicator")) }
        th scope="col" { (words.say("word.reported_by")) }
        th scope="col" { (words.say("word.period")) }
        th.n scope="col" { (words.say("word.value")) }
        th scope="col" { (words.say("word.unit")) }
    } };
    let body = html! { @for (line, period, value) in &rows {
        @let (reporter, indicator) = (line.key.ref_area(), line.key.indicator());
        tr {
            th scope="row" { a href=(source.href(&Address::Indicator(indicator.to_owned()))) { (words.indicator(indicator)) } }
            td { (words.area(reporter)) }
            td { (period) }
            td.n { (source.figure(value, line, *period)) }
            td { (catalogue::unit_name(line.key.dimension(Dimension::UnitMeasure), words.language())) }
        }
    } };
    Ok(html! { @if !rows.is_empty() {
        h2 id="all" { (words.say("corridor.all")) }
        (table(words.say("corridor.all_caption"), &head, &body))
    } })
}
