//! Who painted which pixel of a tile, as the board shows it over the tile.
//! Pure.

use super::people::{PERSON_COLORS, person_color_index};
use shared::{
    api::{moderation::UserRef, rewrites::Authors},
    canvas::Coord,
    ids::UserId,
};
use std::sync::Arc;

/// The index of pixels that nobody painted.
pub const NOBODY: u8 = 255;

/// The tile whose painters are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PainterOverlay {
    /// The tile.
    pub at: Coord,
    /// Who painted it; none until it is known.
    pub painters: Option<Arc<Painters>>,
    /// The pixel that was tapped, from the tile's upper left corner.
    pub pixel: Option<(i32, i32)>,
    /// The author whose pixels stand out.
    pub only: Option<u8>,
}

impl PainterOverlay {
    /// For a tile whose painters are not known yet.
    pub fn new(at: Coord) -> Self {
        Self {
            at,
            painters: None,
            pixel: None,
            only: None,
        }
    }
}

/// The authors of all pixels of a tile.
#[derive(Clone, Debug, PartialEq)]
pub struct Painters {
    /// The authors that have a name.
    pub authors: Vec<UserRef>,
    /// For each pixel an index into `authors`, [`NOBODY`], or 254 for somebody
    /// for whom there was no room.
    pub pixels: Vec<u8>,
    colors: Vec<usize>,
}

impl From<Authors> for Painters {
    fn from(answer: Authors) -> Self {
        Self {
            colors: colors(answer.authors.iter().map(|author| author.user_id)),
            pixels: answer.pixels.as_bytes().to_vec(),
            authors: answer.authors,
        }
    }
}

impl Painters {
    /// The author of a pixel; none outside of the tile.
    pub fn author(&self, (x, y): (i32, i32), side: i32) -> Option<u8> {
        if !(0..side).contains(&x) || !(0..side).contains(&y) {
            return None;
        }
        let index = usize::try_from(y * side + x).ok()?;
        self.pixels.get(index).copied()
    }

    /// Somebody's name to show; none for nobody, and for those without room.
    pub fn name(&self, author: u8) -> Option<&str> {
        let author = self.authors.get(usize::from(author))?;
        Some(&author.display_name)
    }

    /// The index of an author's colour in [`PERSON_COLORS`]. Those without room
    /// share the first one.
    pub fn color_index(&self, author: u8) -> usize {
        self.colors
            .get(usize::from(author))
            .copied()
            .unwrap_or_default()
    }

    /// An author's colour, `#rrggbb`.
    pub fn color(&self, author: u8) -> &'static str {
        PERSON_COLORS[self.color_index(author)]
    }

    /// Everybody who painted, with the number of their pixels, most first.
    pub fn shares(&self) -> Vec<(u8, usize)> {
        let mut counts = [0; 256];
        for &author in &self.pixels {
            counts[usize::from(author)] += 1;
        }
        let mut shares: Vec<(u8, usize)> =
            (0..NOBODY).zip(counts).filter(|(_, n)| *n > 0).collect();
        shares.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        shares
    }
}

/// Colours for people who are seen side by side: everybody's own where it is
/// free, else the next free one; the same for several people only where there
/// are more of them than colours.
fn colors(users: impl Iterator<Item = UserId>) -> Vec<usize> {
    let mut taken = [0_usize; PERSON_COLORS.len()];
    users
        .map(|user| {
            let own = person_color_index(user);
            let least = taken.iter().copied().min().unwrap_or_default();
            let color = (own..own + PERSON_COLORS.len())
                .map(|color| color % PERSON_COLORS.len())
                .find(|color| taken[*color] == least)
                .unwrap_or(own);
            taken[color] += 1;
            color
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::pixels::Pixels;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn painters(users: &[i64], pixels: &[(usize, u8)]) -> Painters {
        let mut bytes = vec![NOBODY; 64];
        for &(index, author) in pixels {
            bytes[index] = author;
        }
        let author = |id: &i64| UserRef {
            user_id: UserId(*id),
            username: format!("user{id}"),
            display_name: format!("User {id}"),
        };
        Painters::from(Authors {
            seq: 1,
            x: 0,
            y: 0,
            authors: users.iter().map(author).collect(),
            pixels: Pixels::from_bytes(bytes),
        })
    }

    #[test]
    fn a_pixel_has_its_author() {
        let painters = painters(&[1, 2], &[(9, 1), (10, 254)]);
        assert_eq!(painters.author((1, 1), 8), Some(1));
        assert_eq!(painters.name(1), Some("User 2"));
        assert_eq!(painters.author((0, 0), 8), Some(NOBODY));
        assert_eq!(painters.name(NOBODY), None);
        assert_eq!(painters.name(254), None);
        assert_eq!(painters.author((8, 0), 8), None);
        assert_eq!(painters.author((-1, 3), 8), None);
    }

    #[test]
    fn who_painted_most_comes_first() {
        let painters = painters(&[1, 2], &[(0, 0), (1, 1), (2, 1), (3, 254)]);
        assert_eq!(painters.shares(), [(1, 2), (0, 1), (254, 1)]);
    }

    #[test]
    fn people_side_by_side_have_different_colours() {
        // All of these would have the same colour of their own.
        let users: Vec<i64> = (0..12).map(|n| n * 12).collect();
        let painters = painters(&users, &[]);
        let mut seen: Vec<usize> = (0..12).map(|author| painters.color_index(author)).collect();
        assert_eq!(seen[0], person_color_index(UserId(0)));
        seen.sort_unstable();
        assert_eq!(seen, (0..12).collect::<Vec<_>>());
    }
}
