"""Ours is put into a real ``.qwen`` folder and taken away; what is the person's stays as it is, to the byte."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.errors import OrchError, StorageError, ValidationError
from qwen_orch.inside import jsonc
from qwen_orch.inside.installation import Folder, install, program, uninstall
from qwen_orch.inside.slash_commands import ANY, NAMES
from qwen_orch.store.files import Disk
from qwen_orch.store.syscalls import Syscalls
from tests.commands.desk import Desk
from tests.faults.seams import Counted, Crash, Failing, Stopping

MINE = '{ // mine\n\t"theme": "Ayu",  /* ü */\r\n\t"permissions": {"allow": ["Bash(ls)"]}\n}'
HOOK = {"type": "command", "command": "true"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home that is not this person's."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QWEN_HOME", raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A project without anything."""
    (tmp_path / "shop").mkdir()
    return Desk(tmp_path / "shop")


def picture(folder: Path) -> dict[str, str]:
    """Return every name below *folder* with what it is and holds."""
    return {str(p.relative_to(folder)): digest(p) for p in sorted(folder.rglob("*"))}


def digest(path: Path) -> str:
    """Return the permissions of *path* and the digest of what is in it."""
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return f"{stat.S_IMODE(path.lstat().st_mode):o} {content}"


def settings(desk: Desk, text: str) -> Path:
    """Write the settings of the project's Qwen Code."""
    path = desk.root / ".qwen" / "settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_nothing_is_left_behind(desk: Desk) -> None:
    """Where there was not even a .qwen folder."""
    before = picture(desk.root)
    desk("/install qwen")
    made = picture(desk.root)
    assert {f".qwen/commands/{name}.md" for name in (*NAMES, ANY)} < made.keys()
    assert {name: mode.split()[0] for name, mode in made.items()} == {
        name: "700" if name in (".qwen", ".qwen/commands") else "600" for name in made
    }
    desk("/uninstall qwen")
    assert picture(desk.root) == before


@pytest.mark.parametrize(
    "text",
    [
        MINE,
        "{}",
        "{ }\n",
        "{\n}",
        '{"hooks": {}, "mcpServers": {}}',
        '{"hooks": {"UserPromptSubmit": []}}',
        json.dumps({"hooks": {"UserPromptSubmit": [{"hooks": [HOOK]}], "Stop": []}, "mcpServers": {"other": {}}}),
        json.dumps({"hooks": {"UserPromptSubmit": [{"hooks": [HOOK]}]}}, indent=4),
        '\n// first\n{"mcpServers": {"a": {"command": "x"} // last\n}}\n',
    ],
)
def test_settings_are_restored_to_the_byte(desk: Desk, text: str) -> None:
    """With their comments, tabs, line ends and permissions, whatever was in them."""
    path = settings(desk, text)
    path.chmod(0o640)
    before = picture(desk.root)
    desk("/install qwen")
    theirs, both = jsonc.parse(text), jsonc.parse(path.read_bytes().decode())
    assert both["mcpServers"].pop("orch")["args"][-1] == "mcp"
    assert "qwen-prompt" in both["hooks"]["UserPromptSubmit"].pop(0)["hooks"][0]["command"]
    hooks = {"UserPromptSubmit": [], **theirs.get("hooks", {})}
    assert both == {**theirs, "hooks": hooks, "mcpServers": theirs.get("mcpServers", {})}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    desk("/uninstall qwen")
    assert picture(desk.root) == before


def test_twice_is_once(desk: Desk) -> None:
    """The second time nothing is written, and one time is enough to take it away."""
    settings(desk, MINE)
    before = picture(desk.root)
    assert len(desk("/install qwen").written) == len(NAMES) + 3
    once = picture(desk.root)
    assert desk("/install qwen").written == ()
    assert picture(desk.root) == once
    assert desk.run("/uninstall qwen").warnings == ()
    assert picture(desk.root) == before
    desk.refused("/uninstall qwen", ValidationError)


def test_what_a_person_added_meanwhile_stays(desk: Desk) -> None:
    """Also when Qwen Code has written the settings anew, in its own order and shape."""
    path = settings(desk, MINE)
    desk("/install qwen")
    now = jsonc.parse(path.read_bytes().decode())
    now["hooks"]["UserPromptSubmit"][0]["hooks"].insert(0, HOOK)
    now["mcpServers"] = {"zebra": {"command": "z"}, **now["mcpServers"]}
    path.write_text(json.dumps(dict(reversed(now.items())), indent=2))
    assert desk.run("/uninstall qwen").warnings == (f"{path} was changed since: only our entries were taken out of it",)
    assert json.loads(path.read_text()) == {
        "theme": "Ayu",
        "permissions": {"allow": ["Bash(ls)"]},
        "mcpServers": {"zebra": {"command": "z"}},
        "hooks": {"UserPromptSubmit": [{"hooks": [HOOK]}]},
    }


