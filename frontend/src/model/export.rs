//! What somebody wants to take home of a canvas's past: the choices of the form,
//! what the server takes of them, and the addresses of what it makes at once.
//! Pure.

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

/// The name of a file: what of the canvas's name every system takes in a file's
/// name, and its ending.
pub fn file_name(canvas: &str, kind: ExportKind) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let name: String = canvas.chars().filter(is_kept).collect();
    let name = match name.trim() {
        "" => "canvas",
        name => name,
    };
    format!("{name}.{}", ending(kind))
}

/// The ending of a file's name, without its dot.
pub fn ending(kind: ExportKind) -> &'static str {
    match kind {
        ExportKind::Gif => "gif",
        ExportKind::Apng | ExportKind::Png => "png",
        ExportKind::Log => "jsonl.gz",
    }
}

/// A query that is being written.
struct Query(String);

impl Query {
    fn of_area(area: Option<Area>) -> Self {
        let mut query = Self(String::new());
        if let Some(area) = area {
            for (name, edge) in [
                ("x0", area.x0),
                ("y0", area.y0),
                ("x1", area.x1),
                ("y1", area.y1),
            ] {
                query.add(name, Some(i64::from(edge)));
            }
        }
        query
    }

    fn add(&mut self, name: &str, value: Option<i64>) {
        self.add_text(name, value.map(|n| n.to_string()).as_deref());
    }

    /// Adds a time or a user name; what is neither is left out.
    fn add_text(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(value.chars().filter(|c| is_plain(*c)));
    }

