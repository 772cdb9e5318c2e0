//! The texts of errors. The server's error codes decide, since its own messages are in English.

use super::{
    account_texts, export_texts, inbox_texts, order::order_texts, rewrites::rewrite_texts, t,
    texts::problems_texts,
};
use crate::api::ApiError;
use shared::{api::FieldError, protocol::ErrorCode, text::TextError};

/// The text for a failed request.
pub fn api_problem(error: &ApiError) -> String {
    let known = match error.code() {
        "unreachable" => t().problem_away(),
        "origin_not_allowed" => t().wrong_address_text(),
        "invalid_credentials" => t().problem_credentials(),
        "username_taken" => t().problem_username_taken(),
        "already_registered" => account_texts().already_registered(),
        "validation_failed" => t().problem_validation(),
        "unauthenticated" => t().problem_signed_out(),
        "forbidden" => t().problem_forbidden(),
        "rate_limited" => t().problem_rate_limited(),
        "registration_required" => order_texts().must_register_text(),
        "guests_not_allowed" => order_texts().no_guests_text(),
        "sanctioned" => order_texts().refused_sanctioned(),
        "claimed" => order_texts().problem_claimed(),
        "already_decided" | "already_appealed" | "sanction_over" => order_texts().problem_over(),
        "user_not_found" => t().no_such_user(),
        "not_wanted" => inbox_texts().refused_not_wanted(),
        "conversation_not_found" => inbox_texts().refused_no_conversation(),
        "newcomer" => order_texts().refused_newcomer(),
        "slow_mode" => order_texts().refused_slow_mode(),
        "locked_down" => order_texts().refused_locked_down(),
        "canvas_not_found" => t().no_canvas_title(),
        "tile_not_found" => t().refused_tile_not_found(),
        "tile_exists" => t().refused_tile_exists(),
        "tile_locked" => t().refused_tile_locked(),
        "version_conflict" => t().refused_version_conflict(),
        "out_of_bounds" => t().refused_out_of_bounds(),
        "message_not_found" => order_texts().refused_no_message(),
        "comment_not_found" => order_texts().refused_no_comment(),
        "rewrite_running" => rewrite_texts().is_running(),
        "already_undone" => rewrite_texts().already_undone(),
        "too_large" => rewrite_texts().too_large(),
        "image_too_large" => export_texts().too_large(),
        "too_many_connections" => t().too_many_title(),
        "too_many_blocks" => problems_texts().too_many_blocks(),
        "too_many_invites" => problems_texts().too_many_invites(),
        "body_too_large" => problems_texts().too_large(),
        "overloaded" | "draining" | "unavailable" | "body_too_slow" => problems_texts().busy(),
        "internal" => t().refused_internal(),
        code if code == "not_found" || code.ends_with("_not_found") => problems_texts().gone(),
        _ if error.status() == Some(429) => t().problem_rate_limited(),
        code => return problems_texts().refused(code),
    };
    known.to_owned()
}

/// The text for the field with this name, if it is wrong. Of what is wrong with other fields than
/// texts the server says nothing that a program could tell.
pub fn field_problem(fields: &[FieldError], name: &str) -> Option<String> {
    let field = fields.iter().find(|error| error.field == name)?;
    let known = TextError::from_message(&field.message);
    Some(known.map_or_else(
        || t().problem_field().to_owned(),
        |error| text_problem(&error),
    ))
}

/// The text for an invalid text.
pub fn text_problem(error: &TextError) -> String {
    match error {
        TextError::Empty => t().text_empty().to_owned(),
        TextError::TooShort(least) => t().text_too_short(*least),
        TextError::TooLong(most) => t().text_too_long(*most),
        TextError::Control
        | TextError::Line
        | TextError::Blank
        | TextError::Invisible
        | TextError::Marks(_) => t().text_control().to_owned(),
        TextError::Alphabet(_) => t().text_alphabet().to_owned(),
    }
}

/// The text for a change that the server refused.
pub fn refusal(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::TextEmpty => t().text_empty(),
        ErrorCode::TextTooLong => t().refused_text_too_long(),
        ErrorCode::OutOfBounds => t().refused_out_of_bounds(),
        ErrorCode::TileExists => t().refused_tile_exists(),
        ErrorCode::TileNotFound => t().refused_tile_not_found(),
        ErrorCode::TileLocked => t().refused_tile_locked(),
        ErrorCode::VersionConflict => t().refused_version_conflict(),
        ErrorCode::Forbidden => t().refused_forbidden(),
        ErrorCode::RateLimited => t().problem_rate_limited(),
        ErrorCode::Unauthenticated => t().problem_signed_out(),
        ErrorCode::Unavailable => t().refused_unavailable(),
        ErrorCode::Internal => t().refused_internal(),
        ErrorCode::Sanctioned => order_texts().refused_sanctioned(),
        ErrorCode::Newcomer => order_texts().refused_newcomer(),
        ErrorCode::SlowMode => order_texts().refused_slow_mode(),
        ErrorCode::LockedDown => order_texts().refused_locked_down(),
        ErrorCode::ConversationNotFound => inbox_texts().refused_no_conversation(),
        ErrorCode::NotWanted => inbox_texts().refused_not_wanted(),
        ErrorCode::MessageNotFound => order_texts().refused_no_message(),
        ErrorCode::CommentNotFound => order_texts().refused_no_comment(),
        ErrorCode::InvalidJson
        | ErrorCode::UnknownType
        | ErrorCode::InvalidMessage
        | ErrorCode::CanvasMismatch
        | ErrorCode::TooFarBehind
        | ErrorCode::Other => t().problem_field(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::testing::use_english;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_wrong_with_a_field_is_told_in_the_language_of_the_page() {
        use_english();
        let wrong = |message: &str| FieldError {
            field: "name".to_owned(),
            message: message.to_owned(),
        };
        for (message, told) in [
            (
                "must have at most 80 characters",
                "At most 80 characters, please.",
            ),
            ("must not be empty", "Something has to be written here."),
            ("must be better", "This is not accepted."),
        ] {
            let told = Some(told.to_owned());
            assert_eq!(field_problem(&[wrong(message)], "name"), told);
        }
        assert_eq!(field_problem(&[wrong("must be better")], "title"), None);
    }
}
