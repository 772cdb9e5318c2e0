//! What lists and bodies have in common: page sizes, cursors and validator that
//! name every wrong field at once.

use super::error::ApiError;
use shared::{api::Page, limits};
use std::str::FromStr;

/// The page size from `limit`: 1 to [`limits::MAX_PAGE`].
///
/// # Errors
/// `Validation`.
pub(crate) fn page_size(limit: Option<i64>) -> Result<i64, ApiError> {
    let limit = limit.unwrap_or(limits::DEFAULT_PAGE);
    if (1..=limits::MAX_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::invalid(
            "limit",
            format_args!("must be from 1 to {}", limits::MAX_PAGE),
        ))
    }
}

/// Parses `cursor`; an empty one is none.
///
/// # Errors
/// `Validation` for one that no page returned.
pub(crate) fn cursor<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, ApiError> {
    cursor
        .filter(|cursor| !cursor.is_empty())
        .map(|cursor| {
            cursor
                .parse()
                .map_err(|_| ApiError::invalid("cursor", "was not given out by this list"))
        })
        .transpose()
}

/// A page of `limit` items. `items` has one more if there is another page.
pub(crate) fn page<T>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let full = page(vec![1, 2, 3], 2, i32::to_string);
        assert_eq!(
            (full.items, full.next_cursor),
            (vec![1, 2], Some("2".into()))
        );
        let last = page(vec![3, 4], 2, i32::to_string);
        assert_eq!((last.items.len(), last.next_cursor), (2, None));
    }
}
