//! The colours of a palette as numbers.

/// Parses a palette of `#rrggbb` colours; an invalid entry becomes black.
pub fn parse(colors: &[String]) -> Vec<[u8; 3]> {
    colors.iter().map(|color| rgb(color)).collect()
}

/// Parses a colour of the form `#rrggbb`; invalid parts become 0.
pub fn rgb(color: &str) -> [u8; 3] {
    let part = |range| {
        color
            .strip_prefix('#')
            .and_then(|digits| digits.get(range))
            .and_then(|part| u8::from_str_radix(part, 16).ok())
            .unwrap_or_default()
    };
    [part(0..2), part(2..4), part(4..6)]
}

/// Palette indices as RGBA bytes; an index that is not in the palette becomes
/// transparent.
pub fn rgba(indices: &[u8], colors: &[[u8; 3]]) -> Vec<u8> {
    let color = |&index: &u8| match colors.get(usize::from(index)) {
        Some(&[r, g, b]) => [r, g, b, 255],
        None => [0; 4],
    };
    indices.iter().flat_map(color).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::pixels::TRANSPARENT;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn colours_are_read() {
        assert_eq!(rgb("#ff8000"), [255, 128, 0]);
        assert_eq!(rgb("red"), [0, 0, 0]);
    }

    #[test]
    fn what_is_not_in_the_palette_is_transparent() {
        assert_eq!(
            rgba(&[0, TRANSPARENT, 9], &[[1, 2, 3]]),
            [1, 2, 3, 255, 0, 0, 0, 0, 0, 0, 0, 0]
        );
    }
}
