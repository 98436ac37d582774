//! `phalanx run`.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use crate::arguments::{Log, LogColor, LogFormat, Run, ledger_beside};
use crate::signals::Ending;

/// Where peers usually call.
const P2P_PORT: u16 = 3610;

/// Runs a node until it is told to stop.
pub(crate) fn run(arguments: Run, ignored: &[String]) -> anyhow::Result<ExitCode> {
    let log_counters = start_log(&arguments.log)?;
    for flag in ignored {
        tracing::warn!(topic = "cmd", "{flag}");
    }
    let config = config(arguments, log_counters)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        tokio::spawn(Ending::listen()?.cancel(shutdown.clone()));
        node::run(config, shutdown).await.map_err(anyhow::Error::from)
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

fn config(arguments: Run, log_counters: node::logging::Counters) -> anyhow::Result<node::Config> {
    if arguments.nickname.chars().count() > 32 {
        bail!("--nickname: {:?} has more than 32 characters", arguments.nickname);
    }
    let ledger_file = ledger_beside(&arguments.lock_file, arguments.slashing_ledger_file.as_ref());
    let mut beacon_node_endpoints = arguments.beacon_node_endpoints;
    beacon_node_endpoints.extend(arguments.fallback_beacon_node_endpoints);
    let port = arguments.p2p_tcp_address.first().map_or(P2P_PORT, SocketAddr::port);
    let with_port = |host: String| if host.contains([':', '/']) { host } else { format!("{host}:{port}") };
    let external_ip = arguments.p2p_external_ip.map(|ip| SocketAddr::new(ip, port).to_string());
    let external_host = arguments.p2p_external_hostname.map(with_port);
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
        validator_api_tls: arguments.vc_tls_cert_file.zip(arguments.vc_tls_key_file).map(
            |(certificate, key)| node::TlsFiles {
                certificate,
                key,
                client_authority: arguments.vc_tls_client_ca_file,
            },
        ),
        monitoring_address: arguments.monitoring_address,
        p2p_tcp_addresses: arguments.p2p_tcp_address,
        p2p_external: external_ip.into_iter().chain(external_host).collect(),
        p2p_peers: arguments.p2p_peers,
        builder_api: arguments.builder_api,
        graffiti: arguments.graffiti,
        record_minutes: arguments.record_minutes,
        nickname: arguments.nickname,
        trusts_ledger: arguments.trust_ledger,
        no_verify: arguments.no_verify,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log_counters,
    })
}
