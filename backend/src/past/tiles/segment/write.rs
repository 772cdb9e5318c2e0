//! Writes segments.

use super::{
    DeltaBase,
    flags::{
        CREATED, DELETED, HAS_CAUSE, HAS_DELTA, HAS_PIXELS, HAS_TITLE, HAS_UNDO, IS_LIKE, LIKED,
        UPDATED,
    },
};
use crate::{
    cell_history::{Step, StepAction},
    past::tiles::tile::CellTile,
    varint::Writer,
};
use shared::{api::rewrites::RewriteKind, pixels::PixelEdit};

/// What is in the cell before the first event.
pub(super) fn put_start(bytes: &mut Writer, tile: Option<&CellTile>) {
    let Some(tile) = tile else {
        bytes.byte(0);
        return;
    };
    bytes.byte(1);
    bytes.signed(tile.id.0);
    bytes.signed(tile.creator.0);
    bytes.slice(tile.title.as_bytes());
    bytes.slice(tile.pixels.as_bytes());
    bytes.signed(tile.version);
    bytes.signed(tile.like_count);
    match tile.created_at {
        None => bytes.byte(0),
        Some(time) => {
            bytes.byte(1);
            bytes.signed(time.millis());
        }
    }
    bytes.signed(tile.updated_at.millis());
}

/// The next event.
pub(super) fn put_step(bytes: &mut Writer, base: &mut DeltaBase, step: &Step) {
    let (mut flags, user) = match &step.action {
        StepAction::Created { creator, .. } => (CREATED, creator),
        StepAction::Updated {
            updater,
            title,
            delta,
            pixels,
            undo_of,
            ..
        } => {
            let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
            let flags = UPDATED
                | flag(title.is_some(), HAS_TITLE)
                | flag(!delta.is_empty(), HAS_DELTA)
                | flag(pixels.is_some(), HAS_PIXELS)
                | flag(undo_of.is_some(), HAS_UNDO);
            (flags, updater)
        }
        StepAction::Liked { liker, liked, .. } => {
            (if *liked { LIKED | IS_LIKE } else { LIKED }, liker)
        }
        StepAction::Deleted { deleter } => (DELETED, deleter),
    };
    if step.cause.is_some() {
        flags |= HAS_CAUSE;
    }
    bytes.byte(flags);
    let millis = step.at.millis();
    bytes.signed(step.seq - base.seq);
    bytes.signed(millis - base.millis);
    base.seq = step.seq;
    base.millis = millis;
    bytes.signed(user.0 - base.user);
    base.user = user.0;
    if let Some(cause) = step.cause {
        bytes.byte(match cause.kind {
            RewriteKind::Revert => 0,
            RewriteKind::Restore => 1,
            RewriteKind::Undo => 2,
            RewriteKind::Palette => 3,
        });
        bytes.signed(cause.rewrite_id.0);
        bytes.signed(cause.by.0);
    }
    match &step.action {
        StepAction::Created {
            tile,
            title,
            pixels,
            version,
            like_count,
            ..
        } => {
            bytes.signed(tile.0);
            bytes.slice(title.as_bytes());
            bytes.slice(pixels.as_bytes());
            put_counts(bytes, base, Some(*version), *like_count);
        }
        StepAction::Updated {
            title,
            delta,
            pixels,
            undo_of,
            version,
            like_count,
            ..
        } => {
            put_counts(bytes, base, Some(*version), *like_count);
            if let Some(title) = title {
                bytes.slice(title.as_bytes());
            }
            if !delta.is_empty() {
                put_delta(bytes, delta);
            }
            if let Some(pixels) = pixels {
                bytes.slice(pixels.as_bytes());
            }
            if let Some(undo_of) = undo_of {
                bytes.signed(step.seq - undo_of);
            }
        }
        StepAction::Liked { like_count, .. } => put_counts(bytes, base, None, *like_count),
        StepAction::Deleted { .. } => {}
    }
}

fn put_counts(bytes: &mut Writer, base: &mut DeltaBase, version: Option<i64>, likes: i64) {
    if let Some(version) = version {
        bytes.signed(version - base.version);
        base.version = version;
    }
    bytes.signed(likes - base.likes);
    base.likes = likes;
}

/// The number of edits doubled, one more where all have one colour, which comes next; then each
/// edit.
fn put_delta(bytes: &mut Writer, delta: &[PixelEdit]) {
    let first = delta.first().map(|edit| edit.1);
    let one_colour = first.filter(|colour| delta.iter().all(|edit| edit.1 == *colour));
    bytes.length(delta.len() << 1 | usize::from(one_colour.is_some()));
    bytes.0.extend(one_colour);
    let mut last = 0;
    for PixelEdit(index, colour) in delta {
        bytes.signed(i64::from(*index) - last);
        last = i64::from(*index);
        if one_colour.is_none() {
            bytes.byte(*colour);
        }
    }
}
