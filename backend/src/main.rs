//! The server binary: reads the configuration, runs the server, and stops it
//! on SIGTERM and SIGINT.

use backend::{Server, config::Config, telemetry};
use clap::Parser;
use mimalloc::MiMalloc;
use std::{
    future::Future,
    io::{self, Write},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// What a connection needs to come in is mostly large and short-lived, which
/// costs glibc's allocator a fifth of all time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code for a configuration that cannot work, as clap has it.
const MISCONFIGURED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let config = match Config::try_parse() {
        Ok(config) => config,
        // Help and version are no errors: printed, and done.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            eprintln!("{}", sentence(&error.to_string()));
            return ExitCode::from(MISCONFIGURED);
        }
    };
    telemetry::init(config.log_format);
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(MISCONFIGURED)
        }
    }
}

/// What clap has to say, without its advice and on one line.
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
    // Whoever started the server may wait for this line, and may be gone.
    let _ = writeln!(io::stdout(), "listening on http://{}", server.local_addr());
    // On a thread of the runtime's own, where all else runs: from another one,
    // each accepted connection would have to be handed over, and its memory too.
    tokio::spawn(server.run(stop)).await?;
    Ok(())
}

/// Done when somebody asks the server to stop.
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
