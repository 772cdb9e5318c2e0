//! What a connection asks of its room, sorted into what is written and what is
//! only passed on.

use super::{Answer, Room};
use crate::realtime::{
    frame::OutboundMessage,
    write::{Operation, Write},
    writer::Request,
};
use shared::{
    canvas::{Coord, TileOp},
    ids::ConnectionId,
    protocol::{ClientMessage, ClientRequest, ErrorCode},
};
use tokio::sync::OwnedSemaphorePermit;

impl Room {
    pub(super) fn ask(
        &mut self,
        connection: ConnectionId,
        request: ClientRequest,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let Some(member) = self.members.get(&connection) else {
            return;
        };
        let kind = request.message.message_type();
        let op_id = request.op_id;
        let tile = |x, y, op| Operation::Tile {
            at: Coord { x, y },
            expected: None,
            op,
        };
        let operation = match request.message {
            ClientMessage::CanvasChat { text, canvas_id } => {
                if canvas_id.is_some_and(|id| id != self.canvas_id) {
                    let message = "this connection is on another canvas";
                    let error = OutboundMessage::error(ErrorCode::CanvasMismatch, message, op_id);
                    return self.fanout.to_one(connection, error);
                }
                Operation::Chat(text)
            }
            ClientMessage::TileCreate {
                x,
                y,
                title,
                pixels,
            } => tile(x, y, TileOp::Create { title, pixels }),
            ClientMessage::TilePaint { x, y, pixels } => {
                tile(x, y, TileOp::Paint { edits: pixels })
            }
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
            ClientMessage::UserPresence(change) => {
                return self.presence_change(connection, change, op_id);
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
                return self.mention(connection, at, highlight_type, message, duration, op_id);
            }
            // The connection itself answers these.
            ClientMessage::Hello { .. }
            | ClientMessage::RequestUpdate { .. }
            | ClientMessage::Ping { .. }
            | ClientMessage::Heartbeat { .. }
            | ClientMessage::AuthRefresh { .. } => return,
        };
        let write = Write {
            identity: member.identity.clone(),
            role: member.role,
            op_id,
            operation,
        };
        let request = Request {
            write,
            connection: Some(connection),
        };
        self.enqueue(request, Answer::Socket(connection, kind, place));
    }
}
