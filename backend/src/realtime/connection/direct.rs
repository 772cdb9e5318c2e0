//! A connection's requests about private messages. They need the database and no room, so that
//! a task of their own executes them, one after the other; it starts with the first one and ends
//! with the connection.

use super::{Connection, Disconnect, MAX_IN_FLIGHT};
use crate::realtime::{
    conversations::{DirectError, NewMessage, Sender, Sent, ack},
    hub::Hub,
    outbound::OutboundMessage,
    registry::ConnectionHandle,
};
use shared::{
    ids::OpId,
    protocol::{
        Ack, ClientMessage, ClientRequest, CloseReason, ErrorCode, ErrorMessage, ServerMessage,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// When a request may be sent again that found the database away.
const UNAVAILABLE_WAIT: Duration = Duration::from_secs(1);

/// The requests that wait, each with its permit.
pub(super) type DirectQueue = mpsc::Sender<(ClientRequest, OwnedSemaphorePermit)>;

impl Connection {
    /// Queues a request about private messages; waits while too many wait for their answer.
    pub(super) async fn queue_direct(&mut self, request: ClientRequest) -> Result<(), Disconnect> {
        let permit = self.acquire_in_flight().await?;
        let queue = self.direct.get_or_insert_with(|| {
            // As large as the number of permits.
            let (queue, requests) = mpsc::channel(MAX_IN_FLIGHT);
            let hub = self.membership.hub.clone();
            tokio::spawn(process(hub, self.handle.clone(), requests));
            queue
        });
        queue
            .try_send((request, permit))
            .map_err(|_| Disconnect::Close(CloseReason::Internal))
    }
}

/// Executes the queued requests, one after the other.
async fn process(
    hub: Hub,
    handle: Arc<ConnectionHandle>,
    mut requests: mpsc::Receiver<(ClientRequest, OwnedSemaphorePermit)>,
) {
    while let Some((request, _permit)) = requests.recv().await {
        let op_id = request.op_id;
        match execute(&hub, &handle, request).await {
            Ok(Some(message)) => handle.outbox.push(message),
            Ok(None) => {}
            Err(error) => handle.outbox.push(refusal(op_id, &error)),
        }
    }
}

/// Executes a request. Returns the reply, unless it was sent already.
async fn execute(
    hub: &Hub,
    handle: &ConnectionHandle,
    request: ClientRequest,
) -> Result<Option<OutboundMessage>, DirectError> {
    let (user, connection) = (handle.identity.user_id, handle.connection_id);
    let conversations = hub.conversations();
    let kind = request.message.message_type();
    match request.message {
        ClientMessage::DirectMessageSend {
            conversation_id,
            text,
        } => {
            let new = NewMessage {
                conversation: conversation_id,
                text,
                op_id: request.op_id,
            };
            let sender = Sender::Connection(user, connection);
            match conversations.send(sender, new).await? {
                // The `ack` has its place among the messages.
                Sent::New(_) => Ok(None),
                Sent::Before(message) => Ok(Some(ack(request.op_id, &message))),
            }
        }
        ClientMessage::DirectMessageRead {
            conversation_id,
            seq,
        } => {
            let reading = conversations.read(user, conversation_id, seq, Some(connection));
            reading.await?;
            Ok(Some(OutboundMessage::reply(&ServerMessage::Ack(Ack {
                op_id: request.op_id,
                request: kind.to_owned(),
                ..Ack::default()
            }))))
        }
        ClientMessage::DirectTyping {
            conversation_id,
            is_typing,
        } => {
            let typing = conversations.set_typing(user, conversation_id, is_typing);
            typing.await?;
            conversations.open(connection, user, conversation_id).await;
            Ok(None)
        }
        // Nothing else is queued here.
        _ => Ok(None),
    }
}

/// The `error` of a request that was not carried out.
fn refusal(op_id: Option<OpId>, error: &DirectError) -> OutboundMessage {
    let (code, wait) = match error {
        DirectError::ConversationNotFound => (ErrorCode::ConversationNotFound, None),
        DirectError::MessageNotFound => (ErrorCode::MessageNotFound, None),
        DirectError::Forbidden => (ErrorCode::Forbidden, None),
        DirectError::NotWanted => (ErrorCode::NotWanted, None),
        DirectError::Sanctioned(_) => (ErrorCode::Sanctioned, None),
        DirectError::Full(wait) => (ErrorCode::RateLimited, Some(*wait)),
        DirectError::Database(error) if error.is_unavailable() => {
            (ErrorCode::Unavailable, Some(UNAVAILABLE_WAIT))
        }
        DirectError::Database(error) => {
            tracing::error!(%error, "a request about private messages failed");
            (ErrorCode::Internal, None)
        }
    };
    let message = match error {
        DirectError::Database(_) => "the request was not stored".to_owned(),
        error => error.to_string(),
    };
    OutboundMessage::reply(&ServerMessage::Error(ErrorMessage {
        code,
        message,
        op_id,
        retry_after_ms: wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        sanction: match error {
            DirectError::Sanctioned(sanction) => Some(sanction.clone()),
            _ => None,
        },
    }))
}
