//! `message-catalog LOCALES TO`: compiles the Fluent files of the folder LOCALES and writes a catalog
//! a language into the folder TO. Trunk runs it before each build of the client.

use message_catalog::Locales;
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(locales), Some(to), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: message-catalog LOCALES TO");
        return ExitCode::from(2);
    };
    let written = Locales::read(&locales).and_then(|locales| locales.write_catalogs(&to));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
