//! What the live part counts. Handles are made once, so that a message costs
//! no look-up and no allocation; a figure of every delivery is an atomic of our
//! own, since the recorder would keep each sample until it folds them.

use metrics::Counter;
use shared::protocol::ClientMessage;
use std::{
    fmt::Write,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Types that clients send, and what could not be read.
const IN: [&str; 16] = [
    "canvas_chat",
    "user_presence",
    "tile_paint",
    "tile_mention",
    "tile_create",
    "tile_update",
    "tile_like",
    "tile_delete",
    "tile_lock",
    "tile_unlock",
    "request_update",
    "ping",
    "heartbeat",
    "hello",
    "auth_refresh",
    "invalid",
];

/// Types that the server sends, and those of a later version's log.
const OUT: [&str; 21] = [
    "canvas_chat_message",
    "tile_updated",
    "user_cursor",
    "ack",
    "user_typing",
    "user_presence_update",
    "tile_mention",
    "tile_created",
    "tile_liked",
    "tile_deleted",
    "tile_locked",
    "tile_unlocked",
    "user_joined",
    "user_left",
    "connected",
    "pong",
    "error",
    "canvas_updated",
    "canvas_deleted",
    "announcement",
    "other",
];

/// Upper bounds of the buckets of the delivery lag, as Prometheus shows them.
const LAGS: [(&str, Duration); 12] = [
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
static FIGURES: LazyLock<Figures> = LazyLock::new(Figures::new);

/// See the module.
pub(crate) struct Figures {
    messages_in: [Counter; IN.len()],
    messages_out: [Counter; OUT.len()],
    lag: Lag,
}

/// The type of a message on its way out: its place in [`OUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(usize);

impl Kind {
    /// The type of a message of ours, which begins with it.
    pub(crate) fn of(json: &[u8]) -> Self {
        let name = json
            .strip_prefix(b"{\"type\":\"")
            .and_then(|rest| rest.split(|byte| *byte == b'"').next())
            .unwrap_or_default();
        let known = OUT.iter().position(|known| known.as_bytes() == name);
        Self(known.unwrap_or(OUT.len() - 1))
    }
}

impl Figures {
    fn new() -> Self {
        Self {
            messages_in: IN
                .map(|kind| metrics::counter!("stellar_messages_in_total", "type" => kind)),
            messages_out: OUT
                .map(|kind| metrics::counter!("stellar_messages_out_total", "type" => kind)),
            lag: Lag::default(),
        }
    }

    /// The process's. To be called first when its recorder is in place.
    pub(crate) fn get() -> &'static Self {
        &FIGURES
    }

    /// A message was read; `None` could not be understood.
    pub(crate) fn read(&self, message: Option<&ClientMessage>) {
        let name = message.map_or("invalid", ClientMessage::kind);
        if let Some(at) = IN.iter().position(|known| *known == name) {
            self.messages_in[at].increment(1);
        }
    }

    /// Adds what is not the recorder's to its text.
    pub(crate) fn render(&self, text: &mut String) {
        self.lag.render(text);
    }
}

/// The delivery lag.
#[derive(Default)]
struct Lag {
    /// One more than there are bounds, for what is later than all.
    counts: [AtomicU64; LAGS.len() + 1],
    nanos: AtomicU64,
}

impl Lag {
    fn record(&self, lag: Duration, count: u64) {
        let bucket = LAGS.partition_point(|(_, bound)| *bound < lag);
        self.counts[bucket].fetch_add(count, Ordering::Relaxed);
        let nanos = u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX);
        self.nanos
            .fetch_add(nanos.saturating_mul(count), Ordering::Relaxed);
    }

    fn render(&self, text: &mut String) {
        let bounds = LAGS.iter().map(|(bound, _)| *bound).chain(["+Inf"]);
        let mut total = 0;
        // Writing to a string never fails.
        let _ = writeln!(text, "# HELP {LAG} {LAG_HELP}\n# TYPE {LAG} histogram");
        for (bound, count) in bounds.zip(&self.counts) {
            total += count.load(Ordering::Relaxed);
            let _ = writeln!(text, "{LAG}_bucket{{le=\"{bound}\"}} {total}");
        }
        let seconds = Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(text, "{LAG}_sum {seconds}\n{LAG}_count {total}\n");
    }
}

/// The delivery lag's name.
const LAG: &str = "stellar_delivery_lag_seconds";
/// The delivery lag's meaning.
const LAG_HELP: &str = "From an event's commit to its having been written to a socket";

/// Different moments of commits that one write may keep apart.
const MOMENTS: usize = 4;

/// What one write to a socket sends; counted when it is done.
#[derive(Default)]
pub(crate) struct Tally {
    kinds: Option<(Kind, u64)>,
    commits: [Option<(Instant, u64)>; MOMENTS],
    total: u64,
}

impl Tally {
    /// One more message, and when it was committed if it was just now.
    pub(crate) fn add(&mut self, kind: Kind, committed: Option<Instant>) {
        self.total += 1;
        match &mut self.kinds {
            Some((same, count)) if *same == kind => *count += 1,
            run => {
                let before = run.replace((kind, 1));
                written(before);
            }
        }
        let Some(moment) = committed else { return };
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

    /// Counts it as written now: how many messages it was.
    pub(crate) fn finish(self) -> u64 {
        written(self.kinds);
        if self.commits[0].is_some() {
            let now = Instant::now();
            for (moment, count) in self.commits.into_iter().flatten() {
                let lag = now.saturating_duration_since(moment);
                FIGURES.lag.record(lag, count);
            }
        }
        self.total
    }
}

fn written(run: Option<(Kind, u64)>) {
    if let Some((Kind(at), count)) = run {
        FIGURES.messages_out[at].increment(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::frame::Frame;
    use serde_json::Value;
    use shared::protocol::{Ack, ServerMessage};

    #[test]
    fn messages_are_known_by_how_they_begin() {
        let ack = Frame::reply(&ServerMessage::Ack(Ack::default()));
        assert_eq!(OUT[ack.kind.0], "ack");
        let event = Frame::event(1, br#"{"type":"tile_updated","seq":1}"#.to_vec().into());
        assert_eq!(OUT[event.kind.0], "tile_updated");
        assert_eq!(OUT[Kind::of(b"{}").0], "other");
        let ping = ClientMessage::Ping {
            timestamp: Value::Null,
        };
        assert!(IN.contains(&ping.kind()));
    }

    #[test]
    fn lags_fall_into_cumulative_buckets() {
        let lag = Lag::default();
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
        let mut tally = Tally::default();
        let start = Instant::now();
        for step in 0..10 {
            let moment = start + Duration::from_nanos(step);
            tally.add(Kind(0), Some(moment));
            tally.add(Kind(1), None);
        }
        let timed: u64 = tally.commits.iter().flatten().map(|(_, count)| count).sum();
        assert_eq!(timed, 10);
        assert_eq!(tally.finish(), 20);
    }
}
