//! The baseline `R` for deliveries: one thread that writes the same 200 bytes to each of N sockets
//! with one `send` each, and does nothing else. A server that sends each message by itself cannot
//! use less processor time.

use crate::{
    client_pool::ClientPool,
    frames::{TEXT, unmasked},
    latency::{Latencies, MessageClock},
    system,
};
use anyhow::{Context, Result, anyhow, bail};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

/// Size of the message with its frame header, in bytes.
const MESSAGE: usize = 200;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// Time limit of a round.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The thread and its receivers.
pub(crate) struct SendBaseline {
    pool: ClientPool,
    receivers: usize,
    commands: Sender<Command>,
    times: Receiver<Duration>,
    clock: MessageClock,
}

enum Command {
    /// Send one message to each receiver.
    Send,
    /// Send `count` messages to each receiver at a steady rate, one every `every`.
    Pace { count: usize, every: Duration },
    /// Report the processor time used since the last report.
    Report,
}

impl SendBaseline {
    /// Starts the thread on `core` and connects the receivers.
    pub(crate) fn start(receivers: usize, core: usize) -> Result<Self> {
        let listener = listen().context("listen")?;
        let address: SocketAddr = listener.local_addr().context("listen")?;
        let (commands, taken) = channel();
        let (report, times) = channel();
        let clock = MessageClock::start();
        thread::spawn(move || {
            let sending = || -> Result<()> {
                system::pin_to_core(core)?;
                let sockets = accept(&listener, receivers)?;
                send(sockets, &taken, &report, clock)
            };
            // Those who wait for a report find the channel closed.
            if let Err(error) = sending() {
                eprintln!("the baseline: {error:#}");
            }
        });
        let mut pool = ClientPool::new()?;
        for _ in 0..receivers {
            pool.connect(address, None)?;
        }
        Ok(Self {
            pool,
            receivers,
            commands,
            times,
            clock,
        })
    }

    /// Sends message after message for `time`, with one in flight. Returns the processor time of
    /// one `send`.
    pub(crate) fn cost(&mut self, time: Duration) -> Result<Duration> {
        self.report()?;
        let begun = Instant::now();
        let mut sent = 0;
        while begun.elapsed() < time {
            self.command(Command::Send)?;
            sent += self.receivers;
            let mut received = 0;
            while received < self.receivers {
                if begun.elapsed() > time + TIMEOUT {
                    bail!("the baseline's messages were lost");
                }
                self.pool.poll(TIMEOUT, |_, _| received += 1)?;
            }
        }
        Ok(self.report()?.div_f64(sent as f64))
    }

    /// Sends `count` messages, one every `every`, and returns their latencies.
    pub(crate) fn latencies(&mut self, count: usize, every: Duration) -> Result<Latencies> {
        self.command(Command::Pace { count, every })?;
        let mut latencies = Latencies::new()?;
        let clock = self.clock;
        let end = Instant::now() + every.mul_f64(count as f64) + TIMEOUT;
        while latencies.count() < count * self.receivers {
            if Instant::now() > end {
                bail!("the baseline's messages were lost");
            }
            self.pool.poll(TIMEOUT, |_, payload| {
                latencies.record(clock.age(payload));
            })?;
        }
        Ok(latencies)
    }

    fn report(&self) -> Result<Duration> {
        self.command(Command::Report)?;
        self.times.recv().context("the baseline")
    }

    fn command(&self, command: Command) -> Result<()> {
        let sent = self.commands.send(command);
        sent.map_err(|_| anyhow!("the baseline's thread ended"))
    }
}

/// A listener on a free port whose queue has room for all receivers at once. A connection that
/// does not fit in the queue would wait for ever, because its client sends nothing first.
pub(crate) fn listen() -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let any_port = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    socket.bind(&SockAddr::from(any_port))?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, count: usize) -> Result<Vec<TcpStream>> {
    let accepted = (0..count).map(|_| {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        Ok(socket)
    });
    let accepted: std::io::Result<Vec<TcpStream>> = accepted.collect();
    accepted.context("accept")
}

fn send(
    mut sockets: Vec<TcpStream>,
    commands: &Receiver<Command>,
    report: &Sender<Duration>,
    clock: MessageClock,
) -> Result<()> {
    let mut to_all = |frame: &[u8]| -> Result<()> {
        for socket in &mut sockets {
            socket.write_all(frame).context("send to a receiver")?;
        }
        Ok(())
    };
    // The header of a frame of this size takes four bytes.
    let message = vec![b'x'; MESSAGE - 4];
    let frame = unmasked(TEXT, &message);
    let mut before = system::own_processor_time()?;
    for command in commands {
        match command {
            Command::Send => to_all(&frame)?,
            Command::Pace { count, every } => {
                let mut due = Instant::now();
                for _ in 0..count {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    due += every;
                    let mut message = message.clone();
                    let mark = clock.timestamp();
                    message[..mark.len()].copy_from_slice(mark.as_bytes());
                    to_all(&unmasked(TEXT, &message))?;
                }
            }
            Command::Report => {
                let now = system::own_processor_time()?;
                // An error means that the measurement is over.
                let _ = report.send(now.saturating_sub(before));
                before = now;
            }
        }
    }
    Ok(())
}
