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
ACTIVE = "active"
"""The state of a session that is; not `SessionState.ACTIVE`, for which all about sessions would be imported."""


class Shelf(Mapping[SessionId, "Session"]):
    """A persistent mapping from id to session; an id without a value is *load*-ed when its session is wanted.

    What was loaded once is shared by all shelves made of this one. *load* returns the same for an id each time. The ids
    of sessions that may be active are known apart from the rest, so that nothing else is read to find those that are.
    """

    __slots__ = ("_awake", "_load", "_read", "_stored")

    def __init__(
        self,
        stored: Map[SessionId, Session | None] | None = None,
        load: Load | None = None,
        read: dict[SessionId, Session] | None = None,
        awake: Map[SessionId, None] | None = None,
    ) -> None:
        self._stored: Map[SessionId, Session | None] = Map() if stored is None else stored
        self._load = load
        self._read: dict[SessionId, Session] = {} if read is None else read
        self._awake: Map[SessionId, None] = Map() if awake is None else awake

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> Shelf:
        """Return a shelf with these sessions."""
        known = {s.id: s for s in sessions}
        return cls(Map(known), awake=Map({i: None for i, s in known.items() if s.state == ACTIVE}))

    @classmethod
    def named(cls, ids: Iterable[SessionId], load: Load, awake: Iterable[SessionId] | None = None) -> Shelf:
        """Return a shelf of sessions that are read by *load* when they are asked for; only *awake* may be active."""
        names: Map[SessionId, Session | None] = Map(dict.fromkeys(ids))
        return cls(names, load, awake=Map(dict.fromkeys(names if awake is None else awake)))

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

    @property
    def awake(self) -> Iterable[SessionId]:
        """The ids of the sessions that may be active: all that are, and a few more."""
        return self._awake.keys()

    def active(self) -> list[Session]:
        """Return the active sessions, oldest first."""
        found = (self[i] for i in self._awake)
        return sorted((s for s in found if s.state == ACTIVE), key=lambda s: (s.created, s.id))

    def set(self, session: Session) -> Shelf:
        """Return a shelf with *session* put in."""
        awake = self._awake
        if session.state == ACTIVE:
            awake = awake.set(session.id, None)
        elif session.id in awake:
            awake = awake.delete(session.id)
        return Shelf(self._stored.set(session.id, session), self._load, self._read, awake)

    def put_away(self, ids: Iterable[SessionId], load: Load) -> Shelf:
        """Return a shelf that keeps of *ids*, unless they are active, only the names: *load* reads them again."""
        kept = self._stored.mutate()
        for session_id in ids:
            if session_id in kept and session_id not in self._awake:
                kept[session_id] = None
        return Shelf(kept.finish(), load, None, self._awake)

    def without(self, ids: Iterable[SessionId]) -> Shelf:
        """Return a shelf without the sessions *ids*; they need not be there."""
        kept, awake = self._stored.mutate(), self._awake.mutate()
        for session_id in ids:
            kept.pop(session_id, None)
            awake.pop(session_id, None)
        return Shelf(kept.finish(), self._load, self._read, awake.finish())
