"""A plan that an agent hands in: what is missing in its thinking, what is wrong with its text, what becomes of it."""

from __future__ import annotations

import pytest
from attrs import evolve

from qwen_orch.errors import OrchError, StateTransitionError, ValidationError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.rules import check
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.plan import Decision, Orchestration, Plan, PlanStatus
from qwen_orch.model.session import Session, SessionKind, Thought
from qwen_orch.planning.adopt import manifest
from qwen_orch.planning.reader import read
from qwen_orch.planning.submission import REQUIRED, faultless, missing_thinking, submitted
from tests.strategies import T0

TEXT = """# Shop
## Requirements
- It is fast
## Build
- [ ] Catalogue (2h)
- [ ] Cart (3h)
  - depends on: Catalogue
"""
ROOT = Orchestration(OrchestrationId("orch-a-bbbb"), "sell things", Plan("sell things, online"))


def thinking(*purposes: str) -> Session:
    """Return a session with one thought a purpose."""
    thoughts = tuple(Thought(n, f"thought {n}", p, at=T0) for n, p in enumerate(purposes, 1))
    session = SessionId("session-a-cccc")
    return Session(session, SessionKind.PLANNING, "a", ROOT.id, thoughts=thoughts)


def after(graph: Graph, events: list[e.Event]) -> Graph:
    """Return *graph* after *events*, each of which is legal."""
    for event in events:
        check(graph, event)
        graph = apply(graph, event, T0)
    return graph


def test_exactly_what_is_missing_is_named() -> None:
    """The number and the purposes, in words an agent can act on."""
    assert missing_thinking(thinking(), 4) == (
        "4 more thoughts (0 of 4)",
        *(f"a thought with the purpose {p}" for p in REQUIRED),
    )
    some = thinking("requirements", "", "risks")
    assert missing_thinking(some, 4) == (
        "1 more thought (3 of 4)",
        "a thought with the purpose architecture",
        "a thought with the purpose decomposition",
    )


def test_enough_is_enough() -> None:
    """Both the number and the purposes count; more of either does no harm."""
    assert missing_thinking(thinking(*REQUIRED), 4) == ()
    assert missing_thinking(thinking(*REQUIRED), 8) == ("4 more thoughts (4 of 8)",)
    assert missing_thinking(thinking("", "review", *REQUIRED, "estimates"), 4) == ()


def test_the_text_becomes_the_plan_and_the_goal_stays() -> None:
    """In one step; what the person asked for is not reworded by the agent."""
    before = Graph(evolve(ROOT, plan=evolve(ROOT.plan, requirements=("kept",), decisions=(Decision("sqlite"),))))
    graph = after(before, submitted(before, TEXT, None, T0))
    plan = graph.root.plan
    assert (plan.goal, plan.status, graph.root.title) == ("sell things, online", PlanStatus.DRAFT, "sell things")
    assert plan.requirements == ("kept", "It is fast")
    assert plan.decisions == (Decision("sqlite"),)
    assert tuple(graph.ordered()) == manifest(read(TEXT), T0)
    assert not any(t.approved for t in graph.ordered())


def test_a_goal_that_nobody_gave_is_that_of_the_text() -> None:
    """An empty goal is no goal."""
    before = Graph(evolve(ROOT, plan=Plan("")))
    assert after(before, submitted(before, TEXT, None, T0)).root.plan.goal == read(TEXT).goal


def test_nothing_is_replaced() -> None:
    """Neither tasks that are there, nor a plan that is no draft."""
    full = after(Graph(ROOT), submitted(Graph(ROOT), TEXT, None, T0))
    reset = Graph(evolve(ROOT, plan=evolve(ROOT.plan, status=PlanStatus.RESET)))
    for graph in (full, reset):
        with pytest.raises(StateTransitionError, match="has a plan already"):
            submitted(graph, TEXT, None, T0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["the plan is empty"]),
        ("Just a paragraph about nothing in particular.", ["no tasks were found"]),
        ("- [ ] T1 A, depends on: T2\n- [ ] T2 B, depends on: T1\n", ["wait for one another", "T1", "T2"]),
        (
            "- [ ] A\n  - estimate: 900000w\n- [ ] B\n  - estimate: 900000w\n- [ ] C\n",
            ["task-001 has a number", "task-002 has a number"],
        ),
        (
            "".join(f"- [ ] T{a} A, depends on: T{b}\n" for a, b in ((1, 2), (2, 1), (3, 4), (4, 3))),
            ["T1", "T2", "T3", "T4"],
        ),
        (
            "- [ ] T1 A, depends on: T2\n  - estimate: 900000w\n- [ ] T2 B, depends on: T1\n",
            ["wait for one another", "task-001 has a number"],
        ),
    ],
)
def test_every_fault_is_named(text: str, said: list[str]) -> None:
    """So that one round of repair can be enough."""
    with pytest.raises(ValidationError) as refused:
        submitted(Graph(ROOT), text, None, T0)
    assert [words for words in said if words not in refused.value.message] == []
    assert "--break-cycles" not in f"{refused.value.message} {refused.value.hints}"


def test_a_hundred_faults_are_counted_but_not_all_told() -> None:
    """The answer to an agent stays readable."""
    with pytest.raises(ValidationError, match="and 80 more"):
        faultless("".join(f"- [ ] Task {n}\n  - estimate: 900000w\n" for n in range(100)))


@pytest.mark.parametrize("text", [TEXT, "1. Build it\n2. Test it\n", "| task | hours |\n|---|---|\n| A | 2 |\n"])
def test_what_is_taken_is_legal(text: str) -> None:
    """The rules that hold for every step hold for it."""
    try:
        events = submitted(Graph(ROOT), text, "title", T0)
    except OrchError as error:  # pragma: no cover
        pytest.fail(error.message)
    assert after(Graph(ROOT), events).tasks
