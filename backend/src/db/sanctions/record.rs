//! A sanction as it is stored, and as it is shown. Pure.

use crate::db::appeals::StoredAppeal;
use chrono::{DateTime, Utc};
use shared::{
    api::{
        moderation::UserRef,
        sanctions::{Activity, Sanction, SanctionBrief, SanctionKind},
    },
    canvas::Rank,
    ids::{CanvasId, UserId},
};
use std::sync::Arc;

/// A user's sanctions on a canvas, those on the whole server included, that were in force
/// when they were read.
pub(crate) type Sanctions = Arc<[SanctionRecord]>;

/// A sanction as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SanctionRecord {
    pub(crate) id: i64,
    /// None for the whole server.
    pub(crate) canvas_id: Option<CanvasId>,
    pub(crate) user: UserRef,
    pub(crate) kind: SanctionKind,
    pub(crate) reason: String,
    pub(crate) note: String,
    pub(crate) issued_by: UserRef,
    /// The issuer's rank at that time.
    pub(crate) issuer_rank: Rank,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) lifted_at: Option<DateTime<Utc>>,
    pub(crate) lift_reason: String,
    pub(crate) case_id: Option<i64>,
    pub(crate) appeal: Option<StoredAppeal>,
}

impl SanctionRecord {
    /// Whether it counts at `now`: it was not lifted, and its time is not over.
    pub(crate) fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.lifted_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }

    /// What a refusal says of it.
    pub(crate) fn brief(&self) -> SanctionBrief {
        SanctionBrief {
            id: self.id,
            kind: self.kind,
            reason: self.reason.clone(),
            expires_at: self.expires_at.map(Into::into),
        }
    }

    /// As it is shown: with its issuer and its note only to those who moderate there.
    pub(crate) fn shown(&self, moderates: bool) -> Sanction {
        Sanction {
            id: self.id,
            canvas_id: self.canvas_id,
            user: self.user.clone(),
            kind: self.kind,
            reason: self.reason.clone(),
            issued_by: moderates.then(|| self.issued_by.clone()),
            issued_at: self.issued_at.into(),
            expires_at: self.expires_at.map(Into::into),
            lifted_at: self.lifted_at.map(Into::into),
            lift_reason: self.lift_reason.clone(),
            case_id: self.case_id,
            appeal: self.appeal.as_ref().map(|appeal| appeal.shown(moderates)),
            note: moderates.then(|| self.note.clone()),
        }
    }

    /// As it is shown to the sanctioned user, who learns no moderator's name from the appeal,
    /// whatever their role.
    pub(crate) fn own(&self, moderates: bool) -> Sanction {
        Sanction {
            appeal: self.appeal.as_ref().map(|appeal| appeal.shown(false)),
            ..self.shown(moderates)
        }
    }

    /// As a moderator sees it in a list.
    pub(crate) fn listed(&self, reader: UserId) -> Sanction {
        if self.user.user_id == reader {
            self.own(true)
        } else {
            self.shown(true)
        }
    }
}

/// The sanction that forbids the activity at `now`: of several the one that lasts longest.
pub(crate) fn forbidding(
    sanctions: &[SanctionRecord],
    activity: Activity,
    now: DateTime<Utc>,
) -> Option<Box<SanctionBrief>> {
    sanctions
        .iter()
        .filter(|it| it.kind.forbids(activity) && it.is_in_force(now))
        .max_by_key(|it| {
            (
                it.kind == SanctionKind::Ban,
                it.expires_at.is_none(),
                it.expires_at,
            )
        })
        .map(|sanction| Box::new(sanction.brief()))
}
