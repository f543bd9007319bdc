# What a person would type. Each command is shown before it runs.
set -eu
PS4='
$ '
set -x

qwen-orch /plan @plan.md
qwen-orch /approve_plan
qwen-orch /new_task --all
qwen-orch /check_completeness
qwen-orch /export_plan markdown --include-progress --output dist/plan-done.md
python3 dist/greeter.pyz --language sw Ada
