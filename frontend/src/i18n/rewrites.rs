//! The texts about who painted what, and about taking it back.

pub use super::texts::rewrite_texts;

use super::t;
use shared::api::rewrites::{Rewrite, RewriteKind, RewriteState};

/// "412 tiles, 18,300 pixels; 240 since painted over by others, left alone".
pub fn found(rewrite: &Rewrite) -> String {
    let texts = rewrite_texts();
    let nothing = if rewrite.kind == RewriteKind::Restore {
        texts.as_it_was()
    } else {
        texts.found_nothing()
    };
    let main = if rewrite.tiles == 0 {
        nothing.to_owned()
    } else {
        let (tiles, pixels) = counts(rewrite);
        texts.found(&tiles, &pixels)
    };
    let skipped = count(rewrite.skipped_pixels);
    if skipped == 0 {
        return main;
    }
    texts.found_and_left(
        main.trim_end_matches(['.', '。']),
        &texts.left_alone(skipped),
    )
}

/// What a running rewrite has done so far.
pub fn running(rewrite: &Rewrite) -> String {
    let (tiles, pixels) = counts(rewrite);
    rewrite_texts().running(&tiles, &pixels)
}

/// What became of a rewrite.
pub fn outcome(rewrite: &Rewrite) -> String {
    let texts = rewrite_texts();
    let (tiles, pixels) = counts(rewrite);
    match (rewrite.state, rewrite.kind) {
        (RewriteState::Stopped, _) => texts.stopped(&tiles, &pixels),
        _ if rewrite.tiles == 0 => texts.no_change().to_owned(),
        (_, RewriteKind::Revert) => texts.taken_back(&tiles, &pixels),
        (_, RewriteKind::Restore | RewriteKind::Palette) => texts.restored(&tiles, &pixels),
        (_, RewriteKind::Undo) => texts.brought_back(&tiles, &pixels),
    }
}

/// As in "412 tiles" and "18,300 pixels".
fn counts(rewrite: &Rewrite) -> (String, String) {
    (
        t().tiles(count(rewrite.tiles)),
        rewrite_texts().pixels(count(rewrite.pixels)),
    )
}

fn count(n: i64) -> usize {
    usize::try_from(n).unwrap_or_default()
}
