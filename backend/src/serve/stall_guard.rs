//! Cuts off peers that do not take in what they asked for.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// How long a peer may take for [`MIN_BYTES`].
const WINDOW: Duration = Duration::from_secs(10);
/// What a peer has to take in within [`WINDOW`]: 1 KiB a second.
const MIN_BYTES: usize = 10 * 1024;

/// A connection whose writes fail with `TimedOut` when something waits to be written and
/// the peer takes in less than [`MIN_BYTES`] in [`WINDOW`].
///
/// While something waits, the system's buffer is full, so that it accepts as many bytes as
/// the peer acknowledges. The listener bounds that buffer (`TCP_NOTSENT_LOWAT`).
#[derive(Debug)]
pub(super) struct StallGuard<I> {
    io: I,
    window: Duration,
    /// None while nothing waits.
    waiting: Option<Pin<Box<Waiting>>>,
}

#[derive(Debug)]
struct Waiting {
    window: Pin<Box<Sleep>>,
    /// Bytes accepted in this window.
    accepted: usize,
}

impl<I> StallGuard<I> {
    pub(super) fn new(io: I) -> Self {
        Self::with_window(io, WINDOW)
    }

    fn with_window(io: I, window: Duration) -> Self {
        Self {
            io,
            window,
            waiting: None,
        }
    }

    pub(super) fn into_inner(self) -> I {
        self.io
    }

    /// Passes on the result of a write, and watches the time while it is pending.
    fn watch(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            if let (Some(waiting), Ok(written)) = (&mut self.waiting, &written) {
                waiting.accepted += written;
            }
            return Poll::Ready(written);
        }
        let window = self.window;
        let waiting = self.waiting.get_or_insert_with(|| {
            Box::pin(Waiting {
                window: Box::pin(sleep(window)),
                accepted: 0,
            })
        });
        loop {
            ready!(waiting.window.as_mut().poll(cx));
            if waiting.accepted < MIN_BYTES {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            waiting.accepted = 0;
            waiting.window.as_mut().reset(Instant::now() + window);
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for StallGuard<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for StallGuard<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// Called once all that was written is with the system.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const SHORT: Duration = Duration::from_millis(500);

    /// Writes to a peer that reads so many bytes in each window, a tenth at a time.
    async fn write_to_reader_of(bytes: usize) -> io::Result<()> {
        let (ours, mut theirs) = duplex(16 * 1024);
        let reading = tokio::spawn(async move {
            let mut buffer = vec![0; bytes / 10];
            loop {
                sleep(SHORT / 10).await;
                if theirs.read_exact(&mut buffer).await.is_err() {
                    return;
                }
            }
        });
        let mut guarded = StallGuard::with_window(ours, SHORT);
        let written = guarded.write_all(&vec![0; 100 * 1024]).await;
        reading.abort();
        written
    }

    #[tokio::test]
    async fn who_reads_slowly_is_served_and_who_hardly_reads_is_cut() {
        // A busy machine makes it slower, and it takes more than two windows all the same.
        write_to_reader_of(4 * MIN_BYTES).await.unwrap();
        let error = write_to_reader_of(MIN_BYTES / 2).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_stops_is_cut_and_who_has_all_is_not() {
        let (ours, theirs) = duplex(16);
        let mut guarded = StallGuard::with_window(ours, SHORT);
        guarded.write_all(&[0; 16]).await.unwrap();
        guarded.flush().await.unwrap();
        sleep(SHORT * 2).await;
        let error = guarded.write_all(&[0; 16]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }
}
