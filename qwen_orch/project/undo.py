"""Undo and redo: a step more, that restores what was. The journal itself is never shortened.

A step changes some subjects, and nothing after it that still stands does: so these alone go back to what they were at
the record before it, and nothing else is looked at.

The outside world cannot be undone: a step that started or ended an attempt by a command is refused.
"""

from __future__ import annotations

from itertools import islice

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.task import Executor
from qwen_orch.model.text import clip
from qwen_orch.project.history import REDO, UNDO, stacks, words
from qwen_orch.project.writer import Writer
from qwen_orch.store.fold import begun, differences, only, subjects
from qwen_orch.store.journal import Record
from qwen_orch.store.past import Past

_OUTSIDE = (e.AttemptEnded, e.VerdictGiven, e.TaskClaimed, e.CriteriaChecked, e.GatesVerified)
SHOWN = 10
"""How many steps a person is shown before they are taken back."""
_REBUILT = (e.PlanRestored, e.TasksRestored, e.SessionRestored, e.SessionsRemoved)


def undo(writer: Writer, force: bool, newest: int | None = None) -> Record:
    """Take the newest step that stands back, and return it.

    Raises `StateTransitionError` when there is none, or when the journal has gone on after the record *newest*;
    `SessionCorrupted` when what tells what was before turns out to be damaged.
    """
    taken: list[Record] = []

    def without_last(graph: Graph) -> list[e.Event]:
        refuse_unseen(writer, newest)  # under the lock: nobody can add a step meanwhile
        standing, _ = stacks(writer.past().records())
        step, before = next(standing, None), next(standing, None)
        if step is None or before is None:
            raise StateTransitionError("there is no step left to undo", "/session_history")
        if not force:
            refuse_outside(step)
        taken[:] = [step]
        return _towards(graph, _before(writer.past(), step), step)

    writer.commit(UNDO, without_last)
    return taken[0]


def redo(writer: Writer, newest: int | None = None) -> Record:
    """Put back the step that was undone last, and return it; raise `StateTransitionError` as `undo` does."""
    taken: list[Record] = []

    def with_last(graph: Graph) -> list[e.Event]:
        refuse_unseen(writer, newest)
        _, undone = stacks(writer.past().records())
        if not undone:
            raise StateTransitionError("there is nothing to redo", "/session_history")
        step = undone[-1]
        taken[:] = [step]
        return _towards(graph, writer.past().state(_changed(step), step.seq), step)

    writer.commit(REDO, with_last)
    return taken[0]


def look_ahead(past: Past, steps: list[Record], redoing: bool) -> None:
    """Read all that going over *steps* needs; raises `SessionCorrupted` while nothing has been changed yet."""
    for step in steps:
        if redoing:
            past.state(_changed(step), step.seq)
        else:
            _before(past, step)


def _changed(step: Record) -> set[str]:
    return set().union(*map(subjects, step.events))


def _before(past: Past, step: Record) -> Graph:
    """Return what the subjects of *step* were before it."""
    return past.state(_changed(step) - begun(step.events), step.seq - 1)


def _towards(graph: Graph, wanted: Graph, step: Record) -> list[e.Event]:
    """Return the events that make the subjects of *step* in *graph* as they are in *wanted*; nothing else changes.

    There is one at least: a step that changed nothing is one too.
    """
    return differences(only(graph, _changed(step)), wanted) or [e.PlanRestored(graph.root)]


def refuse_unseen(writer: Writer, newest: int | None) -> None:
    """Raise `StateTransitionError` if steps came after the record *newest*, which is the last that somebody saw."""
    if newest is None or writer.seq == newest:
        return
    unseen = islice(writer.past().records(), max(0, writer.seq - newest))
    later = [f"{record.seq} ({record.by})" for record in unseen][::-1]
    steps = f"step {later[0]}" if len(later) == 1 else f"steps {', '.join(later[:5])}{', …' * (len(later) > 5)}"
    what = f"{steps} came after step {newest}" if later else f"the newest step is {writer.seq}, not {newest}"
    raise StateTransitionError(f"{what}, which was the newest when you asked", "/session_history --timeline", "/undo")


def refuse_outside(step: Record) -> None:
    """Raise `StateTransitionError` if *step* recorded something that happened outside this program."""
    if step.by == "recovery" and any(isinstance(event, _REBUILT) for event in step.events):
        raise StateTransitionError(
            f"step {step.seq} rebuilt the state after damage; what was before it is not known",
            "/undo --force",
        )
    if _is_outside(step):
        raise StateTransitionError(
            f"step {step.seq} ({step.by}) records what commands did; undoing it would not undo them: files stay as they"
            " are",
            "/undo --force",
            *(f"/update_task {i} status:pending" for i in sorted(_tasks(step))[:1]),
        )


def _is_outside(step: Record) -> bool:
    """Tell whether a step recorded what commands did."""
    judged = step.by in ("new_task", "check_completeness", "recovery")
    return any(
        (isinstance(event, e.AttemptStarted) and event.attempt.executor is not Executor.MANUAL)
        or (judged and isinstance(event, _OUTSIDE))
        for event in step.events
    )


def question(steps: list[Record]) -> str:
    """Return what a person is asked before *steps* (newest first) are taken back: what each of them did."""
    shown = [clip(f"  {step.seq} {step.by}: {'; '.join(map(words, step.events))}", 200) for step in steps[:SHOWN]]
    more = [f"  … and {len(steps) - SHOWN} more"] if len(steps) > SHOWN else []
    ran = ["What their commands did to files stays as it is."] if any(map(_is_outside, steps)) else []
    what = "this step" if len(steps) == 1 else f"these {len(steps)} steps"
    return "\n".join([*shown, *more, *ran, f"Take back {what}?"])


def _tasks(step: Record) -> set[str]:
    return {event.task for event in step.events if isinstance(event, e.TaskEvent)}
