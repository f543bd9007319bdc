"""The one writer of an orchestration: catch up, decide, check, append, apply. Only then is anything shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from attrs import define, evolve, field

from qwen_orch.errors import SessionCorrupted, StorageError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId
from qwen_orch.store.files import is_read_only
from qwen_orch.store.migrations import is_newer
from qwen_orch.store.store import Store

if TYPE_CHECKING:
    from qwen_orch.model.event import Event
    from qwen_orch.store.journal import Record
    from qwen_orch.store.later import Later
    from qwen_orch.store.past import Past
    from qwen_orch.store.restore import Loaded

T = TypeVar("T")

Decide: TypeAlias = "Callable[[Graph], Iterable[Event]]"
"""What a command wants, given the newest state: the events of one step, or a typed error."""

LAG = 4.0
"""A checkpoint may be put off for this many times as long as the last one took, so that it costs at most a fifth."""


def now() -> datetime:
    """Return the present time, UTC."""
    return datetime.now(UTC)


def timestamp() -> str:
    """Return the present time as it is stored: ISO 8601, UTC, milliseconds."""
    return now().isoformat(timespec="milliseconds")


@define(eq=False, repr=False)
class Writer:
    """Holds the state of one orchestration, and is the only way to change it."""

    store: Store
    graph: Graph = field(factory=Graph)
    seq: int = 0
    repairs: tuple[str, ...] = ()
    heard: Callable[[Graph, Record, Graph], None] = lambda before, record, after: None
    """Is told of each step of ours once it is durable and the lock is free, with the states before and after it."""
    _past: Past | None = None
    """The records as far back as a command has asked for them."""
    _stale: set[str] = field(factory=set)
    """Parts whose snapshots are behind the journal."""
    _later: Later | None = None
    """What reads the sessions that were not asked for yet."""
    _spared_until: float = 0.0
    _only_reads: bool = False
    """Whether the folder refused us when we last tried to write in it."""
    newer: StorageError | None = None
    """Why nothing is written here, when a later version wrote it: what is shown is what is understood of that."""

    @classmethod
    def open(cls, store: Store) -> Writer:
        """Restore the orchestration of *store*, or look at it where a later version wrote or we may not write."""
        writer = cls(store)
        writer._open()
        return writer

    def _open(self) -> None:
        try:
            self.store.refuse_newer()
            with self.store.locked():
                self._restore()
        except StorageError as error:
            if is_newer(error):
                self._look(error)
            elif is_read_only(error):
                self._restore(mend=False)
            else:
                raise

    def _restore(self, mend: bool = True, thorough: bool = False) -> None:
        self._take(self.store.load(mend, thorough))
        self._only_reads, self.newer = not mend, None

    def _look(self, refusal: StorageError) -> None:
        """Take what is understood of what a later version wrote, and say so; raise *refusal* where it is too little."""
        told = self.newer is not None and self.newer.message == refusal.message
        self.newer = refusal
        self._take(self.store.look(refusal))
        self._stale.clear()
        missing = "what that added, and what it did last, may be missing"
        self.repairs += () if told else (f"{refusal.message}: it is read-only here, and {missing}; {refusal.hints[0]}",)

    def _take(self, loaded: Loaded) -> None:
        self.graph, self.seq, self._past = loaded.graph, loaded.seq, None
        self.repairs = (*self.take_repairs(), *loaded.repairs)
        self._later = loaded.later
        self._stale |= loaded.stale

    def refuse_newer(self) -> None:
        """Raise `StorageError` when a later version wrote this: nothing is to be decided on what we see of it."""
        if self.newer is not None:
            raise self.newer

    def take_repairs(self) -> tuple[str, ...]:
        """Return what had to be repaired, or was brought to our format, since this was last asked."""
        taken, self.repairs = (*self.repairs, *self.store.reports), ()
        self.store.reports.clear()
        if self._later is not None:
            taken += tuple(self._later.repairs)
            self._stale |= self._later.stale
            self._later.repairs.clear()
            self._later.stale.clear()
        return taken

    def commit(self, by: str, decide: Decide) -> tuple[Event, ...]:
        """Make one step durable and return its events (none when there was nothing to do).

        *decide* is asked, under the lock, with everything others have written; what it returns is checked against the
        rules event by event. Raises their typed errors, or `StorageError`; then nothing has changed.
        """
        from qwen_orch.graph.apply import apply
        from qwen_orch.graph.rules import check
        from qwen_orch.store.fold import parts_of
        from qwen_orch.store.journal import Record

        self.refuse_newer()
        with self.store.locked():
            self._catch_up()
            before, at = self.graph, timestamp()
            graph, events = before, tuple(decide(before))
            for event in events:
                check(graph, event)
                self._refuse_taken(event)
                graph = apply(graph, event, at)
            if events:
                record = Record(self.seq + 1, at, by, events)
                line = self.store.append(record)
                if self._past is not None:
                    self._past.grow(line)
                self.graph, self.seq = graph, self.seq + 1
                self._stale |= parts_of(events)
        if events:
            self.heard(before, record, graph)
        return events

    def _refuse_taken(self, event: Event) -> None:
        """Raise `StorageError` for a new session whose id another orchestration of the project has."""
        from qwen_orch.model.event import SessionOpened

        if not isinstance(event, SessionOpened) or event.session.id in self.graph.sessions:
            return
        if self.store.layout.has_session(event.session.id):
            raise StorageError(f"{event.session.id} exists already", "repeat the command: it gets another id")

    def refresh(self) -> list[Record]:
        """Take in what other processes have written, and return it; costs one system call when there is nothing."""
        if not self.store.changed():
            return []
        if not (self._only_reads or self.newer):
            try:
                with self.store.locked():
                    return self._catch_up()
            except StorageError as error:
                if not is_newer(error):
                    raise
        self._open()
        return []

    def _catch_up(self) -> list[Record]:
        news = None if self._only_reads else self.store.news(self.seq)
        if news is None:
            self._restore()
            return []
        if news:
            from qwen_orch.graph.apply import apply
            from qwen_orch.store.fold import parts_of

            for record in news:
                for event in record.events:
                    self.graph = apply(self.graph, event, record.at)
                self._stale |= parts_of(record.events)
            self.seq, self._past = news[-1].seq, None
        return news

    def checkpoint(self, last: bool = False) -> None:
        """Bring the snapshots up to date (I8). Within a burst a costly one may be put off, unless it is the *last*."""
        self.repairs, self._past = self.take_repairs(), None
        spared = self._only_reads or self.newer or (not last and time.monotonic() < self._spared_until)
        if not self._stale or spared:
            return
        began = time.monotonic()
        with self.store.locked():
            self._catch_up()
            written = set(self._stale)
            self.store.checkpoint(self.graph, self.seq, written)
        self.repairs = self.take_repairs()  # a session that was read for it may have been damaged
        self._stale -= written
        self._put_away(written)
        self._spared_until = time.monotonic() + LAG * (time.monotonic() - began) if _costly(began) else 0.0

    def _put_away(self, written: set[str]) -> None:
        """Forget what the snapshots just *written* can tell again: a process may live for a million steps."""
        self._later = self.store.later(self.graph, self.seq)
        sessions = self.graph.sessions.put_away(map(SessionId, written), self._later.load)
        self.graph = evolve(self.graph, sessions=sessions)

    def backup(self, reason: str) -> str:
        """Keep a copy of the journal; return its name under ``backups/``."""
        self.refuse_newer()
        with self.store.locked():
            return self.store.backup(reason).name

    def history(self) -> list[Record]:
        """Return every record that the state is made of, oldest first."""
        return self.mending(lambda: list(self.past().records()))[::-1]

    def past(self) -> Past:
        """Return the records, newest first; who goes back may find that they are damaged (`mending`).

        They are kept until the next checkpoint: a command that goes back asks for them again and again.
        """
        if self._past is None:
            self._past = self.store.past(self.seq)
        return self._past

    def mending(self, act: Callable[[], T]) -> T:
        """Return what *act* does; if it finds damage in the past, that is repaired first, and it is tried again."""
        try:
            return act()
        except SessionCorrupted:
            self._past = None
            self.refuse_newer()
            with self.store.locked():
                self._restore(thorough=True)
            return act()


def _costly(began: float) -> bool:
    return time.monotonic() - began > 0.05
