//! Validation of request bodies that reports every invalid field at once.

use super::error::ApiError;
use shared::api::FieldError;
use std::fmt::Display;

/// Collects the invalid fields of a body.
#[derive(Default)]
pub(super) struct Validator(Vec<FieldError>);

impl Validator {
    /// The value, or a default that is not used, since [`Self::finish`] fails then.
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

    /// The same for an optional field.
    pub(super) fn optional<T: Default, E: Display>(
        &mut self,
        field: &str,
        checked: Option<Result<T, E>>,
    ) -> Option<T> {
        checked.map(|checked| self.value(field, checked))
    }

    /// Adds an invalid field.
    pub(super) fn refuse(&mut self, field: &str, message: impl Display) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.to_string(),
        });
    }

    /// # Errors
    /// `Validation` with all invalid fields, if there are any.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Validation(self.0))
        }
    }
}
