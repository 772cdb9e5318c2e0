//! The list of what people did, newest first. Pure.

use crate::model::activity::{ACTIVITY_ROWS, Activity, ActivityKind};
use shared::{
    canvas::{Coord, TileOp},
    ids::UserId,
    protocol::{Ack, DurableEvent},
    time::Timestamp,
};
use std::collections::VecDeque;

/// Rows back in which strokes of one person in one tile are joined.
const JOINED_ROWS: usize = 4;

/// Adds a line in its place. Strokes of one person in one tile become one
/// line, that of the newest.
pub fn add(lines: &mut VecDeque<Activity>, line: Activity) {
    if lines.iter().any(|other| other.seq == line.seq) {
        return;
    }
    let place = lines.partition_point(|other| other.seq > line.seq);
    let joins = |other: &Activity| {
        line.kind == ActivityKind::Painted
            && other.kind == ActivityKind::Painted
            && (other.actor, other.at) == (line.actor, line.at)
    };
    if place > 0 && lines.get(place - 1).is_some_and(joins) {
        return;
    }
    let same = lines
        .iter()
        .skip(place)
        .take(JOINED_ROWS)
        .position(joins)
        .map(|offset| place + offset);
    if let Some(index) = same {
        lines.remove(index);
    }
    lines.insert(place, line);
    lines.truncate(ACTIVITY_ROWS);
}

/// What an event says in the list; chat has its own.
pub fn of_event(event: &DurableEvent) -> Option<Activity> {
    let line = |seq, actor, kind, x, y, time: Timestamp| {
        Some(Activity {
            seq,
            actor,
            kind,
            at: Some(Coord { x, y }),
            time,
        })
    };
    match event {
        DurableEvent::CanvasChatMessage(_) => None,
        DurableEvent::TileCreated(e) => line(
            e.seq,
            e.creator_id,
            ActivityKind::Created,
            e.x,
            e.y,
            e.timestamp,
        ),
        DurableEvent::TileUpdated(e) => {
            let titled = e.title.is_some() && e.delta.is_none() && e.pixels.is_none();
            let kind = if titled {
                ActivityKind::Titled
            } else {
                ActivityKind::Painted
            };
            line(e.seq, e.updater_id, kind, e.x, e.y, e.timestamp)
        }
        DurableEvent::TileLiked(e) => {
            let kind = if e.liked {
                ActivityKind::Liked
            } else {
                ActivityKind::Unliked
            };
            line(e.seq, e.liker_id, kind, e.x, e.y, e.timestamp)
        }
        DurableEvent::TileDeleted(e) => line(
            e.seq,
            e.deleter_id,
            ActivityKind::Deleted,
            e.x,
            e.y,
            e.timestamp,
        ),
        DurableEvent::CanvasUpdated(e) => Some(Activity {
            seq: e.seq,
            actor: e.canvas.owner_id,
            kind: ActivityKind::Settings,
            at: None,
            time: e.timestamp,
        }),
    }
}

/// What this tab did, once it is stored.
pub fn of_own(
    ack: &Ack,
    op: &TileOp,
    at: Coord,
    actor: UserId,
    time: Timestamp,
) -> Option<Activity> {
    let kind = match op {
        TileOp::Create { .. } => ActivityKind::Created,
        TileOp::Paint { .. } if ack.version == Some(1) => ActivityKind::Created,
        TileOp::Update { pixels: None, .. } => ActivityKind::Titled,
        TileOp::Paint { .. } | TileOp::Update { .. } => ActivityKind::Painted,
        TileOp::Like { liked: true } => ActivityKind::Liked,
        TileOp::Like { liked: false } => ActivityKind::Unliked,
        TileOp::Delete => ActivityKind::Deleted,
    };
    Some(Activity {
        seq: ack.seq?,
        actor,
        kind,
        at: Some(at),
        time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn line(seq: i64, actor: i64, kind: ActivityKind) -> Activity {
        Activity {
            seq,
            actor: UserId(actor),
            kind,
            at: Some(Coord { x: 0, y: 0 }),
            time: chrono::DateTime::UNIX_EPOCH.into(),
        }
    }

    fn seqs(lines: &VecDeque<Activity>) -> Vec<i64> {
        lines.iter().map(|line| line.seq).collect()
    }

    #[test]
    fn strokes_of_one_person_are_one_line_whatever_order_they_come_in() {
        let mut lines = VecDeque::new();
        for (seq, kind) in [
            (1, ActivityKind::Created),
            (2, ActivityKind::Painted),
            (3, ActivityKind::Painted),
        ] {
            add(&mut lines, line(seq, 1, kind));
        }
        assert_eq!(seqs(&lines), [3, 1]);
        add(&mut lines, line(2, 1, ActivityKind::Painted));
        assert_eq!(seqs(&lines), [3, 1]);
        add(&mut lines, line(4, 2, ActivityKind::Liked));
        add(&mut lines, line(5, 1, ActivityKind::Painted));
        assert_eq!(seqs(&lines), [5, 4, 1]);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut lines = VecDeque::new();
        for seq in 0..3_000 {
            add(&mut lines, line(seq, seq, ActivityKind::Liked));
        }
        assert_eq!(lines.len(), ACTIVITY_ROWS);
        assert_eq!(lines[0].seq, 2_999);
    }
}
