//! Admins: names of `ADMIN_USERS` belong to nobody who comes by HTTP, and
//! `stellar-canvas admin` changes them, whether the server runs or not.

use crate::common::{
    TEST_TIMEOUT, TestDatabase, TestServer,
    http::Client,
    process::{ServerProcess, run},
};
use private_postgres::PrivatePostgres;
use serde_json::json;
use std::{path::PathBuf, process::Output, str, time::Duration};
use tokio::{task::spawn_blocking, time};

/// "Within seconds".
const SOON: Duration = Duration::from_secs(5);

fn printed(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    str::from_utf8(&output.stdout).unwrap()
}

/// The only line that a command which failed wrote to standard error.
#[track_caller]
fn sentence(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let written = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(written.lines().count(), 1, "{written}");
    written.trim_end()
}

async fn on(database: &TestDatabase, arguments: &[&str], input: &str) -> Output {
    run(arguments, &[("DATABASE_URL", &database.url)], input).await
}

/// Waits until `/admin` answers this user with this status.
async fn may_soon(user: &Client, status: u16) {
    let answered = async { while user.get("/admin/stats").await.status != status {} };
    let in_time = time::timeout(SOON, answered).await;
    in_time.unwrap_or_else(|_| panic!("not {status} within {SOON:?}"));
}

#[tokio::test]
async fn names_of_admins_cannot_be_registered() {
    let server = TestServer::start_with(&["--admin-users", " host ,, Boss"]).await;
    let visitor = server.visitor();
    for name in ["host", "HoSt", " hOST ", "boss", "BOSS"] {
        let body = json!({ "username": name, "password": "password" });
        let reply = visitor.post("/auth/register", &body).await;
        reply.problem(409, "username_taken");
    }
    // Others may be registered, and are no admins.
    let hostess = server.user("hostess").await;
    hostess.get("/admin/stats").await.problem(403, "forbidden");

    let made = on(&server.database, &["admin", "create", "Host"], "password").await;
    assert!(printed(&made).starts_with("Host "), "{made:?}");
    let mut host = visitor.clone();
    let body = json!({ "username": "host", "password": "password" });
    host.sign_in(&host.post("/auth/login", &body).await.json(200));
    host.get("/admin/stats").await.expect(200);
    let reply = visitor.post("/auth/register", &body).await;
    reply.problem(409, "username_taken");
    server.stop().await;
}

#[tokio::test]
async fn an_admin_is_made_with_a_usable_name_and_password() {
    let server = TestServer::start().await;
    server.user("ann").await;
    for (name, password, word) in [
        ("ab", "password", "name"),
        ("", "password", "name"),
        ("two words", "password", "name"),
        ("host", "short", "password"),
        ("host", "", "password"),
        ("host", &"p".repeat(129), "password"),
        ("ANN", "password", "ANN"),
    ] {
        let refused = on(&server.database, &["admin", "create", name], password).await;
        let said = sentence(&refused);
        assert!(said.contains(word), "{said}");
    }
    for command in ["grant", "revoke"] {
        let refused = on(&server.database, &["admin", command, "nobody"], "").await;
        assert!(sentence(&refused).contains("nobody"));
    }
    // The password is the first line, whatever ends it; the name is trimmed.
    let made = on(
        &server.database,
        &["admin", "create", " host "],
        " secret  \r\nx",
    )
    .await;
    printed(&made);
    let login = async |password: &str| {
        let body = json!({ "username": "host", "password": password });
        server.visitor().post("/auth/login", &body).await
    };
    login(" secret  ").await.expect(200);
    login("secret").await.problem(401, "invalid_credentials");
    let listed = on(&server.database, &["admin", "list"], "").await;
    assert_eq!(printed(&listed), "host\n");
    // Without a database that answers.
    let away = run(
        &["admin", "list"],
        &[("DATABASE_URL", "postgres://127.0.0.1:1/x")],
        "",
    );
    sentence(&away.await);
    server.stop().await;
}

#[tokio::test]
async fn admins_change_while_the_server_runs_and_while_it_does_not() {
    let mut server = ServerProcess::start().await;
    let folder = server.folder().to_owned();
    let admin = async |arguments: &[&str]| {
        let arguments = [&["admin"], arguments].concat();
        run(&arguments, &[("STELLAR_DATA", &folder)], "password\n").await
    };
    let mut ann = Client::new(server.addr);
    let body = json!({ "username": "Ann", "password": "password" });
    ann.sign_in(&ann.post("/auth/register", &body).await.json(201));
    ann.get("/admin/stats").await.problem(403, "forbidden");
    assert_eq!(printed(&admin(&["list"]).await), "");

    printed(&admin(&["grant", "aNN"]).await);
    may_soon(&ann, 200).await;
    assert_eq!(printed(&admin(&["list"]).await), "Ann\n");
    printed(&admin(&["revoke", "ann"]).await);
    may_soon(&ann, 403).await;
    // Again changes nothing.
    printed(&admin(&["revoke", "ann"]).await);

    // PostgreSQL is started for the moment, but none is made where there is none.
    server.terminate().await;
    let nowhere = run(
        &["admin", "list", "--stellar-data", "/proc/nowhere"],
        &[],
        "",
    )
    .await;
    assert!(sentence(&nowhere).contains("/proc/nowhere"));
    printed(&admin(&["create", "bob"]).await);
    printed(&admin(&["grant", "ann"]).await);
    // The folder may also be given as a flag, before or after the subcommand.
    for arguments in [
        ["--stellar-data", &folder, "admin", "list"],
        ["admin", "list", "--stellar-data", &folder],
    ] {
        let listed = run(&arguments, &[], "").await;
        assert_eq!(printed(&listed), "Ann\nbob\n");
    }
    // The server may start while a subcommand still uses the folder.
    let data = PathBuf::from(&folder);
    let used = spawn_blocking(move || PrivatePostgres::start(&data, || false));
    let used = used.await.unwrap().unwrap();
    let free = spawn_blocking(move || used.stop(TEST_TIMEOUT));
    let (started, freed) = tokio::join!(time::timeout(TEST_TIMEOUT, server.restart()), free);
    started.unwrap();
    assert!(freed.unwrap());
    ann.get("/admin/stats").await.expect(200);
    server.stop().await;
}
