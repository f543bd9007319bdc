"""A damaged journal: everything that is still known is brought together, and what is gone is named.

Whole records are taken from wherever they stand in the journal, in what was sealed of it and in its backups, as far as
they follow one another from the first. Snapshots that reach further go further; so do whole records after a gap, for
the parts that a snapshot has carried over it. The journal is then the records, and one more that says what they do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attrs import define

from qwen_orch.errors import SessionCorrupted
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.event import Event
from qwen_orch.model.ids import task_id
from qwen_orch.model.task import Task
from qwen_orch.store import journal, seal, segments, snapshots
from qwen_orch.store.files import listed
from qwen_orch.store.fold import differences, fold, folded, part_of, unknown
from qwen_orch.store.journal import Record, Scan
from qwen_orch.store.restore import Loaded, Pictures, Restoration
from qwen_orch.store.snapshots import Point

_STATES_ALL = (e.OrchestrationCreated, e.PlanRestored, e.SessionOpened, e.SessionRestored)
"""Events after which a part is known whole, whatever was before."""


def salvage(work: Restoration, raw: bytes, found: Scan, pictures: Pictures) -> Loaded:
    """Return the state that all surviving files together know, with a whole journal in the place of the damaged one.

    Sealed segments that are whole stay; the others are kept aside, and what they held goes on in the journal.
    """
    path = work.layout.journal(work.orchestration)
    pieces = list(_pieces(work, raw))
    lines = _records(work, pieces)
    pictures = work.agreeing(_with_strays(work, pictures), Scan(lines, "", 0))
    known = _Known.of(pictures, lines)
    for run in _runs(pieces, len(lines)):
        known.go_on(run)
    kept = work.kept(path, raw)
    if known.graph.orchestration is None:
        message = f"{path.name}: {found.fault or 'it is empty'}, and no snapshot or backup knows the plan"
        raise SessionCorrupted(message, f"what there was is {kept}", "/sessions shows the others")
    history = folded(map(journal.decode, lines))
    events = _restoring(history, known.graph)
    after = seal.mark_of(lines[-1]) if lines else journal.origin(work.orchestration)
    if events:
        record = Record(len(lines) + 1, _now(), "recovery", events)
        lines += (journal.encode(record, after),)
        history = folded([record], history)
    size = _written(work, path, lines)
    work.repairs.append(f"{path.name}: {_fault(found, known)}; {known.report(found.reach)}; {kept}")
    last = seal.mark_of(lines[-1])
    return Loaded(history, len(lines), last, size, repairs=tuple(work.repairs), format=Scan(lines, last, 0).format)


def _pieces(work: Restoration, raw: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Yield every whole record in the journal, whose bytes are *raw*, and in what was sealed."""
    yield from journal.pieces(raw)
    for last in segments.sealed(work.disk, work.layout, work.orchestration):
        yield from journal.pieces(work.disk.read(work.layout.segment(work.orchestration, last)) or b"")


def _written(work: Restoration, path: Path, lines: tuple[bytes, ...]) -> int:
    """Make *lines* the journal: as far as whole segments do not hold them, at *path*. Return how long that is.

    A segment that no longer fits is copied before the journal is replaced and removed after it.
    """
    own, layout = work.orchestration, work.layout
    first = segments.base(work.disk, layout, own, lines)
    live = b"".join(lines[first - 1 :])
    if not work.mend:
        return len(live)
    unfit = [layout.segment(own, last) for last in segments.sealed(work.disk, layout, own) if last > first]
    for segment in unfit:
        work.kept(segment, work.disk.read(segment) or b"")
    work.disk.replace(path, live)
    for segment in unfit:
        work.disk.remove(segment)
    return len(live)


def _restoring(history: Graph, known: Graph) -> tuple[Event, ...]:
    """Return the events that turn *history* into *known*; a number that a task had once is not given again."""
    events: tuple[Event, ...] = tuple(differences(history, known))
    reached = folded([Record(0, "", "", events)], history).last_number
    if known.last_number <= reached:
        return events
    last = Task(task_id(known.last_number), "a task that is gone")
    return (e.TasksRestored((last,)), e.TasksRemoved((last.id,)), *events)


def _records(work: Restoration, pieces: list[tuple[int, str, bytes]]) -> tuple[bytes, ...]:
    """Return the records 1 to k that *pieces* and the backups hold between them."""
    pool: journal.Pool = {}
    for seq, after, line in pieces:
        pool.setdefault((seq, after), line)
    for backup in reversed(work.disk.glob(work.layout.backups, f"{work.orchestration}.*.jsonl")):
        for seq, after, line in journal.pieces(work.disk.read(backup) or b""):
            pool.setdefault((seq, after), line)
    return journal.chain(pool, journal.origin(work.orchestration))


