//! Decisions about removing chat messages, and the events that they make.

use super::{Planner, nothing};
use crate::{
    db::removed_messages::Removal,
    realtime::{
        removed_chat::without_words,
        write::WriteError,
        writer::{Applied, Request, plan::LogLine},
    },
};
use serde_json::json;
use shared::{
    api::moderation::ModerationAction,
    canvas::{Rank, Refusal},
    ids::{MessageId, UserId},
    protocol::{ChatRemoved, DurableEvent, RemovedBy},
};

impl Planner {
    /// Removes one message. Of a message that was removed already nothing changes.
    pub(super) fn remove_message(
        &mut self,
        request: &Request,
        id: MessageId,
    ) -> Result<Applied, WriteError> {
        let found = self.messages.values().find(|message| message.id == id);
        let Some((seq, sender)) = found.map(|message| (message.seq, message.sender_id)) else {
            return Err(WriteError::MessageNotFound);
        };
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
            if self.messages.get(seq).map(|message| message.sender_id) != Some(sender) {
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
    fn removes_as(&self, request: &Request, sender: UserId) -> Result<RemovedBy, WriteError> {
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
        let Some(message) = self.messages.get_mut(&seq) else {
            return Ok(None);
        };
        let Some((words, body)) = without_words(message.body.as_bytes()) else {
            return Ok(None);
        };
        message.body.clone_from(&body);
        let remover_id = request.write.identity.user_id;
        let event = DurableEvent::ChatRemoved(ChatRemoved {
            seq: self.seq + 1,
            canvas_id: self.canvas,
            message_id: words.message_id,
            target_seq: seq,
            remover_id,
            by,
            timestamp: self.now.into(),
            op_id: request.write.op_id,
        });
        let applied = self.append(request, &event)?;
        self.plan.removals.push(Removal {
            seq,
            message_id: words.message_id,
            sender_id: words.sender_id,
            text: words.message_text,
            body,
            remover_id,
            removed_by_seq: self.seq,
        });
        Ok(Some(applied))
    }
}
