"""I6: what a later version wrote opens read-only and says so, or is refused where it is not understood."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.answers.encoding import to_json
from qwen_orch.commands import registry
from qwen_orch.errors import StorageError
from qwen_orch.model import event as e
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.project.project import HOME, Project
from qwen_orch.repl.facts import Facts
from qwen_orch.repl.loop import Shell
from qwen_orch.screen import Screen
from tests.commands.desk import THREE, Desk, tree
from tests.old_formats.future import FORMAT, SAYS, Page, lift_state, lifted
from tests.repl.test_loop import Scripted

READING = (
    "/list_tasks --tree --details",
    "/task_status",
    "/task_status 1",
    "/sessions --tree",
    "/context",
    "/session_history --timeline",
    "/export_plan json --include-progress",
    "/graph",
    "/permissions",
    "/think",
    "/checkpoint",
)
WRITING = (
    "/note x", "/think y", "/decide z --why w", "/add_task More", "/update_task 2 tags:a", "/cancel_task 3",
    "/new_task", "/complete_task 2", "/check_completeness", "/approve_plan", "/reset_plan", "/undo", "/checkpoint here",
    "/resume",
    "/export_plan markdown --output plan.md", "/context --export context.md", "/plan --merge\n- [ ] Catalogue",
)  # fmt: skip


def typed(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real program on one command."""
    return subprocess.run(
        program(root, *words), capture_output=True, text=True, env=alone(root), timeout=180, check=False
    )


def program(root: Path, *words: str) -> list[str]:
    """The command line of one command."""
    return [sys.executable, "-m", "qwen_orch", "--json", "--yes", "--project", str(root), *words]


