"""Going back: the records of an orchestration, newest first, each read when somebody gets there.

What is undone is at the end of the journal, so what is before it need not be decoded, nor even read: the state of a
subject (`fold.subjects`) at some record is found by going back to where it was last stated whole, and then forth again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import count, islice

from attrs import define, field

from qwen_orch.errors import SessionCorrupted
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.store import codec, journal, seal, segments
from qwen_orch.store.files import Disk
from qwen_orch.store.fold import PLAN, only, states_whole, subjects
from qwen_orch.store.journal import Record, Scan
from qwen_orch.store.snapshots import Layout

FEW = 16
"""So many names are looked for in the bytes of a line, which is quicker than to decode it."""


@define(slots=False, eq=False, repr=False)
class Line:
    """A whole line of the journal; its record is decoded when it is wanted."""

    raw: bytes

    @cached_property
    def record(self) -> Record:
        """What the line says."""
        return journal.decode(self.raw)


@define(eq=False, repr=False)
class Past:
    """The records *seq* to 1 of an orchestration, in this order; what was read once is not read again."""

    seq: int
    _older: Iterator[bytes]
    _read: list[Line] = field(factory=list)
    _grown: list[Line] = field(factory=list)
    """What was written since it was opened, oldest first."""
    _fault: SessionCorrupted | None = None
    """Why no more can be read."""

    def __iter__(self) -> Iterator[Line]:
        yield from reversed(self._grown)
        for place in count():
            if place == len(self._read) and not self._read_on():
                return
            yield self._read[place]

    def _read_on(self) -> bool:
        """Read one line more, and tell whether there was one; what is damaged stays so, however often it is asked."""
        if self._fault is not None:
            raise self._fault
        try:
            raw = next(self._older, None)
        except SessionCorrupted as error:
            self._fault = error
            raise
        self._read += [] if raw is None else [Line(raw)]
        return raw is not None

    def records(self) -> Iterator[Record]:
        """Yield the records; raise `SessionCorrupted` at the first that the journal no longer holds."""
        return (line.record for line in self)

    def grow(self, raw: bytes) -> None:
        """Take in the line of a record that was just written."""
        self._grown.append(Line(raw))
        self.seq += 1

    def state(self, names: Collection[str], seq: int) -> Graph:
        """Return what the subjects *names* were after record *seq*; there is nothing else in the graph."""
        told = list(self._telling(names, seq))
        graph = Graph()
        for event, at in reversed(told):
            graph = apply(graph, event, at)
        return only(graph, names)

    def _telling(self, names: Collection[str], seq: int) -> Iterator[tuple[e.Event, str]]:
        """Yield the events that made *names* what they were after record *seq*, newest first, each with its time."""
        wanted, marks = set(names), _marks(names)
        lines = islice(self, max(0, self.seq - seq), None)
        while wanted and (line := next(lines, None)) is not None:
            if not _may_tell(line.raw, marks):
                continue
            for event in reversed(line.record.events):
                about = subjects(event) & wanted
                if about:
                    yield _of(event, about), line.record.at
                if states_whole(event):
                    wanted -= about


def _of(event: e.Event, about: set[str]) -> e.Event:
    """Return *event* without the tasks that are not known yet when it is applied: nobody asks for them."""
    if isinstance(event, e.CommandsApproved):
        return e.CommandsApproved(tuple(i for i in event.tasks if i in about))
    return event


_PLAN_MARKS = tuple(f'"{n}"'.encode() for n, kind in e.EVENTS.items() if issubclass(kind, e.PlanEvent))
_OURS = b'{"format":%d,' % codec.FORMAT


def _marks(names: Collection[str]) -> tuple[bytes, ...]:
    """Return what stands in every line, of our format, that tells of one of *names*; nothing when they are many."""
    if len(names) > FEW:
        return ()
    return (*(f'"{name}"'.encode() for name in names), *(_PLAN_MARKS if PLAN in names else ()))


def _may_tell(raw: bytes, marks: tuple[bytes, ...]) -> bool:
    return not marks or not raw.startswith(_OURS) or any(mark in raw for mark in marks)


def past(disk: Disk, layout: Layout, orchestration: str, seq: int, newer: bool = False) -> Past:
    """Return the records *seq* to 1; raise `SessionCorrupted` when the journal does not go as far.

    Of a *newer* format, those are left out that a later version wrote, and all that follow them.
    """
    path = layout.journal(orchestration)
    raw = disk.read(path) or b""
    live = journal.scan_from_first(journal.before_newer(raw) if newer else raw, orchestration)
    if live.reach < seq and not newer:
        raise _damaged(path.name, live.fault or f"record {live.reach + 1} is missing")
    lines = _back(disk, layout, orchestration, live, newer)
    return Past(min(seq, live.reach), islice(lines, max(0, live.reach - seq), None))


def _back(disk: Disk, layout: Layout, orchestration: str, live: Scan, newer: bool) -> Iterator[bytes]:
    """Yield the lines of *live*, and of what was sealed before it, newest first."""
    try:
        for lines in segments.back(disk, layout, orchestration, live):
            yield from reversed(lines)
    except seal.Damaged as error:
        if not newer:
            raise _damaged(layout.journal(orchestration).name, str(error)) from None


def _damaged(name: str, fault: str) -> SessionCorrupted:
    return SessionCorrupted(f"{name} was damaged since it was read: {fault}", "/doctor repairs it")
