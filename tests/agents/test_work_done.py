"""Work that Qwen Code does: real files, proven by real checks; and claims that are none."""

from __future__ import annotations

import json

from tests.agents.answers import Answer, call, text
from tests.agents.product import Product, by_role, claim, finding, reviews

FIVE = """\
## Build
- [ ] Alpha lays the ground
  - check: `grep -q one alpha.txt`
- [ ] Beta builds on it (depends on: Alpha lays the ground)
  - check: `grep -q one beta.txt`
- [ ] Gamma builds on it too (depends on: Alpha lays the ground)
  - check: `grep -q gamma gamma.txt`
## Ship
- [ ] Delta joins them (depends on: Beta builds on it, Gamma builds on it too)
  - check: `test "$(cat beta.txt gamma.txt)" = "$(cat delta.txt)"`
- [ ] Epsilon ends it (depends on: Delta joins them)
  - check: `test -s epsilon.txt`
"""


PROGRESS, SHELL = "mcp__orch__report_progress", "run_shell_command"
CONTENTS = {"Alpha": "one\n", "Beta": "one\n", "Gamma": "gamma\n", "Delta": "one\ngamma\n", "Epsilon": "end\n"}
BY_EYE = "- [ ] Write a poem\n  - Done when: it rhymes"


def test_five_tasks_in_the_order_of_their_dependencies_two_at_a_time(project: Product) -> None:
    """Each attempt in a session of its own, its reports bound to it; then all of it is proven anew."""

    def worked(name: str) -> list[Answer]:
        wrote = project.write(f"{name.lower()}.txt", CONTENTS[name])
        return [wrote + call(PROGRESS, {"progress": 0.5}), claim(f"{name} is there"), text("That is all.")]

    project.model.play({f"{name} ": worked(name) for name in CONTENTS})
    project.plan(FIVE)
    done = project.result("new_task", "--all", "--jobs", "2", "--yes")
    assert (done["completed"], done["failed"], done["remaining"]) == (5, 0, 0)
    order = [task["id"] for task in done["tasks"]]
    assert (order[0], set(order[1:3]), order[3:]) == ("task-001", {"task-002", "task-003"}, ["task-004", "task-005"])
    for number, name in enumerate(CONTENTS, 1):
        session = project.session(f"task-00{number}")
        assert (session["activity"]["claim"], session["task"]) == (f"{name} is there", f"task-00{number}")
        assert [one["kind"] for one in session["activity"]["actions"]] == ["edit"]  # reports tell themselves
        assert session["activity"]["usage"]["requests"] == 3
    beta, gamma = (project.model.of(f"{name} ") for name in ("Beta", "Gamma"))
    assert beta[0].arrived < gamma[-1].arrived  # they overlapped
    assert gamma[0].arrived < beta[-1].arrived
    assert project.run("check_completeness").returncode == 0


def test_a_check_that_fails_is_shown_to_the_second_attempt(project: Product) -> None:
    """In a fresh session, with what the check printed."""
    wrong, right = project.write("a.txt", "wrong\n"), call(SHELL, {"command": "echo right > a.txt"})
    project.model.play([wrong, claim("first"), text("."), right, claim("second"), text(".")])
    project.plan("- [ ] Write it\n  - check: `grep right a.txt || { echo it says; cat a.txt; false; }`")
    assert project.result("new_task", "--yes")["task"]["status"] == "completed"
    assert [outcome for outcome, _ in project.attempts()] == ["claimed", "claimed"]
    retried = project.model.requests[3]
    assert "it says\nwrong" in retried.user[-1]
    assert len(retried.messages) == len(project.model.requests[0].messages)
    detail = project.session()["activity"]["requests"][0]
    assert (detail["detail"], detail["by"], detail["allowed"]) == ("echo right > a.txt", "--yes", True)


def test_a_sure_review_completes_what_no_command_can_check(project: Product) -> None:
    """The reviewer may not change anything, and knows no word of the worker's."""
    wrote = project.write("poem.txt", "roses\n")
    looks = [project.write("poem.txt", "better\n"), finding(1, True, 0.95, "poem.txt:1 rhymes"), text("I looked.")]
    decided = call("mcp__orch__record_decision", {"decision": "SECRETDECISION", "why": "SECRETWHY"})
    worker = [text("SECRETWORDS") + wrote, decided, claim("SECRETCLAIM"), text("SECRETEND")]
    project.model.play(by_role(worker, looks))
    project.plan(BY_EYE)
    done = project.result("new_task", "--yes")
    assert (done["task"]["status"], (project.root / "poem.txt").read_text()) == ("completed", "roses\n")
    review = next(one for one in done["evidence"] if one["kind"] == "review")
    assert (review["passed"], review["confidence"], review["output"]) == (True, 0.95, "poem.txt:1 rhymes")
    asked = [one for one in project.model.requests if reviews(one)]
    assert len(asked) == 3
    assert not [one for one in asked if "SECRET" in json.dumps(one.body)]
    assert "poem.txt" in asked[0].user[-1]
    assert "mcp__orch__claim_done" not in asked[0].tools
