//! When users were on canvases for the first time, and what they did lately as far as it is
//! limited: the messages and pixels of newcomers, and the newest message in slow mode.

use super::{DbError, Result};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::{
    ids::{CanvasId, UserId},
    limits,
};
use sqlx::{PgConnection, PgExecutor, query};
use std::{collections::HashMap, time::Duration};

/// The time in which a newcomer's acts are counted, in milliseconds.
const WINDOW_MS: i64 = 60_000;
/// Pixels of so many milliseconds are counted together, so that a row stays small.
const MERGED_MS: i64 = 1_000;

/// A user's visits to a canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) first_at: DateTime<Utc>,
    pub(crate) recent: Recent,
}

impl Visit {
    /// Until when the user is a newcomer, unless that is over at `now`.
    pub(crate) fn newcomer_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        newcomer_until(self.first_at).filter(|until| *until > now)
    }
}

/// The end of the time in which somebody is a newcomer.
pub(crate) fn newcomer_until(first_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    first_at.checked_add_signed(TimeDelta::seconds(limits::NEWCOMER_S))
}

/// What somebody did lately on a canvas. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Recent {
    /// When the newest messages were sent, the newest last.
    chats: Vec<i64>,
    /// When how many pixels were changed in the tiles of others, the newest last.
    pixels: Vec<(i64, usize)>,
}

impl Recent {
    /// How long until another message may be sent in slow mode.
    pub(crate) fn slow_mode_wait(&self, now: DateTime<Utc>, slow_mode_s: i32) -> Option<Duration> {
        let last = self.chats.last()?;
        wait(now, last + i64::from(slow_mode_s) * 1000)
    }

    /// How long until a newcomer may send another message.
    pub(crate) fn chat_wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let oldest = self.chats.len().checked_sub(limits::NEWCOMER_MESSAGES)?;
        wait(now, self.chats.get(oldest)? + WINDOW_MS)
    }

    /// How long until a newcomer may change so many more pixels in the tiles of others; a
    /// stroke of more than the limit never fits, and is told the whole window.
    pub(crate) fn pixels_wait(&self, now: DateTime<Utc>, more: usize) -> Option<Duration> {
        let since = now.timestamp_millis() - WINDOW_MS;
        let counted = self.pixels.iter().filter(|(at, _)| *at > since);
        let mut sum: usize = more + counted.clone().map(|(_, count)| count).sum::<usize>();
        let mut ends = now.timestamp_millis();
        for (at, count) in counted {
            if sum <= limits::NEWCOMER_PIXELS {
                break;
            }
            sum -= count;
            ends = at + WINDOW_MS;
        }
        if sum > limits::NEWCOMER_PIXELS {
            ends = now.timestamp_millis() + WINDOW_MS;
        }
        wait(now, ends)
    }

    /// Counts a message.
    pub(crate) fn note_chat(&mut self, now: DateTime<Utc>) {
        self.chats.push(now.timestamp_millis());
        let surplus = self.chats.len().saturating_sub(limits::NEWCOMER_MESSAGES);
        self.chats.drain(..surplus);
    }

    /// Counts pixels.
    pub(crate) fn note_pixels(&mut self, now: DateTime<Utc>, count: usize) {
        let now = now.timestamp_millis();
        self.pixels.retain(|(at, _)| *at > now - WINDOW_MS);
        match self.pixels.last_mut() {
            Some((at, before)) if *at / MERGED_MS == now / MERGED_MS => {
                (*at, *before) = (now, *before + count);
            }
            Some(_) | None => self.pixels.push((now, count)),
        }
    }
}

/// The time from `now` to `end`, in milliseconds since 1970, if that is still to come.
fn wait(now: DateTime<Utc>, end: i64) -> Option<Duration> {
    let left = u64::try_from(end - now.timestamp_millis()).ok()?;
    (left > 0).then(|| Duration::from_millis(left))
}

