"""Makes test vectors for crates/eth with the executable specification; called by ssz-vectors.

    DIRECTORY/<preset>/<fork>/ssz_static/<container>/<suite>/<case>/
        serialized.ssz_snappy, roots.yaml, value.yaml     the official layout; values are written as JSON, which is YAML
    DIRECTORY/<preset>/<fork>/duties.json                 signing roots, due times, aggregators, constants
"""

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import product
from pathlib import Path
from random import Random

import snappy
from eth_consensus_specs.debug.encode import encode
from eth_consensus_specs.debug.random_value import RandomizationMode as Mode
from eth_consensus_specs.debug.random_value import get_random_ssz_object
from eth_consensus_specs.utils.ssz.ssz_impl import hash_tree_root, serialize
from eth_consensus_specs.utils.ssz.ssz_typing import Container, List, Uint64

PRESETS = ["minimal", "mainnet"]
FORKS = ["electra", "fulu", "gloas"]

# Containers of the specification that crates/eth has in every fork.
EVERYWHERE = """
    AggregateAndProof Attestation AttestationData BLSToExecutionChange BeaconBlockHeader Checkpoint
    ConsolidationRequest ContributionAndProof Deposit DepositData DepositMessage DepositRequest Eth1Data
    ProposerSlashing SignedAggregateAndProof SignedBLSToExecutionChange
    SignedBeaconBlockHeader SignedContributionAndProof SignedVoluntaryExit SingleAttestation SyncAggregate
    SyncAggregatorSelectionData SyncCommitteeContribution SyncCommitteeMessage VoluntaryExit Withdrawal
    WithdrawalRequest
""".split()
# Those that Gloas replaces by others, which are not built in.
BEFORE_GLOAS = """
    AttesterSlashing BeaconBlock BeaconBlockBody ExecutionPayload ExecutionPayloadHeader ExecutionRequests
    IndexedAttestation SignedBeaconBlock
""".split()

# Suite, mode, whether the mode changes inside, cases with the minimal and with the mainnet preset.
SUITES = [
    ("ssz_random", Mode.mode_random, False, 4, 3),
    ("ssz_zero", Mode.mode_zero, False, 1, 1),
    ("ssz_max", Mode.mode_max, False, 1, 1),
    ("ssz_nil", Mode.mode_nil_count, False, 1, 0),
    ("ssz_one", Mode.mode_one_count, False, 2, 0),
    ("ssz_lengthy", Mode.mode_max_count, False, 2, 1),
    ("ssz_random_chaos", Mode.mode_random, True, 4, 2),
]
# Bytes in a list of bytes, and items in a list, at most. Lists of blobs are short, for blobs are long.
MOST_BYTES, MOST_ITEMS, MOST_BLOBS = 1000, 10, 2


def main(directory):
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(make, directory, preset, fork) for preset, fork in product(PRESETS, FORKS)]
        for job in jobs:
            print(job.result())


def make(directory, preset, fork):
    spec = import_module(f"eth_consensus_specs.{fork}.{preset}")
    root = directory / preset / fork
    cases = sum(make_static(root / "ssz_static", spec, name, kind) for name, kind in containers(spec, fork))
    (root / "duties.json").write_text(json.dumps(duties(spec, fork)))
    return f"{preset} {fork}: {cases} cases"


def containers(spec, fork):
    names = EVERYWHERE if fork == "gloas" else EVERYWHERE + BEFORE_GLOAS
    found = [(name, getattr(spec, name)) for name in names]
    found += registrations(spec)
    return found if fork == "gloas" else found + proposals(spec, fork)


def registrations(spec):
    """Containers of the builder specification."""
    registration = container(
        "ValidatorRegistrationV1",
        fee_recipient=spec.ExecutionAddress,
        gas_limit=Uint64,
        timestamp=Uint64,
        pubkey=spec.BLSPubkey,
    )
    return [
        ("ValidatorRegistrationV1", registration),
        ("SignedValidatorRegistrationV1", signed(spec, registration)),
    ]


