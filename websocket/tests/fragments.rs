//! A peer that sends fragments without an end.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, task};
use websocket::{DeferredUpgradeIo, Socket, UpgradeSlot};

/// Empty fragments are never too long together, and as fast as they come there is
/// always one more to read.
#[tokio::test]
async fn endless_fragments_let_other_tasks_run() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let is_over_there = is_over.clone();
    // A thread of its own, since the reader may occupy this one.
    let peer = thread::spawn(move || {
        let started = Instant::now();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(&[0x01, 0x80, 0, 0, 0, 0]).unwrap();
        let more = [0x00, 0x80, 0, 0, 0, 0].repeat(10_000);
        while !is_over_there.load(Ordering::Relaxed) {
            assert!(started.elapsed() < Duration::from_secs(20), "only it runs");
            if stream.write_all(&more).is_err() {
                return;
            }
        }
    });
    let (stream, _) = listener.accept().await.unwrap();
    let io = DeferredUpgradeIo::new(stream, UpgradeSlot::<()>::default());
    let mut socket = Socket::new(io, &[], 1024);
    let others = async {
        for _ in 0..10 {
            task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        read = socket.recv() => panic!("{read:?}"),
        () = others => {}
    }
    is_over.store(true, Ordering::Relaxed);
    drop(socket);
    peer.join().unwrap();
}
