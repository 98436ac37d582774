//! `phalanx run`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use crate::arguments::{Log, LogColor, LogFormat, Run, ledger_beside};

/// Runs a node until it is told to stop.
pub(crate) fn run(arguments: Run) -> anyhow::Result<ExitCode> {
    start_log(&arguments.log)?;
    let config = config(arguments)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        tokio::spawn(cancel_on_signal(shutdown.clone()));
        node::run(config, shutdown).await
    })?;
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    Ok(ExitCode::SUCCESS)
}

/// Starts the log as told.
pub(crate) fn start_log(log: &Log) -> anyhow::Result<node::logging::Counters> {
    let options = node::logging::Options {
        format: match log.log_format {
            LogFormat::Console => node::logging::Format::Console,
            LogFormat::Logfmt => node::logging::Format::Logfmt,
            LogFormat::Json => node::logging::Format::Json,
        },
        level: log.log_level.clone(),
        color: match log.log_color {
            LogColor::Auto => node::logging::Color::Auto,
            LogColor::Force => node::logging::Color::Force,
            LogColor::Disable => node::logging::Color::Disable,
        },
    };
    node::logging::start(&options, log.log_output_path.as_deref()).map_err(anyhow::Error::msg)
}

/// Cancels on Ctrl-C, or when the system asks the process to end.
pub(crate) async fn cancel_on_signal(shutdown: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    shutdown.cancel();
}

fn config(arguments: Run) -> anyhow::Result<node::Config> {
    if arguments.nickname.chars().count() > 32 {
        bail!("--nickname: {:?} has more than 32 characters", arguments.nickname);
    }
    let ledger_file = ledger_beside(&arguments.lock_file, arguments.slashing_ledger_file.as_ref());
    let mut beacon_node_endpoints = arguments.beacon_node_endpoints;
    beacon_node_endpoints.extend(arguments.fallback_beacon_node_endpoints);
    let port = arguments.p2p_tcp_address.first().map_or(3610, std::net::SocketAddr::port);
    let with_port = |host: String| if host.contains(':') { host } else { format!("{host}:{port}") };
    Ok(node::Config {
        signing_history_file: arguments.lock_file.with_file_name(node::directory::SIGNING_HISTORY),
        lock_file: arguments.lock_file,
        private_key_file: arguments.private_key_file,
        ledger_file,
        beacon_node_endpoints,
        beacon_node_headers: arguments.beacon_node_headers,
        beacon_node_timeout: arguments.beacon_node_timeout,
        beacon_node_submit_timeout: arguments.beacon_node_submit_timeout,
        validator_api_address: arguments.validator_api_address,
        monitoring_address: arguments.monitoring_address,
        p2p_tcp_addresses: arguments.p2p_tcp_address,
        p2p_external: arguments.p2p_external_hostname.map(with_port),
        p2p_peers: arguments.p2p_peers,
        builder_api: arguments.builder_api,
        graffiti: arguments.graffiti,
        nickname: arguments.nickname,
        no_verify: arguments.no_verify,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
