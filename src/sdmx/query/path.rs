//! The paths of both generations.

use super::params::{Params, short};
use super::{
    Ask, Availability, Context, Data, Ends, Fault, Generation, Kind, Names, Schema, Selection, Structure,
    Target, Versions,
};
use crate::model::SeriesPattern;
use crate::sdmx::component::Component;

/// Keys of one question at most.
const MAX_KEYS: usize = 100;

/// Takes percent-encoding away.
pub(super) fn decoded(text: &str) -> Result<String, Fault> {
    let broken = || Fault::syntax("the address has a broken percent-encoding");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or_else(broken);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| broken())?);
    }
    String::from_utf8(bytes).map_err(|_| broken())
}

/// The parts of a path, without the empty one that a slash at its end makes.
pub(super) fn segments(path: &str) -> Result<Vec<String>, Fault> {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(decoded).collect()
}

/// The question of a path with its parameters.
pub(super) fn ask(segments: &[String], params: Params) -> Result<Ask, Fault> {
    let (first, rest) = segments.split_first().ok_or_else(|| no_path(""))?;
    match first.as_str() {
        "data" => data(rest, params).map(Ask::Data),
        "availability" => availability(rest, params, Generation::Second).map(Ask::Availability),
        "availableconstraint" => availability(rest, params, Generation::First).map(Ask::Availability),
        "schema" => schema(rest, params).map(Ask::Schema),
        "structure" => second_structure(rest, params).map(Ask::Structure),
        "metadata" | "registration" => {
            Err(Fault::unsupported(format!("{first}: this node serves structures and data")))
        }
        kind => {
            let kinds = Kind::of_word(kind).ok_or_else(|| no_path(kind))?;
            structure(kinds.to_vec(), rest, params, Generation::First).map(Ask::Structure)
        }
    }
}

fn no_path(word: &str) -> Fault {
    Fault::nothing(format!(
        "there is no {:?} here: ask for data, availability, schema, structure, or a kind of structure as dataflow",
        short(word)
    ))
}

fn too_long(rest: &[String], most: usize) -> Result<(), Fault> {
    match rest.get(most) {
        None => Ok(()),
        Some(more) => {
            Err(Fault::syntax(format!("the path is too long: {:?} has no meaning there", short(more))))
        }
    }
}

fn names(rest: &[String], at: usize, generation: Generation) -> Result<Names, Fault> {
    rest.get(at).map_or(Ok(Names::Any), |text| Names::parse(text, generation))
}

fn versions(rest: &[String], at: usize, generation: Generation) -> Result<Versions, Fault> {
    rest.get(at).map_or(Ok(Versions::Any), |text| Versions::parse(text, generation))
}

fn second_structure(rest: &[String], params: Params) -> Result<Structure, Fault> {
    let mut kinds = Vec::new();
    if let Some(words) = rest.first().filter(|word| *word != "*") {
        for word in words.split(',') {
            let known = Kind::of_word(word)
                .ok_or_else(|| Fault::syntax(format!("{:?} is no kind of structure", short(word))))?;
            kinds.extend_from_slice(known);
        }
    }
    structure(kinds, rest.get(1..).unwrap_or_default(), params, Generation::Second)
}

fn structure(
    kinds: Vec<Kind>,
    rest: &[String],
    mut params: Params,
    generation: Generation,
) -> Result<Structure, Fault> {
    too_long(rest, 4)?;
    let asked = Structure {
        generation,
        kinds,
        agencies: names(rest, 0, generation)?,
        ids: names(rest, 1, generation)?,
        versions: versions(rest, 2, generation)?,
        items: names(rest, 3, generation)?,
        detail: params.structure_detail()?,
        references: params.references(generation)?,
        format: params.format(),
    };
    if params.moment("asOf")?.is_some() {
        return Err(Fault::unsupported("`asOf`: structures are kept as they are now; ask data as of a time"));
    }
    params.end("`detail`, `references` and `format`")?;
    Ok(asked)
}

fn context(word: &str) -> Option<Context> {
    match word {
        "dataflow" => Some(Context::Dataflow),
        "datastructure" => Some(Context::DataStructure),
        "provisionagreement" => Some(Context::ProvisionAgreement),
        "*" => Some(Context::Any),
        _ => None,
    }
}

/// What is asked for by name, and the parts of the path behind it.
fn target(rest: &[String]) -> Result<(Target, &[String]), Fault> {
    let second = |context, rest: &[String]| -> Result<Target, Fault> {
        let generation = Generation::Second;
        let (agencies, ids) = (names(rest, 0, generation)?, names(rest, 1, generation)?);
        Ok(Target {
            generation,
            context,
            agencies,
            ids,
            versions: versions(rest, 2, generation)?,
            format: None,
        })
    };
    let Some(first) = rest.first() else { return Ok((second(Context::Any, rest)?, rest)) };
    if let Some(context) = context(first) {
        let rest = &rest[1..];
        return Ok((second(context, rest)?, rest.get(3..).unwrap_or_default()));
    }
    // `AGENCY,ID,VERSION`, `AGENCY,ID` or `ID`.
    let generation = Generation::First;
    let parts: Vec<&str> = first.split(',').collect();
    let (agency, id, version) = match parts[..] {
        [id] => ("all", id, "latest"),
        [agency, id] => (agency, id, "latest"),
        [agency, id, version] => (agency, id, version),
        _ => return Err(Fault::syntax(format!("{:?} is no flow: write AGENCY,ID,VERSION", short(first)))),
    };
    let target = Target {
        generation,
        context: Context::Dataflow,
        agencies: Names::parse(agency, generation)?,
        ids: Names::parse(id, generation)?,
        versions: Versions::parse(version, generation)?,
        format: None,
    };
    Ok((target, &rest[1..]))
}

