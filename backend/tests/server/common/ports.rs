//! Addresses for programs that are told where to listen, and that listen there again after they
//! have ended.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// These ports are below those that Linux (from 32768) and macOS (from 49152) give to connections
/// and to listeners without a wish, so that nothing takes one while its program does not run.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// An address of this machine at which nothing listens. Each call returns another one.
pub(crate) fn free_address() -> SocketAddr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = GIVEN.fetch_add(1, Ordering::Relaxed);
        // Two runs at the same time begin in different places.
        let offset = process::id().wrapping_mul(97).wrapping_add(number) % COUNT;
        let port = u16::try_from(FIRST + offset).unwrap();
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
}
