"""The three pictures of an orchestration that people and tools read: plan, manifest and sessions.

Each is complete in itself and says which journal record it reaches. Together they are enough to go on without the
journal.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import evolve
from immutables import Map

from qwen_orch.errors import OrchError, StorageError
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId, TaskId, checked, is_safe, number_of
from qwen_orch.model.plan import Orchestration
from qwen_orch.model.task import Task
from qwen_orch.store import codec, seal
from qwen_orch.store.files import listed
from qwen_orch.store.migrations import is_number_newer, migrated, refuse_newer, understood

if TYPE_CHECKING:
    from qwen_orch.model.session import Session


class Layout(NamedTuple):
    """Where the files of the project's orchestrations are. Every id is checked before it becomes a name."""

    home: Path

    def journal(self, orchestration: str) -> Path:
        """The journal of an orchestration: the truth."""
        return self.home / "journal" / f"{checked(orchestration)}.jsonl"

    def segment(self, orchestration: str, last: int) -> Path:
        """The sealed part of a journal that ends with the record *last*."""
        return self.home / "journal" / f"{checked(orchestration)}.{last:012d}.jsonl"

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

    @property
    def scratch(self) -> Path:
        """Where new files are written before they are put in their places."""
        return self.home / "tmp"

    def orchestrations(self) -> list[str]:
        """Return the ids of all orchestrations that left a record, a plan or tasks, sorted."""
        places = ("journal/orch-*.jsonl", "plans/orch-*.json", "manifests/orch-*.json")
        found = {_owner(p) for place in places for p in listed(self.home, place) if _has_bytes(p)}
        return sorted(filter(is_safe, found))

    def has(self, orchestration: str) -> bool:
        """Tell whether anything is kept of an orchestration."""
        places = (self.journal(orchestration), self.plan(orchestration), self.manifest(orchestration))
        return any(map(_has_bytes, places)) or any(listed(self.home, f"journal/{checked(orchestration)}.*.jsonl"))

    def has_session(self, session: str) -> bool:
        """Tell whether a session of this name is kept: their ids are unique in a project, as its files are."""
        return os.path.lexists(self.session(session))

    def is_taken(self, name: str) -> bool:
        """Tell whether an orchestration or a session has this id."""
        return self.has(name) or self.has_session(name)

    def refuse_outside(self) -> None:
        """Raise `StorageError` when a folder of ours leads, by a symbolic link, out of the project."""
        project = os.path.realpath(self.home.parent.parent)
        folders = ("journal", "plans", "manifests", "sessions", "backups", "logs", "tmp")
        for folder in (self.home, *(self.home / name for name in folders)):
            real = os.path.realpath(folder)
            if os.path.commonpath((project, real)) != project:
                message = f"{folder} leads out of the project, to {real}"
                raise StorageError(message, "put a folder in the place of the symbolic link")


def _owner(path: Path) -> str:
    """Return what a file is named after: a segment of a journal has its number behind that."""
    name, _, number = path.stem.partition(".")
    return name if not number or number.isdigit() else path.stem


def _has_bytes(path: Path) -> bool:
    """Tell whether a file is more than what a step that failed left of a new journal."""
    try:
        return os.lstat(path).st_size > 0 or path.suffix != ".jsonl"
    except OSError:
        return False


class PlanPicture(NamedTuple):
    """The plan as stored, and which record every other snapshot reached then, by the name of its part.

    A part that was not changed since is not written again, so its number may be lower than the plan's.
    """

    seq: int
    last: str
    orchestration: Orchestration
    reaches: dict[str, int]
    active: tuple[SessionId, ...] | None = None
    """Which sessions are active; an older program did not write it down."""

    @property
    def sessions(self) -> list[str]:
        """The ids of all sessions there were."""
        return sorted(self.reaches.keys() - {"manifest"})


class ManifestPicture(NamedTuple):
    """The tasks as stored."""

    seq: int
    last: str
    tasks: tuple[Task, ...]
    last_number: int


class SessionPicture(NamedTuple):
    """One session as stored."""

    seq: int
    last: str
    session: Session


