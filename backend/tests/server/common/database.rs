//! Databases for tests, in the PostgreSQL named by `DATABASE_URL`, or, where that is unset, in a
//! private one that all tests share.

use super::{process::run, temporary_folder};
use private_postgres::{Durability, TemporaryPostgres};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::env;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A database for one test.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    pub(super) name: String,
    pub(super) admin_url: String,
}

impl TestDatabase {
    /// An empty one, into which a server or `stellar-canvas` puts the tables.
    pub(crate) async fn create() -> Self {
        let admin_url = postgres().await.to_owned();
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&admin_url).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self {
            url: with_database(&admin_url, &name),
            name,
            admin_url,
        }
    }

    /// One with all tables. A copy takes much less time than the migrations.
    pub(crate) async fn migrated() -> Self {
        static TEMPLATE: OnceCell<TestDatabase> = OnceCell::const_new();
        let migrate = async || {
            let template = Self::create().await;
            let environment = [("DATABASE_URL", template.url.as_str())];
            let done = run(&["migrate"], &environment, "").await;
            assert!(done.status.success(), "{done:?}");
            template
        };
        let copy = TEMPLATE.get_or_init(migrate).await.copy().await;
        let mut connection = PgConnection::connect(&copy.url).await.unwrap();
        // As if its migrations had run: clusters on one Redis know their own messages by this.
        sqlx::query("UPDATE history SET database_id = gen_random_uuid()")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        copy
    }

    /// Another database with the same content. Nobody may be connected to this one.
    pub(crate) async fn copy(&self) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE {}", self.name);
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self {
            url: with_database(&self.admin_url, &name),
            name,
            admin_url: self.admin_url.clone(),
        }
    }

    /// Has the database refuse events whose text contains `poison`, as it refuses those of a
    /// user whose row was deleted by hand.
    pub(crate) async fn refuse_poison(&self) {
        let pool = self.pool().await;
        sqlx::raw_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.body LIKE '%poison%' THEN RAISE EXCEPTION 'refused'; END IF;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON canvas_events
                 FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .execute(&pool)
        .await
        .unwrap();
        pool.close().await;
    }

    /// A connection pool for the test itself.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPool::connect(&self.url).await.unwrap()
    }

    /// Ends every connection to it, and refuses new ones while `allowed` is false, as
    /// if PostgreSQL were unreachable.
    pub(crate) async fn allow_connections(&self, allowed: bool) {
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let name = &self.name;
        let alter = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        sqlx::query(AssertSqlSafe(alter))
            .execute(&mut admin)
            .await
            .unwrap();
        if !allowed {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            )
            .bind(name)
            .execute(&mut admin)
            .await
            .unwrap();
        }
        admin.close().await.unwrap();
    }

    /// Makes it read-only or writable for everybody, as if a primary became a
    /// standby.
    pub(crate) async fn read_only(&self, read_only: bool) {
        self.read_only_for_new_connections(read_only).await;
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(&self.name)
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }

    /// The same for new connections only.
    pub(crate) async fn read_only_for_new_connections(&self, read_only: bool) {
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let name = &self.name;
        let value = if read_only { "on" } else { "off" };
        let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
        sqlx::query(AssertSqlSafe(alter))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }
}

/// The same URL with another database name.
fn with_database(url: &str, name: &str) -> String {
    let (before, query) = url.split_once('?').unwrap_or((url, ""));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let path = before[authority..]
        .find('/')
        .map_or(before.len(), |at| at + authority);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{}/{name}{query}", &before[..path])
}

/// The URL of this test process's PostgreSQL.
async fn postgres() -> &'static str {
    static PRIVATE: OnceCell<TemporaryPostgres> = OnceCell::const_new();
    static GIVEN: OnceCell<Option<String>> = OnceCell::const_new();
    let given = GIVEN
        .get_or_init(async || env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()))
        .await;
    if let Some(url) = given {
        return url;
    }
    // It stops with the thread that owns it, and therefore with this process.
    let start = async || {
        let folder = temporary_folder().join("postgres");
        let start = move || TemporaryPostgres::start_in(folder, Durability::None, || false);
        tokio::task::spawn_blocking(start).await.unwrap().unwrap()
    };
    PRIVATE.get_or_init(start).await.url()
}