def _with_strays(work: Restoration, pictures: Pictures) -> Pictures:
    """Return *pictures* with the sessions of this orchestration that its plan, damaged or older, does not name."""
    sessions, own = dict(pictures.sessions), work.orchestration
    mark = f'"belongs_to": "{own}"'.encode()
    for path in listed(work.layout.home, "sessions/*.json"):
        if path.stem in sessions:
            continue
        raw = work.disk.read(path) or b""
        if mark in raw[:300] and seal.intact(raw):
            picture = snapshots.read_session(raw, own)
            if pictures.plan is None or picture.seq > pictures.plan.seq:  # else it was removed before the plan
                sessions[path.stem] = picture
    return pictures._replace(sessions=sessions)


def _runs(pieces: list[tuple[int, str, bytes]], known: int) -> Iterator[list[bytes]]:
    """Yield the runs of whole records after number *known* that follow one another, in order."""
    run: list[bytes] = []
    last = known
    for seq, after, line in sorted(pieces, key=lambda piece: piece[0]):
        if seq <= last:
            continue
        if run and (seq != last + 1 or after != seal.mark_of(run[-1])):
            yield run
            run = []
        run.append(line)
        last = seq
    if run:
        yield run


@define
class _Known:
    """The state as far as it is known: *reach* says how far each part is, by name."""

    graph: Graph
    points: dict[str, Point]
    """Where each snapshot stands in the journal."""
    reach: dict[str, int]
    end: int
    """The furthest record known to have been."""
    records: int
    used_snapshots: bool

    @classmethod
    def of(cls, pictures: Pictures, lines: tuple[bytes, ...]) -> _Known:
        """Return what snapshots and the records 1 to k know."""
        graph, _ = fold(pictures.graph(), lines[pictures.start :], pictures.seqs)
        further = pictures.plan.sessions if pictures.plan and pictures.plan.seq > len(lines) else ()
        names = {"plan", "manifest", *graph.sessions, *further}
        reach = {name: max(pictures.seqs.get(name, 0), len(lines)) for name in names}
        return cls(graph, pictures.points, reach, max(reach.values()), len(lines), pictures.reach > len(lines))

    def go_on(self, run: list[bytes]) -> None:
        """Take in whole records after a gap, for the parts that a snapshot has carried over it."""
        records = [journal.decode(line) for line in run]
        marks = {record.seq: seal.mark_of(line) for record, line in zip(records, run, strict=True)}
        marks[records[0].seq - 1] = journal.after_of(run[0])
        alive = {name for name, point in self.points.items() if marks.get(point.seq) == point.last}
        if not alive:
            return  # it may be of another orchestration
        for record in records:
            for event in unknown(record.events, record.seq, self.reach):
                self._take(event, record, alive)
        for name in alive & {"plan", "manifest", *self.graph.sessions}:
            self.reach[name] = max(self.reach.get(name, 0), records[-1].seq)
        self.end = max(self.end, records[-1].seq)

    def _take(self, event: Event, record: Record, alive: set[str]) -> None:
        name = part_of(event)
        if isinstance(event, _STATES_ALL):
            alive.add(name)
        if name in alive or isinstance(event, e.SessionsRemoved):
            self.graph = apply(self.graph, event, record.at)

    def report(self, whole: int) -> str:
        """Return what was used and what is gone, in words; *whole* records stood in the journal before the damage."""
        sources = [f"records 1 to {self.records}"] if self.records else []
        sources += ["the snapshots"] if self.used_snapshots else []
        backed = " (some of them from backups or from behind the damage)" if self.records > whole else ""
        return f"the state is rebuilt from {' and '.join(sources)}{backed}; {self._gone()}"

    def _gone(self) -> str:
        behind = {n: at for n, at in sorted(self.reach.items()) if at < self.end}
        lost = [f"what steps {at + 1} to {self.end} did to {name}" for name, at in behind.items()]
        if lost:
            return f"{', '.join(lost)} is gone"
        merged = f"; of steps {self.records + 1} to {self.end} only what came of them is known"
        known = merged if self.records < self.end else ""
        return f"it reaches step {self.end}{known}; steps after it, if there were any, are gone"


def _fault(found: Scan, known: _Known) -> str:
    return found.fault or f"records {found.reach + 1} to {known.end} are missing"


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="milliseconds")
