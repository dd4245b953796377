//! The Prometheus text of what the node counts.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::node::metrics::{Kind, Metric};

/// The format that [`text`] writes.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All figures, each family once, names beginning with `corridor_`.
pub(super) fn text(metrics: Vec<Metric>) -> Result<String, fmt::Error> {
    let mut families: BTreeMap<&'static str, Vec<Metric>> = BTreeMap::new();
    for metric in metrics {
        families.entry(metric.name).or_default().push(metric);
    }
    let mut registry = Registry::with_prefix("corridor");
    registry.register_collector(Box::new(Snapshot(families)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// The figures of one moment, by name.
#[derive(Debug)]
struct Snapshot(BTreeMap<&'static str, Vec<Metric>>);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, metrics) in &self.0 {
            let Some(first) = metrics.first() else { continue };
            let kind = match first.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
            };
            let mut family = encoder.encode_descriptor(name, first.help, None, kind)?;
            for metric in metrics {
                if metric.labels.is_empty() {
                    value(metric, &mut family)?;
                } else {
                    let labels = metric.labels.as_slice();
                    let mut one = family.encode_family(&labels)?;
                    value(metric, &mut one)?;
                }
            }
        }
        Ok(())
    }
}

fn value(metric: &Metric, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    match metric.kind {
        Kind::Counter => encoder.encode_counter::<NoLabelSet, f64, f64>(&metric.value, None),
        Kind::Gauge => encoder.encode_gauge(&metric.value),
    }
}
