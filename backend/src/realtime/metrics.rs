//! Counters of messages by type, and the delivery latency. Handles are made once, so
//! that counting a message costs no look-up and no allocation.
//!
//! The delivery latency is recorded for every delivery, and is a histogram of atomics
//! of our own: the exporter's keeps every sample until the next upkeep, and
//! `prometheus-client`'s takes a lock for each sample; neither records a value for
//! many receivers at once.

mod rates;

pub(crate) use rates::MessageRates;

use metrics::Counter;
use shared::protocol::{ClientMessage, ServerMessage};
use std::{
    fmt::Write,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Label of a message that could not be read.
const INVALID: &str = "invalid";
/// Label of a message whose type is not known, as from a newer node's log.
const OTHER: &str = "other";
/// Labels of messages from clients: every type, then [`INVALID`].
const IN: [&str; ClientMessage::MESSAGE_TYPES.len() + 1] =
    with_last(ClientMessage::MESSAGE_TYPES, INVALID);
/// Labels of messages to clients: every type, then [`OTHER`].
const OUT: [&str; ServerMessage::MESSAGE_TYPES.len() + 1] =
    with_last(ServerMessage::MESSAGE_TYPES, OTHER);

/// All `types`, followed by `last`.
const fn with_last<const N: usize>(
    types: &[&'static str],
    last: &'static str,
) -> [&'static str; N] {
    let mut labels = [last; N];
    let mut at = 0;
    while at < types.len() {
        labels[at] = types[at];
        at += 1;
    }
    labels
}

/// Upper bounds of the buckets of the delivery latency, with their labels.
const LATENCY_BUCKETS: [(&str, Duration); 12] = [
    ("0.0001", Duration::from_micros(100)),
    ("0.00025", Duration::from_micros(250)),
    ("0.0005", Duration::from_micros(500)),
    ("0.001", Duration::from_millis(1)),
    ("0.0025", Duration::from_micros(2500)),
    ("0.005", Duration::from_millis(5)),
    ("0.01", Duration::from_millis(10)),
    ("0.025", Duration::from_millis(25)),
    ("0.1", Duration::from_millis(100)),
    ("0.5", Duration::from_millis(500)),
    ("1", Duration::from_secs(1)),
    ("5", Duration::from_secs(5)),
];

/// Belongs to the process, as the recorder of the `metrics` crate does.
static METRICS: LazyLock<MessageMetrics> = LazyLock::new(MessageMetrics::new);

/// See the module.
pub(crate) struct MessageMetrics {
    messages_in: [Counter; IN.len()],
    messages_out: [Counter; OUT.len()],
    delivery_latency: DeliveryLatency,
}

/// The type of a message to clients: its index in [`OUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageType(u8);

impl MessageType {
    /// The type of a message in JSON. The server's messages begin with `type`.
    pub(crate) fn of(json: &[u8]) -> Self {
        let name = json
            .strip_prefix(b"{\"type\":\"")
            .and_then(|rest| rest.split(|byte| *byte == b'"').next())
            .unwrap_or_default();
        let mut known = (0..).zip(OUT);
        let found = known.find(|(_, known)| known.as_bytes() == name || *known == OTHER);
        Self(found.map_or(0, |(index, _)| index))
    }
}

impl MessageMetrics {
    fn new() -> Self {
        Self {
            messages_in: IN
                .map(|kind| metrics::counter!("stellar_messages_in_total", "type" => kind)),
            messages_out: OUT
                .map(|kind| metrics::counter!("stellar_messages_out_total", "type" => kind)),
            delivery_latency: DeliveryLatency::default(),
        }
    }

    /// The instance of this process. The recorder of the `metrics` crate has to be
    /// installed before the first call.
    pub(crate) fn get() -> &'static Self {
        &METRICS
    }

    /// Counts a message of a client; `None` is one that could not be decoded.
    pub(crate) fn count_received(&self, message: Option<&ClientMessage>) {
        let name = message.map_or(INVALID, ClientMessage::message_type);
        if let Some(at) = IN.iter().position(|known| *known == name) {
            self.messages_in[at].increment(1);
        }
    }
}

/// Appends the metrics that the recorder of the process does not have, in the text
/// format of Prometheus.
pub(crate) fn render(text: &mut String) {
    METRICS.delivery_latency.render(text);
}

/// A histogram of the time from a commit to the write to a socket.
#[derive(Default)]
struct DeliveryLatency {
    /// One for each bucket, and one for what is above the last bound.
    counts: [AtomicU64; LATENCY_BUCKETS.len() + 1],
    nanos: AtomicU64,
}

impl DeliveryLatency {
    fn record(&self, latency: Duration, count: u64) {
        let bucket = LATENCY_BUCKETS.partition_point(|(_, bound)| *bound < latency);
        self.counts[bucket].fetch_add(count, Ordering::Relaxed);
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.nanos
            .fetch_add(nanos.saturating_mul(count), Ordering::Relaxed);
    }

    fn render(&self, text: &mut String) {
        let bounds = LATENCY_BUCKETS
            .iter()
            .map(|(bound, _)| *bound)
            .chain(["+Inf"]);
        let mut total = 0;
        // Writing to a string never fails.
        let _ = writeln!(
            text,
            "# HELP {LATENCY_NAME} {LATENCY_HELP}\n# TYPE {LATENCY_NAME} histogram"
        );
        for (bound, count) in bounds.zip(&self.counts) {
            total += count.load(Ordering::Relaxed);
            let _ = writeln!(text, "{LATENCY_NAME}_bucket{{le=\"{bound}\"}} {total}");
        }
        let seconds = Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(
            text,
            "{LATENCY_NAME}_sum {seconds}\n{LATENCY_NAME}_count {total}\n"
        );
    }
}

/// The metric's name.
const LATENCY_NAME: &str = "stellar_delivery_lag_seconds";
/// The metric's help text.
const LATENCY_HELP: &str = "From an event's commit to its having been written to a socket";

/// How many different commit times one write keeps apart.
const MAX_COMMIT_TIMES: usize = 4;

/// What the messages of one write add to the metrics. Added up before the write, and
/// recorded after it for as many sockets as it went to.
#[derive(Clone, Debug)]
pub(crate) struct BatchStats {
    types: [u64; OUT.len()],
    commits: [Option<(Instant, u64)>; MAX_COMMIT_TIMES],
    total: u64,
}

impl Default for BatchStats {
    fn default() -> Self {
        Self {
            types: [0; OUT.len()],
            commits: [None; MAX_COMMIT_TIMES],
            total: 0,
        }
    }
}

impl BatchStats {
    /// Adds one message; without a type it is not counted. `committed_at` is the
    /// moment of the commit of an event.
    pub(crate) fn add(&mut self, message_type: Option<MessageType>, committed_at: Option<Instant>) {
        let Some(MessageType(index)) = message_type else {
            return;
        };
        self.total += 1;
        self.types[usize::from(index)] += 1;
        let Some(moment) = committed_at else {
            return;
        };
        for slot in &mut self.commits {
            match slot {
                Some((same, count)) if *same == moment => {
                    *count += 1;
                    return;
                }
                Some(_) => {}
                None => {
                    *slot = Some((moment, 1));
                    return;
                }
            }
        }
        // With too many different times, the rest counts with the last one kept: a
        // little inexact instead of missing.
        if let Some(Some((_, count))) = self.commits.last_mut() {
            *count += 1;
        }
    }

    /// The number of messages.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Records that the messages were written to this many sockets just now.
    pub(crate) fn record_written(&self, sockets: u64) {
        for (counter, count) in METRICS.messages_out.iter().zip(self.types) {
            if count > 0 {
                counter.increment(count * sockets);
            }
        }
        if self.commits[0].is_some() {
            let now = Instant::now();
            for (moment, count) in self.commits.into_iter().flatten() {
                let latency = now.saturating_duration_since(moment);
                METRICS.delivery_latency.record(latency, count * sockets);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use shared::protocol::Ack;

    #[test]
    fn messages_are_known_by_how_they_begin() {
        let name = |json: &[u8]| OUT[usize::from(MessageType::of(json).0)];
        let ack = serde_json::to_vec(&ServerMessage::Ack(Ack::default())).unwrap();
        assert_eq!(name(&ack), "ack");
        assert_eq!(name(br#"{"type":"tile_updated","seq":1}"#), "tile_updated");
        assert_eq!(name(b"{}"), OTHER);
        let ping = ClientMessage::Ping {
            timestamp: Value::Null,
        };
        assert!(IN.contains(&ping.message_type()));
    }

    #[test]
    fn latencies_fall_into_cumulative_buckets() {
        let latency = DeliveryLatency::default();
        latency.record(Duration::from_micros(100), 2);
        latency.record(Duration::from_millis(3), 1);
        latency.record(Duration::from_mins(1), 1);
        let mut text = String::new();
        latency.render(&mut text);
        for line in [
            "stellar_delivery_lag_seconds_bucket{le=\"0.0001\"} 2",
            "stellar_delivery_lag_seconds_bucket{le=\"0.0025\"} 2",
            "stellar_delivery_lag_seconds_bucket{le=\"0.005\"} 3",
            "stellar_delivery_lag_seconds_bucket{le=\"5\"} 3",
            "stellar_delivery_lag_seconds_bucket{le=\"+Inf\"} 4",
            "stellar_delivery_lag_seconds_count 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_write_of_many_moments_counts_every_message() {
        let mut stats = BatchStats::default();
        let start = Instant::now();
        for step in 0..10 {
            let moment = start + Duration::from_nanos(step);
            let event = Some(MessageType::of(b"{}"));
            stats.add(event, Some(moment));
            stats.add(event, None);
        }
        let timed: u64 = stats.commits.iter().flatten().map(|(_, count)| count).sum();
        assert_eq!((timed, stats.total()), (10, 20));
    }
}
