# A goal of one line becomes a plan of the house's own making.
set -eu
PS4='
$ '
set -x

mkdir -p .qwen/orchestration/playbooks
cp newsletter.md .qwen/orchestration/playbooks/

qwen-orch /plan "Write the newsletter with prices, people and places"
qwen-orch /list_tasks --tree --details
qwen-orch /approve_plan
qwen-orch /complete_task 1 "Three pieces, one page each"

mkdir -p text
for topic in prices people places; do echo "About $topic." >"text/$topic.md"; done
for task in 2 3 4; do qwen-orch /complete_task "$task" written; done

qwen-orch /new_task --all
qwen-orch /check_completeness
cat issue.md
