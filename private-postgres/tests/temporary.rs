//! A temporary server, with the installed PostgreSQL programs.

use std::fs;
use std::path::PathBuf;

use private_postgres::{Durability, Error, TemporaryPostgres};
use sqlx::{Connection, PgConnection};

/// The server's setting of this name.
async fn setting(postgres: &TemporaryPostgres, name: &str) -> String {
    let mut connection = PgConnection::connect(postgres.url()).await.unwrap();
    sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn starts_without_durability_and_leaves_nothing() {
    let postgres = TemporaryPostgres::start(Durability::None, || false).unwrap();
    assert_eq!(setting(&postgres, "fsync").await, "off");
    assert_eq!(setting(&postgres, "max_connections").await, "400");
    let cluster = PathBuf::from(setting(&postgres, "data_directory").await);
    assert!(cluster.exists());
    drop(postgres);
    assert!(!cluster.parent().unwrap().exists());
}

#[tokio::test]
async fn starts_with_full_durability_and_a_long_write_ahead_log() {
    let postgres = TemporaryPostgres::start(Durability::Full, || false).unwrap();
    assert_eq!(setting(&postgres, "fsync").await, "on");
    assert_eq!(setting(&postgres, "synchronous_commit").await, "on");
    let cluster = PathBuf::from(setting(&postgres, "data_directory").await);
    let segments = fs::read_dir(cluster.join("pg_wal")).unwrap().count();
    assert!(segments > 30, "{segments} segments");
}

#[test]
fn gives_up_when_it_is_cancelled() {
    let started = TemporaryPostgres::start(Durability::None, || true);
    assert!(matches!(started, Err(Error::Cancelled)));
}
