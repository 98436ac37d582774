//! The Phalanx command line.
//!
//! ```text
//!   phalanx create cluster ──► node directories ──► phalanx run (one a node) ◄── validator client
//!   phalanx slashing …     ──► the ledger of one node
//!   phalanx replay …       ──► what a node was told in its last minutes, step by step
//!   phalanx exit …         ──► a validator leaves, when enough operators sign
//!   phalanx devnet         ──► all of it at once, on an embedded chain
//! ```
//!
//! **Never here:** what a node does (`node`), what a cluster is (`cluster`). This room reads arguments, speaks to a
//! person, and chooses exit codes: 0 done, 1 failed, 2 wrong usage.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a program lives in time and on threads"
)]
#![allow(clippy::print_stderr, reason = "a command line speaks on its terminal")]

mod arguments;
mod command;
mod environment;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::FromArgMatches;

use arguments::{Arguments, Command, Create, Exit, Slashing};

fn main() -> ExitCode {
    rustls::crypto::ring::default_provider().install_default().ok();
    let matches = environment::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let done = match arguments.command {
        Command::Run(run) => command::run::run(*run, &environment::ignored_in(&matches)),
        Command::Create(Create::Cluster(create)) => command::create_cluster::run(*create),
        Command::Create(Create::Enr(enr)) => command::enr::create(&enr),
        Command::Enr(enr) => command::enr::show(&enr),
        Command::Slashing(slashing) => match slashing {
            Slashing::Init(init) => command::slashing::init(&init),
            Slashing::Import(import) => command::slashing::import(&import),
            Slashing::Export(export) => command::slashing::export(&export),
            Slashing::Show(show) => command::slashing::show(&show),
        },
        Command::Exit(exit) => match exit {
            Exit::Sign(sign) => command::exit::sign(*sign),
            Exit::Broadcast(broadcast) => command::exit::broadcast(*broadcast),
            Exit::List(list) => command::exit::list(*list),
        },
        Command::Replay(replay) => command::replay::run(&replay),
        Command::Devnet(devnet) => command::devnet::run(*devnet),
        Command::Version => command::version::run(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
