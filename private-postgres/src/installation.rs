//! PostgreSQL's programs on this machine, the user to run them as, and how they are made to end
//! with the thread that spawns them. It knows nothing of clusters.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Whether PostgreSQL's programs are found: on `PATH`, or in the usual folders.
pub fn is_installed() -> bool {
    !Installation::all().is_empty()
}

/// A program such as `pg_dump` of the installation with this major version, else of the newest
/// one. `None` where no installation has it; it may still be on `PATH`.
pub fn program_for(name: &str, version: u32) -> Option<PathBuf> {
    let mut all = Installation::all();
    all.sort_by_key(|it| (it.version != version, Reverse(it.version)));
    let mut programs = all.into_iter().map(|it| it.program(name));
    programs.find(|program| program.is_file())
}

/// A program of the first installation that is found.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let first = Installation::all().into_iter().next()?;
    Some(first.program(name)).filter(|program| program.is_file())
}

/// A folder with the programs of one PostgreSQL version.
#[derive(Debug)]
pub(crate) struct Installation {
    bin: PathBuf,
    /// The major version.
    pub(crate) version: u32,
}

impl Installation {
    /// All of this machine: those on `PATH` first, then those in the usual folders, newest first.
    pub(crate) fn all() -> Vec<Self> {
        let on_path = env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<Self> = env::split_paths(&on_path).filter_map(Self::at).collect();
        let mut elsewhere: Vec<Self> = [
            "/usr/lib/postgresql",
            "/usr",
            "/opt/homebrew/opt",
            "/usr/local/opt",
        ]
        .into_iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flatten()
        .filter_map(|entry| Self::at(entry.ok()?.path().join("bin")))
        .collect();
        elsewhere.sort_by_key(|installation| Reverse(installation.version));
        on_path.into_iter().chain(elsewhere).collect()
    }

    /// The programs in this folder, if it has those that are needed.
    fn at(bin: PathBuf) -> Option<Self> {
        if !bin.join("postgres").is_file() || !bin.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(bin.join("postgres"))
            .arg("--version")
            .current_dir("/")
            .output()
            .ok()?;
        let version = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { bin, version })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Reads the output of `postgres --version`:
/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` → 15, `… 18beta1` → 18.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split(' ').nth(2)?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The ordinary user that root becomes to run Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// The user `postgres`, else `nobody`.
    pub(crate) fn ordinary() -> Result<Self, Error> {
        let path = PathBuf::from("/etc/passwd");
        let users = match fs::read_to_string(&path) {
            Ok(users) => users,
            Err(source) => return Err(Error::Folder { path, source }),
        };
        Self::named("postgres", &users)
            .or_else(|| Self::named("nobody", &users))
            .ok_or(Error::NoOrdinaryUser)
    }

    /// The user of this name in the text of `/etc/passwd`, unless it is root.
    fn named(name: &str, users: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next()? != name {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (uid != 0).then_some(Self { uid, gid })
        })
    }
}

/// A command that runs as `account` (or as this process's user), in a process group of its own,
/// without this process's environment, which may hold secrets and variables of Postgres.
pub(crate) fn detached(program: &Path, account: Option<Account>) -> Command {
    configured(Command::new(program), account)
}

/// Like [`detached`], and ends with SIGINT when the thread that spawns it ends.
///
/// `setpriv` becomes the program, so the process id stays the child's.
pub(crate) fn tied_to_thread(program: &Path, account: Option<Account>) -> Command {
    if !can_tie() {
        return detached(program, account);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    configured(command, account)
}

fn configured(mut command: Command, account: Option<Account>) -> Command {
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env(
            "PATH",
            env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()),
        )
        .current_dir("/")
        .process_group(0);
    if let Some(Account { uid, gid }) = account {
        // Also drops root's supplementary groups.
        command.uid(uid).gid(gid);
    }
    command
}

/// Whether `setpriv --pdeathsig` works here: util-linux 2.33 or newer, Linux only.
fn can_tie() -> bool {
    Command::new("setpriv")
        .args(["--pdeathsig", "INT", "--", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether `account` can enter `folder`. The kernel decides, by trying it: modes, access lists and
/// mounts all count.
pub(crate) fn can_enter(folder: &Path, account: Account) -> Result<bool, Error> {
    let shell = Path::new("/bin/sh");
    let status = detached(shell, Some(account))
        .args([
            OsStr::new("-c"),
            OsStr::new("cd \"$0\""),
            folder.as_os_str(),
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) => Ok(status.success()),
        Err(source) => Err(Error::Spawn {
            program: shell.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("postgres"), None);
    }

    #[test]
    fn finds_an_account_but_never_root() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533::/:/bin/false\n";
        assert_eq!(Account::named("root", users), None);
        assert_eq!(Account::named("postgres", users), None);
        let nobody = Account {
            uid: 65534,
            gid: 65533,
        };
        assert_eq!(Account::named("nobody", users), Some(nobody));
    }
}
