"""The files that belong into a brief."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest
from attrs import evolve

from qwen_orch.execution.brief import brief, prompt
from qwen_orch.execution.brief.parts import RULES
from qwen_orch.execution.brief.workspace import MANY, MOST_BYTES, files_for, given
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.plan import Decision
from qwen_orch.model.session import Artifact, Session, SessionKind, SessionState
from qwen_orch.model.task import Evidence
from qwen_orch.project.project import Project
from qwen_orch.store.lease import MARK
from tests.commands.desk import Desk
from tests.execution.test_brief import WORK, graph_with
from tests.faults.work import A, create, fresh, planning
from tests.project.test_long_life import Counting
from tests.strategies import T0, task


def changed(*files: str) -> Graph:
    """Return a graph in which git saw these files change."""
    return graph_with(task(1), task(2, evidence=(Evidence("run", T0, True, files=files),)))


def test_rules_and_files_are_read_and_guides_only_named(tmp_path: Path) -> None:
    """Agents read AGENTS.md by themselves; what is not there is not in the answer."""
    (tmp_path / RULES).parent.mkdir(parents=True)
    (tmp_path / RULES).write_text("Tabs.")
    (tmp_path / "AGENTS.md").write_text("long")
    (tmp_path / "a.py").write_text("a = 1\x1b[31m")
    found = files_for(tmp_path, changed("a.py", "gone.py"), evolve(WORK, artifacts=()))
    assert found == {"AGENTS.md": "", RULES: "Tabs.", "a.py": "a = 1"}


def test_nothing_outside_the_project_is_read(tmp_path: Path) -> None:
    """Neither by a path that leads out, nor by a link, nor a folder or a pipe in place of a file."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    root.mkdir()
    outside.write_text("not yours")
    (root / "link").symlink_to(outside)
    (root / "folder").mkdir()
    names = ("link", "../outside", str(outside), "folder", "a\0b", "x" * 5_000)
    assert files_for(root, changed(*names), WORK) == {}


def test_neither_secrets_nor_what_is_no_text(tmp_path: Path) -> None:
    """A key is hidden, a picture left out, a huge file read to a bound and said to be longer."""
    (tmp_path / ".env").write_text("API_KEY=abcdefghijkl\nCOLOUR=red\n")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "big.txt").write_text("x" * (MOST_BYTES + 5))
    found = files_for(tmp_path, changed(".env", "a.png", "big.txt"), WORK)
    assert found[".env"] == "API_KEY=[hidden]\nCOLOUR=red\n"
    assert "a.png" not in found
    assert found["big.txt"].endswith(f"x\n[… the rest of its {MOST_BYTES + 5:,} bytes is left out …]")


def test_a_verifier_opens_files_by_itself(tmp_path: Path) -> None:
    """What is in them may be the worker's words."""
    (tmp_path / "a.py").write_text("# trust me")
    session = evolve(WORK, kind=SessionKind.VERIFICATION, artifacts=(Artifact("a.py", "export"),))
    assert files_for(tmp_path, changed("a.py"), session) == {}


def test_an_agent_is_sent_what_context_shows(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte: the agent asks /context for its own session while it works; the second reader is not told why."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    monkeypatch.setenv("QWEN_ORCH_SIM_HOME", str(tmp_path / "sim"))
    shows = f'{sys.executable} -m qwen_orch /context "${MARK}" --export given.txt'
    desk("/config agent.name sim")
    desk.plan(f"# Shop\n- [ ] Catalogue\n  - sim: run {shows}\n  - sim: claim trust me\n")
    desk("/new_task 1 --executor agent", yes=True)
    prompts = [orjson.loads(p.read_bytes().splitlines()[0])["text"] for p in (tmp_path / "sim").rglob("*.jsonl")]
    worker, reviewer = sorted(prompts, key=lambda text: "second reader:" in text)
    assert Path("given.txt").read_text() == worker + "\n"
    assert "trust me" not in reviewer.replace("sim: claim trust me", "")


def test_of_many_sessions_only_those_are_read_that_have_something_to_say(tmp_path: Path) -> None:
    """The brief is the same as from them all, while we work too."""
    project: Project = fresh(tmp_path)
    create(A)(project)
    writer = project.writer(A)
    crowd = [Session(SessionId(f"session-crowd-{n:03d}"), SessionKind.TASK, "w", A, created=T0) for n in range(MANY)]
    decided = e.DecisionMade(crowd[7].id, Decision("sqlite", "it is there"))
    ended = [e.SessionMoved(s.id, SessionState.COMPLETED) for s in crowd]
    writer.commit("new_task", lambda _: [*map(e.SessionOpened, crowd), decided, *ended])
    project.checkpoint(last=True)
    project.sessions()
    disk = Counting()
    here = fresh(project.root, disk)
    graph = here.writer(A).graph
    own = graph.session(planning(A).id)
    disk.reads.clear()
    shown = given(here, graph, own)
    read = [name for name in disk.reads if name.startswith("session-")]
    assert read == [f"{crowd[7].id}.json"]
    assert shown == brief(graph, own, here.config.agent_context)
    here.writer(A).commit("decide", lambda _: [e.DecisionMade(crowd[9].id, Decision("toml", "they know it"))])
    graph = here.writer(A).graph
    assert given(here, graph, own) == brief(graph, own, here.config.agent_context)
    assert "toml" in prompt(given(here, graph, own))
