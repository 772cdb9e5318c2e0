//! The decoder refuses any input with one of its own codes, or reads it and reads
//! the same again from what serde writes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::protocol::{ErrorCode, decode};

fuzz_target!(|frame: &str| {
    match decode(frame) {
        Ok(request) => {
            let written = serde_json::to_string(&request).expect("a request is JSON");
            assert_eq!(decode(&written).as_ref(), Ok(&request));
        }
        Err(error) => {
            let is_own = matches!(
                error.code,
                ErrorCode::InvalidJson
                    | ErrorCode::UnknownType
                    | ErrorCode::InvalidMessage
                    | ErrorCode::TextEmpty
                    | ErrorCode::TextTooLong
            );
            assert!(is_own && !error.message.is_empty(), "{error:?}");
        }
    }
});
