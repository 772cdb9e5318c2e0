//! `stellar-canvas migrate`: brings the database up to date without running the server, for
//! databases whose schema belongs to another role than the server's.

use super::{CommandError, database::CommandDatabase};
use crate::{config::Config, db};
use std::time::Duration;
use tokio::time;

/// The pause after a lock was not granted: what waits behind a migration gets its turn.
const LOCK_PAUSE: Duration = Duration::from_secs(2);

/// Applies what is missing, and waits for other transactions and nodes as long as it takes.
pub(super) async fn run(config: &Config) -> Result<(), CommandError> {
    let database = CommandDatabase::open(config).await?;
    let applied = loop {
        match db::migrate(database.url()).await {
            Err(error) if error.is_locked() => {
                eprintln!("a migration waits for a lock of another transaction or node");
                time::sleep(LOCK_PAUSE).await;
            }
            done => break done,
        }
    };
    database.close().await;
    match applied.map_err(CommandError::new)? {
        0 => println!("the database is up to date"),
        1 => println!("applied 1 migration"),
        applied => println!("applied {applied} migrations"),
    }
    Ok(())
}
