"""Claims that are not believed, work that is not claimed, and reviews: what becomes of the task and its next attempt.

The simulator does what the lines of the task say; Qwen Code where its own ways matter.
"""

from __future__ import annotations

import json
import re

import pytest

from qwen_orch.errors import AgentError
from tests.agents.answers import text
from tests.agents.product import PATIENCE, Bench, Product, claim, soon


def test_a_claim_without_work_is_tried_again_with_that_said_and_then_left_to_the_person(bench: Bench) -> None:
    bench.planned("lie all done")
    assert bench("/new_task --yes").exit_code == 1
    assert "attempt 1 did not succeed: trying again with what was found" in bench.door.lines("task-001")
    assert bench.attempts() == [("suspicious", "claimed, but nothing changed")] * 2
    assert bench.task(1).status == "failed"
    assert "suspicious: claimed, but nothing changed" in bench.brief()


def test_work_that_the_agent_committed_is_work(bench: Bench) -> None:
    commit = "git add done.txt && git -c user.name=t -c user.email=t@t commit -qm done"
    bench.planned("write done.txt x", f"run {commit}", "claim committed it", criterion="check: `test -e done.txt`")
    assert bench("/new_task --yes").exit_code == 0
    (work,) = [seen for seen in bench.task(1).evidence if seen.kind == "work"]
    assert work.files == ("done.txt",)


def test_qwen_that_never_claims_is_reminded_once_in_the_same_session(project: Product) -> None:
    project.configure({"maxAttempts": 1})
    project.model.play([text("All is well."), text("I have nothing to say.")])
    project.plan("- [ ] Do something")
    assert project.run("new_task", "--yes").returncode == 1
    assert project.attempts() == [("suspicious", "no report: it ended its turn and claimed nothing")]
    second = project.model.requests[1]
    assert "You ended your turn, but did not report" in second.user[-1]
    assert second.messages[-2]["content"] == "All is well."


def test_a_claim_after_the_reminder_counts(project: Product) -> None:
    project.model.play([project.write("a.txt", "a"), text("Written."), claim("a.txt is there"), text("Sorry.")])
    project.plan("- [ ] Write it\n  - check: `test -s a.txt`")
    assert project.result("new_task", "--yes")["task"]["status"] == "completed"


@pytest.mark.parametrize(
    ("line", "ending"),
    [
        ("truncate", ("suspicious", "truncated output: the model ran out of room, and nothing was claimed")),
        ("refuse", ("failed", "the model refused to go on")),
        ("loop true", ("failed", r"it made the same call ([4-9]|\d\d+) times: Shell: true \(agent.maxRepeats\)")),
        ("sleep 30", ("timed_out", r"it took more than 4 seconds \(agent.timeout\)")),
    ],
)
def test_a_turn_that_goes_nowhere_is_a_failure_with_a_name(bench: Bench, line: str, ending: tuple[str, str]) -> None:
    bench.configure(maxAttempts=1, agent__maxRepeats=4, agent__timeout="4s" if "sleep" in line else "60s")
    bench.planned(line)
    assert bench("/new_task --yes").exit_code == 1
    ((outcome, detail),) = bench.attempts()
    assert outcome == ending[0]
    assert re.fullmatch(ending[1], detail)


def test_too_many_calls_end_the_attempt(bench: Bench) -> None:
    bench.configure(maxAttempts=1, agent__maxCalls=3)
    bench.planned(*(f"run echo {n}" for n in range(9)))
    assert bench("/new_task --yes").exit_code == 1
    assert bench.attempts() == [("failed", "it made more than 3 tool calls (agent.maxCalls)")]


def test_a_review_that_finds_it_not_met_is_a_failure_and_told_to_the_next(bench: Bench) -> None:
    lines = "run date +%N >> poem.txt", "claim it rhymes", "review finding 1 no 0.9 nothing rhymes with roses"
    bench.planned(*lines, criterion="Done when: it rhymes")
    assert bench("/new_task --yes").exit_code == 1
    assert [outcome for outcome, _ in bench.attempts()] == ["claimed", "claimed"]
    assert bench.task(1).status == "failed"
    assert "nothing rhymes with roses" in bench.brief()


@pytest.mark.parametrize(("confidence", "status"), [("0.95", "completed"), ("0.5", "claimed")])
def test_a_review_counts_when_it_is_sure(bench: Bench, confidence: str, status: str) -> None:
    lines = "write poem.txt roses", "claim it rhymes", f"review finding 1 yes {confidence} it does"
    bench.planned(*lines, criterion="Done when: it rhymes")
    assert bench("/new_task --yes").task.status == status
    assert bench("/check_completeness").exit_code == (0 if status == "completed" else 4)


def test_a_review_that_gives_out_leaves_the_claim(bench: Bench) -> None:
    bench.planned("write poem.txt roses", "claim it rhymes", "review crash", criterion="Done when: it rhymes")
    assert bench("/new_task --yes").exit_code == 0
    assert any("the review gave out" in line for line in bench.door.lines("task-001"))
    assert bench.task(1).status == "claimed"


def test_a_review_ends_when_its_task_is_cancelled_elsewhere(simulated: Product) -> None:
    lines = "  sim: write a.txt a\n  sim: claim it is there\n  sim: review hang"
    simulated.plan(f"- [ ] Do something\n  - Done when: it is good\n\n{lines}")
    work = simulated.begin("new_task", "--yes", "--json")
    assert soon(lambda: "verification active" in sessions(simulated) and simulated.pids("qwen_orch mcp"))
    simulated.result("cancel_task", "task-001")
    told = json.loads(work.communicate(timeout=PATIENCE)[0])
    assert told["error"]["type"] == "StateTransitionError"
    simulated.nothing_is_left()
    assert "verification failed" in sessions(simulated)


def sessions(project: Product) -> list[str]:
    """Return the kind and the state of each session."""
    return [f"{one['type']} {one['state']}" for one in project.result("sessions")["sessions"]]


def test_an_attempt_that_used_up_its_tokens_stops_politely_and_goes_on_with_more(bench: Bench) -> None:
    bench.configure(agent__attemptTokens=1000)
    bench.planned("write a.txt a", "tokens 5000", "await ../more", "claim it is there")
    refused = bench.refused("/new_task --yes", AgentError)
    assert "it spent 5,000 of 1,000 tokens" in refused.message
    assert refused.hints[0] == "/config agent.attemptTokens 2000"
    assert [outcome for outcome, _ in bench.attempts()] == ["cancelled"]
    bench.configure(agent__attemptTokens=100_000)
    (bench.root.parent / "more").touch()
    assert bench("/new_task task-001 --yes").task.status == "claimed"


def test_a_plan_that_used_up_its_tokens_begins_nothing(bench: Bench) -> None:
    bench.configure(agent__planTokens=4000, maxAttempts=1)
    bench.planned("write a.txt a", "tokens 5000", "sleep 300", "claim it is there")
    stopped = bench.refused("/new_task --yes", AgentError)
    assert "it spent 5,000 of 4,000 tokens" in stopped.message
    assert stopped.hints[0] == "/config agent.planTokens 8000"
    before = bench.attempts()
    refused = bench.refused("/new_task task-001 --yes", AgentError)
    assert refused.message == "the plan has used up its 4,000 tokens (agent.planTokens)"
    assert bench.attempts() == before


def test_the_log_of_an_attempt_is_kept(bench: Bench) -> None:
    bench.planned("say I begin", "write a.txt a", "claim it is there")
    bench("/new_task --yes")
    log = bench.project.layout.log(bench.task(1).attempts[0].session)
    assert "I begin" in log.read_text()
