"""Who does a task, and whether it may be done now."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given

from qwen_orch.errors import AgentError, DependencyError, OrchError, StateTransitionError
from qwen_orch.execution.choose import executor_for, next_task, refuse_start, refuse_unapproved, unblocking
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import ready
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import Phase, PlanStatus
from qwen_orch.model.task import Executor, TaskStatus
from qwen_orch.project.writer import now
from tests.strategies import LAW, graph_of, graphs, task


def test_who_does_it() -> None:
    """As asked for; `auto` is the shell where there are commands, else a person."""
    work, talk = task(1, run=("make",)), task(2)
    assert [executor_for(t, w, "") for t in (work, talk) for w in ("auto", "manual")] == [
        Executor.SHELL,
        Executor.MANUAL,
        Executor.MANUAL,
        Executor.MANUAL,
    ]
    assert executor_for(work, "shell", "") is Executor.SHELL
    with pytest.raises(AgentError):
        executor_for(talk, "shell", "")


@LAW
@given(graphs())
def test_the_next_task_can_be_started(graph: Graph) -> None:
    """It is the first that is ready, and starting it is not refused; if none is, the error says what to type."""
    approved = graph.root.plan.status is PlanStatus.APPROVED
    try:
        chosen = next_task(graph, now())
    except OrchError as refusal:
        error = refusal
    else:
        assert approved
        assert chosen == ready(graph, now())[0]
        refuse_start(graph, chosen, Executor.MANUAL, now(), force=False)
        return
    assert not approved or not ready(graph, now())
    assert all(h.startswith("/") for h in error.hints)
    assert error.hints


@pytest.mark.parametrize("status", PlanStatus)
def test_only_an_approved_plan_is_worked_on(status: PlanStatus) -> None:
    """Each other status says what to do instead."""
    graph = graph_of(task(1), status=status)
    if status is PlanStatus.APPROVED:
        return refuse_unapproved(graph)
    with pytest.raises(StateTransitionError) as caught:
        refuse_unapproved(graph)
    assert caught.value.hints
    return None


def test_force_overrides_what_blocks_and_never_consent() -> None:
    """A blocked task may be forced; commands that nobody approved may not."""
    graph = graph_of(task(1), task(2, 1, run=("make",)))
    second = graph.task("task-002")
    with pytest.raises(DependencyError):
        refuse_start(graph, second, Executor.SHELL, now(), force=False)
    with pytest.raises(StateTransitionError, match="not approved"):
        refuse_start(graph, second, Executor.SHELL, now(), force=True)
    refuse_start(graph, evolve(second, approved=True), Executor.SHELL, now(), force=True)
    refuse_start(graph, second, Executor.MANUAL, now(), force=True)


def test_what_to_type_about_what_blocks() -> None:
    """A task is looked at, a phase listed, a blocker taken away; each once."""
    phases = (Phase("phase-1", "one"), Phase("phase-2", "two", depends_on=("phase-1",)))  # type: ignore[arg-type]
    held = task(2, 1, phase="phase-2", blockers=("rain", "snow"))
    graph = graph_of(task(1, phase="phase-1"), held, phases=phases)
    found = blocked_by(graph, held, now())
    assert unblocking(graph, held, found) == [
        "/task_status task-001",
        "/list_tasks phase:phase-1",
        "/update_task task-002 blocker:none",
    ]


def test_what_was_begun_is_gone_on_with() -> None:
    """When nothing is ready: claims first are completed, failures tried again."""
    graph = graph_of(task(1, status=TaskStatus.FAILED), task(2, status=TaskStatus.CLAIMED), task(3, 1))
    with pytest.raises(StateTransitionError) as caught:
        next_task(graph, now())
    assert caught.value.hints == ("/new_task task-001", "/complete_task task-002", "/list_tasks status:blocked")