class Point(NamedTuple):
    """A place in a journal: the record *seq*, whose checksum is *last*."""

    seq: int
    last: str


def plan_bytes(graph: Graph, point: Point, reaches: Mapping[str, int]) -> bytes:
    """Return the plan snapshot of *graph* as of *point*; *reaches* is as in `PlanPicture`."""
    root = graph.root
    sessions = {i: reaches[i] for i in sorted(graph.sessions)}
    content = {"orchestration": codec.unstructure(root), "manifest": reaches["manifest"], "sessions": sessions}
    return _page(root.id, point, **content, active=[s.id for s in graph.sessions.active()])


def manifest_bytes(graph: Graph, point: Point) -> bytes:
    """Return the manifest snapshot of *graph* as of *point*."""
    tasks = [codec.unstructure(task) for task in graph.ordered()]
    return _page(graph.root.id, point, last_number=graph.last_number, tasks=tasks)


def session_bytes(session: Session, point: Point) -> bytes:
    """Return the snapshot of *session* as of *point*."""
    return _page(session.orchestration, point, session=codec.unstructure(session))


def _page(owner: str, point: Point, **content: Any) -> bytes:
    head = {"format": codec.FORMAT, "belongs_to": owner, "seq": point.seq, "record": point.last}
    return seal.seal({**head, **content}, pretty=True)


def read_plan(raw: bytes, orchestration: str, look: bool = False) -> PlanPicture:
    """Return the plan in *raw*; raise `Damaged` when it is not whole or not of this orchestration.

    What a later version wrote is refused, or, to *look* at it, read as far as it is understood.
    """
    with _opened(raw, orchestration, look) as (page, structure):
        root = structure(page["orchestration"], Orchestration)
        sessions = structure(page["sessions"], dict[str, int])
        active = structure(page["active"], tuple[SessionId, ...]) if "active" in page else None
        reaches = {**sessions, "manifest": structure(page["manifest"], int)}
        return PlanPicture(structure(page["seq"], int), page["record"], root, reaches, active)


def read_manifest(raw: bytes, orchestration: str, look: bool = False) -> ManifestPicture:
    """Return the tasks in *raw*; raise `Damaged`, and *look*, as `read_plan` does."""
    with _opened(raw, orchestration, look) as (page, structure):
        tasks = structure(page["tasks"], tuple[Task, ...])
        return ManifestPicture(structure(page["seq"], int), page["record"], tasks, structure(page["last_number"], int))


def read_session(raw: bytes, orchestration: str, look: bool = False) -> SessionPicture:
    """Return the session in *raw*; raise `Damaged`, and *look*, as `read_plan` does."""
    from qwen_orch.model.session import Session

    with _opened(raw, orchestration, look) as (page, structure):
        return SessionPicture(structure(page["seq"], int), page["record"], structure(page["session"], Session))


@contextlib.contextmanager
def _opened(raw: bytes, orchestration: str, look: bool) -> Iterator[tuple[dict[str, Any], Callable[..., Any]]]:
    """Yield what is stored in *raw*, and what makes values of ours of it."""
    page = seal.unseal(raw)
    newer = is_number_newer(page["format"])
    if newer and not look:
        refuse_newer(page["format"], orchestration)
    if page["belongs_to"] != orchestration:
        raise seal.Damaged(f"it belongs to {page['belongs_to']}")
    try:
        yield (page, understood) if newer else (migrated(page), codec.structure)
    except (seal.Damaged, KeyError, TypeError, ValueError, OrchError):
        refuse_newer(page["format"], orchestration)  # it is not damaged: it has another shape
        raise


def graph_of(root: Orchestration | None, tasks: Iterable[Task], sessions: Shelf, last_number: int = 0) -> Graph:
    """Return the graph that these snapshots picture."""
    records = {task.id: task for task in tasks}
    parts: dict[TaskId, tuple[TaskId, ...]] = {}
    for task in records.values():
        if task.parent:
            parts[task.parent] = (*parts.get(task.parent, ()), task.id)
    last = max((number_of(i) for i in records), default=0)
    graph = Graph(root, Map(records), sessions, last_number=max(last, last_number))
    return evolve(graph, parts=Map(parts))
