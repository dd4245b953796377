//! Observations as Parquet, for tools that read columns: DuckDB, Spark, pandas, R.
//!
//! | column | type |
//! |---|---|
//! | those of `get` that are text | `STRING`; statuses, `retracted` and missing text are null |
//! | `obs_value` | `DECIMAL(38,10)`: exact sums. Null where there is none, or where it has more than ten decimals |
//! | `obs_value_exact` | `STRING`: the decimal as published, with its zeros; null where there is none |
//! | `revision` | `INT32` |
//! | `released_at` | `TIMESTAMP(MILLIS, UTC)` |
//! | `retracted` | `STRING`: why it was taken back; in a history alone |
//!
//! A file of a partitioned directory has its publisher and indicator in its path; it calls the publisher's identity
//! `publisher_id`, so that it does not stand against the country code of the path.
//!
//! Rows are collected column by column, texts as numbers into a list of those that differ, and written as a row group when
//! there are [`GROUP`]; so memory is that of one group, however long the file.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::Value;

use super::rows::columns;
use crate::model::{Decimal, Millis};

/// Rows of one row group.
pub const GROUP: usize = 100_000;
/// Digits after the point of `obs_value`.
const SCALE: u8 = 10;
/// Bytes of a decimal of 38 digits.
const WIDTH: usize = 16;
/// Texts of one column of one group that differ; a group ends before it has more.
const MAX_TEXTS: usize = 200_000;
/// Stands for no text.
const NONE: u32 = u32::MAX;
/// Values that are handed to the encoder at once.
const BATCH: usize = 4_096;

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ColumnarError {
    /// The encoder or the disk refuses.
    #[error("the Parquet file cannot be written: {0}")]
    Parquet(#[from] ParquetError),
    /// A row is not as `get` writes it.
    #[error("the row has no {0} that can be read: this node and this program differ in their versions")]
    Row(String),
}

/// Which columns a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All of them.
    Whole,
    /// Without those that stand in the path: `publisher=…/indicator=…`.
    Partition,
}

/// A Parquet file that is being written.
pub struct ColumnarWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    waiting: usize,
    rows: u64,
}

/// A column of the group that is collected.
struct Column {
    /// The field of the row.
    field: String,
    cells: Cells,
}

enum Cells {
    Texts(Texts),
    Values(Vec<Option<i128>>),
    Numbers(Vec<Option<i32>>),
    Times(Vec<i64>),
}

/// Texts as places in a list of those that differ.
#[derive(Default)]
struct Texts {
    places: Vec<u32>,
    known: HashMap<Box<str>, u32>,
    list: Vec<ByteArray>,
    is_optional: bool,
}

impl<W: Write + Send> ColumnarWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`ColumnarError`] when it cannot be written.
    pub fn new(out: W, layout: Layout) -> Result<Self, ColumnarError> {
        let columns = fields(layout);
        let lines: Vec<String> = columns.iter().map(|(name, column)| column.declared(name)).collect();
        let schema = parse_message_type(&format!("message observation {{\n{}\n}}", lines.join("\n")))?;
        let about = KeyValue::new("corridor".to_owned(), Some(env!("CARGO_PKG_VERSION").to_owned()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP))
            .set_created_by("corridor".to_owned())
            .set_key_value_metadata(Some(vec![about]))
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            file,
            columns: columns.into_iter().map(|(_, column)| column).collect(),
            waiting: 0,
            rows: 0,
        })
    }

    /// Takes one observation as `get` writes it.
    ///
    /// # Errors
    /// [`ColumnarError`] when it cannot be written, or is none.
    pub fn row(&mut self, row: &Value) -> Result<(), ColumnarError> {
        for column in &mut self.columns {
            column.push(&row[column.field.as_str()])?;
        }
        self.waiting += 1;
        self.rows += 1;
        if self.waiting == GROUP || self.columns.iter().any(Column::is_full) {
            self.group()?;
        }
        Ok(())
    }

    /// Rows that were taken.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file and gives back what it was written to.
    ///
    /// # Errors
    /// [`ColumnarError`] when it cannot be written.
    pub fn finish(mut self) -> Result<W, ColumnarError> {
        self.group()?;
        Ok(self.file.into_inner()?)
    }

    /// Writes what was collected as a row group.
    fn group(&mut self) -> Result<(), ColumnarError> {
        if self.waiting == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else { break };
            column.write(&mut writer)?;
            writer.close()?;
        }
        group.close()?;
        self.waiting = 0;
        Ok(())
    }
}

/// The columns of a file with their names, in their order.
fn fields(layout: Layout) -> Vec<(String, Column)> {
    let mut all = Vec::new();
    for field in columns().into_iter().chain(["retracted".to_owned()]) {
        let name = match (layout, field.as_str()) {
            (Layout::Partition, "indicator") => continue,
            (Layout::Partition, "publisher") => "publisher_id".to_owned(),
            (Layout::Whole | Layout::Partition, _) => field.clone(),
        };
        let texts = |is_optional| Cells::Texts(Texts { is_optional, ..Texts::default() });
        let cells = match field.as_str() {
            "obs_value" => Cells::Values(Vec::new()),
            "revision" => Cells::Numbers(Vec::new()),
            "released_at" => Cells::Times(Vec::new()),
            "obs_status" | "conf_status" | "retracted" => texts(true),
            _ => texts(false),
        };
        let is_value = field == "obs_value";
        all.push((name, Column { field, cells }));
        if is_value {
            let exact = Column { field: "obs_value".to_owned(), cells: texts(true) };
            all.push(("obs_value_exact".to_owned(), exact));
        }
    }
    all
}

