//! The texts about films and pictures of the past.

pub use super::texts::export_texts;

use super::{api_problem, moment, number};
use crate::{
    api::ApiError,
    model::tile_past::{Step, StepKind},
};
use shared::api::exports::ExportKind;

/// What a change of a tile was.
pub fn step_kind(kind: StepKind) -> &'static str {
    let texts = export_texts();
    match kind {
        StepKind::Created => texts.step_created(),
        StepKind::Painted => texts.step_painted(),
        StepKind::Titled => texts.step_titled(),
        StepKind::Undone => texts.step_undone(),
        StepKind::Deleted => texts.step_deleted(),
        StepKind::Rewritten => texts.step_rewritten(),
    }
}

/// The text for screen readers about one of `all` changes of a tile.
pub fn step(place: usize, all: usize, step: &Step, name: &str) -> String {
    let texts = export_texts();
    let place = texts.change_of(place, &number(all));
    texts.step_text(&place, name, step_kind(step.kind), &moment(step.time))
}

/// The size of a file.
pub fn file_size(bytes: i64) -> String {
    let texts = export_texts();
    let kb = (bytes.max(0) + 1_023) / 1_024;
    if kb < 1_024 {
        return texts.size_kb(usize::try_from(kb).unwrap_or_default());
    }
    #[expect(clippy::cast_precision_loss, reason = "files are far below 2^53 KB")]
    let mb = (kb as f64 / 102.4).round() / 10.0;
    texts.size_mb(&number(mb))
}

/// The name of a kind of file.
pub fn kind_name(kind: ExportKind) -> &'static str {
    let texts = export_texts();
    match kind {
        ExportKind::Gif => texts.kind_gif(),
        ExportKind::Apng => texts.kind_apng(),
        ExportKind::Png => texts.kind_png(),
        ExportKind::Log => texts.kind_log(),
    }
}

/// What a kind of file is good for.
pub fn kind_hint(kind: ExportKind) -> &'static str {
    let texts = export_texts();
    match kind {
        ExportKind::Gif => texts.kind_gif_hint(),
        ExportKind::Apng => texts.kind_apng_hint(),
        ExportKind::Png => texts.kind_png_hint(),
        ExportKind::Log => texts.kind_log_hint(),
    }
}

/// The text for a file that was refused.
pub fn export_problem(error: &ApiError) -> String {
    let texts = export_texts();
    match error.code() {
        "export_running" => texts.is_running().to_owned(),
        "too_large" | "image_too_large" => texts.too_large().to_owned(),
        "user_not_found" => texts.nobody_of_that_name().to_owned(),
        _ => api_problem(error),
    }
}
