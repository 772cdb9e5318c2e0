//! The Stellar Canvas server.

pub mod embedded_postgres;
