//! One change of a cell, read from an event.

use shared::{api::rewrites::Cause, ids::UserId, protocol::DurableEvent, time::Timestamp};

/// One change of the cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its place in the canvas's order of events.
    pub seq: i64,
    /// When it was stored.
    pub time: Timestamp,
    /// Who did it; for a rewrite, who asked for it.
    pub actor: UserId,
    /// What was done.
    pub kind: StepKind,
    pub(super) event: DurableEvent,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The tile was started.
    Created,
    /// Some pixels or all of them were painted.
    Painted,
    /// The title changed.
    Titled,
    /// A stroke was taken back by its author.
    Undone,
    /// The tile was deleted.
    Deleted,
    /// A rewrite changed it: something was taken back or restored.
    Rewritten,
}

impl Step {
    /// None for what is no change of a tile.
    pub(super) fn new(event: DurableEvent) -> Option<Self> {
        let by_cause =
            |cause: &Option<Cause>, actor: UserId| cause.as_ref().map_or(actor, |cause| cause.by);
        let (actor, kind) = match &event {
            DurableEvent::TileCreated(event) => {
                let kind = match event.cause {
                    Some(_) => StepKind::Rewritten,
                    None => StepKind::Created,
                };
                (by_cause(&event.cause, event.creator_id), kind)
            }
            DurableEvent::TileUpdated(event) => {
                let is_title = event.delta.is_none() && event.pixels.is_none();
                let kind = if event.cause.is_some() {
                    StepKind::Rewritten
                } else if event.undo_of.is_some() {
                    StepKind::Undone
                } else if is_title {
                    StepKind::Titled
                } else {
                    StepKind::Painted
                };
                (by_cause(&event.cause, event.updater_id), kind)
            }
            DurableEvent::TileDeleted(event) => {
                let kind = match event.cause {
                    Some(_) => StepKind::Rewritten,
                    None => StepKind::Deleted,
                };
                (by_cause(&event.cause, event.deleter_id), kind)
            }
            DurableEvent::CanvasChatMessage(_)
            | DurableEvent::ChatEdited(_)
            | DurableEvent::ChatRemoved(_)
            | DurableEvent::CommentCreated(_)
            | DurableEvent::CommentUpdated(_)
            | DurableEvent::TileLiked(_)
            | DurableEvent::CanvasUpdated(_) => return None,
        };
        Some(Self {
            seq: event.seq(),
            time: event.timestamp(),
            actor,
            kind,
            event,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    pub(in crate::model::tile_past) fn event(seq: i64, kind: &str, fields: &Value) -> DurableEvent {
        let mut event = json!({
            "type": kind, "seq": seq, "tile_id": 1, "canvas_id": 1, "creator_id": 1,
            "updater_id": 2, "deleter_id": 3, "liker_id": 4, "liked": true, "x": 0, "y": 0,
            "version": 1, "like_count": 0, "timestamp": "2026-01-02T03:04:05.000Z",
        });
        if kind == "tile_created" {
            event["title"] = "t".into();
        }
        for (name, value) in fields.as_object().unwrap() {
            event[name] = value.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn what_a_rewrite_did_is_by_who_asked_for_it() {
        let cause = json!({"kind": "revert", "rewrite_id": 5, "by": 9});
        let steps = [
            event(
                2,
                "tile_updated",
                &json!({"delta": [[0, 1]], "cause": cause}),
            ),
            event(3, "tile_deleted", &json!({"cause": cause})),
            event(4, "tile_updated", &json!({"delta": [[0, 1]], "undo_of": 1})),
        ];
        let steps: Vec<_> = steps
            .into_iter()
            .map(|event| Step::new(event).unwrap())
            .map(|step| (step.actor.0, step.kind))
            .collect();
        let rewritten = (9, StepKind::Rewritten);
        assert_eq!(steps, [rewritten, rewritten, (2, StepKind::Undone)]);
    }
}
