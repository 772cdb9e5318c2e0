//! A round picture of a user.
