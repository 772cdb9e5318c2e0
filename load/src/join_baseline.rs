//! The kernel's baseline for joins: one thread that accepts, reads a request, sends
//! an answer that was made before, and closes when its peer does. It knows
//! nobody and checks nothing, so that no server can spend less.

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

/// What an upgrade is answered (RFC 6455, section 4.2.2), with the server's headers.
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
    cache-control: no-store\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
/// What ends a request.
const END: &[u8] = b"\r\n\r\n";
/// The token of the listener; connections have those from 1 on.
const LISTENER: Token = Token(0);
/// How long until the thread notices that it is not needed any more.
const LOOK: Duration = Duration::from_millis(50);

/// The thread. It ends with this.
pub(crate) struct JoinBaseline {
    pub(crate) address: SocketAddr,
    thread: i32,
    ends: Arc<AtomicBool>,
}

impl JoinBaseline {
    /// Starts it on `core`; `first` is the message that everybody is sent.
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
                // Nobody waits for it if the start failed meanwhile.
                let _ = started.send(system::own_thread());
                serve(listener, &answer, &over)
            };
            // Whoever waits to be let in fails in time.
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

    /// The processor time that it has used.
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
        if let Err(error) = poll.poll(&mut events, Some(LOOK)) {
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
                    // The answer fits into an empty socket.
                    Ok(count) if scratch[..count].ends_with(END) => {
                        stream.write_all(answer).context(failed)?;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    // It is gone, or no client of ours.
                    Ok(_) | Err(_) => drop(inside.remove(&token)),
                }
            }
        }
    }
    Ok(())
}