def proposals(spec, fork):
    """Containers of the Beacon API's and the builder's specification: blocks with blobs, and blinded ones."""
    most_blobs = spec.MAX_BLOB_COMMITMENTS_PER_BLOCK
    most_proofs = most_blobs * (spec.FIELD_ELEMENTS_PER_EXT_BLOB if fork == "fulu" else 1)
    beside = {"kzg_proofs": List[spec.KZGProof, most_proofs], "blobs": List[spec.Blob, most_blobs]}
    body = {
        name.replace("execution_payload", "execution_payload_header"): (
            spec.ExecutionPayloadHeader if name == "execution_payload" else kind
        )
        for name, kind in spec.BeaconBlockBody.fields().items()
    }
    blinded_body = container("BlindedBeaconBlockBody", **body)
    blinded = container("BlindedBeaconBlock", **{**spec.BeaconBlock.fields(), "body": blinded_body})
    return [
        ("BlockContents", container("BlockContents", block=spec.BeaconBlock, **beside)),
        ("SignedBlockContents", container("SignedBlockContents", signed_block=spec.SignedBeaconBlock, **beside)),
        ("BlindedBeaconBlock", blinded),
        ("SignedBlindedBeaconBlock", signed(spec, blinded)),
    ]


def container(name, **fields):
    return type(name, (Container,), {"__annotations__": fields})


def signed(spec, message):
    return container(f"Signed{message.__name__}", message=message, signature=spec.BLSSignature)


def make_static(root, spec, name, kind):
    made = 0
    most_items = MOST_BLOBS if name.endswith("BlockContents") else MOST_ITEMS
    for suite, mode, chaos, minimal, mainnet in SUITES:
        for case in range(minimal if spec.config.PRESET_BASE == "minimal" else mainnet):
            random = Random(f"{root} {name} {suite} {case}".removeprefix(str(root.parents[2])))
            value = get_random_ssz_object(random, kind, MOST_BYTES, most_items, mode, chaos)
            write_case(root / name / suite / f"case_{case}", value)
            made += 1
    return made


def write_case(directory, value):
    directory.mkdir(parents=True)
    (directory / "serialized.ssz_snappy").write_bytes(snappy.compress(serialize(value)))
    (directory / "roots.yaml").write_text(f"{{root: '{hexed(hash_tree_root(value))}'}}\n")
    (directory / "value.yaml").write_text(json.dumps(encode(value)))


# The epoch in which the fork begins in duties.json, and one that is well past it.
FORK_EPOCH, EPOCHS = 10, 20


def duties(spec, fork):
    """What the specification signs and when, for a chain that is at its fork from epoch FORK_EPOCH on."""
    random = Random(f"{spec.config.PRESET_BASE} {fork}")
    state = spec.BeaconState()
    state.genesis_validators_root = random.randbytes(32)
    before = {"electra": "DENEB", "fulu": "ELECTRA", "gloas": "FULU"}[fork]
    state.fork.previous_version = getattr(spec.config, f"{before}_FORK_VERSION")
    state.fork.current_version = getattr(spec.config, f"{fork.upper()}_FORK_VERSION")
    state.fork.epoch = FORK_EPOCH
    return {
        "genesis_validators_root": hexed(state.genesis_validators_root),
        "fork_epoch": FORK_EPOCH,
        "signed": [each for _ in range(8) for each in all_signed(spec, state, random)],
        "due_ms": {
            "attestation": int(spec.get_attestation_due_ms()),
            "aggregate": int(spec.get_aggregate_due_ms()),
            "sync_message": int(spec.get_sync_message_due_ms()),
            "contribution": int(spec.get_contribution_due_ms()),
        },
        "aggregators": aggregators(spec, random),
        "subcommittees": [subcommittees(spec, random) for _ in range(8)],
        "constants": constants(spec),
    }


