//! The arguments. Flags that mean what they mean in Charon have its names.

mod values;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use node::PeerAddress;
use url::Url;

use values::{duration, header, listen_address, node_at_slot, validator_at_slot};

/// A distributed validator client for Ethereum: one validator, several nodes, no single point of failure.
#[derive(Debug, Parser)]
#[command(name = "phalanx", version, max_term_width = 110, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one node of a cluster.
    Run(Box<Run>),
    /// Make a cluster, or the identity of a node.
    #[command(subcommand, arg_required_else_help = true)]
    Create(Create),
    /// Show the record (ENR) of a node.
    Enr(Enr),
    /// Look after the slashing ledger of a node.
    #[command(subcommand, arg_required_else_help = true)]
    Slashing(Slashing),
    /// Have validators leave the chain for good, when enough operators sign
    #[command(subcommand, arg_required_else_help = true)]
    Exit(Exit),
    /// Step through what a node recorded, and see why a duty was missed
    Replay(Replay),
    /// Run a whole cluster with its validator clients on an embedded chain, and report.
    ///
    /// All duties are done and counted: blocks, attestations, aggregates, the sync committee's messages and contributions,
    /// registrations with builders, exits. The exit code is 0 only if none was missed and nothing was wrong.
    Devnet(Box<Devnet>),
    /// Print the version.
    Version,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Create {
    /// Make all files of a cluster on this machine: from new keys, or by splitting existing ones.
    ///
    /// Whoever runs this sees the whole keys. Where operators do not trust each other, a key ceremony is needed.
    Cluster(Box<CreateCluster>),
    /// Make the identity of a node: its private key.
    Enr(Enr),
}

