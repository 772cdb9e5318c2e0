//! Validation of request bodies that reports every invalid field at once.

use crate::error::ApiError;
use shared::api::FieldError;
use std::fmt::Display;

/// Collects what is wrong with the fields of a body.
#[derive(Default)]
pub(super) struct Validator(Vec<FieldError>);

impl Validator {
    /// The value, or a placeholder that [`Self::finish`] keeps from being used.
    pub(super) fn value<T: Default, E: Display>(
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
    pub(super) fn optional<T: Default, E: Display>(
        &mut self,
        field: &str,
        checked: Option<Result<T, E>>,
    ) -> Option<T> {
        checked.map(|checked| self.value(field, checked))
    }

    /// Notes that a field is wrong.
    pub(super) fn refuse(&mut self, field: &str, message: impl Display) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.to_string(),
        });
    }

    /// All is well, or 422 with everything that is not.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Validation(self.0))
        }
    }
}