impl Column {
    /// The column as the schema declares it.
    fn declared(&self, name: &str) -> String {
        match &self.cells {
            Cells::Texts(texts) if texts.is_optional => format!("optional binary {name} (STRING);"),
            Cells::Texts(_) => format!("required binary {name} (STRING);"),
            Cells::Values(_) => {
                format!("optional fixed_len_byte_array({WIDTH}) {name} (DECIMAL(38,{SCALE}));")
            }
            Cells::Numbers(_) => format!("optional int32 {name};"),
            Cells::Times(_) => format!("required int64 {name} (TIMESTAMP(MILLIS,true));"),
        }
    }

    fn push(&mut self, cell: &Value) -> Result<(), ColumnarError> {
        let field = &self.field;
        let odd = || ColumnarError::Row(field.clone());
        match &mut self.cells {
            Cells::Texts(texts) => match cell.as_str() {
                Some(text) => texts.push(text),
                None if texts.is_optional && cell.is_null() => texts.places.push(NONE),
                None => return Err(odd()),
            },
            Cells::Values(values) => values.push(match cell.as_str() {
                Some(text) => scaled(&Decimal::parse(text).map_err(|_| odd())?),
                None => None,
            }),
            Cells::Numbers(numbers) => {
                let number = cell.as_u64().map(i32::try_from).transpose().map_err(|_| odd())?;
                numbers.push(number);
            }
            Cells::Times(times) => {
                let time = cell.as_str().and_then(|text| Millis::parse(text).ok());
                times.push(time.ok_or_else(odd)?.0);
            }
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        matches!(&self.cells, Cells::Texts(texts) if texts.list.len() >= MAX_TEXTS)
    }

    /// Writes the cells and forgets them.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ColumnarError> {
        match &mut self.cells {
            Cells::Texts(texts) => {
                let writer = writer.typed::<ByteArrayType>();
                let list = &texts.list;
                let text = |place: &u32| list.get(usize::try_from(*place).ok()?).cloned();
                for places in texts.places.chunks(BATCH) {
                    let values: Vec<ByteArray> = places.iter().filter_map(text).collect();
                    let levels: Vec<i16> = places.iter().map(|place| i16::from(*place != NONE)).collect();
                    writer.write_batch(&values, texts.is_optional.then_some(levels.as_slice()), None)?;
                }
                *texts = Texts { is_optional: texts.is_optional, ..Texts::default() };
            }
            Cells::Values(all) => {
                let writer = writer.typed::<FixedLenByteArrayType>();
                for cells in all.chunks(BATCH) {
                    let bytes = |value: &i128| FixedLenByteArray::from(value.to_be_bytes().to_vec());
                    let values: Vec<FixedLenByteArray> = cells.iter().flatten().map(bytes).collect();
                    writer.write_batch(&values, Some(&levels(cells)), None)?;
                }
                all.clear();
            }
            Cells::Numbers(all) => {
                let writer = writer.typed::<Int32Type>();
                for cells in all.chunks(BATCH) {
                    let values: Vec<i32> = cells.iter().flatten().copied().collect();
                    writer.write_batch(&values, Some(&levels(cells)), None)?;
                }
                all.clear();
            }
            Cells::Times(all) => {
                writer.typed::<Int64Type>().write_batch(all, None, None)?;
                all.clear();
            }
        }
        Ok(())
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        // Rows that stand together mostly say the same.
        if let Some(last) = self.places.last()
            && let Some(known) = usize::try_from(*last).ok().and_then(|last| self.list.get(last))
            && known.data() == text.as_bytes()
        {
            self.places.push(*last);
            return;
        }
        let place = match self.known.get(text) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(self.list.len()).unwrap_or(NONE);
                self.known.insert(text.into(), place);
                self.list.push(ByteArray::from(text.as_bytes().to_vec()));
                place
            }
        };
        self.places.push(place);
    }
}

/// Which cells are there.
fn levels<T>(cells: &[Option<T>]) -> Vec<i16> {
    cells.iter().map(|cell| i16::from(cell.is_some())).collect()
}

/// The number in units of the last digit of the column, if it has no more decimals than that.
fn scaled(value: &Decimal) -> Option<i128> {
    let more = SCALE.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.checked_pow(u32::from(more))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_all_its_digits_or_is_left_to_its_text() {
        for (text, wanted) in [
            ("12.50", Some(125_000_000_000)),
            ("-3", Some(-30_000_000_000)),
            ("0.0000000001", Some(1)),
            ("0.00000000001", None),
            ("9999999999999999999999999999", Some(99_999_999_999_999_999_999_999_999_990_000_000_000)),
        ] {
            assert_eq!(scaled(&Decimal::parse(text).unwrap()), wanted, "{text}");
        }
    }

    #[test]
    fn a_row_of_another_version_is_refused_by_the_name_of_its_column() {
        let mut writer = ColumnarWriter::new(Vec::new(), Layout::Whole).unwrap();
        let error = writer.row(&serde_json::json!({ "publisher": "ab" })).unwrap_err();
        assert!(error.to_string().contains("agreement"), "{error}");
    }
}
