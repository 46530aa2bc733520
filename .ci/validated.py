"""Fails on what a SARIF validator found in our report: errors, and warnings that could be avoided."""

import collections
import json
import sys

with open(sys.argv[1], encoding="utf-8-sig") as file:
    run = json.load(file)["runs"][0]
found = collections.Counter()
example = {}
for result in run.get("results", []):
    key = (result.get("level", "warning"), result["ruleId"])
    found[key] += 1
    example.setdefault(key, json.dumps(result.get("message", {}))[:300])
for (level, rule), count in sorted(found.items()):
    print(f"{level} {rule} x{count}: {example[level, rule]}")
bad = [key for key in found if key[0] in ("error", "warning")]
sys.exit(f"error: the validator found {bad}" if bad else 0)
