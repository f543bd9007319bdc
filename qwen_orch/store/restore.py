"""Coming back: from snapshots and journal to the state, whatever happened to either.

Plan, manifest and each session are independent folds of the journal. So each part starts from its own snapshot, takes
the records after it, and a damaged part costs nothing but itself. A journal that is damaged is for ``salvage``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from attrs import define, field

from qwen_orch.errors import StorageError
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.store import journal, seal, segments, snapshots
from qwen_orch.store.aside import keep_aside
from qwen_orch.store.files import Disk
from qwen_orch.store.journal import Scan
from qwen_orch.store.later import Later
from qwen_orch.store.migrations import is_newer
from qwen_orch.store.snapshots import Layout, ManifestPicture, PlanPicture, Point, SessionPicture

T = TypeVar("T")


class Loaded(NamedTuple):
    """What was found: the *graph* at record *seq*, whose checksum is *last*; and the journal's *size* in bytes.

    *reaches* says which record each snapshot on the disk reaches, *stale* names the parts whose snapshot is behind,
    *repairs* tells what was wrong and what became of it, and *format* is that of the last record, or 0.
    """

    graph: Graph
    seq: int
    last: str
    size: int
    reaches: Mapping[str, int] = {}
    stale: frozenset[str] = frozenset()
    repairs: tuple[str, ...] = ()
    later: Later | None = None
    """What reads the sessions, when that is put off."""
    format: int = 0


class Pictures(NamedTuple):
    """The snapshots that are whole."""

    plan: PlanPicture | None
    manifest: ManifestPicture | None
    sessions: dict[str, SessionPicture]

    @property
    def reaches(self) -> dict[str, int]:
        """Which record each snapshot was written at, by the name of its part: ``manifest`` or a session's id."""
        named = {"manifest": self.manifest, **self.sessions}
        return {name: picture.seq for name, picture in named.items() if picture}

    @property
    def points(self) -> dict[str, Point]:
        """Up to where each snapshot knows: one that the plan found current when it was written knows as much as it."""
        named = {"manifest": self.manifest, **self.sessions}
        points = {name: Point(picture.seq, picture.last) for name, picture in named.items() if picture}
        if self.plan is None:
            return points
        plan, expected = Point(self.plan.seq, self.plan.last), self.plan.reaches
        return {"plan": plan} | {n: plan if p.seq == expected.get(n) else p for n, p in points.items()}

    @property
    def seqs(self) -> dict[str, int]:
        """Which record each part knows, by its name; 0 for one that the plan names and whose snapshot is missing."""
        named = ("manifest", *(self.plan.sessions if self.plan else ()))
        return dict.fromkeys(named, 0) | {name: point.seq for name, point in self.points.items()}

    def agreeing(self, found: Scan) -> Pictures:
        """Return the snapshots that can be of the history that *found* is of."""

        def agrees(point: Point) -> bool:
            return found.mark(point.seq) in (None, point.last)

        whole = self if self.plan is None or agrees(self.points["plan"]) else self._replace(plan=None)
        points = whole.points
        manifest = whole.manifest if "manifest" in points and agrees(points["manifest"]) else None
        return whole._replace(manifest=manifest, sessions={n: s for n, s in self.sessions.items() if agrees(points[n])})

    @property
    def reach(self) -> int:
        """The furthest record that any snapshot knows."""
        return max(self.seqs.values(), default=0)

    @property
    def start(self) -> int:
        """The last record that every part knows; 0 when a snapshot is missing."""
        return min(self.seqs.values()) if self.plan else 0

    def graph(self) -> Graph:
        """Return the state the snapshots alone picture."""
        root = self.plan.orchestration if self.plan else None
        tasks, last = (self.manifest.tasks, self.manifest.last_number) if self.manifest else ((), 0)
        return snapshots.graph_of(root, tasks, Shelf.of(p.session for p in self.sessions.values()), last)


