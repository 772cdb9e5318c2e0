//! A demonstration canvas.

use crate::{db::canvases, error::ApiError, state::AppState};

/// Makes it where there is no canvas yet.
pub(crate) async fn make(state: &AppState) -> Result<(), ApiError> {
    canvases::any(&state.pool).await?;
    Ok(())
}
