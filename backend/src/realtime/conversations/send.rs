//! Storing and removing private messages: who may, in the transaction of the message.

use super::Conversations;
use crate::{
    db::{
        DbError, conversations, direct_messages,
        direct_messages::{LockedConversation, strictness},
        notifications::{self, NewNotification, NotificationTarget, Quoted},
        sanctions,
    },
    realtime::outbound::OutboundMessage,
};
use chrono::{DateTime, Utc};
use shared::{
    api::{
        conversations::DirectMessage,
        notifications::{DirectMessages, NotificationKind},
        sanctions::{Activity, SanctionBrief},
    },
    ids::{ConnectionId, ConversationId, MessageId, OpId, UserId},
    protocol::{Ack, ServerMessage},
};
use sqlx::PgConnection;
use std::time::Duration;
use thiserror::Error;
use uuid::{NoContext, Timestamp, Uuid};

/// Requests that wait for one user. Nobody makes another one before some are accepted.
const MAX_REQUESTS: i64 = 1_000;
/// How long to wait where there are too many.
const FULL_WAIT: Duration = Duration::from_hours(1);
/// The request of the socket, as its `ack` names it.
const REQUEST: &str = "direct_message_send";

/// Why something was not done in a conversation.
#[derive(Clone, Debug, Error)]
pub(crate) enum DirectError {
    /// There is none with this id, or it is one of others.
    #[error("there is no such conversation")]
    ConversationNotFound,
    /// The conversation has no such message.
    #[error("there is no such message")]
    MessageNotFound,
    /// The message is the other's.
    #[error("only its sender may remove a message")]
    Forbidden,
    /// One blocks the other, the preference of the other, or a request that was not accepted.
    #[error("the other user takes no message from you")]
    NotWanted,
    /// A sanction of the sender forbids it.
    #[error("a sanction forbids this: {}", .0.reason)]
    Sanctioned(Box<SanctionBrief>),
    /// Too many requests wait for the other user. Worth a retry after this time.
    #[error("too many requests wait for this user")]
    Full(Duration),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Who sends a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender {
    /// A request over HTTP.
    Http(UserId),
    /// A connection, which gets an `ack`.
    Connection(UserId, ConnectionId),
}

impl Sender {
    fn user(self) -> UserId {
        match self {
            Self::Http(user) | Self::Connection(user, _) => user,
        }
    }
}

/// A message to store.
#[derive(Clone, Debug)]
pub(crate) struct NewMessage {
    pub(crate) conversation: ConversationId,
    /// Cleaned, and of a length that is allowed.
    pub(crate) text: String,
    /// A message is stored once under it.
    pub(crate) op_id: Option<OpId>,
}

/// What came of a message.
#[derive(Clone, Debug)]
pub(crate) enum Sent {
    /// It was stored, and is delivered.
    New(DirectMessage),
    /// It was stored before, under the same `op_id`.
    Before(DirectMessage),
}

/// The `ack` of a message that was stored.
pub(crate) fn ack(op_id: Option<OpId>, message: &DirectMessage) -> OutboundMessage {
    OutboundMessage::custom_reply(&ServerMessage::Ack(Ack {
        op_id,
        seq: Some(message.seq),
        timestamp: Some(message.created_at),
        request: REQUEST.to_owned(),
        message_id: Some(message.message_id),
        ..Ack::default()
    }))
}

impl Conversations {
    /// Stores a message, and delivers it to all connections of both users; the connection that
    /// sent it gets an `ack` in its place. It is stored and delivered also where the caller
    /// does not wait for the answer.
    ///
    /// # Errors
    /// See [`DirectError`].
    pub(crate) async fn send(&self, sender: Sender, new: NewMessage) -> Result<Sent, DirectError> {
        let storing = tokio::spawn(self.clone().store(sender, new));
        // Fails only if the task panicked, or the server stops.
        let stored = storing.await;
        stored.map_err(|_| DirectError::Database(DbError::timed_out()))?
    }

