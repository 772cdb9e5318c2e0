//! The texts about who painted what, and about taking it back, in English.

use super::{interpolate, t};
use shared::api::rewrites::{Rewrite, RewriteKind, RewriteState};

/// The texts in the user's language.
pub fn rewrite_texts() -> &'static RewriteTexts {
    &TEXTS
}

texts! {
    /// The texts about who painted what, and about taking it back.
    RewriteTexts;
    // Who painted this.
    who_painted: "Who painted this",
    who_painted_hint: "Point at a pixel, or tap it, to see whose it is.",
    who_painted_away: "Who painted this cannot be had just now.",
    painters: "Painters of this tile",
    nobody: "Nobody",
    others: "Others",
    pixel_by: "Pixel {place}: {name}",

    // Take back what they painted.
    take_back: "Take back what they painted…",
    take_back_own: "Take back what I painted…",
    take_back_from: "Take back what {name} painted",
    take_back_mine: "Take back what you painted",
    people_label: "Painted by",
    person_label: "User name of somebody else",
    add_person: "Add",
    leave_out: "Leave out {name}",
    window: "When",
    window_minutes: "Last 10 minutes",
    window_hour: "Last hour",
    window_day: "Last day",
    window_week: "Last 7 days",
    window_ever: "Ever",
    area: "Where",
    area_all: "Everywhere",
    area_drawn: "In an area",
    area_hint: "Drag over the board to draw the area, or write its corners.",
    area_left: "First column",
    area_top: "First row",
    area_right: "Last column",
    area_bottom: "Last row",
    reason: "Reason",
    reason_hint: "Everybody here can read it in the log.",
    counting: "Counting…",
    found: "{tiles}, {pixels}",
    found_nothing: "There is nothing to take back.",
    as_it_was: "It looks as it did then already.",
    take_back_action: "Take back",
    stop: "Stop",
    undo: "Undo",
    running: "At work: {tiles}, {pixels}.",
    taken_back: "Taken back: {tiles}, {pixels}.",
    restored: "Restored: {tiles}, {pixels}.",
    brought_back: "Undone: {tiles}, {pixels}.",
    stopped: "Stopped. What is done stays: {tiles}, {pixels}.",
    no_change: "Nothing had to be changed.",

    // Restore.
    restore: "Restore…",
    restore_tile: "Restore tile {place}",
    restore_area: "Restore an area",
    restore_when: "As it was",
    restore_minutes: "10 minutes ago",
    restore_hour: "1 hour ago",
    restore_day: "1 day ago",
    restore_week: "7 days ago",
    restore_event: "Before the change at {time}",
    restore_before: "Restore to before this",
    restore_action: "Restore",

    // Problems.
    too_large: "These are more than 4,096 tiles. Choose a smaller area or a shorter time.",
    is_running: "Somebody is taking something back here already. Wait until that is done.",
    already_undone: "This was undone already.",
    ;
    pixels: "{n} pixel" | "{n} pixels",
    left_alone: "{n} since painted over by others, left alone" | "{n} since painted over by others, left alone",
    painted_by: "{n} person painted this tile" | "{n} people painted this tile",
}

/// "412 tiles, 18,300 pixels; 240 since painted over by others, left alone".
pub fn found(rewrite: &Rewrite) -> String {
    let texts = rewrite_texts();
    let nothing = if rewrite.kind == RewriteKind::Restore {
        texts.as_it_was
    } else {
        texts.found_nothing
    };
    let main = if rewrite.tiles == 0 {
        nothing.to_owned()
    } else {
        counts(texts.found, rewrite)
    };
    let skipped = count(rewrite.skipped_pixels);
    if skipped == 0 {
        return main;
    }
    let main = main.trim_end_matches('.');
    format!("{main}; {}", texts.left_alone.of(skipped))
}

/// A text with `{tiles}` and `{pixels}`.
pub fn counts(text: &str, rewrite: &Rewrite) -> String {
    let tiles = t().tiles.of(count(rewrite.tiles));
    let pixels = rewrite_texts().pixels.of(count(rewrite.pixels));
    interpolate(text, &[("tiles", &tiles), ("pixels", &pixels)])
}

/// What became of a rewrite.
pub fn outcome(rewrite: &Rewrite) -> String {
    let texts = rewrite_texts();
    let text = match (rewrite.state, rewrite.kind) {
        (RewriteState::Stopped, _) => texts.stopped,
        _ if rewrite.tiles == 0 => texts.no_change,
        (_, RewriteKind::Revert) => texts.taken_back,
        (_, RewriteKind::Restore | RewriteKind::Palette) => texts.restored,
        (_, RewriteKind::Undo) => texts.brought_back,
    };
    counts(text, rewrite)
}

fn count(n: i64) -> usize {
    usize::try_from(n).unwrap_or_default()
}
