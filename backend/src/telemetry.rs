//! What the server tells those who run it: log lines and figures. Neither ever
//! holds a token, a ticket, a query string or what people write.

use crate::config::LogFormat;
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use std::{io::IsTerminal, time::Duration};
use tracing_subscriber::EnvFilter;

/// Upper bounds, in seconds, of the buckets of every histogram.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Begins to write log lines to standard error; `RUST_LOG` chooses which.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Whoever set up logging before keeps it.
    let _ = match format {
        LogFormat::Pretty => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// One server's figures. They hang on no global, so that several servers can
/// live in one process.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    /// No figures yet.
    pub(crate) fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .build_recorder();
        Ok(Self {
            handle: recorder.handle(),
            recorder,
        })
    }

    /// Runs `work` with the macros of `metrics` (`counter!`, …) meaning this
    /// server's figures. The handles that they return may be kept.
    pub(crate) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&self.recorder, work)
    }

    /// One answered HTTP request.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        self.scope(|| {
            counter!(
                "http_requests_total",
                "method" => method.to_owned(),
                "route" => route.to_owned(),
                "status" => status.to_string()
            )
            .increment(1);
            histogram!("http_request_duration_seconds", "route" => route.to_owned())
                .record(took.as_secs_f64());
        });
    }

    /// All figures, as Prometheus reads them.
    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what histograms collected; to be called every few seconds.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
