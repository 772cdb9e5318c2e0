//! The Stellar Canvas server.
