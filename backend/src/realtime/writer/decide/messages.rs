//! Decisions about chat messages: saying, editing and removing them.

use super::{Planner, not_json, nothing};
use crate::{
    db::{removed_messages::Removal, words::Rewording},
    realtime::{
        write::WriteError,
        writer::{Applied, Request, chat, plan::LogLine},
    },
    words::TextRevision,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::{
    api::{ReplyTo, moderation::ModerationAction},
    canvas::{Rank, Refusal, Role},
    ids::{MessageId, UserId},
    limits,
    protocol::{ChatEdited, ChatEvent, ChatRemoved, DurableEvent, RemovedBy},
    text::ChatText,
};

impl Planner {
    /// Appends a chat message.
    pub(super) fn chat(
        &mut self,
        request: &Request,
        role: Role,
        text: &ChatText,
        reply_to: Option<MessageId>,
    ) -> Result<Applied, WriteError> {
        self.check_chat(request, role)?;
        let answered = match reply_to {
            Some(id) => Some(&self.message(id)?.message),
            None => None,
        };
        let words_of = answered.map(|message| message.seq);
        let answered_user = answered.map(|message| message.sender_id);
        let reply_to = answered.map(ReplyTo::of);
        let (write, seq) = (&request.write, self.seq + 1);
        let event = chat::event(self.canvas, write, text, reply_to, seq, self.now);
        let applied = self.append_repeating(request, &event, words_of)?;
        self.note_chat(write.identity.user_id);
        self.notify_of_chat(request, &event, answered_user);
        Ok(applied)
    }

    /// Replaces the words of a message. Where they are the same nothing changes.
    pub(super) fn edit_message(
        &mut self,
        request: &Request,
        role: Role,
        id: MessageId,
        text: &ChatText,
    ) -> Result<Applied, WriteError> {
        let mut event = self.message(id)?.clone();
        let message = &mut event.message;
        if message.removed {
            return Err(WriteError::MessageNotFound);
        }
        let is_own = message.sender_id == request.write.identity.user_id;
        if !is_own || self.now > editable_until(message.created_at.into()) {
            return Err(Refusal::Forbidden.into());
        }
        self.check_slow_mode(request, role)?;
        if message.message_text == text.as_str() {
            return Ok(nothing());
        }
        text.as_str().clone_into(&mut message.message_text);
        message.edited_at = Some(self.now.into());
        let target_seq = message.seq;
        let edited = DurableEvent::ChatEdited(ChatEdited {
            seq: self.seq + 1,
            canvas_id: self.canvas,
            message_id: id,
            target_seq,
            message_text: message.message_text.clone(),
            edited_at: self.now.into(),
            op_id: request.write.op_id,
        });
        let applied = self.append_repeating(request, &edited, Some(target_seq))?;
        self.reword(event)?;
        Ok(applied)
    }

    /// A message of the canvas.
    fn message(&self, id: MessageId) -> Result<&ChatEvent, WriteError> {
        let mut events = self.messages.values();
        let found = events.find(|event| event.message.message_id == id);
        found.ok_or(WriteError::MessageNotFound)
    }

    /// Stores other words of a message. The newest event tells of it.
    fn reword(&mut self, event: ChatEvent) -> Result<(), WriteError> {
        let (seq, revision) = (event.message.seq, TextRevision::of_message(&event.message));
        let stored = DurableEvent::CanvasChatMessage(event.clone());
        let body = serde_json::to_string(&stored).map_err(|error| not_json(&error))?;
        self.messages.insert(seq, event);
        let rewordings = &mut self.plan.rewordings;
        rewordings.of.insert(seq, Rewording { body, revision });
        rewordings.last_seq = self.seq;
        Ok(())
    }

    /// Removes one message. Of a message that was removed already nothing changes.
    pub(super) fn remove_message(
        &mut self,
        request: &Request,
        id: MessageId,
    ) -> Result<Applied, WriteError> {
        let message = &self.message(id)?.message;
        let (seq, sender) = (message.seq, message.sender_id);
        let by = self.removes_as(request, sender)?;
        let Some(applied) = self.remove(request, seq, by)? else {
            return Ok(nothing());
        };
        if by == RemovedBy::Moderator {
            self.plan.log_lines.push(LogLine {
                action: ModerationAction::MessageRemoved,
                actor: request.write.identity.user_id,
                target: Some(sender),
                reason: String::new(),
                detail: json!({ "message_id": id, "target_seq": seq }),
            });
        }
        Ok(applied)
    }

    /// Removes those of these messages that are the sender's and are not removed yet.
    pub(super) fn purge_messages(
        &mut self,
        request: &Request,
        sender: UserId,
        seqs: &[i64],
        reason: &str,
    ) -> Result<Applied, WriteError> {
        let by = self.removes_as(request, sender)?;
        let mut purged = nothing();
        let mut count = 0_i64;
        for seq in seqs {
            let event = self.messages.get(seq);
            if event.map(|event| event.message.sender_id) != Some(sender) {
                continue;
            }
            if let Some(applied) = self.remove(request, *seq, by)? {
                purged = applied;
                count += 1;
            }
        }
        if count > 0 && by == RemovedBy::Moderator {
            self.plan.log_lines.push(LogLine {
                action: ModerationAction::MessagesPurged,
                actor: request.write.identity.user_id,
                target: Some(sender),
                reason: reason.to_owned(),
                detail: json!({ "removed": count }),
            });
        }
        purged.done.removed = Some(count);
        Ok(purged)
    }

    /// As what the user who asks may remove the messages of `sender`.
    pub(super) fn removes_as(
        &self,
        request: &Request,
        sender: UserId,
    ) -> Result<RemovedBy, WriteError> {
        let remover = request.write.identity.user_id;
        if remover == sender {
            return Ok(RemovedBy::Author);
        }
        let of = |user| (user, self.rank(user));
        if Rank::may_act(of(remover), of(sender)) {
            Ok(RemovedBy::Moderator)
        } else {
            Err(Refusal::Forbidden.into())
        }
    }

    /// Removes one message; `None` if that was done already.
    fn remove(
        &mut self,
        request: &Request,
        seq: i64,
        by: RemovedBy,
    ) -> Result<Option<Applied>, WriteError> {
        let stored = self.messages.get(&seq);
        let Some(stored) = stored.filter(|event| !event.message.removed) else {
            return Ok(None);
        };
        let mut blank = stored.clone();
        let text = std::mem::take(&mut blank.message.message_text);
        blank.message.removed = true;
        let (message_id, sender_id) = (blank.message.message_id, blank.message.sender_id);
        let remover_id = request.write.identity.user_id;
        let event = DurableEvent::ChatRemoved(ChatRemoved {
            seq: self.seq + 1,
            canvas_id: self.canvas,
            message_id,
            target_seq: seq,
            remover_id,
            by,
            timestamp: self.now.into(),
            op_id: request.write.op_id,
        });
        let applied = self.append(request, &event)?;
        self.plan.removals.push(Removal {
            seq,
            message_id,
            sender_id,
            text,
            remover_id,
        });
        self.reword(blank)?;
        Ok(Some(applied))
    }
}

/// Until when a message can be edited.
fn editable_until(created_at: DateTime<Utc>) -> DateTime<Utc> {
    created_at + TimeDelta::seconds(limits::EDIT_S)
}
