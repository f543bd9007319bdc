"""``/plan --agent``: an agent that looks but does not touch, must think, and whose plan is taken when it is sound."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from qwen_orch.errors import AgentError, ValidationError
from tests.agents.answers import Answer, call, status, text
from tests.agents.product import Bench, Product

PURPOSES = ("requirements", "architecture", "decomposition", "risks")
GOOD = "# Greeting\n- [ ] Write it (1h)\n  - check: `grep hi hello.txt`\n- [ ] Show it, depends on: Write it (2h)"
CIRCLE = "# Greeting\n- [ ] T1 One, depends on T2\n- [ ] T2 Two, depends on T1"


def thought(number: int, purpose: str, words: str = "I think") -> Answer:
    """Return the model's call that records a thought."""
    told = {"thought": f"{words} of {purpose}", "thoughtNumber": number, "totalThoughts": 4, "purpose": purpose}
    return call("mcp__orch__sequentialthinking", {**told, "nextThoughtNeeded": number < 4})


def submitted(plan: str) -> Answer:
    """Return the model's call that hands in a plan."""
    return call("mcp__orch__submit_plan", {"plan": plan})


def untouched(product: Product) -> bool:
    """Tell whether git sees nothing in the project but our own folder."""
    seen = subprocess.run(["git", "status", "--short"], cwd=product.root, capture_output=True, text=True, check=True)
    return seen.stdout in ("", "?? .qwen/\n")


def test_a_plan_is_refused_until_it_is_thought_about_and_sound(project: Product) -> None:
    """Each refusal names what is missing; the agent may write nothing meanwhile."""
    project.configure({"thinkingDepth": "quick"})
    first, *others = (thought(n, purpose) for n, purpose in enumerate(PURPOSES, 1))
    denied, good = project.write("x.txt", "x"), submitted(GOOD)
    project.model.play([first, good, denied, *others, submitted(CIRCLE), good, text(".")])
    done = project.run("plan", "Build a greeting", "--agent", "--yes")
    assert done.returncode == 0, done.stderr
    assert "[architecture] I think of architecture" in done.stderr  # the thinking streams
    early, _, *_, circle, taken = project.model.requests[-1].results
    assert "3 more thoughts (1 of 4)" in project.model.requests[2].results[1], early
    assert "a thought with the purpose risks" in project.model.requests[2].results[1]
    assert "the plan cannot be taken" in circle
    assert "mend the text, and submit it again" in circle
    assert "cannot be taken" not in taken
    tasks = project.result("list_tasks")["tasks"]
    assert [(t["title"], t["depends_on"]) for t in tasks] == [("Write it", []), ("Show it", ["task-001"])]
    assert project.result("task_status")["orchestration"]["status"] == "draft"
    assert len(project.result("think")["thoughts"]) == 4
    assert untouched(project)


def test_when_the_model_is_down_the_reader_plans_and_says_why(project: Product) -> None:
    project.model.play([status(401, message="no such key")])
    answer = project.told("plan", "- [ ] One\n- [ ] Two\n", "--agent", "--yes")
    assert [t["title"] for t in answer["result"]["tasks"]] == ["One", "Two"]
    assert "qwen made no plan: the model answered 401 no such key; the text is read without it" in answer["warnings"]
    assert untouched(project)


def test_an_agent_that_never_thinks_is_told_once(project: Product) -> None:
    project.model.play([text("Just do it."), text("As I said.")])
    answer = project.told("plan", "- [ ] One\n- [ ] Two\n", "--agent", "--yes")
    reminder = project.model.requests[1].user[-1]
    assert "There is no plan yet. What is missing: 8 more thoughts (0 of 8); a thought with the purpose" in reminder
    assert answer["warnings"][0].startswith("qwen made no plan: it did not think it through: 8 more thoughts (0 of 8)")


def planned(bench: Bench, *lines: str) -> Any:
    """Have the simulator plan as *lines* say; return the outcome."""
    told = "\n".join(f"sim: {line}" for line in lines)
    return bench.run(f"/plan --agent\n- [ ] Only this\n\n{told}\n", yes=True)


