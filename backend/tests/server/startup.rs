//! An invalid configuration ends the server with exit code 2 and one sentence.

use std::{
    process::{Command, Output},
    str,
};

fn start(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stellar-canvas"))
        .env_clear()
        .args(["--stellar-data", "/proc/nowhere"])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn an_invalid_configuration_is_reported_in_one_line() {
    for (arguments, word) in [
        (["--allowed-origins", "example.org"], "ALLOWED_ORIGINS"),
        (["--database-url", "mysql://localhost/x"], "DATABASE_URL"),
        (["--database-url", "nonsense"], "DATABASE_URL"),
        (["--redis-url", "http://localhost:6379"], "REDIS_URL"),
        (["--redis-url", "nonsense"], "REDIS_URL"),
        (["--redis-url", "rediss://localhost/#insecure"], "REDIS_URL"),
        (["--jwt-secret", "short"], "JWT_SECRET"),
        (
            ["--websocket-max-connections", "0"],
            "WEBSOCKET_MAX_CONNECTIONS",
        ),
        (["--bind", "nowhere"], "--bind"),
        (["--token-ttl", "0"], "--token-ttl"),
        (["--drain-delay", "soon"], "--drain-delay"),
        (["--rate-limits", "maybe"], "--rate-limits"),
        (["--nonsense", "1"], "--nonsense"),
        // This data folder cannot be created.
        (["--log-format", "json"], "/proc/nowhere"),
    ] {
        let output = start(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let said = str::from_utf8(&output.stderr).unwrap();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(word), "{said:?}");
        assert!(!said[0].starts_with("error"), "{said:?}");
    }
}

#[test]
fn help_and_version_are_not_errors() {
    for argument in ["--help", "--version"] {
        let output = start(&[argument]);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty());
    }
}
