# A release of which a script does what commands can do, and a person the rest.
set -eu
PS4='
$ '
set -x

qwen-orch --script release.orch

# The gate: 4 means that something is missing, so nothing is published yet.
code=0
qwen-orch --json /check_completeness >gate.json || code=$?
test "$code" -eq 4
python3 missing.py gate.json

# A person does it, and says so.
qwen-orch /new_task T4
qwen-orch /complete_task T4 "Announced on the mailing list"
qwen-orch /check_completeness