/// How the log looks.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Log")]
pub(crate) struct Log {
    /// Format of log lines.
    #[arg(long, env = "PHALANX_LOG_FORMAT", value_enum, default_value_t = LogFormat::Console)]
    pub(crate) log_format: LogFormat,
    /// debug, info, warn or error; or a filter like `net=debug,info`.
    #[arg(long, env = "PHALANX_LOG_LEVEL", default_value = "info")]
    pub(crate) log_level: String,
    /// Colours on the console.
    #[arg(long, env = "PHALANX_LOG_COLOR", value_enum, default_value_t = LogColor::Auto)]
    pub(crate) log_color: LogColor,
    /// Also append the log to this file.
    #[arg(long, env = "PHALANX_LOG_OUTPUT_PATH")]
    pub(crate) log_output_path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    Console,
    Logfmt,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogColor {
    Auto,
    Force,
    Disable,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The cluster lock.
    #[arg(long, env = "PHALANX_LOCK_FILE", default_value = ".charon/cluster-lock.json")]
    pub(crate) lock_file: PathBuf,
    /// The node's private key.
    #[arg(long, env = "PHALANX_PRIVATE_KEY_FILE", default_value = ".charon/charon-enr-private-key")]
    pub(crate) private_key_file: PathBuf,
    /// The slashing ledger [default: slashing-ledger.sqlite beside the lock].
    #[arg(long, env = "PHALANX_SLASHING_LEDGER_FILE")]
    pub(crate) slashing_ledger_file: Option<PathBuf>,
    /// Vouch that the slashing ledger is the one this node wrote last: start signing without asking the peers
    #[arg(long, env = "PHALANX_TRUST_LEDGER", num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) trust_ledger: bool,
    /// Start even if the lock's hashes and signatures do not verify.
    #[arg(long, env = "PHALANX_NO_VERIFY", num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) no_verify: bool,
    /// Minutes of what happens that are kept for `phalanx replay`, beside the slashing ledger; 0 keeps nothing
    #[arg(long, env = "PHALANX_RECORD_MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=1440))]
    pub(crate) record_minutes: u64,
    /// A name for this node among its peers, 32 characters at most.
    #[arg(long, env = "PHALANX_NICKNAME", default_value = "")]
    pub(crate) nickname: String,

    /// Beacon nodes, the preferred one first.
    #[arg(
        long,
        env = "PHALANX_BEACON_NODE_ENDPOINTS",
        value_delimiter = ',',
        required = true,
        help_heading = "Beacon node"
    )]
    pub(crate) beacon_node_endpoints: Vec<Url>,
    /// Beacon nodes to use when the others fail.
    #[arg(
        long,
        env = "PHALANX_FALLBACK_BEACON_NODE_ENDPOINTS",
        value_delimiter = ',',
        help_heading = "Beacon node"
    )]
    pub(crate) fallback_beacon_node_endpoints: Vec<Url>,
    /// Longest wait for a beacon node's answer.
    #[arg(long, env = "PHALANX_BEACON_NODE_TIMEOUT", default_value = "2s", value_parser = duration, help_heading = "Beacon node")]
    pub(crate) beacon_node_timeout: Duration,
    /// Longest wait for a beacon node to take a submission.
    #[arg(long, env = "PHALANX_BEACON_NODE_SUBMIT_TIMEOUT", default_value = "2s", value_parser = duration, help_heading = "Beacon node")]
    pub(crate) beacon_node_submit_timeout: Duration,
    /// Headers for every request to a beacon node: name=value.
    #[arg(long, env = "PHALANX_BEACON_NODE_HEADERS", value_delimiter = ',', value_parser = header, help_heading = "Beacon node")]
    pub(crate) beacon_node_headers: Vec<(String, String)>,
    /// Take blocks from builders.
    #[arg(long, env = "PHALANX_BUILDER_API", num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Beacon node")]
    pub(crate) builder_api: bool,
    /// The text in the blocks, 32 bytes at most; or one for each validator, comma separated.
    #[arg(long, env = "PHALANX_GRAFFITI", help_heading = "Beacon node")]
    pub(crate) graffiti: Option<String>,

    /// Where validator clients call.
    #[arg(long, env = "PHALANX_VALIDATOR_API_ADDRESS", value_parser = listen_address, default_value = "127.0.0.1:3600", help_heading = "Services")]
    pub(crate) validator_api_address: SocketAddr,
    /// The certificate of the validator API, PEM: then it speaks TLS only
    #[arg(
        long,
        env = "PHALANX_VC_TLS_CERT_FILE",
        value_name = "FILE",
        requires = "vc_tls_key_file",
        help_heading = "Services"
    )]
    pub(crate) vc_tls_cert_file: Option<PathBuf>,
    /// The private key of that certificate, PEM
    #[arg(
        long,
        env = "PHALANX_VC_TLS_KEY_FILE",
        value_name = "FILE",
        requires = "vc_tls_cert_file",
        help_heading = "Services"
    )]
    pub(crate) vc_tls_key_file: Option<PathBuf>,
    /// Authorities whose clients may call the validator API, PEM; without it every client may
    #[arg(
        long,
        env = "PHALANX_VC_TLS_CLIENT_CA_FILE",
        value_name = "FILE",
        requires = "vc_tls_cert_file",
        help_heading = "Services"
    )]
    pub(crate) vc_tls_client_ca_file: Option<PathBuf>,
    /// Where metrics and health are served.
    #[arg(long, env = "PHALANX_MONITORING_ADDRESS", value_parser = listen_address, default_value = "127.0.0.1:3620", help_heading = "Services")]
    pub(crate) monitoring_address: SocketAddr,

    /// Where peers call; none: outgoing connections only.
    #[arg(long, env = "PHALANX_P2P_TCP_ADDRESS", value_parser = listen_address, value_delimiter = ',', help_heading = "Peers")]
    pub(crate) p2p_tcp_address: Vec<SocketAddr>,
    /// The IP address peers reach this node under; with the port of the first --p2p-tcp-address.
    #[arg(long, env = "PHALANX_P2P_EXTERNAL_IP", help_heading = "Peers")]
    pub(crate) p2p_external_ip: Option<IpAddr>,
    /// The host name peers reach this node under, with the port if it differs: HOST or HOST:PORT.
    #[arg(long, env = "PHALANX_P2P_EXTERNAL_HOSTNAME", help_heading = "Peers")]
    pub(crate) p2p_external_hostname: Option<String>,
    /// Where the peers are: INDEX=HOST:PORT, the index as in the lock, from 0.
    #[arg(long, env = "PHALANX_P2P_PEERS", value_delimiter = ',', help_heading = "Peers")]
    pub(crate) p2p_peers: Vec<PeerAddress>,

    #[command(flatten)]
    pub(crate) log: Log,
}

