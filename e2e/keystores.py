#!/usr/bin/env python3
"""Lays a node's keystores out as Lodestar's validator client wants them: keystores.py FROM DATA_DIR."""
import json
import pathlib
import sys

source, data = map(pathlib.Path, sys.argv[1:3])
(data / "secrets").mkdir(parents=True, exist_ok=True)
for keystore in sorted(source.glob("keystore-*.json")):
    text = keystore.read_text()
    key = "0x" + json.loads(text)["pubkey"].removeprefix("0x")
    (data / "keystores" / key).mkdir(parents=True, exist_ok=True)
    (data / "keystores" / key / "voting-keystore.json").write_text(text)
    (data / "secrets" / key).write_text(keystore.with_suffix(".txt").read_text().rstrip("\n"))