    fn after(self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const CANVAS: CanvasId = CanvasId(7);
    const GRID: Grid = Grid {
        width: 64,
        height: 32,
        tile_size: 32,
        palette: 16,
    };

    fn area(x0: i32, y0: i32, x1: i32, y1: i32) -> Area {
        Area { x0, y0, x1, y1 }
    }

    fn film() -> ExportChoice {
        ExportChoice {
            kind: ExportKind::Gif,
            area: None,
            from: None,
            to: None,
            seconds: 10,
            scale: 1,
            actor: None,
        }
    }

    #[test]
    fn a_tile_is_shared_as_a_film_of_handy_size() {
        let film = ExportChoice::film_of_tile(&GRID, Coord { x: 3, y: 4 });
        assert_eq!(film.size(&GRID), (256, 256));
        assert!(film.is_at_once(&GRID));
        assert_eq!(
            film.path(CANVAS),
            "/canvases/7/timelapse.gif?x0=3&y0=4&x1=3&y1=4&seconds=10&scale=8"
        );
    }

    #[test]
    fn what_is_small_is_made_at_once() {
        let small = ExportChoice {
            area: Some(area(0, 0, 3, 3)),
            scale: 8,
            ..film()
        };
        assert!(small.is_at_once(&GRID));
        let one_tile_more = ExportChoice {
            area: Some(area(0, 0, 16, 0)),
            ..film()
        };
        assert!(!one_tile_more.is_at_once(&GRID));
        let large_tiles = Grid {
            tile_size: 64,
            ..GRID
        };
        assert!(!small.is_at_once(&large_tiles));
        assert!(!film().is_at_once(&GRID));
        for kind in [ExportKind::Apng, ExportKind::Log] {
            let other = ExportChoice {
                kind,
                ..small.clone()
            };
            assert!(!other.is_at_once(&GRID), "{kind:?}");
        }
        let picture = ExportChoice {
            kind: ExportKind::Png,
            ..film()
        };
        assert!(picture.is_at_once(&GRID));
        let by_one = ExportChoice {
            actor: Some("ann".to_owned()),
            ..picture
        };
        assert!(!by_one.is_at_once(&GRID));
    }

    #[test]
    fn a_preview_is_the_film_itself_or_its_end() {
        let board = film();
        let preview = board.preview(&GRID, CANVAS).unwrap();
        assert_eq!(preview.path, "/canvases/7/image.png?scale=1");
        assert!(!preview.is_whole);
        let part = ExportChoice {
            area: Some(area(0, 0, 3, 3)),
            scale: 4,
            kind: ExportKind::Apng,
            ..film()
        };
        let preview = part.preview(&GRID, CANVAS).unwrap();
        assert_eq!(preview.path, part.film_path(CANVAS));
        assert!(preview.is_whole);
        let large_tiles = Grid {
            tile_size: 64,
            ..GRID
        };
        let larger = ExportChoice { scale: 8, ..part };
        let preview = larger.preview(&large_tiles, CANVAS).unwrap();
        assert!(preview.path.contains("timelapse.gif"), "{}", preview.path);
        assert!(preview.path.ends_with("scale=1"), "{}", preview.path);
        let by_one = ExportChoice {
            actor: Some("ann".to_owned()),
            ..board.clone()
        };
        assert_eq!(by_one.preview(&GRID, CANVAS), None);
        let log = ExportChoice {
            kind: ExportKind::Log,
            ..board.clone()
        };
        assert_eq!(log.preview(&GRID, CANVAS), None);
        let huge = Grid {
            width: 256,
            height: 256,
            ..GRID
        };
        assert_eq!(board.preview(&huge, CANVAS), None);
    }

    #[test]
    fn no_scale_is_offered_that_is_too_large() {
        // 2048 by 1024 pixels: exactly as many as there may be.
        assert_eq!(film().scales(&GRID), [1]);
        let picture = ExportChoice {
            kind: ExportKind::Png,
            ..film()
        };
        assert_eq!(picture.scales(&GRID), [1, 2, 3, 4]);
        let part = ExportChoice {
            area: Some(area(0, 0, 7, 7)),
            ..film()
        };
        assert_eq!(part.scales(&GRID), [1, 2, 3, 4]);
        assert_eq!(part.handy_scale(&GRID), 2);
        let larger = Grid { height: 33, ..GRID };
        assert!(film().scales(&larger).is_empty());
        assert!(!film().is_possible(&larger));
        assert_eq!(film().handy_scale(&larger), 1);
    }

    #[test]
    fn the_server_is_asked_for_what_was_chosen() {
        let choice = ExportChoice {
            area: Some(area(1, 2, 3, 4)),
            from: Some("2026-01-02T03:04:05.000Z".to_owned()),
            to: Some(4_711),
            seconds: 30,
            scale: 2,
            actor: Some("ann_1".to_owned()),
            ..film()
        };
        assert_eq!(
            choice.path(CANVAS),
            "/canvases/7/timelapse.gif?x0=1&y0=2&x1=3&y1=4&from=2026-01-02T03:04:05.000Z\
             &to=4711&seconds=30&scale=2&actor=ann_1"
        );
        assert_eq!(
            choice.picture_path(CANVAS),
            "/canvases/7/image.png?x0=1&y0=2&x1=3&y1=4&at=4711&scale=2"
        );
        let request = serde_json::to_value(choice.request()).unwrap();
        let expected = serde_json::json!({
            "kind": "gif", "area": {"x0": 1, "y0": 2, "x1": 3, "y1": 4},
            "from": "2026-01-02T03:04:05.000Z", "to": 4_711, "seconds": 30, "scale": 2,
            "actor": "ann_1",
        });
        assert_eq!(request, expected);
        let log = ExportChoice {
            kind: ExportKind::Log,
            ..choice.clone()
        };
        let request = serde_json::to_value(log.request()).unwrap();
        assert_eq!(request, serde_json::json!({"kind": "log"}));
        let picture = ExportChoice {
            kind: ExportKind::Png,
            ..choice
        };
        let request = serde_json::to_value(picture.request()).unwrap();
        let expected = serde_json::json!({
            "kind": "png", "area": {"x0": 1, "y0": 2, "x1": 3, "y1": 4}, "to": 4_711,
            "scale": 2, "actor": "ann_1",
        });
        assert_eq!(request, expected);
    }

    #[test]
    fn names_of_files_are_harmless() {
        assert_eq!(file_name("Nébula / 2", ExportKind::Gif), "Nébula  2.gif");
        assert_eq!(file_name("../..", ExportKind::Log), "canvas.jsonl.gz");
        assert_eq!(file_name("☆", ExportKind::Apng), "canvas.png");
        let mut query = Query(String::new());
        query.add_text("actor", Some("a&b=c#d/é"));
        assert_eq!(query.after("/p"), "/p?actor=abcd");
    }
}
