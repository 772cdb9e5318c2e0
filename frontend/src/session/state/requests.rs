//! What is asked for over HTTP, and what follows from the answers: the
//! snapshot, the user's role, older activity and the members' names.

use super::{REFRESH_MS, SessionState, connection::load_failure, receive::FollowUp};
use crate::{
    model::{
        chat::OlderPages,
        connection::{ConnectionProblem, ConnectionStatus, LoadFailure, LoadState, SignIn},
        notice::NoticeKind,
    },
    session::{
        activity,
        effect::{Effect, FetchError, Network},
    },
    store::backend::{Backend, Var},
};
use shared::{
    api::{Auth, Member, Snapshot},
    canvas::Role,
    limits,
    protocol::{ClientMessage, DurableEvent},
};

impl<B: Backend> SessionState<B> {
    /// Does what a message asks for.
    pub(super) fn follow(&mut self, next: FollowUp) {
        match next {
            FollowUp::Flush => self.effects.push(Effect::Flush),
            FollowUp::Snapshot => self.fetch_snapshot(),
            FollowUp::Role => self.effects.push(Effect::FetchRole),
            FollowUp::Reconnect => self.effects.push(Effect::ReconnectLater),
            FollowUp::Identify => self.identify(),
        }
    }

    /// Fetches the snapshot, unless that is under way. The connection is made
    /// when it is there.
    pub fn fetch_snapshot(&mut self) {
        if self.fetching.is_some() {
            return;
        }
        self.fetching = Some(self.account.clone());
        self.effects.push(Effect::FetchSnapshot);
    }

    /// There is a network again: does not wait for the next attempt to fetch the
    /// first snapshot.
    pub fn network_back(&mut self) {
        if self.store.load.get() == LoadState::Loading {
            self.snapshot_backoff.reset();
            self.fetch_snapshot();
        }
    }

    /// The snapshot came, or not.
    pub fn snapshot_received(
        &mut self,
        answer: Result<Snapshot, FetchError>,
        network: Network,
        now: i64,
    ) {
        let asker = self.fetching.take().unwrap_or_default();
        if asker != SignIn::Unknown && asker != self.account && self.account != SignIn::SignedOut {
            // It is as somebody else may see it.
            self.fetch_snapshot();
            return;
        }
        let signed_in = matches!(self.account, SignIn::SignedIn(_));
        match answer {
            Ok(snapshot) => {
                self.snapshot_backoff.reset();
                self.is_unreachable = false;
                self.effects.push(Effect::Answered {
                    knows_user: snapshot.canvas.role.is_some(),
                });
                self.store.connection_problem.set(None);
                if self.account == SignIn::SignedOut {
                    self.store.connection.set(ConnectionStatus::SignedOut);
                }
                let seq = snapshot.seq;
                self.activity_from = seq;
                let next = self.load(snapshot, now);
                self.fetch_activity(seq);
                self.follow(next);
                if signed_in {
                    self.effects.push(Effect::OpenSocket);
                    self.effects.push(Effect::Flush);
                }
            }
            Err(error) => match load_failure(error) {
                // The user is not known yet, and will be after this.
                Some(LoadFailure::Forbidden) if self.account == SignIn::Unknown => {
                    self.effects.push(Effect::Answered { knows_user: true });
                }
                Some(failure) => {
                    self.effects.push(Effect::Answered { knows_user: false });
                    self.fail(failure);
                }
                None => {
                    self.is_unreachable = true;
                    self.show_frame(now);
                    let after_ms = self.snapshot_backoff.next_delay(network.random);
                    let after_ms = after_ms.max(network.retry_after_ms);
                    self.effects.push(Effect::RetrySnapshot { after_ms });
                    if !self.live {
                        self.store.connection_problem.set(Some(match error {
                            FetchError::Blocked => ConnectionProblem::Blocked,
                            FetchError::Forbidden
                            | FetchError::NotFound
                            | FetchError::Unavailable => ConnectionProblem::Away,
                        }));
                        self.wait(now + i64::from(after_ms), network.online);
                    }
                }
            },
        }
    }

    /// What this user may do here. They are told if it changed; who may not
    /// draw any more leaves the open tile.
    pub fn role_received(&mut self, role: Role) {
        let is_new = self
            .store
            .me
            .with(|me| me.as_ref().is_some_and(|me| me.role != role));
        if is_new {
            self.store.me.update(|me| {
                if let Some(me) = me {
                    me.role = role;
                }
            });
            self.notify(NoticeKind::Role(role));
        }
        if role < Role::Editor
            && let Some(at) = self.store.editing.get()
        {
            self.store.editing.set(None);
            self.announce_editing(at, false);
        }
    }

    /// The session's token was renewed: the connection lives as long as it.
    pub fn token_received(&mut self, auth: Auth, now: i64) {
        self.refresh_at = now + REFRESH_MS;
        if self.is_me(auth.user.id) {
            self.send(ClientMessage::AuthRefresh { token: auth.token });
        } else {
            self.effects.push(Effect::SignedIn(auth.user));
        }
    }

    /// Fetches one page of events up to `seq`, for the activity list.
    fn fetch_activity(&mut self, seq: i64) {
        self.store.older_activity.set(OlderPages::Loading);
        self.effects.push(Effect::FetchActivity {
            after: (seq - limits::MAX_PAGE).max(0),
        });
    }

    /// Fetches the page before the oldest activity line, if there may be one.
    pub fn fetch_older_activity(&mut self) {
        if self.store.older_activity.get() == OlderPages::Maybe {
            self.fetch_activity(self.activity_from);
        }
    }

    /// A page of events after `after` came; none where it could not be
    /// fetched, so that the list begins with what happens from now on.
    pub fn activity_received(&mut self, after: i64, events: Option<&[DurableEvent]>) {
        let older = match events {
            Some(events) => {
                self.add_older(events);
                self.activity_from = after;
                if after > 0 {
                    OlderPages::Maybe
                } else {
                    OlderPages::None
                }
            }
            None => OlderPages::Maybe,
        };
        self.store.older_activity.set(older);
        if self.has_unknown_actors() && !std::mem::replace(&mut self.asked_members, true) {
            self.effects.push(Effect::FetchMembers);
        }
    }

    /// Adds activity lines of the past, and the names of who wrote meanwhile.
    fn add_older(&mut self, events: &[DurableEvent]) {
        for event in events {
            if let DurableEvent::CanvasChatMessage(event) = event {
                let message = &event.message;
                self.store
                    .names
                    .set_if_unknown(message.sender_id, &message.sender_display_name);
            }
        }
        self.store.activity.update(|lines| {
            for line in events.iter().filter_map(activity::from_event) {
                activity::add(lines, line);
            }
        });
    }

    /// Whether the activity list has somebody whose name is not known.
    fn has_unknown_actors(&self) -> bool {
        let names = &self.store.names;
        self.store
            .activity
            .with(|lines| lines.iter().any(|line| names.peek(line.actor).is_none()))
    }

    /// The members of the canvas, for their names.
    pub fn members_received(&mut self, members: &[Member]) {
        for member in members {
            self.remember_names(member.user_id, &member.username, &member.display_name);
        }
    }
}
