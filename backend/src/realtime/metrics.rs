//! What the live part counts. Handles are made once, so that a message costs
//! no look-up and no allocation; a figure of every delivery is an atomic of our
//! own, since the recorder would keep each sample until it folds them.

use super::frame::OutboundMessage;
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

/// Upper bounds of the buckets of the delivery lag, as Prometheus shows them.
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

/// The process's, as those of the `metrics` crate are.
static METRICS: LazyLock<MessageMetrics> = LazyLock::new(MessageMetrics::new);

/// See the module.
pub(crate) struct MessageMetrics {
    messages_in: [Counter; IN.len()],
    messages_out: [Counter; OUT.len()],
    delivery_latency: DeliveryLatency,
}

/// The type of a message on its way out: its place in [`OUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageType(u8);

impl MessageType {
    /// The type of a message of ours, which begins with it.
    pub(crate) fn of(json: &[u8]) -> Self {
        let name = json
            .strip_prefix(b"{\"type\":\"")
            .and_then(|rest| rest.split(|byte| *byte == b'"').next())
            .unwrap_or_default();
        let mut known = (0..).zip(OUT);
        let found = known.find(|(_, known)| known.as_bytes() == name || *known == OTHER);
        Self(found.map_or(0, |(place, _)| place))
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

    /// The process's. To be called first when its recorder is in place.
    pub(crate) fn get() -> &'static Self {
        &METRICS
    }

    /// A message was read; `None` could not be understood.
    pub(crate) fn read(&self, message: Option<&ClientMessage>) {
        let name = message.map_or(INVALID, ClientMessage::message_type);
        if let Some(at) = IN.iter().position(|known| *known == name) {
            self.messages_in[at].increment(1);
        }
    }

    /// Adds what is not the recorder's to its text.
    pub(crate) fn render(&self, text: &mut String) {
        self.delivery_latency.render(text);
    }
}

/// The delivery lag.
#[derive(Default)]
struct DeliveryLatency {
    /// One more than there are bounds, for what is later than all.
    counts: [AtomicU64; LATENCY_BUCKETS.len() + 1],
    nanos: AtomicU64,
}

impl DeliveryLatency {
    fn record(&self, lag: Duration, count: u64) {
        let bucket = LATENCY_BUCKETS.partition_point(|(_, bound)| *bound < lag);
        self.counts[bucket].fetch_add(count, Ordering::Relaxed);
        let nanos = u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX);
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

/// The delivery lag's name.
const LATENCY_NAME: &str = "stellar_delivery_lag_seconds";
/// The delivery lag's meaning.
const LATENCY_HELP: &str = "From an event's commit to its having been written to a socket";

/// Different moments of commits that one write may keep apart.
const MAX_COMMIT_TIMES: usize = 4;

/// What one write to a socket sends; counted when it is done, once or for as
/// many sockets as it was written to.
#[derive(Clone, Debug)]
pub(crate) struct BatchStats {
    kinds: [u64; OUT.len()],
    commits: [Option<(Instant, u64)>; MAX_COMMIT_TIMES],
    total: u64,
}

impl Default for BatchStats {
    fn default() -> Self {
        Self {
            kinds: [0; OUT.len()],
            commits: [None; MAX_COMMIT_TIMES],
            total: 0,
        }
    }
}

impl BatchStats {
    /// One more frame; what is none of our messages is not counted.
    pub(crate) fn add(&mut self, frame: &OutboundMessage) {
        let Some(MessageType(kind)) = frame.kind else {
            return;
        };
        self.total += 1;
        self.kinds[usize::from(kind)] += 1;
        let Some(moment) = frame.committed else {
            return;
        };
        for place in &mut self.commits {
            match place {
                Some((same, count)) if *same == moment => {
                    *count += 1;
                    return;
                }
                Some(_) => {}
                None => {
                    *place = Some((moment, 1));
                    return;
                }
            }
        }
        // The rest counts with the newest that had a place: a little too late
        // rather than not at all.
        if let Some(Some((_, count))) = self.commits.last_mut() {
            *count += 1;
        }
    }

    /// How many messages it is.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Counts it as written to so many sockets now.
    pub(crate) fn record_written(&self, sockets: u64) {
        for (figure, count) in METRICS.messages_out.iter().zip(self.kinds) {
            if count > 0 {
                figure.increment(count * sockets);
            }
        }
        if self.commits[0].is_some() {
            let now = Instant::now();
            for (moment, count) in self.commits.into_iter().flatten() {
                let lag = now.saturating_duration_since(moment);
                METRICS.delivery_latency.record(lag, count * sockets);
            }
        }
    }
}

/// How much is said on this node.
#[derive(Debug, Default)]
pub(crate) struct MessageRates {
    messages_in: RateMeter,
    messages_out: RateMeter,
}

impl MessageRates {
    /// A message was read.
    pub(crate) fn count_in(&self) {
        self.messages_in.count.fetch_add(1, Ordering::Relaxed);
    }

    /// So many were written.
    pub(crate) fn count_out(&self, messages: u64) {
        self.messages_out
            .count
            .fetch_add(messages, Ordering::Relaxed);
    }

    /// Ends a second of counting.
    pub(crate) fn sample(&self) {
        self.messages_in.sample();
        self.messages_out.sample();
    }

    /// Messages read and written in the last whole second.
    pub(crate) fn per_second(&self) -> (u64, u64) {
        let rate = |meter: &RateMeter| meter.rate.load(Ordering::Relaxed);
        (rate(&self.messages_in), rate(&self.messages_out))
    }
}

/// Counts within a second, and what the last whole second had.
#[derive(Debug, Default)]
struct RateMeter {
    count: AtomicU64,
    rate: AtomicU64,
}

impl RateMeter {
    fn sample(&self) {
        let count = self.count.swap(0, Ordering::Relaxed);
        self.rate.store(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use shared::protocol::Ack;

    #[test]
    fn messages_are_known_by_how_they_begin() {
        let ack = OutboundMessage::reply(&ServerMessage::Ack(Ack::default()));
        let name = |frame: OutboundMessage| OUT[usize::from(frame.kind.unwrap().0)];
        assert_eq!(name(ack), "ack");
        let event = OutboundMessage::event(1, r#"{"type":"tile_updated","seq":1}"#.into());
        assert_eq!(name(event), "tile_updated");
        assert_eq!(name(OutboundMessage::event(1, "{}".into())), OTHER);
        let ping = ClientMessage::Ping {
            timestamp: Value::Null,
        };
        assert!(IN.contains(&ping.message_type()));
    }

    #[test]
    fn lags_fall_into_cumulative_buckets() {
        let lag = DeliveryLatency::default();
        lag.record(Duration::from_micros(100), 2);
        lag.record(Duration::from_millis(3), 1);
        lag.record(Duration::from_mins(1), 1);
        let mut text = String::new();
        lag.render(&mut text);
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
            let event = OutboundMessage::event(1, "{}".into());
            stats.add(&event.clone().committed(Some(moment)));
            stats.add(&event);
        }
        let timed: u64 = stats.commits.iter().flatten().map(|(_, count)| count).sum();
        assert_eq!((timed, stats.total()), (10, 20));
    }
}