    async fn store(self, sender: Sender, new: NewMessage) -> Result<Sent, DirectError> {
        let user = sender.user();
        let watchers = self.watchers(new.conversation).await;
        let mut transaction = self.inner.pool.begin().await?;
        let locked = direct_messages::lock(&mut transaction, user, new.conversation).await?;
        let locked = locked.ok_or(DirectError::ConversationNotFound)?;
        if let Some(op_id) = new.op_id {
            let prior =
                direct_messages::prior(&mut transaction, user, new.conversation, op_id).await?;
            if let Some(prior) = prior {
                return Ok(Sent::Before(prior));
            }
        }
        let asked_by = permit(&mut transaction, user, &locked).await?;
        let other = locked.other;
        // Not before the message that it follows, whatever the clock does.
        let at = locked
            .last_at
            .map_or(locked.now, |last| last.max(locked.now));
        let message = DirectMessage {
            message_id: message_id(at),
            conversation_id: new.conversation,
            seq: locked.last_seq + 1,
            sender_id: user,
            text: new.text,
            removed: false,
            created_at: at.into(),
            op_id: new.op_id,
        };
        let consent = strictness(locked.own_preference);
        direct_messages::insert(&mut transaction, &message, at, asked_by, consent).await?;
        let notification = NewNotification {
            user: other,
            kind: NotificationKind::DirectMessage,
            canvas: None,
            by: Some(user),
            target: NotificationTarget {
                message: Some(message.message_id),
                conversation: Some(new.conversation.0),
                subject: Some(new.conversation.0),
                ..NotificationTarget::default()
            },
            count: 1,
            text: message.text.clone(),
            is_read: self.is_watching(&watchers, new.conversation, other),
        };
        let outgoing = notifications::add(&mut transaction, &[notification]).await?;
        let acting = match sender {
            Sender::Connection(_, connection) => {
                let ack = ack(new.op_id, &message);
                let deliveries = &self.inner.deliveries;
                Some(deliveries.expect_ack(message.message_id, connection, ack))
            }
            Sender::Http(_) => None,
        };
        transaction.commit().await?;
        metrics::counter!("stellar_direct_messages_total").increment(1);
        self.deliver_stored(message.clone(), other, locked.last_at, acting);
        self.inner.notifier.notify(outgoing);
        Ok(Sent::New(message))
    }

    /// Takes the words out of a message of the user, and delivers it once more to all
    /// connections of both users. A second time nothing changes.
    ///
    /// # Errors
    /// See [`DirectError`].
    pub(crate) async fn remove(
        &self,
        user: UserId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(), DirectError> {
        let removing = tokio::spawn(self.clone().take_words(user, conversation, message));
        let removed = removing.await;
        removed.map_err(|_| DirectError::Database(DbError::timed_out()))?
    }

    async fn take_words(
        self,
        user: UserId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(), DirectError> {
        let mut transaction = self.inner.pool.begin().await?;
        let locked = direct_messages::lock(&mut transaction, user, conversation).await?;
        let locked = locked.ok_or(DirectError::ConversationNotFound)?;
        let found = direct_messages::find(&mut transaction, user, message).await?;
        let mut message = found
            .filter(|message| message.conversation_id == conversation)
            .ok_or(DirectError::MessageNotFound)?;
        if message.sender_id != user {
            return Err(DirectError::Forbidden);
        }
        if message.removed {
            return Ok(());
        }
        direct_messages::remove(&mut transaction, &message, locked.now).await?;
        let quoted = Quoted::Message(message.message_id);
        notifications::replace_words(&mut transaction, quoted, "").await?;
        transaction.commit().await?;
        message.removed = true;
        message.text.clear();
        self.deliver_removed(message, locked.other);
        Ok(())
    }
}

/// A new id, by the database's time as all nodes' are.
fn message_id(at: DateTime<Utc>) -> MessageId {
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    let at = Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos());
    MessageId(Uuid::new_v7(at))
}

/// Whether the user may write in a conversation. Returns who asks for it from then on.
async fn permit(
    connection: &mut PgConnection,
    user: UserId,
    locked: &LockedConversation,
) -> Result<Option<UserId>, DirectError> {
    let other = locked.other;
    if locked.has_sanctions {
        let found = sanctions::towards(&mut *connection, user, other).await?;
        if let Some(brief) = sanctions::forbidding(&found, Activity::Speaking, locked.now) {
            return Err(DirectError::Sanctioned(brief));
        }
    }
    if locked.is_blocked || locked.is_other_deleted {
        return Err(DirectError::NotWanted);
    }
    let is_first = locked.last_seq == 0;
    if !is_first && locked.asked_by == Some(user) {
        return Err(DirectError::NotWanted);
    }
    let has_consent = locked.consent >= strictness(locked.preference);
    let shares_matter = (is_first && locked.asked_by.is_some())
        || (!has_consent && locked.preference == DirectMessages::SharedCanvas);
    let share =
        shares_matter && conversations::share_a_canvas(&mut *connection, user, other).await?;
    let is_taken = match locked.preference {
        DirectMessages::Everybody => true,
        DirectMessages::SharedCanvas => has_consent || share,
        DirectMessages::Nobody => has_consent,
    };
    if !is_taken {
        return Err(DirectError::NotWanted);
    }
    if !is_first || locked.asked_by.is_none() || share {
        // An answer accepts.
        return Ok(None);
    }
    let waiting = conversations::waiting_requests(connection, other, MAX_REQUESTS).await?;
    if waiting >= MAX_REQUESTS {
        return Err(DirectError::Full(FULL_WAIT));
    }
    Ok(Some(user))
}