#[derive(Debug, Args)]
pub(crate) struct CreateCluster {
    /// Where the node directories go; it must not exist, or be empty.
    #[arg(long, env = "PHALANX_CLUSTER_DIR", default_value = "cluster")]
    pub(crate) cluster_dir: PathBuf,
    /// What people call the cluster.
    #[arg(long, env = "PHALANX_NAME", default_value = "")]
    pub(crate) name: String,
    /// How many nodes run it.
    #[arg(long, env = "PHALANX_NODES", default_value_t = 4)]
    pub(crate) nodes: u8,
    /// How many of them make a signature [default: the quorum; less is refused].
    #[arg(long, env = "PHALANX_THRESHOLD")]
    pub(crate) threshold: Option<u8>,
    /// How many new validators to make [default: 1].
    #[arg(long, env = "PHALANX_NUM_VALIDATORS")]
    pub(crate) num_validators: Option<usize>,
    /// Who gets the fees: one address, or one for each validator.
    #[arg(long, env = "PHALANX_FEE_RECIPIENT_ADDRESSES", value_delimiter = ',', required = true)]
    pub(crate) fee_recipient_addresses: Vec<eth::Address>,
    /// Who gets the stakes back: one address, or one for each validator.
    #[arg(long, env = "PHALANX_WITHDRAWAL_ADDRESSES", value_delimiter = ',', required = true)]
    pub(crate) withdrawal_addresses: Vec<eth::Address>,
    /// The network: mainnet, hoodi, sepolia, gnosis or chiado.
    #[arg(long, env = "PHALANX_NETWORK", default_value = "mainnet")]
    pub(crate) network: String,
    /// Deposits to sign, in whole ETH, comma separated [default: 1 and 32].
    #[arg(long, env = "PHALANX_DEPOSIT_AMOUNTS", value_delimiter = ',')]
    pub(crate) deposit_amounts: Vec<u64>,
    /// The gas limit of builder registrations.
    #[arg(long, env = "PHALANX_TARGET_GAS_LIMIT", default_value_t = cluster::create::DEFAULT_GAS_LIMIT)]
    pub(crate) target_gas_limit: u64,
    /// Make compounding validators (0x02 withdrawal credentials).
    #[arg(long, env = "PHALANX_COMPOUNDING", num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) compounding: bool,
    /// Where each node will accept connections, IP:PORT for each, to be told in the cluster lock.
    #[arg(long, env = "PHALANX_P2P_ADDRESSES", value_delimiter = ',')]
    pub(crate) p2p_addresses: Vec<std::net::SocketAddrV4>,
    /// Encrypt the keystores lightly. For tests; refused on mainnet.
    #[arg(long, env = "PHALANX_INSECURE_KEYS", num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) insecure_keys: bool,

    /// Split existing keys instead of making new ones.
    #[arg(long, env = "PHALANX_SPLIT_EXISTING_KEYS", num_args = 0..=1, default_value = "false", default_missing_value = "true", require_equals = true, value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Existing keys")]
    pub(crate) split_existing_keys: bool,
    /// Directory of the existing keystores: keystore-*.json with keystore-*.txt.
    #[arg(long, env = "PHALANX_SPLIT_KEYS_DIR", help_heading = "Existing keys")]
    pub(crate) split_keys_dir: Option<PathBuf>,
    /// EIP-3076 file with all that the existing keys have signed. Stop their validator client first, then export it.
    #[arg(
        long,
        env = "PHALANX_SIGNING_HISTORY",
        conflicts_with = "no_signing_history",
        help_heading = "Existing keys"
    )]
    pub(crate) signing_history: Option<PathBuf>,
    /// The existing keys have never signed anything.
    #[arg(long, help_heading = "Existing keys")]
    pub(crate) no_signing_history: bool,

    #[command(flatten)]
    pub(crate) testnet: Testnet,
}

