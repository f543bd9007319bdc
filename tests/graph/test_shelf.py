"""Sessions are read when they are asked for."""

from __future__ import annotations

from attrs import evolve

from qwen_orch.graph.shelf import Shelf
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.session import Session, SessionKind

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
