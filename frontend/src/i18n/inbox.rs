//! The texts of notifications.

use super::{coordinates, inbox_texts, t};
use crate::model::inbox::target_tile;
use shared::api::notifications::{Notification, NotificationKind};

/// What happened, in a sentence.
pub fn sentence(notification: &Notification) -> String {
    let texts = inbox_texts();
    let name = notification
        .actor
        .as_ref()
        .map_or(texts.somebody(), |actor| &actor.display_name);
    let place = target_tile(notification).map(|at| coordinates(at.x, at.y));
    let place = place.unwrap_or_default();
    let many = usize::try_from(notification.count).unwrap_or_default();
    match notification.kind {
        NotificationKind::TileLiked if many > 1 => texts.liked_many(many - 1, name, &place),
        NotificationKind::TileLiked => texts.liked_one(name, &place),
        NotificationKind::TilePainted if many > 1 => texts.painted_many(many, &place, name),
        NotificationKind::TilePainted => texts.painted_one(name, &place),
        NotificationKind::Comment if place.is_empty() => texts.commented_somewhere(name),
        NotificationKind::Comment => texts.commented(name, &place),
        NotificationKind::Reply => texts.replied(name),
        NotificationKind::Mention => texts.mentioned(name),
        NotificationKind::DirectMessage if many > 1 => texts.wrote_many(many, name),
        NotificationKind::DirectMessage => texts.wrote(name),
        NotificationKind::RoleSet if notification.actor.is_none() => {
            texts.role_set_by_nobody(&role(&notification.text))
        }
        NotificationKind::RoleSet => texts.role_set(name, &role(&notification.text)),
        NotificationKind::Sanction => texts.sanctioned().to_owned(),
        NotificationKind::CaseDecided => texts.case_decided().to_owned(),
        NotificationKind::AppealDecided => texts.appeal_decided().to_owned(),
        NotificationKind::InviteUsed => texts.invite_used(name),
        NotificationKind::ExportReady => texts.export_ready().to_owned(),
        NotificationKind::Other => texts.something().to_owned(),
    }
}

/// The name of a role, as the server writes it in a notification.
fn role(text: &str) -> String {
    match text {
        "owner" => t().role_owner(),
        "moderator" => t().role_moderator(),
        "editor" => t().role_editor(),
        "viewer" => t().role_viewer(),
        _ => text,
    }
    .to_owned()
}

/// The words that stand below the sentence: what was written, or the name of a
/// tile; empty where the server's text is a value for programs.
pub fn words(notification: &Notification) -> String {
    match notification.kind {
        NotificationKind::RoleSet
        | NotificationKind::ExportReady
        | NotificationKind::CaseDecided
        | NotificationKind::AppealDecided => String::new(),
        _ => notification.text.clone(),
    }
}
