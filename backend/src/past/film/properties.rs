//! Films of random histories are decoded again and compared, pixel by pixel, with the history.

#[allow(dead_code, reason = "the tests of the server use the rest")]
#[path = "../../../tests/server/common/pictures.rs"]
mod pictures;

use super::{Change, Film, Format, Palette, Schedule, Stage, write_png};
use pictures::{Picture, decode_apng, decode_gif, decode_png};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_assert_eq, prop_oneof, proptest,
    test_runner::Config,
};
use shared::{canvas::Coord, pixels::PixelEdit};

const SIDE: usize = 8;
const COLUMNS: usize = 3;
const ROWS: usize = 2;
const WIDTH: usize = COLUMNS * SIDE;
const HEIGHT: usize = ROWS * SIDE;

#[derive(Clone, Debug)]
enum Made {
    Whole(u8),
    Painted(Vec<(u16, u8)>),
    Cleared,
    Nothing,
}

impl Made {
    fn changed<T>(&self, change: impl FnOnce(&Change<'_>) -> T) -> T {
        match self {
            Self::Whole(colour) => change(&Change::Whole(&[*colour; 64])),
            Self::Cleared => change(&Change::Cleared),
            Self::Nothing => change(&Change::Painted(&[])),
            Self::Painted(edits) => {
                let edits: Vec<PixelEdit> = edits.iter().map(|(i, c)| PixelEdit(*i, *c)).collect();
                change(&Change::Painted(&edits))
            }
        }
    }
}

/// The `seq` of an event: there are others between.
fn seq(index: usize) -> i64 {
    i64::try_from(index).unwrap() * 3 + 10
}

fn cell(column: usize, row: usize) -> Coord {
    Coord {
        x: 4 + i32::try_from(column).unwrap(),
        y: 4 + i32::try_from(row).unwrap(),
    }
}

fn colours(count: usize) -> Vec<String> {
    let colour = |index| format!("#{:02x}{:02x}80", index * 3, 255 - index);
    (0..count).map(colour).collect()
}

fn made(colours: u8) -> impl Strategy<Value = (usize, usize, Made)> {
    let colour = prop_oneof![4 => 0..colours, 1 => Just(255)];
    let edits = vec((0..64_u16, colour.clone()), 1..12);
    let change = prop_oneof![
        6 => edits.prop_map(Made::Painted),
        2 => colour.prop_map(Made::Whole),
        1 => Just(Made::Cleared),
        1 => Just(Made::Nothing),
    ];
    (0..COLUMNS, 0..ROWS, change)
}

/// The pictures after each change, that before the first one included.
fn replay(history: &[(usize, usize, Made)], colours: &[String]) -> Vec<Picture> {
    let mut picture = vec![255_u8; WIDTH * HEIGHT];
    let mut pictures = vec![seen(&picture, colours)];
    for (column, row, change) in history {
        let at = |index: usize| (row * SIDE + index / SIDE) * WIDTH + column * SIDE + index % SIDE;
        match change {
            Made::Whole(colour) => (0..64).for_each(|index| picture[at(index)] = *colour),
            Made::Cleared => (0..64).for_each(|index| picture[at(index)] = 255),
            Made::Painted(edits) => edits
                .iter()
                .for_each(|(index, colour)| picture[at(usize::from(*index))] = *colour),
            Made::Nothing => {}
        }
        pictures.push(seen(&picture, colours));
    }
    pictures
}

fn seen(picture: &[u8], colours: &[String]) -> Picture {
    let rgb = |index: &u8| {
        let colour = u32::from_str_radix(&colours.get(usize::from(*index))?[1..], 16).unwrap();
        let [_, red, green, blue] = colour.to_be_bytes();
        Some([red, green, blue])
    };
    picture.iter().map(rgb).collect()
}

fn stage(palette: &Palette) -> Stage {
    let last = Coord { x: 6, y: 5 };
    Stage::new(Coord { x: 4, y: 4 }, last, 8, palette)
}

fn film(
    history: &[(usize, usize, Made)],
    colours: &[String],
    format: Format,
    scale: usize,
    seconds: u32,
) -> Vec<u8> {
    let palette = Palette::new(colours);
    let parts = history.len().min(Schedule::max_parts(seconds));
    let ends = (1..=parts).map(|part| seq(history.len() * part / parts) - 1);
    let schedule = Schedule::new(ends.collect(), seconds);
    let mut out = Vec::new();
    let mut film = Film::new(stage(&palette), &palette, format, scale, schedule, &mut out).unwrap();
    for (index, (column, row, made)) in history.iter().enumerate() {
        let change = |change: &Change<'_>| film.apply(seq(index), cell(*column, *row), change);
        made.changed(change).unwrap();
    }
    film.finish().unwrap();
    out
}

/// A picture of which each pixel is a square of `scale` pixels.
fn scaled(picture: &Picture, scale: usize) -> Picture {
    let pixel = |index: usize| {
        let (x, y) = (index % (WIDTH * scale), index / (WIDTH * scale));
        picture[y / scale * WIDTH + x / scale]
    };
    (0..WIDTH * HEIGHT * scale * scale).map(pixel).collect()
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn each_frame_shows_the_canvas_as_it_was(
        (count, history) in (2_u8..=64).prop_flat_map(|count| (Just(count), vec(made(count), 0..140))),
        scale in 1_usize..=3,
        seconds in 1_u32..=3,
        is_gif in any::<bool>(),
    ) {
        let colours = colours(usize::from(count));
        let format = if is_gif { Format::Gif } else { Format::Apng };
        let bytes = film(&history, &colours, format, scale, seconds);
        let (width, height, frames) = match format {
            Format::Gif => decode_gif(&bytes),
            Format::Apng => decode_apng(&bytes),
        };
        prop_assert_eq!((width, height), (WIDTH * scale, HEIGHT * scale));
        let pictures = replay(&history, &colours);
        let steps = history.len().min(usize::try_from(seconds).unwrap() * 50);
        prop_assert_eq!(frames.len(), steps + 1);
        for (frame, (shown, _)) in frames.iter().enumerate() {
            let changes = history.len() * frame / steps.max(1);
            prop_assert_eq!(shown, &scaled(&pictures[changes], scale), "frame {}", frame);
        }
        let (last, others) = frames.split_last().unwrap();
        prop_assert_eq!(last.1, 200);
        let total: u32 = others.iter().map(|(_, delay)| u32::from(*delay)).sum();
        prop_assert_eq!(total, if history.is_empty() { 0 } else { seconds * 100 });
    }

    #[test]
    fn a_picture_shows_the_canvas(history in vec(made(64), 0..20), scale in 1_usize..=3) {
        let colours = colours(64);
        let palette = Palette::new(&colours);
        let mut stage = stage(&palette);
        for (column, row, made) in &history {
            made.changed(|change| stage.apply(cell(*column, *row), change));
        }
        let mut out = Vec::new();
        write_png(&stage, &palette, scale, &mut out).unwrap();
        let (_, _, shown) = decode_png(&out);
        let pictures = replay(&history, &colours);
        prop_assert_eq!(shown, scaled(pictures.last().unwrap(), scale));
    }
}

/// Colours that the palette does not have any more are transparent.
#[test]
fn a_colour_that_is_gone_is_transparent() {
    let colours = colours(2);
    let history = [(0, 0, Made::Whole(7))];
    let (_, _, frames) = decode_gif(&film(&history, &colours, Format::Gif, 1, 1));
    assert!(
        frames
            .iter()
            .flat_map(|(shown, _)| shown)
            .all(Option::is_none)
    );
}
