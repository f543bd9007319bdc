"""What was said in a session, in a file, so that another process can go on with it.

It is a cache, as an agent's own history always is: nobody's record of the work.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from qwen_orch.simulator.wire import BAD_PARAMS, Refusal

HOME = "QWEN_ORCH_SIM_HOME"
SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
LONGEST_SLUG = 200


class Line(NamedTuple):
    """One thing that was said: by the ``user``, the ``assistant``, or a ``thought`` that a server took."""

    who: str
    text: str


class Memory:
    """The file of one session; made by the first line."""

    def __init__(self, session: str, cwd: Path) -> None:
        """Raise `Refusal` when *session* could not be the name of a file."""
        if not SESSION_ID.fullmatch(session):
            raise Refusal(BAD_PARAMS, "Invalid params", f"no session can be called {session[:80]!r}")
        self.path = _home() / _slug(cwd) / f"{session}.jsonl"

    def add(self, line: Line) -> None:
        """Keep *line*: a process that is killed right after this has kept it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, _feed(file) + orjson.dumps(line._asdict(), option=orjson.OPT_APPEND_NEWLINE))
        finally:
            os.close(file)

    def lines(self) -> Iterator[Line]:
        """Yield what was said before, in order; a line that a kill cut short is left out."""
        kept = self.path.read_bytes().splitlines() if self.path.exists() else []
        for line in kept:
            try:
                yield Line(**orjson.loads(line))
            except (orjson.JSONDecodeError, TypeError):
                continue


def _feed(file: int) -> bytes:
    """Return the line feed that a kill has kept from the last line."""
    size = os.fstat(file).st_size
    return b"\n" if size and os.pread(file, 1, size - 1) != b"\n" else b""


def _home() -> Path:
    said = os.environ.get(HOME)
    return Path(said) if said else Path.home() / ".cache" / "qwen-orch-sim"


def _slug(cwd: Path) -> str:
    """Return the folder's name for *cwd*, spelled as Qwen Code spells it."""
    return re.sub(r"[^A-Za-z0-9]", "-", str(cwd))[-LONGEST_SLUG:]
