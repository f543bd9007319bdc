"""Coming back: from snapshots and journal to the state, whatever happened to either.

Plan, manifest and each session are independent folds of the journal. So each part starts from its own snapshot, takes
the records after it, and a damaged part costs nothing but itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from attrs import define, field

from qwen_orch.errors import SessionCorrupted
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.store import journal, seal, snapshots
from qwen_orch.store.aside import keep_aside, read_or_aside
from qwen_orch.store.files import Disk
from qwen_orch.store.journal import Scan
from qwen_orch.store.snapshots import Layout, ManifestPicture, PlanPicture, SessionPicture

T = TypeVar("T")


class Loaded(NamedTuple):
    """What was found: the *graph* at record *seq*, and what had to be repaired to get there."""

    graph: Graph
    seq: int
    repairs: tuple[str, ...] = ()


class Pictures(NamedTuple):
    """The snapshots that are whole, and *complete*: whether none that should be there is missing."""

    plan: PlanPicture | None
    manifest: ManifestPicture | None
    sessions: dict[str, SessionPicture]
    complete: bool

    @property
    def seqs(self) -> dict[str, int]:
        """Which record each snapshot reaches, by the name of its part: ``plan``, ``manifest`` or a session's id."""
        named = {"plan": self.plan, "manifest": self.manifest, **self.sessions}
        return {name: picture.seq for name, picture in named.items() if picture}

    @property
    def reach(self) -> int:
        """The furthest record that any snapshot knows."""
        return max(self.seqs.values(), default=0)

    def graph(self) -> Graph:
        """Return the state the snapshots alone picture."""
        root = self.plan.orchestration if self.plan else None
        tasks = self.manifest.tasks if self.manifest else ()
        return snapshots.graph_of(root, tasks, (p.session for p in self.sessions.values()))


@define
class _Restoration:
    """One restoration under way: what is read, and the report that grows."""

    disk: Disk
    layout: Layout
    orchestration: OrchestrationId
    repairs: list[str] = field(factory=list)

    def pictures(self) -> Pictures:
        """Read the snapshots, putting damaged ones aside."""
        layout, own = self.layout, self.orchestration
        plan = self._read(layout.plan(own), lambda raw: snapshots.read_plan(raw, own))
        manifest = self._read(layout.manifest(own), lambda raw: snapshots.read_manifest(raw, own))
        sessions: dict[str, SessionPicture] = {}
        for name in plan.sessions if plan else ():
            picture = self._read(layout.session(name), lambda raw: snapshots.read_session(raw, own))
            if picture:
                sessions[name] = picture
        complete = plan is not None and manifest is not None and len(sessions) == len(plan.sessions)
        return Pictures(plan, manifest, sessions, complete)

    def _read(self, path: Path, read: Callable[[bytes], T]) -> T | None:
        return read_or_aside(self.disk, self.layout, path, read, self.repairs)

    def run(self) -> Loaded:
        path = self.layout.journal(self.orchestration)
        raw = self.disk.read(path) or b""
        found = journal.scan(raw)
        if found.newer:
            journal.refuse_newer(_format_after(raw, found), path)
        pictures = self.pictures()
        start = pictures.plan.seq if pictures.plan and pictures.complete else 0
        graph = self._after(pictures, found.lines[start:])
        seq = len(found.lines)
        if found.fault or pictures.reach > seq:
            seq = self._rebuild(raw, found, pictures, graph)
        if self.repairs and graph.orchestration:
            self._checkpoint(graph, seq)
        return Loaded(graph, seq, tuple(self.repairs))

    def _after(self, pictures: Pictures, lines: tuple[bytes, ...]) -> Graph:
        graph = pictures.graph()
        if not lines:
            return graph  # as after every command: then nothing of events need be imported
        from qwen_orch.store.fold import fold

        return fold(graph, lines, pictures.seqs)

    def _rebuild(self, raw: bytes, found: Scan, pictures: Pictures, graph: Graph) -> int:
        """Put a whole journal in the place of a damaged one; return the number of its last record."""
        path, seq = self.layout.journal(self.orchestration), len(found.lines)
        kept = keep_aside(self.disk, self.layout, path, raw)
        if graph.orchestration is None and not found.torn:
            message = f"{path.name}: {found.fault}, and no snapshot of the plan is left"
            raise SessionCorrupted(message, f"what there was is kept: {kept}")
        good = raw[: found.good]
        if pictures.reach > seq:
            seq += 1
            from qwen_orch.store.fold import restoring

            good += journal.encode(restoring(seq, graph))
        self.disk.replace(path, good)
        self.repairs.append(_report(path.name, found, pictures.reach, kept.name))
        return seq

    def _checkpoint(self, graph: Graph, seq: int) -> None:
        layout, own = self.layout, self.orchestration
        for session in graph.sessions.values():
            self.disk.replace(layout.session(session.id), snapshots.session_bytes(session, seq))
        self.disk.replace(layout.manifest(own), snapshots.manifest_bytes(graph, seq))
        self.disk.replace(layout.plan(own), snapshots.plan_bytes(graph, seq))


def restore(disk: Disk, layout: Layout, orchestration: OrchestrationId) -> Loaded:
    """Return the state of *orchestration*, repairing its files when they are damaged.

    Raises `SessionCorrupted` when nothing can be rebuilt, `StorageError` for a newer format or a disk that refuses.
    """
    return _Restoration(disk, layout, orchestration).run()


def _report(name: str, found: Scan, reach: int, kept: str) -> str:
    whole = len(found.lines)
    if found.torn and reach <= whole:
        return f"{name}: the unfinished record {whole + 1} was cut off (it was never shown); kept as backups/{kept}"
    fault = found.fault or f"records {whole + 1} to {reach} are missing"
    if reach > whole:
        used = f"the state is rebuilt from the snapshots, which reach record {reach}; records after it are gone, if any"
    else:
        used = f"the state is rebuilt from records 1 to {whole}; what came after is gone"
    return f"{name}: {fault}; {used}; kept as backups/{kept}"


def _format_after(raw: bytes, found: Scan) -> int:
    line = raw[found.good : raw.find(b"\n", found.good) + 1]
    return int(seal.unseal(line)["format"])
