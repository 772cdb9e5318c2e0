//! Tests of what is offered, made at once and asked for.

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