/// A network that is not built in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Custom network")]
pub(crate) struct Testnet {
    /// Its name.
    #[arg(long, env = "PHALANX_TESTNET_NAME")]
    pub(crate) testnet_name: Option<String>,
    /// Its genesis fork version.
    #[arg(long, env = "PHALANX_TESTNET_FORK_VERSION")]
    pub(crate) testnet_fork_version: Option<eth::Version>,
    /// Its chain id.
    #[arg(long, env = "PHALANX_TESTNET_CHAIN_ID")]
    pub(crate) testnet_chain_id: Option<u64>,
    /// Its genesis, Unix seconds.
    #[arg(long, env = "PHALANX_TESTNET_GENESIS_TIMESTAMP")]
    pub(crate) testnet_genesis_timestamp: Option<u64>,
    /// Its Capella fork version.
    #[arg(long, env = "PHALANX_TESTNET_CAPELLA_HARD_FORK")]
    pub(crate) testnet_capella_hard_fork: Option<eth::Version>,
}

#[derive(Debug, Args)]
pub(crate) struct Enr {
    /// The node's directory.
    #[arg(long, env = "PHALANX_DATA_DIR", default_value = ".charon")]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Slashing {
    /// Declare that the validators have never signed; the first start makes the ledger.
    Init(SlashingInit),
    /// Take an EIP-3076 signing history into the ledger; makes the ledger if there is none.
    Import(SlashingImport),
    /// Write the ledger's content as an EIP-3076 file.
    Export(SlashingExport),
    /// Show what the ledger holds.
    Show(SlashingShow),
}

/// Which ledger.
#[derive(Clone, Debug, Args)]
pub(crate) struct LedgerFile {
    /// The cluster lock the node runs.
    #[arg(long, env = "PHALANX_LOCK_FILE", default_value = ".charon/cluster-lock.json")]
    pub(crate) lock_file: PathBuf,
    /// The slashing ledger [default: slashing-ledger.sqlite beside the lock].
    #[arg(long, env = "PHALANX_SLASHING_LEDGER_FILE")]
    pub(crate) slashing_ledger_file: Option<PathBuf>,
}

impl LedgerFile {
    pub(crate) fn ledger(&self) -> PathBuf {
        ledger_beside(&self.lock_file, self.slashing_ledger_file.as_ref())
    }
}

/// The ledger's place: as told, or beside the lock.
pub(crate) fn ledger_beside(lock: &std::path::Path, told: Option<&PathBuf>) -> PathBuf {
    told.cloned().unwrap_or_else(|| lock.with_file_name(node::directory::LEDGER))
}

