//! The benchmarks of the server: which there are, with which servers they run, and with which
//! arguments of the load generator.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cluster::Nodes;
use crate::error::{Error, Result};
use crate::process::watch;
use crate::server::Server;
use crate::step::step;
use crate::workspace::Workspace;

/// Prints tables of its own instead of a target to reach, and runs only when it is named.
const GROWTH: &str = "growth";

/// The servers that a scenario runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Servers {
    /// One, kept on the core on which the load generator's baseline runs: for what is measured
    /// per second of processor time.
    OneOnOneCore,
    /// One, on all cores.
    One,
    /// Three nodes with Redis.
    Cluster,
}

/// One run of the load generator. It gives one row or several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    servers: Servers,
    /// For the load generator.
    arguments: &'static [&'static str],
}

const SCENARIOS: [Scenario; 19] = [
    Scenario {
        name: "mention",
        servers: Servers::OneOnOneCore,
        arguments: &["deliver", "--traffic", "mention", "--goal", "0.95"],
    },
    Scenario {
        name: "chat",
        servers: Servers::OneOnOneCore,
        arguments: &["deliver", "--goal", "0.8"],
    },
    Scenario {
        name: "chat-8",
        servers: Servers::OneOnOneCore,
        arguments: &["deliver", "--in-flight", "8", "--goal", "5"],
    },
    Scenario {
        name: "chat-8-1000",
        servers: Servers::OneOnOneCore,
        arguments: &[
            "deliver",
            "--receivers",
            "1000",
            "--in-flight",
            "8",
            "--goal",
            "5",
        ],
    },
    Scenario {
        name: "latency",
        servers: Servers::One,
        arguments: &["latency"],
    },
    Scenario {
        name: "idle",
        servers: Servers::One,
        arguments: &["idle"],
    },
    Scenario {
        name: "join",
        servers: Servers::OneOnOneCore,
        arguments: &["join"],
    },
    Scenario {
        name: "reconnect",
        servers: Servers::One,
        arguments: &["reconnect"],
    },
    Scenario {
        name: "slow",
        servers: Servers::One,
        arguments: &["slow"],
    },
    Scenario {
        name: "hot",
        servers: Servers::One,
        arguments: &["hot"],
    },
    Scenario {
        name: "strokes",
        servers: Servers::One,
        arguments: &["hot", "--strokes", "--goal", "0"],
    },
    Scenario {
        name: "authors",
        servers: Servers::One,
        arguments: &["authors"],
    },
    Scenario {
        name: "revert",
        servers: Servers::One,
        arguments: &["revert"],
    },
    Scenario {
        name: "likes",
        servers: Servers::One,
        arguments: &["words", "--traffic", "likes"],
    },
    Scenario {
        name: "words",
        servers: Servers::One,
        arguments: &["words", "--traffic", "mentions,comments,private"],
    },
    Scenario {
        name: GROWTH,
        servers: Servers::One,
        arguments: &["growth"],
    },
    Scenario {
        name: "crowd",
        servers: Servers::Cluster,
        arguments: &["idle", "--connections", "50000", "--total", "330"],
    },
    Scenario {
        name: "nodes",
        servers: Servers::Cluster,
        arguments: &["cross-node"],
    },
    Scenario {
        name: "sanction",
        servers: Servers::Cluster,
        arguments: &["sanction"],
    },
];

/// The scenarios whose name contains one of `names`; all but [`GROWTH`] where there are none.
pub(super) fn selected(names: &[String]) -> Vec<Scenario> {
    let is_selected = |scenario: &Scenario| {
        let is_named = names.iter().any(|name| scenario.name.contains(name));
        is_named || names.is_empty() && scenario.name != GROWTH
    };
    SCENARIOS.into_iter().filter(is_selected).collect()
}

impl Scenario {
    pub(super) fn is_cluster(self) -> bool {
        self.servers == Servers::Cluster
    }

    /// Measures one node: the program `server` on the database `database_url`.
    pub(super) fn run(
        self,
        workspace: &Workspace,
        server: &Path,
        database_url: &str,
    ) -> Result<Vec<Value>> {
        let mut command = if self.servers == Servers::OneOnOneCore {
            let mut taskset = Command::new("taskset");
            taskset.args(["-c", "0"]).arg(server);
            taskset
        } else {
            Command::new(server)
        };
        command
            .env("DATABASE_URL", database_url)
            .env("BIND", "127.0.0.1:0")
            .env("STELLAR_DATA", workspace.target.join("bench"));
        without_limits(&mut command);
        let mut server = Server::start(command)?;
        let rows = self.measure(workspace, &[&server])?;
        server.process.stop()?;
        Ok(rows)
    }

    /// Measures three nodes that run the program `server`.
    pub(super) fn run_cluster(self, workspace: &Workspace, server: &Path) -> Result<Vec<Value>> {
        let nodes = Nodes::start(server, |_, command| without_limits(command))?;
        let servers: Vec<&Server> = nodes.servers.iter().collect();
        self.measure(workspace, &servers)
    }

    /// Runs the load generator against these servers and returns its rows.
    fn measure(self, workspace: &Workspace, servers: &[&Server]) -> Result<Vec<Value>> {
        measure(workspace, self.name, self.arguments, servers)
    }
}

/// Runs the load generator with these arguments against these servers and returns its rows.
pub(super) fn measure(
    workspace: &Workspace,
    name: &str,
    arguments: &[&str],
    servers: &[&Server],
) -> Result<Vec<Value>> {
    let list: Vec<String> = servers
        .iter()
        .map(|server| {
            let address = server.address.trim_start_matches("http://");
            format!("{address}={}", server.process.id())
        })
        .collect();
    step(&format!("Measuring {name}"), "about 30 s", || {
        let mut load = Command::new(workspace.target.join("release/stellar-load"));
        load.env("LOAD_SERVERS", list.join(",")).args(arguments);
        let mut rows = Vec::new();
        let status = watch(load, |line| rows.extend(serde_json::from_str(line)))?;
        if status.success() {
            return Ok(rows);
        }
        Err(Error::new(format!("{name} could not be measured")))
    })
}

/// Lets one machine play all users.
pub(super) fn without_limits(command: &mut Command) {
    command
        .env("RATE_LIMITS", "off")
        .env("WEBSOCKET_MAX_CONNECTIONS_PER_IP", "20000")
        .env("RUST_LOG", "warn");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_runs_only_when_it_is_named() {
        let names = |wanted: &[&str]| -> Vec<&str> {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            selected(&wanted).iter().map(|it| it.name).collect()
        };
        assert_eq!(names(&[]).len(), SCENARIOS.len() - 1);
        assert_eq!(names(&["growth"]), ["growth"]);
        assert_eq!(names(&["chat-8"]), ["chat-8", "chat-8-1000"]);
    }
}