@define(eq=False, repr=False)
class Restoration:
    """One restoration under way: what is read, and the report that grows. Without *mend* nothing is written."""

    disk: Disk
    layout: Layout
    orchestration: OrchestrationId
    mend: bool
    thorough: bool = False
    """Whether all that was sealed is looked at, too."""
    newer: StorageError | None = None
    """Why this is only looked at, when a later version wrote it."""
    repairs: list[str] = field(factory=list)

    def look(self, refusal: StorageError) -> Loaded:
        """Return what the snapshots of a later version picture, as far as it is understood: its journal is not read.

        Raises *refusal* when that is not enough for a state.
        """
        self.newer = refusal
        plan, manifest = self._plan(), self._manifest()
        if plan is None or manifest is None or manifest.seq != plan.reaches["manifest"]:
            raise refusal
        if not plan.reaches.keys() >= set(plan.active or ()):
            raise refusal
        try:
            return self._at_once(plan, manifest, Scan((), plan.last, 0))
        except ValueError:  # ids that are not numbered as ours are
            raise refusal from refusal.__cause__

    def run(self) -> Loaded:
        """Return what was found, repaired where it must be."""
        path = self.layout.journal(self.orchestration)
        raw = self.disk.read(path) or b""
        found = journal.scan_from_first(raw, self.orchestration)
        plan, manifest = self._plan(), self._manifest()
        if plan and manifest and not self.thorough and self._is_current(plan, manifest, found):
            return self._at_once(plan, manifest, found)
        unchecked = self._pictures(plan, manifest)
        if self.thorough or unchecked.start < found.first or not self._is_joined(found):
            found = self._whole(found)
        pictures = self.agreeing(unchecked, found)
        if pictures.reach > found.reach or (found.fault and not found.torn):
            from qwen_orch.store.salvage import salvage

            return self._settled(salvage(self, raw, found, pictures), {})
        graph, stale = self._after(pictures, found)
        if found.torn:
            found = self._cut(path, raw, found)
        elif stale and self.mend:
            self.disk.sync_file(path)  # who wrote the last records may have died before it could (I3)
        loaded = Loaded(graph, found.reach, found.last, found.good, pictures.reaches, stale, tuple(self.repairs))
        return self._settled(loaded._replace(format=found.format), pictures.reaches)

    def _is_current(self, plan: PlanPicture, manifest: ManifestPicture, found: Scan) -> bool:
        """Tell whether *plan* stands at the last record, and *manifest* is the one it was written with."""
        if found.fault or (plan.seq, plan.last) != (found.reach, found.last) or not 0 < manifest.seq <= plan.seq:
            return False
        expected = plan.reaches.get("manifest") == manifest.seq
        fits = found.mark(manifest.seq) in (None, manifest.last)
        return expected and fits and self._is_joined(found)

    def _is_joined(self, live: Scan) -> bool:
        """Tell whether the segment that *live* follows, if any, is there; what is in it shows when it is read."""
        return live.first == 1 or self.layout.segment(self.orchestration, live.first).is_file()

    def _whole(self, live: Scan) -> Scan:
        """Return *live* with all that was sealed before it."""
        found = segments.whole(self.disk, self.layout, self.orchestration, live)
        if max(segments.sealed(self.disk, self.layout, self.orchestration), default=0) > live.reach:
            return Scan((), live.last, live.good, "what was sealed goes further than the journal")
        return found

    def _at_once(self, plan: PlanPicture, manifest: ManifestPicture, found: Scan) -> Loaded:
        """Return the state of snapshots that are current, as after every command; sessions are read when asked for."""
        later = Later(self, plan)
        names = (SessionId(name) for name in plan.sessions)
        sessions = Shelf.named(names, later.load, plan.active)
        graph = snapshots.graph_of(plan.orchestration, manifest.tasks, sessions, manifest.last_number)
        return Loaded(graph, plan.seq, found.last, found.good, plan.reaches, later=later, format=found.format)

    def _plan(self) -> PlanPicture | None:
        own, look = self.orchestration, self.newer is not None
        return self._read(self.layout.plan(own), lambda raw: snapshots.read_plan(raw, own, look))

    def _manifest(self) -> ManifestPicture | None:
        own = self.orchestration
        return self._read(
            self.layout.manifest(own), lambda raw: snapshots.read_manifest(raw, own, self.newer is not None)
        )

    def _pictures(self, plan: PlanPicture | None, manifest: ManifestPicture | None) -> Pictures:
        layout, own = self.layout, self.orchestration
        sessions: dict[str, SessionPicture] = {}
        for name in plan.sessions if plan else ():
            picture = self._read(layout.session(name), lambda raw: snapshots.read_session(raw, own))
            if picture:
                sessions[name] = picture
        pictures = Pictures(plan, manifest, sessions)
        self.repairs += _older(plan.reaches if plan else {}, pictures.reaches)
        return pictures

    def agreeing(self, pictures: Pictures, found: Scan) -> Pictures:
        """Return those of *pictures* that are of the history that *found* is of, reporting the others."""
        own = pictures.agreeing(found)
        gone = pictures.points.keys() - own.points.keys()
        self.repairs += [f"the snapshot of {name} was of another history than the journal" for name in sorted(gone)]
        return own

    def _read(self, path: Path, read: Callable[[bytes], T]) -> T | None:
        """Return what *read* makes of a snapshot; None when it is absent, or damaged, which is reported."""
        raw = self.disk.read(path)
        if raw is None:
            return None
        try:
            return read(raw)
        except (seal.Damaged, KeyError, TypeError, StorageError) as error:
            if is_newer(error):
                raise
            self.repairs.append(f"{path.name} was damaged ({error}); {self.kept(path, raw)}")
            return None

    def kept(self, path: Path, raw: bytes) -> str:
        """Keep damaged bytes aside, and return where, in words."""
        if not self.mend:
            return "nothing can be written here, so it is left as it is"
        return f"kept as backups/{keep_aside(self.disk, self.layout, path, raw).name}"

    def _after(self, pictures: Pictures, found: Scan) -> tuple[Graph, frozenset[str]]:
        """Return the state at the last record, and the parts whose snapshots do not know it."""
        graph, late = pictures.graph(), found.since(pictures.start)
        if not late:
            return graph, frozenset()  # as after every command: then nothing of events need be imported
        from qwen_orch.store.fold import fold

        graph, touched = fold(graph, late, pictures.seqs)
        missing = {"manifest", *graph.sessions} - pictures.reaches.keys()
        return graph, frozenset(touched | missing)

    def _cut(self, path: Path, raw: bytes, found: Scan) -> Scan:
        """Cut an unfinished record off; whoever is writing it now, where we may not write, goes on."""
        kept = self.kept(path, raw)
        if self.mend:
            self.disk.replace(path, raw[: found.good])
        self.repairs.append(
            f"{path.name}: {found.fault} and was cut off; a step is shown only once its record is whole; {kept}"
        )
        return found

    def _settled(self, loaded: Loaded, reaches: Mapping[str, int]) -> Loaded:
        """Write every snapshot anew after a repair, so that the next start finds nothing to mend."""
        if not loaded.repairs or not self.mend or loaded.graph.orchestration is None:
            return loaded
        parts = {"manifest", *loaded.graph.sessions, *loaded.stale}
        point = Point(loaded.seq, loaded.last)
        repairs = (*loaded.repairs, *self._unread(loaded, reaches))
        done = write_snapshots(self.disk, self.layout, loaded.graph, point, parts, reaches)
        return loaded._replace(reaches=done, stale=frozenset(), repairs=repairs)

    def _unread(self, loaded: Loaded, reaches: Mapping[str, int]) -> Iterator[str]:
        """Keep damaged snapshots of sessions that nobody read, as the plan that names them is damaged too."""
        for name in sorted(loaded.graph.sessions.keys() - reaches.keys()):
            path = self.layout.session(name)
            raw = self.disk.read(path)
            if raw is not None and not seal.intact(raw) and not any(path.name in line for line in loaded.repairs):
                yield f"{path.name} was damaged, too; {self.kept(path, raw)}"


