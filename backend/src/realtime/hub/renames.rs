//! Finds the users whose names changed otherwise than by themselves, on any node: guests who
//! became registered, and deleted accounts. Their names on open connections and in memory
//! follow. Without a message on the bus, since a poll every few seconds is enough.

use super::{Hub, Inner};
use crate::{
    db::accounts,
    realtime::{
        room::{Command, RenamedUser},
        write::Identity,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use shared::ids::UserId;
use std::collections::HashSet;

/// Users that one poll reads. More are read by the next.
const MAX_USERS: i64 = 500;
/// How long before the last poll a change that it did not see may have been made: its
/// transaction was not committed then.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);

/// Up to when the renames are known.
#[derive(Debug)]
pub(super) struct Renames {
    until: Mutex<DateTime<Utc>>,
    /// Those within [`OVERLAP`] that the rooms were told of already.
    told: Mutex<HashSet<(i64, DateTime<Utc>)>>,
}

impl Renames {
    /// Rooms that are opened after `now` read the names from the database.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            until: Mutex::new(now),
            told: Mutex::default(),
        }
    }
}

impl Hub {
    /// Takes over the names that changed, without waiting for the next poll.
    pub(crate) async fn poll_renamed(&self) {
        self.inner.poll_renamed().await;
    }
}

impl Inner {
    /// Reads which users were renamed since the last poll, and tells the open rooms.
    pub(super) async fn poll_renamed(&self) {
        let now = self.clock.now();
        let since = *self.renames.until.lock() - OVERLAP;
        let renamed = match accounts::renamed_since(&self.pool, since, MAX_USERS).await {
            Ok(renamed) => renamed,
            Err(error) => {
                tracing::debug!(%error, "renamed users could not be read");
                return;
            }
        };
        let is_full = i64::try_from(renamed.len()).is_ok_and(|read| read == MAX_USERS);
        let until = renamed
            .last()
            .filter(|_| is_full)
            .map_or(now, |last| last.at + OVERLAP);
        let mut news = Vec::new();
        {
            let mut told = self.renames.told.lock();
            told.retain(|(_, at)| *at > since);
            for user in renamed {
                if told.insert((user.id, user.at)) {
                    news.push(RenamedUser {
                        identity: Identity {
                            user_id: UserId(user.id),
                            username: user.username.into(),
                            display_name: user.display_name.into(),
                            name_version: user.name_version,
                        },
                        is_deleted: user.is_deleted,
                    });
                }
            }
        }
        *self.renames.until.lock() = until;
        for user in news {
            for canvas in self.open_canvases() {
                self.try_send_to_room(canvas, Command::Renamed(Box::new(user.clone())));
            }
        }
    }
}
