//! A connection that is in use.

use super::Pool;
use crate::db::error::{DbError, Result, is_definite};
use sqlx::{Connection, Error, Executor, PgConnection};
use std::{
    io, mem,
    ops::{Deref, DerefMut},
    time::Instant,
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{error::Elapsed, timeout},
};

/// A connection of a [`Pool`]. As an `sqlx` executor it runs each statement within the
/// pool's deadline; whoever uses it as a [`PgConnection`] limits the time himself.
///
/// Dropped without an ending, which happens when the caller's future is dropped, it
/// finishes its last statement within the pool's deadline, rolls back, and is returned, or
/// else is closed; until then it keeps its permit of the pool.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Pool,
    /// None once it has ended.
    connection: Option<(PgConnection, OwnedSemaphorePermit)>,
    made: Instant,
    /// Whether [`Lease::begin_snapshot`] or [`Lease::begin_write`] began a transaction.
    in_transaction: bool,
    /// Whether a statement showed that the connection is of no use.
    is_useless: bool,
}

impl Lease {
    pub(super) fn new(
        pool: Pool,
        connection: PgConnection,
        made: Instant,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            pool,
            connection: Some((connection, permit)),
            made,
            in_transaction: false,
            is_useless: false,
        }
    }

    /// Begins a transaction that sees everything as it was at one moment. It ends with
    /// [`Lease::end_snapshot`], or when the lease is dropped.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn begin_snapshot(&mut self) -> Result<()> {
        self.in_transaction = true;
        let begin = sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        Executor::execute(&mut *self, begin).await?;
        Ok(())
    }

    /// Begins a transaction that writes. It ends with [`Lease::commit`], or is rolled back
    /// when the lease is dropped.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn begin_write(&mut self) -> Result<()> {
        self.in_transaction = true;
        Executor::execute(&mut *self, sqlx::raw_sql("BEGIN")).await?;
        Ok(())
    }

    /// Commits the transaction of [`Pool::begin`] and returns the connection.
    ///
    /// # Errors
    /// Those of the database. What was written is committed or not.
    pub(crate) async fn commit(self) -> Result<()> {
        self.end_snapshot().await
    }

    /// Ends the transaction and returns the connection.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn end_snapshot(mut self) -> Result<()> {
        Executor::execute(&mut self, sqlx::raw_sql("COMMIT")).await?;
        self.in_transaction = false;
        self.done();
        Ok(())
    }

    /// Returns the connection, or closes it if a statement showed that it is of no use. No
    /// statement may be running and no transaction open.
    pub(crate) fn done(mut self) {
        if let Some((connection, _permit)) = self.connection.take()
            && !self.is_useless
        {
            self.pool.put_back(connection, self.made);
        }
    }

    /// Closes the connection, which did not answer in time.
    pub(crate) fn close(mut self) {
        self.silent();
    }

    /// Ends it after an error: a connection that is broken is closed, any other returned
    /// once an open transaction is rolled back.
    pub(crate) fn failed(mut self, error: &DbError) {
        if error.is_definite() {
            self.broken();
        }
    }

    /// The result of a statement that was given the pool's deadline.
    pub(super) fn noted<T>(
        &mut self,
        outcome: std::result::Result<sqlx::Result<T>, Elapsed>,
    ) -> sqlx::Result<T> {
        match outcome {
            Ok(Err(error)) if is_definite(&error) => {
                self.broken();
                Err(error)
            }
            Ok(result) => result,
            Err(_) => {
                tracing::warn!("the database did not answer in time; the connection is closed");
                self.silent();
                Err(Error::Io(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    fn broken(&mut self) {
        self.is_useless = true;
        self.pool.0.health.distrust();
    }

    fn silent(&mut self) {
        self.is_useless = true;
        self.pool.0.health.suspect();
    }
}

/// The connection is taken by [`Lease::done`] and by dropping alone. Both consume the lease,
/// so nothing can use it afterwards, and the panic cannot happen.
const ENDED: &str = "a lease is not used after its end";

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection.as_ref().expect(ENDED).0
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection.as_mut().expect(ENDED).0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((mut connection, permit)) = self.connection.take() else {
            return;
        };
        if mem::take(&mut self.is_useless) {
            return;
        }
        let (pool, made, in_transaction) = (self.pool.clone(), self.made, self.in_transaction);
        tokio::spawn(async move {
            // Both read what is left of the last answer; a `sqlx` transaction that was
            // dropped has queued its rollback.
            let recovered = async {
                if in_transaction {
                    let rollback = sqlx::raw_sql("ROLLBACK");
                    connection.execute(rollback).await.map(drop)
                } else {
                    connection.ping().await
                }
            };
            if let Ok(Ok(())) = timeout(pool.deadline(), recovered).await {
                pool.put_back(connection, made);
            }
            drop(permit);
        });
    }
}
