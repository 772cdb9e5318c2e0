//! A queue that serves users in turns: each gets one item out before anybody gets
//! another one, so that somebody who sends much delays nobody else. The items of one
//! user keep their order. Pure.

use shared::ids::UserId;
use std::collections::{HashMap, VecDeque};

/// Items that may wait before users who have many may not add more.
const CAPACITY: usize = 4096;
/// Items of one user that may wait.
const MAX_SHARE: usize = 512;
/// Items that each user may have waiting, however many users there are.
const MIN_SHARE: usize = 16;
/// Items that may wait in all, whosever they are.
const HARD_CAPACITY: usize = 2 * CAPACITY;

/// See the module.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    /// Only users who have items.
    users: HashMap<UserId, VecDeque<T>>,
    /// The users in the order of their turns, each once.
    turns: VecDeque<UserId>,
    len: usize,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            users: HashMap::new(),
            turns: VecDeque::new(),
            len: 0,
        }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many items wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether the user may add no more: their share is used up. The more users wait,
    /// the smaller the share.
    pub(super) fn is_full_for(&self, user: UserId) -> bool {
        let waiting = self.users.get(&user).map_or(0, VecDeque::len);
        let users = self.users.len() + usize::from(waiting == 0);
        let share = if self.len < CAPACITY {
            (CAPACITY / users).clamp(MIN_SHARE, MAX_SHARE)
        } else {
            MIN_SHARE
        };
        waiting >= share || self.len >= HARD_CAPACITY
    }

    /// Adds an item behind those of the user.
    pub(super) fn push(&mut self, user: UserId, item: T) {
        let items = self.users.entry(user).or_default();
        if items.is_empty() {
            self.turns.push_back(user);
        }
        items.push_back(item);
        self.len += 1;
    }

    /// Takes the oldest item of the user whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        let user = self.turns.pop_front()?;
        let items = self.users.get_mut(&user)?;
        let item = items.pop_front();
        if items.is_empty() {
            self.users.remove(&user);
        } else {
            self.turns.push_back(user);
        }
        self.len -= 1;
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn a_neighbour_of_somebody_with_a_full_queue_is_next() {
        let mut queue = FairQueue::default();
        let (greedy, neighbour) = (UserId(1), UserId(2));
        let mut sent = 0;
        while !queue.is_full_for(greedy) {
            queue.push(greedy, (greedy, sent));
            sent += 1;
        }
        assert_eq!(sent, MAX_SHARE);
        assert!(!queue.is_full_for(neighbour));
        queue.push(neighbour, (neighbour, 0));
        let first = [queue.pop().unwrap(), queue.pop().unwrap()];
        assert!(first.contains(&(neighbour, 0)));
    }

    #[test]
    fn nobody_is_shut_out_by_those_who_came_before() {
        let mut queue = FairQueue::default();
        for user in 0..100 {
            while !queue.is_full_for(UserId(user)) {
                queue.push(UserId(user), ());
            }
        }
        let newcomer = UserId(100);
        for _ in 0..MIN_SHARE {
            assert!(!queue.is_full_for(newcomer));
            queue.push(newcomer, ());
        }
        for user in 0..100_000 {
            if !queue.is_full_for(UserId(user)) {
                queue.push(UserId(user), ());
            }
        }
        assert_eq!(queue.len, HARD_CAPACITY);
    }

    proptest! {
        #[test]
        fn items_of_a_user_keep_their_order_and_nobody_waits_for_two_of_another(
            users in vec(0..5_i64, 0..200),
        ) {
            let mut queue = FairQueue::default();
            for (n, user) in users.iter().enumerate() {
                queue.push(UserId(*user), (*user, n));
            }
            let mut waiting: HashMap<i64, usize> = HashMap::new();
            for user in &users {
                *waiting.entry(*user).or_default() += 1;
            }
            let mut last: HashMap<i64, usize> = HashMap::new();
            // How often the others were served since.
            let mut since: HashMap<i64, HashMap<i64, usize>> = HashMap::new();
            while let Some((user, n)) = queue.pop() {
                prop_assert!(last.insert(user, n).is_none_or(|before| before < n));
                *waiting.get_mut(&user).unwrap() -= 1;
                since.remove(&user);
                for (other, left) in &waiting {
                    if *other != user && *left > 0 {
                        let count = since.entry(*other).or_default().entry(user).or_default();
                        *count += 1;
                        prop_assert!(*count <= 1, "{other} waits for {user}");
                    }
                }
            }
            prop_assert!(queue.is_empty());
            prop_assert!(waiting.values().all(|left| *left == 0));
        }
    }
}
