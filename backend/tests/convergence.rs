//! Many clients draw, chat, vanish and come back at random, and all end equal
//! to the log. Seeds that once failed stay in the list; `cargo xtask soak`
//! looks for more.

mod common;

use common::{TestServer, crowd::converge};

const SEEDS: [u64; 4] = [1, 2, 3, 20_261_121];

#[tokio::test]
async fn everybody_ends_equal_to_the_log() {
    let server = TestServer::start().await;
    for seed in SEEDS {
        converge(server.addr, seed).await;
    }
}
