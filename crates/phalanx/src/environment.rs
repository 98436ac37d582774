//! The environment as a second set of flags: `PHALANX_*`, and `CHARON_*` where a compose file still says so.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory};

use crate::arguments::Arguments;

/// Flags of Charon's `run` that Phalanx takes and does nothing with: an existing compose file must start.
const IGNORED: &[(&str, &str)] = &[
    ("p2p-relays", "relays are not supported yet: name the peers with --p2p-peers"),
    ("p2p-udp-address", "QUIC is not supported yet"),
    ("p2p-disable-reuseport", "has no effect"),
    ("private-key-file-lock", "the slashing ledger's own lock keeps a second node out"),
    ("manifest-file", "only the cluster lock is read"),
    ("debug-address", "there is no debug endpoint yet"),
    ("consensus-protocol", "there is only qbft"),
    ("feature-set", "there are no feature sets"),
    ("feature-set-enable", "there are no feature sets"),
    ("feature-set-disable", "there are no feature sets"),
    ("loki-addresses", "collect the log with --log-format=logfmt instead"),
    ("loki-service", "collect the log with --log-format=logfmt instead"),
    ("otlp-address", "tracing is not supported yet"),
    ("otlp-service-name", "tracing is not supported yet"),
    ("otlp-headers", "tracing is not supported yet"),
    ("otlp-insecure", "tracing is not supported yet"),
    ("jaeger-address", "has no effect"),
    ("jaeger-service", "has no effect"),
    ("execution-client-rpc-endpoint", "smart contract signatures are not verified yet"),
    ("overrides-file", "fee recipient overrides are not supported yet"),
    ("fetch-feerecipient-updates", "fee recipient overrides are not supported yet"),
    ("publish-address", "there is no central service"),
    ("publish-timeout", "there is no central service"),
    ("graffiti-disable-client-append", "nothing is appended to the graffiti"),
    ("proc-directory", "has no effect"),
    ("synthetic-block-proposals", "there are no synthetic duties"),
    ("simnet-slot-duration", "there is no simnet: see phalanx devnet"),
    ("simnet-validator-keys-dir", "there is no simnet: see phalanx devnet"),
    ("simnet-beacon-mock", "there is no simnet: see phalanx devnet"),
    ("simnet-beacon-mock-fuzz", "there is no simnet: see phalanx devnet"),
    ("simnet-validator-mock", "there is no simnet: see phalanx devnet"),
    ("testnet-name", "the lock and the beacon node tell the network"),
    ("testnet-fork-version", "the lock and the beacon node tell the network"),
    ("testnet-chain-id", "the lock and the beacon node tell the network"),
    ("testnet-genesis-timestamp", "the lock and the beacon node tell the network"),
    ("testnet-capella-hard-fork", "the lock and the beacon node tell the network"),
];

/// The command line with its environment.
pub(crate) fn command() -> Command {
    let command = with_aliases(Arguments::command());
    command.mut_subcommand("run", |run| run.args(IGNORED.iter().map(|(name, _)| ignored(name))))
}

fn ignored(name: &'static str) -> Arg {
    let taken = Arg::new(name).long(name).hide(true).action(ArgAction::Append);
    taken.num_args(0..=1).default_missing_value("true")
}

/// Where `PHALANX_X` says nothing but `CHARON_X` does, the latter counts.
///
/// An empty variable says nothing: compose files pass what their `.env` leaves out as empty text.
fn with_aliases(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| {
        let Some(name) = arg.get_env().and_then(|name| name.to_str()).map(str::to_owned) else { return arg };
        let alias = name.replacen("PHALANX_", "CHARON_", 1);
        // A value may be a secret: help does not show it.
        let arg = arg.hide_env_values(true);
        match () {
            () if says_something(&name) => arg,
            () if says_something(&alias) => arg.env(alias),
            () if std::env::var_os(&name).is_some() => arg.env(None::<&str>),
            () => arg,
        }
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_aliases))
}

fn says_something(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Says which given flags and variables do nothing here, and why.
pub(crate) fn ignored_in(matches: &ArgMatches) -> Vec<String> {
    let Some(("run", run)) = matches.subcommand() else { return Vec::new() };
    let warning = |(name, why): &(&str, &str)| {
        let variable = format!("CHARON_{}", name.to_uppercase().replace('-', "_"));
        if run.value_source(name) == Some(ValueSource::CommandLine) {
            Some(format!("--{name} is ignored: {why}"))
        } else if says_something(&variable) {
            Some(format!("{variable} is ignored: {why}"))
        } else {
            None
        }
    };
    IGNORED.iter().filter_map(warning).collect()
}
