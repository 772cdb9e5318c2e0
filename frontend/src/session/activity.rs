//! The list of activities on the canvas, newest first: builds entries and
//! merges strokes. Pure.

use crate::model::activity::{ACTIVITY_ROWS, Activity, ActivityKind};
use shared::{
    canvas::{Coord, TileOp},
    ids::UserId,
    protocol::{Ack, DurableEvent},
    time::Timestamp,
};
use std::collections::VecDeque;

/// How many entries back strokes of one person in one tile are merged.
const MAX_MERGE_DISTANCE: usize = 4;

/// Inserts an entry in the order of `seq`; ignores one that is in the list
/// already. Strokes of one person in one tile are merged into the newest of
/// them.
pub fn add(entries: &mut VecDeque<Activity>, entry: Activity) {
    if entries.iter().any(|other| other.seq == entry.seq) {
        return;
    }
    let index = entries.partition_point(|other| other.seq > entry.seq);
    let merges = |other: &Activity| {
        entry.kind == ActivityKind::Painted
            && other.kind == ActivityKind::Painted
            && (other.actor, other.at) == (entry.actor, entry.at)
    };
    if index > 0 && entries.get(index - 1).is_some_and(merges) {
        return;
    }
    let older = entries
        .iter()
        .skip(index)
        .take(MAX_MERGE_DISTANCE)
        .position(merges)
        .map(|offset| index + offset);
    if let Some(older) = older {
        entries.remove(older);
    }
    entries.insert(index, entry);
    entries.truncate(ACTIVITY_ROWS);
}

/// The entry of a durable event; none for chat messages and comments.
pub fn from_event(event: &DurableEvent) -> Option<Activity> {
    let entry = |seq, actor, kind, x, y, time: Timestamp| {
        Some(Activity {
            seq,
            actor,
            kind,
            at: Some(Coord { x, y }),
            time,
        })
    };
    match event {
        DurableEvent::CanvasChatMessage(_)
        | DurableEvent::ChatEdited(_)
        | DurableEvent::ChatRemoved(_)
        | DurableEvent::CommentUpdated(_) => None,
        DurableEvent::TileCreated(e) => entry(
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
            entry(e.seq, e.updater_id, kind, e.x, e.y, e.timestamp)
        }
        DurableEvent::TileLiked(e) => {
            let kind = if e.liked {
                ActivityKind::Liked
            } else {
                ActivityKind::Unliked
            };
            entry(e.seq, e.liker_id, kind, e.x, e.y, e.timestamp)
        }
        DurableEvent::TileDeleted(e) => entry(
            e.seq,
            e.deleter_id,
            ActivityKind::Deleted,
            e.x,
            e.y,
            e.timestamp,
        ),
        DurableEvent::CommentCreated(e) => Some(commented(
            e.seq,
            e.comment.author.user_id,
            Coord {
                x: e.comment.x,
                y: e.comment.y,
            },
            e.timestamp,
        )),
        DurableEvent::CanvasUpdated(e) => Some(Activity {
            seq: e.seq,
            actor: e.canvas.owner_id,
            kind: ActivityKind::Settings,
            at: None,
            time: e.timestamp,
        }),
    }
}

/// The entry of a comment.
pub fn commented(seq: i64, actor: UserId, at: Coord, time: Timestamp) -> Activity {
    Activity {
        seq,
        actor,
        kind: ActivityKind::Commented,
        at: Some(at),
        time,
    }
}

/// The entry of this tab's own operation, built from its acknowledgement; none
/// if that has no `seq`.
pub fn from_ack(
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

    fn entry(seq: i64, actor: i64, kind: ActivityKind) -> Activity {
        Activity {
            seq,
            actor: UserId(actor),
            kind,
            at: Some(Coord { x: 0, y: 0 }),
            time: chrono::DateTime::UNIX_EPOCH.into(),
        }
    }

    fn seqs(entries: &VecDeque<Activity>) -> Vec<i64> {
        entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn strokes_of_one_person_are_merged_in_any_order() {
        let mut entries = VecDeque::new();
        for (seq, kind) in [
            (1, ActivityKind::Created),
            (2, ActivityKind::Painted),
            (3, ActivityKind::Painted),
        ] {
            add(&mut entries, entry(seq, 1, kind));
        }
        assert_eq!(seqs(&entries), [3, 1]);
        add(&mut entries, entry(2, 1, ActivityKind::Painted));
        assert_eq!(seqs(&entries), [3, 1]);
        add(&mut entries, entry(4, 2, ActivityKind::Liked));
        add(&mut entries, entry(5, 1, ActivityKind::Painted));
        assert_eq!(seqs(&entries), [5, 4, 1]);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut entries = VecDeque::new();
        for seq in 0..3_000 {
            add(&mut entries, entry(seq, seq, ActivityKind::Liked));
        }
        assert_eq!(entries.len(), ACTIVITY_ROWS);
        assert_eq!(entries[0].seq, 2_999);
    }
}
