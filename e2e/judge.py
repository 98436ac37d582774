#!/usr/bin/env python3
"""Judges from a beacon node's API what of the duties of validators 0 to 15 is on chain.

judge.py URL --record FILE    notes each epoch's committees while the chain runs: beacon nodes forget them
judge.py URL --judge FILE [--first-epoch 1] [--last-epoch N]
                              exit code 0 only if nothing is missing and the chain finalizes
"""
import argparse
import json
import sys
import time
import urllib.error
import urllib.request

OURS = range(16)
SLOTS_PER_EPOCH = 8


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


def record(path):
    """Appends the committees of the running epoch, again and again: a reorganisation may change them early on."""
    while True:
        try:
            listed = ask("/eth/v1/beacon/states/head/committees")
            with open(path, "a") as file:
                file.write(json.dumps(listed) + "\n")
        except OSError as error:
            print(error, file=sys.stderr)
        time.sleep(4)


def recorded(path):
    committees = {}
    with open(path) as file:
        for line in file:
            for committee in json.loads(line):
                place = int(committee["slot"]), int(committee["index"])
                committees[place] = [int(validator) for validator in committee["validators"]]
    return committees


def attesters_in(block, committees):
    """(slot, validator) of every vote in the block."""
    for attestation in block["message"]["body"]["attestations"]:
        slot = int(attestation["data"]["slot"])
        voted = bits(attestation["aggregation_bits"], True)
        for index, is_in in enumerate(bits(attestation["committee_bits"], False)):
            if is_in:
                members = committees.get((slot, index), [])
                yield from ((slot, member) for member, vote in zip(members, voted) if vote)
                voted = voted[len(members):]


def main():
    head = int(ask("/eth/v1/beacon/headers/head")["header"]["message"]["slot"])
    last = arguments.last_epoch if arguments.last_epoch is not None else head // SLOTS_PER_EPOCH - 2
    committees = recorded(arguments.judge)
    due = {(slot, v) for (slot, _), members in committees.items() for v in members if v in OURS}
    voted, proposers = set(), {}
    for slot in range(head + 1):
        block = ask(f"/eth/v2/beacon/blocks/{slot}")
        if block:
            voted.update(attesters_in(block, committees))
            proposers[slot] = int(block["message"]["proposer_index"])
    missing = 0
    for epoch in range(arguments.first_epoch, last + 1):
        slots = range(epoch * SLOTS_PER_EPOCH, (epoch + 1) * SLOTS_PER_EPOCH)
        expected = {(slot, v) for slot, v in due if slot in slots}
        empty = [slot for slot in slots if slot not in proposers]
        ours = sum(1 for slot in slots if proposers.get(slot) in OURS)
        missing += len(expected - voted) + len(empty)
        print(f"epoch {epoch}: attestations {len(expected & voted)}/{len(expected)}, our blocks {ours}, empty slots {empty}")
    finalized = int(ask("/eth/v1/beacon/states/head/finality_checkpoints")["finalized"]["epoch"])
    print(f"head slot {head}, finalized epoch {finalized}, missing {missing}")
    return 0 if missing == 0 and finalized > 0 else 1


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--record")
parser.add_argument("--judge")
parser.add_argument("--first-epoch", type=int, default=1)
parser.add_argument("--last-epoch", type=int)
arguments = parser.parse_args()
sys.exit(record(arguments.record) if arguments.record else main())
