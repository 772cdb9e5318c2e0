//! The newest durable events of a canvas, in memory, for clients that reconnect soon.

use super::{frame::EncodedFrame, write::Identity};
use crate::words::TextRevision;
use shared::protocol::{ChatEvent, CommentCreated, CommentUpdated, DurableEvent};
use std::collections::VecDeque;

/// The most events that are kept.
const EVENTS: usize = 512;
/// The most bytes of JSON that are kept.
const BYTES: usize = 1024 * 1024;

/// In the wire form of an answer. In a text the quotes are escaped.
const ANSWER: &str = r#""reply_to":{"#;

/// A durable event with the bytes of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    pub(crate) body: EncodedFrame,
}

/// See the module. The `seq`s of the events follow each other without a gap.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    events: VecDeque<Event>,
    bytes: usize,
}

impl Ring {
    /// Adds the next event. One that does not follow the last replaces all others. One that
    /// tells of new words, or of words that were removed, changes them in memory too.
    pub(crate) fn push(&mut self, event: Event) {
        if let Some(revision) = TextRevision::announced_by(event.body.as_json()) {
            self.reword(&revision);
        }
        if self.events.back().is_some_and(|e| e.seq + 1 != event.seq) {
            self.events.clear();
            self.bytes = 0;
        }
        self.bytes += event.body.len();
        self.events.push_back(event);
        self.trim();
    }

    /// Replaces the names of a sender in the chat messages and comments. An answer names whom it
    /// answers, and does not say which user that is: answers are forgotten, and all events before
    /// them. The newest event stays, by which the log is compared.
    pub(crate) fn rename_sender(&mut self, sender: &Identity) {
        let is_answer = |event: &Event| {
            str::from_utf8(event.body.as_json()).is_ok_and(|body| body.contains(ANSWER))
        };
        let last_answer = self.events.iter().rposition(is_answer);
        for _ in 0..last_answer.map_or(0, |last| (last + 1).min(self.events.len() - 1)) {
            self.evict_oldest();
        }
        for event in &mut self.events {
            let Ok(mut renamed) = serde_json::from_slice(event.body.as_json()) else {
                continue;
            };
            if !rename(&mut renamed, sender) {
                continue;
            }
            let body = EncodedFrame::of(&renamed);
            self.bytes = self.bytes + body.len() - event.body.len();
            event.body = body;
        }
        self.trim();
    }

