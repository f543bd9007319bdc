"""The sessions of an orchestration, each read when it is first asked for.

Most commands look at one session or none, and there may be ten thousand: their names are enough to begin with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from immutables import Map

from qwen_orch.model.ids import SessionId

if TYPE_CHECKING:
    from qwen_orch.model.session import Session

Load: TypeAlias = "Callable[[SessionId], Session]"


class Shelf(Mapping[SessionId, "Session"]):
    """A persistent mapping from id to session; an id without a value is *load*-ed when its session is wanted.

    What was loaded once is shared by all shelves made of this one. *load* returns the same for an id each time.
    """

    __slots__ = ("_load", "_read", "_stored")

    def __init__(
        self,
        stored: Map[SessionId, Session | None] | None = None,
        load: Load | None = None,
        read: dict[SessionId, Session] | None = None,
    ) -> None:
        self._stored: Map[SessionId, Session | None] = Map() if stored is None else stored
        self._load = load
        self._read: dict[SessionId, Session] = {} if read is None else read

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> Shelf:
        """Return a shelf with these sessions."""
        return cls(Map({s.id: s for s in sessions}))

    @classmethod
    def named(cls, ids: Iterable[SessionId], load: Load) -> Shelf:
        """Return a shelf of sessions that are read by *load* when they are asked for."""
        return cls(Map(dict.fromkeys(ids)), load)

    def __getitem__(self, session_id: SessionId) -> Session:
        session = self._stored[session_id]
        if session is not None:
            return session
        if session_id not in self._read:
            assert self._load is not None, "only a shelf that can load has ids without a value"
            self._read[session_id] = self._load(session_id)
        return self._read[session_id]

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._stored

    def __iter__(self) -> Iterator[SessionId]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __hash__(self) -> int:
        return hash(frozenset(self._stored))

    def set(self, session: Session) -> Shelf:
        """Return a shelf with *session* put in."""
        return Shelf(self._stored.set(session.id, session), self._load, self._read)

    def without(self, ids: Iterable[SessionId]) -> Shelf:
        """Return a shelf without the sessions *ids*; they need not be there."""
        kept = self._stored.mutate()
        for session_id in ids:
            kept.pop(session_id, None)
        return Shelf(kept.finish(), self._load, self._read)