def test_a_command_that_a_person_changed_stays_and_is_named(desk: Desk) -> None:
    """It is left alone by a second install, too."""
    desk("/install qwen")
    plan = desk.root / ".qwen" / "commands" / "plan.md"
    plan.write_text("Mine now")
    again = desk.run("/install qwen")
    assert again.answer.kept == (str(plan),)
    assert f"{plan} was changed by you and is left as it is" in again.warnings
    gone = desk.run("/uninstall qwen")
    assert gone.answer.kept == (str(plan),)
    assert f"{plan} was changed by you and is left as it is" in gone.warnings
    assert picture(desk.root).keys() == {".qwen", ".qwen/commands", ".qwen/commands/plan.md"}
    assert plan.read_text() == "Mine now"


def test_an_older_version_is_replaced(desk: Desk) -> None:
    """A file that is as we wrote it is ours to write again; so are hook and server of a program that has moved."""
    desk("/install qwen")
    folder = desk.root / ".qwen"
    new = picture(desk.root)
    plan, note = folder / "commands" / "plan.md", folder / "qwen-orch.json"
    text = plan.read_text()
    plan.write_text("an older text of ours")
    told = json.loads(note.read_text())
    told["files"]["plan"] = hashlib.sha256(plan.read_bytes()).hexdigest()
    note.write_text(json.dumps(told))
    path = folder / "settings.json"
    path.write_text(path.read_text().replace("-m qwen_orch", "-m old.qwen_orch").replace('"-P"', '"-I"'))
    desk("/install qwen")
    assert plan.read_text() == text
    assert picture(desk.root) == new


@pytest.mark.parametrize("name", ["plan.md", "list_tasks.toml", "orch.md"])
def test_a_command_of_the_person_is_never_overwritten(desk: Desk, name: str) -> None:
    """Nothing at all is written then."""
    path = desk.root / ".qwen" / "commands" / name
    path.parent.mkdir(parents=True)
    path.write_text("Mine")
    before = picture(desk.root)
    assert str(path) in desk.refused("/install qwen", ValidationError).message
    assert picture(desk.root) == before


@pytest.mark.parametrize(
    "text",
    [
        '{"mcpServers": {"orch": {"command": "another"}}}',
        '{"mcpServers": {"orch": "odd"}}',
        '{"hooks": []}',
        '{"hooks": {"UserPromptSubmit": {}}}',
        '{"hooks": null}',
        '{"mcpServers": []}',
        '{"a": 1,}',
        "[]",
        "",
        "{",
    ],
)
def test_settings_that_leave_no_place_are_refused(desk: Desk, text: str) -> None:
    """Before anything is written."""
    settings(desk, text)
    before = picture(desk.root)
    desk.refused("/install qwen", ValidationError)
    assert picture(desk.root) == before


@pytest.mark.parametrize("name", [".qwen", ".qwen/commands", ".qwen/settings.json", ".qwen/commands/plan.md"])
@pytest.mark.parametrize("line", ["/install qwen", "/uninstall qwen"])
def test_symbolic_links_are_refused(desk: Desk, tmp_path: Path, name: str, line: str) -> None:
    """Nothing is written or removed through one."""
    if line == "/uninstall qwen":
        desk("/install qwen")
    path, away = desk.root / name, tmp_path / "away"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(away)
    else:
        away.mkdir()
    path.symlink_to(away)
    before = picture(tmp_path)
    outcome = desk.run(line)
    assert isinstance(outcome.error, OrchError)
    assert type(outcome.error) is StorageError
    assert picture(tmp_path) == before


