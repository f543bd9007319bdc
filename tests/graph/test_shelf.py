"""Sessions are read when they are asked for."""

from __future__ import annotations

from attrs import evolve

from qwen_orch.graph.shelf import Shelf
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.session import Session, SessionKind, SessionState

IDS = [SessionId(f"session-{name}-aaaa") for name in ("one", "two", "three")]


def session(session_id: SessionId) -> Session:
    """A session with this id."""
    return Session(session_id, SessionKind.TASK, "work", OrchestrationId("orch-x-aaaa"))


def test_names_are_known_without_reading() -> None:
    """Length, membership and iteration read nothing; a session is read once, for all shelves made of the first."""
    read: list[SessionId] = []

    def load(session_id: SessionId) -> Session:
        read.append(session_id)
        return session(session_id)

    shelf = Shelf.named(IDS, load)
    assert (len(shelf), IDS[0] in shelf, sorted(shelf)) == (3, True, sorted(IDS))
    assert read == []
    changed = shelf.set(evolve(session(IDS[1]), title="new"))
    assert changed[IDS[0]] == shelf[IDS[0]] == session(IDS[0])
    assert (changed[IDS[1]].title, shelf[IDS[1]].title) == ("new", "work")
    assert read == [IDS[0], IDS[1]]


def test_a_shelf_is_a_value() -> None:
    """Putting in and taking out leave the shelf as it was; equal sessions make equal shelves, read or not."""
    shelf = Shelf.of(map(session, IDS))
    assert shelf.without(IDS[:1]) == Shelf.of(map(session, IDS[1:]))
    assert shelf.without([SessionId("session-none-aaaa")]) == shelf == Shelf.named(IDS, session)
    assert len(shelf) == 3


def test_only_those_that_may_be_active_are_read_to_find_the_active_ones() -> None:
    """However many there are; what is put in and taken out is known without reading."""
    read: list[SessionId] = []

    def load(session_id: SessionId) -> Session:
        read.append(session_id)
        return evolve(session(session_id), state=SessionState.ACTIVE if session_id == IDS[1] else SessionState.FAILED)

    shelf = Shelf.named(IDS, load, awake=IDS[1:])
    assert [s.id for s in shelf.active()] == [IDS[1]]
    assert sorted(read) == sorted(IDS[1:])
    assert [s.id for s in Shelf.named(IDS, load).active()] == [IDS[1]], "an older snapshot does not say which may be"
    ended = shelf.set(evolve(session(IDS[1]), state=SessionState.SUSPENDED))
    assert (ended.active(), [s.id for s in ended.set(session(IDS[0])).active()]) == ([], [IDS[0]])
    assert shelf.without([IDS[1]]).active() == []
    assert [s.id for s in Shelf.of(map(session, IDS)).active()] == sorted(IDS)


def test_what_is_put_away_is_read_again_when_it_is_wanted() -> None:
    """Only the names of ended sessions are kept; the active ones stay."""
    ended = evolve(session(IDS[0]), state=SessionState.COMPLETED)
    shelf = Shelf.of([ended, session(IDS[1])])
    away = shelf.put_away(IDS, lambda session_id: evolve(ended, title=f"read {session_id}"))
    assert (away[IDS[0]].title, away[IDS[1]].title) == (f"read {IDS[0]}", "work")
    assert (sorted(away), len(away)) == (sorted(IDS[:2]), 2)
    assert shelf[IDS[0]].title == "work"
