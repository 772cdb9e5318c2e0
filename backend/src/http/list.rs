//! What lists and bodies have in common: page sizes, cursors and checks that
//! name every wrong field at once.

use crate::error::ApiError;
use shared::{
    api::{FieldError, Page},
    limits,
};
use std::{fmt::Display, str::FromStr};

/// `limit`: 1 to [`limits::MAX_PAGE`].
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

/// `cursor`, as it was given out; an empty one is none.
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

/// A page from one item more than fits, if there are as many.
pub(crate) fn page<T>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Page { items, next_cursor }
}

/// Collects what is wrong with the fields of a body.
#[derive(Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    /// The value, or a placeholder that [`Self::finish`] keeps from being used.
    pub(crate) fn value<T: Default, E: Display>(
        &mut self,
        field: &str,
        checked: Result<T, E>,
    ) -> T {
        checked.unwrap_or_else(|error| {
            self.refuse(field, error);
            T::default()
        })
    }

    /// The same for what may be left out.
    pub(crate) fn optional<T: Default, E: Display>(
        &mut self,
        field: &str,
        checked: Option<Result<T, E>>,
    ) -> Option<T> {
        checked.map(|checked| self.value(field, checked))
    }

    /// Notes that a field is wrong.
    pub(crate) fn refuse(&mut self, field: &str, message: impl Display) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.to_string(),
        });
    }

    /// All is well, or 422 with everything that is not.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Validation(self.0))
        }
    }
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
