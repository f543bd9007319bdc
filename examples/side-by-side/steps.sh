# Three at a time; who waits for whom is in the plan.
set -eu
PS4='
$ '
set -x

qwen-orch /plan @plan.md
qwen-orch /approve_plan
qwen-orch /graph
qwen-orch /new_task --all --jobs 3
cat order-of-work.txt
qwen-orch /task_status
qwen-orch /list_tasks status:blocked --details
qwen-orch /export_plan mermaid --output plan.mmd