def all_signed(spec, state, random):
    """Signing roots of what a validator signs, as the specification's own functions hand them to BLS."""

    def some(kind):
        return get_random_ssz_object(random, kind, MOST_BYTES, MOST_ITEMS, Mode.mode_random, False)

    slot = spec.Slot(random.randrange(EPOCHS * spec.SLOTS_PER_EPOCH))
    data = some(spec.AttestationData)
    data.target.epoch = spec.compute_epoch_at_slot(slot)
    yield entry("attestation", data, lambda: spec.get_attestation_signature(state, data, 1))
    aggregate = some(spec.AggregateAndProof)
    aggregate.aggregate.data.slot = slot
    yield entry("aggregate", aggregate, lambda: spec.get_aggregate_and_proof_signature(state, aggregate, 1))
    yield entry("selection", slot, lambda: spec.get_slot_signature(state, slot, 1))
    block = some(spec.BeaconBlock)
    block.slot = slot
    summary = spec.BeaconBlockHeader(
        slot=slot,
        proposer_index=block.proposer_index,
        parent_root=block.parent_root,
        state_root=block.state_root,
        body_root=hash_tree_root(block.body),
    )
    yield entry("block", summary, lambda: spec.get_block_signature(state, block, 1))
    epoch = spec.compute_epoch_at_slot(slot)
    yield entry("randao", epoch, lambda: spec.get_epoch_signature(state, block, 1))

    state.slot = slot
    message = some(spec.SyncCommitteeMessage)
    message.slot = slot
    head = message.beacon_block_root
    yield entry("sync_message", message, lambda: spec.get_sync_committee_message(state, head, 0, 1))
    choice = some(spec.SyncAggregatorSelectionData)
    choice.slot = slot
    subcommittee = choice.subcommittee_index
    yield entry(
        "sync_selection",
        choice,
        lambda: spec.get_sync_committee_selection_proof(state, slot, subcommittee, 1),
    )
    proof = some(spec.ContributionAndProof)
    proof.contribution.slot = slot
    yield entry("contribution", proof, lambda: spec.get_contribution_and_proof_signature(state, proof, 1))

    deposit = some(spec.DepositMessage)
    yield entry(
        "deposit",
        deposit,
        lambda: spec.is_valid_deposit_signature(
            deposit.pubkey, deposit.withdrawal_credentials, deposit.amount, spec.BLSSignature()
        ),
    )
    leave = spec.SignedVoluntaryExit(message=spec.VoluntaryExit(epoch=random.randrange(EPOCHS)))
    old = old_enough(spec, state)
    yield entry("exit", leave.message, lambda: spec.process_voluntary_exit(old, leave))
    # The builder specification: a domain type of its own, and no chain but the version of its genesis.
    registration = some(registrations(spec)[0][1])
    domain = spec.compute_domain(spec.DomainType("0x00000001"))
    root = hexed(spec.compute_signing_root(registration, domain))
    yield {"what": "registration", "ssz": hexed(serialize(registration)), "signing_root": root}


def old_enough(spec, state):
    """The chain when its only validator may exit."""
    old = state.copy()
    old.slot = (spec.config.SHARD_COMMITTEE_PERIOD + EPOCHS) * spec.SLOTS_PER_EPOCH
    old.validators.append(spec.Validator(exit_epoch=spec.FAR_FUTURE_EPOCH))
    return old


class Reached(Exception):
    """BLS was reached, with this signing root."""


def entry(what, value, call):
    from eth_consensus_specs.utils import bls

    def sign(_privkey, root):
        raise Reached(root)

    def verify(_pubkey, root, _signature):
        raise Reached(root)

    bls.Sign, bls.Verify = sign, verify
    try:
        call()
    except Reached as reached:
        return {"what": what, "ssz": hexed(serialize(value)), "signing_root": hexed(reached.args[0])}
    raise AssertionError(f"nothing was signed for {what}")


def aggregators(spec, random):
    """Who aggregates, in committees of several lengths (0: the sync committee's)."""
    found = []
    for length in [0, 1, 31, 32, 128, 513]:
        spec.get_beacon_committee = lambda *_, length=length: range(length)
        for _ in range(40):
            proof = random.randbytes(96)
            if length == 0:
                answer = spec.is_sync_committee_aggregator(proof)
            else:
                answer = spec.is_aggregator(None, 0, 0, proof)
            found.append({"committee_length": length, "proof": hexed(proof), "aggregates": bool(answer)})
    return found


def subcommittees(spec, random):
    """A validator's positions in the sync committee, and the subnets where it is a member of a subcommittee."""
    pubkey = spec.BLSPubkey(random.randbytes(48))
    state = spec.BeaconState(validators=[spec.Validator(pubkey=pubkey)])
    positions = sorted(random.sample(range(spec.SYNC_COMMITTEE_SIZE), random.randint(1, 4)))
    for position in positions:
        state.current_sync_committee.pubkeys[position] = pubkey
    subnets = spec.compute_subnets_for_sync_committee(state, spec.ValidatorIndex(0))
    return {"positions": positions, "subcommittees": sorted(map(int, subnets))}


def constants(spec):
    """Preset and configuration, as the Beacon API writes them."""
    named = {key: value for key, value in vars(spec).items() if key.isupper()}
    named |= {key: getattr(spec.config, key) for key in spec.config._fields}
    return {
        key: hexed(value) if isinstance(value, bytes) else str(value)
        for key, value in sorted(named.items())
        if isinstance(value, (int, bytes, str))
    }


def hexed(value):
    return "0x" + bytes(value).hex()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