def alone(root: Path) -> dict[str, str]:
    """An environment in which nothing of this person is changed."""
    return os.environ | {"XDG_STATE_HOME": str(root.parent / "own"), "PYTHONPATH": str(Path.cwd())}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that the program itself made, of two plans, with all that a command might tidy up.

    A task whose process was killed, sessions that have timed out, a file that a writer left, no index.
    """
    root = tmp_path_factory.mktemp("made") / "shop"
    root.mkdir()
    other = THREE.replace("# Shop", "# Other")
    for words in (
        ["/plan", other], ["/approve_plan", "--force"], ["/plan", THREE], ["/approve_plan", "--force"],
        ["/new_task", "1"], ["/note", "mind the gap"], ["/think", "in order"], ["/add_task", "Long"],
        ["/update_task", "4", "run:sleep 61"], ["/approve_plan"], ["/config", "sessionTimeout", "1s"],
        ["/config", "hooks", json.dumps({"task.completed": "touch hooked"})],
    ):  # fmt: skip
        done = typed(root, *words)
        assert done.returncode == 0, done
    _kill_a_task(root)
    time.sleep(1.1)
    (root / HOME / "tmp/.orch.json.abc.tmp").write_bytes(b"half")
    for path in [*root.rglob("*.lock"), *root.rglob("index.json"), *root.glob("hooked")]:
        path.unlink()
    return root


def _kill_a_task(root: Path) -> None:
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(program(root, "/new_task", "4"), env=alone(root), start_new_session=True, **quiet)
    journal = root / HOME / f"journal/{current(root)}.jsonl"
    deadline = time.monotonic() + 90
    while b'"AttemptStarted","task":"task-004"' not in journal.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.2)
    child.kill()
    child.wait()


@pytest.fixture
def ours(made: Path, tmp_path: Path) -> Path:
    """A copy of it, in our format."""
    root = tmp_path / "shop"
    shutil.copytree(made, root)
    return root


@pytest.fixture
def newer(ours: Path) -> Path:
    """A copy in which the current plan was gone on with by a later version."""
    lifted(ours, current(ours))
    return ours


def current(root: Path) -> str:
    """The orchestration that is current."""
    return str(json.loads((root / HOME / "state.json").read_bytes())["orchestration"])


def other(root: Path) -> str:
    """The orchestration that is not."""
    (name,) = set(Project.at(root).orchestrations()) - {current(root)}
    return name


def sessions_of(root: Path, own: str) -> list[Path]:
    """The snapshots of the sessions of one orchestration."""
    return sorted(p for p in (root / HOME / "sessions").glob("*") if json.loads(p.read_bytes())["belongs_to"] == own)


@pytest.mark.parametrize("line", READING)
def test_what_is_understood_is_shown_and_nothing_is_written(line: str, newer: Path) -> None:
    """In a process that has just started; one warning says what is the matter, and what to do."""
    before = tree(newer)
    outcome = Desk(newer).run(line)
    assert outcome.error is None, outcome
    (told,) = outcome.warnings
    assert f"{current(newer)} was {SAYS}: it is read-only here" in told
    assert "may be missing" in told
    assert "pip install -U qwen-orch" in told
    assert tree(newer) == before


@pytest.mark.parametrize("line", [line for line in READING if "history" not in line and line != "/checkpoint"])
def test_it_is_the_same_as_our_own_snapshots_tell(line: str, ours: Path) -> None:
    """What was added is passed over; all else is shown, whatever it is."""
    for path in (ours / HOME / "logs").glob("*.log"):
        path.unlink()  # else that of the killed process is ended, where that may be
    own = current(ours)
    lifted(ours, own)
    shown = to_json(Desk(ours).run(line).answer)
    assert b"uture" not in shown
    lowered(ours, own)
    project = Project.at(ours)
    project.upkeep = lambda: None  # type: ignore[method-assign]
    desk = Desk(ours)
    desk.project = project
    desk("/config autoCleanup false")
    assert json.loads(to_json(desk.run(line).answer)) == json.loads(shown)


def lowered(root: Path, own: str) -> None:
    """Give the snapshots our number back, and take away the journal: they are enough."""
    for folder in ("plans", "manifests", "sessions"):
        for path in (root / HOME / folder).glob("*.json"):
            page = json.loads(path.read_bytes())
            if page.pop("checksum") and page["belongs_to"] == own:
                path.write_bytes(seal_page({**page, "format": FORMAT - 1}))
    (root / HOME / f"journal/{own}.jsonl").unlink()
    lift_state(root, format=FORMAT - 1)


def seal_page(page: Page) -> bytes:
    """A snapshot with its checksum."""
    from qwen_orch.store import seal

    return seal.seal(page, pretty=True)


def test_history_is_told_up_to_the_first_record_of_the_newer(newer: Path) -> None:
    """No record of that is interpreted, not even those that would be understood."""
    entries = Desk(newer)("/session_history").entries
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert not any("teleport" in str(entry) for entry in entries)


@pytest.mark.parametrize("line", WRITING)
def test_what_would_write_is_refused_and_writes_nothing(
    line: str, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a lock, not an index, not a backup; no hook runs."""
    monkeypatch.chdir(newer)
    before = tree(newer)
    error = Desk(newer).refused(line, StorageError, yes=True)
    assert error.message == f"{current(newer)} was {SAYS}"
    assert error.hints == ("upgrade qwen-orch: pip install -U qwen-orch",)
    assert error.exit_code == 3
    assert tree(newer) == before


def test_the_same_would_have_been_written_in_our_own(ours: Path) -> None:
    """That is: these tests can fail. The recovery, the clean-up, the index, the hook: all of them are due."""
    before = tree(ours)
    outcome = Desk(ours).run("/sessions")
    assert any("interrupted" in w for w in outcome.warnings)
    assert any("suspended" in w for w in outcome.warnings)
    assert {f"{HOME}/index.json", f"{HOME}/journal/.{current(ours)}.lock"} <= tree(ours).keys() - before.keys()


