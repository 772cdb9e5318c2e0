//! All text of the client, in one place.
