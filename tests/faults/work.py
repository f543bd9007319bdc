"""Mixed work, step by step, as commands do it; and what one sees of a project afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from qwen_orch.model import event as e
from qwen_orch.model.ids import OrchestrationId, SessionId, task_id
from qwen_orch.model.plan import Orchestration, Plan
from qwen_orch.model.session import Note, Session, SessionKind
from qwen_orch.model.task import Attempt, Executor
from qwen_orch.project import undo as undoing
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from qwen_orch.store.files import Disk
from tests.faults.seams import Quick
from tests.strategies import T0, task

A, B = OrchestrationId("orch-first-aaaa"), OrchestrationId("orch-second-bbbb")
ONE = task_id(1)
AT_WORK = SessionId("session-work-aaaa")


def planning(name: OrchestrationId) -> Session:
    """The session in which an orchestration is planned."""
    return Session(
        SessionId(f"session-planning-{name[-4:]}"), SessionKind.PLANNING, "plan", name, created=T0, updated=T0
    )


def create(name: OrchestrationId) -> Callable[[Project], None]:
    """Take up a goal."""
    root = Orchestration(name, "goal", Plan("goal"), created=T0, updated=T0)
    events: list[e.Event] = [e.OrchestrationCreated(root), e.SessionOpened(planning(name))]
    events.append(e.TasksAdded((task(1), task(2, 1))))
    return lambda project: _commit(project.new_writer(name), "plan", *events)


def _commit(writer: Writer, by: str, *events: e.Event) -> None:
    writer.commit(by, lambda _: events)


def on_a(by: str, *events: e.Event) -> Callable[[Project], None]:
    """Commit *events* in the first orchestration."""
    return lambda project: _commit(project.writer(A), by, *events)


def note(text: str) -> e.NoteAdded:
    """A note in the planning session."""
    return e.NoteAdded(planning(A).id, Note(text, T0))


def checkpoint(project: Project) -> None:
    """Bring all snapshots up to date, as the end of a command does."""
    list(project.writers())
    project.checkpoint(last=True)


WORK: dict[str, Callable[[Project], object]] = {
    "create": create(A),
    "make_current": lambda p: p.make_current(A, planning(A).id),
    "first checkpoint": checkpoint,
    "configure": lambda p: p.configure("jobs", "3"),
    "configure again": lambda p: p.configure("jobs", "4"),
    "add": on_a("add_task", e.TasksAdded((task(3),))),
    "approve": on_a("approve_plan", e.PlanApproved()),
    "start": on_a(
        "new_task",
        e.SessionOpened(Session(AT_WORK, SessionKind.TASK, "work", A, task=ONE, created=T0)),
        e.AttemptStarted(ONE, Attempt(1, Executor.MANUAL, AT_WORK, T0)),
    ),
    "claim": on_a("complete_task", e.TaskClaimed(ONE, "ann", "did it")),
    "checkpoint": checkpoint,
    "verdict": on_a("complete_task", e.VerdictGiven(ONE, True)),
    "note": on_a("note", note("mind the gap")),
    "backup": lambda p: p.writer(A).backup("undo"),
    "undo note": lambda p: undoing.undo(p.writer(A), force=False),
    "undo session": lambda p: [undoing.undo(p.writer(A), force=True) for _ in range(1)],
    "late checkpoint": checkpoint,
    "redo": lambda p: undoing.redo(p.writer(A)),
    "create another": create(B),
    "make another current": lambda p: p.make_current(B, planning(B).id),
    "last checkpoint": checkpoint,
}


@frozen
class Seen:
    """What one sees of a project."""

    current: tuple[str | None, str | None]
    config: Any
    graphs: dict[str, Any]


def seen(project: Project) -> Seen:
    """Return what *project* shows; every orchestration must be readable."""
    graphs = {}
    for name in project.orchestrations():
        graph = project.opened(OrchestrationId(name)).graph
        if graph.orchestration is not None:
            graphs[name] = (graph.orchestration, dict(graph.tasks), dict(graph.sessions), graph.last_number)
    current = project.current
    return Seen((current.orchestration, current.session), project.config, graphs)


def without_current(view: Seen) -> Seen:
    """Return *view* but for what is current."""
    return evolve(view, current=(None, None))


def fresh(root: Path, disk: Disk | None = None) -> Project:
    """Open the project as a process that has just started."""
    return Project.at(root, disk or Disk(Quick()))


def leftovers(root: Path) -> Iterator[Path]:
    """Yield every temporary file."""
    return root.rglob("*.tmp")
