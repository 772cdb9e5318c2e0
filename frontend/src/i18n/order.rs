//! The texts about keeping order, in English: sanctions, reports, cases,
//! appeals and the moderation log.

use super::{interpolate, moment, t, with_note};
use shared::{
    api::{
        moderation::ModerationAction,
        reports::{Outcome, ReportRule, ReportTarget},
        sanctions::{Activity, AppealState, SanctionKind},
    },
    time::Timestamp,
};

texts! {
    /// The texts about keeping order.
    OrderTexts;
    // Acts on a person.
    acts_on: "More about {name}",
    acts_on_message: "More about the message of {name}",
    warn: "Warn",
    mute: "Mute",
    stop_painting: "Stop painting",
    time_out: "Time out",
    ban: "Ban",
    remove_message: "Remove message",
    remove_all: "Remove their messages of the last hour",
    report: "Report…",

    // The form of a sanction.
    sanction: "Sanction",
    whom: "Whom",
    what: "What",
    how_long: "For how long",
    ten_minutes: "10 min",
    one_hour: "1 h",
    one_day: "1 day",
    seven_days: "7 days",
    open_end: "Open end",
    reason: "Reason",
    reason_hint: "They read it, and it stands in the moderation log.",
    note: "Note for other moderators",
    effect_warning: "{name} is told, and has to confirm it. Nothing else changes.",
    effect_mute: "{name} cannot chat, comment, mention anybody or write to people of this canvas.",
    effect_no_paint: "{name} cannot change any tile. What they painted stays.",
    effect_timeout: "{name} can only look: no chat, no painting, no likes.",
    effect_ban: "{name} is disconnected and cannot come in. What they painted and said stays.",
    effect_until: "It ends by itself on {time}.",
    effect_open: "It has no end, until somebody lifts it.",
    effect_name: "They can appeal, and do not see your name.",

    // The sanctioned person's view.
    got_warning: "You were warned",
    got_mute: "You cannot chat here",
    got_no_paint: "You cannot paint here",
    got_timeout: "You can only look here",
    got_ban: "You are banned from this canvas",
    got_ban_server: "You are banned from this server",
    until: "Until {time}",
    no_end: "No end was set",
    still_warning: "Everything works as before. Please confirm that you have read it.",
    still_mute: "You can still paint, like and look.",
    still_no_paint: "You can still chat, like and look.",
    still_timeout: "You can still look at everything.",
    still_ban: "You can still look at the board as it is without signing in.",
    confirm_warning: "I have read it",
    appeal: "Appeal",
    see_appeal: "See your appeal",
    my_sanctions: "Sanctions against you",
    no_sanctions: "There is nothing against you.",
    lifted_on: "Lifted on {time}",
    ended_on: "Ended on {time}",
    appeal_text: "Why should it be lifted or shortened?",
    appeal_hint: "Somebody else than who decided it reads this, where there is anybody else.",
    send_appeal: "Send appeal",
    appeal_waiting: "Your appeal waits for an answer.",
    appeal_reply: "Add to it",
    moderator: "Moderator",
    state_waiting: "Waiting",
    state_kept: "Kept",
    state_shortened: "Shortened",
    state_lifted: "Lifted",
    chat_muted: "You cannot chat here now",
    chat_slow: "You can write again in {n} s",
    locked_down: "Only moderators and members change anything here until {time}.",
    newcomer: "You are new here until {time}: in tiles of others at most 300 pixels a minute, and 6 messages a minute.",
    may_not_sanctioned_open: "You cannot paint here.",
    no_guests: "Guests cannot come in here",
    no_guests_text: "Register or sign in to take part. You can look at the board as it is.",
    must_register: "Please register first",
    must_register_text: "Guests from this device or network cannot take part here for now. With an account you can.",
    shelved: "Not sent. It is kept as a draft in this browser.",
    sanction_over: "A sanction against you is over. All is as before.",
    send_draft: "Send it now",
    export_draft: "Export",
    discard_draft: "Discard",
    message_removed: "This message was removed.",
    refused_sanctioned: "A sanction keeps you from this.",
    refused_newcomer: "You are new here: please go slower in tiles that others started.",
    refused_slow_mode: "Slow mode: please wait before the next message.",
    refused_locked_down: "This canvas is locked down for now.",
    refused_no_message: "The message is not there any more.",
    problem_claimed: "Somebody else has taken this case.",
    problem_over: "This was decided or ended already.",

    // Reports.
    report_title: "Report",
    report_what: "What is wrong?",
    rule_harassment: "Harassment",
    rule_hate: "Hate",
    rule_sexual: "Sexual content",
    rule_illegal: "Something illegal",
    rule_griefing: "Destroying others' work",
    rule_spam: "Spam",
    rule_other: "Something else",
    report_comment: "What should moderators know?",
    report_follows: "Moderators look at it as it is now, even if it changes. Nobody is told that it was you, and nothing happens by itself.",
    send_report: "Send report",
    reported: "Reported. Moderators will look at it.",
    withdraw: "Take it back",
    withdrawn: "Your report was taken back.",
    target_tile: "Tile {place}",
    target_area: "Tiles {from} to {to}",
    target_message: "A message",
    message_of: "A message of {name}",
    target_comment: "A comment",
    target_canvas: "The whole canvas",
    case_came: "Something was reported.",

    // The panel.
    moderation: "Moderation",
    moderation_log: "Moderation log",
    cases: "Cases",
    sanctions: "Sanctions",
    appeals: "Appeals",
    log: "Log",
    lockdown: "Lockdown",
    off: "off",
    lockdown_hint: "Only moderators and people with a role change anything.",
    slow_mode: "Slow mode",
    slow_mode_hint: "Everybody below moderator waits between two messages.",
    lasts: "Lasts",
    pause: "Pause",
    ends_at: "Ends {time}",
    seconds: "{n} s",
    minutes: "{n} min",
    hours: "{n} h",
    no_cases: "No open cases. All is calm.",
    no_active_sanctions: "No sanctions in force.",
    no_appeals: "No appeals wait.",
    no_log: "Nothing had to be done yet.",
    case_keys: "J and K move, 1 to 5 decide.",
    frozen: "As it was when it was reported",
    others_did: "{by} changed {pixels} of {of}, last at {time}.",
    nobody_changed: "Nobody changed pixels of somebody else in the 24 hours before.",
    painted_by: "Painted by",
    said_around: "What was said",
    their_messages: "Their newest messages",
    their_tiles: "Their newest tiles",
    evidence_gone: "The evidence was deleted, 90 days after the decision.",
    comments: "What reporters say",
    take_case: "Take this case",
    taken_by: "Taken by {name} until {time}",
    go_there: "Go there",
    decide: "Decide",
    decision_note: "Note on the decision",
    outcome_no_violation: "No violation",
    outcome_warned: "Warned",
    outcome_removed: "Removed",
    outcome_sanctioned: "Sanctioned",
    outcome_report_abuse: "Report was abuse",
    show_decided: "Decided cases",
    show_over: "Show those that are over",
    lift: "Lift",
    by: "by {name}",
    keep: "Keep",
    shorten: "Shorten",
    answer: "Answer",
    shorten_to: "Ends in",
    send_reply: "Ask or reply",
    somebody: "somebody",
    ;
    // With a number.
    drafts: "{n} change was not sent. It is kept as a draft." | "{n} changes were not sent. They are kept as a draft.",
    reporters: "{n} person" | "{n} people",
    pixels: "{n} pixel" | "{n} pixels",
    removed: "{n} message removed." | "{n} messages removed.",
    open_cases: "{n} open case" | "{n} open cases",
}