def write_snapshots(
    disk: Disk, layout: Layout, graph: Graph, point: Point, parts: set[str], reaches: Mapping[str, int]
) -> dict[str, int]:
    """Write the snapshots of *parts* (``manifest``, session ids) as of *point*, then the plan; return their reaches.

    *reaches* is that of before. The plan comes last: all that it names is on the disk.
    """
    own, now = graph.root.id, dict(reaches)
    for part in sorted(parts - {"plan", "manifest"}):
        session = graph.sessions.get(SessionId(part))
        if session is None:
            disk.remove(layout.session(part))
            now.pop(part, None)
        else:
            disk.replace(layout.session(part), snapshots.session_bytes(session, point))
            now[part] = point.seq
    if "manifest" in parts or "manifest" not in now:
        disk.replace(layout.manifest(own), snapshots.manifest_bytes(graph, point))
        now["manifest"] = point.seq
    disk.replace(layout.plan(own), snapshots.plan_bytes(graph, point, now))
    return now


def restore(
    disk: Disk, layout: Layout, orchestration: OrchestrationId, mend: bool = True, thorough: bool = False
) -> Loaded:
    """Return the state of *orchestration*, repairing its files when they are damaged, unless *mend* is false.

    A start looks at what was sealed only when it must; a *thorough* one always.

    Raises `SessionCorrupted` when nothing can be rebuilt, `StorageError` for a newer format or a disk that refuses.
    """
    return Restoration(disk, layout, orchestration, mend, thorough).run()


def _older(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """Return a line for each snapshot that is older than the plan says it was."""
    return [
        f"the snapshot of {name} was an older copy (of record {found[name]}, not {seq}): written anew from the journal"
        for name, seq in expected.items()
        if found.get(name, seq) < seq
    ]
