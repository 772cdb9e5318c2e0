//! The camera and the selected tile in the page's address: `#x,y,zoom` and
//! `?tile=12,7`; a comment, `?comment=5`; a file, `?export=5`. Pure.

use crate::model::camera::Camera;
use shared::{
    canvas::Coord,
    ids::{CommentId, ExportId},
};

/// Parses the camera in a hash, with or without `#`; none if it is invalid.
pub fn parse(hash: &str) -> Option<Camera> {
    let mut numbers = hash.trim_start_matches('#').split(',');
    let mut next = || {
        // `str::parse` would bring its 10 KB of tables for numbers; serde_json is there already.
        let number: f64 = serde_json::from_str(numbers.next()?.trim()).ok()?;
        number.is_finite().then_some(number)
    };
    let camera = Camera {
        x: next()?,
        y: next()?,
        zoom: next()?,
    };
    (numbers.next().is_none() && camera.zoom > 0.0).then_some(camera)
}

/// Formats a camera as a hash, rounded to keep the address short.
pub fn format(camera: Camera) -> String {
    format!(
        "#{},{},{}",
        round(camera.x, 1),
        round(camera.y, 1),
        round(camera.zoom, 3)
    )
}

/// Parses the tile in a query such as `?tile=12,7`.
pub fn tile(query: &str) -> Option<Coord> {
    let value = query
        .trim_start_matches('?')
        .split('&')
        .find_map(|pair| pair.strip_prefix("tile="))?
        .replace("%2C", ",")
        .replace("%2c", ",");
    let (x, y) = value.split_once(',')?;
    Some(Coord {
        x: x.trim().parse().ok()?,
        y: y.trim().parse().ok()?,
    })
}

/// Parses the comment in a query such as `?tile=12,7&comment=5`.
pub fn comment(query: &str) -> Option<CommentId> {
    let mut pairs = query.trim_start_matches('?').split('&');
    let id = pairs.find_map(|pair| pair.strip_prefix("comment="))?;
    id.parse().ok()
}

/// Parses the file in a query such as `?export=5`.
pub fn export(query: &str) -> Option<ExportId> {
    let mut pairs = query.trim_start_matches('?').split('&');
    let id = pairs.find_map(|pair| pair.strip_prefix("export="))?;
    id.parse().ok()
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    // Adding zero turns -0 into 0.
    (value * scale).round() / scale + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_camera_is_formatted_and_parsed() {
        let camera = Camera {
            x: 123.456,
            y: -0.01,
            zoom: 2.0,
        };
        assert_eq!(format(camera), "#123.5,0,2");
        assert_eq!(
            parse("#123.5,0,2"),
            Some(Camera {
                x: 123.5,
                y: 0.0,
                zoom: 2.0
            })
        );
    }

    #[test]
    fn an_invalid_hash_is_no_camera() {
        for hash in [
            "", "#", "#1,2", "#1,2,3,4", "#1,2,x", "#1,2,0", "#NaN,1,1", "#1,inf,1",
        ] {
            assert_eq!(parse(hash), None, "{hash}");
        }
    }

    #[test]
    fn a_tile_is_found_in_the_query() {
        let at = Some(Coord { x: 12, y: 7 });
        assert_eq!(tile("?tile=12,7"), at);
        assert_eq!(tile("?a=b&tile=12%2C7"), at);
        assert_eq!(tile("?tile=12"), None);
        assert_eq!(tile(""), None);
    }

    #[test]
    fn a_file_is_found_in_the_query() {
        assert_eq!(export("?export=5"), Some(ExportId(5)));
        assert_eq!(export("?t=5&export=6"), Some(ExportId(6)));
        assert_eq!(export("?export=x"), None);
    }

    #[test]
    fn a_comment_is_found_in_the_query() {
        assert_eq!(comment("?tile=12,7&comment=5"), Some(CommentId(5)));
        assert_eq!(comment("?comment=x"), None);
        assert_eq!(comment("?tile=12,7"), None);
    }
}
