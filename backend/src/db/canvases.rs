//! Canvases, and what users may do on them.

use super::{DbError, Pool, Result, access, name_of, named, order};
use chrono::{DateTime, Utc};
use shared::{
    api::{Canvas, UpdateCanvas},
    canvas::{EditPolicy, Visibility},
    ids::{CanvasId, Epoch, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};
use std::{fmt, ops::Range, str::FromStr};
use uuid::Uuid;

/// Ids of canvases: those that a number of JavaScript holds.
const IDS: Range<i64> = 1..1 << 53;
/// How many random ids are tried for a new canvas.
const MAX_ID_TRIES: usize = 4;

/// The columns of [`Canvas`], as they are stored, with the role that the viewer
/// was given by name.
struct CanvasRow {
    id: i64,
    name: String,
    description: String,
    width: i32,
    height: i32,
    tile_size: i32,
    palette: Vec<String>,
    visibility: String,
    edit_policy: String,
    owner_id: i64,
    tile_count: i64,
    epoch: Uuid,
    last_seq: i64,
    created_at: DateTime<Utc>,
    guests: String,
    newcomers: Option<String>,
    slow_mode_s: i32,
    lockdown_until: Option<DateTime<Utc>>,
    member_role: Option<String>,
    is_admin: bool,
    /// Whether a ban of the viewer is in force.
    is_banned: bool,
}

impl CanvasRow {
    fn into_canvas(self, viewer: Option<UserId>) -> sqlx::Result<Canvas> {
        let owner_id = UserId(self.owner_id);
        let visibility = named(self.visibility)?;
        let role = access::role(
            owner_id,
            visibility,
            viewer,
            self.member_role,
            self.is_admin,
        )?;
        Ok(Canvas {
            id: CanvasId(self.id),
            name: self.name,
            description: self.description,
            width: self.width,
            height: self.height,
            tile_size: self.tile_size,
            palette: self.palette,
            visibility,
            edit_policy: named(self.edit_policy)?,
            guests: named(self.guests)?,
            newcomers: order::newcomers(visibility, self.newcomers)?,
            slow_mode_s: self.slow_mode_s,
            lockdown_until: self.lockdown_until.map(Into::into),
            owner_id,
            role: role.filter(|_| !self.is_banned),
            tile_count: self.tile_count,
            active_users: 0,
            epoch: Epoch(self.epoch),
            last_seq: self.last_seq,
            created_at: self.created_at.into(),
        })
    }
}

/// A checked query of [`CanvasRow`]s for the viewer `$1`: the statement after
/// its join, and the arguments.
macro_rules! canvas_query {
    ($after:tt $(+ $more:tt)*, $viewer:expr, $($argument:expr),+ $(,)?) => {
        query_as!(
            CanvasRow,
            r#"SELECT c.id, c.name, c.description, c.width, c.height, c.tile_size, c.palette,
                      c.visibility, c.edit_policy, c.owner_id, c.tile_count, c.epoch, c.last_seq,
                      c.created_at, c.guests, c.newcomers, c.slow_mode_s,
                      CASE WHEN c.lockdown_until > clock_timestamp() THEN c.lockdown_until END
                          AS lockdown_until, m.role AS "member_role?",
                      coalesce((SELECT u.is_admin OR u.is_named_admin FROM users u WHERE u.id = $1),
                               false) AS "is_admin!",
                      EXISTS (
                          SELECT FROM sanctions s
                          WHERE s.user_id = $1 AND s.lifted_at IS NULL AND s.kind = 'ban'
                            AND (s.canvas_id = c.id OR s.canvas_id IS NULL)
                            AND coalesce(s.expires_at > clock_timestamp(), true)
                      ) AS "is_banned!"
               FROM canvases c
               LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = $1 "# + $after $(+ $more)*,
            $viewer.map(|user: UserId| user.0),
            $($argument),+
        )
    };
}

/// A canvas as `viewer` sees it. `active_users` is 0; the caller knows it.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: CanvasId,
    viewer: Option<UserId>,
) -> Result<Option<Canvas>> {
    canvas_query!("WHERE c.id = $2", viewer, id.0)
        .try_map(|row| row.into_canvas(viewer))
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// Where a canvas stands in lists: newest first, and of several of one moment by id. Written
/// as `microseconds.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPosition {
    created_at: DateTime<Utc>,
    id: CanvasId,
}

