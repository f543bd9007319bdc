"""Prints the number of the newest thought, from the answer of ``qwen-orch --json /think TEXT`` on standard input."""

import json
import sys

print(json.load(sys.stdin)["result"]["thoughts"][-1]["number"])
