"""Nothing but text reaches a terminal, a tool's reply, a log line or a stored file.

Neither what was pasted, typed or brought in, nor what a command printed, nor how a file is called.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen_orch.dispatch import internal_error
from tests.commands.desk import Desk
from tests.security.hostile import RAW, poison, replied, shown, unsafe

PLAN = f"""# {poison("Goal")}

{poison("what it is about")}

## Requirements
- {poison("fast")}

## {poison("Phase one")}
- [ ] T1 {poison("Title")} #{poison("tag")} @{poison("ada")} (2h)
  - {poison("description of it")}
  - run: `echo {poison("said")}`
  - check: `true {poison("checked")}`
  - Done when: {poison("it is done")}
- [x] T2 {poison("Done before")}
  - depends on: T1

## Risks
- {poison("it is slow")}

## Quality gates
- {poison("green")} check: `true {poison("gate")}`
"""
LINES = (
    "/list_tasks --tree --details",
    "/task_status",
    "/task_status 1",
    "/sessions --tree",
    "/session_history --timeline",
    "/session_history 1",
    "/context",
    "/context --debug",
    "/think",
    "/graph",
    "/export_plan markdown",
    "/export_plan mermaid",
    "/export_plan csv --include-progress",
    "/export_plan html --include-progress",
    "/export_plan json",
    "/check_completeness",
    "/doctor",
    "/checkpoint",
    "/playbooks",
)
"""Everything that shows what is stored."""


def _look(desk: Desk, *lines: str) -> None:
    for line in (*lines, *LINES):
        outcome = desk.run(line)
        assert not unsafe(shown(outcome)), line
        assert not unsafe(replied(outcome)), line
        content = getattr(outcome.answer, "content", None) or ""
        assert not unsafe(content.replace("\r\n", "\n")), line  # which is how the lines of a csv end


def _stored(desk: Desk) -> None:
    """Every file of ours, but for what is kept as it was found, is text that may be looked at with cat."""
    for path in desk.project.home.rglob("*"):
        if path.is_file() and path.parent.name != "backups":
            assert not unsafe(path.read_text(encoding="utf-8")), path
        assert not unsafe(path.name)


def test_a_pasted_plan(desk: Desk) -> None:
    """Titles, tags, people, descriptions, criteria, requirements, risks, commands."""
    _look(desk.plan(PLAN), "/approve_plan --force")
    _stored(desk)


def test_what_is_typed(desk: Desk) -> None:
    """Every command that keeps words."""
    desk.plan()
    for line in (
        f"/add_task {poison('More')}",
        f"/update_task 1 description:'{poison('words')}' blocker:'{poison('waits')}' accept:'{poison('criterion')}'",
        f"/update_task 2 assignee:{poison('ada')} tags:{poison('one')},{poison('two')} title:'{poison('title')}'",
        f"/note {poison('remember')}",
        f"/decide {poison('this')} --why {poison('that')}",
        f"/think {poison('thought')} --branch {poison('branch')}",
        f"/think {poison('thought')} --branch other --from 1",
        f"/cancel_task 3 {poison('reason')}",
        f"/plan 'another goal' --title {poison('Title')} --tags {poison('tag')}",
        f"/checkpoint {poison('name')}",
        f"/resume {poison('session')}",
        f"/list_tasks {poison('filter')}:x",
        f"/config {poison('key')} {poison('value')}",
        f"/undo --to {poison('name')}",
        f"/export_plan {poison('json')}",
        f"/playbooks {poison('name')}",
        poison("/unknown"),
    ):
        outcome = desk.run(line, yes=True)
        assert not unsafe(shown(outcome)), line
        assert not unsafe(replied(outcome)), line
    _look(desk)
    _stored(desk)


def test_what_a_person_claims(desk: Desk) -> None:
    """The summary is evidence."""
    desk.plan("- [ ] A\n- [ ] B")
    desk("/new_task 1")
    desk(f"/complete_task 1 {poison('did it')}")
    _look(desk)
    _stored(desk)


def test_what_a_command_prints(desk: Desk) -> None:
    """Live, in evidence, and in the log, which a person reads with cat or less."""
    Path("attack.py").write_text(f"import sys; sys.stdout.buffer.write({RAW!r}.encode()); print('end')")
    desk.plan("- [ ] A\n  - run: `python3 attack.py; printf '\\033]0;x\\007\\233'`\n  - check: `false; cat attack.py`")
    desk("/new_task 1")
    assert any("end" in line for line in desk.door.lines("task-001"))
    _look(desk)
    _stored(desk)
    logs = list((desk.project.home / "logs").glob("*.log"))
    assert logs
    for log in logs:
        assert not unsafe(log.read_text(encoding="utf-8")), log


def test_names_of_files(desk: Desk) -> None:
    """A plan in a file of such a name, a file that a command made, a report."""
    name = poison("plan.md").replace("\x00", "").replace("/", "")
    Path(name).write_text("- [ ] A\n  - run: `touch \"$(printf 'a\\033[2Jb')\"`")
    import subprocess

    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], check=True)
    outcome = desk.run(f"/import {name}", yes=True)
    assert not unsafe(shown(outcome) + replied(outcome))
    desk.plan("- [ ] A\n  - run: `touch \"$(printf 'a\\033[2Jb')\"`")
    desk("/new_task 1")
    for line in (f"/plan @{name}.gone", f"/export_plan json --output {name}.json", f"/context --export {name}.txt"):
        outcome = desk.run(line, yes=True)
        assert not unsafe(shown(outcome) + replied(outcome)), line
    _look(desk)
    _stored(desk)


def test_an_export_of_ours_that_somebody_poisoned(desk: Desk) -> None:
    """Imported word for word, it is cleaned or refused."""
    desk.plan("- [ ] Title of A\n  - words about it")
    desk("/note Words of a note")
    desk("/export_plan json --output plan.json --include-progress")
    text = Path("plan.json").read_text()
    for word in ("Title of A", "words about it", "Words of a note"):
        escaped = json.dumps(poison(word))[1:-1]
        Path("bad.json").write_text(text.replace(word, escaped))
        other = Desk(desk.root)
        outcome = other.run("/import bad.json", yes=True)
        assert not unsafe(shown(outcome) + replied(outcome))
        _look(other)
    _stored(desk)


@pytest.mark.parametrize("kind", ["title", "description"])
def test_a_playbook_that_came_with_a_repository(kind: str, desk: Desk) -> None:
    """Its outline is shown and planned."""
    desk.plan()
    folder = desk.project.home / "playbooks"
    folder.mkdir()
    head = (
        f"---\n{kind}: {poison('words')}\ntriggers: [{poison('one')}]\n---\n# {poison('Plan')}\n- [ ] {poison('A')}\n"
    )
    (folder / "own.md").write_text(head)
    for line in ("/playbooks", "/playbooks own --goal x", "/plan --template own goal"):
        outcome = desk.run(line, yes=True)
        assert not unsafe(shown(outcome) + replied(outcome)), line
    _look(desk)


def test_the_log_of_errors(desk: Desk) -> None:
    """A traceback quotes what failed; and no secret is left in it."""
    desk.plan()
    secret = "ghp_" + "a1B2" * 9
    try:
        raise RuntimeError(poison(f"could not {secret}"))
    except RuntimeError as error:
        told = internal_error(error, poison("/plan"), desk.project.home)
    text = (desk.project.home / "logs" / "errors.log").read_text()
    assert "RuntimeError" in text
    assert not unsafe(text)
    assert secret not in text
    assert secret not in told.message


def test_a_difference_that_is_asked_about(desk: Desk) -> None:
    """Consent is asked with text that is clean, whatever the file says."""
    desk.plan()
    (desk.project.home / "config.json").write_text("{'jobs': 3,} // " + RAW)
    desk.door.interactive = True
    outcome = desk.run("/doctor")
    assert desk.door.asked
    assert not unsafe(shown(outcome) + replied(outcome))
    desk.door.asked.clear()
    desk.run(f"/plan {PLAN}")
    desk.run("/reset_plan")