/// The visits of these users, each to one canvas. Those who are there for the first time are
/// noted; whoever left events there long ago is not.
pub(crate) async fn note(
    executor: impl PgExecutor<'_>,
    pairs: &[(CanvasId, UserId)],
) -> Result<HashMap<(CanvasId, UserId), Visit>> {
    let canvases: Vec<i64> = pairs.iter().map(|(canvas, _)| canvas.0).collect();
    let users: Vec<i64> = pairs.iter().map(|(_, user)| user.0).collect();
    query!(
        r#"WITH asked AS (
               SELECT DISTINCT canvas_id, user_id
               FROM unnest($1::bigint[], $2::bigint[]) AS asked (canvas_id, user_id)
           ), known AS (
               SELECT v.canvas_id, v.user_id, v.first_at, v.recent
               FROM asked a JOIN LATERAL (
                   SELECT * FROM canvas_visits
                   WHERE user_id = a.user_id AND canvas_id = a.canvas_id LIMIT 1
               ) AS v ON true
           ), added AS (
               INSERT INTO canvas_visits (canvas_id, user_id, first_at)
               SELECT a.canvas_id, a.user_id, CASE WHEN EXISTS (
                   SELECT FROM canvas_events e
                   WHERE e.actor_id = a.user_id AND e.canvas_id = a.canvas_id
                     AND e.created_at < clock_timestamp() - $3::bigint * interval '1 second'
               ) OR EXISTS (
                   SELECT FROM archived_actors h
                   WHERE h.actor_id = a.user_id AND h.canvas_id = a.canvas_id
                     AND h.first_at < clock_timestamp() - $3::bigint * interval '1 second'
               ) THEN to_timestamp(0) ELSE clock_timestamp() END
               FROM asked a
               JOIN LATERAL (SELECT FROM users WHERE id = a.user_id LIMIT 1) AS u ON true
               WHERE NOT EXISTS (
                   SELECT FROM known k WHERE k.user_id = a.user_id AND k.canvas_id = a.canvas_id)
               ORDER BY a.user_id, a.canvas_id
               ON CONFLICT DO NOTHING
               RETURNING canvas_id, user_id, first_at, recent
           )
           SELECT canvas_id AS "canvas_id!", user_id AS "user_id!", first_at AS "first_at!",
                  recent AS "recent!"
           FROM (SELECT * FROM known UNION ALL SELECT * FROM added) AS visits"#,
        &canvases,
        &users,
        limits::NEWCOMER_S,
    )
    .map(|row| {
        let visit = Visit {
            first_at: row.first_at,
            recent: serde_json::from_value(row.recent).unwrap_or_default(),
        };
        ((CanvasId(row.canvas_id), UserId(row.user_id)), visit)
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|visits| visits.into_iter().collect())
}

/// When these users were on these canvases for the first time, in the order of the pairs: now,
/// for those who were never there.
pub(crate) async fn first(
    connection: &mut PgConnection,
    pairs: &[(CanvasId, UserId)],
) -> Result<Vec<DateTime<Utc>>> {
    let visits = note(&mut *connection, pairs).await?;
    // Another node may be noting one of them at this moment.
    let now = super::now(connection).await?;
    let first = pairs.iter().map(|pair| visits.get(pair));
    Ok(first
        .map(|visit| visit.map_or(now, |visit| visit.first_at))
        .collect())
}

/// Stores what these users did lately on a canvas.
pub(crate) async fn save(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    recent: &[(UserId, &Recent)],
) -> Result<()> {
    if recent.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = recent.iter().map(|(user, _)| user.0).collect();
    let recent: serde_json::Result<Vec<serde_json::Value>> = recent
        .iter()
        .map(|(_, recent)| serde_json::to_value(recent))
        .collect();
    let recent = recent.map_err(|error| sqlx::Error::Encode(error.into()))?;
    query!(
        "UPDATE canvas_visits v SET recent = new.recent
         FROM unnest($2::bigint[], $3::jsonb[]) AS new (user_id, recent)
         WHERE v.canvas_id = $1 AND v.user_id = new.user_id",
        canvas.0,
        &users,
        &recent,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_000_000_000_000 + ms).unwrap()
    }

    fn ms(wait: Option<Duration>) -> Option<u128> {
        wait.map(|wait| wait.as_millis())
    }

    #[test]
    fn six_messages_of_a_newcomer_in_any_minute() {
        let mut recent = Recent::default();
        for second in 0..6 {
            assert_eq!(recent.chat_wait(at(second * 1000)), None);
            recent.note_chat(at(second * 1000));
        }
        assert_eq!(ms(recent.chat_wait(at(10_000))), Some(50_000));
        assert_eq!(ms(recent.chat_wait(at(59_999))), Some(1));
        assert_eq!(recent.chat_wait(at(60_000)), None);
        recent.note_chat(at(60_000));
        assert_eq!(ms(recent.chat_wait(at(60_500))), Some(500));
    }

    #[test]
    fn slow_mode_counts_from_the_newest_message() {
        let mut recent = Recent::default();
        assert_eq!(recent.slow_mode_wait(at(0), 10), None);
        recent.note_chat(at(0));
        recent.note_chat(at(5_000));
        assert_eq!(ms(recent.slow_mode_wait(at(7_000), 10)), Some(8_000));
        assert_eq!(recent.slow_mode_wait(at(15_000), 10), None);
    }

    #[test]
    fn three_hundred_pixels_of_a_newcomer_in_any_minute() {
        let mut recent = Recent::default();
        assert_eq!(recent.pixels_wait(at(0), 300), None);
        assert_eq!(ms(recent.pixels_wait(at(0), 301)), Some(60_000));
        recent.note_pixels(at(0), 100);
        recent.note_pixels(at(500), 100);
        recent.note_pixels(at(20_000), 100);
        // Those of one second are counted together, from the newest on.
        assert_eq!(recent.pixels.len(), 2);
        assert_eq!(ms(recent.pixels_wait(at(30_000), 1)), Some(30_500));
        assert_eq!(ms(recent.pixels_wait(at(30_000), 201)), Some(50_000));
        assert_eq!(recent.pixels_wait(at(60_500), 200), None);
        recent.note_pixels(at(90_000), 1);
        assert_eq!(recent.pixels, [(at(90_000).timestamp_millis(), 1)]);
    }
}
