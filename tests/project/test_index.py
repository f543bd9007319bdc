"""The index of sessions: its answers equal those of who opens everything, whatever happened to it or to the project."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.answers.core import SessionAnswer, session_answer
from qwen_orch.errors import OrchError, SessionNotFound, StorageError, UsageError
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import Note, Session, SessionKind, SessionState
from qwen_orch.project import index
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from qwen_orch.store import seal
from qwen_orch.store.files import Disk
from tests.faults.seams import Quick
from tests.faults.work import A, B, create, fresh, planning
from tests.project.test_long_life import Counting
from tests.strategies import LAW, T0

OWN = {A: planning(A).id, B: planning(B).id}


def scanned(root: Path) -> list[SessionAnswer]:
    """All sessions, as a process sees them that opens every orchestration and reads each session."""
    found = [session_answer(s) for w in fresh(root).writers() for s in w.graph.sessions.values()]
    return sorted(found, key=lambda s: (s.created, s.id))


def commit(project: Project, *events: e.Event, settle: bool = True) -> None:
    """Commit *events* in the first orchestration; with *settle* the snapshots are brought up to date."""
    project.writer(A).commit("test", lambda _: events)
    if settle:
        project.checkpoint(last=True)


def another(project: Project, settle: bool = True) -> None:
    """Open one more session."""
    number = len(project.writer(A).graph.sessions)
    own = Session(SessionId(f"session-more-{number:04d}"), SessionKind.TASK, "more", A, tags=("x",), created=T0)
    commit(project, e.SessionOpened(own), settle=settle)


def flip(path: Path, at: float) -> None:
    """Flip a bit of a file, so far from its beginning."""
    raw = bytearray(path.read_bytes())
    if raw:
        raw[int(at * (len(raw) - 1))] ^= 4
        path.write_bytes(raw)


def files(project: Project) -> list[Path]:
    """Every file that an answer is made of."""
    return sorted(p for kind in ("journal", "plans", "sessions") for p in (project.home / kind).glob("[!.]*"))


def kept(project: Project) -> Path:
    """The index."""
    return project.home / "index.json"


CHANGES: dict[str, Callable[[Project], object]] = {
    "note": lambda p: commit(p, e.NoteAdded(OWN[A], Note("x", T0))),
    "note, not in the snapshot": lambda p: commit(p, e.NoteAdded(OWN[A], Note("x", T0)), settle=False),
    "session": another,
    "session, not in a snapshot": lambda p: another(p, settle=False),
    "suspend": lambda p: commit(p, e.SessionRestored(planning(A)), e.SessionMoved(OWN[A], SessionState.SUSPENDED)),
    "list": lambda p: p.sessions(),
    "no index": lambda p: kept(p).unlink(missing_ok=True),
    "empty index": lambda p: kept(p).write_bytes(b""),
    "index of another version": lambda p: kept(p).write_bytes(b'{"format":["0"],"orchestrations":{},"checksum":"x"}\n'),
    "no snapshot": lambda p: p.layout.session(OWN[B]).unlink(missing_ok=True),
    "no plan": lambda p: p.layout.plan(A).unlink(missing_ok=True),
    "no journal": lambda p: p.layout.journal(B).unlink(missing_ok=True),
}


def change(project: Project, what: str | tuple[str, int, float]) -> None:
    """Do one thing to the project or its files."""
    if isinstance(what, str):
        CHANGES[what](project)
    elif what[0] == "flip":
        flip(files(project)[what[1] % len(files(project))], what[2])
    elif kept(project).exists():
        flip(kept(project), what[2])


@LAW
@given(
    st.lists(
        st.one_of(
            st.sampled_from(sorted(CHANGES)),
            st.tuples(st.just("flip"), st.integers(0, 9), st.floats(0, 1)),
            st.tuples(st.just("flip index"), st.just(0), st.floats(0, 1)),
        ),
        max_size=8,
    )
)
def test_the_index_answers_as_a_full_scan_does(history: list[str | tuple[str, int, float]]) -> None:
    """After any changes, deletions and damage; and once more, from what it has kept."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        project = fresh(root)
        for own in (A, B):
            create(own)(project)
        project.make_current(A, OWN[A])
        project.checkpoint(last=True)
        for what in history:
            with contextlib.suppress(OrchError):  # what nothing survived is gone for both
                change(fresh(root), what)
        answered = fresh(root).sessions()
        assert answered == scanned(root) == fresh(root).sessions()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The orchestrations that are opened from now on."""
    seen: list[str] = []
    usual = Writer.open

    def noted(store: object) -> Writer:
        seen.append(store.orchestration)  # type: ignore[attr-defined]
        return usual(store)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "open", noted)
    return seen


def test_nothing_is_opened_where_the_snapshots_are_current(project: Project, opened: list[str]) -> None:
    """Not to make the index, and not to use it."""
    assert [s.id for s in fresh(project.root).sessions()] == [OWN[A]]
    assert kept(project).exists()
    fresh(project.root).sessions()
    assert opened == []


def test_only_what_changed_is_looked_at_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal of one orchestration went on: the other's sessions come from the index."""
    create(B)(project)
    project.checkpoint(last=True)
    project.sessions()
    commit(project, e.NoteAdded(OWN[A], Note("x", T0)))
    looked, usual = [], index._found
    monkeypatch.setattr(index, "_found", lambda p, own, *rest: looked.append(own) or usual(p, own, *rest))  # type: ignore[func-returns-value]
    assert [s.notes for s in fresh(project.root).sessions()] == [1, 0]
    assert looked == [A]


