"""Qwen Code with a model that never comes to an end: stopped by the limit it ran into, which is named; work is kept."""

from __future__ import annotations

import re

from tests.agents.answers import Answer, call, text
from tests.agents.openai_model import Request
from tests.agents.product import Product, claim

PLAN = "- [ ] Write it\n  - check: `test -s a.txt`"
TOOLS = "glob", "grep_search"
NEXT = "next: /new_task task-001"


def test_the_same_call_for_ever_and_the_next_attempt_is_told(project: Product) -> None:
    """What the first one wrote is still there for the second, which does better."""
    again = call("glob", {"pattern": "*.txt"})

    def first(request: Request) -> Answer:
        return again if request.results else project.write("note.txt", "n")

    second = iter([project.write("a.txt", "a"), claim("it is there"), text(".")])

    def model(request: Request) -> Answer:
        return next(second) if "it made the same call" in request.user[-1] else first(request)

    project.configure({"agent.maxRepeats": 5})
    project.model.play(model)
    project.plan(PLAN)
    assert project.result("new_task", "--yes")["task"]["status"] == "completed"
    (failed, why), claimed = project.attempts()
    assert (failed, claimed[0]) == ("failed", "claimed")
    assert re.fullmatch(r"it made the same call \d+ times: .*\(agent\.maxRepeats\)", why)
    assert sorted(one.name for one in project.root.glob("*.txt")) == ["a.txt", "note.txt"]


def test_ever_other_calls(project: Product) -> None:
    def model(request: Request) -> Answer:
        other = call(TOOLS[request.number % 2], {"pattern": f"word{request.number}"})
        return other if request.results else project.write("note.txt", "n")

    project.configure({"agent.maxCalls": 6, "maxAttempts": 1})
    project.model.play(model)
    project.plan(PLAN)
    done = project.run("new_task", "--yes")
    assert (done.returncode, NEXT in done.stdout) == (1, True)
    assert project.attempts() == [("failed", "it made more than 6 tool calls (agent.maxCalls)")]
    assert (project.root / "note.txt").read_text() == "n"


def test_words_for_ever(project: Product) -> None:
    """It is alive all the time, so only its whole time ends it; a slow machine needs more of that to get so far."""

    def model(request: Request) -> Answer:
        return text("and so on\n" * 99_999, every=0.05) if request.results else project.write("note.txt", "n")

    project.configure({"maxAttempts": 1})
    project.model.play(model)
    project.plan(PLAN)
    for seconds in (10, 40, 160):
        project.configure({"agent.timeout": f"{seconds}s"})
        done = project.run("new_task", "task-001", "--yes")
        if "and so on" in done.stderr:
            break
    assert (done.returncode, NEXT in done.stdout, "and so on" in done.stderr) == (1, True, True)
    project.model.wait_until_quiet()
    assert project.attempts()[-1] == ("timed_out", f"it took more than {seconds} seconds (agent.timeout)")
    assert (project.root / "note.txt").read_text() == "n"
