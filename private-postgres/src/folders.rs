//! Where a cluster's files are: folders that Postgres' user can enter, that nobody else can, and
//! whose paths are short enough for a socket.

use std::env;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use rustix::process::geteuid;

use crate::Error;
use crate::cluster::PORT;
use crate::installation::{Account, can_enter};

/// `sun_path` of Linux holds 108 bytes, the last one 0.
const SOCKET_PATH_LIMIT: usize = 107;
/// Where root's cluster goes when no ordinary user can enter the data folder.
const SYSTEM_FOLDER: &str = "/var/lib/stellar-canvas";

/// The folder of the cluster, created where it is missing, and the user who owns it: `None` where
/// that is this process's own user.
pub(crate) fn home(data_dir: &Path) -> Result<(PathBuf, Option<Account>), Error> {
    let link = data_dir.join("postgres");
    let is_new = fs::symlink_metadata(&link).is_err();
    if is_new {
        create_private(&link).map_err(Error::at(&link))?;
    }
    let home = link.canonicalize().map_err(Error::at(&link))?;
    let owner = fs::metadata(&home).map_err(Error::at(&home))?;
    if !geteuid().is_root() {
        if owner.uid() != geteuid().as_raw() {
            return Err(Error::OtherOwner { folder: home });
        }
        return Ok((home, None));
    }
    if owner.uid() != 0 {
        let (uid, gid) = (owner.uid(), owner.gid());
        return Ok((home, Some(Account { uid, gid })));
    }
    let account = Account::ordinary()?;
    give(&home, Some(account))?;
    if can_enter(&home, account)? {
        return Ok((home, Some(account)));
    }
    // `link` is a folder here: the target of a link was chosen because it can be entered.
    let elsewhere = system_folder(&home, account)?;
    fs::remove_dir(&link).map_err(Error::at(&link))?;
    symlink(&elsewhere, &link).map_err(Error::at(&link))?;
    tracing::info!(
        folder = %elsewhere.display(),
        "the data folder is out of reach for PostgreSQL's user, the database is kept elsewhere"
    );
    Ok((elsewhere, Some(account)))
}

/// Creates a folder in [`SYSTEM_FOLDER`]. Its name is never used twice, so that deleting the data
/// folder leads to an empty database.
fn system_folder(home: &Path, account: Account) -> Result<PathBuf, Error> {
    let name = short_name(&(home, SystemTime::now(), process::id()));
    let folder = Path::new(SYSTEM_FOLDER).join(name);
    let parents = DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(SYSTEM_FOLDER);
    parents.map_err(Error::at(Path::new(SYSTEM_FOLDER)))?;
    create_private(&folder).map_err(Error::at(&folder))?;
    give(&folder, Some(account))?;
    if can_enter(&folder, account)? {
        return Ok(folder);
    }
    Err(Error::at(&folder)(io::ErrorKind::PermissionDenied.into()))
}

/// Locks the cluster for this process.
pub(crate) fn lock(home: &Path, data_dir: &Path) -> Result<File, Error> {
    let path = home.join("server.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.map_err(Error::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse {
            folder: data_dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::at(&path)(error)),
    }
}

/// The first folder for the socket that is private and has a short enough path.
pub(crate) fn socket(home: &Path, account: Option<Account>) -> Result<PathBuf, Error> {
    let name = format!("stellar-canvas-{}", short_name(&home));
    let runtime_folder = match account {
        Some(_) => Some(PathBuf::from("/run")),
        None => env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
    };
    [
        Some(home.join("socket")),
        runtime_folder.map(|parent| parent.join(&name)),
        Some(env::temp_dir().join(&name)),
        Some(Path::new("/tmp").join(&name)),
    ]
    .into_iter()
    .flatten()
    .find(|folder| fits_socket(folder) && is_made_private(folder, account))
    .ok_or(Error::NoSocketFolder)
}

fn fits_socket(folder: &Path) -> bool {
    let path = folder.join(format!(".s.PGSQL.{PORT}"));
    path.as_os_str().len() <= SOCKET_PATH_LIMIT
}

/// Creates the folder where it is missing. Returns whether only `account` can enter it: in `/tmp`
/// another user may have created it first.
fn is_made_private(folder: &Path, account: Option<Account>) -> bool {
    if create_private(folder).is_ok() && give(folder, account).is_err() {
        return false;
    }
    let owner = account.map_or_else(|| geteuid().as_raw(), |account| account.uid);
    let is_private = |metadata: Metadata| {
        metadata.is_dir()
            && metadata.uid() == owner
            && metadata.permissions().mode() & 0o777 == 0o700
    };
    fs::symlink_metadata(folder).is_ok_and(is_private)
        && account.is_none_or(|account| can_enter(folder, account).unwrap_or(false))
}

fn create_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

/// Makes `account` the owner, where there is one.
fn give(path: &Path, account: Option<Account>) -> Result<(), Error> {
    match account {
        Some(Account { uid, gid }) => chown(path, Some(uid), Some(gid)).map_err(Error::at(path)),
        None => Ok(()),
    }
}

/// A file name made of a hash.
fn short_name(of: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
