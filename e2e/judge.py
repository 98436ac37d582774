#!/usr/bin/env python3
"""Judges what of the duties of the cluster's validators was done, by the chain and by what its beacon node accepted.

judge.py URL --record FILE    notes each epoch's duties while the chain runs: beacon nodes forget them
judge.py URL --judge FILE --witness FILE --ours FIRST-LAST [--leaving INDEX,…] [--first-epoch 1] [--last-epoch N] [--others-aggregate]
                              exit code 0 only if nothing is missing and the chain finalizes

The chain tells attestations, blocks and sync committee bits by validator. Who aggregated it does not tell: that says
the witness between cluster and beacon node (`witness.py`), of each aggregate and contribution that the beacon node
accepted, by its aggregator. Unless --others-aggregate is said nobody else aggregates, and the chain tells it, too: a
vote gets into a block by an aggregate only, so committees without a member of ours must not be on chain.

Committees have to be small (fewer than 32 members, sync subcommittees fewer than 32), as on the minimal preset: then
each member is an aggregator.
"""
import argparse
import json
import sys
import time
import urllib.error
import urllib.request

SLOTS_PER_EPOCH = 8
SUBCOMMITTEES = 4


def ask(path):
    try:
        with urllib.request.urlopen(arguments.url + path, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def bits(text, bitlist):
    raw = bytes.fromhex(text.removeprefix("0x"))
    listed = [raw[i // 8] >> (i % 8) & 1 for i in range(len(raw) * 8)]
    if bitlist:
        while not listed.pop():
            pass
    return listed


def set_bits(text):
    return [index for index, bit in enumerate(bits(text, False)) if bit]


def record(path):
    """Appends the duties of the running epoch, again and again: a reorganisation may change them early on."""
    while True:
        try:
            noted = duties()
            with open(path, "a") as file:
                file.write(json.dumps(noted) + "\n")
        except (OSError, KeyError, ValueError) as error:
            print(error, file=sys.stderr)
        time.sleep(4)


def duties():
    epoch = int(ask("/eth/v1/beacon/headers/head")["header"]["message"]["slot"]) // SLOTS_PER_EPOCH
    state = "/eth/v1/beacon/states/head"
    return {
        "epoch": epoch,
        "committees": ask(f"{state}/committees?epoch={epoch}"),
        "proposers": ask(f"/eth/v1/validator/duties/proposer/{epoch}"),
        "sync_committee": ask(f"{state}/sync_committees?epoch={epoch}")["validators"],
    }


class Record:
    """What was due: committees by (slot, index), proposers by slot, sync committees by epoch."""

    def __init__(self, path):
        self.committees, self.proposers, self.sync_committees = {}, {}, {}
        with open(path) as file:
            for line in file:
                self.add(json.loads(line))

    def add(self, noted):
        for committee in noted["committees"]:
            place = int(committee["slot"]), int(committee["index"])
            self.committees[place] = [int(validator) for validator in committee["validators"]]
        for duty in noted["proposers"]:
            self.proposers[int(duty["slot"])] = int(duty["validator_index"])
        self.sync_committees[noted["epoch"]] = [int(validator) for validator in noted["sync_committee"]]

    def attesters(self, slots):
        return {(s, i, v) for (s, i), members in self.committees.items() if s in slots for v in members}

    def sync_members(self, slot):
        """(position, validator) of the committee whose bits the block of this slot carries."""
        return list(enumerate(self.sync_committees.get(slot // SLOTS_PER_EPOCH, [])))

    def contributions(self, slots):
        """(slot, subcommittee, validator) of the contributions due of our members."""
        members = ((slot, position, v) for slot in slots for position, v in self.sync_members(slot + 1) if is_ours(v))
        return {(slot, position // self.subcommittee_size(slot + 1), v) for slot, position, v in members}

    def subcommittee_size(self, slot):
        return len(self.sync_committees[slot // SLOTS_PER_EPOCH]) // SUBCOMMITTEES


def votes_in(block, committees):
    """(slot, committee, validator) of every vote in the block."""
    for attestation in block["message"]["body"]["attestations"]:
        slot = int(attestation["data"]["slot"])
        voted = bits(attestation["aggregation_bits"], True)
        for index in set_bits(attestation["committee_bits"]):
            members = committees.get((slot, index), [])
            yield from ((slot, index, member) for member, vote in zip(members, voted) if vote)
            voted = voted[len(members):]


def accepted(path, ending):
    """The items that the beacon node took: of a batch it answers with 400 it names those it did not take."""
    with open(path) as file:
        for line in map(json.loads, file):
            if line["method"] == "POST" and line["path"].split("?")[0].endswith(ending):
                refused = refusals(line)
                yield from (item["message"] for index, item in enumerate(line["body"]) if index not in refused)


def refusals(line):
    answer = line.get("answer")
    if line["status"] == 200:
        return []
    listed = answer.get("failures") if line["status"] == 400 and isinstance(answer, dict) else None
    return [int(failure["index"]) for failure in listed] if listed else range(len(line["body"]))


def aggregates(path):
    for message in accepted(path, "/aggregate_and_proofs"):
        for index in set_bits(message["aggregate"]["committee_bits"]):
            yield int(message["aggregate"]["data"]["slot"]), index, int(message["aggregator_index"])


def contributions(path):
    for message in accepted(path, "/contribution_and_proofs"):
        contribution = message["contribution"]
        yield int(contribution["slot"]), int(contribution["subcommittee_index"]), int(message["aggregator_index"])


def blocks_until(head):
    found = ((slot, ask(f"/eth/v2/beacon/blocks/{slot}")) for slot in range(head + 1))
    return {slot: block for slot, block in found if block}


def is_ours(validator):
    first, last = map(int, arguments.ours.split("-"))
    return first <= validator <= last


def rows(due, blocks, slots):
    """Name, what was expected and what was seen of each duty type, as sets of (slot, …, validator)."""
    attesters = due.attesters(slots)
    ours = {place for place in attesters if is_ours(place[-1])}
    votes = {vote for block in blocks.values() for vote in votes_in(block, due.committees)}
    yield "attestations", ours, votes
    yield "aggregates", ours, set(aggregates(arguments.witness))
    with_ours = {place[:2] for place in ours}
    yield "votes of their committees", {place for place in attesters if place[:2] in with_ours}, votes
    proposals = {(slot, v) for slot, v in due.proposers.items() if slot in slots and is_ours(v)}
    built = {slot: (slot, int(block["message"]["proposer_index"])) for slot, block in blocks.items()}
    yield "blocks", proposals, set(built.values())
    paid = {built[slot] for slot, block in blocks.items() if fee_recipient(block) == arguments.fee_recipient}
    yield "fee recipients", proposals, paid
    members = {(slot, *member) for slot in slots if slot in blocks for member in due.sync_members(slot)}
    signed = {slot: set_bits(sync_aggregate(block)["sync_committee_bits"]) for slot, block in blocks.items()}
    signers = {member for member in members if member[1] in signed[member[0]]}
    yield "sync committee bits", {member for member in members if is_ours(member[-1])}, signers
    yield "sync committee bits, all", members, signers
    yield "contributions", due.contributions(slots), set(contributions(arguments.witness))
    if arguments.leaving:
        yield "exits", {(int(validator),) for validator in arguments.leaving.split(",")}, exits(blocks)


def exits(blocks):
    signed = (exit for block in blocks.values() for exit in block["message"]["body"]["voluntary_exits"])
    return {(int(exit["message"]["validator_index"]),) for exit in signed}


def stowaways(due, blocks, slots):
    """Votes on chain of committees without a member of ours: somebody else aggregated."""
    attesters = due.attesters(slots)
    with_ours = {place[:2] for place in attesters if is_ours(place[-1])}
    votes = {vote for block in blocks.values() for vote in votes_in(block, due.committees)}
    return {place for place in attesters & votes if place[:2] not in with_ours}


def fee_recipient(block):
    return block["message"]["body"]["execution_payload"]["fee_recipient"].lower()


def sync_aggregate(block):
    return block["message"]["body"]["sync_aggregate"]


def main():
    head = int(ask("/eth/v1/beacon/headers/head")["header"]["message"]["slot"])
    last = arguments.last_epoch if arguments.last_epoch is not None else head // SLOTS_PER_EPOCH - 2
    slots = range(arguments.first_epoch * SLOTS_PER_EPOCH, (last + 1) * SLOTS_PER_EPOCH)
    due, blocks = Record(arguments.judge), blocks_until(head)
    failed, details = 0, []
    print(f"epochs {arguments.first_epoch} to {last}, validators {arguments.ours}")
    print(f"{'duty type':26} {'expected':>9} {'seen':>9} {'missing':>9}")
    for name, expected, seen in rows(due, blocks, slots):
        missing = expected - seen
        print(f"{name:26} {len(expected):9} {len(expected & seen):9} {len(missing):9}")
        failed += len(missing) if expected else 1
        details += [f"missing {name}: {sorted(missing)[:16]}"] if missing else []
    if not arguments.others_aggregate and (others := stowaways(due, blocks, slots)):
        failed += len(others)
        details.append(f"aggregated by others: {sorted(others)[:16]}")
    print(*details, sep="\n")
    empty = [slot for slot in slots if slot not in blocks]
    finalized = int(ask("/eth/v1/beacon/states/head/finality_checkpoints")["finalized"]["epoch"])
    print(f"head slot {head}, empty slots {empty}, finalized epoch {finalized}, wrong {failed}")
    return 0 if failed == 0 and not empty and finalized > 0 else 1


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--record")
parser.add_argument("--judge")
parser.add_argument("--witness")
parser.add_argument("--ours", default="0-15")
parser.add_argument("--leaving")
parser.add_argument("--fee-recipient", default="0x" + 19 * "00" + "aa")
parser.add_argument("--first-epoch", type=int, default=1)
parser.add_argument("--last-epoch", type=int)
parser.add_argument("--others-aggregate", action="store_true")
arguments = parser.parse_args()
sys.exit(record(arguments.record) if arguments.record else main())
