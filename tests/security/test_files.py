"""Where we write and read: inside the project, never through a link, under names we made, for nobody else to see."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qwen_orch.errors import OrchError, StorageError, ValidationError
from qwen_orch.model.ids import is_safe
from qwen_orch.project.project import Project
from tests.agents.product import soon
from tests.commands.desk import Desk

PATHS = (
    *("../../owned", "/tmp/owned", "..", ".", "a/b", "a\\b", "a\0b", "", "-rf", "A", "a.json", "a b", "~", "$HOME"),
    *("a" * 300, "ａ", "a\n", "con:", "%2e%2e", "task-001/../../x"),
)
"""Names that are, or become, a way out of our folder; and some that only look odd."""


@pytest.mark.parametrize("name", PATHS)
def test_no_name_becomes_a_path_unchecked(name: str, desk: Desk) -> None:
    """Typed for an orchestration, a session, a checkpoint, a playbook: refused, and no file is made elsewhere."""
    desk.plan()
    assert not is_safe(name)
    before = {p for p in desk.root.parent.rglob("*") if "history" not in p.name}
    for line in (
        f"/resume '{name}'",
        f"/context '{name}'",
        f"/session_history '{name}'",
        f"/approve_plan '{name}'",
        f"/checkpoint '{name}'",
        f"/undo --to '{name}'",
        f"/plan goal --template '{name}'",
        f"/playbooks '{name}'",
    ):
        outcome = desk.run(line)
        assert name in ("", ".", "..", "~") or outcome.error is not None, line
    after = {p for p in desk.root.parent.rglob("*") if "history" not in p.name}
    made = {p for p in after - before if not p.is_relative_to(desk.project.home)}
    assert not made
    with pytest.raises(ValidationError):
        desk.project.layout.session(name)
    with pytest.raises(ValidationError):
        desk.project.layout.journal(name)


@pytest.mark.parametrize("field", ["orchestration", "session", "phase", "task"])
def test_ids_in_an_import_are_checked(field: str, desk: Desk) -> None:
    """A file that names itself ``../../owned`` is refused before anything is written."""
    desk.plan()
    desk("/export_plan json --output plan.json --include-progress")
    ids = {"orchestration": desk.graph.root.id, "session": next(iter(desk.graph.sessions)), "task": "task-001"}
    old = ids.get(field, "phase-1")
    text = Path("plan.json").read_text()
    assert f'"{old}"' in text
    Path("bad.json").write_text(text.replace(f'"{old}"', '"../../../owned"'))
    before = desk.bytes_on_disk()
    desk.refused("/import bad.json", ValidationError, yes=True)
    assert desk.bytes_on_disk() == before


def test_titles_and_tags_become_plain_names(desk: Desk) -> None:
    """An id is made of letters, digits and hyphens, whatever the title says."""
    for title in ("../../../etc/passwd", "a/b\\c", "\x1b[2J", "CON", "计划", "-rf ~", "." * 300, "\u202egnp.exe"):
        desk("/plan\n- [ ] A", yes=True)
        desk.run(f"/plan --title '{title}' --tags '../x,/etc' -- something to do", yes=True)
    names = [p.name for p in desk.project.home.rglob("*") if p.is_file()]
    assert names
    assert [n for n in names if not all(c.isascii() and (c.isalnum() or c in "-._") for c in n)] == []
    assert all(is_safe(n) for n in desk.project.orchestrations())


FOLDERS = (".qwen", ".qwen/orchestration", *(f".qwen/orchestration/{f}" for f in ("journal", "sessions", "backups")))


@pytest.mark.parametrize("folder", [*FOLDERS, ".qwen/orchestration/logs", ".qwen/orchestration/tmp"])
def test_a_folder_that_is_a_link_out_of_the_project_is_refused(folder: str, tmp_path: Path) -> None:
    """A repository can hold links: nothing is written where one leads."""
    outside, root = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    (root / folder).parent.mkdir(parents=True)
    (root / folder).symlink_to(outside)
    with pytest.raises(StorageError, match="leads out"):
        Project.at(root)
    assert not list(outside.iterdir())


FILES = ("journal/{o}.jsonl", "plans/{o}.json", "manifests/{o}.json", "sessions/{s}.json", "state.json", "config.json")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_a_link_is_neither_read_nor_written_through(name: str, desk: Desk) -> None:
    """Neither to a file of the person's nor to a device: what it leads to stays, and none of it is shown or kept."""
    desk.plan()
    secret = desk.root / "secret.txt"
    secret.write_text("the secret of the person\n")
    graph = desk.graph
    path = desk.project.home / name.format(o=graph.root.id, s=next(iter(graph.sessions)))
    if path.exists():
        path.unlink()
    path.symlink_to(secret)
    for line in ("/list_tasks", "/note x", "/config jobs 3", "/doctor", "/sessions --recover", "/checkpoint", "/undo"):
        outcome = desk.reopen().run(line, yes=True)
        assert "the secret" not in repr(outcome)
    assert secret.read_text() == "the secret of the person\n"
    kept = [p.read_bytes() for p in desk.project.home.rglob("*") if p.is_file() and not p.is_symlink()]
    assert not [raw for raw in kept if b"the secret" in raw]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_log_that_is_a_link_or_a_pipe_is_not_read(kind: str, desk: Desk) -> None:
    """The log of an interrupted attempt is taken into evidence: not what a link leads to, and no pipe is waited for."""
    desk.plan("# P\n- [ ] A\n  - run: `sleep 600`\n")
    code = (
        "import sys; from pathlib import Path; from tests.commands.desk import Desk\n"
        "Desk(Path(sys.argv[1]))('/new_task 1')\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(desk.root)], cwd=Path(__file__).parents[2])
    assert soon(lambda: desk.task(1).attempts and list(desk.project.home.glob("logs/session-*.log")))
    worker.kill()
    worker.wait()
    secret = desk.root / "secret.txt"
    secret.write_text("the secret of the person\n")
    for log in desk.project.home.glob("logs/session-*.log"):
        log.unlink()
        log.symlink_to(secret) if kind == "link" else os.mkfifo(log)
    desk.reopen()("/task_status 1")
    assert desk.task(1).attempts[0].outcome == "interrupted"
    assert "the secret" not in repr(desk.task(1))


def test_all_that_is_written_is_private_whatever_the_umask(desk: Desk) -> None:
    """0600 and 0700, as others may have accounts on the machine."""
    before = os.umask(0)
    try:
        desk.plan("# P\n- [ ] A\n  - run: `echo x`\n  - check: `true`\n- [ ] B\n")
        for line in ("/new_task 1", "/note x", "/checkpoint a", "/undo", "/config jobs 3", "/doctor", "/sessions"):
            desk(line)
        desk.reopen()("/list_tasks")
        (desk.project.home / "state.json").write_bytes(b"broken")
        (desk.project.home / "state.json").chmod(0o600)
        desk.reopen()("/list_tasks")
    finally:
        os.umask(before)
    ours = [desk.root / ".qwen", *(desk.root / ".qwen").rglob("*")]
    assert len(ours) > 15
    modes = {str(p.relative_to(desk.root)): oct(stat.S_IMODE(p.lstat().st_mode)) for p in ours}
    wrong = {n: m for n, m in modes.items() if m != ("0o700" if (desk.root / n).is_dir() else "0o600")}
    assert not wrong


def test_a_file_that_grows_without_end_is_not_read_as_a_plan(desk: Desk) -> None:
    """Nor a device, a folder, or what is larger than any plan."""
    desk.plan()
    large = Path("large.md")
    with large.open("wb") as file:
        file.truncate(60_000_000)
    for name in (large.name, "/dev/null", ".", "/proc/self/mem"):
        outcome = desk.run(f"/plan @{name}", yes=True)
        assert isinstance(outcome.error, OrchError), name


def test_git_of_a_folder_from_a_stranger_runs_no_program_of_theirs(desk: Desk) -> None:
    """``core.fsmonitor`` in its settings names a program that git status would run."""
    for words in (["init", "-q"], ["config", "core.fsmonitor", "touch owned; false"]):
        subprocess.run(["git", *words], check=True, cwd=desk.root)
    subprocess.run(["git", "status"], check=True, cwd=desk.root, capture_output=True)
    assert Path("owned").exists(), "the attack works"
    Path("owned").unlink()
    desk.plan("# P\n- [ ] A\n  - run: `echo x`\n")
    desk("/new_task 1")
    assert not Path("owned").exists()


def test_the_environment_cannot_choose_where_we_write(tmp_path: Path) -> None:
    """Hostile sizes, locales, homes and temporary folders: the command works or refuses, and writes in its project."""
    root, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    hostile = {
        "COLUMNS": "99999999999999999999",
        "LINES": "-1",
        "LC_ALL": "xx_YY.\x1b[2J",
        "HOME": str(elsewhere / "gone"),
        "TERM": "\x1b]0;x\x07",
        "NO_COLOR": "",
        "GIT_DIR": str(elsewhere),
        "QWEN_ORCH_ATTEMPT": "../../owned",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PATH": os.environ["PATH"],
    }
    for words in (["/plan", "- [ ] A"], ["/list_tasks"], ["/doctor"], ["/task_status"]):
        done = subprocess.run(
            [sys.executable, "-m", "qwen_orch", *words],
            cwd=root,
            env=hostile,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        assert b"\x1b" not in done.stdout + done.stderr
    assert not list(elsewhere.iterdir())
