"""A process that is never closed: what it forgets, what it lets go, and that nothing of it grows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

from qwen_orch.errors import StorageError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.project.config import Config
from qwen_orch.project.opening import new_session, opened
from qwen_orch.project.project import KEPT_OPEN, Project
from qwen_orch.project.writer import Writer
from qwen_orch.repl.facts import FEW, Facts
from qwen_orch.store.files import Disk
from tests.faults.seams import Quick
from tests.faults.work import A, create, fresh, note, planning
from tests.strategies import T0

ROOT = Path(__file__).resolve().parents[2]


def test_neither_memory_nor_open_files_grow() -> None:
    """Over 10,000 steps of work; ``benchmarks/long_life.py`` does a million."""
    line = [sys.executable, "benchmarks/long_life.py", "10000", "--plan-steps", "250"]
    ran = subprocess.run(line, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    told = [row for row in ran.stdout.splitlines() if row.startswith(("MB", "open files"))]
    assert [row.split()[-1] for row in told] == ["yes", "yes"], ran.stdout + ran.stderr


def names(number: int) -> OrchestrationId:
    """The id of an orchestration."""
    return OrchestrationId(f"orch-many-{number:04d}")


def test_a_process_keeps_but_a_few_orchestrations_in_memory(tmp_path: Path) -> None:
    """Those it was asked for last, and those that somebody holds; what it lets go is on the disk."""
    project = fresh(tmp_path)
    for number in range(KEPT_OPEN + 3):
        create(names(number))(project)
    held = project.writer(names(0))
    held.commit("note", lambda _: [e.SessionMoved(planning(names(0)).id, SessionState.SUSPENDED)])
    for writer in project.writers():
        assert writer.graph.orchestration
    del writer
    assert len(project._writers) == KEPT_OPEN + 1
    assert project.writer(names(0)) is held
    assert project.writer(names(1)).graph.tasks
    plans = [project.layout.plan(names(n)).exists() for n in range(KEPT_OPEN + 3)]
    assert all(plans[:3]), "let go, so written"
    project.checkpoint(last=True)
    assert fresh(tmp_path).writer(names(0)).graph == held.graph


class Counting(Disk):
    """A disk that remembers what was read of it."""

    def __init__(self) -> None:
        super().__init__(Quick())
        self.reads: list[str] = []

    def read(self, path: Path) -> bytes | None:
        """Read, and remember it."""
        self.reads.append(path.name)
        return super().read(path)


def test_what_is_current_is_read_once(project: Project) -> None:
    """However often a command asks; and again when somebody has written it."""
    disk = Counting()
    again = fresh(project.root, disk)
    assert {again.current for _ in range(5)} == {project.current}
    assert disk.reads == ["state.json"]
    fresh(project.root).make_current(A, None)
    assert again.current.session is None
    again.make_current(A, planning(A).id)
    assert again.current.session == planning(A).id


def crowd(writer: Writer, count: int) -> list[Session]:
    """Put so many ended sessions into an orchestration, and return them."""
    made = [
        Session(SessionId(f"session-old-{n:05d}"), SessionKind.TASK, "old", A, SessionState.COMPLETED, created=T0)
        for n in range(count)
    ]
    writer.commit("test", lambda _: [e.SessionOpened(s) for s in made])
    writer.checkpoint(last=True)
    return made


def test_opening_a_session_reads_no_session_that_is_not_active(project: Project) -> None:
    """So it costs the same whether there were ten before or ten thousand."""
    crowd(project.writer(A), 500)
    disk = Counting()
    writer = fresh(project.root, disk).writer(A)
    writer.commit("new_task", lambda g: opened(g, Config(), new_session(g, SessionKind.TASK, "new")))
    assert [n for n in disk.reads if n.startswith("session-")] == [f"{planning(A).id}.json"]
    assert len(fresh(project.root).writer(A).graph.sessions) == 502


def test_what_is_written_down_is_forgotten(project: Project) -> None:
    """Of a session that is not active a process keeps the name; asked for, it is the same."""
    disk = Counting()
    writer = fresh(project.root, disk).writer(A)
    made = crowd(writer, 20)
    writer.commit("note", lambda _: [note("more")])
    writer.checkpoint(last=True)
    disk.reads.clear()
    assert writer.graph.sessions[made[7].id] == made[7]
    assert disk.reads == ["session-old-00007.json"]
    assert fresh(project.root).writer(A).graph == writer.graph


def test_archiving_loses_nothing(project: Project) -> None:
    """Neither making room nor a time-out removes anything: all is found, and comes back with what it holds."""
    config, writer = Config(maxSessions=3), project.writer(A)
    made = []

    def another(graph: Graph) -> list[e.Event]:
        made.append(new_session(graph, SessionKind.TASK, "work"))
        return list(opened(graph, config, made[-1]))

    for number in range(12):
        writer.commit("new_task", another)
        noted = e.NoteAdded(made[-1].id, evolve(note("").note, text=f"note {number}"))
        writer.commit("note", lambda _, noted=noted: [noted])
        project.checkpoint(last=True)
    graph = fresh(project.root).writer(A).graph
    assert len(graph.sessions.active()) == 3
    assert [graph.session(s.id).notes[0].text for s in made] == [f"note {n}" for n in range(12)]
    assert {s.state for s in graph.sessions.values()} == {SessionState.ACTIVE, SessionState.SUSPENDED}


def test_a_session_id_is_taken_once_in_a_project(project: Project) -> None:
    """One that another orchestration has is refused before anything is written: /resume must never mean two."""
    create(names(2))(project)
    project.checkpoint(last=True)
    writer, raw = project.writer(names(2)), project.layout.journal(names(2)).read_bytes()
    same = evolve(planning(A), orchestration=names(2))
    with pytest.raises(StorageError, match=f"{planning(A).id} exists already"):
        writer.commit("new_task", lambda _: [e.SessionOpened(same)])
    assert project.layout.journal(names(2)).read_bytes() == raw
    assert fresh(project.root).writer(A).graph.sessions[planning(A).id].orchestration == A


def test_completion_reads_no_crowd_of_sessions(project: Project) -> None:
    """What stands beside their names comes from the index, as it last knew them; names come without it, too."""
    disk = Counting()
    crowd(project.writer(A), FEW + 50)
    again = fresh(project.root, disk)
    facts = Facts(again)
    facts.see(again.writer(A).graph, None)
    assert (len(facts.sessions()), facts.sessions()[0].name) == (FEW + 51, planning(A).id)
    assert {s.about for s in facts.sessions()[1:]} == {""}
    again.sessions()
    disk.reads.clear()
    facts.see(again.writer(A).graph, None)
    assert {s.about for s in facts.sessions()[1:]} == {"completed · task · old"}
    assert [n for n in disk.reads if n.startswith("session-")] == []
    create(names(5))(project)
    project.checkpoint(last=True)
    assert facts.sessions()[-1].about == "another orchestration"