#[derive(Debug, Args)]
pub(crate) struct SlashingInit {
    #[command(flatten)]
    pub(crate) file: LedgerFile,
    /// Confirms that none of the validators has ever signed anything.
    #[arg(long, required = true)]
    pub(crate) no_signing_history: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SlashingImport {
    /// The EIP-3076 file. Its keys may be the validators' own, or share keys of this cluster.
    pub(crate) history: PathBuf,
    #[command(flatten)]
    pub(crate) file: LedgerFile,
    /// Keep only the highest epochs and slots, as a bound below which nothing is signed.
    #[arg(long)]
    pub(crate) minimal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SlashingExport {
    /// Where to write it; - is the terminal. An existing file is not overwritten.
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) file: LedgerFile,
}

#[derive(Debug, Args)]
pub(crate) struct SlashingShow {
    #[command(flatten)]
    pub(crate) file: LedgerFile,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Replaying a recording.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A recording, or the directory of them (`record` beside the slashing ledger)
    pub(crate) path: PathBuf,
    /// Only what concerns this duty: SLOT/KIND, for instance 1234/attester
    #[arg(long, value_name = "SLOT/KIND")]
    pub(crate) duty: Option<String>,
    /// Only the duties that were missed, with the step where each stopped, who was missing, and what to do
    #[arg(long)]
    pub(crate) missed: bool,
}

/// What can be done about exits.
#[derive(Debug, Subcommand)]
pub(crate) enum Exit {
    /// Sign exits with this node's key shares
    ///
    /// An exit cannot be undone: the validator stops earning for ever, and its stake goes to the withdrawal address.
    /// It is complete when as many operators as the threshold have signed for the same epoch: agree on one. The
    /// signature goes to the own node, which shares it with its peers and publishes the complete exit; or, with
    /// --output-dir, into files to be brought together by hand.
    Sign(Box<ExitSign>),
    /// Put partial exits from files together and publish the complete exit
    Broadcast(Box<ExitBroadcast>),
    /// List the cluster's validators, and whose partial exits are at hand
    List(Box<ExitList>),
}

/// The beacon nodes of a command that asks once.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Beacon node")]
pub(crate) struct BeaconNodes {
    /// Beacon nodes, the preferred one first
    #[arg(long, env = "PHALANX_BEACON_NODE_ENDPOINTS", value_delimiter = ',', required = true)]
    pub(crate) beacon_node_endpoints: Vec<Url>,
    /// Longest wait for a beacon node's answer
    #[arg(long, env = "PHALANX_BEACON_NODE_TIMEOUT", default_value = "30s", value_parser = duration)]
    pub(crate) beacon_node_timeout: Duration,
    /// Headers for every request to a beacon node: name=value
    #[arg(long, env = "PHALANX_BEACON_NODE_HEADERS", value_delimiter = ',', value_parser = header)]
    pub(crate) beacon_node_headers: Vec<(String, String)>,
}

/// Signing exits.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("validators").required(true))]
pub(crate) struct ExitSign {
    /// The validator to exit, by its public key
    #[arg(long, env = "PHALANX_VALIDATOR_PUBLIC_KEY", group = "validators", value_name = "KEY")]
    pub(crate) validator_public_key: Option<eth::PublicKeyBytes>,
    /// The validator to exit, by its index on the chain
    #[arg(long, env = "PHALANX_VALIDATOR_INDEX", group = "validators", value_name = "INDEX")]
    pub(crate) validator_index: Option<u64>,
    /// All validators of the cluster that are active
    #[arg(long, group = "validators")]
    pub(crate) all: bool,
    /// The epoch from which the exit is valid; all operators must name the same [default: the current one]
    #[arg(long, env = "PHALANX_EXIT_EPOCH", value_name = "EPOCH")]
    pub(crate) exit_epoch: Option<u64>,
    /// The cluster lock
    #[arg(long, env = "PHALANX_LOCK_FILE", default_value = ".charon/cluster-lock.json")]
    pub(crate) lock_file: PathBuf,
    /// Directory of this node's keystores
    #[arg(long, env = "PHALANX_VALIDATOR_KEYS_DIR", default_value = ".charon/validator_keys")]
    pub(crate) validator_keys_dir: PathBuf,
    /// The own node's validator API, which takes the signature
    #[arg(long, env = "PHALANX_NODE", default_value = "http://127.0.0.1:3600", value_name = "URL")]
    pub(crate) node: Url,
    /// Write the partial exits into this directory instead
    #[arg(long, env = "PHALANX_OUTPUT_DIR", value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Do not ask whether it is meant
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) beacon: BeaconNodes,
}

