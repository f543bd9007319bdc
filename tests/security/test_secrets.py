"""Keys and tokens never reach the screen, a log, or evidence: whole, in pieces, or across the reads of a pipe."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.processes.secrets import HIDDEN, Hiding
from tests.commands.desk import Desk

BODY = [f"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ{n:014d}" for n in range(40)]
KEY = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"])
TOKEN = "ghp_" + "a1B2" * 9


def _everywhere(desk: Desk) -> str:
    """All that is kept, and all that was shown."""
    files = [p.read_text(encoding="utf-8") for p in desk.project.home.rglob("*") if p.is_file()]
    return "\n".join([*files, *desk.door.lines("task-001")])


def _run(desk: Desk, program: str) -> str:
    Path("print.py").write_text(program)
    desk.plan(f"- [ ] A\n  - run: `{sys.executable} print.py`")
    desk("/new_task 1")
    return _everywhere(desk)


def test_a_private_key_that_comes_in_two_reads_is_hidden(desk: Desk) -> None:
    """Its beginning is read and shown before the rest is printed; what comes after it is shown again."""
    program = (
        "import time\n"
        f"for line in {KEY.split(chr(10))!r}: print(line, flush=True); time.sleep(0.005)\n"
        "print('after the key')"
    )
    kept = _run(desk, program)
    assert not [line for line in BODY if line in kept]
    assert HIDDEN in kept
    assert "after the key" in desk.door.lines("task-001")


def test_a_key_in_a_long_line_is_not_cut_in_two(desk: Desk) -> None:
    """A line that is handed on in parts is cut between words."""
    kept = _run(desk, f"print('x ' * 32760 + 'token {TOKEN} ' + 'y ' * 9000)")
    assert TOKEN not in kept
    assert TOKEN[:30] not in kept
    assert TOKEN[12:] not in kept


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        "sk-ant-" + "a1B2c3" * 8,
        "npm_" + "a1B2c3" * 6,
        "hf_" + "a1B2c3" * 6,
        "pypi-" + "AgEIcHlw" * 8,
        "AKIA" + "ABCD1234" * 2,
        "correct-horse-battery",
    ],
)
def test_a_token_is_hidden_in_log_evidence_and_on_the_screen(secret: str, desk: Desk) -> None:
    """Printed by a command, as an address, an assignment and a header."""
    kept = _run(desk, f"print('https://bob:{secret}@host/x'); print('password={secret}'); print('Bearer {secret}')")
    kept = kept.replace(Path("print.py").read_text(), "")
    assert secret not in kept
    assert kept.count(HIDDEN) >= 3


def test_a_value_of_the_environment_is_hidden(tmp_path: Path) -> None:
    """What this process was given as a secret, whatever it looks like; in a process of its own, as it is read once."""
    import os
    import subprocess

    value = "plain words as a secret"
    Path(tmp_path / "plan.md").write_text("- [ ] A\n  - run: `printenv MY_API_KEY; echo shown`\n")
    environment = {**os.environ, "MY_API_KEY": value, "PYTHONPATH": str(Path(__file__).parents[2])}
    said = ""
    for words in (["/plan", "@plan.md"], ["/approve_plan"], ["/new_task", "1"], ["/task_status", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "qwen_orch", *words], cwd=tmp_path, env=environment, capture_output=True, check=True
        )
        said += (done.stdout + done.stderr).decode()
    kept = said + "".join(p.read_text() for p in (tmp_path / ".qwen").rglob("*") if p.is_file())
    assert "shown" in kept
    assert value not in kept


@given(st.lists(st.integers(1, 200), max_size=30), st.booleans())
def test_however_a_text_is_cut_no_line_of_a_key_is_left(sizes: list[int], ends: bool) -> None:
    """Pieces of whole lines, as they are read; without an end nothing of the key is shown either."""
    text = f"before\n{KEY}\nbetween\n{KEY}\nafter\n" if ends else f"before\n{KEY.rsplit(chr(10), 1)[0]}\n"
    lines = text.splitlines(keepends=True)
    hiding, shown = Hiding(), ""
    for size in [*sizes, len(lines)]:
        shown += hiding.hide("".join(lines[:size]))
        lines = lines[size:]
    assert not [line for line in BODY if line in shown]
    assert "PRIVATE KEY" not in shown
    assert shown.split() == (["before", HIDDEN, "between", HIDDEN, "after"] if ends else ["before", HIDDEN])


def test_what_is_longer_than_any_key_was_none() -> None:
    """A line that only speaks of a key hides what follows for a while, not for ever."""
    hiding = Hiding()
    shown = hiding.hide("grep: -----BEGIN PRIVATE KEY-----\n")
    for number in range(1000):
        shown += hiding.hide(f"line {number}\n")
    assert "line 999" in shown
    assert "line 10\n" not in shown
