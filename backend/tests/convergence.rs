//! Many clients draw, chat, disconnect and reconnect at random, and all end equal
//! to the log. Seeds that once failed stay in the list; `cargo xtask soak`
//! tries fresh ones.

mod common;

use common::{TestServer, client_pool::converge};

const SEEDS: [u64; 4] = [1, 2, 3, 20_261_121];

#[tokio::test]
async fn all_clients_converge_to_the_log() {
    let server = TestServer::start().await;
    for seed in SEEDS {
        converge(server.addr, seed).await;
    }
}
