"""What a worker is given."""

from __future__ import annotations

from attrs import evolve

from qwen_orch.execution.brief import LONGEST_PART, brief
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import task_id
from qwen_orch.model.plan import Decision
from qwen_orch.model.session import Artifact, Note, Session, SessionKind, Thought
from qwen_orch.model.task import Attempt, Criterion, Evidence, Executor, Outcome, Task, TaskStatus
from tests.strategies import ORCH, SESSION, T0, graph_of, task

WORK = Session(
    SESSION, SessionKind.TASK, "law", ORCH, task=task_id(2), created=T0, updated=T0,
    thoughts=(Thought(1, "a secret thought"),), notes=(Note("mind the step"),), decisions=(Decision("use x", "fast"),),
    artifacts=(Artifact("out.md", "export"),),
)  # fmt: skip


def made(*tasks: Task, session: Session = WORK) -> tuple[Graph, dict[str, str]]:
    """Return a graph of *tasks* with the session, and the parts that a worker in it would be given."""
    graph = apply(graph_of(*tasks), e.SessionOpened(session), T0)
    return graph, {p.name: p.text for p in brief(graph, session)}


def test_every_part_in_order() -> None:
    """The goal, the task, what proves it, what came before; never what the planner thought."""
    seen = Evidence("run", T0, True, files=("a.py", "b.py"))
    first = task(1, status=TaskStatus.COMPLETED, summary="made a", evidence=(seen,))
    tried = Attempt(1, Executor.SHELL, SESSION, T0, Outcome.FAILED, T0, "exited with 1")
    second = task(
        2, 1, description="why", run=("make",), attempts=(tried,),
        acceptance=(Criterion("it works", "make test"), Criterion("it is nice")),
    )  # fmt: skip
    _, parts = made(first, second)
    assert list(parts.items()) == [
        ("Goal", "# Goal\nhold"),
        ("Task", "# Task\ntask-002: task 2\nwhy"),
        ("Acceptance criteria", "# Acceptance criteria\n- it works (check: make test)\n- it is nice"),
        ("Commands", "# Commands\n- make"),
        ("Done before", "# Done before\n- task-001 task 1: completed, made a"),
        ("Earlier attempts", "# Earlier attempts\n- 1: failed: exited with 1"),
        ("Decisions", "# Decisions\n- use x (because fast)"),
        ("Notes", "# Notes\n- mind the step"),
        ("Files", "# Files\n- a.py\n- b.py\n- out.md"),
    ]
    assert "secret" not in "".join(parts.values())


def test_a_verifier_judges_what_is_there() -> None:
    """It is told neither of attempts nor what their worker claimed."""
    tried = Attempt(1, Executor.MANUAL, SESSION, T0, Outcome.CLAIMED, T0, "trust me")
    claimed = task(2, status=TaskStatus.CLAIMED, summary="trust me", attempts=(tried,))
    _, parts = made(task(1), claimed, session=evolve(WORK, kind=SessionKind.VERIFICATION))
    assert "trust me" not in "".join(parts.values())


def test_a_long_part_loses_its_middle_and_says_so() -> None:
    """Its size is bounded, and stated of what is given."""
    graph, _ = made(task(1), task(2, description="x" * 50_000))
    part = next(p for p in brief(graph, WORK) if p.name == "Task")
    assert len(part.text) < LONGEST_PART + 60
    assert "characters left out" in part.text
    assert part.tokens == -(-len(part.text) // 4)


def test_a_session_without_a_task() -> None:
    """Only what belongs to the whole plan."""
    _, parts = made(task(1), session=evolve(WORK, task=None))
    assert list(parts) == ["Goal", "Decisions", "Notes", "Files"]
