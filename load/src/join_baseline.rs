//! The baseline for joins: one thread that accepts a connection, reads a request, sends a prepared
//! answer, and closes when its peer does. It checks nothing and stores nothing, so no server can
//! use less processor time.

use crate::{
    frames::{TEXT, unmasked},
    system,
};
use anyhow::{Context, Result};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};

/// The answer to an upgrade (RFC 6455, section 4.2.2), with the headers that the server sends.
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
    cache-control: no-store\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
/// The end of a request.
const END: &[u8] = b"\r\n\r\n";
/// The token of the listener; those of connections begin at 1.
const LISTENER: Token = Token(0);
/// How often the thread checks whether it must end.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// The running thread. Dropping this ends it.
pub(crate) struct JoinBaseline {
    pub(crate) address: SocketAddr,
    thread: i32,
    ends: Arc<AtomicBool>,
}

impl JoinBaseline {
    /// Starts the thread on `core`; `first` is the message that every connection is sent.
    pub(crate) fn start(core: usize, first: &[u8]) -> Result<Self> {
        let listener = crate::send_baseline::listen().context("listen")?;
        let address = listener.local_addr().context("listen")?;
        let answer = [ANSWER, &unmasked(TEXT, first)].concat();
        let ends = Arc::new(AtomicBool::new(false));
        let over = ends.clone();
        let (started, who) = channel();
        thread::spawn(move || {
            let serving = || -> Result<()> {
                system::pin_to_core(core)?;
                // An error means that `start` has already failed.
                let _ = started.send(system::own_thread());
                serve(listener, &answer, &over)
            };
            // Those who wait to join run into their timeout.
            if let Err(error) = serving() {
                eprintln!("the baseline: {error:#}");
            }
        });
        let thread = who.recv().context("the baseline")?;
        Ok(Self {
            address,
            thread,
            ends,
        })
    }

    /// The processor time that the thread has used.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        system::thread_time(self.thread)
    }
}

impl Drop for JoinBaseline {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

fn serve(listener: std::net::TcpListener, answer: &[u8], ends: &AtomicBool) -> Result<()> {
    let failed = "the baseline";
    listener.set_nonblocking(true).context(failed)?;
    let mut listener = TcpListener::from_std(listener);
    let mut poll = Poll::new().context(failed)?;
    let registry = poll.registry().try_clone().context(failed)?;
    let readable = Interest::READABLE;
    registry
        .register(&mut listener, LISTENER, readable)
        .context(failed)?;
    let mut events = Events::with_capacity(1024);
    let mut inside: HashMap<Token, TcpStream> = HashMap::new();
    let mut next = 1;
    let mut scratch = [0; 4096];
    while !ends.load(Ordering::Relaxed) {
        if let Err(error) = poll.poll(&mut events, Some(STOP_CHECK)) {
            if error.kind() == ErrorKind::Interrupted {
                continue;
            }
            return Err(error).context(failed);
        }
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    let token = Token(next);
                    next += 1;
                    stream.set_nodelay(true).context(failed)?;
                    registry
                        .register(&mut stream, token, readable)
                        .context(failed)?;
                    inside.insert(token, stream);
                }
            } else if let Some(stream) = inside.get_mut(&token) {
                match stream.read(&mut scratch) {
                    // The answer fits into the empty send buffer.
                    Ok(count) if scratch[..count].ends_with(END) => {
                        stream.write_all(answer).context(failed)?;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    // Closed by the peer, or no request of ours.
                    Ok(_) | Err(_) => drop(inside.remove(&token)),
                }
            }
        }
    }
    Ok(())
}
