//! Periodic work: memory of caches, metrics and rate limits, old rows, and those of
//! deleted canvases.

mod events;
mod exports;
mod guests;
mod names;
mod past;

pub(super) use events::backfill_loop;
pub(super) use exports::{ExportTasks, export_purge_loop};
pub(super) use past::past_loop;

use crate::{
    auth::KNOWN_FOR,
    db::{
        self, cases,
        deleted_canvases::{Removed, remove_some},
        direct_messages, invites, notifications, origins, sessions, sign_ins,
    },
    state::AppState,
};
use chrono::TimeDelta;
use guests::GuestPurge;
use std::time::Duration;
use tokio::{
    task::JoinHandle,
    time::{self, timeout},
};

/// Between two runs of what frees memory.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Between two times at which is stored which sessions were used.
const LAST_SEEN_INTERVAL: Duration = Duration::from_secs(5);
/// The sessions of open connections are stored every so many times.
const OPEN_EVERY_TICKS: u32 = 12;
/// Between two deletions of expired sessions and tickets, and of guests that left nothing.
const PURGE_INTERVAL: Duration = Duration::from_mins(1);
/// Between two deletions of old audit entries and sign-in networks.
const AUDIT_INTERVAL: Duration = Duration::from_mins(10);

/// Between two polls for canvases that other nodes deleted and did not clean up.
const CLEANUP_INTERVAL: Duration = Duration::from_mins(1);
/// The pause after a piece of a deleted canvas was removed, for everybody else.
const CLEANUP_PAUSE: Duration = Duration::from_millis(50);

/// How long a notification is kept.
const NOTIFICATIONS_KEPT_FOR: TimeDelta = TimeDelta::days(90);
/// How long the words of a private message that its sender removed can be reported.
const REMOVED_WORDS_KEPT_FOR: TimeDelta = TimeDelta::days(90);
/// How long a browser is kept after its last use: as long as its cookie.
const DEVICE_KEPT_FOR: TimeDelta = TimeDelta::days(365);

/// Spawns the task that removes the rows of deleted canvases; abort it to stop.
pub(super) fn cleanup_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            match remove_some(&state.pool).await {
                Ok(Removed::Some) => time::sleep(CLEANUP_PAUSE).await,
                Ok(Removed::Nothing) => {
                    // Both outcomes mean that it is time to look.
                    let _ = timeout(CLEANUP_INTERVAL, state.canvas_deleted.notified()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot remove the rows of deleted canvases");
                    time::sleep(CLEANUP_INTERVAL).await;
                }
            }
        }
    })
}

/// Spawns the task that removes the names of deleted accounts; abort it to stop.
pub(super) fn name_removal_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(names::remove(state))
}

/// Spawns the task; abort it to stop. A database that does not answer does not keep it
/// from freeing memory.
pub(super) fn maintenance_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::join!(
            free_memory(&state),
            delete_old_rows(&state),
            store_last_seen(&state)
        );
    })
}

/// Deletes the evidence of cases that were decided long ago, in pieces.
async fn purge_evidence(state: &AppState) -> db::Result<()> {
    let now = state.hub.clock().now();
    while cases::purge_evidence(&state.pool, now).await? == cases::PURGE_BATCH {}
    Ok(())
}

/// Deletes the words of private messages that were removed long ago, in pieces.
async fn purge_removed_words(state: &AppState) -> db::Result<()> {
    let oldest = state.hub.clock().now() - REMOVED_WORDS_KEPT_FOR;
    let batch = direct_messages::PURGE_BATCH;
    while direct_messages::purge_removed_words(&state.pool, oldest).await? == batch {}
    Ok(())
}

async fn free_memory(state: &AppState) {
    let mut upkeep = time::interval(UPKEEP_INTERVAL);
    loop {
        upkeep.tick().await;
        state.metrics.upkeep();
        state.pools.evict();
        state.auth.evict_expired().await;
        state.sign_in_limits.evict_idle();
        state.user_limits.evict_idle();
        state.hub.evict_idle();
        state.list_limits.evict_idle();
        state.cell_cache.evict_idle();
        state.origin_notes.evict();
        state.audit.evict_idle_limits();
    }
}

async fn store_last_seen(state: &AppState) {
    let mut interval = time::interval(LAST_SEEN_INTERVAL);
    interval.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    for tick in 1_u32.. {
        interval.tick().await;
        let open = if tick.is_multiple_of(OPEN_EVERY_TICKS) {
            state.hub.registry().sessions()
        } else {
            Vec::new()
        };
        if let Err(error) = state.auth.store_last_seen(open).await {
            tracing::warn!(%error, "cannot store which sessions are used");
        }
    }
}

async fn delete_old_rows(state: &AppState) {
    let mut purge = time::interval(PURGE_INTERVAL);
    purge.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let mut audit = time::interval(AUDIT_INTERVAL);
    let mut guests = GuestPurge::default();
    loop {
        tokio::select! {
            _ = purge.tick() => {
                let now = state.hub.clock().now();
                if let Err(error) = sessions::purge(&state.pool, now).await {
                    tracing::warn!(%error, "cannot delete expired sessions");
                }
                if let Err(error) = guests.run(&state.pool, now).await {
                    tracing::warn!(%error, "cannot delete guests");
                }
            }
            _ = audit.tick() => {
                let oldest = state.hub.clock().now() - KNOWN_FOR;
                if let Err(error) = sign_ins::purge(&state.pool, oldest).await {
                    tracing::warn!(%error, "cannot delete old sign-in networks");
                }
                if let Err(error) = invites::purge(&state.pool, oldest).await {
                    tracing::warn!(%error, "cannot delete invites that ended long ago");
                }
                if let Err(error) = purge_notifications(state).await {
                    tracing::warn!(%error, "cannot delete old notifications");
                }
                if let Err(error) = purge_origins(state).await {
                    tracing::warn!(%error, "cannot delete old devices and networks");
                }
                if let Err(error) = purge_removed_words(state).await {
                    tracing::warn!(%error, "cannot delete the words of removed messages");
                }
                if let Err(error) = purge_evidence(state).await {
                    tracing::warn!(%error, "cannot delete old evidence");
                }
                if let Err(error) = state.audit.purge().await {
                    tracing::warn!(%error, "cannot delete old audit entries");
                }
            }
        }
    }
}

/// Deletes the notifications of long ago, in pieces.
async fn purge_notifications(state: &AppState) -> db::Result<()> {
    let oldest = state.hub.clock().now() - NOTIFICATIONS_KEPT_FOR;
    while notifications::purge(&state.pool, oldest).await? > 0 {}
    Ok(())
}

/// Deletes from where users came long ago.
async fn purge_origins(state: &AppState) -> db::Result<()> {
    let now = state.hub.clock().now();
    let networks = state.config.ban_network_time().max(TimeDelta::days(1)) * 2;
    let mut lease = state.pool.acquire().await?;
    origins::purge(&mut lease, now - DEVICE_KEPT_FOR, now - networks).await?;
    lease.done();
    Ok(())
}