/// The texts about order in the user's language.
pub fn order_texts() -> &'static OrderTexts {
    &TEXTS
}

/// The name of a kind of sanction, as an act.
pub fn act(kind: SanctionKind) -> &'static str {
    match kind {
        SanctionKind::Warning => TEXTS.warn,
        SanctionKind::Mute => TEXTS.mute,
        SanctionKind::NoPaint => TEXTS.stop_painting,
        SanctionKind::Timeout => TEXTS.time_out,
        SanctionKind::Ban => TEXTS.ban,
    }
}

/// What a sanction will do to somebody, and until when.
pub fn effect(kind: SanctionKind, name: &str, until: Option<Timestamp>) -> String {
    let effect = match kind {
        SanctionKind::Warning => TEXTS.effect_warning,
        SanctionKind::Mute => TEXTS.effect_mute,
        SanctionKind::NoPaint => TEXTS.effect_no_paint,
        SanctionKind::Timeout => TEXTS.effect_timeout,
        SanctionKind::Ban => TEXTS.effect_ban,
    };
    let effect = interpolate(effect, &[("name", &name)]);
    let end = match (kind, until) {
        (SanctionKind::Warning, _) => String::new(),
        (_, Some(until)) => interpolate(TEXTS.effect_until, &[("time", &moment(until))]),
        (_, None) => TEXTS.effect_open.to_owned(),
    };
    [&effect, end.as_str(), TEXTS.effect_name].join(" ")
}

