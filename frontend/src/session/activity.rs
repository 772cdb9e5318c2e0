//! The list of what people did, newest first. Pure.

use crate::store::{ACTIVITY_ROWS, Activity, Deed};
use shared::{
    canvas::Coord,
    ids::UserId,
    protocol::{Ack, ClientMessage, Durable},
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
        line.deed == Deed::Painted
            && other.deed == Deed::Painted
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
pub fn of_event(event: &Durable) -> Option<Activity> {
    let line = |seq, actor, deed, x, y, time: Timestamp| {
        Some(Activity {
            seq,
            actor,
            deed,
            at: Some(Coord { x, y }),
            time,
        })
    };
    match event {
        Durable::CanvasChatMessage(_) => None,
        Durable::TileCreated(e) => line(e.seq, e.creator_id, Deed::Created, e.x, e.y, e.timestamp),
        Durable::TileUpdated(e) => {
            let titled = e.title.is_some() && e.delta.is_none() && e.pixels.is_none();
            let deed = if titled { Deed::Titled } else { Deed::Painted };
            line(e.seq, e.updater_id, deed, e.x, e.y, e.timestamp)
        }
        Durable::TileLiked(e) => {
            let deed = if e.liked { Deed::Liked } else { Deed::Unliked };
            line(e.seq, e.liker_id, deed, e.x, e.y, e.timestamp)
        }
        Durable::TileDeleted(e) => line(e.seq, e.deleter_id, Deed::Deleted, e.x, e.y, e.timestamp),
        Durable::CanvasUpdated(e) => Some(Activity {
            seq: e.seq,
            actor: e.canvas.owner_id,
            deed: Deed::Settings,
            at: None,
            time: e.timestamp,
        }),
    }
}

/// What this tab did, once it is stored.
pub fn of_own(
    ack: &Ack,
    message: &ClientMessage,
    at: Coord,
    actor: UserId,
    time: Timestamp,
) -> Option<Activity> {
    let deed = match message {
        ClientMessage::TileCreate { .. } => Deed::Created,
        ClientMessage::TilePaint { .. } if ack.version == Some(1) => Deed::Created,
        ClientMessage::TileUpdate { pixels: None, .. } => Deed::Titled,
        ClientMessage::TilePaint { .. } | ClientMessage::TileUpdate { .. } => Deed::Painted,
        ClientMessage::TileLike { liked: true, .. } => Deed::Liked,
        ClientMessage::TileLike { .. } => Deed::Unliked,
        ClientMessage::TileDelete { .. } => Deed::Deleted,
        ClientMessage::Hello { .. }
        | ClientMessage::CanvasChat { .. }
        | ClientMessage::UserPresence(_)
        | ClientMessage::TileMention { .. }
        | ClientMessage::TileLock { .. }
        | ClientMessage::TileUnlock { .. }
        | ClientMessage::RequestUpdate { .. }
        | ClientMessage::Ping { .. }
        | ClientMessage::Heartbeat { .. }
        | ClientMessage::AuthRefresh { .. } => return None,
    };
    Some(Activity {
        seq: ack.seq?,
        actor,
        deed,
        at: Some(at),
        time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn line(seq: i64, actor: i64, deed: Deed) -> Activity {
        Activity {
            seq,
            actor: UserId(actor),
            deed,
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
        for (seq, deed) in [(1, Deed::Created), (2, Deed::Painted), (3, Deed::Painted)] {
            add(&mut lines, line(seq, 1, deed));
        }
        assert_eq!(seqs(&lines), [3, 1]);
        add(&mut lines, line(2, 1, Deed::Painted));
        assert_eq!(seqs(&lines), [3, 1]);
        add(&mut lines, line(4, 2, Deed::Liked));
        add(&mut lines, line(5, 1, Deed::Painted));
        assert_eq!(seqs(&lines), [5, 4, 1]);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut lines = VecDeque::new();
        for seq in 0..3_000 {
            add(&mut lines, line(seq, seq, Deed::Liked));
        }
        assert_eq!(lines.len(), ACTIVITY_ROWS);
        assert_eq!(lines[0].seq, 2_999);
    }
}
