//! What a room says in one turn: it is collected, and handed to every outbox
//! in one piece at the end of the turn. Under load a turn has many messages,
//! and each member still takes one write.

use super::{Member, Room};
use crate::realtime::{frame::Frame, outbox::Parcel};
use shared::ids::ConnectionId;

/// Members served before others than this room have a turn.
const STRETCH: usize = 128;

/// For whom something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    All,
    /// All but this one.
    Others(ConnectionId),
    One(ConnectionId),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Post {
    letters: Vec<(To, Frame)>,
    /// Letters of the turns before.
    handed_out: u64,
}

impl Post {
    pub(super) fn all(&mut self, frame: Frame) {
        self.letters.push((To::All, frame));
    }

    pub(super) fn others(&mut self, but: ConnectionId, frame: Frame) {
        self.letters.push((To::Others(but), frame));
    }

    pub(super) fn one(&mut self, connection: ConnectionId, frame: Frame) {
        self.letters.push((To::One(connection), frame));
    }

    /// Letters so far: what comes later is for those who are there now.
    pub(super) fn count(&self) -> u64 {
        self.handed_out + self.letters.len() as u64
    }

    fn take(&mut self) -> Option<Round> {
        if self.letters.is_empty() {
            return None;
        }
        let letters = std::mem::take(&mut self.letters);
        let begin = self.handed_out;
        self.handed_out += letters.len() as u64;
        Some(Round::new(letters, begin))
    }
}

/// The letters of one turn.
struct Round {
    letters: Vec<(To, Frame)>,
    /// Letters before them.
    begin: u64,
    /// Those who get something else than all others, sorted.
    named: Vec<ConnectionId>,
    common: Parcel,
    /// Sockets that took the common parcel and are not counted yet.
    written: u64,
}

impl Round {
    fn new(letters: Vec<(To, Frame)>, begin: u64) -> Self {
        let named = letters.iter().filter_map(|(to, _)| match to {
            To::All => None,
            To::Others(one) | To::One(one) => Some(*one),
        });
        let mut named: Vec<ConnectionId> = named.collect();
        named.sort_unstable();
        let common = letters
            .iter()
            .filter(|(to, _)| !matches!(to, To::One(_)))
            .map(|(_, frame)| frame.clone());
        Self {
            common: Parcel::new(common.collect()),
            letters,
            begin,
            named,
            written: 0,
        }
    }

    fn give(&mut self, id: ConnectionId, member: &Member) {
        if member.since <= self.begin && self.named.binary_search(&id).is_err() {
            self.written += u64::from(member.outbox.deliver(&self.common));
            return;
        }
        let own = (self.begin..)
            .zip(&self.letters)
            .filter(|(place, (to, _))| {
                let is_meant = match to {
                    To::All => true,
                    To::Others(but) => *but != id,
                    To::One(one) => *one == id,
                };
                is_meant && *place >= member.since
            })
            .map(|(_, (_, frame))| frame.clone())
            .collect();
        member.outbox.extend(own);
    }
}

impl Room {
    /// Hands out what was said. Others have a turn in between.
    pub(super) async fn hand_out(&mut self) {
        let Some(mut round) = self.post.take() else {
            return;
        };
        for (place, (id, member)) in self.members.iter().enumerate() {
            if place > 0 && place.is_multiple_of(STRETCH) {
                self.count_out(&mut round);
                tokio::task::yield_now().await;
            }
            round.give(*id, member);
        }
        self.count_out(&mut round);
    }

    /// The same at once, where something must not come before it.
    pub(super) fn hand_out_now(&mut self) {
        if let Some(mut round) = self.post.take() {
            for (id, member) in &self.members {
                round.give(*id, member);
            }
            self.count_out(&mut round);
        }
    }

    fn count_out(&self, round: &mut Round) {
        let tally = round.common.tally();
        tally.written(round.written);
        self.traffic.count_out(tally.total() * round.written);
        round.written = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn texts(member: &Member) -> Vec<String> {
        let taken = member.outbox.try_take().into_iter();
        let frames = taken.flat_map(|taken| taken.frames);
        let text = |frame: Frame| String::from_utf8(frame.text.json().to_vec()).unwrap();
        frames.map(text).collect()
    }

    #[test]
    fn everybody_gets_what_is_meant_for_them_and_came_after_them() {
        let [ann, bob, eve] = [1, 2, 3].map(|n| ConnectionId(Uuid::from_u128(n)));
        let frame = |text: &str| Frame::event(0, text.into());
        let mut post = Post::default();
        post.all(frame("1"));
        let early = Member::for_tests(0);
        let late = Member::for_tests(post.count());
        post.others(ann, frame("2"));
        post.one(ann, frame("3"));
        post.all(frame("4"));
        let mut round = post.take().unwrap();
        for (id, member, expected) in [
            (ann, &early, ["1", "3", "4"].as_slice()),
            (bob, &early, &["1", "2", "4"]),
            (eve, &late, &["2", "4"]),
        ] {
            round.give(id, member);
            assert_eq!(texts(member), expected);
        }
        assert!(post.take().is_none());
        assert_eq!(post.count(), 4);
    }
}
