"""Prints a line for each criterion that failed, in the form that a code host shows beside a change."""

import json
import sys
from pathlib import Path

answer = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
if not answer["ok"]:
    raise SystemExit(f"::error::{answer['error']['type']}: {answer['error']['message']}")
found = answer["result"]
for criterion in found["criteria"]:
    if criterion["status"] == "failed":
        print(f"::error::{criterion['task']}: {criterion['text']} ({criterion['check']})")
print(f"{found['progress']['done']} of {found['progress']['total']} tasks are proven")
