//! Logging and the process's metrics. Neither ever contains a token, a ticket, a
//! query string or text that a user wrote. It knows the names of all metrics, but
//! none of the parts that count them.

use crate::{config::LogFormat, db::Pools};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{io::IsTerminal, sync::OnceLock, time::Duration};
use tracing_subscriber::EnvFilter;

/// Upper bounds, in seconds, of the buckets of every histogram.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Starts to log to standard error; `RUST_LOG` chooses what.
pub fn init_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx::postgres::notice=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A logger that is set up already stays.
    let _ = match format {
        LogFormat::Pretty => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Upper bounds of the buckets of histograms that count things.
const COUNTS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// The recorder behind the macros of `metrics`. It belongs to the process, as
/// those macros do; servers in one process share it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's metrics.
#[derive(Clone)]
pub(crate) struct Metrics(PrometheusHandle);

impl Metrics {
    /// Installs the recorder at the first call. Handles of metrics that are made
    /// before count nowhere.
    ///
    /// # Errors
    /// If the recorder cannot be built.
    pub(crate) fn get() -> Result<Self, BuildError> {
        if let Some(handle) = RECORDER.get() {
            return Ok(Self(handle.clone()));
        }
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets(&COUNTS)?
            .build_recorder();
        let handle = RECORDER.get_or_init(|| {
            let handle = recorder.handle();
            // Fails only where another library's recorder is in place already.
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("the process has another recorder of metrics");
            }
            describe();
            handle
        });
        Ok(Self(handle.clone()))
    }

    /// All metrics in the text format of Prometheus.
    pub(crate) fn render(&self, pools: &Pools) -> String {
        let count = |connections| u32::try_from(connections).unwrap_or(u32::MAX);
        let (idle, used, max) = pools.usage();
        gauge!("stellar_database_connections", "state" => "idle").set(count(idle));
        gauge!("stellar_database_connections", "state" => "used").set(count(used));
        gauge!("stellar_database_connections_max").set(count(max));
        self.0.render()
    }

    /// Moves what histograms collected into their buckets; the maintenance loop calls
    /// it, or the memory of the samples would grow.
    pub(crate) fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Describes the metrics, and makes those appear at 0 that have counted nothing yet.
/// `docs/metrics.md` says more.
fn describe() {
    for (name, meaning) in [
        ("stellar_connections", "Open WebSocket connections"),
        ("stellar_rooms", "Canvases open in memory"),
        (
            "stellar_bus_up",
            "Whether Redis is connected, for events to other nodes",
        ),
        (
            "stellar_database_connections",
            "Connections to PostgreSQL, by state",
        ),
        (
            "stellar_database_connections_max",
            "Connections to PostgreSQL at most",
        ),
        (
            "stellar_event_index_missing_events",
            "Events that the event index lacks",
        ),
        (
            "stellar_tile_keyframes_missing_events",
            "Events that were not looked at for the past of their cells",
        ),
    ] {
        describe_gauge!(name, meaning);
    }
    describe_counters();
    describe_histograms();
}

fn describe_counters() {
    for (name, meaning) in [
        (
            "stellar_messages_in_total",
            "Messages read from sockets, by type",
        ),
        (
            "stellar_messages_out_total",
            "Messages written to sockets, by type",
        ),
        ("stellar_exports_total", "Exports that ended, by result"),
        (
            "stellar_deliveries_total",
            "Durable events put into outboxes",
        ),
        (
            "stellar_outbox_overflows_total",
            "Times that a full outbox made ephemeral messages give way",
        ),
        (
            "stellar_ephemeral_dropped_total",
            "Ephemeral messages that gave way",
        ),
        (
            "stellar_slow_consumers_total",
            "Connections ended since durable messages did not fit",
        ),
        ("stellar_closes_total", "Ended connections, by reason"),
        ("stellar_bus_published_total", "Messages to other nodes"),
        ("stellar_bus_received_total", "Messages from other nodes"),
        (
            "stellar_bus_dropped_total",
            "Messages of or for other nodes that were dropped",
        ),
        (
            "stellar_backfilled_events_total",
            "Durable events read from the log since they came by no other way",
        ),
        (
            "stellar_notifications_total",
            "Notifications that were made or grew",
        ),
        (
            "stellar_direct_messages_total",
            "Private messages that were stored",
        ),
        (
            "stellar_direct_backfills_total",
            "Reads of private messages that came by no other way",
        ),
        (
            "stellar_event_index_events_total",
            "Events added to the event index",
        ),
        (
            "stellar_tile_keyframes_total",
            "Segments of the past of cells that were written",
        ),
        ("stellar_audit_written_total", "Audit entries written"),
        ("stellar_audit_dropped_total", "Audit entries lost"),
        (
            "stellar_http_requests_total",
            "HTTP requests, by method, route and status",
        ),
    ] {
        describe_counter!(name, meaning);
    }
    for name in [
        "stellar_deliveries_total",
        "stellar_outbox_overflows_total",
        "stellar_ephemeral_dropped_total",
        "stellar_slow_consumers_total",
        "stellar_bus_published_total",
        "stellar_bus_received_total",
        "stellar_bus_dropped_total",
        "stellar_backfilled_events_total",
        "stellar_notifications_total",
        "stellar_direct_messages_total",
        "stellar_direct_backfills_total",
        "stellar_event_index_events_total",
        "stellar_tile_keyframes_total",
        "stellar_audit_written_total",
        "stellar_audit_dropped_total",
    ] {
        counter!(name).absolute(0);
    }
    for result in ["done", "failed", "interrupted"] {
        counter!("stellar_exports_total", "result" => result).absolute(0);
    }
}

fn describe_histograms() {
    describe_histogram!(
        "stellar_commit_seconds",
        Unit::Seconds,
        "Time of one group commit"
    );
    describe_histogram!("stellar_commit_batch_size", "Requests in one group commit");
    describe_histogram!(
        "stellar_http_request_seconds",
        Unit::Seconds,
        "Time to the head of an HTTP answer, by route"
    );
    for name in [
        "stellar_connections",
        "stellar_rooms",
        "stellar_bus_up",
        "stellar_event_index_missing_events",
        "stellar_tile_keyframes_missing_events",
    ] {
        gauge!(name).increment(0.0);
    }
}

/// Counts one answered HTTP request.
pub(crate) fn request(method: &str, route: &str, status: u16, took: Duration) {
    counter!(
        "stellar_http_requests_total",
        "method" => method.to_owned(),
        "route" => route.to_owned(),
        "status" => status.to_string()
    )
    .increment(1);
    histogram!("stellar_http_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
}
