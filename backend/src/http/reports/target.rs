//! Resolves what a report is about.

use crate::{
    db::{self, cases::CaseTarget, users},
    http::error::{ApiError, Resource},
    state::AppState,
};
use shared::{
    api::{Canvas, User, reports::ReportTarget},
    canvas::{Coord, Grid},
    limits, text,
};

/// What is reported, if it exists.
pub(super) async fn resolve(
    state: &AppState,
    canvas: &Canvas,
    reporter: &User,
    target: &ReportTarget,
) -> Result<CaseTarget, ApiError> {
    let reads = &state.pools.reads;
    match target {
        ReportTarget::Tile { x, y } => {
            let at = cell(canvas, *x, *y)?;
            // What was deleted can be reported too.
            if !db::evidence::has_cell(reads, canvas.id, at).await? {
                return Err(ApiError::NotFound(Resource::Tile));
            }
            Ok(CaseTarget::Tile { x: at.x, y: at.y })
        }
        ReportTarget::Area { x0, y0, x1, y1 } => {
            let (from, to) = (cell(canvas, *x0, *y0)?, cell(canvas, *x1, *y1)?);
            if to.x < from.x || to.y < from.y {
                return Err(ApiError::invalid("target", "must not end before it begins"));
            }
            if (to.x - from.x + 1) * (to.y - from.y + 1) > limits::REPORT_AREA {
                let most = limits::REPORT_AREA;
                let message = format!("must have at most {most} tiles");
                return Err(ApiError::invalid("target", message));
            }
            Ok(CaseTarget::Area {
                x0: from.x,
                y0: from.y,
                x1: to.x,
                y1: to.y,
            })
        }
        ReportTarget::Message { message_id } => {
            let found = state.log.message(reads, canvas.id, *message_id).await?;
            found.ok_or(ApiError::NotFound(Resource::Message))?;
            Ok(CaseTarget::Message {
                message_id: *message_id,
            })
        }
        ReportTarget::Comment { comment_id } => {
            let found = db::comments::find(reads, *comment_id).await?;
            found
                .filter(|comment| comment.canvas_id == canvas.id)
                .ok_or(ApiError::NotFound(Resource::Comment))?;
            Ok(CaseTarget::Comment {
                comment_id: *comment_id,
            })
        }
        ReportTarget::DirectMessage { .. } => Err(ApiError::invalid("target", "is on no canvas")),
        ReportTarget::User { username } => {
            // No user has an invalid name.
            let name = text::username(username).map_err(|_| ApiError::NotFound(Resource::User))?;
            let user = users::by_name(reads, &name)
                .await?
                .ok_or(ApiError::NotFound(Resource::User))?;
            if user.id == reporter.id {
                return Err(ApiError::invalid("target", "must be somebody else"));
            }
            Ok(CaseTarget::User { user_id: user.id })
        }
        ReportTarget::Canvas => Ok(CaseTarget::Canvas),
    }
}

fn cell(canvas: &Canvas, x: i64, y: i64) -> Result<Coord, ApiError> {
    let grid = Grid {
        width: canvas.width,
        height: canvas.height,
        tile_size: canvas.tile_size,
        palette: canvas.palette.len(),
    };
    let at = i32::try_from(x).ok().zip(i32::try_from(y).ok());
    at.map(|(x, y)| Coord { x, y })
        .filter(|at| grid.contains(*at))
        .ok_or(ApiError::Refused(shared::canvas::Refusal::OutOfBounds))
}
