"""The person's own editor, on a text."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qwen_orch.errors import UsageError


def command() -> list[str]:
    """Return what ``VISUAL`` or ``EDITOR`` says, as words; nothing when neither says anything."""
    said = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        return shlex.split(said)
    except ValueError:
        return [said]


def edit(text: str) -> str | None:
    """Let a person edit *text*; None when there is no editor, or it ended with an error (``:cq``)."""
    words = command()
    if not words:
        return None
    with _file_of(text) as path:
        try:
            with _left_alone():
                ended = subprocess.call([*words, path])
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"the editor {words[0]!r} cannot be started: {reason}", "set EDITOR") from None
        return Path(path).read_bytes().decode("utf-8", "replace") if ended == 0 else None


@contextlib.contextmanager
def _file_of(text: str) -> Iterator[str]:
    """Yield the path of a file, readable by nobody else, that holds *text*; it is gone afterwards."""
    fd, path = tempfile.mkstemp(prefix="qwen-orch-", suffix=".md")
    try:
        os.close(fd)
        Path(path).write_bytes(text.encode("utf-8", "replace"))
        yield path
    finally:
        with contextlib.suppress(OSError):
            Path(path).unlink()


@contextlib.contextmanager
def _left_alone() -> Iterator[None]:
    """Leave Ctrl-C to the editor. A handler, unlike ``SIG_IGN``, is not inherited by it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