impl fmt::Display for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_at.timestamp_micros(), self.id)
    }
}

impl FromStr for ListPosition {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (micros, id) = text.split_once('.').ok_or(())?;
        let micros = micros.parse().map_err(drop)?;
        Ok(Self {
            created_at: DateTime::from_timestamp_micros(micros).ok_or(())?,
            id: id.parse().map_err(drop)?,
        })
    }
}

/// Which canvases are listed.
pub(crate) struct Filter<'a> {
    /// A part of the name or of the description, in any case; or empty.
    pub(crate) text: &'a str,
    /// True for those that the viewer owns or has a role on, false for the
    /// public ones.
    pub(crate) mine: bool,
    /// Only canvases that come after this position.
    pub(crate) after: Option<ListPosition>,
    /// The maximum number of canvases.
    pub(crate) limit: i64,
}

/// A checked query of a page of [`CanvasRow`]s for the viewer `$1`, newest first: which
/// canvases. The text to look for, as a pattern, is `$5`.
macro_rules! page_query {
    ($which:tt, $viewer:expr, $filter:expr $(, $argument:expr)?) => {
        canvas_query!(
            $which + r#"
             AND (c.created_at, c.id)
                 < (coalesce($2::TIMESTAMPTZ, 'infinity'), coalesce($3::BIGINT, 9223372036854775807))
             ORDER BY c.created_at DESC, c.id DESC
             LIMIT $4"#,
            $viewer,
            $filter.after.map(|position| position.created_at),
            $filter.after.map(|position| position.id.0),
            $filter.limit,
            $($argument)?
        )
        .try_map(|row| {
            let position = ListPosition {
                created_at: row.created_at,
                id: CanvasId(row.id),
            };
            Ok((row.into_canvas($viewer)?, position))
        })
    };
}

/// Canvases with their positions, newest first. `active_users` is 0; the caller knows it.
///
/// Each kind of list has a statement whose subquery leaves the planner an index: the
/// public ones by time, a user's by owner and by member, and a text by the expression of
/// `canvases_search_idx`.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    viewer: Option<UserId>,
    filter: &Filter<'_>,
) -> Result<Vec<(Canvas, ListPosition)>> {
    let pattern = like_pattern(filter.text);
    let found = if filter.mine {
        page_query!(
            r#"WHERE c.id = ANY (ARRAY (
                   SELECT id FROM canvases WHERE owner_id = $1
                   UNION SELECT canvas_id FROM canvas_members WHERE user_id = $1
               )) AND lower(c.name || E'\x01' || c.description) LIKE lower($5)
               AND NOT (c.visibility = 'private' AND EXISTS (
                   SELECT FROM sanctions s
                   WHERE s.user_id = $1 AND s.lifted_at IS NULL AND s.kind = 'ban'
                     AND (s.canvas_id = c.id OR s.canvas_id IS NULL)
                     AND coalesce(s.expires_at > clock_timestamp(), true)
               ))"#,
            viewer,
            filter,
            pattern
        )
        .fetch_all(executor)
        .await
    } else if filter.text.is_empty() {
        page_query!("WHERE c.visibility = 'public'", viewer, filter)
            .fetch_all(executor)
            .await
    } else {
        page_query!(
            r#"WHERE c.visibility = 'public' AND c.id = ANY (ARRAY (
                   SELECT id FROM canvases
                   WHERE visibility = 'public'
                     AND lower(name || E'\x01' || description) LIKE lower($5)
               ))"#,
            viewer,
            filter,
            pattern
        )
        .fetch_all(executor)
        .await
    };
    found.map_err(DbError::from)
}