class NoSpace(Quick):
    """A disk that has no room for another file."""

    def open_new(self, path: Path, mode: int) -> int:
        """Refuse."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_index_that_cannot_be_kept_is_done_without(project: Project) -> None:
    """A full disk costs time, not the answer."""

    disk = Disk(NoSpace(), project.layout.scratch)
    with pytest.raises(StorageError):
        disk.replace(kept(project), b"x")
    assert [s.id for s in fresh(project.root, disk).sessions()] == [OWN[A]]
    assert not kept(project).exists()


def test_one_that_is_newer_is_listed_and_not_remembered(project: Project) -> None:
    """As far as it is understood, and it is said; the index stays as it is."""
    create(B)(project)
    project.checkpoint(last=True)
    journal, plan = project.layout.journal(B), project.layout.plan(B)
    raws = {path: path.read_bytes() for path in (journal, plan)}
    lines = [seal.seal({**seal.unseal(line), "format": 99}) for line in raws[journal].splitlines(keepends=True)]
    journal.write_bytes(b"".join(lines))
    again = fresh(project.root)
    before = kept(project).read_bytes() if kept(project).exists() else None
    assert [s.orchestration for s in again.sessions()] == [A, B]
    assert (kept(project).read_bytes() if kept(project).exists() else None) == before
    assert any("newer" in line for line in again.take_reports())
    for path, raw in raws.items():
        path.write_bytes(raw)
    assert [s.orchestration for s in fresh(project.root).sessions()] == [A, B]


def test_a_prefix_means_a_session_of_any_orchestration(project: Project) -> None:
    """Unless it means two, or none."""
    create(B)(project)
    project.checkpoint(last=True)
    writer, found = fresh(project.root).writer_of_session("session-planning-b")
    assert (writer.graph.root.id, found) == (B, OWN[B])
    with pytest.raises(UsageError, match="session-planning-aaaa, session-planning-bbbb"):
        fresh(project.root).writer_of_session("session-pl")
    with pytest.raises(SessionNotFound):
        fresh(project.root).writer_of_session("session-none")


def test_only_the_sessions_that_changed_are_read_again(project: Project) -> None:
    """Of an orchestration that went on; all of them when its history is another than it was."""
    for _ in range(5):
        another(project)
    project.sessions()
    commit(project, e.NoteAdded(OWN[A], Note("x", T0)))
    disk = Counting()
    assert [s.notes for s in fresh(project.root, disk).sessions() if s.id == OWN[A]] == [1]
    assert [n for n in disk.reads if n.startswith("session-")] == [f"{OWN[A]}.json"]
    elsewhere = project.root / "elsewhere"
    elsewhere.mkdir()
    other = fresh(elsewhere)
    create(A)(other)
    for _ in range(7):
        commit(other, e.NoteAdded(OWN[A], Note("of another history", T0)))
    for kind in ("journal", "plans", "manifests", "sessions"):
        shutil.copytree(other.home / kind, project.home / kind, dirs_exist_ok=True)
    assert fresh(project.root).sessions() == scanned(project.root)
    assert [s.notes for s in fresh(project.root).sessions()] == [7]


def test_while_we_work_only_what_changed_is_asked_for(project: Project) -> None:
    """Of a plan with many sessions, before the snapshots are current again: what others wrote is among it."""
    for _ in range(30):
        another(project)
    disk = Counting()
    here = fresh(project.root, disk)
    assert len(here.sessions()) == 31
    commit(here, e.NoteAdded(OWN[A], Note("mine", T0)), settle=False)
    commit(fresh(project.root), e.NoteAdded(SessionId("session-more-0007"), Note("theirs", T0)), settle=False)
    disk.reads.clear()
    told = {s.id: s.notes for s in here.sessions()}
    assert {i: n for i, n in told.items() if n} == {OWN[A]: 1, "session-more-0007": 1}
    read = [name for name in disk.reads if name.startswith("session-")]
    assert read == ["session-more-0007.json"], "the one that the other's note is put into"
    here.checkpoint(last=True)
    assert fresh(project.root).sessions() == here.sessions() == scanned(project.root)


def test_what_was_known_of_another_history_is_not_believed(project: Project) -> None:
    """The journal was replaced, and goes on from another record of the same number."""
    another(project)
    project.sessions()
    before = index.read(project)[A]
    other = before._replace(
        last="00000000", briefs=tuple(b._replace(session=b.session._replace(notes=9)) for b in before.briefs)
    )
    writer = project.writer(A)
    assert index._unchanged(writer, before).keys() == {b.session.id for b in before.briefs}
    assert index._unchanged(writer, other) == {}
    assert index._unchanged(writer, before._replace(seq=writer.seq + 1)) == {}
