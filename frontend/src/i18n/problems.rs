//! The texts of errors. The server's error codes decide; its own message is used
//! only for unknown codes.

use super::{accounts::account_texts, interpolate, order::order_texts, t};
use crate::api::ApiError;
use shared::{api::FieldError, protocol::ErrorCode, text::TextError};

/// The text for a failed request.
pub fn api_problem(error: &ApiError) -> String {
    let known = match error.code() {
        "unreachable" => t().problem_away,
        "origin_not_allowed" => t().wrong_address_text,
        "invalid_credentials" => t().problem_credentials,
        "username_taken" => t().problem_username_taken,
        "already_registered" => account_texts().already_registered,
        "validation_failed" => t().problem_validation,
        "unauthenticated" => t().problem_signed_out,
        "forbidden" => t().problem_forbidden,
        "rate_limited" => t().problem_rate_limited,
        "registration_required" => order_texts().must_register_text,
        "guests_not_allowed" => order_texts().no_guests_text,
        "sanctioned" => order_texts().refused_sanctioned,
        "claimed" => order_texts().problem_claimed,
        "already_decided" | "already_appealed" | "sanction_over" => order_texts().problem_over,
        "user_not_found" => t().no_such_user,
        _ if error.status() == Some(429) => t().problem_rate_limited,
        _ => return error.to_string(),
    };
    known.to_owned()
}

/// The error of the field with this name, if there is one.
pub fn field_problem(fields: &[FieldError], name: &str) -> Option<String> {
    let field = fields.iter().find(|error| error.field == name)?;
    Some(interpolate(
        t().problem_field,
        &[("message", &field.message)],
    ))
}

/// The text for an invalid text.
pub fn text_problem(error: &TextError) -> String {
    match error {
        TextError::Empty => t().text_empty.to_owned(),
        TextError::TooShort(least) => interpolate(t().text_too_short, &[("n", least)]),
        TextError::TooLong(most) => interpolate(t().text_too_long, &[("n", most)]),
        TextError::Control
        | TextError::Line
        | TextError::Blank
        | TextError::Invisible
        | TextError::Marks(_) => t().text_control.to_owned(),
        TextError::Alphabet(_) => t().text_alphabet.to_owned(),
    }
}

/// The text for a change that the server refused. `message` is the server's
/// message, used for codes of a later version.
pub fn refusal(code: ErrorCode, message: &str) -> String {
    let known = match code {
        ErrorCode::TextEmpty => t().text_empty,
        ErrorCode::TextTooLong => t().refused_text_too_long,
        ErrorCode::OutOfBounds => t().refused_out_of_bounds,
        ErrorCode::TileExists => t().refused_tile_exists,
        ErrorCode::TileNotFound => t().refused_tile_not_found,
        ErrorCode::TileLocked => t().refused_tile_locked,
        ErrorCode::VersionConflict => t().refused_version_conflict,
        ErrorCode::Forbidden => t().refused_forbidden,
        ErrorCode::RateLimited => t().problem_rate_limited,
        ErrorCode::Unauthenticated => t().problem_signed_out,
        ErrorCode::Unavailable => t().refused_unavailable,
        ErrorCode::Internal => t().refused_internal,
        ErrorCode::Sanctioned => order_texts().refused_sanctioned,
        ErrorCode::Newcomer => order_texts().refused_newcomer,
        ErrorCode::SlowMode => order_texts().refused_slow_mode,
        ErrorCode::LockedDown => order_texts().refused_locked_down,
        ErrorCode::MessageNotFound => order_texts().refused_no_message,
        ErrorCode::InvalidJson
        | ErrorCode::UnknownType
        | ErrorCode::InvalidMessage
        | ErrorCode::CanvasMismatch
        | ErrorCode::TooFarBehind
        | ErrorCode::Other => {
            return interpolate(t().problem_field, &[("message", &message)]);
        }
    };
    known.to_owned()
}