/// Publishing exits.
#[derive(Debug, Args)]
pub(crate) struct ExitBroadcast {
    /// Files with partial exits
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "from_dir")]
    pub(crate) from: Vec<PathBuf>,
    /// A directory of them: every exit-*.json in it
    #[arg(long, value_name = "DIR")]
    pub(crate) from_dir: Option<PathBuf>,
    /// The cluster lock
    #[arg(long, env = "PHALANX_LOCK_FILE", default_value = ".charon/cluster-lock.json")]
    pub(crate) lock_file: PathBuf,
    /// Verify and combine, but publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also write the complete exits into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) beacon: BeaconNodes,
}

/// Listing validators and exits.
#[derive(Debug, Args)]
pub(crate) struct ExitList {
    /// The cluster lock
    #[arg(long, env = "PHALANX_LOCK_FILE", default_value = ".charon/cluster-lock.json")]
    pub(crate) lock_file: PathBuf,
    /// A directory of partial exits: every exit-*.json in it
    #[arg(long, value_name = "DIR")]
    pub(crate) from_dir: Option<PathBuf>,
    /// In JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) beacon: BeaconNodes,
}

#[derive(Debug, Args)]
pub(crate) struct Devnet {
    /// How many nodes: 4, 7, 10 or 13.
    #[arg(long, default_value = "4", value_parser = ["4", "7", "10", "13"], help_heading = "Cluster")]
    pub(crate) nodes: String,
    /// How many validators the cluster runs [default: 32].
    #[arg(long, help_heading = "Cluster")]
    pub(crate) validators: Option<u64>,
    /// Take blocks from builders; the embedded chain has one.
    #[arg(long, help_heading = "Cluster")]
    pub(crate) builder: bool,
    /// Keep all files here; it must not exist, or be empty [default: a temporary directory, removed at the end].
    #[arg(long, help_heading = "Cluster")]
    pub(crate) dir: Option<PathBuf>,

    /// How many slots to run [default: 34].
    #[arg(long, help_heading = "Course")]
    pub(crate) slots: Option<u64>,
    /// Kill a node at a slot of the run: NODE@SLOT, nodes from 0, slots from 1. May be repeated.
    #[arg(long, value_name = "NODE@SLOT", value_parser = node_at_slot, help_heading = "Course")]
    pub(crate) kill: Vec<(usize, u64)>,
    /// Start a killed node again at a slot: NODE@SLOT. May be repeated.
    #[arg(long, value_name = "NODE@SLOT", value_parser = node_at_slot, help_heading = "Course")]
    pub(crate) restart: Vec<(usize, u64)>,
    /// Have a validator exit at a slot: VALIDATOR@SLOT. May be repeated [default: the last one, half way, unless
    /// --beacon-node is given].
    #[arg(long, value_name = "VALIDATOR@SLOT", value_parser = validator_at_slot, help_heading = "Course")]
    pub(crate) exit: Vec<(u64, u64)>,
    /// Have the block of this slot leave the one before behind. If an epoch begins with it, that deals the duties of the
    /// next epoch anew.
    #[arg(long, value_name = "SLOT", conflicts_with = "beacon_node", help_heading = "Course")]
    pub(crate) reorg: Option<u64>,

    /// The embedded chain's sizes: an epoch has 8 slots, or 32.
    #[arg(long, value_enum, default_value_t = PresetName::Minimal, help_heading = "Chain")]
    pub(crate) preset: PresetName,
    /// The length of its slots, milliseconds [default: 2000; with dead nodes as long as their rounds as leaders need].
    #[arg(long, help_heading = "Chain")]
    pub(crate) slot_ms: Option<u64>,
    /// How many blobs its blocks have.
    #[arg(long, default_value_t = 0, help_heading = "Chain")]
    pub(crate) blobs: usize,
    /// Use this beacon node instead of the embedded chain. Its validators must have the interop keys, and nobody else may
    /// run them.
    #[arg(long, value_name = "URL", help_heading = "Chain")]
    pub(crate) beacon_node: Option<Url>,

    #[command(flatten)]
    pub(crate) log: Log,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PresetName {
    Minimal,
    Mainnet,
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        crate::environment::command().debug_assert();
    }
}