/// The keys: one with `+` in its parts in the first generation, several with commas in the second.
fn keys(text: Option<&String>) -> Result<Vec<SeriesPattern>, Fault> {
    let Some(text) = text.filter(|text| !matches!(text.as_str(), "all" | "*" | "")) else {
        return Ok(Vec::new());
    };
    let keys: Vec<&str> = text.split(',').collect();
    if keys.len() > MAX_KEYS {
        return Err(Fault::too_large(format!("there are more than {MAX_KEYS} keys: ask in parts")));
    }
    let read = |key: &&str| SeriesPattern::parse(key).map_err(|error| Fault::syntax(error.to_string()));
    keys.iter().map(read).collect()
}

fn providers(text: Option<&String>) -> Result<Vec<String>, Fault> {
    let Some(text) = text.filter(|text| !matches!(text.as_str(), "all" | "*")) else { return Ok(Vec::new()) };
    let read = |one: &str| {
        let id = one.rsplit(',').next().unwrap_or_default();
        Names::parse(id, Generation::First).map(|_| id.to_owned())
    };
    text.split('+').map(read).collect()
}

fn selection(rest: &[String], target: &Target, params: &mut Params) -> Result<Selection, Fault> {
    let providers = if target.generation == Generation::First { providers(rest.get(1))? } else { Vec::new() };
    let filters = params.filters()?;
    Ok(Selection {
        keys: keys(rest.first())?,
        providers,
        filters,
        updated_after: params.moment("updatedAfter")?,
    })
}

fn data(rest: &[String], mut params: Params) -> Result<Data, Fault> {
    let (mut target, rest) = target(rest)?;
    too_long(rest, if target.generation == Generation::First { 2 } else { 1 })?;
    target.format = params.format();
    let selection = selection(rest, &target, &mut params)?;
    let count = |number: Option<u64>| number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let ends = Ends {
        first: count(params.number("firstNObservations")?),
        last: count(params.number("lastNObservations")?),
    };
    let (history, as_of) = (params.flag("includeHistory")?, params.moment("asOf")?);
    if history && as_of.is_some() {
        return Err(Fault::semantic("a history is of all times: leave `asOf` or `includeHistory` out"));
    }
    if as_of.is_some_and(|as_of| selection.updated_after.is_some_and(|after| after > as_of)) {
        return Err(Fault::semantic("`updatedAfter` is later than `asOf`"));
    }
    params.year_start()?;
    let (detail, attributes) = params.data_detail()?;
    let asked = Data {
        ends,
        is_flat: params.is_flat()?,
        detail,
        attributes,
        history,
        as_of,
        offset: params.number("offset")?.unwrap_or(0),
        limit: params.number("limit")?,
        sort: params.sort()?,
        target,
        selection,
    };
    params.end(
        "`c[COMPONENT]`, `startPeriod`, `endPeriod`, `updatedAfter`, `firstNObservations`, `lastNObservations`, \
         `dimensionAtObservation`, `detail`, `attributes`, `measures`, `includeHistory`, `asOf`, `offset`, `limit`, \
         `sort` and `format`",
    )?;
    Ok(asked)
}

fn availability(rest: &[String], mut params: Params, generation: Generation) -> Result<Availability, Fault> {
    let (mut target, rest) = target(rest)?;
    if generation == Generation::First && target.generation == Generation::Second {
        return Err(Fault::syntax("write availableconstraint/FLOW/KEY/PROVIDER/COMPONENT"));
    }
    let components = if target.generation == Generation::First { 2 } else { 1 };
    too_long(rest, components + 1)?;
    target.format = params.format();
    let selection = selection(rest, &target, &mut params)?;
    let is_open = match params.take("mode").as_deref() {
        None | Some("exact") => false,
        Some("available") => true,
        Some(_) => return Err(Fault::syntax("`mode` is exact or available")),
    };
    let named = match names(rest, components, generation)? {
        Names::Any => Vec::new(),
        Names::These(names) => names,
    };
    let is_told = |name: &String| {
        let of = Component::all().find(|component| component.id() == name);
        of.is_some_and(|component| matches!(component, Component::Dimension(_) | Component::Time))
    };
    if let Some(wrong) = named.iter().find(|name| !is_told(name)) {
        return Err(Fault::syntax(format!("{:?} is no dimension", short(wrong))));
    }
    let references = params.references(generation)?;
    params.year_start()?;
    params.end(
        "`c[COMPONENT]`, `startPeriod`, `endPeriod`, `updatedAfter`, `mode`, `references` and `format`",
    )?;
    Ok(Availability { target, selection, components: named, references, is_open })
}

fn schema(rest: &[String], mut params: Params) -> Result<Schema, Fault> {
    let Some(context) = rest.first().and_then(|word| context(word)) else {
        return Err(Fault::syntax("write schema/CONTEXT/AGENCY/ID/VERSION, as schema/dataflow/PHL/MIG/1.0"));
    };
    too_long(rest, 4)?;
    let (mut target, _) = target(rest)?;
    target.context = context;
    target.format = params.format();
    let is_flat = params.is_flat()?;
    params.take("explicitMeasure");
    if params.moment("asOf")?.is_some() || params.take("deletion").is_some() {
        return Err(Fault::unsupported("schemas are of data as they are now, to be read"));
    }
    params.end("`dimensionAtObservation` and `format`")?;
    Ok(Schema { target, is_flat })
}
