//! `export`, and `get --format parquet`: figures as columns, for tools beyond one machine.
//!
//! A directory is cut by publisher and indicator. What a run adds it writes beside the directory's files first and moves in
//! when it is whole; last comes the manifest, which says up to which entry of which feed the files go. So a run that was
//! stopped adds nothing: the next one removes what no manifest names. Readers that need one consistent state while an
//! export runs take the files that the manifest lists.

#[cfg(feature = "parquet")]
mod directory;

use super::Outcome;
use super::args::{Export, Global};
use super::query::Out;
use crate::node::Request;

/// `export`
///
/// # Errors
/// When the node refuses, or the directory is none of this node's or cannot be written.
#[cfg(feature = "parquet")]
pub fn run(global: &Global, args: &Export) -> anyhow::Result<Outcome> {
    let summary = directory::export(global, args)?;
    super::print::value(&summary, global.json)?;
    Ok(Outcome::Done)
}

/// `export`
///
/// # Errors
/// Always: this program was built without Parquet.
#[cfg(not(feature = "parquet"))]
pub fn run(_: &Global, _: &Export) -> anyhow::Result<Outcome> {
    anyhow::bail!("this program was built without its feature `parquet`")
}

/// Observations as one Parquet file.
#[cfg(feature = "parquet")]
pub(super) fn get_parquet(global: &Global, request: Request, out: Out) -> anyhow::Result<Out> {
    use crate::cli::ask;
    use crate::node::columnar::{ColumnarWriter, Layout};

    let mut writer = ColumnarWriter::new(out, Layout::Whole)?;
    let mut failed = Ok(());
    ask::ask(global, request, &mut |row| {
        failed = writer.row(&row);
        failed.is_ok()
    })?;
    failed?;
    Ok(writer.finish()?)
}

/// Observations as one Parquet file.
#[cfg(not(feature = "parquet"))]
pub(super) fn get_parquet(_: &Global, _: Request, _: Out) -> anyhow::Result<Out> {
    anyhow::bail!("this program was built without its feature `parquet`")
}
