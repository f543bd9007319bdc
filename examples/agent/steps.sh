# What a person would type. Each command is shown before it runs.
set -eu
PS4='
$ '
set -x

git init -q .
qwen-orch /config agent.name sim
qwen-orch /config permissions '["allow edit *.py"]'
qwen-orch /plan @plan.md
qwen-orch /approve_plan
qwen-orch /new_task --all || test $? = 1
qwen-orch /task_status T3
echo 'store.sign("Ada") signs, page.html() shows.' > README.txt
qwen-orch /complete_task T3 "written by hand"
qwen-orch /check_completeness
