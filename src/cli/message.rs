//! `get --format sdmx-csv` and its kin: what the node holds as a message of SDMX, written as it comes.

use anyhow::Context;

use super::args::{Format, Global, MessageDetail, NameColumns};
use super::ask;
use super::query::Out;
use crate::model::Millis;
use crate::node::Request;
use crate::node::series::{SeriesHead, StatedSeries};
use crate::sdmx::data::{
    DataFormat, DataHead, DataWriter, Detail, Labels, Layout, Provenance, SeriesContext,
};

/// How a message is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Whether names stand beside codes.
    pub(super) labels: NameColumns,
    /// Whether SDMX-ML has annotations.
    pub(super) annotations: bool,
    /// Whether observations stand outside of series.
    pub(super) is_flat: bool,
    /// How much is told.
    pub(super) detail: MessageDetail,
}

/// The format of SDMX that is meant, if one is.
pub(super) fn data_format(format: Format) -> Option<DataFormat> {
    match format {
        Format::SdmxCsv => Some(DataFormat::Csv2),
        Format::SdmxCsv1 => Some(DataFormat::Csv1),
        Format::Xml => Some(DataFormat::StructureSpecificXml),
        Format::GenericXml => Some(DataFormat::GenericXml),
        Format::SdmxJson => Some(DataFormat::JsonData),
        Format::Table | Format::Csv | Format::Json | Format::Parquet => None,
    }
}

/// Writes the answer to a [`Request::Series`].
///
/// # Errors
/// When the node refuses or the output cannot be written.
pub(super) fn write(
    global: &Global,
    request: Request,
    (format, style): (DataFormat, Style),
    out: Out,
) -> anyhow::Result<Out> {
    let mut writer: Option<DataWriter<Out>> = None;
    let (mut out, mut failed) = (Some(out), Ok(()));
    ask::ask(global, request, &mut |row| {
        failed = match &mut writer {
            Some(writer) => series(writer, row),
            None => begin(row, (format, style), out.take()).map(|begun| writer = Some(begun)),
        };
        failed.is_ok()
    })?;
    failed?;
    Ok(writer.context("the node gave no answer")?.end()?)
}

fn begin(
    row: serde_json::Value,
    (format, style): (DataFormat, Style),
    out: Option<Out>,
) -> anyhow::Result<DataWriter<Out>> {
    let head: SeriesHead = serde_json::from_value(row)?;
    let id = format!("{}-{}", head.sender, head.prepared);
    let labels = match style.labels {
        NameColumns::Id => Labels::Id,
        NameColumns::Both => Labels::Both,
        NameColumns::Name => Labels::Name,
    };
    let provenance = if style.annotations { Provenance::Annotated } else { Provenance::Told };
    let layout = if style.is_flat { Layout::Flat } else { Layout::Series };
    let detail = match style.detail {
        MessageDetail::Full => Detail::Full,
        MessageDetail::Dataonly => Detail::DataOnly,
        MessageDetail::Serieskeysonly => Detail::SeriesKeysOnly,
        MessageDetail::Nodata => Detail::NoData,
    };
    let is_test = head.is_test;
    let head = DataHead::new(&id, Millis(head.prepared), &head.sender);
    let head = DataHead { is_test, labels, provenance, layout, detail, ..head };
    Ok(DataWriter::new(format, &head, out.context("the message is begun once")?)?)
}

fn series(writer: &mut DataWriter<Out>, row: serde_json::Value) -> anyhow::Result<()> {
    let stated = StatedSeries::read(row)?;
    let context = SeriesContext {
        key: &stated.key,
        attributes: &stated.attributes,
        publisher: stated.publisher,
        country: &stated.country,
        agreement: &stated.agreement,
    };
    Ok(writer.series(&context, &stated.versions)?)
}
