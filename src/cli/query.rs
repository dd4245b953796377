//! `get`, `cite`, `audit`: questions to what the node holds.

use std::fs::{self, File};
use std::io::{BufWriter, IntoInnerError, IsTerminal, Write};

use anyhow::{Context, bail};
use serde_json::Value;

use super::args::{Audit, Cite, Format, Get, Global};
use super::{Outcome, ask, export, message, print};
use crate::node::rows::columns;
use crate::node::{GetRequest, Request};

/// `get`
///
/// # Errors
/// When the node refuses or the output cannot be written.
pub fn get(global: &Global, args: Get) -> anyhow::Result<Outcome> {
    let format = if global.json { Format::Json } else { args.format };
    let question = GetRequest {
        flow: args.flow,
        key: args.key,
        as_of: args.as_of,
        history: args.history,
        from: args.from,
        public: false,
        after: None,
    };
    let style = message::Style {
        labels: args.labels,
        annotations: args.annotations,
        is_flat: args.flat,
        detail: args.detail,
    };
    let request = match message::data_format(format) {
        Some(_) => Request::Series(question),
        None => Request::Get(question),
    };
    let write: Box<Written> = match format {
        Format::Table if args.output.is_some() => {
            bail!("a table is for the terminal: give --format with --output")
        }
        Format::Table => return get_table(global, request),
        Format::Json => Box::new(get_json),
        Format::Csv => Box::new(get_csv),
        Format::Parquet if args.output.is_none() && std::io::stdout().is_terminal() => {
            bail!("Parquet is not for a terminal: --output FILE, or pipe it")
        }
        Format::Parquet => Box::new(export::get_parquet),
        Format::SdmxCsv | Format::SdmxCsv1 | Format::Xml | Format::GenericXml | Format::SdmxJson => {
            let data = message::data_format(format).context("it is a format of SDMX")?;
            Box::new(move |global, request, out| message::write(global, request, (data, style), out))
        }
    };
    let Some(file) = args.output else {
        write(global, request, Box::new(std::io::stdout()))?.flush()?;
        return Ok(Outcome::Done);
    };
    // Under its name the file is whole.
    let mut name = file.file_name().context("name the file to write")?.to_owned();
    name.push(".partial");
    let partial = file.with_file_name(name);
    let written = File::create(&partial).context("creating it").and_then(|out| {
        write(global, request, Box::new(out))?.flush()?;
        fs::rename(&partial, &file).context("naming it")
    });
    written
        .inspect_err(|_| drop(fs::remove_file(&partial)))
        .with_context(|| format!("writing {}", file.display()))?;
    Ok(Outcome::Done)
}

/// How an answer is written.
type Written = dyn Fn(&Global, Request, Out) -> anyhow::Result<Out>;

/// Where an answer is written.
pub(super) type Out = Box<dyn Write + Send>;

/// Rows are written as they come, so a long answer needs no memory.
fn get_json(global: &Global, request: Request, out: Out) -> anyhow::Result<Out> {
    let mut out = BufWriter::new(out);
    out.write_all(b"{\"observations\":[")?;
    let (mut first, mut failed) = (true, Ok(()));
    ask::ask(global, request, &mut |row| {
        let comma: &[u8] = if first { b"\n" } else { b",\n" };
        first = false;
        failed =
            out.write_all(comma).and_then(|()| serde_json::to_writer(&mut out, &row).map_err(Into::into));
        failed.is_ok()
    })?;
    failed?;
    out.write_all(b"\n]}\n")?;
    Ok(out.into_inner().map_err(IntoInnerError::into_error)?)
}

fn get_csv(global: &Global, request: Request, out: Out) -> anyhow::Result<Out> {
    let columns = columns();
    let mut out = csv::Writer::from_writer(BufWriter::new(out));
    out.write_record(&columns)?;
    let mut failed = Ok(());
    ask::ask(global, request, &mut |row| {
        failed = out.write_record(columns.iter().map(|column| print::cell(&row[column.as_str()])));
        failed.is_ok()
    })?;
    failed?;
    let out = out.into_inner().map_err(|error| error.into_error())?;
    Ok(out.into_inner().map_err(IntoInnerError::into_error)?)
}

fn get_table(global: &Global, request: Request) -> anyhow::Result<Outcome> {
    let mut rows: Vec<Value> = Vec::new();
    let mut more = 0_u64;
    ask::ask(global, request, &mut |row| {
        if rows.len() < MAX_TABLE {
            rows.push(row);
        } else {
            more += 1;
        }
        true
    })?;
    let shown = [
        "ref_area",
        "counterpart_area",
        "indicator",
        "sex",
        "time_period",
        "obs_value",
        "obs_status",
        "revision",
        "released_at",
    ];
    print::table(&shown, &rows)?;
    let count = rows.len() as u64 + more;
    eprintln!("{count} observations");
    if more > 0 {
        eprintln!("the table shows the first {MAX_TABLE}; --format csv writes all");
    }
    Ok(Outcome::Done)
}

/// The longest table for a terminal.
const MAX_TABLE: usize = 1000;

/// `cite`
///
/// # Errors
/// When the node refuses or the file cannot be written.
pub fn cite(global: &Global, args: &Cite) -> anyhow::Result<Outcome> {
    let (request, field) = match &args.fork {
        Some(feed) => (Request::CiteFork { feed: feed.clone() }, "proof"),
        None => {
            let (key, period) =
                (args.key.clone().unwrap_or_default(), args.period.clone().unwrap_or_default());
            (Request::Cite { key, period, from: args.from.clone() }, "citation")
        }
    };
    let value = ask::value(global, request)?;
    let citation = value[field].as_str().context("the node gave no citation")?;
    match &args.output {
        None => print::text(citation)?,
        Some(file) => {
            fs::write(file, citation).with_context(|| format!("writing {}", file.display()))?;
            print::value(&value["claim"], global.json)?;
        }
    }
    Ok(Outcome::Done)
}

/// `audit`
///
/// # Errors
/// When the log cannot be read.
pub fn audit(global: &Global, args: &Audit) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::Audit { verify: args.verify })?;
    if global.json {
        print::value(&value, true)?;
    } else {
        let acts = value["acts"].as_array().cloned().unwrap_or_default();
        print::table(&["seq", "time", "act", "who", "from", "outcome"], &acts)?;
    }
    match (&value["valid"], value["reason"].as_str()) {
        (Value::Bool(false), reason) => {
            eprintln!("the log does not verify: {}", reason.unwrap_or("unknown"));
            Ok(Outcome::Unproven)
        }
        (Value::Bool(true), _) => {
            eprintln!("the log verifies: every entry is signed, in its place and unaltered");
            Ok(Outcome::Done)
        }
        (_, _) => Ok(Outcome::Done),
    }
}
