#!/usr/bin/env bash
# Four Phalanx nodes on a real Lodestar chain with real Lodestar validator clients. See README.md beside this file.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
: "${LODESTAR:?set LODESTAR to the command that runs the Lodestar CLI}"
lodestar=$LODESTAR
unset LODESTAR # it takes each variable of that prefix for a flag
phalanx=${PHALANX:-$root/target/release/phalanx}
slot=${SLOT:-6} epochs=${EPOCHS:-6} delay=${DELAY:-60}
# The last are the cluster's: in its first two epochs, a Lodestar chain that begins at Fulu has validator 0 propose all.
ours=${OURS:-32} all=64
first=$((all - ours))
dir=${DIR:-$(mktemp -d)/e2e}
mkdir -p "$dir/logs"
dir=$(cd "$dir" && pwd)
beacon=http://127.0.0.1:9596
params="--preset minimal --network dev --params.FULU_FORK_EPOCH 0 --params.SECONDS_PER_SLOT $slot
  --params.SLOT_DURATION_MS $((slot * 1000)) --params.SHARD_COMMITTEE_PERIOD 0 ${EXTRA:-}"
# In distributed mode on a plain beacon node a client attests and proposes, but gets no selections, hence aggregates
# nothing: what is aggregated on chain is the cluster's doing.
others=--distributed aggregating=
[ -z "${OTHERS_AGGREGATE:-}" ] || others='' aggregating=--others-aggregate
pids=()
declare -A node

stop() { trap - EXIT; kill "${pids[@]}" "${node[@]}" 2>/dev/null || true; wait 2>/dev/null || true; }
trap stop EXIT
trap 'exit 130' INT TERM

wait_for() { # URL
  for _ in $(seq 1 120); do curl -sf "$1" >/dev/null && return; sleep 1; done
  echo "nothing answers at $1; see $dir/logs" >&2; exit 1
}

echo "files and logs: $dir"
cargo run --quiet --manifest-path "$root/Cargo.toml" -p devnet --example interop_keystores -- "$dir/keys" $first "$ours"
"$phalanx" create cluster --cluster-dir "$dir/cluster" --split-existing-keys --split-keys-dir "$dir/keys" \
  --no-signing-history --insecure-keys --testnet-name lodestar-dev --testnet-fork-version 0x00000001 \
  --testnet-capella-hard-fork 0x03000001 --testnet-chain-id 5 \
  --fee-recipient-addresses 0x00000000000000000000000000000000000000aa \
  --withdrawal-addresses 0x00000000000000000000000000000000000000bb

genesis=$(($(date +%s) + delay))
cd "$dir" # the beacon node writes its genesis where it stands
$lodestar dev $params --dataDir "$dir/bn" --genesisValidators $all --genesisTime "$genesis" \
  --startValidators "0..$((first - 1))" $others --beaconNodes $beacon \
  --rest.address 127.0.0.1 --rest.port 9596 --rest.namespace all \
  --listenAddress 127.0.0.1 --port 9100 --discv5 false --mdns false --network.connectToDiscv5Bootnodes false \
  --metrics false --suggestedFeeRecipient 0x00000000000000000000000000000000000000cc > "$dir/logs/bn.log" 2>&1 &
pids+=($!)
wait_for $beacon/eth/v1/beacon/genesis

python3 "$here/judge.py" $beacon --record "$dir/duties" 2> "$dir/logs/judge.log" &
pids+=($!)
witness() { # FILE LISTEN=SERVER...
  python3 "$here/witness.py" "$@" 2>> "$dir/logs/witness.log" &
  pids+=($!)
}
witness "$dir/to-beacon" 3740=127.0.0.1:9596 3741=127.0.0.1:9596 3742=127.0.0.1:9596 3743=127.0.0.1:9596
witness "$dir/to-nodes" 3730=127.0.0.1:3700 3731=127.0.0.1:3701 3732=127.0.0.1:3702 3733=127.0.0.1:3703

start_node() { # INDEX
  local i=$1 at=$dir/cluster/node$1
  "$phalanx" run --lock-file "$at/cluster-lock.json" --private-key-file "$at/charon-enr-private-key" \
    --beacon-node-endpoints "http://127.0.0.1:374$i" --validator-api-address "127.0.0.1:370$i" \
    --monitoring-address "127.0.0.1:372$i" --p2p-tcp-address "127.0.0.1:371$i" --log-level debug --log-color disable \
    --p2p-peers 0=127.0.0.1:3710,1=127.0.0.1:3711,2=127.0.0.1:3712,3=127.0.0.1:3713 >> "$dir/logs/node-$i.log" 2>&1 &
  node[$i]=$!
}
for i in 0 1 2 3; do start_node $i; done
for i in 0 1 2 3; do
  wait_for "http://127.0.0.1:370$i/eth/v1/node/version"
  python3 "$here/keystores.py" "$dir/cluster/node$i/validator_keys" "$dir/vc-$i"
  $lodestar validator $params --dataDir "$dir/vc-$i" --beaconNodes "http://127.0.0.1:373$i" --distributed \
    --doppelgangerProtection false --force --suggestedFeeRecipient 0x00000000000000000000000000000000000000dd \
    > "$dir/logs/vc-$i.log" 2>&1 &
  pids+=($!)
done

until_slot() { # a signal ends a wait, but not a sleep
  local left=$((genesis + $1 * slot - $(date +%s)))
  sleep $((left > 0 ? left : 0)) & wait $!
}
# Two members of the sync committee leave: one by the clients' own command, one by the nodes'. They serve on until the
# committee's time is over.
leave() { # NODE
  local i=$1 at=$dir/cluster/node$1 share
  share=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["distributed_validators"][0]["public_shares"][int(sys.argv[2])])' \
    "$at/cluster-lock.json" "$i")
  $lodestar validator voluntary-exit $params --dataDir "$dir/vc-$i" --beaconNodes "http://127.0.0.1:373$i" \
    --pubkeys "$share" --exitEpoch 2 --yes
  "$phalanx" exit sign --validator-index $((first + 2)) --exit-epoch 2 --lock-file "$at/cluster-lock.json" \
    --validator-keys-dir "$at/validator_keys" --node "http://127.0.0.1:370$i" \
    --beacon-node-endpoints "http://127.0.0.1:374$i" --yes
}
until_slot 16
echo "slot 16: two validators leave"
(for i in 0 1 2; do leave $i > "$dir/logs/exit-$i.log" 2>&1; done) & # one after the other: a client's start is heavy
until_slot 20
echo "slot 20: killing node 3"
kill -9 "${node[3]}"
until_slot 30
echo "slot 30: starting node 3 again"
start_node 3
until_slot $((epochs * 8 + 4))
python3 "$here/judge.py" $beacon --judge "$dir/duties" --witness "$dir/to-beacon" --ours "$first-$((all - 1))" $aggregating \
  --leaving "$first,$((first + 2))" --last-epoch $((epochs - 2))