@pytest.mark.parametrize("lift", [True, False])
def test_a_hook_runs_on_a_step_and_so_not_here(lift: bool, ours: Path) -> None:
    """One that was agreed to."""
    from qwen_orch.project.trust import approve, trust

    approve(ours, current(ours))
    trust(ours, "task.completed", "touch hooked")
    if lift:
        lifted(ours, current(ours))
    outcome = Desk(ours).run("/complete_task 2", yes=True)
    assert (outcome.error is not None) == lift
    deadline = time.monotonic() + (1 if lift else 90)
    while not (ours / "hooked").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (ours / "hooked").exists() != lift


def test_every_command_that_reads_is_tried_here() -> None:
    """One that is added is to be added here, too."""
    names = {command.name for command in registry.all_commands() if command.reads} - {"orchestration_help"}
    assert names <= {line.split()[0][1:] for line in READING}


def test_the_program_itself(newer: Path) -> None:
    """Exit codes, the envelope, and nothing written when the process has ended."""
    before = tree(newer)
    listed = typed(newer, "/list_tasks")
    told = json.loads(listed.stdout)
    assert (listed.returncode, told["ok"], len(told["warnings"])) == (0, True, 1)
    assert [task["title"] for task in told["result"]["tasks"]] == ["Catalogue", "Cart", "Checkout", "Long"]
    assert SAYS in told["warnings"][0]
    refused = typed(newer, "/complete_task", "2")
    assert (refused.returncode, json.loads(refused.stdout)["error"]["type"]) == (3, "StorageError")
    assert tree(newer) == before


def _unknown_status(page: Page) -> None:
    for task in page.get("tasks", ())[:1]:
        task["status"] = "teleported"


def _title_in_languages(page: Page) -> None:
    for task in page.get("tasks", ())[:1]:
        task["title"] = {"en": task["title"]}


def _no_estimate(page: Page) -> None:
    for task in page.get("tasks", ()):
        del task["estimate"]


def _tasks_by_id(page: Page) -> None:
    if "tasks" in page:
        page["tasks"] = {task["id"]: task for task in page["tasks"]}


def _other_numbers(page: Page) -> None:
    page["seq"] = str(page["seq"])


def _ids_of_another_kind(page: Page) -> None:
    for task in page.get("tasks", ())[:1]:
        task["id"] = "task one"


def _active_elsewhere(page: Page) -> None:
    if "active" in page:
        page["active"] = ["session-none-aaaa"]


def _plan_elsewhere(page: Page) -> None:
    if "orchestration" in page:
        page["goal"] = page.pop("orchestration")


SHAPES = (
    _unknown_status,
    _title_in_languages,
    _no_estimate,
    _tasks_by_id,
    _other_numbers,
    _ids_of_another_kind,
    _active_elsewhere,
    _plan_elsewhere,
)


@pytest.mark.parametrize("change", SHAPES)
def test_what_is_not_understood_is_refused(change: Callable[[Page], None], ours: Path) -> None:
    """A value that is not known here, a shape that changed: nothing is guessed at, and other plans can be used."""
    own = current(ours)
    lifted(ours, own, change)
    before = tree(ours)
    for line in ("/list_tasks", "/task_status 1", "/export_plan json", "/note x"):
        error = Desk(ours).refused(line, StorageError, yes=True)
        assert error.message == f"{own} was {SAYS}"
    listed = Desk(ours).run("/sessions")
    assert {s.orchestration for s in listed.answer.sessions} == {other(ours)}
    assert listed.warnings == (f"{own} was {SAYS}",)
    assert tree(ours) == before


@pytest.mark.parametrize("lost", ["manifests", "plans"])
def test_without_a_snapshot_it_is_refused(lost: str, newer: Path) -> None:
    """The journal, which would tell the rest, is not read."""
    (newer / HOME / lost / f"{current(newer)}.json").unlink()
    before = tree(newer)
    assert SAYS in Desk(newer).refused("/list_tasks", StorageError).message
    assert tree(newer) == before


