//! The command line: the server's settings and its subcommands. Without a subcommand the server
//! runs.

mod admin;
mod backup;
mod database;
mod migrate;
mod pg_programs;
mod restore;

pub use admin::AdminCommand;
pub use backup::BackupCommand;
pub use restore::RestoreCommand;

use crate::config::Config;
use clap::{Command as ClapCommand, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap::{builder::Resettable, error::ErrorKind};
use std::{env, ffi::OsString};
use thiserror::Error;

/// Everything that was given on the command line and in the environment.
#[derive(Parser)]
#[command(
    name = "stellar-canvas",
    version,
    about = "Stellar Canvas: a collaborative canvas server",
    long_about = None
)]
pub struct Cli {
    /// The settings of the server.
    #[command(flatten)]
    pub config: Config,
    /// What to do instead of running the server.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What `stellar-canvas` does besides running the server.
#[derive(Subcommand)]
pub enum Command {
    /// Make, grant, revoke and list admins, while the server runs or not
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Bring the database up to date without running the server
    Migrate,
    /// Write the whole database to a file, while the server runs or not
    Backup(BackupCommand),
    /// Read a file that `backup` wrote into the database, while no server runs
    Restore(RestoreCommand),
}

/// Why a subcommand failed, in one sentence.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct CommandError(String);

impl CommandError {
    #[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
    pub(crate) fn new(sentence: impl ToString) -> Self {
        Self(sentence.to_string())
    }
}

impl Cli {
    /// Reads the process's arguments and environment, and the files of `*_FILE`. Settings
    /// that are given but empty count as not given.
    ///
    /// # Errors
    /// What clap says, or one sentence about a file; also `--help` and `--version`.
    pub fn read() -> Result<Self, clap::Error> {
        let command = without_empty_variables(Self::command());
        let matches = command.try_get_matches_from(without_empty_flags(env::args_os()))?;
        let mut cli = Self::from_arg_matches(&matches)?;
        let files = cli.config.read_files();
        files.map_err(|sentence| clap::Error::raw(ErrorKind::ValueValidation, sentence))?;
        Ok(cli)
    }
}

impl Command {
    /// Carries the command out and prints its result to standard output.
    ///
    /// # Errors
    /// One sentence.
    pub async fn run(self, config: &Config) -> Result<(), CommandError> {
        match self {
            Self::Admin(command) => command.run(config).await,
            Self::Migrate => migrate::run(config).await,
            Self::Backup(command) => command.run(config).await,
            Self::Restore(command) => command.run(config).await,
        }
    }
}

/// Makes clap ignore the variables that are set to nothing or to white space.
fn without_empty_variables(command: ClapCommand) -> ClapCommand {
    command.mut_args(|argument| {
        let value = argument.get_env().and_then(env::var_os);
        if value.is_some_and(|value| value.to_string_lossy().trim().is_empty()) {
            argument.env(Resettable::Reset)
        } else {
            argument
        }
    })
}

/// Leaves out `--flag=` and `--flag ""`.
fn without_empty_flags(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut kept: Vec<OsString> = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        let is_flag = |text: &str| text.starts_with("--") && text.len() > 2;
        let previous = kept.last().map(|last| last.to_string_lossy().into_owned());
        if is_flag(&text) && text.ends_with('=') && text.matches('=').count() == 1 {
            continue;
        }
        if text.trim().is_empty()
            && previous.is_some_and(|flag| is_flag(&flag) && !flag.contains('='))
        {
            kept.pop();
            continue;
        }
        kept.push(argument);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn empty_flags_are_not_given() {
        let given = [
            "x", "--a", "", "--b=", "--c", "1", "--d=e=", " ", "admin", "",
        ];
        let kept = without_empty_flags(given.into_iter().map(OsString::from));
        assert_eq!(kept, ["x", "--c", "1", "--d=e=", " ", "admin", ""]);
    }
}
