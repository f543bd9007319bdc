"""What is said of what others did: a line for what a person waits for, a count of the rest."""

from __future__ import annotations

import pytest
from attrs import evolve

from qwen_orch.graph.apply import apply
from qwen_orch.model import event as e
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import Attempt, Executor, Outcome, TaskStatus
from qwen_orch.repl.news import counted, told
from qwen_orch.store.journal import Record
from tests.repl.test_candidates import graph

AT = "2024-05-06T08:00:00.000+00:00"
ONE, TWO = TaskId("task-001"), TaskId("task-002")
SESSION = SessionId("session-cart-cccc")
ASKED = PermissionRequest(1, "execute", "Shell: rm \x1b[31m-rf x", "rm -rf x", at=AT)
PLAN = graph()


def record(*events: e.Event, by: str = "agent") -> Record:
    """Return a step of *events*."""
    return Record(1, AT, by, events)


def asking(answer: bool | None = None) -> list[e.Event]:
    """Return the events by which the agent that does the second task asks, and is answered or not."""
    session = Session(SESSION, SessionKind.TASK, "Cart", PLAN.root.id, task=TWO)
    events: list[e.Event] = [e.SessionOpened(session), e.PermissionAsked(SESSION, ASKED)]
    return events if answer is None else [*events, e.PermissionAnswered(SESSION, 1, answer, "policy")]


def said(*events: e.Event, by: str = "agent") -> list[str]:
    """Return the lines about a step, in the state that it leads to."""
    after = PLAN
    for event in events:
        after = apply(after, event, AT)
    return told([record(*events, by=by)], after)


def test_a_question() -> None:
    """Says where it can be answered; what an agent wrote cannot paint."""
    assert said(*asking()) == ["task-002 asks: Shell: rm -rf x → /permissions"]


@pytest.mark.parametrize("answer", [True, False])
def test_a_question_that_has_its_answer(answer: bool) -> None:
    """Is no news."""
    assert said(*asking(answer)) == []


def test_what_begins_and_ends() -> None:
    started = e.AttemptStarted(TWO, Attempt(1, Executor.AGENT, SESSION, AT))
    assert told([record(started)], PLAN) == ["task-002 in progress · Cart red"]
    assert told([record(e.VerdictGiven(TWO, True))], PLAN) == ["task-002 completed · Cart red"]
    assert told([record(e.VerdictGiven(TWO, False))], PLAN) == ["task-002 failed · Cart red"]
    ended = e.AttemptEnded(TWO, Outcome.TIMED_OUT, "it took too long")
    assert told([record(ended)], PLAN) == ["task-002 timed out: it took too long"]
    assert told([record(evolve(ended, detail=""))], PLAN) == ["task-002 timed out"]
    assert told([record(e.PlanCompleted())], PLAN) == ["the plan is complete"]


def test_what_no_command_can_check() -> None:
    """Waits for the person, unless it was settled meanwhile."""
    claimed = evolve(PLAN, tasks=PLAN.tasks.set(TWO, evolve(PLAN.tasks[TWO], status=TaskStatus.CLAIMED)))
    checked = [record(e.CriteriaChecked(TWO, ()))]
    assert told(checked, claimed) == ["task-002 waits for your word → /complete_task task-002"]
    assert told(checked, PLAN) == []


def test_a_task_that_is_gone() -> None:
    """An undo took it away before it was said."""
    assert told([record(e.VerdictGiven(TaskId("task-009"), True))], PLAN) == ["task-009 completed"]


def test_a_long_line_is_cut() -> None:
    ended = e.AttemptEnded(ONE, Outcome.FAILED, "why " * 100)
    (line,) = told([record(ended)], PLAN)
    assert len(line) <= 76


def test_the_rest_is_counted() -> None:
    """By command, once each; what agents do between their results is not."""
    steps = [record(by="add_task"), record(by="add_task"), record(by="undo"), record(by="agent"), record(by="new_task")]
    assert counted(steps) == "meanwhile, elsewhere: /add_task, /undo (3 steps)"
    assert counted(steps[:1]) == "meanwhile, elsewhere: /add_task (1 step)"
    assert counted(steps[3:]) == ""
