//! An export of a canvas's past: the choices of the form, the limits of the
//! server, and the URLs of what it makes at once. Pure.

mod file_name;
mod query;

pub use file_name::{ending, file_name};
use query::Query;
use shared::{
    api::{
        exports::{ExportKind, Moment, NewExport},
        rewrites::Area,
    },
    canvas::{Coord, Grid},
    ids::CanvasId,
    limits,
};

/// Most tiles of a film that the server makes at once.
const FILM_TILES: i32 = 16;
/// Most pixels of a frame of such a film.
const FILM_PIXELS: i64 = 1_048_576;
/// Most pixels of a frame of an export.
const EXPORT_PIXELS: i64 = 2_097_152;
/// The scales that are offered where they are made.
const SCALES: [i32; 6] = [1, 2, 3, 4, 6, 8];
/// The longer side of a film for which its scale is chosen at first, in pixels.
const HANDY_SIDE: i32 = 640;
/// The lengths that are offered, in seconds.
pub const LENGTHS: [i64; 4] = [5, 10, 30, 60];
/// The length that is chosen at first, as an index of [`LENGTHS`].
pub const USUAL_LENGTH: usize = 1;

/// Most pixels of a picture that is shown before the file is made.
const PREVIEW_PIXELS: i64 = 16 * 1024 * 1024;

/// What is shown before the file is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePreview {
    /// Its path below `/api/v1`.
    pub path: String,
    /// Whether it is the film or picture, and not only the end of the film.
    pub is_whole: bool,
}

/// The panel in which a file is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportGoal {
    /// The tile that it was opened for; none for the board.
    pub tile: Option<Coord>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportChoice {
    /// A film, a picture or the log.
    pub kind: ExportKind,
    /// The cells; none for the whole board.
    pub area: Option<Area>,
    /// Where it begins, as an RFC 3339 time; none for the first event.
    pub from: Option<String>,
    /// The event at which it ends; none for now.
    pub to: Option<i64>,
    /// Length in seconds.
    pub seconds: i64,
    /// Pixels for each pixel of the board.
    pub scale: i32,
    /// Whose acts alone are wanted, by user name.
    pub actor: Option<String>,
}

impl ExportChoice {
    /// A film of one tile, to be shared.
    pub fn film_of_tile(grid: &Grid, at: Coord) -> Self {
        let area = Area {
            x0: at.x,
            y0: at.y,
            x1: at.x,
            y1: at.y,
        };
        let mut choice = Self {
            kind: ExportKind::Gif,
            area: Some(area),
            from: None,
            to: None,
            seconds: LENGTHS[USUAL_LENGTH],
            scale: 1,
            actor: None,
        };
        choice.scale = choice.handy_scale(grid);
        choice
    }

    /// Width and height in pixels of the board.
    fn board_pixels(&self, grid: &Grid) -> (i32, i32) {
        let (columns, rows) = match self.area {
            Some(area) => (area.x1 - area.x0 + 1, area.y1 - area.y0 + 1),
            None => (grid.width, grid.height),
        };
        (columns * grid.tile_size, rows * grid.tile_size)
    }

    /// Width and height of the picture or film.
    pub fn size(&self, grid: &Grid) -> (i32, i32) {
        let (width, height) = self.board_pixels(grid);
        (width * self.scale, height * self.scale)
    }

    /// The scales that are offered; none where even the smallest is too
    /// large, and for the log.
    pub fn scales(&self, grid: &Grid) -> Vec<i32> {
        if self.kind == ExportKind::Log {
            return Vec::new();
        }
        let scales = SCALES.into_iter();
        scales.filter(|scale| self.is_made(grid, *scale)).collect()
    }

    /// The largest scale that is still handy, or the smallest.
    pub fn handy_scale(&self, grid: &Grid) -> i32 {
        let (width, height) = self.board_pixels(grid);
        let handy = |scale: &i32| width.max(height) * scale <= HANDY_SIDE;
        let scales = self.scales(grid);
        scales.into_iter().filter(handy).max().unwrap_or(1)
    }

