//! The kernel's baseline `R`: one thread that writes the same 200 bytes to each
//! of N sockets with one `send` each, and does nothing else. No server that
//! sends each message by itself can spend less.

use crate::{
    client_pool::ClientPool,
    frames::{TEXT, unmasked},
    latency::{Latencies, MessageClock},
    system,
};
use anyhow::{Context, Result, anyhow};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

/// Size of the message with its frame.
const MESSAGE: usize = 200;
/// Receivers that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// What no round may take longer than.
const PATIENCE: Duration = Duration::from_secs(30);

/// The thread and those who listen to it.
pub(crate) struct SendBaseline {
    pool: ClientPool,
    receivers: usize,
    orders: Sender<Order>,
    times: Receiver<Duration>,
    clock: MessageClock,
}

enum Order {
    /// One message to each.
    Send,
    /// Messages at a steady rate.
    Pace { count: usize, every: Duration },
    /// How much processor time was used since the last report?
    Report,
}

impl SendBaseline {
    /// Starts the thread on `core` and connects the receivers.
    pub(crate) fn start(receivers: usize, core: usize) -> Result<Self> {
        let listener = listen().context("listen")?;
        let address: SocketAddr = listener.local_addr().context("listen")?;
        let (orders, taken) = channel();
        let (report, times) = channel();
        let clock = MessageClock::start();
        thread::spawn(move || {
            let sending = || -> Result<()> {
                system::pin_to_core(core)?;
                let sockets = accept(&listener, receivers)?;
                send(sockets, &taken, &report, clock)
            };
            // Whoever waits for a report hears of it by the closed channel.
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
            orders,
            times,
            clock,
        })
    }

    /// Sends message after message for `time`, one in flight: what one `send`
    /// costs.
    pub(crate) fn cost(&mut self, time: Duration) -> Result<Duration> {
        self.report()?;
        let begun = Instant::now();
        let mut sent = 0;
        while begun.elapsed() < time {
            self.order(Order::Send)?;
            sent += self.receivers;
            let mut heard = 0;
            while heard < self.receivers {
                if begun.elapsed() > time + PATIENCE {
                    return Err(anyhow!("the baseline's messages were lost"));
                }
                self.pool.listen(PATIENCE, |_, _| heard += 1)?;
            }
        }
        Ok(self.report()?.div_f64(sent as f64))
    }

    /// Sends `count` messages, one `every` so long: how late each was heard.
    pub(crate) fn latencies(&mut self, count: usize, every: Duration) -> Result<Latencies> {
        self.order(Order::Pace { count, every })?;
        let mut latencies = Latencies::new()?;
        let clock = self.clock;
        let end = Instant::now() + every.mul_f64(count as f64) + PATIENCE;
        while latencies.count() < count * self.receivers {
            if Instant::now() > end {
                return Err(anyhow!("the baseline's messages were lost"));
            }
            self.pool.listen(PATIENCE, |_, payload| {
                latencies.record(clock.age(payload));
            })?;
        }
        Ok(latencies)
    }

    fn report(&self) -> Result<Duration> {
        self.order(Order::Report)?;
        self.times.recv().context("the baseline")
    }

    fn order(&self, order: Order) -> Result<()> {
        let sent = self.orders.send(order);
        sent.map_err(|_| anyhow!("the baseline's thread ended"))
    }
}

/// With room for all receivers at once: whoever finds none in the queue would
/// wait for ever, as the one who says nothing.
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
    orders: &Receiver<Order>,
    report: &Sender<Duration>,
    clock: MessageClock,
) -> Result<()> {
    let mut to_all = |frame: &[u8]| -> Result<()> {
        for socket in &mut sockets {
            socket.write_all(frame).context("send to a receiver")?;
        }
        Ok(())
    };
    // The head of a frame of this size is four bytes.
    let message = vec![b'x'; MESSAGE - 4];
    let frame = unmasked(TEXT, &message);
    let mut before = system::own_processor_time()?;
    for order in orders {
        match order {
            Order::Send => to_all(&frame)?,
            Order::Pace { count, every } => {
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
            Order::Report => {
                let now = system::own_processor_time()?;
                // Nobody waits for it any more: the measurement is over.
                let _ = report.send(now.saturating_sub(before));
                before = now;
            }
        }
    }
    Ok(())
}
