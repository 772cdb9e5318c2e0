//! Decides which users the acts of a batch notify, and of what.

use super::Planner;
use crate::{
    db::notifications::{NewNotification, NotificationTarget},
    realtime::writer::{Request, comments::cell},
};
use shared::{
    api::{comments::Comment, notifications::NotificationKind},
    canvas::{Coord, TileChange, TileState},
    ids::UserId,
    protocol::DurableEvent,
};

impl Planner {
    /// Tells the user whose chat message is answered, and the people whom it mentions.
    pub(super) fn notify_of_chat(
        &mut self,
        request: &Request,
        event: &DurableEvent,
        answered: Option<UserId>,
    ) {
        let DurableEvent::CanvasChatMessage(event) = event else {
            return;
        };
        let target = NotificationTarget {
            message: Some(event.message.message_id),
            ..NotificationTarget::default()
        };
        let text = &event.message.message_text;
        if let Some(user) = answered {
            let is_read = self.present.contains(&user);
            self.notify(
                request,
                user,
                NotificationKind::Reply,
                target,
                text,
                is_read,
            );
        }
        self.notify_mentioned(request, text, target, answered.as_slice());
    }

    /// Tells of a new comment: who started the tile, who began the thread, and the people whom
    /// it mentions.
    pub(super) fn notify_of_comment(
        &mut self,
        request: &Request,
        comment: &Comment,
        parent: Option<&Comment>,
    ) {
        let at = cell(comment);
        let target = NotificationTarget {
            cell: Some(at),
            comment: Some(comment.id.0),
            ..NotificationTarget::default()
        };
        let beginner = parent.map(|parent| parent.author.user_id);
        let mut notified = Vec::new();
        for user in self.creator(at).into_iter().chain(beginner) {
            if !notified.contains(&user) {
                let kind = NotificationKind::Comment;
                self.notify(request, user, kind, target, &comment.text, false);
                notified.push(user);
            }
        }
        self.notify_mentioned(request, &comment.text, target, &notified);
    }

    /// Tells the people whom the words of a request mention, except those who are
    /// notified of them otherwise.
    fn notify_mentioned(
        &mut self,
        request: &Request,
        text: &str,
        target: NotificationTarget,
        notified: &[UserId],
    ) {
        for name in request.write.operation.mentions() {
            if let Some(user) = self.mentioned.get(&name).copied()
                && !notified.contains(&user)
            {
                let is_read = self.present.contains(&user);
                self.notify(
                    request,
                    user,
                    NotificationKind::Mention,
                    target,
                    text,
                    is_read,
                );
            }
        }
    }

    /// Tells the user who started a tile that somebody else likes it or painted in it.
    pub(super) fn notify_of_tile(
        &mut self,
        request: &Request,
        at: Coord,
        tile: &TileState,
        change: &TileChange,
    ) {
        let kind = match change {
            TileChange::Liked(true) => NotificationKind::TileLiked,
            TileChange::Updated { delta, pixels, .. } if delta.is_some() || pixels.is_some() => {
                NotificationKind::TilePainted
            }
            TileChange::Nothing
            | TileChange::Created
            | TileChange::Updated { .. }
            | TileChange::Liked(false)
            | TileChange::Deleted => return,
        };
        let by = request.write.identity.user_id;
        if by == tile.creator_id {
            return;
        }
        let target = NotificationTarget {
            cell: Some(at),
            subject: Some(tile.id.0),
            ..NotificationTarget::default()
        };
        // The strokes of a painter in a batch are one.
        let mut earlier = self.plan.notifications.iter_mut();
        let same = earlier
            .find(|it| it.kind == kind && it.by == Some(by) && it.target.subject == target.subject);
        match same {
            Some(same) => same.count += 1,
            None => self.notify(request, tile.creator_id, kind, target, &tile.title, false),
        }
    }

    fn notify(
        &mut self,
        request: &Request,
        user: UserId,
        kind: NotificationKind,
        target: NotificationTarget,
        text: &str,
        is_read: bool,
    ) {
        let by = request.write.identity.user_id;
        if by != user {
            self.plan.notifications.push(NewNotification {
                user,
                kind,
                canvas: Some(self.canvas),
                by: Some(by),
                target,
                count: 1,
                text: text.to_owned(),
                is_read,
            });
        }
    }
}
