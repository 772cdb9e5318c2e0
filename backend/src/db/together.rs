//! Questions that come at the same time are asked together. While one statement
//! is on its way, those that come wait for the next, as the writes of a canvas
//! do; with few there is no wait.

use super::{Warm, is_away};
use futures_util::future::BoxFuture;
use sqlx::{Error, PgConnection};
use std::{io, sync::Arc};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Questions in one statement at most.
const MOST: usize = 256;
/// Statements under way at the same time, so that a slow one stops nobody.
const LANES: usize = 2;
/// Questions that may wait; whoever asks more waits to be heard.
const WAITING: usize = 4096;

type Reply<A> = oneshot::Sender<Result<A, Error>>;

/// Answers all questions, in their order.
type Ask<Q, A> = dyn for<'a> Fn(&'a mut PgConnection, &'a [Q]) -> BoxFuture<'a, Result<Vec<A>, Error>>
    + Send
    + Sync;

/// See the module. The task behind it ends with it.
#[derive(Debug)]
pub(crate) struct Together<Q, A> {
    questions: mpsc::Sender<(Q, Reply<A>)>,
}

impl<Q: Send + Sync + 'static, A: Send + 'static> Together<Q, A> {
    /// Has `ask` answer.
    pub(crate) fn new(warm: Warm, ask: Arc<Ask<Q, A>>) -> Self {
        let (questions, mut waiting) = mpsc::channel(WAITING);
        let lanes = Arc::new(Semaphore::new(LANES));
        tokio::spawn(async move {
            // The semaphore is never closed.
            while let Ok(lane) = lanes.clone().acquire_owned().await {
                let mut asked = Vec::new();
                if waiting.recv_many(&mut asked, MOST).await == 0 {
                    return;
                }
                let (warm, ask) = (warm.clone(), ask.clone());
                tokio::spawn(async move {
                    let (questions, replies): (Vec<Q>, Vec<Reply<A>>) = asked.into_iter().unzip();
                    reply(answers(&warm, &*ask, &questions).await, replies);
                    drop(lane);
                });
            }
        });
        Self { questions }
    }

    /// The answer to one question.
    ///
    /// # Errors
    /// What the database said to all that were asked together.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, Error> {
        let (reply, answer) = oneshot::channel();
        let asked = self.questions.send((question, reply)).await;
        asked.map_err(|_| Error::WorkerCrashed)?;
        answer.await.unwrap_or(Err(Error::WorkerCrashed))
    }
}

/// On a kept connection, or on one that the pool has looked at, where there is
/// none or it turns out to be of no use any more.
async fn answers<Q, A>(warm: &Warm, ask: &Ask<Q, A>, questions: &[Q]) -> Result<Vec<A>, Error> {
    if let Some(mut connection) = warm.kept() {
        match ask(&mut connection, questions).await {
            Err(error) if is_away(&error) => {
                connection.close_on_drop();
                warm.distrust();
            }
            answers => {
                warm.keep(connection);
                return answers;
            }
        }
    }
    let mut connection = warm.of_pool().await?;
    let answers = ask(&mut connection, questions).await?;
    warm.keep(connection);
    Ok(answers)
}

/// Whoever does not wait any more needs no answer.
fn reply<A>(answers: Result<Vec<A>, Error>, replies: Vec<Reply<A>>) {
    match answers {
        Ok(answers) => {
            for (answer, reply) in answers.into_iter().zip(replies) {
                let _ = reply.send(Ok(answer));
            }
        }
        Err(error) => {
            let mut replies = replies.into_iter();
            let first = replies.next();
            for reply in replies {
                let _ = reply.send(Err(same(&error)));
            }
            first.map(|reply| reply.send(Err(error)));
        }
    }
}

/// Errors cannot be cloned; whether the database is away is what matters.
fn same(error: &Error) -> Error {
    if is_away(error) {
        Error::Io(io::Error::other(error.to_string()))
    } else {
        Error::Protocol(error.to_string())
    }
}