def test_everywhere_is_the_persons_own_folder(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~/.qwen, or what QWEN_HOME says; the project has no part in it."""
    desk("/install qwen --global")
    assert (home / ".qwen" / "commands" / "plan.md").exists()
    hooks: Any = json.loads((home / ".qwen" / "settings.json").read_text())["hooks"]
    assert "qwen-prompt --global" in hooks["UserPromptSubmit"][0]["hooks"][0]["command"]
    assert picture(desk.root) == {}
    desk.refused("/uninstall qwen", ValidationError)
    desk("/uninstall qwen --global")
    assert picture(home) == {}
    monkeypatch.setenv("QWEN_HOME", str(home / "elsewhere"))
    desk("/install qwen --global")
    assert (home / "elsewhere" / "qwen-orch.json").exists()


def test_a_receipt_leads_to_no_other_folder(desk: Desk) -> None:
    """A receipt that came with a project cannot have a file of the person removed."""
    desk("/install qwen")
    victim = desk.root / "victim.md"
    victim.write_text("Mine")
    note = desk.root / ".qwen" / "qwen-orch.json"
    told = json.loads(note.read_text())
    told["files"]["../../victim"] = hashlib.sha256(b"Mine").hexdigest()
    note.write_text(json.dumps(told))
    desk("/uninstall qwen")
    assert victim.exists()


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"files": 1}'])
def test_a_receipt_that_cannot_be_read_is_no_crash(desk: Desk, broken: str) -> None:
    """Hook and server go; command files that nothing proves ours stay, and a second install is refused by none."""
    desk("/install qwen")
    (desk.root / ".qwen" / "qwen-orch.json").write_text(broken)
    desk("/install qwen")
    (desk.root / ".qwen" / "qwen-orch.json").write_text(broken)
    desk("/uninstall qwen")
    left = json.loads((desk.root / ".qwen" / "settings.json").read_text())
    assert left == {"hooks": {"UserPromptSubmit": []}, "mcpServers": {}, "$version": 4}


def test_the_program_is_written_so_that_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name where PATH leads to this very one, which others may share; else by its path, else by its Python."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "qwen-orch").write_text("#!/bin/sh\n")
        (tmp_path / name / "qwen-orch").chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "here" / "qwen-orch"), "install", "qwen"])
    monkeypatch.setenv("PATH", str(tmp_path / "here"))
    assert program() == ["qwen-orch"]
    monkeypatch.setenv("PATH", str(tmp_path / "there"))
    assert program() == [str(tmp_path / "here" / "qwen-orch")]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == [str(tmp_path / "here" / "qwen-orch")]
    monkeypatch.setattr(sys, "argv", ["/x/qwen_orch/__main__.py"])
    assert program() == [sys.executable, "-P", "-m", "qwen_orch"]


TWO = {"plan": "Plan\n", "orch": "Any\n"}
PROGRAM = ["qwen-orch"]


def folder(desk: Desk, calls: Syscalls | None = None) -> Folder:
    """Return the project's .qwen folder, on which *calls* are made."""
    return Folder(desk.root / ".qwen", Disk(calls))


def cut_short(desk: Desk, calls: Syscalls, act: Callable[[Folder], object]) -> None:
    """Do *act* until something happens to one of its calls, and sweep away the half-written file it may leave."""
    with contextlib.suppress(Crash, StorageError):
        act(folder(desk, calls))
    for path in desk.root.rglob(".*.tmp"):
        path.unlink()


@pytest.mark.parametrize("trouble", [Stopping, lambda n: Failing(n, errno.ENOSPC)], ids=["killed", "full disk"])
@pytest.mark.parametrize("text", [MINE, None], ids=["settings", "no settings"])
def test_whatever_call_ends_it_the_next_one_finishes_it(
    desk: Desk, text: str | None, trouble: Callable[[int], Syscalls]
) -> None:
    """An install that was cut short at any call, and an uninstall likewise."""
    settings(desk, text or "")
    if text is None:
        (desk.root / ".qwen" / "settings.json").unlink()
    before, counted = picture(desk.root), Counted()
    install(folder(desk, counted), TWO, PROGRAM)
    whole, calls = picture(desk.root), counted.count
    uninstall(folder(desk, counted))
    assert picture(desk.root) == before
    assert calls > 20
    for n in range(1, calls + 1):
        cut_short(desk, trouble(n), lambda there: install(there, TWO, PROGRAM))
        install(folder(desk), TWO, PROGRAM)
        assert picture(desk.root) == whole, n
        uninstall(folder(desk))
        assert picture(desk.root) == before, n
    for n in range(1, counted.count - calls + 1):
        install(folder(desk), TWO, PROGRAM)
        cut_short(desk, trouble(n), uninstall)
        with contextlib.suppress(ValidationError):  # all of it was done
            uninstall(folder(desk))
        assert picture(desk.root) == before, n
