//! Writes keystores of interop keys: `interop_keystores DIRECTORY FIRST COUNT`. Everybody knows these keys; they are for
//! test chains only.

#![allow(clippy::print_stderr, reason = "an example speaks on its terminal")]

use std::path::Path;
use std::process::ExitCode;

use signer::Protection;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, first, count] = arguments.as_slice() else {
        eprintln!("usage: interop_keystores DIRECTORY FIRST COUNT");
        return ExitCode::from(2);
    };
    let (Ok(first), Ok(count)) = (first.parse::<u64>(), count.parse::<u64>()) else {
        eprintln!("FIRST and COUNT are numbers");
        return ExitCode::from(2);
    };
    let keys: Vec<_> = (first..first + count).map(devnet::interop_key).collect();
    let directory = Path::new(directory);
    let written = std::fs::create_dir_all(directory).map_err(|error| error.to_string()).and_then(|()| {
        signer::write_directory(directory, &keys, Protection::Pbkdf2).map_err(|error| error.to_string())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
