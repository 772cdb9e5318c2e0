//! What somebody is told when their sanctions change. Used by rooms for their members, and for
//! connections without a canvas.

use super::outbound::OutboundMessage;
use crate::db::sanctions::SanctionRecord;
use chrono::{DateTime, Utc};
use shared::{
    api::sanctions::SanctionKind,
    protocol::{SanctionLifted, Sanctioned, ServerMessage},
};

/// The messages about a change of somebody's sanctions, in order.
pub(super) struct SanctionMessages {
    pub(super) messages: Vec<OutboundMessage>,
    /// Whether a ban is new: after the messages the connection is closed.
    pub(super) is_banned: bool,
}

impl SanctionMessages {
    /// What is over and what is new at `now`. `moderates` says whether the user moderates where
    /// the sanctions are.
    pub(super) fn of(
        before: &[SanctionRecord],
        after: &[SanctionRecord],
        moderates: bool,
        now: DateTime<Utc>,
    ) -> Self {
        let mut told = Self {
            messages: Vec::new(),
            is_banned: false,
        };
        for sanction in before {
            if !after.iter().any(|it| it.id == sanction.id) {
                told.messages
                    .push(reply(&ServerMessage::SanctionLifted(SanctionLifted {
                        sanction_id: sanction.id,
                        canvas_id: sanction.canvas_id,
                        timestamp: now.into(),
                    })));
            }
        }
        for sanction in after {
            // A new name of somebody is no news.
            let is_told =
                |it: &SanctionRecord| it.id == sanction.id && it.expires_at == sanction.expires_at;
            if before.iter().any(is_told) {
                continue;
            }
            let is_ban = sanction.kind == SanctionKind::Ban;
            told.messages
                .push(reply(&ServerMessage::Sanction(Box::new(Sanctioned {
                    sanction: sanction.own(moderates && !is_ban),
                    timestamp: now.into(),
                }))));
            told.is_banned |= is_ban;
        }
        told
    }
}

fn reply(message: &ServerMessage) -> OutboundMessage {
    OutboundMessage::reply(message)
}