/// What a sanction is to the person it is against: title, and what still works.
pub fn told(kind: SanctionKind, is_server: bool) -> (&'static str, &'static str) {
    match kind {
        SanctionKind::Warning => (TEXTS.got_warning, TEXTS.still_warning),
        SanctionKind::Mute => (TEXTS.got_mute, TEXTS.still_mute),
        SanctionKind::NoPaint => (TEXTS.got_no_paint, TEXTS.still_no_paint),
        SanctionKind::Timeout => (TEXTS.got_timeout, TEXTS.still_timeout),
        SanctionKind::Ban if is_server => (TEXTS.got_ban_server, TEXTS.still_ban),
        SanctionKind::Ban => (TEXTS.got_ban, TEXTS.still_ban),
    }
}

/// Until when a sanction lasts.
pub fn until(end: Option<Timestamp>) -> String {
    end.map_or_else(
        || TEXTS.no_end.to_owned(),
        |end| interpolate(TEXTS.until, &[("time", &moment(end))]),
    )
}

/// Why somebody may not do this: with the time of the end, if there is one.
pub fn kept_from(activity: Activity, end: Option<Timestamp>) -> String {
    let text = match activity {
        Activity::Speaking => TEXTS.chat_muted,
        Activity::Painting | Activity::Liking | Activity::Other => TEXTS.may_not_sanctioned_open,
    };
    match end {
        Some(end) => with_note(text, &until(Some(end))),
        None => text.to_owned(),
    }
}

/// The name of a rule.
pub fn rule(rule: ReportRule) -> &'static str {
    match rule {
        ReportRule::Harassment => TEXTS.rule_harassment,
        ReportRule::Hate => TEXTS.rule_hate,
        ReportRule::Sexual => TEXTS.rule_sexual,
        ReportRule::Illegal => TEXTS.rule_illegal,
        ReportRule::Griefing => TEXTS.rule_griefing,
        ReportRule::Spam => TEXTS.rule_spam,
        ReportRule::Other => TEXTS.rule_other,
    }
}

/// What is reported.
pub fn target(target: &ReportTarget) -> String {
    match target {
        ReportTarget::Tile { x, y } => interpolate(TEXTS.target_tile, &[("place", &place(*x, *y))]),
        ReportTarget::Area { x0, y0, x1, y1 } => interpolate(
            TEXTS.target_area,
            &[("from", &place(*x0, *y0)), ("to", &place(*x1, *y1))],
        ),
        ReportTarget::Message { .. } => TEXTS.target_message.to_owned(),
        ReportTarget::Comment { .. } => TEXTS.target_comment.to_owned(),
        ReportTarget::User { username } => interpolate("@{name}", &[("name", username)]),
        ReportTarget::Canvas => TEXTS.target_canvas.to_owned(),
    }
}

/// How a case was decided.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoViolation => TEXTS.outcome_no_violation,
        Outcome::Warned => TEXTS.outcome_warned,
        Outcome::Removed => TEXTS.outcome_removed,
        Outcome::Sanctioned => TEXTS.outcome_sanctioned,
        Outcome::ReportAbuse => TEXTS.outcome_report_abuse,
    }
}

/// What became of an appeal.
pub fn appeal_state(state: AppealState) -> &'static str {
    match state {
        AppealState::Waiting => TEXTS.state_waiting,
        AppealState::Kept => TEXTS.state_kept,
        AppealState::Shortened => TEXTS.state_shortened,
        AppealState::Lifted => TEXTS.state_lifted,
    }
}

fn place(x: i64, y: i64) -> String {
    interpolate(t().place, &[("x", &x), ("y", &y)])
}

/// The name of an act in the moderation log.
pub fn action(action: ModerationAction) -> &'static str {
    match action {
        ModerationAction::Sanctioned => "Sanctioned",
        ModerationAction::SanctionLifted => "Sanction lifted",
        ModerationAction::MessageRemoved => "Message removed",
        ModerationAction::MessagesPurged => "Messages removed",
        ModerationAction::Rewrite => "Painting taken back or restored",
        ModerationAction::RewriteUndone => "That was undone",
        ModerationAction::TileDeleted => "Tile deleted",
        ModerationAction::RoleSet => "Role given",
        ModerationAction::MemberRemoved => "Role taken",
        ModerationAction::SettingsChanged => "Settings changed",
        ModerationAction::CaseDecided => "Case decided",
        ModerationAction::AppealDecided => "Appeal decided",
        ModerationAction::Kicked => "Disconnected",
    }
}
