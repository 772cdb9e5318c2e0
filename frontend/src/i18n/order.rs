//! The texts about keeping order: sanctions, reports, cases, appeals and the
//! moderation log.

pub use super::texts::order_texts;

use super::{coordinates, moment, t, with_note};
use shared::{
    api::{
        moderation::ModerationAction,
        reports::{Outcome, ReportRule, ReportTarget},
        sanctions::{Activity, AppealState, SanctionKind},
    },
    time::Timestamp,
};

/// The name of a kind of sanction, as an act.
pub fn act(kind: SanctionKind) -> &'static str {
    match kind {
        SanctionKind::Warning => order_texts().warn(),
        SanctionKind::Mute => order_texts().mute(),
        SanctionKind::NoPaint => order_texts().stop_painting(),
        SanctionKind::Timeout => order_texts().time_out(),
        SanctionKind::Ban => order_texts().ban(),
    }
}

/// What a sanction will do to somebody, and until when.
pub fn effect(kind: SanctionKind, name: &str, until: Option<Timestamp>) -> String {
    let texts = order_texts();
    let effect = match kind {
        SanctionKind::Warning => texts.effect_warning(name),
        SanctionKind::Mute => texts.effect_mute(name),
        SanctionKind::NoPaint => texts.effect_no_paint(name),
        SanctionKind::Timeout => texts.effect_timeout(name),
        SanctionKind::Ban => texts.effect_ban(name),
    };
    let end = match (kind, until) {
        (SanctionKind::Warning, _) => String::new(),
        (_, Some(until)) => texts.effect_until(&moment(until)),
        (_, None) => texts.effect_open().to_owned(),
    };
    [&effect, end.as_str(), texts.effect_name()].join(" ")
}

/// What a sanction is to the person it is against: title, and what still works.
pub fn told(kind: SanctionKind, is_server: bool) -> (&'static str, &'static str) {
    match kind {
        SanctionKind::Warning => (order_texts().got_warning(), order_texts().still_warning()),
        SanctionKind::Mute => (order_texts().got_mute(), order_texts().still_mute()),
        SanctionKind::NoPaint => (order_texts().got_no_paint(), order_texts().still_no_paint()),
        SanctionKind::Timeout => (order_texts().got_timeout(), order_texts().still_timeout()),
        SanctionKind::Ban if is_server => {
            (order_texts().got_ban_server(), order_texts().still_ban())
        }
        SanctionKind::Ban => (order_texts().got_ban(), order_texts().still_ban()),
    }
}

/// Until when a sanction lasts.
pub fn until(end: Option<Timestamp>) -> String {
    end.map_or_else(
        || order_texts().no_end().to_owned(),
        |end| order_texts().until(&moment(end)),
    )
}

/// Why somebody may not do this: with the time of the end, if there is one.
pub fn kept_from(activity: Activity, end: Option<Timestamp>) -> String {
    let text = match activity {
        Activity::Speaking => order_texts().chat_muted(),
        Activity::Painting | Activity::Liking | Activity::Other => {
            order_texts().may_not_sanctioned_open()
        }
    };
    match end {
        Some(end) => with_note(text, &until(Some(end))),
        None => text.to_owned(),
    }
}

/// The name of a rule.
pub fn rule(rule: ReportRule) -> &'static str {
    match rule {
        ReportRule::Harassment => order_texts().rule_harassment(),
        ReportRule::Hate => order_texts().rule_hate(),
        ReportRule::Sexual => order_texts().rule_sexual(),
        ReportRule::Illegal => order_texts().rule_illegal(),
        ReportRule::Griefing => order_texts().rule_griefing(),
        ReportRule::Spam => order_texts().rule_spam(),
        ReportRule::Other => order_texts().rule_other(),
    }
}

/// What is reported.
pub fn target(target: &ReportTarget) -> String {
    match target {
        ReportTarget::Tile { x, y } => order_texts().target_tile(&coordinates(*x, *y)),
        ReportTarget::Area { x0, y0, x1, y1 } => {
            order_texts().target_area(&coordinates(*x0, *y0), &coordinates(*x1, *y1))
        }
        ReportTarget::Message { .. } => order_texts().target_message().to_owned(),
        ReportTarget::Comment { .. } => order_texts().target_comment().to_owned(),
        ReportTarget::DirectMessage { .. } => order_texts().target_direct_message().to_owned(),
        ReportTarget::User { username } => t().at_name(username),
        ReportTarget::Canvas => order_texts().target_canvas().to_owned(),
    }
}

/// How a case was decided.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoViolation => order_texts().outcome_no_violation(),
        Outcome::Warned => order_texts().outcome_warned(),
        Outcome::Removed => order_texts().outcome_removed(),
        Outcome::Sanctioned => order_texts().outcome_sanctioned(),
        Outcome::ReportAbuse => order_texts().outcome_report_abuse(),
    }
}

/// What became of an appeal.
pub fn appeal_state(state: AppealState) -> &'static str {
    match state {
        AppealState::Waiting => order_texts().state_waiting(),
        AppealState::Kept => order_texts().state_kept(),
        AppealState::Shortened => order_texts().state_shortened(),
        AppealState::Lifted => order_texts().state_lifted(),
    }
}

/// The name of an act in the moderation log.
pub fn action(action: ModerationAction) -> &'static str {
    match action {
        ModerationAction::Sanctioned => order_texts().did_sanction(),
        ModerationAction::SanctionLifted => order_texts().did_lift(),
        ModerationAction::MessageRemoved => order_texts().did_remove_message(),
        ModerationAction::MessagesPurged => order_texts().did_purge(),
        ModerationAction::Rewrite => order_texts().did_rewrite(),
        ModerationAction::RewriteUndone => order_texts().did_undo_rewrite(),
        ModerationAction::TileDeleted => order_texts().did_delete_tile(),
        ModerationAction::RoleSet => order_texts().did_set_role(),
        ModerationAction::MemberRemoved => order_texts().did_remove_member(),
        ModerationAction::SettingsChanged => order_texts().did_change_settings(),
        ModerationAction::CaseDecided => order_texts().did_decide_case(),
        ModerationAction::AppealDecided => order_texts().did_decide_appeal(),
        ModerationAction::Kicked => order_texts().did_kick(),
    }
}
