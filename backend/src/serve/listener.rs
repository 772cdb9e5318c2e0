//! The listening socket and its options.

use socket2::{Domain, Protocol, Type};
use std::{io, net::SocketAddr, time::Duration};
use tokio::net::TcpListener;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// Unsent bytes in a socket's send buffer above which it is not writable
/// (`TCP_NOTSENT_LOWAT`). Without it the kernel takes megabytes for a peer that does
/// not read, and it takes as much until the server notices.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NOTSENT_LOWAT: u32 = 128 * 1024;
/// The least time that what was sent may stay unacknowledged.
#[cfg(any(target_os = "linux", target_os = "android"))]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Listens on `address`, and says on which port where it asks for port 0. The system drops
/// a connection where what was sent, the end of an answer too that waits in its buffer,
/// stays unacknowledged for [`USER_TIMEOUT`] or `silence`, whichever is longer
/// (`TCP_USER_TIMEOUT`).
///
/// # Errors
/// Those of the system.
pub(super) fn listen(
    address: SocketAddr,
    silence: Duration,
) -> io::Result<(TcpListener, SocketAddr)> {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = silence;
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restart need not wait until the old connections' TIME_WAIT is over.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Accepted connections inherit these options. Small messages are sent at once.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT.max(silence)))?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local_addr = listener.local_addr()?;
    Ok((listener, local_addr))
}