    /// Forgets the oldest events until both bounds hold.
    fn trim(&mut self) {
        while self.events.len() > EVENTS || self.bytes > BYTES {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        if let Some(oldest) = self.events.pop_front() {
            self.bytes -= oldest.body.len();
        }
    }

    fn reword(&mut self, revision: &TextRevision) {
        for event in &mut self.events {
            if let Some(body) = revision.apply_to(event.body.as_json()) {
                self.bytes -= event.body.len();
                event.body = body.into();
                self.bytes += event.body.len();
            }
        }
        self.trim();
    }

    /// One event; `None` if it is not kept any more.
    pub(crate) fn event(&self, seq: i64) -> Option<&Event> {
        let first = self.events.front()?.seq;
        self.events.get(usize::try_from(seq - first).ok()?)
    }

    /// All events after `seq` up to `head`; `None` if some are not kept any more.
    pub(crate) fn since(&self, seq: i64, head: i64) -> Option<Vec<Event>> {
        if seq >= head {
            return Some(Vec::new());
        }
        let first = self.events.front()?.seq;
        let last = self.events.back()?.seq;
        if seq + 1 < first || last < head {
            return None;
        }
        let skip = usize::try_from(seq + 1 - first).ok()?;
        Some(self.events.iter().skip(skip).cloned().collect())
    }
}

/// Replaces the names of a sender; false where the event has none of theirs.
fn rename(event: &mut DurableEvent, sender: &Identity) -> bool {
    let (user, username, display_name) = match event {
        DurableEvent::CanvasChatMessage(ChatEvent { message, .. }) => (
            message.sender_id,
            &mut message.sender_username,
            &mut message.sender_display_name,
        ),
        DurableEvent::CommentCreated(CommentCreated { comment, .. })
        | DurableEvent::CommentUpdated(CommentUpdated { comment, .. }) => {
            let author = &mut comment.author;
            (
                author.user_id,
                &mut author.username,
                &mut author.display_name,
            )
        }
        DurableEvent::ChatEdited(_)
        | DurableEvent::ChatRemoved(_)
        | DurableEvent::TileCreated(_)
        | DurableEvent::TileUpdated(_)
        | DurableEvent::TileLiked(_)
        | DurableEvent::TileDeleted(_)
        | DurableEvent::CanvasUpdated(_) => return false,
    };
    if user != sender.user_id {
        return false;
    }
    *username = sender.username.to_string();
    *display_name = sender.display_name.to_string();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::{collection::vec, prelude::*};

    fn event(seq: i64, size: usize) -> Event {
        Event {
            seq,
            body: vec![0; size].into(),
        }
    }

    fn seqs(ring: &Ring, after: i64, head: i64) -> Option<Vec<i64>> {
        Some(ring.since(after, head)?.iter().map(|e| e.seq).collect())
    }

    #[test]
    fn gives_all_after_a_seq_or_says_that_it_cannot() {
        let mut ring = Ring::default();
        assert_eq!(seqs(&ring, 0, 0), Some(vec![]));
        assert_eq!(seqs(&ring, 0, 3), None);
        for seq in 4..=6 {
            ring.push(event(seq, 1));
        }
        assert_eq!(seqs(&ring, 3, 6), Some(vec![4, 5, 6]));
        assert_eq!(seqs(&ring, 5, 6), Some(vec![6]));
        assert_eq!(seqs(&ring, 6, 6), Some(vec![]));
        assert_eq!(seqs(&ring, 2, 6), None);
        assert_eq!(ring.event(5), Some(&event(5, 1)));
        assert_eq!((ring.event(3), ring.event(7)), (None, None));
    }

    #[test]
    fn is_bounded_in_number_and_bytes() {
        let mut ring = Ring::default();
        for seq in 1..=600 {
            ring.push(event(seq, 1));
        }
        assert_eq!(ring.events.len(), EVENTS);
        assert_eq!(seqs(&ring, 87, 600), None);
        assert_eq!(seqs(&ring, 88, 600).unwrap().len(), 512);
        ring.push(event(601, BYTES));
        assert_eq!(seqs(&ring, 600, 601), Some(vec![601]));
        assert_eq!(seqs(&ring, 599, 601), None);
    }

    #[test]
    fn words_that_are_replaced_or_removed_change_in_memory_too() {
        const TIME: &str = "2025-08-29T21:45:19.000Z";
        let id = |seq: i64| format!("018f4e1c-0000-7000-8000-{seq:012}");
        let event = |seq: i64, fields: &str| Event {
            seq,
            body: format!(r#"{{"type":{fields},"canvas_id":7,"seq":{seq}}}"#).into(),
        };
        let message = |seq: i64, answered: &str| {
            let id = id(seq);
            event(
                seq,
                &format!(
                    r#""canvas_chat_message","message_id":"{id}","sender_id":1,"sender_username":"a","sender_display_name":"A","message_text":"words {seq}","created_at":"{TIME}","reply_to":{answered}"#
                ),
            )
        };
        let answer = |seq: i64, to: i64| {
            let id = id(to);
            let answered =
                format!(r#"{{"message_id":"{id}","sender_username":"a","excerpt":"words"}}"#);
            message(seq, &answered)
        };
        let changed = |seq: i64, target: i64, fields: &str| {
            let id = id(target);
            event(
                seq,
                &format!(r#""chat_{fields},"message_id":"{id}","target_seq":{target}"#),
            )
        };
        let removal = |seq, target| {
            let fields = format!(r#"removed","remover_id":1,"by":"author","timestamp":"{TIME}""#);
            changed(seq, target, &fields)
        };
        let edit = |seq, target, text: &str| {
            let fields = format!(r#"edited","message_text":"{text}","edited_at":"{TIME}""#);
            changed(seq, target, &fields)
        };
        let mut ring = Ring::default();
        for event in [
            message(4, "null"),
            message(5, "null"),
            // What they answer is not in memory.
            answer(6, 2),
            answer(7, 3),
            edit(8, 5, "newer"),
            answer(9, 5),
            edit(10, 5, "newest"),
            removal(11, 3),
            edit(12, 2, "of old"),
        ] {
            ring.push(event);
        }
        let field = |seq, pointer: &str| {
            let event = ring.event(seq).unwrap();
            let event: serde_json::Value = serde_json::from_slice(event.body.as_json()).unwrap();
            event.pointer(pointer).unwrap().clone()
        };
        assert_eq!(field(4, "/message_text"), "words 4");
        assert_eq!(field(5, "/message_text"), "newest");
        assert_eq!(field(5, "/edited_at"), TIME);
        assert_eq!(field(6, "/reply_to/excerpt"), "of old");
        assert_eq!(field(7, "/reply_to/excerpt"), "");
        assert_eq!(field(7, "/message_text"), "words 7");
        assert_eq!(field(8, "/message_text"), "newest");
        assert_eq!(field(9, "/reply_to/excerpt"), "newest");
        ring.push(removal(13, 5));
        for seq in [5, 8, 10] {
            let event = String::from_utf8(ring.event(seq).unwrap().body.as_json().to_vec());
            let event = event.unwrap();
            assert!(event.contains(r#""message_text":"""#) && event.contains(TIME));
        }
        let bytes: usize = ring.events.iter().map(|e| e.body.len()).sum();
        assert_eq!((ring.bytes, ring.events.len()), (bytes, 10));
    }

    #[test]
    fn a_sender_is_renamed_in_their_messages_alone() {
        let chat = |seq: i64, sender: i64, name: &str| {
            Event {
            seq,
            body: format!(
                r#"{{"type":"canvas_chat_message","message_id":"{}","canvas_id":1,"seq":{seq},"sender_id":{sender},"sender_username":"{name}","sender_display_name":"{name}","message_text":"I am {name}","created_at":"2026-01-02T03:04:05.678Z"}}"#,
                uuid::Uuid::nil()
            )
            .into(),
        }
        };
        let mut ring = Ring::default();
        let other = event(2, 5);
        for event in [chat(1, 7, "ann"), other.clone(), chat(3, 8, "ann")] {
            ring.push(event);
        }
        ring.rename_sender(&Identity {
            user_id: shared::ids::UserId(7),
            username: "deleted-7".into(),
            display_name: "Deleted account".into(),
            name_version: 1,
        });
        let renamed: serde_json::Value =
            serde_json::from_slice(ring.event(1).unwrap().body.as_json()).unwrap();
        assert_eq!(renamed["sender_username"], "deleted-7");
        assert_eq!(renamed["sender_display_name"], "Deleted account");
        assert_eq!(renamed["message_text"], "I am ann");
        assert_eq!(renamed["created_at"], "2026-01-02T03:04:05.678Z");
        assert_eq!(ring.event(2), Some(&other));
        assert_eq!(ring.event(3), Some(&chat(3, 8, "ann")));
        let bytes: usize = ring.events.iter().map(|event| event.body.len()).sum();
        assert_eq!(bytes, ring.bytes);
        // An answer may name them.
        let answer = r#"{"type":"canvas_chat_message","reply_to":{"message_id":"x"}}"#;
        for (seq, body) in [(4, answer), (5, "{}"), (6, "{}")] {
            let body = EncodedFrame::from(body.to_owned());
            ring.push(Event { seq, body });
        }
        ring.rename_sender(&Identity {
            user_id: shared::ids::UserId(7),
            username: "deleted-7".into(),
            display_name: "Deleted account".into(),
            name_version: 1,
        });
        assert_eq!(seqs(&ring, 4, 6), Some(vec![5, 6]));
        assert_eq!(seqs(&ring, 3, 6), None);
        let bytes: usize = ring.events.iter().map(|event| event.body.len()).sum();
        assert_eq!(bytes, ring.bytes);
    }

    #[test]
    fn never_bridges_a_gap() {
        let mut ring = Ring::default();
        ring.push(event(1, 1));
        ring.push(event(3, 1));
        assert_eq!(seqs(&ring, 0, 3), None);
        assert_eq!(seqs(&ring, 2, 3), Some(vec![3]));
    }

    /// What the ring should still have: the longest end of all events that
    /// has no gap and is within both bounds.
    fn kept(all: &[(i64, usize)]) -> &[(i64, usize)] {
        let mut from = all.len();
        let mut bytes = 0;
        while from > 0 && all.len() - from < EVENTS {
            let (seq, size) = all[from - 1];
            let follows = all.get(from).is_none_or(|next| next.0 == seq + 1);
            bytes += size;
            if !follows || bytes > BYTES {
                break;
            }
            from -= 1;
        }
        &all[from..]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn answers_as_a_plain_list_would(
            pushes in vec((
                prop_oneof![60 => Just(1_i64), 1 => 2_i64..5, 1 => Just(0_i64)],
                prop_oneof![20 => 0_usize..300, 1 => 0..BYTES / 3, 1 => BYTES - 2..BYTES + 2],
            ), 0..700),
            asked in vec((0_i64..1_000, 0_i64..3), 1..20),
        ) {
            let zeros = Bytes::from(vec![0; BYTES + 2]);
            let mut ring = Ring::default();
            let mut all = Vec::new();
            let mut seq = 0;
            for (step, size) in pushes {
                seq += step;
                ring.push(Event { seq, body: zeros.slice(..size).into() });
                all.push((seq, size));
                prop_assert!(ring.events.len() <= EVENTS);
                let bytes: usize = ring.events.iter().map(|e| e.body.len()).sum();
                prop_assert!(bytes == ring.bytes && bytes <= BYTES);
            }
            let kept = kept(&all);
            for (position, ahead) in asked {
                let (after, head) = (position % (seq + 3), seq + ahead);
                let wanted: Vec<i64> = (after + 1..=head).collect();
                let has = |seq: &i64| kept.iter().any(|event| event.0 == *seq);
                let expected = wanted.iter().all(has).then_some(wanted);
                prop_assert_eq!(seqs(&ring, after, head), expected);
            }
        }
    }
}
