//! The server binary: reads the configuration, runs a subcommand, or the server until
//! SIGTERM or SIGINT.

use backend::{Cli, Config, Server, StartError, init_logging, notify_ready};
use mimalloc::MiMalloc;
use std::{
    future::Future,
    io::{self, Write},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// A join allocates mostly large, short-lived blocks, on which glibc's allocator spends a
/// fifth of the time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code for a configuration that cannot work, as clap has it: starting again is
/// useless (`RestartPreventExitStatus` in the unit).
const MISCONFIGURED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { config, command } = match Cli::read() {
        Ok(cli) => cli,
        // `--help` and `--version` are not errors.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            eprintln!("{}", sentence(&error.to_string()));
            return ExitCode::from(MISCONFIGURED);
        }
    };
    if let Some(command) = command {
        return match command.run(&config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    init_logging(config.log_format);
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let start = error.downcast_ref::<StartError>();
            if start.is_some_and(StartError::is_configuration) {
                ExitCode::from(MISCONFIGURED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Clap's message on one line, without its advice.
fn sentence(error: &str) -> String {
    let said = error.split("\n\n").next().unwrap_or_default();
    let said = said.strip_prefix("error: ").unwrap_or(said);
    let words: Vec<&str> = said.split_whitespace().collect();
    words.join(" ")
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let mut stop = Box::pin(stop_signal()?);
    let server = tokio::select! {
        server = Server::bind(config) => server?,
        () = &mut stop => return Ok(()),
    };
    // The parent process may wait for this line; it may also have closed the pipe.
    let _ = writeln!(io::stdout(), "listening on http://{}", server.local_addr());
    notify_ready();
    // On a worker thread of the runtime. The main thread would have to pass each
    // accepted connection, and its memory, to another thread.
    tokio::spawn(server.run(stop)).await??;
    Ok(())
}

/// Completes on SIGTERM or SIGINT.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
