//! Dispatch of a client's request: durable ones go into the write queue, the others
//! are passed on at once.

use super::{Room, command::ReplyTo, ephemeral::Mention};
use crate::realtime::{
    outbound::OutboundMessage,
    write::{CommentOp, Operation, Write},
};
use shared::{
    canvas::{Coord, TileOp},
    ids::ConnectionId,
    protocol::{ClientMessage, ClientRequest, ErrorCode},
};
use tokio::sync::OwnedSemaphorePermit;

impl Room {
    /// Handles a member's request; ignored if the member is gone. The permit is
    /// released with the reply.
    pub(super) fn on_request(
        &mut self,
        connection: ConnectionId,
        request: ClientRequest,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let Some(member) = self.members.get(connection) else {
            return;
        };
        let kind = request.message.message_type();
        let op_id = request.op_id;
        let operation = match request.message {
            ClientMessage::CanvasChat {
                canvas_id: Some(id),
                ..
            } if id != self.canvas_id => {
                let message = "this connection is on another canvas";
                let error = OutboundMessage::error(ErrorCode::CanvasMismatch, message, op_id);
                return self.delivery.send_to(connection, error);
            }
            ClientMessage::UserPresence(change) => {
                return self.on_presence_change(connection, change, op_id);
            }
            ClientMessage::TileMention {
                tile_x,
                tile_y,
                highlight_type,
                message,
                duration,
            } => {
                let at = Coord {
                    x: tile_x,
                    y: tile_y,
                };
                let mention = Mention {
                    at,
                    highlight_type,
                    message,
                    duration,
                    op_id,
                };
                return self.on_mention(connection, mention);
            }
            message => match operation(message) {
                Some(operation) => operation,
                None => return,
            },
        };
        let write = Write {
            identity: member.identity.clone(),
            role: member.role,
            acl_version: member.acl_version,
            sanctions: member.sanctions.clone(),
            standing: self.standing(member),
            op_id,
            operation,
        };
        self.enqueue(
            write,
            Some(connection),
            ReplyTo::Socket(connection, kind, permit),
        );
    }
}

/// What a durable request, or one for a lock, asks for. None for all others.
fn operation(message: ClientMessage) -> Option<Operation> {
    let tile = |x, y, op| Operation::Tile {
        at: Coord { x, y },
        expected: None,
        op,
        undo_of: None,
    };
    Some(match message {
        ClientMessage::CanvasChat { text, reply_to, .. } => Operation::Chat { text, reply_to },
        ClientMessage::ChatEdit { message_id, text } => Operation::EditMessage {
            id: message_id,
            text,
        },
        ClientMessage::ChatRemove { message_id } => Operation::RemoveMessage(message_id),
        ClientMessage::CommentCreate {
            x,
            y,
            text,
            parent_id,
        } => Operation::Comment(CommentOp::Create {
            at: Coord { x, y },
            text,
            parent: parent_id,
        }),
        ClientMessage::CommentUpdate {
            comment_id,
            text,
            resolved,
        } => Operation::Comment(CommentOp::Update {
            id: comment_id,
            text,
            resolved,
        }),
        ClientMessage::CommentRemove { comment_id } => {
            Operation::Comment(CommentOp::Remove(comment_id))
        }
        ClientMessage::TileCreate {
            x,
            y,
            title,
            pixels,
        } => tile(x, y, TileOp::Create { title, pixels }),
        ClientMessage::TilePaint {
            x,
            y,
            pixels,
            undo_of,
        } => Operation::Tile {
            at: Coord { x, y },
            expected: None,
            op: TileOp::Paint { edits: pixels },
            undo_of,
        },
        ClientMessage::TileUpdate {
            x,
            y,
            title,
            pixels,
        } => tile(
            x,
            y,
            TileOp::Update {
                title,
                pixels,
                base_version: None,
            },
        ),
        ClientMessage::TileLike { x, y, liked } => tile(x, y, TileOp::Like { liked }),
        ClientMessage::TileDelete { x, y } => tile(x, y, TileOp::Delete),
        ClientMessage::TileLock { x, y } => Operation::Lock { at: Coord { x, y } },
        ClientMessage::TileUnlock { x, y } => Operation::Unlock { at: Coord { x, y } },
        // The room passes these on, and the connection answers the others itself.
        ClientMessage::UserPresence(_)
        | ClientMessage::TileMention { .. }
        | ClientMessage::Hello { .. }
        | ClientMessage::DirectMessageSend { .. }
        | ClientMessage::DirectMessageRead { .. }
        | ClientMessage::DirectTyping { .. }
        | ClientMessage::RequestUpdate { .. }
        | ClientMessage::Ping { .. }
        | ClientMessage::Heartbeat { .. }
        | ClientMessage::AuthRefresh { .. } => return None,
    })
}
