"""Coming back from a JSON export of ours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import orjson
from attrs import evolve

from qwen_orch.errors import OrchError, ValidationError
from qwen_orch.model import event as e
from qwen_orch.model.ids import OrchestrationId, SessionId, orchestration_id, session_id
from qwen_orch.model.plan import Orchestration
from qwen_orch.model.session import Session
from qwen_orch.model.task import Outcome, Task
from qwen_orch.model.text import clean
from qwen_orch.planning.adopt import rehearse
from qwen_orch.planning.soundness import sound
from qwen_orch.project.draw import unused
from qwen_orch.store import codec

KIND = "qwen-orch-plan"

Taken: TypeAlias = Callable[[str], bool]
"""Tells whether the project has an orchestration or session of this id."""


def restored_events(raw: bytes, taken: Taken, at: str) -> list[e.Event] | None:
    """Return the events that create what an export holds, or None when *raw* is no export of ours.

    An orchestration id that is *taken* is replaced by a new one, and so are those of its sessions. Raises
    `ValidationError` when the export is damaged.
    """
    page = _page(raw)
    if page is None:
        return None
    try:
        root = codec.structure(page["orchestration"], Orchestration)
        tasks = codec.structure(page["tasks"], tuple[Task, ...])
        sessions = codec.structure(page.get("sessions", []), tuple[Session, ...])
        sound(root, tasks, sessions)
        events = _events(root, tasks, sessions, taken)
        rehearse(events, at)
    except (KeyError, TypeError, ValueError, OrchError) as error:
        raise ValidationError(f"the export is not whole: {str(error)[:300]}", "/export_plan json") from None
    return events


def _page(raw: bytes) -> dict[str, Any] | None:
    try:
        page = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return _cleaned(page) if isinstance(page, dict) and page.get("kind") == KIND else None


def _cleaned(value: Any, name: str = "") -> Any:
    """Return *value* with every text in it safe to show, but for commands: one that hides something is refused."""
    if isinstance(value, str):
        return value if name in ("run", "check", "command") else clean(value, multiline="\n" in value)
    if isinstance(value, dict):
        return {k: _cleaned(v, k) for k, v in value.items()}
    return [_cleaned(v, name) for v in value] if isinstance(value, list) else value


def _events(root: Orchestration, tasks: tuple[Task, ...], sessions: tuple[Session, ...], taken: Taken) -> list[e.Event]:
    renamed: dict[SessionId, SessionId] = {}
    if taken(root.id):
        drawn: set[str] = set()
        for s in sessions:
            renamed[s.id] = unused(partial(session_id, s.title), lambda i: i in drawn or taken(i))
            drawn.add(renamed[s.id])
        root = evolve(root, id=unused(partial(orchestration_id, root.title), taken))
    untrusted = evolve(root, plan=evolve(root.plan, gates_approved=not root.plan.quality_gates), checkpoints={})
    moved = [_session(s, root.id, renamed) for s in sessions]
    events: list[e.Event] = [e.OrchestrationCreated(untrusted)]
    events += [e.SessionOpened(session) for session in moved]
    return [*events, e.TasksAdded(tuple(_task(t, renamed) for t in tasks))] if tasks else events


def _session(session: Session, orchestration: OrchestrationId, renamed: dict[SessionId, SessionId]) -> Session:
    parent = renamed.get(session.parent, session.parent) if session.parent else None
    return evolve(session, id=renamed.get(session.id, session.id), orchestration=orchestration, parent=parent)


def _task(task: Task, renamed: dict[SessionId, SessionId]) -> Task:
    """Return *task* without consent to its commands, and without an attempt that nobody is at."""
    attempts = tuple(
        evolve(
            a,
            session=renamed.get(a.session, a.session),
            outcome=Outcome.INTERRUPTED if a.outcome is Outcome.RUNNING and a.executor != "manual" else a.outcome,
        )
        for a in task.attempts
    )
    session = renamed.get(task.session, task.session) if task.session else None
    return evolve(task, approved=False, attempts=attempts, session=session)
