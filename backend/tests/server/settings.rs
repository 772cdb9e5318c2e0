//! Settings as people give them: empty, with spaces, in files.

use crate::common::{
    SECRET, TEST_TIMEOUT, TestDatabase,
    http::{Client, Reply},
    temporary_folder,
};
use backend::Config;
use clap::CommandFactory;
use reqwest::Method;
use serde_json::json;
use std::{fs, net::SocketAddr, path::PathBuf, process::Stdio, str};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time,
};
use uuid::Uuid;

/// A server with nothing but these settings and a free port.
fn command(settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let folder = temporary_folder().join(Uuid::new_v4().to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_stellar-canvas"));
    command
        .current_dir(temporary_folder())
        .env_clear()
        .env("STELLAR_DATA", folder)
        .env("BIND", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn start(settings: &[(&str, &str)], arguments: &[&str]) -> (Child, SocketAddr) {
    let mut child = command(settings, arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = time::timeout(TEST_TIMEOUT, lines.next_line()).await;
    let line = line.expect("it did not start").unwrap();
    let line = line.unwrap_or_else(|| panic!("it ended at once: {settings:?}"));
    let addr = line.strip_prefix("listening on http://").unwrap();
    (child, addr.parse().unwrap())
}

/// The only line of a server that ended with exit code 2.
async fn refusal(settings: &[(&str, &str)]) -> String {
    let output = command(settings, &[]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let written = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(written.lines().count(), 1, "{written}");
    written.to_owned()
}

fn file(content: &str) -> PathBuf {
    let path = temporary_folder().join(format!("secret-{}", Uuid::new_v4()));
    fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn a_setting_that_is_empty_is_not_given() {
    let database = TestDatabase::create().await;
    let names: Vec<String> = Config::command()
        .get_arguments()
        .filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned()))
        .filter(|name| !["BIND", "STELLAR_DATA", "DATABASE_URL"].contains(&name.as_str()))
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for empty in ["", " \t"] {
        let mut settings: Vec<(&str, &str)> = names.iter().map(|name| (&**name, empty)).collect();
        settings.push(("DATABASE_URL", &database.url));
        let arguments = ["--redis-url", empty, "--jwt-secret=", "--token-ttl", ""];
        let (_child, addr) = start(&settings, &arguments).await;
        Client::guest(addr, "Ann").await;
    }
}

#[tokio::test]
async fn lists_may_have_spaces_and_networks() {
    let database = TestDatabase::create().await;
    let proxies = " 10.0.0.0/8, 127.0.0.1 ,";
    let origins = "https://a.example , http://b.example,";
    let settings = [
        ("DATABASE_URL", database.url.as_str()),
        ("TRUSTED_PROXIES", proxies),
        ("ALLOWED_ORIGINS", origins),
        ("ADMIN_USERS", "ann , bob"),
    ];
    let (_child, addr) = start(&settings, &[]).await;
    let visitor = Client::new(addr);
    let request = visitor.request(Method::POST, "/auth/guest");
    let reply = Reply::of(request.header("x-forwarded-proto", "https")).await;
    assert!(reply.header("set-cookie").contains("; Secure"));
    let body = json!({ "username": "bob", "password": "password" });
    let reply = visitor.post("/auth/register", &body).await;
    reply.problem(409, "username_taken");
    for (name, value) in [
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
        ("ALLOWED_ORIGINS", "https://a.example, *"),
        ("PUBLIC_URL", "canvas.example"),
        ("PUBLIC_URL", "https://canvas.example/canvas"),
        ("METRICS_BIND", "9090"),
    ] {
        let said = refusal(&[(name, value)]).await;
        assert!(said.contains(name), "{said}");
    }
}

#[tokio::test]
async fn secrets_may_be_in_files() {
    let database = TestDatabase::create().await;
    let (secret, url) = (
        file(&format!("{SECRET}\n")),
        file(&format!("{}\r\n", database.url)),
    );
    let (secret, url) = (secret.to_str().unwrap(), url.to_str().unwrap());
    let settings = [
        ("JWT_SECRET_FILE", secret),
        ("DATABASE_URL_FILE", url),
        // An empty one is none, so it is not given twice.
        ("DATABASE_URL", ""),
    ];
    let (_in_files, first) = start(&settings, &[]).await;
    let given = [("JWT_SECRET", SECRET), ("DATABASE_URL", &database.url)];
    let (_as_values, second) = start(&given, &[]).await;
    // One database and one secret.
    let mut ann = Client::guest(first, "Ann").await;
    ann.addr = second;
    ann.get("/users/me").await.expect(200);

    for (name, value) in [
        ("JWT_SECRET", SECRET),
        ("DATABASE_URL", database.url.as_str()),
        ("REDIS_URL", "redis://127.0.0.1:1"),
    ] {
        let in_file = file(value);
        let variable = format!("{name}_FILE");
        let both = [(name, value), (&variable, in_file.to_str().unwrap())];
        let said = refusal(&both).await;
        assert!(said.contains(&variable), "{said}");
        let said = refusal(&[(&variable, "/nowhere/secret")]).await;
        assert!(
            said.contains(&variable) && said.contains("/nowhere"),
            "{said}"
        );
        let empty = file(" \n");
        let said = refusal(&[(&variable, empty.to_str().unwrap())]).await;
        assert!(said.contains(&variable), "{said}");
    }
    // What is in the file is checked as the value.
    let short = file("short");
    let said = refusal(&[("JWT_SECRET_FILE", short.to_str().unwrap())]).await;
    assert!(said.contains("JWT_SECRET"), "{said}");
}
