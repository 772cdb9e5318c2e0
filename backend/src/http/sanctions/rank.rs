//! The ranks of who issues or decides a sanction, and of whom it is against.

use crate::{
    db::{Lease, access, users},
    http::error::{ApiError, Resource},
};
use shared::{
    canvas::Rank,
    ids::{CanvasId, UserId},
};

/// The rank with which a user acts in a scope. A user who is banned from the canvas has none.
///
/// # Errors
/// `Sanctioned` during a ban, `Forbidden` below moderator, `NotFound` without the canvas.
pub(in crate::http) async fn acting_rank(
    transaction: &mut Lease,
    scope: Option<CanvasId>,
    user: UserId,
) -> Result<Rank, ApiError> {
    let rank = match scope {
        Some(canvas) => {
            let access = access::find(&mut *transaction, canvas, Some(user))
                .await?
                .ok_or(ApiError::NotFound(Resource::Canvas))?;
            if let Some(ban) = access.ban {
                return Err(ApiError::Sanctioned(ban));
            }
            access.rank()
        }
        None => server_rank(transaction, user).await?,
    };
    if rank < Rank::Moderator {
        return Err(ApiError::Forbidden);
    }
    Ok(rank)
}

/// The rank of a user as somebody who is acted on: a ban takes no rank.
pub(in crate::http) async fn target_rank(
    transaction: &mut Lease,
    scope: Option<CanvasId>,
    user: UserId,
) -> Result<Rank, ApiError> {
    match scope {
        Some(canvas) => {
            let access = access::find(&mut *transaction, canvas, Some(user)).await?;
            let access = access.ok_or(ApiError::NotFound(Resource::Canvas))?;
            Ok(access.rank())
        }
        None => server_rank(transaction, user).await,
    }
}

async fn server_rank(transaction: &mut Lease, user: UserId) -> Result<Rank, ApiError> {
    let user = users::find(&mut *transaction, user).await?;
    let user = user.ok_or(ApiError::NotFound(Resource::User))?;
    Ok(Rank::of(user.is_admin, None))
}