def test_a_session_that_is_not_understood_is_named(ours: Path) -> None:
    """The others are listed, and the tasks; asked for itself, it is refused."""
    own = current(ours)
    strange = sessions_of(ours, own)[0].stem

    def change(page: Page) -> None:
        if page.get("session", {}).get("id") == strange:
            page["session"]["kind"] = "dreaming"

    lifted(ours, own, change)
    before = tree(ours)
    listed = Desk(ours).run("/sessions")
    everything = {p.stem for p in (ours / HOME / "sessions").glob("*.json")}
    assert {s.id for s in listed.answer.sessions} == everything - {strange}
    assert any(strange in w and "newer" in w for w in listed.warnings)
    assert Desk(ours)("/list_tasks").total == 4
    assert SAYS in Desk(ours).refused(f"/context {strange}", StorageError).message
    assert tree(ours) == before


def test_the_doctor_names_it_and_leaves_it(newer: Path) -> None:
    """As a problem that is not of the disk, with what to do."""
    own = current(newer)
    mine = [*sessions_of(newer, own), *(newer / HOME).glob(f"*/{own}*"), newer / HOME / "state.json"]
    before = {p: p.read_bytes() for p in mine}
    (found,) = [f for f in Desk(newer)("/doctor").findings if f.what == own]
    assert (found.state, SAYS in found.detail) == ("problem", True)
    assert {p: p.read_bytes() for p in mine} == before


