#!/bin/sh
# What a CI job runs: is everything that plan.md says is done really done?
# Exit code 0: yes. 4: no, and report.md says what is missing. Anything else: the gate itself is broken.
set -eu

qwen-orch --json --yes /plan @plan.md >plan.json
qwen-orch --json /approve_plan >approved.json
code=0
qwen-orch --json /check_completeness --report report.md >gate.json || code=$?
python3 annotate.py gate.json
exit "$code"