THOUGHTS = tuple(f"thought {purpose} I think" for purpose in PURPOSES)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("crash",), "it went away during the turn"),
        (("error 503 it is down",), "the model answered 503 it is down"),
        ((*THOUGHTS[:2], "hang"), "no sign of life for 10 seconds (agent.idleTimeout)"),
    ],
)
def test_an_agent_that_makes_no_plan(bench: Bench, lines: tuple[str, ...], reason: str) -> None:
    """The text is read without it; the thoughts that it had are kept."""
    bench.configure(thinkingDepth="quick", agent__idleTimeout="10s" if "hang" in lines else "60s")
    outcome = planned(bench, *lines)
    assert outcome.error is None
    assert any(one.startswith(f"sim made no plan: {reason}") for one in outcome.warnings), outcome.warnings
    assert [t.title for t in bench.graph.ordered()] == ["Only this"]
    thoughts = next(iter(bench.graph.sessions.values())).thoughts
    assert [t.number for t in thoughts] == list(range(1, len(thoughts) + 1))
    assert len([t for t in thoughts if t.text == "I think"]) == len([one for one in lines if one in THOUGHTS])


@pytest.mark.parametrize("key", ["agent__attemptTokens", "agent__planTokens"])
def test_planning_is_paid_from_both_budgets(bench: Bench, key: str) -> None:
    """It ends politely when either is used up."""
    bench.configure(thinkingDepth="quick", **{key: 20})
    outcome = planned(bench, "tokens 500", "hang", *THOUGHTS, "plan # Shop\\n- [ ] Cart (2h)\\n")
    assert any("sim made no plan: it spent" in one for one in outcome.warnings), outcome.warnings
    assert [t.title for t in bench.graph.ordered()] == ["Only this"]


@pytest.mark.parametrize("lines", [("say I would rather not",), THOUGHTS, (*THOUGHTS, "plan # Empty")])
def test_an_agent_that_stops_short_is_told_once_what_is_missing(bench: Bench, lines: tuple[str, ...]) -> None:
    """The simulator, which then has no lines any more, does what is asked."""
    bench.configure(thinkingDepth="quick")
    assert planned(bench, *lines).warnings == ()
    assert len(bench.graph.tasks) == 3
    assert {t.purpose for t in next(iter(bench.graph.sessions.values())).thoughts} >= set(PURPOSES)


def test_a_plan_in_the_first_round(bench: Bench) -> None:
    bench.configure(thinkingDepth="quick")
    outcome = planned(bench, *THOUGHTS, "plan # Shop\\n- [ ] Cart (2h)\\n- [ ] Till, depends on: Cart\\n")
    assert outcome.warnings == ()
    assert [(t.title, len(t.depends_on)) for t in bench.graph.ordered()] == [("Cart", 0), ("Till", 1)]
    assert bench.graph.root.plan.goal.startswith("- [ ] Only this")  # the person's words stay


def test_a_planner_may_not_touch_anything(bench: Bench) -> None:
    bench.configure(thinkingDepth="quick", agent__mode="default")
    planned(bench, "write a.txt a", "run touch b.txt", *THOUGHTS, "plan # Shop\\n- [ ] Cart\\n")
    assert sorted(one.name for one in bench.root.iterdir()) == [".git", ".qwen"]


def test_without_an_agent_nothing_is_begun(bench: Bench) -> None:
    bench("/config agent.name ''")
    bench.refused("/plan --agent Build", AgentError, yes=True)
    assert not list((bench.root / ".qwen/orchestration").glob("journal/*"))


def test_a_text_that_nobody_can_plan_is_refused_with_both_reasons(bench: Bench) -> None:
    outcome = bench.run("/plan --agent\nOnly prose,\n\non two lines.\n\nsim: crash\n", yes=True)
    assert isinstance(outcome.error, ValidationError)
    assert "no tasks were found" in outcome.error.message
    assert any("it went away" in one for one in outcome.warnings)
