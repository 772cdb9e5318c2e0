//! Which pictures of the past are fetched before they are asked for, so that
//! the board follows while somebody drags over the time bar. Pure.

use std::collections::BTreeSet;

/// Most pictures that are kept.
pub const MAX_PICTURES: usize = 64;
/// Most bytes that they take together, decoded.
const MAX_BYTES: i64 = 64 * 1024 * 1024;
/// No further pictures are fetched ahead after so many milliseconds of waiting
/// for the server.
const MAX_WAIT_MS: f64 = 12_000.0;

/// The plan, and what is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overviews {
    /// The events after which the board is fetched, in this order.
    wanted: Vec<i64>,
    next: usize,
    kept: BTreeSet<i64>,
    most: usize,
    waited_ms: f64,
}

impl Overviews {
    /// A plan for pictures of `bytes` each: the middle of the bar first, then
    /// the middles of its halves, and so on. `seq_at` gives the event at a place
    /// from 0 to 1.
    pub fn new(bytes: i64, seq_at: impl Fn(f64) -> i64) -> Self {
        let most = usize::try_from(MAX_BYTES / bytes.max(1)).unwrap_or(MAX_PICTURES);
        let most = most.clamp(2, MAX_PICTURES);
        let mut seen = BTreeSet::new();
        let wanted = places(most)
            .into_iter()
            .map(seq_at)
            .filter(|seq| *seq > 0 && seen.insert(*seq))
            .collect();
        Self {
            wanted,
            most,
            ..Self::default()
        }
    }

    /// The next one to be fetched ahead; none if all that is worth it is there.
    pub fn take_next(&mut self) -> Option<i64> {
        while let Some(seq) = self.wanted.get(self.next).copied() {
            if self.waited_ms > MAX_WAIT_MS {
                return None;
            }
            self.next += 1;
            if !self.kept.contains(&seq) {
                return Some(seq);
            }
        }
        None
    }

    /// One is there, after waiting for it. Returns those to be given up for it.
    pub fn loaded(&mut self, seq: i64, waited_ms: f64) -> Vec<i64> {
        self.waited_ms += waited_ms;
        self.kept.insert(seq);
        let mut given_up = Vec::new();
        while self.kept.len() > self.most {
            // The one whose neighbours are nearest to each other is missed least.
            let kept: Vec<i64> = self.kept.iter().copied().collect();
            let least = kept
                .windows(3)
                .filter(|three| three[1] != seq)
                .min_by_key(|three| three[2] - three[0]);
            let least = least.map_or_else(
                || kept.iter().copied().find(|one| *one != seq),
                |three| Some(three[1]),
            );
            let Some(least) = least else { break };
            self.kept.remove(&least);
            given_up.push(least);
        }
        given_up
    }

    /// The picture nearest to an event; none if there is none.
    pub fn nearest(&self, seq: i64) -> Option<i64> {
        let below = self.kept.range(..=seq).next_back().copied();
        let above = self.kept.range(seq..).next().copied();
        match (below, above) {
            (Some(below), Some(above)) if above - seq < seq - below => Some(above),
            (Some(below), _) => Some(below),
            (None, above) => above,
        }
    }
}

/// Places from 0 to 1: the ends of ever smaller parts.
fn places(most: usize) -> Vec<f64> {
    let mut places = vec![1.0];
    let mut parts = 2u32;
    while places.len() < most {
        let odd = (1..parts).step_by(2);
        places.extend(odd.map(|part| f64::from(part) / f64::from(parts)));
        parts *= 2;
    }
    places.truncate(most);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[expect(clippy::cast_possible_truncation, reason = "a small number")]
    fn thousand(place: f64) -> i64 {
        (place * 1_000.0) as i64
    }

    fn all(overviews: &mut Overviews) -> Vec<i64> {
        std::iter::from_fn(|| overviews.take_next()).collect()
    }

    #[test]
    fn the_bar_is_covered_from_coarse_to_fine() {
        let mut overviews = Overviews::new(8 * 1024 * 1024, thousand);
        assert_eq!(
            all(&mut overviews),
            [1_000, 500, 250, 750, 125, 375, 625, 875]
        );
    }

    #[test]
    fn each_event_is_fetched_once() {
        let mut overviews = Overviews::new(1, |place| thousand(place) / 400);
        assert_eq!(all(&mut overviews), [2, 1]);
    }

    #[test]
    fn the_nearest_picture_is_shown() {
        let mut overviews = Overviews::new(1, thousand);
        assert_eq!(overviews.nearest(5), None);
        for seq in [100, 500] {
            assert_eq!(overviews.loaded(seq, 1.0), Vec::<i64>::new());
        }
        assert_eq!(overviews.nearest(5), Some(100));
        assert_eq!(overviews.nearest(250), Some(100));
        assert_eq!(overviews.nearest(350), Some(500));
        assert_eq!(overviews.nearest(500), Some(500));
        assert_eq!(overviews.nearest(900), Some(500));
    }

    #[test]
    fn a_slow_server_is_not_asked_for_more() {
        let mut overviews = Overviews::new(1, thousand);
        let first = overviews.take_next().unwrap();
        overviews.loaded(first, 60_000.0);
        assert_eq!(overviews.take_next(), None);
    }

    #[test]
    fn pictures_are_bounded() {
        let mut overviews = Overviews::new(16 * 1024 * 1024, thousand);
        let mut given_up = Vec::new();
        for seq in [10, 20, 500, 900, 700] {
            given_up.extend(overviews.loaded(seq, 0.0));
        }
        assert_eq!(given_up, [20]);
        assert_eq!(overviews.nearest(700), Some(700));
    }
}
