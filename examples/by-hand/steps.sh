# Nothing here is run by a machine: a person works, and the program remembers.
set -eu
PS4='
$ '
set -x

qwen-orch /plan @interviews.md --title "Payment interviews"
qwen-orch /approve_plan

# Work on the first task: notes and decisions stay with its session.
qwen-orch /new_task
qwen-orch /note "The survey of May asked 'was it too slow?': that suggests the answer."
qwen-orch /decide "Ask what they did, never what they think" --why "people explain away what they did"
qwen-orch /complete_task 1 "Six questions, none of them leading"

# Thinking goes on beside it, step by step; nothing is overwritten.
number=$(qwen-orch --json /think "People leave because the page is slow." | python3 newest.py)
qwen-orch /think "The logs show no slow pages: it is the moment the price appears." --revises "$number"
qwen-orch /think "Showing the price earlier would only move the loss." --branch price --from "$((number + 1))"
qwen-orch /think "Then ask where they first saw the whole price." --done
qwen-orch /think

# One step too far is taken back; the journal keeps both.
qwen-orch /cancel_task 2 "we know enough"
qwen-orch /undo
qwen-orch /list_tasks

# Another day: where was I?
qwen-orch /resume session-payment
qwen-orch /context