    fn is_made(&self, grid: &Grid, scale: i32) -> bool {
        let (width, height) = self.board_pixels(grid);
        let (width, height) = (width * scale, height * scale);
        match self.kind {
            ExportKind::Png => width.max(height) <= limits::IMAGE_SIDE,
            ExportKind::Gif | ExportKind::Apng => {
                i64::from(width) * i64::from(height) <= EXPORT_PIXELS
            }
            ExportKind::Log => true,
        }
    }

    /// Whether the server makes it at all.
    pub fn is_possible(&self, grid: &Grid) -> bool {
        self.is_made(grid, self.scale)
    }

    /// Whether the server answers with the file itself. Everything else it makes
    /// in the background.
    pub fn is_at_once(&self, grid: &Grid) -> bool {
        match self.kind {
            // The server has no pictures of what one person painted.
            ExportKind::Png => self.actor.is_none() && self.is_possible(grid),
            ExportKind::Gif => self.is_short_film(grid),
            ExportKind::Apng | ExportKind::Log => false,
        }
    }

    /// Whether a GIF of it is made at once.
    pub fn is_short_film(&self, grid: &Grid) -> bool {
        let tiles = match self.area {
            Some(area) => (area.x1 - area.x0 + 1) * (area.y1 - area.y0 + 1),
            None => grid.width * grid.height,
        };
        let (width, height) = self.size(grid);
        tiles <= FILM_TILES && i64::from(width) * i64::from(height) <= FILM_PIXELS
    }

    /// The path of the picture or film that is made at once, below `/api/v1`.
    pub fn path(&self, canvas: CanvasId) -> String {
        match self.kind {
            ExportKind::Png => self.picture_path(canvas),
            ExportKind::Gif | ExportKind::Apng | ExportKind::Log => self.film_path(canvas),
        }
    }

    /// The path of a GIF.
    pub fn film_path(&self, canvas: CanvasId) -> String {
        let mut query = Query::of_area(self.area);
        query.add_text("from", self.from.as_deref());
        query.add("to", self.to);
        query.add("seconds", Some(self.seconds));
        query.add("scale", Some(i64::from(self.scale)));
        query.add_text("actor", self.actor.as_deref());
        query.after(&format!("/canvases/{canvas}/timelapse.gif"))
    }

    /// The path of the picture with which it ends.
    pub fn picture_path(&self, canvas: CanvasId) -> String {
        let mut query = Query::of_area(self.area);
        query.add("at", self.to);
        query.add("scale", Some(i64::from(self.scale)));
        query.after(&format!("/canvases/{canvas}/image.png"))
    }

    /// What is shown of it before it is made; none for what would be too much.
    pub fn preview(&self, grid: &Grid, canvas: CanvasId) -> Option<FilePreview> {
        let small = Self {
            scale: 1,
            ..self.clone()
        };
        let is_film = matches!(self.kind, ExportKind::Gif | ExportKind::Apng);
        if is_film && small.is_short_film(grid) {
            // What is made at once is the preview of itself, and loaded only once.
            let film = if self.is_short_film(grid) {
                self
            } else {
                &small
            };
            return Some(FilePreview {
                path: film.film_path(canvas),
                is_whole: true,
            });
        }
        let (width, height) = small.size(grid);
        let is_too_large = width.max(height) > limits::IMAGE_SIDE
            || i64::from(width) * i64::from(height) > PREVIEW_PIXELS;
        if self.kind == ExportKind::Log || self.actor.is_some() || is_too_large {
            return None;
        }
        Some(FilePreview {
            path: small.picture_path(canvas),
            is_whole: !is_film,
        })
    }

    /// The request for what is made in the background.
    pub fn request(&self) -> NewExport {
        let is_film = matches!(self.kind, ExportKind::Gif | ExportKind::Apng);
        let is_log = self.kind == ExportKind::Log;
        NewExport {
            kind: self.kind,
            area: self.area.filter(|_| !is_log),
            from: self.from.clone().filter(|_| is_film).map(Moment::Text),
            to: self.to.filter(|_| !is_log).map(Moment::Seq),
            seconds: is_film.then_some(self.seconds),
            scale: (!is_log).then_some(i64::from(self.scale)),
            actor: self.actor.clone().filter(|_| !is_log),
        }
    }
}

#[cfg(test)]
mod tests;
