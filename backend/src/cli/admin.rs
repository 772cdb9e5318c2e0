//! `stellar-canvas admin`: the admins that are kept in the database. A running server takes over
//! a change within seconds, as it asks for the rights of each session anew.

use super::{CommandError, database::CommandDatabase};
use crate::{
    auth::Passwords,
    config::Config,
    db::{DbError, accounts, admins},
};
use clap::Subcommand;
use shared::text;
use sqlx::PgConnection;
use std::io::{self, BufRead, IsTerminal, Write};
use tokio::task::spawn_blocking;

/// A subcommand of `admin`.
#[derive(Subcommand)]
pub enum AdminCommand {
    /// Make an account that is an admin; the password is asked for, or read from standard input
    Create {
        /// The user name
        name: String,
    },
    /// Make a user an admin
    Grant {
        /// The user name
        name: String,
    },
    /// Take a user's rights of an admin
    Revoke {
        /// The user name
        name: String,
    },
    /// Print the names of the admins that are kept in the database, one a line
    List,
}

impl AdminCommand {
    pub(super) async fn run(self, config: &Config) -> Result<(), CommandError> {
        // Before the database, which may have to be started.
        let new_account = match &self {
            Self::Create { name } => Some(new_account(name).await?),
            Self::Grant { .. } | Self::Revoke { .. } | Self::List => None,
        };
        // The first account may be made before the first start of the server.
        let database = match new_account {
            Some(_) => CommandDatabase::open(config).await?,
            None => CommandDatabase::open_existing(config).await?,
        };
        let done = match database.connect().await {
            Ok(mut connection) => self.execute(&mut connection, new_account, config).await,
            Err(error) => Err(error),
        };
        database.close().await;
        let printed = done?;
        // Whoever reads it may have closed the pipe.
        let _ = io::stdout().write_all(printed.as_bytes());
        Ok(())
    }

    /// Executes the command and returns what is printed.
    async fn execute(
        self,
        connection: &mut PgConnection,
        new_account: Option<NewAccount>,
        config: &Config,
    ) -> Result<String, CommandError> {
        match (self, new_account) {
            (Self::Create { .. }, Some(NewAccount { username, hash })) => {
                match admins::create(connection, &username, &hash).await {
                    Ok(()) => Ok(format!("{username} is an admin now\n")),
                    Err(DbError::UsernameTaken) => Err(CommandError::new(format!(
                        "there is a user {username} already: use `admin grant {username}`"
                    ))),
                    Err(error) => Err(CommandError::new(error)),
                }
            }
            (Self::Create { name } | Self::Grant { name }, _) => {
                let username = set(connection, &name, true).await?;
                Ok(format!("{username} is an admin now\n"))
            }
            (Self::Revoke { name }, _) => {
                let username = set(connection, &name, false).await?;
                Ok(if config.names_admin(&username) {
                    format!("{username} stays an admin while ADMIN_USERS has the name\n")
                } else {
                    format!("{username} is not an admin now\n")
                })
            }
            (Self::List, _) => {
                let names = admins::list(connection).await.map_err(CommandError::new)?;
                Ok(names.into_iter().map(|name| name + "\n").collect())
            }
        }
    }
}

/// Sets whether the user is an admin, and returns the name as it is kept.
async fn set(
    connection: &mut PgConnection,
    name: &str,
    is_admin: bool,
) -> Result<String, CommandError> {
    admins::set(connection, name.trim(), is_admin)
        .await
        .map_err(CommandError::new)?
        .ok_or_else(|| CommandError::new(format!("there is no user {:?}", name.trim())))
}

/// A checked name and a hashed password.
struct NewAccount {
    username: String,
    hash: String,
}

/// Checks the name, asks for the password and hashes it.
async fn new_account(name: &str) -> Result<NewAccount, CommandError> {
    let username =
        text::username(name).map_err(|error| CommandError::new(format!("the name {error}")))?;
    if accounts::is_deleted_name(&username) {
        return Err(CommandError::new(format!(
            "the name {username} is kept for a deleted account"
        )));
    }
    let asked_for = username.clone();
    let password = spawn_blocking(move || read_password(&asked_for))
        .await
        .map_err(CommandError::new)??;
    let password = text::password(password)
        .map_err(|error| CommandError::new(format!("the password {error}")))?;
    let hash = Passwords::new().hash(password).await;
    Ok(NewAccount {
        username,
        hash: hash.map_err(CommandError::new)?,
    })
}

/// Asks for the password twice on a terminal, without echo; else it is the first line of
/// standard input.
fn read_password(username: &str) -> Result<String, CommandError> {
    let cannot_read = |error| CommandError::new(format!("cannot read the password: {error}"));
    if io::stdin().is_terminal() {
        let ask = |what: &str| rpassword::prompt_password(what).map_err(cannot_read);
        let password = ask(&format!("Password of {username}: "))?;
        if ask("Once more: ")? != password {
            return Err(CommandError::new("the two passwords are not the same"));
        }
        return Ok(password);
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(cannot_read)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
