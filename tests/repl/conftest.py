"""A shell on a real terminal: a child on a pseudo-terminal, and the screen it paints."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pyte
import pytest

from qwen_orch.cli import main
from tests.cli.conftest import environment

PLAN = "# Shop\n\n- [ ] Catalogue (2h)\n- [ ] Cart (3h)\n- [ ] Checkout (1h)\n"
PATIENCE = 60
"""Seconds to wait for what is bound to come; a loaded machine is slow, a broken shell is silent."""
PASTE, PASTED = "\x1b[200~", "\x1b[201~"
ENTER, TAB, ESCAPE, CTRL_C, CTRL_D, CTRL_R, CTRL_O, UP = "\r", "\t", "\x1b", "\x03", "\x04", "\x12", "\x0f", "\x1b[A"


HELD = 'until test -e "$0"; do sleep 0.05; done; exec "$@"'


class Terminal:
    """A terminal of 100 columns and 30 lines on which the shell runs; *held*, it begins when that file is there."""

    def __init__(self, *arguments: str, cursor: bool = True, held: Path | None = None, **more: str) -> None:
        env = environment(**{"TERM": "xterm", **more})
        words = [sys.executable, "-m", "qwen_orch", *arguments]
        if held:
            words = ["/bin/sh", "-c", HELD, os.fspath(held), *words]
        self.child = pexpect.spawn(words[0], words[1:], env=env, dimensions=(30, 100), timeout=PATIENCE)
        self.child.delaybeforesend = None
        self._screen = pyte.HistoryScreen(100, 30, history=1000)
        if cursor:  # most terminals tell where it is
            vars(self._screen)["write_process_input"] = self.type
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """All that was painted and not erased, what has scrolled away too."""
        above = ["".join(line[x].data for x in range(100)) for line in self._screen.history.top]
        return "\n".join(line.rstrip() for line in [*above, *self._screen.display])

    @property
    def line(self) -> str:
        """The line the cursor is in."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    def see(self, *wanted: str, where: Callable[[Terminal], str] = lambda t: t.text) -> str:
        """Return the screen once it shows all of *wanted*."""
        end = time.monotonic() + PATIENCE
        while not all(w in where(self) for w in wanted):
            assert time.monotonic() < end, f"never seen: {wanted}\n{self.text}"
            self._read()
        return where(self)

    def watched(self, seconds: float = 1.0) -> str:
        """Return the screen as it is after so many *seconds*."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read()
        return self.text

    def prompt(self, typed: str = "") -> str:
        """Return the screen once the cursor is behind the prompt and *typed*, and nothing else."""
        wanted = f"qwen-orch> {typed}".rstrip()
        return self.see("yes", where=lambda t: "yes" if t.line == wanted else t.line) and self.text

    def type(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def paste(self, text: str) -> None:
        """Paste *text* as terminals do."""
        self.child.send(f"{PASTE}{text.replace(chr(10), chr(13))}{PASTED}")

    def run(self, command: str, *wanted: str) -> str:
        """Type a command and return the screen once it shows *wanted* and the next prompt."""
        self.type(f"{command}{ENTER}")
        self.see(*wanted)
        return self.prompt()

    def ended(self) -> int | None:
        """Wait for the end; return the exit code, None after a signal."""
        end = time.monotonic() + PATIENCE
        while self.child.isalive() and time.monotonic() < end:
            self._read()
        self.child.close()
        code: int | None = self.child.exitstatus
        return code

    def kill(self) -> None:
        """End it as a power cut would."""
        self.child.kill(signal.SIGKILL)
        self.child.wait()

    def _read(self) -> None:
        try:
            self._stream.feed(self.child.read_nonblocking(65536, timeout=0.2))
        except (pexpect.TIMEOUT, pexpect.EOF):
            time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the current one."""
    here = tmp_path / "shop"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def planned(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder whose plan is approved."""
    (folder / "plan.md").write_text(PLAN)
    here = os.fspath(folder)
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    hook = sys.unraisablehook
    assert main(["--project", here, "plan", "@plan.md"]) == 0
    assert main(["--project", here, "approve_plan"]) == 0
    for number, handler in before.items():
        signal.signal(number, handler)
    sys.unraisablehook = hook
    capsys.readouterr()
    return folder


@pytest.fixture
def terminal(folder: Path) -> Iterator[Callable[..., Terminal]]:
    """Start shells; none outlives the test."""
    started: list[Terminal] = []

    def start(*arguments: str, cursor: bool = True, held: Path | None = None, **more: str) -> Terminal:
        started.append(Terminal(*arguments, cursor=cursor, held=held, **more))
        return started[-1]

    yield start
    for one in started:
        one.child.close(force=True)
