//! A PostgreSQL of one test, whose files can be copied and put back, and whose
//! database can be dumped and loaded.

use super::TestDatabase;
use private_postgres::PrivatePostgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// See the module. It stops when it is dropped.
pub(crate) struct OwnPostgres {
    folder: PathBuf,
    running: Option<PrivatePostgres>,
    url: String,
}

impl OwnPostgres {
    pub(crate) async fn start() -> Self {
        // A folder that PostgreSQL's own user can reach.
        let folder = std::env::temp_dir().join(format!("stellar-test-{}", Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let mut postgres = Self {
            folder,
            running: None,
            url: String::new(),
        };
        postgres.restart().await;
        postgres
    }

    /// Its only database.
    pub(crate) fn database(&self) -> TestDatabase {
        TestDatabase {
            url: self.url.clone(),
            name: "stellar_canvas".to_owned(),
            admin_url: self.url.clone(),
        }
    }

    /// Starts it on the files as they are now.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let folder = self.folder.clone();
        let start = move || PrivatePostgres::start(&folder, || false);
        let running = spawn_blocking(start).await.unwrap().unwrap();
        running.url().clone_into(&mut self.url);
        self.running = Some(running);
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            let stop = move || running.stop(Duration::from_secs(20));
            assert!(spawn_blocking(stop).await.unwrap(), "it does not stop");
        }
    }

    /// Copies its files while it is stopped, and starts it again.
    pub(crate) async fn copy_files(&mut self) {
        self.stop().await;
        copy(&self.files(), &self.copied_files());
        self.restart().await;
    }

    /// Puts the copied files in the place of its own.
    pub(crate) async fn put_files_back(&mut self) {
        self.stop().await;
        fs::remove_dir_all(self.files()).unwrap();
        copy(&self.copied_files(), &self.files());
        self.restart().await;
    }

    /// The database as `pg_dump` writes it.
    pub(crate) fn dump(&self) -> String {
        let output = Command::new("pg_dump").arg(&self.url).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Replaces all tables by those of the dump, in one transaction. Tried again where
    /// a server that goes on working is in the way.
    pub(crate) fn load(&self, dump: &str) {
        let file = self.folder.join("dump.sql");
        // Whoever writes locks a canvas first.
        let all = format!(
            "LOCK TABLE canvases; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n{dump}"
        );
        fs::write(&file, all).unwrap();
        let load = || {
            Command::new("psql")
                .args(["--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"])
                .arg("--file")
                .arg(&file)
                .arg(&self.url)
                .output()
                .unwrap()
        };
        let mut output = load();
        for _ in 0..10 {
            if String::from_utf8_lossy(&output.stderr).contains("deadlock detected") {
                output = load();
            }
        }
        assert!(output.status.success(), "{output:?}");
    }

    /// Runs a statement as superuser.
    pub(crate) async fn execute(&self, statement: &str) {
        let mut admin = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }

    fn files(&self) -> PathBuf {
        self.folder.join("postgres/cluster")
    }

    fn copied_files(&self) -> PathBuf {
        self.folder.join("copy")
    }
}

/// Copies a folder with owners and modes.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.unwrap().success());
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop(Duration::from_secs(20));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// How history is made to go back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Restore {
    ColdCopy,
    Dump,
}

/// Both ways to keep a state and to return to it.
pub(crate) struct Keeper {
    pub(crate) postgres: OwnPostgres,
    pub(crate) how: Restore,
    dump: String,
}

impl Keeper {
    pub(crate) async fn new(how: Restore) -> Self {
        Self {
            postgres: OwnPostgres::start().await,
            how,
            dump: String::new(),
        }
    }

    pub(crate) async fn keep(&mut self) {
        match self.how {
            Restore::ColdCopy => self.postgres.copy_files().await,
            Restore::Dump => self.dump = self.postgres.dump(),
        }
    }

    pub(crate) async fn restore(&mut self) {
        match self.how {
            Restore::ColdCopy => self.postgres.put_files_back().await,
            Restore::Dump => self.postgres.load(&self.dump),
        }
    }
}