/// The pattern of `LIKE` for texts that contain this one.
fn like_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for char in text.chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    pattern
}

/// The settings of a new canvas, already validated.
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) tile_size: i32,
    pub(crate) palette: Vec<String>,
    pub(crate) visibility: Visibility,
    pub(crate) edit_policy: EditPolicy,
}

/// Creates a canvas. Its id is random: nobody finds an unlisted canvas by counting.
pub(crate) async fn insert(pool: &Pool, owner: UserId, new: &New) -> Result<CanvasId> {
    // The second try is needed once in 2^53 / (number of canvases) times.
    for _ in 0..MAX_ID_TRIES {
        let id = query_scalar!(
            "INSERT INTO canvases (id, name, description, width, height, tile_size, palette,
                                   visibility, edit_policy, owner_id, epoch)
             OVERRIDING SYSTEM VALUE
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO NOTHING
             RETURNING id",
            rand::random_range(IDS),
            new.name,
            new.description,
            new.width,
            new.height,
            new.tile_size,
            &new.palette,
            name_of(new.visibility),
            name_of(new.edit_policy),
            owner.0,
            Uuid::new_v4(),
        )
        .fetch_optional(pool)
        .await?;
        if let Some(id) = id {
            return Ok(CanvasId(id));
        }
    }
    Err(sqlx::Error::RowNotFound.into())
}

/// Changes settings and returns the canvas as it is then, without any viewer's
/// role; `None` if all are as they were. Called under the canvas's lock.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: CanvasId,
    change: &UpdateCanvas,
) -> Result<Option<Canvas>> {
    let done = query!(
        "UPDATE canvases
         SET name = COALESCE($2, name), description = COALESCE($3, description),
             visibility = COALESCE($4, visibility), edit_policy = COALESCE($5, edit_policy),
             guests = COALESCE($6, guests), newcomers = COALESCE($7, newcomers),
             slow_mode_s = COALESCE($8, slow_mode_s),
             lockdown_until = CASE WHEN $9 THEN $10 ELSE lockdown_until END
         WHERE id = $1 AND (COALESCE($2, name), COALESCE($3, description),
                            COALESCE($4, visibility), COALESCE($5, edit_policy),
                            COALESCE($6, guests), COALESCE($7, newcomers),
                            COALESCE($8, slow_mode_s),
                            CASE WHEN $9 THEN $10 ELSE lockdown_until END)
                           IS DISTINCT FROM (name, description, visibility, edit_policy,
                                             guests, newcomers, slow_mode_s, lockdown_until)",
        id.0,
        change.name.as_deref(),
        change.description.as_deref(),
        change.visibility.map(name_of),
        change.edit_policy.map(name_of),
        change.guests.map(name_of),
        change.newcomers.map(name_of),
        change.slow_mode_s,
        change.lockdown_until.is_some(),
        change.lockdown_until.flatten().map(DateTime::<Utc>::from),
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let canvas = find(connection, id, None).await?;
    Ok(Some(canvas.ok_or(sqlx::Error::RowNotFound)?))
}

/// Whether there is any canvas.
pub(crate) async fn any(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(r#"SELECT EXISTS (SELECT FROM canvases) AS "any!""#)
        .fetch_one(executor)
        .await
        .map_err(DbError::from)
}

/// Deletes a canvas: from now on nobody finds it. What is on it is removed in the
/// background ([`super::deleted_canvases`]). False if there is no such canvas.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, id: CanvasId) -> Result<bool> {
    query!("DELETE FROM canvases WHERE id = $1", id.0)
        .execute(executor)
        .await
        .map_err(DbError::from)
        .map(|done| done.rows_affected() > 0)
}
