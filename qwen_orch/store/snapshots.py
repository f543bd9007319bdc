"""The three pictures of an orchestration that people and tools read: plan, manifest and sessions.

Each is complete in itself and says which journal record it reaches. Together they are enough to go on without the
journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from attrs import evolve
from immutables import Map

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId, TaskId, checked, number_of
from qwen_orch.model.plan import Orchestration
from qwen_orch.model.session import Session
from qwen_orch.model.task import Task
from qwen_orch.store import codec, journal, seal


class Layout(NamedTuple):
    """Where the files of the project's orchestrations are. Every id is checked before it becomes a name."""

    home: Path

    def journal(self, orchestration: str) -> Path:
        """The journal of an orchestration: the truth."""
        return self.home / "journal" / f"{checked(orchestration)}.jsonl"

    def lock(self, orchestration: str) -> Path:
        """The file whose lock its one writer holds."""
        return self.home / "journal" / f".{checked(orchestration)}.lock"

    def plan(self, orchestration: str) -> Path:
        """Its plan. Written last: all it names is on the disk."""
        return self.home / "plans" / f"{checked(orchestration)}.json"

    def manifest(self, orchestration: str) -> Path:
        """Its tasks."""
        return self.home / "manifests" / f"{checked(orchestration)}.json"

    def session(self, session: str) -> Path:
        """One session."""
        return self.home / "sessions" / f"{checked(session)}.json"

    def log(self, session: str) -> Path:
        """What the commands of one session printed; its lock tells whether they still run."""
        return self.home / "logs" / f"{checked(session)}.log"

    @property
    def backups(self) -> Path:
        """What was kept before something risky, and damaged files as they were found."""
        return self.home / "backups"

    def orchestrations(self) -> list[str]:
        """Return the ids of all orchestrations that left a journal or a plan, sorted."""
        found = {p.stem for p in self.home.glob("journal/*.jsonl")} | {p.stem for p in self.home.glob("plans/*.json")}
        return sorted(i for i in found if i.startswith("orch-"))


class PlanPicture(NamedTuple):
    """The plan as stored, and which sessions the orchestration has."""

    seq: int
    orchestration: Orchestration
    sessions: tuple[SessionId, ...]


class ManifestPicture(NamedTuple):
    """The tasks as stored."""

    seq: int
    tasks: tuple[Task, ...]


class SessionPicture(NamedTuple):
    """One session as stored."""

    seq: int
    session: Session


def plan_bytes(graph: Graph, seq: int) -> bytes:
    """Return the plan snapshot of *graph* as of record *seq*."""
    root = graph.root
    return _page(root.id, seq, orchestration=codec.unstructure(root), sessions=sorted(graph.sessions))


def manifest_bytes(graph: Graph, seq: int) -> bytes:
    """Return the manifest snapshot of *graph* as of record *seq*."""
    return _page(graph.root.id, seq, tasks=[codec.unstructure(task) for task in graph.ordered()])


def session_bytes(session: Session, seq: int) -> bytes:
    """Return the snapshot of *session* as of record *seq*."""
    return _page(session.orchestration, seq, session=codec.unstructure(session))


def _page(owner: str, seq: int, **content: Any) -> bytes:
    head = {"format": codec.FORMAT, "belongs_to": owner, "seq": seq}
    return seal.seal({**head, **content}, pretty=True)


def read_plan(raw: bytes, orchestration: str) -> PlanPicture:
    """Return the plan in *raw*; raise `Damaged` when it is not whole or not of this orchestration."""
    page = _open(raw, orchestration)
    root = codec.structure(page["orchestration"], Orchestration)
    return PlanPicture(page["seq"], root, tuple(SessionId(i) for i in page["sessions"]))


def read_manifest(raw: bytes, orchestration: str) -> ManifestPicture:
    """Return the tasks in *raw*; raise `Damaged` as `read_plan` does."""
    page = _open(raw, orchestration)
    return ManifestPicture(page["seq"], codec.structure(page["tasks"], tuple[Task, ...]))


def read_session(raw: bytes, orchestration: str) -> SessionPicture:
    """Return the session in *raw*; raise `Damaged` as `read_plan` does."""
    page = _open(raw, orchestration)
    return SessionPicture(page["seq"], codec.structure(page["session"], Session))


def _open(raw: bytes, orchestration: str) -> dict[str, Any]:
    page = seal.unseal(raw)
    journal.refuse_newer(page["format"], orchestration)
    if page["belongs_to"] != orchestration:
        raise seal.Damaged(f"it belongs to {page['belongs_to']}")
    return page


def graph_of(root: Orchestration | None, tasks: Iterable[Task], sessions: Iterable[Session]) -> Graph:
    """Return the graph that these snapshots picture."""
    records = {task.id: task for task in tasks}
    parts: dict[TaskId, tuple[TaskId, ...]] = {}
    for task in records.values():
        if task.parent:
            parts[task.parent] = (*parts.get(task.parent, ()), task.id)
    last = max((number_of(i) for i in records), default=0)
    graph = Graph(root, Map(records), Map({s.id: s for s in sessions}), last_number=last)
    return evolve(graph, parts=Map(parts))