# A shell


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a shell in which lines are typed; what it said."""

    def running(root: Path, *lines: Any) -> str:
        project = Project.at(root)
        assert Shell(project, Screen(color=False), Facts(project), Scripted(*lines)).run() == 0
        out, err = capsys.readouterr()
        return out + err

    return running


@pytest.mark.parametrize("change", [lambda page: None, _unknown_status], ids=["understood", "not understood"])
def test_the_shell_says_it_once_and_other_plans_can_be_worked_on(
    change: Callable[[Page], None], ours: Path, shell: Callable[..., str]
) -> None:
    """What is current for the later version stays so: the shell alone turns to the other plan."""
    own, second = current(ours), other(ours)
    session = sessions_of(ours, second)[0].stem
    lifted(ours, own, change)
    state = (ours / HOME / "state.json").read_bytes()
    said = shell(
        ours, "/help", "/sessions", f"/resume {session}", "/note in the other", "/add_task Another", "/list_tasks"
    )
    told = said.replace("\n", " ").count(f"{own} was written by a newer qwen-orch (format")
    assert told == (1 if change is not _unknown_status else 3)  # /sessions and /resume name what they cannot list
    assert "Another" in said
    assert (ours / HOME / "state.json").read_bytes() == state
    graph = Project.at(ours).writer(second).graph
    assert "Another" in {task.title for task in graph.tasks.values()}
    assert any(note.text == "in the other" for s in graph.sessions.values() for note in s.notes)


def test_a_shell_in_which_it_becomes_newer_meanwhile(ours: Path, shell: Callable[..., str]) -> None:
    """It goes on to show, takes no step, and writes nothing from then on."""
    own, trees = current(ours), []

    def upgraded() -> str:
        lifted(ours, own, old_records=5)
        trees.append(tree(ours))
        return "/list_tasks"

    def looked() -> str:
        trees.append(tree(ours))
        return "/exit"

    said = shell(ours, "/note before", upgraded, "/note after", "/undo", "/task_status", looked)
    assert said.replace("\n", " ").count("read-only here") == 1
    assert "Catalogue" in said
    assert trees[0] == trees[1] == tree(ours)


def test_its_newest_snapshots_are_seen(newer: Path) -> None:
    """A process that looks on sees what the later version writes meanwhile, and says nothing again."""
    desk, own = Desk(newer), current(newer)
    assert desk("/task_status 2").task.title == "Cart"
    for folder, part in (("manifests", "tasks"), ("plans", "")):
        path = newer / HOME / folder / f"{own}.json"
        page = json.loads(path.read_bytes())
        del page["checksum"]
        if part:
            page[part][1]["title"] = "Basket"
        path.unlink()
        path.write_bytes(seal_page(page))
    outcome = desk.run("/task_status 2")
    assert (outcome.answer.task.title, outcome.warnings) == ("Basket", ())


def test_a_step_is_refused_where_it_is_made(newer: Path) -> None:
    """Whoever asks for it: what a command does not refuse, the one writer does."""
    before = tree(newer)
    writer = Project.at(newer).writer()
    for act in (lambda: writer.commit("test", lambda _: [e.PlanReset()]), lambda: writer.backup("test")):
        with pytest.raises(StorageError, match="newer qwen-orch"):
            act()
    writer.checkpoint(last=True)
    assert tree(newer) == before


# Settings, and what is current


def test_newer_settings_are_looked_by_and_not_written(newer: Path) -> None:
    """What is not known is passed over where one only looks; no command acts on half of the settings."""
    path = newer / HOME / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "jobs": 7, "teleporter": True}))
    before = tree(newer)
    outcome = Desk(newer).run("/task_status")
    assert outcome.error is None
    assert any("teleporter" in w for w in outcome.warnings)
    assert Desk(newer).run("/sessions").error is None
    assert Project.at(newer).glance.jobs == 7
    for line in ("/config jobs 3", "/config jobs", "/new_task"):
        assert "newer qwen-orch" in Desk(newer).refused(line, StorageError, yes=True).message
    assert tree(newer) == before


def test_a_mistake_in_our_own_settings_is_no_newer_one(ours: Path) -> None:
    """It is told as ever."""
    from qwen_orch.errors import ValidationError

    (ours / HOME / "config.json").write_text('{"job": 7}')
    assert "not a setting" in Desk(ours).refused("/task_status", ValidationError).message


@pytest.mark.parametrize("more", [{"orchestration": {"id": 7}}, {"orchestration": "../up"}, {"session": 5}])
def test_a_newer_state_that_is_not_understood(more: Page, ours: Path) -> None:
    """Then the plan worked on last is current; the file stays where it is."""
    own = current(ours)
    lifted(ours, own)
    lift_state(ours, **more)
    os.utime(ours / HOME / f"journal/{own}.jsonl", (2e9, 2e9))
    before = tree(ours)
    outcome = Desk(ours).run("/list_tasks")
    assert outcome.answer.total == 4
    assert any("state.json" in w for w in outcome.warnings)
    assert tree(ours) == before


def test_a_newer_state_alone_locks_no_plan(ours: Path) -> None:
    """A plan in our format is worked on; which one is current is not written down."""
    lift_state(ours)
    state = (ours / HOME / "state.json").read_bytes()
    desk = Desk(ours)
    desk("/note still ours")
    assert any("state.json" in w for w in desk.run(f"/resume {sessions_of(ours, other(ours))[0].stem}").warnings)
    assert desk.project.current.orchestration == other(ours)
    assert (ours / HOME / "state.json").read_bytes() == state


def test_agents_may_ask_and_not_report(newer: Path) -> None:
    """Over MCP, as any client: queries answer, thoughts are not kept."""
    from qwen_orch.commands.context import Context
    from qwen_orch.mcp_server.caller import DOOR, Caller
    from qwen_orch.mcp_server.catalogue import _called

    before = tree(newer)

    def call(name: str, **said: Any) -> Any:
        return _called(Caller(Context(Project.at(newer), DOOR)), name, said).answer

    assert call("list_tasks").total == 4
    assert any(thought.text == "in order" for thought in call("thoughts").thoughts)
    with pytest.raises(StorageError, match="newer qwen-orch"):
        call("sequentialthinking", thought="x", nextThoughtNeeded=False, thoughtNumber=1, totalThoughts=1)
    assert tree(newer) == before


def test_an_opened_writer_of_the_other_plan_works(newer: Path) -> None:
    """Nothing of it is newer."""
    writer = Project.at(newer).opened(OrchestrationId(other(newer)))
    assert writer.newer is None
    assert writer.commit("test", lambda _: [e.CheckpointNamed("here", writer.seq)])
