//! Pools and leases as `sqlx` executors: each statement within the pool's deadline; those
//! of a pool each on a connection of its own.

use super::{Lease, Pool};
use futures_util::{
    StreamExt, TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::timeout;

type Step = Either<PgQueryResult, PgRow>;

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    /// All rows are read before the first is returned: statements have a `LIMIT`.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = async move {
            let mut lease = self.acquire().await?;
            let steps = Executor::fetch_many(&mut lease, query);
            let steps = steps.try_collect::<Vec<Step>>().await;
            lease.done();
            steps
        };
        all.map_ok(|steps| stream::iter(steps.into_iter().map(Ok)))
            .try_flatten_stream()
            .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let row = Executor::fetch_optional(&mut lease, query).await;
            lease.done();
            row
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let prepared = Executor::prepare_with(&mut lease, sql, parameters).await;
            lease.done();
            prepared
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let described = Executor::describe(&mut lease, sql).await;
            lease.done();
            described
        })
    }
}

impl<'l> Executor<'l> for &'l mut Lease {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = async move {
            let deadline = self.pool().deadline();
            let connection: &mut PgConnection = self;
            let steps = connection.fetch_many(query).try_collect::<Vec<Step>>();
            let steps = timeout(deadline, steps).await;
            self.noted(steps)
        };
        all.map_ok(|steps| stream::iter(steps.into_iter().map(Ok)))
            .try_flatten_stream()
            .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let deadline = self.pool().deadline();
            let connection: &mut PgConnection = self;
            let row = timeout(deadline, connection.fetch_optional(query)).await;
            self.noted(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let deadline = self.pool().deadline();
            let connection: &mut PgConnection = self;
            let prepared = timeout(deadline, connection.prepare_with(sql, parameters)).await;
            self.noted(prepared)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let deadline = self.pool().deadline();
            let connection: &mut PgConnection = self;
            let described = timeout(deadline, connection.describe(sql)).await;
            self.noted(described)
        })
    }
}

/// Where a function reads that makes several statements.
#[derive(Debug)]
pub(crate) enum Reads<'a> {
    /// Each statement on a connection of its own.
    Pool(&'a Pool),
    /// All in the transaction of this lease.
    Lease(&'a mut Lease),
    /// The same, within the caller's time limit.
    Connection(&'a mut PgConnection),
}

impl<'r> Executor<'r> for &'r mut Reads<'_> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'r: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self {
            Reads::Pool(pool) => pool.fetch_many(query),
            Reads::Lease(lease) => Executor::fetch_many(&mut **lease, query),
            Reads::Connection(connection) => Executor::fetch_many(&mut **connection, query),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'r: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self {
            Reads::Pool(pool) => pool.fetch_optional(query),
            Reads::Lease(lease) => Executor::fetch_optional(&mut **lease, query),
            Reads::Connection(connection) => Executor::fetch_optional(&mut **connection, query),
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'r: 'e,
    {
        match self {
            Reads::Pool(pool) => pool.prepare_with(sql, parameters),
            Reads::Lease(lease) => Executor::prepare_with(&mut **lease, sql, parameters),
            Reads::Connection(it) => Executor::prepare_with(&mut **it, sql, parameters),
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'r: 'e,
    {
        match self {
            Reads::Pool(pool) => pool.describe(sql),
            Reads::Lease(lease) => Executor::describe(&mut **lease, sql),
            Reads::Connection(connection) => Executor::describe(&mut **connection, sql),
        }
    }
}
